// What the answer says: nodes, folded groups of them, and the lines between.
const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const [W, H] = data.size;
const PAD = 20, HEAD = H + 12;

const schemes = data.kinds.map((kind) => kind.scheme);
const nodes = data.nodes.map(([kind, id, reference, title, x, y, distance, stage, status, more], at) => {
  const whole = reference.startsWith("\t") ? reference.slice(1) : schemes[kind] + reference;
  return {
    at, id, link: String(id), reference: whole, name: title || short(whole, data.kinds[kind].key), title: title || "",
    kind: data.kinds[kind], x, y, distance, stage: stage || "", status: status || "", more: more || 0,
    up: [], down: [], group: null, members: null,
  };
});
const groups = data.groups.map(([kind, title, stage, x, y, w, h, steps], at) => {
  const group = {
    at: nodes.length + at, name: title, reference: title, kind: data.kinds[kind], x, y, stage: stage || "", status: "",
    up: [], down: [], group: null, inside: [w, h], open: false, members: [], lines: [],
  };
  let place = 0;
  for (const step of steps) { place += step; group.members.push(nodes[place]); nodes[place].group = group; }
  group.id = group.members.reduce((least, node) => Math.min(least, node.id), Infinity);
  group.link = `g${group.id}`;
  group.distance = group.members.reduce((least, node) => Math.min(least, node.distance), Infinity);
  group.more = group.members.reduce((sum, node) => sum + node.more, 0);
  return group;
});
const things = [...nodes, ...groups];
const byLink = new Map(things.map((thing) => [thing.link, thing]));

const lines = [], bundles = [];
for (const [cause, effect, said, since, ...bends] of data.lines) {
  const line = { from: things[cause], to: things[effect], bends, says: [said].flat().map((i) => data.says[i]), since: [since].flat() };
  line.kind = line.says[0].kind;
  line.lineage = line.says.some((say) => say.lineage);
  if (line.from.members || line.to.members) { bundles.push(line); continue; }
  lines.push(line);
  line.from.down.push(line);
  line.to.up.push(line);
  if (line.from.group && line.from.group === line.to.group) line.from.group.lines.push(line);
}
const plain = lines.filter((line) => !line.from.group && !line.to.group);
for (const node of nodes) node.text = `${node.reference} ${node.name} ${node.stage} ${node.status} ${node.kind.words}`.toLowerCase();

function short(reference, kind) {
  const rest = reference.slice(reference.indexOf(":/") + 2), cut = rest.lastIndexOf("/");
  return kind.endsWith("_version") && cut > 0 ? `${rest.slice(0, cut)}:${rest.slice(cut + 1)}` : rest;
}
const across = (line, node) => (line.from === node ? line.to : line.from);

// Everything that lies on one side of some nodes, they themselves too.
function closure(starts, side) {
  const seen = new Set(starts), stack = [...starts];
  while (stack.length) {
    for (const line of stack.pop()[side]) {
      if (!line.lineage) continue;
      const other = side === "up" ? line.from : line.to;
      if (!seen.has(other)) { seen.add(other); stack.push(other); }
    }
  }
  return seen;
}
function matches(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return words.length ? nodes.filter((node) => words.every((word) => node.text.includes(word))) : [];
}
