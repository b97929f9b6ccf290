// Search as one types: what is found is listed and marked in the drawing.
const OFFERED = 10, PAUSE = 250;
let pause = 0;

function find() {
  const text = $("search").value, found = matches(text);
  hits = withGroups(new Set(found));
  $("found").replaceChildren(...found.slice(0, OFFERED).map((node) => {
    const made = nodeButton(node);
    made.setAttribute("role", "option");
    made.addEventListener("click", () => { $("found").hidden = true; });
    return made;
  }), element("p", found.length > OFFERED ? `${found.length} found, ${OFFERED} shown` : `${found.length} found`));
  if (!$("table").hidden) fillTable();
  drawOver();
}
function search() {
  find();
  $("found").hidden = !$("search").value.trim() || !$("table").hidden;
  clearTimeout(pause);
  pause = setTimeout(remember, PAUSE);
}
function searchKey(event) {
  const found = matches($("search").value);
  if (event.key === "Enter" && found.length) { select(found[0], true); $("found").hidden = true; }
  if (event.key === "ArrowDown" && !$("found").hidden && found.length) { event.preventDefault(); $("found").firstChild.focus(); }
}
function foundKey(event) {
  const next = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key], to = next && event.target[next];
  if (to && to.tagName === "BUTTON") { event.preventDefault(); to.focus(); }
}
