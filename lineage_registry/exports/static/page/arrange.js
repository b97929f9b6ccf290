// Where everything stands, given which groups are open: an open group pushes apart what lies right of it and below.
const RADIUS = 10;
let shown = { things: [], lines: [], frames: [], width: 0, height: 0 };

function arrange() {
  const open = groups.filter((group) => group.open);
  for (const group of groups) [group.w, group.h] = group.open ? [group.inside[0] + 2 * PAD, HEAD + group.inside[1] + PAD] : [W, H];
  const wider = pushed(open.map((group) => [group.x, group.w - W])), taller = pushed(open.map((group) => [group.y, group.h - H]));
  const stand = (thing) => { thing.X = thing.x + wider(thing.x); thing.Y = thing.y + taller(thing.y); };
  const place = ([x, y]) => [x + wider(x), y + taller(y)];
  const seen = [], drawn = [];
  for (const node of nodes) { node.w = W; node.h = H; if (!node.group) { stand(node); seen.push(node); } }
  for (const group of groups) { stand(group); if (!group.open) seen.push(group); }
  for (const line of bundles) drawn.push(routed(line, bent(line, place)));
  for (const line of plain) drawn.push(routed(line, bent(line, place)));
  for (const group of open) {
    for (const node of group.members) { node.X = group.X + PAD + node.x; node.Y = group.Y + HEAD + node.y; seen.push(node); }
    for (const line of group.lines) drawn.push(routed(line, bent(line, ([x, y]) => [x + group.X + PAD, y + group.Y + HEAD])));
  }
  const [width, height] = data.extent;
  shown = { things: seen, lines: drawn, frames: open, width: width + wider(Infinity), height: height + taller(Infinity) };
}
// Returns how far each place moves; what stands in one row or column moves the others once.
function pushed(pushes) {
  const most = new Map();
  for (const [at, by] of pushes) most.set(at, Math.max(by, most.get(at) || 0));
  const places = [...most.keys()].sort((a, b) => a - b), sums = [0];
  for (const at of places) sums.push(sums.at(-1) + most.get(at));
  return (value) => {
    let few = 0, many = places.length;
    while (few < many) { const half = (few + many) >> 1; if (places[half] < value) few = half + 1; else many = half; }
    return sums[few];
  };
}
// The bends of a line are told as steps from where it begins in the closed drawing.
function bent({ from, bends }, place) {
  const points = [];
  let x = from.x + W, y = from.y + H / 2;
  for (let i = 0; i < bends.length; i += 2) { x += bends[i]; y += bends[i + 1]; points.push(place([x, y])); }
  return points;
}
function routed(line, bends) {
  const { from, to } = line;
  const points = [[from.X + from.w, from.Y + H / 2], ...bends, [to.X, to.Y + H / 2]];
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) { left = Math.min(left, x); right = Math.max(right, x); top = Math.min(top, y); bottom = Math.max(bottom, y); }
  line.points = points;
  line.d = null;
  line.path = null;
  line.box = [left - 80, top - 8, right + 80, bottom + 8];
  return line;
}
const visible = (node) => !node.group || node.group.open;
// The drawing shows the lines of an open group's nodes to others as lines of the group; of a selected node it shows each.
function strayLines(node) {
  if (node.members) return [];
  const outside = (line) => line.from.group !== line.to.group && visible(line.from) && visible(line.to);
  return [...node.up, ...node.down].filter(outside).map((line) => routed(line, []));
}
// The same paths as the SVG picture: level curves, straight lanes, rounded corners.
function pathData({ points }) {
  let [x, y] = points[0], d = `M${x} ${y}`;
  for (let i = 1; i < points.length; i++) {
    const [px, py] = points[i], next = points[i + 1];
    if (py !== y && px !== x) {
      const bow = px > x ? (px - x) / 2 : 70;
      d += `C${x + bow} ${y} ${px - bow} ${py} ${px} ${py}`;
    } else if (next && (y === py) !== (py === next[1]) && (px === next[0] || py === next[1])) {
      const cut = (a, b) => Math.max(-RADIUS, Math.min(RADIUS, (b - a) / 2));
      d += `L${px + cut(px, x)} ${py + cut(py, y)}Q${px} ${py} ${px + cut(px, next[0])} ${py + cut(py, next[1])}`;
    } else d += `L${px} ${py}`;
    x = px; y = py;
  }
  return d;
}
const dOf = (line) => (line.d ??= pathData(line));
