// Colours come from the style sheet, so that light and dark are told in one place.
const BAD = new Set(["failed", "rolled back", "deleted"]);
const DASH = { DEPENDS_ON: [7, 4], EVALUATED_ON: [2, 3], READ_BACK: [2, 3], CHILD_OF: [1, 4], SIBLING_OF: [1, 4] };
const THEMES = ["auto", "light", "dark"];
const dark = matchMedia("(prefers-color-scheme: dark)");
let colours;

function readColours() {
  const probe = document.createElement("i");
  document.body.append(probe);
  const get = (name) => { probe.style.color = `var(--${name})`; return getComputedStyle(probe).color; };
  colours = {};
  for (const name of ["bg", "card", "ink", "soft", "rule", "line", "up", "down", "accent", "hit", "on", "bad", "stage", "production", "staging"]) colours[name] = get(name);
  const hue = (kind) => kind.replace("_version", "");
  colours.kind = Object.fromEntries(data.kinds.map(({ key }) => [key, [get(`${hue(key)}-fill`), get(`${hue(key)}-line`)]]));
  const line = (kind) => colours.kind[kind][1];
  colours.edge = { DERIVED_FROM: line("model"), DEPENDS_ON: line("model"), SERVES: line("deployment"), EVALUATED_ON: line("dataset"), READ_BACK: colours.bad };
  probe.remove();
}
const stageColour = (stage) => ({ Production: colours.production, Staging: colours.staging })[stage] || colours.stage;
const statusColour = (status) => (BAD.has(status) ? colours.bad : colours.soft);
const theme = () => document.documentElement.dataset.theme || "auto";
function setTheme(name) {
  document.documentElement.dataset.theme = name;
  $("theme").textContent = `Theme: ${name}`;
  recolour();
}
