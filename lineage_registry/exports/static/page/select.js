// What is selected, found and open, and the link that says so.
let selected = null, hover = null;
let hits = new Set();
const NOTHING = { causes: new Set(), effects: new Set(), stray: [] };
let chosen = NOTHING;

const withGroups = (set) => { for (const node of [...set]) if (node.group) set.add(node.group); return set; };
function choose() {
  if (!selected) { chosen = NOTHING; return; }
  const starts = selected.members || [selected];
  const causes = closure(starts, "up"), effects = closure(starts, "down");
  chosen = { ancestors: causes.size - starts.length, descendants: effects.size - starts.length, causes: withGroups(causes), effects: withGroups(effects), stray: strayLines(selected) };
}
// What is in the selected group is neither its cause nor its effect.
const own = (thing) => thing === selected || Boolean(selected.members && thing.group === selected);
function toneOfLine(line) {
  if (!selected || (own(line.from) && own(line.to))) return "";
  if (!line.lineage) return "dim";
  if (chosen.causes.has(line.from) && chosen.causes.has(line.to)) return "up";
  return chosen.effects.has(line.from) && chosen.effects.has(line.to) ? "down" : "dim";
}
function toneOf(thing) {
  if (!selected || own(thing)) return "";
  return chosen.causes.has(thing) ? "up" : chosen.effects.has(thing) ? "down" : "dim";
}

function select(thing, bring) {
  if (thing && thing.group && !thing.group.open) setOpen([thing.group], true);
  selected = thing;
  choose();
  showPanel(thing);
  say(thing ? `${thing.name}, ${thing.members ? (thing.open ? "open group" : "folded group") : thing.kind.words}, ${chosen.ancestors} ancestors and ${chosen.descendants} descendants` : "Nothing selected");
  for (const row of $("rows").children) row.setAttribute("aria-selected", String(row.node === thing));
  remember();
  if (thing && bring) requestAnimationFrame(() => centre(thing, Math.max(view.scale, 0.7)));
  draw();
}
function setOpen(some, open) {
  for (const group of some) group.open = open;
  arrange();
  if (selected && selected.group && !selected.group.open) selected = selected.group;
  choose();
  $("groups").textContent = groups.some((group) => !group.open) ? "Open all" : "Fold all";
}
// The group stays where it was on the screen; opened, it is brought into sight.
function toggle(group) {
  const { X, Y } = group;
  setOpen([group], !group.open);
  view.x += (X - group.X) * view.scale;
  view.y += (Y - group.Y) * view.scale;
  select(group, false);
  const [left, top, right, bottom] = seenBox();
  if (group.X >= left && group.Y >= top && group.X + group.w <= right && group.Y + group.h <= bottom) return;
  requestAnimationFrame(() => (group.open ? fitBox(group.X, group.Y, group.w, group.h, 0.3) : centre(group, view.scale)));
}
function toggleAll() {
  setOpen(groups, groups.some((group) => !group.open));
  select(selected, false);
  fit();
}
function say(text) { $("status").textContent = text; }

function remember() {
  const link = new URLSearchParams(), open = groups.filter((group) => group.open);
  if (selected) link.set("node", selected.link);
  if ($("search").value.trim()) link.set("search", $("search").value.trim());
  if (open.length) link.set("open", open.length === groups.length ? "all" : open.map((group) => group.id).join("."));
  if (!$("table").hidden) link.set("view", "table");
  const hash = link.size ? `#${link}` : "";
  if (location.hash !== hash) history.replaceState(null, "", hash || "#");
}
function restore() {
  const link = new URLSearchParams(location.hash.slice(1)), open = link.get("open") || "", ids = new Set(open.split("."));
  for (const group of groups) group.open = open === "all" || ids.has(String(group.id));
  setOpen([], true);
  $("search").value = link.get("search") || "";
  find();
  tab(link.get("view") === "table" ? "table" : "graph");
  const thing = byLink.get(link.get("node")) || null;
  select(thing, Boolean(thing));
}
function follow(key) {
  if (!selected) return select(shown.things.find((thing) => thing.distance === 0) || shown.things[0] || null, true);
  const seen = (node) => (visible(node) ? node : node.group);
  const beyond = (side) => {
    if (!selected.members) { const line = selected[side][0]; return line && seen(across(line, selected)); }
    const line = bundles.find((each) => (side === "up" ? each.to : each.from) === selected);
    return line && across(line, selected);
  };
  const beside = shown.things.filter((thing) => thing.X === selected.X).sort((a, b) => a.Y - b.Y), at = beside.indexOf(selected);
  const next = { ArrowLeft: () => beyond("up"), ArrowRight: () => beyond("down"), ArrowUp: () => beside[at - 1], ArrowDown: () => (selected.open ? selected.members[0] : beside[at + 1]) }[key]();
  if (next) select(next, true);
}
