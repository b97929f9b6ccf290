// The same nodes as text: every column sorts, the search filters.
const COLUMNS = [["Reference", (n) => n.reference], ["Name", (n) => n.name], ["Kind", (n) => n.kind.words], ["Stage", (n) => n.stage], ["Status", (n) => n.status], ["Distance", (n) => n.distance], ["Causes", (n) => n.up.length], ["Effects", (n) => n.down.length]];
if (nodes.some((node) => node.more)) COLUMNS.push(["Left out", (n) => n.more || ""]);
const ROWS = 100;
let sorted = { column: 5, turn: 1 };

function fillTable(most = ROWS) {
  const text = $("search").value, value = COLUMNS[sorted.column][1];
  const found = (text.trim() ? matches(text) : [...nodes]).sort((a, b) => sorted.turn * (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0) || a.at - b.at);
  $("rows").replaceChildren(...found.slice(0, most).map(tableRow));
  const rest = found.length - most;
  $("rest").replaceChildren(...(rest > 0 ? [button(`Show ${rest} more rows`, () => fillTable(Infinity))] : []));
}
function tableRow(node) {
  const row = element("tr");
  row.node = node;
  row.setAttribute("aria-selected", String(node === selected));
  COLUMNS.forEach(([, read], i) => {
    const cell = element("td", i ? String(read(node)) : undefined);
    if (!i) cell.append(button(node.reference, () => {}));
    row.append(cell);
  });
  row.addEventListener("click", () => select(node, false));
  return row;
}
function columnHead([name], i) {
  const head = element("th");
  head.append(button(name, () => {
    sorted = { column: i, turn: sorted.column === i ? -sorted.turn : 1 };
    for (const th of $("columns").children) th.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", sorted.turn > 0 ? "ascending" : "descending");
    fillTable();
  }));
  return head;
}
function tab(name) {
  for (const id of ["graph", "table"]) { $(id).hidden = id !== name; $(`tab-${id}`).setAttribute("aria-pressed", String(id === name)); }
  $("found").hidden = true;
  if (name === "table") fillTable(); else draw();
}
