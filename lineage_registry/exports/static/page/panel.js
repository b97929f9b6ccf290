// Everything that the answer says of one node or group.
const LISTED = 200;

function element(tag, text, name) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (name) made.className = name;
  return made;
}
function button(text, act, title) {
  const made = element("button", text);
  made.type = "button";
  if (title) made.title = title;
  made.addEventListener("click", act);
  return made;
}
const nodeButton = (node) => button(node.name, () => select(node, true), node.reference);
function listInto(list, found, item) {
  list.replaceChildren(...found.slice(0, LISTED).map(item));
  if (found.length > LISTED) list.append(element("li", `and ${found.length - LISTED} more`));
}
function edgeItem(line, node, words) {
  const said = line.says.map((say, i) => `${say[words]}, since revision ${line.since[i]}`);
  const item = element("li", `${line.says.map((say) => say[words]).join(", ")} `);
  item.title = said.join("\n");
  item.append(nodeButton(node));
  return item;
}
function memberItem(node) {
  const item = element("li");
  item.append(nodeButton(node));
  return item;
}
function showPanel(thing) {
  $("panel").hidden = !thing;
  if (!thing) return;
  $("p-kind").textContent = thing.members ? "group" : thing.kind.words;
  $("p-name").textContent = thing.name;
  const marks = [];
  if (thing.stage) marks.push(element("span", thing.stage, `mark ${["Production", "Staging"].includes(thing.stage) ? thing.stage.toLowerCase() : ""}`));
  if (thing.status) marks.push(element("span", thing.status, `mark status ${BAD.has(thing.status) ? "bad" : ""}`));
  $("p-marks").replaceChildren(...marks);
  $("p-facts").replaceChildren(...facts(thing).flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
  const group = thing.members ? thing : thing.group;
  $("p-group").replaceChildren(...(group ? [button(thing.members && !thing.open ? "Open this group" : "Fold this group", () => toggle(group))] : []));
  showLists(thing);
}
function facts(thing) {
  const said = thing.members ? [["Nodes", String(thing.members.length)]] : [["Reference", thing.reference], ["Id", String(thing.id)]];
  if (thing.title && thing.title !== thing.reference) said.push(["Name", thing.title]);
  said.push(["Distance", thing.distance ? String(thing.distance) : "0, the start"]);
  if (thing.stage) said.push(["Stage", thing.stage]);
  if (thing.status) said.push(["Status", thing.status]);
  if (thing.group) said.push(["One of", thing.group.name]);
  said.push(["Ancestors here", String(chosen.ancestors)], ["Descendants here", String(chosen.descendants)]);
  if (thing.more) said.push(["Left out", `${thing.more} neighbour${thing.more === 1 ? "" : "s"} beyond this answer`]);
  return said;
}
function showLists(thing) {
  const [first, second] = thing.members ? [`Nodes (${thing.members.length})`, ""] : [`Causes (${thing.up.length})`, `Effects (${thing.down.length})`];
  $("p-up-title").textContent = first;
  $("p-down-title").textContent = second;
  $("panel").classList.toggle("group", Boolean(thing.members));
  if (thing.members) { listInto($("p-up"), thing.members, memberItem); $("p-down").replaceChildren(); return; }
  listInto($("p-up"), thing.up, (line) => edgeItem(line, line.from, "up"));
  listInto($("p-down"), thing.down, (line) => edgeItem(line, line.to, "down"));
}
