// The window onto the drawing: what of it is seen, and how it moves.
const still = matchMedia("(prefers-reduced-motion: reduce)");
const view = { x: 0, y: 0, scale: 1, ready: false };
const SLOW = 12, SETTLE = 120, FEW = 300;
const shot = { canvas: document.createElement("canvas"), x: 0, y: 0, scale: 0, cost: 0, timer: 0, stale: true };
let due = false, moving = false;

// Draws everything anew, before the next frame.
function draw() { shot.stale = true; schedule(); }
// Draws what one points at or searches anew; all else is as it was.
function drawOver() { schedule(); }
// While a large drawing moves its last picture moves; it is drawn anew when it stands still.
function drawMoving() {
  moving = true;
  shot.stale = true;
  clearTimeout(shot.timer);
  shot.timer = setTimeout(() => { moving = false; schedule(); }, SETTLE);
  schedule();
}
function schedule() {
  if (due) return;
  due = true;
  requestAnimationFrame(() => { due = false; paint(); });
}
const ratio = () => devicePixelRatio || 1;
const detailNow = () => (view.scale < 0.22 ? DUST : view.scale < 0.45 ? CARDS : FULL);
function canReuse() {
  if (shot.canvas.width !== canvas.width || shot.canvas.height !== canvas.height) return false;
  const by = view.scale / shot.scale;
  return !shot.stale || (moving && shot.cost > SLOW && by < 4 && by > 0.25);
}
function paint() {
  const width = Math.round(canvas.clientWidth * ratio()), height = Math.round(canvas.clientHeight * ratio());
  if (!width || !height) return;
  if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
  const fresh = !canReuse();
  clear();
  if (fresh) { paintAll(); keep(); } else reuse();
  toDrawing();
  if (!moving || hits.size < FEW) drawMarks(onCanvas, seenBox(), detailNow());
  canvas.dataset.drawn = String(Number(canvas.dataset.drawn || 0) + 1);
}
function clear() {
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.globalAlpha = 1;
  context.fillStyle = colours.bg;
  context.fillRect(0, 0, canvas.width, canvas.height);
}
function toDrawing() { context.setTransform(ratio() * view.scale, 0, 0, ratio() * view.scale, ratio() * view.x, ratio() * view.y); }
function paintAll() {
  const begin = performance.now();
  toDrawing();
  drawAll(onCanvas, seenBox(), detailNow());
  shot.cost = performance.now() - begin;
}
function keep() {
  if (shot.canvas.width !== canvas.width || shot.canvas.height !== canvas.height) { shot.canvas.width = canvas.width; shot.canvas.height = canvas.height; }
  shot.canvas.getContext("2d").drawImage(canvas, 0, 0);
  Object.assign(shot, { x: view.x, y: view.y, scale: view.scale, stale: false });
}
function reuse() {
  const by = view.scale / shot.scale, r = ratio();
  context.setTransform(by, 0, 0, by, r * (view.x - shot.x * by), r * (view.y - shot.y * by));
  context.drawImage(shot.canvas, 0, 0);
}
const seenBox = () => [-view.x / view.scale, -view.y / view.scale, (canvas.clientWidth - view.x) / view.scale, (canvas.clientHeight - view.y) / view.scale];
function move(x, y, scale) {
  const from = { ...view }, begin = performance.now(), length = still.matches || !from.ready ? 0 : 260;
  const step = (now) => {
    const t = length ? Math.max(0, Math.min(1, (now - begin) / length)) : 1, ease = t * (2 - t);
    view.scale = from.scale + (scale - from.scale) * ease;
    view.x = from.x + (x - from.x) * ease;
    view.y = from.y + (y - from.y) * ease;
    if (t < 1) { drawMoving(); requestAnimationFrame(step); } else { moving = false; draw(); }
  };
  view.ready = true;
  step(begin);
}
function fit() { fitBox(0, 0, shown.width, shown.height, 0.005); }
function fitBox(x, y, w, h, least) {
  const width = canvas.clientWidth, height = canvas.clientHeight;
  const scale = Math.max(least, Math.min(1.4, (width - 48) / Math.max(w, 1), (height - 96) / Math.max(h, 1)));
  const left = w * scale > width - 48 ? 24 : (width - w * scale) / 2, top = h * scale > height - 96 ? 28 : (height - 40 - h * scale) / 2;
  move(left - x * scale, top - y * scale, scale);
}
function centre(thing, scale, share = 0.5) {
  move(canvas.clientWidth * share - (thing.X + W / 2) * scale, canvas.clientHeight / 2 - (thing.Y + H / 2) * scale, scale);
}
function zoom(factor, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) {
  const scale = Math.max(0.005, Math.min(3, view.scale * factor)), real = scale / view.scale;
  view.x = x - (x - view.x) * real;
  view.y = y - (y - view.y) * real;
  view.scale = scale;
  drawMoving();
}
// What the pointer is on: a card, or the head of an open group.
function thingAt(event) {
  const box = canvas.getBoundingClientRect();
  const x = (event.clientX - box.left - view.x) / view.scale, y = (event.clientY - box.top - view.y) / view.scale;
  const within = (thing, height) => x >= thing.X && x <= thing.X + thing.w && y >= thing.Y && y <= thing.Y + height;
  return shown.things.find((thing) => within(thing, H)) || shown.frames.find((group) => within(group, HEAD)) || null;
}
