// The drawing as it stands, as SVG: to keep, and to print.
function svgText() {
  const { width: w, height: h } = shown, out = [];
  out.push(`<svg xmlns="http://www.w3.org/2000/svg" width="${w + 64}" height="${h + 110}" viewBox="-32 -78 ${w + 64} ${h + 110}" font-family="${escaped(FONT)}">`);
  out.push(`<title>${escaped(data.title)}</title><rect x="-32" y="-78" width="${w + 64}" height="${h + 110}" fill="${colours.bg}"/>`);
  const to = onSvg(out);
  to.text(data.title, 0, -40, 17, true, colours.ink);
  to.text(data.facts, 0, -20, 11, false, colours.soft);
  drawAll(to, [-Infinity, -Infinity, Infinity, Infinity], FULL);
  drawMarks(to, [-Infinity, -Infinity, Infinity, Infinity], FULL);
  out.push("</svg>");
  return out.join("\n");
}
function save() {
  const link = element("a");
  link.href = URL.createObjectURL(new Blob([svgText()], { type: "image/svg+xml" }));
  link.download = "lineage.svg";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
let before = "auto";
function toPaper() {
  before = theme();
  setTheme("light");
  if (!$("table").hidden) { fillTable(Infinity); return; }
  const picture = new DOMParser().parseFromString(svgText(), "image/svg+xml").documentElement;
  picture.setAttribute("width", "100%");
  picture.removeAttribute("height");
  // The page's own heading is printed, too.
  picture.setAttribute("viewBox", `-32 -32 ${shown.width + 64} ${shown.height + 64}`);
  $("paper").replaceChildren(document.importNode(picture, true));
}
function fromPaper() {
  $("paper").replaceChildren();
  setTheme(before);
  if (!$("table").hidden) fillTable();
}
function legend() {
  const NS = "http://www.w3.org/2000/svg";
  const key = (words, d, attributes) => {
    const item = element("span"), svg = document.createElementNS(NS, "svg"), path = document.createElementNS(NS, "path");
    path.setAttribute("d", d);
    for (const [name, value] of Object.entries(attributes)) path.setAttribute(name, value);
    svg.append(path);
    item.append(svg, words);
    return item;
  };
  const kinds = new Set(nodes.map((node) => node.kind)), used = new Map(lines.map((line) => [line.kind, line.says[0].flow]));
  const items = data.kinds.filter((kind) => kinds.has(kind)).map((kind) => {
    const [fill, stroke] = colours.kind[kind.key];
    return key(kind.words, kind.outline, { transform: "scale(.138 .27)", fill, stroke, "stroke-width": 7 });
  });
  for (const [kind, words] of used) items.push(key(words, "M0 6H26", { stroke: colours.edge[kind] || colours.line, "stroke-dasharray": (DASH[kind] || []).join(" ") }));
  $("legend").replaceChildren(...items, element("span", "arrows run from cause to effect"));
}
