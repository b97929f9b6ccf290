// Mouse, fingers and keys; and the first picture.
const fingers = new Map();
let dragged = 0, pinch = 0;

function recolour() { readColours(); legend(); draw(); }
function press(event) {
  fingers.set(event.pointerId, event);
  canvas.setPointerCapture(event.pointerId);
  if (fingers.size === 1) dragged = 0;
  pinch = 0;
}
function drag(event) {
  const from = fingers.get(event.pointerId);
  if (!from) { point(event); return; }
  fingers.set(event.pointerId, event);
  const [a, b] = [...fingers.values()];
  if (b) {
    const apart = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY), box = canvas.getBoundingClientRect();
    if (pinch) zoom(apart / pinch, (a.clientX + b.clientX) / 2 - box.left, (a.clientY + b.clientY) / 2 - box.top);
    pinch = apart;
    dragged = 99;
    return;
  }
  const dx = event.clientX - from.clientX, dy = event.clientY - from.clientY;
  dragged += Math.abs(dx) + Math.abs(dy);
  view.x += dx;
  view.y += dy;
  canvas.classList.add("drag");
  drawMoving();
}
function point(event) {
  const over = thingAt(event);
  if (over === hover) return;
  hover = over;
  canvas.title = over ? over.reference : "";
  canvas.classList.toggle("over", Boolean(over));
  drawOver();
}
function release(event) {
  if (!fingers.delete(event.pointerId)) return;
  canvas.classList.remove("drag");
  if (event.type !== "pointerup" || dragged >= 5) return;
  const thing = thingAt(event);
  if (thing && thing.members) toggle(thing); else select(thing, false);
}
function wheel(event) {
  event.preventDefault();
  const box = canvas.getBoundingClientRect();
  zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), event.clientX - box.left, event.clientY - box.top);
}
function key(event) {
  const typing = event.target.tagName === "INPUT";
  if (event.key === "Escape") {
    if (typing && $("search").value) { $("search").value = ""; search(); } else select(null, false);
    $("found").hidden = true;
    if (typing) $("search").blur();
  }
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") { event.preventDefault(); $("search").focus(); $("search").select(); }
  if ($("graph").hidden) return;
  if (event.key === "f") fit();
  if (event.key === "+" || event.key === "=") zoom(1.25);
  if (event.key === "-") zoom(0.8);
  if (event.target !== canvas) return;
  if (event.key === "Enter" && selected && (selected.members || selected.group)) toggle(selected.members ? selected : selected.group);
  if (event.key.startsWith("Arrow")) { event.preventDefault(); follow(event.key); }
}
function begin() {
  canvas.addEventListener("pointerdown", press);
  canvas.addEventListener("pointermove", drag);
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("dblclick", (event) => { const thing = thingAt(event); if (thing && !thing.members) centre(thing, 1); });
  canvas.addEventListener("wheel", wheel, { passive: false });
  $("search").addEventListener("input", search);
  $("search").addEventListener("keydown", searchKey);
  $("found").addEventListener("keydown", foundKey);
  document.addEventListener("keydown", key);
  const click = (id, act) => $(id).addEventListener("click", act);
  click("fit", fit);
  click("in", () => zoom(1.25));
  click("out", () => zoom(0.8));
  click("save", save);
  click("close", () => select(null, false));
  click("groups", toggleAll);
  click("theme", () => setTheme(THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length]));
  click("tab-graph", () => { tab("graph"); remember(); });
  click("tab-table", () => { tab("table"); remember(); });
  addEventListener("hashchange", restore);
  addEventListener("beforeprint", toPaper);
  addEventListener("afterprint", fromPaper);
  dark.addEventListener("change", recolour);
  new ResizeObserver(draw).observe(canvas);
}
// A long drawing that would be dust when it fits the window opens at its start instead.
function firstSight() {
  fit();
  if (view.scale >= 0.3 || !shown.things.length) return;
  view.ready = false;
  const start = shown.things.find((thing) => thing.distance === 0) || shown.things[0];
  centre(start, 0.7, start.down.length ? (start.up.length ? 0.5 : 0.15) : 0.85);
  // No side of the window stays empty where the drawing goes on.
  const within = (at, window, drawing, before, after) => Math.max(Math.min(at, before), Math.min(window - drawing * view.scale - after, before));
  if (shown.height * view.scale > canvas.clientHeight) view.y = within(view.y, canvas.clientHeight, shown.height, 28, 64);
  if (shown.width * view.scale > canvas.clientWidth) view.x = within(view.x, canvas.clientWidth, shown.width, 24, 24);
}

$("title").textContent = document.title = data.title;
$("facts").textContent = data.facts;
$("columns").replaceChildren(...COLUMNS.map(columnHead));
$("groups").hidden = !groups.length;
arrange();
readColours();
legend();
firstSight();
restore();
begin();
