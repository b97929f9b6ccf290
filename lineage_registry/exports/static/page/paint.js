// One description of the picture, two ways to put it down: canvas and SVG.
const FONT = 'system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Noto Sans",sans-serif';
const canvas = $("canvas"), context = canvas.getContext("2d");
const DUST = 0, CARDS = 1, FULL = 2;

const memo = (make) => { const known = new Map(); return (key) => { if (!known.has(key)) known.set(key, make(key)); return known.get(key); }; };
const outline = memo((d) => new Path2D(d));
const pill = memo((width) => `M7.5 0H${width - 7.5}A7.5 7.5 0 0 1 ${width - 7.5} 15H7.5A7.5 7.5 0 0 1 7.5 0Z`);
const font = (size, bold) => `${bold ? "600 " : ""}${size}px ${FONT}`;
const widths = memo((key) => { const [size, bold, ...value] = key.split(" "); context.font = font(size, bold === "true"); return context.measureText(value.join(" ")).width; });
const textWidth = (value, size, bold) => widths(`${size} ${bold} ${value}`);
const fits = memo((key) => { const [size, bold, room, ...value] = key.split(" "); return cutToFit(value.join(" "), size, bold === "true", Number(room)); });
const fitted = (value, size, bold, room) => fits(`${size} ${bold} ${room} ${value}`);

const onCanvas = {
  alpha(value) { context.globalAlpha = value; },
  path(d, x, y, fill, stroke, width, dash) {
    context.translate(x, y);
    if (fill) { context.fillStyle = fill; context.fill(outline(d)); }
    if (stroke) ink(outline(d), stroke, width, dash);
    context.translate(-x, -y);
  },
  rect(x, y, colour) { context.fillStyle = colour; context.fillRect(x, y, W, H); },
  line(line, colour, width, dash) { ink(line.path ??= new Path2D(dOf(line)), colour, width, dash); },
  text(value, x, y, size, bold, colour) {
    context.font = font(size, bold);
    context.fillStyle = colour;
    context.fillText(value, x, y);
  },
};
function ink(path, colour, width, dash) {
  context.strokeStyle = colour;
  context.lineWidth = Math.max(width, 0.8 / view.scale);
  context.setLineDash(dash || []);
  context.stroke(path);
}
const escaped = (value) => value.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
function onSvg(out) {
  let opacity = "";
  const put = (d, place, fill, stroke, width, dash) => out.push(`<path d="${d}"${place} fill="${fill || "none"}"${stroke ? ` stroke="${stroke}" stroke-width="${width}"` : ""}${dash && dash.length ? ` stroke-dasharray="${dash}"` : ""}${opacity}/>`);
  return {
    alpha(value) { opacity = value < 1 ? ` opacity="${value}"` : ""; },
    path(d, x, y, fill, stroke, width, dash) { put(d, x || y ? ` transform="translate(${x} ${y})"` : "", fill, stroke, width, dash); },
    rect(x, y, colour) { put(`M${x} ${y}h${W}v${H}h${-W}Z`, "", colour); },
    line(line, colour, width, dash) { put(dOf(line), "", "", colour, width, dash); },
    text(value, x, y, size, bold, colour) { out.push(`<text x="${x}" y="${y}" font-size="${size}"${bold ? ' font-weight="600"' : ""} fill="${colour}"${opacity}>${escaped(value)}</text>`); },
  };
}
// Names tell themselves apart at their ends, so they are cut in the middle.
function cutToFit(value, size, bold, room) {
  if (textWidth(value, size, bold) <= room) return value;
  const letters = Array.from(value);
  let few = 0, many = Math.min(letters.length, 200);
  const cut = (n) => letters.slice(0, Math.ceil(n / 2)).join("") + "\u2026" + letters.slice(letters.length - Math.floor(n / 2)).join("");
  while (few < many - 1) {
    const half = (few + many) >> 1;
    context.font = font(size, bold);
    if (context.measureText(cut(half)).width <= room) few = half; else many = half;
  }
  return cut(few);
}

const inside = (a, box) => a[0] < box[2] && a[2] > box[0] && a[1] < box[3] && a[3] > box[1];
const boxOf = (thing) => [thing.X - 8, thing.Y - 14, thing.X + thing.w + 8, thing.Y + thing.h + 8];
const styleOf = (line, tone) => {
  const strong = line.kind === "DERIVED_FROM" ? 2.2 : 1.4;
  if (tone === "up" || tone === "down") return [colours[tone], strong + 0.8];
  return [colours.edge[line.kind] || colours.line, strong];
};
function drawAll(to, box, detail) {
  for (const group of shown.frames) if (inside(boxOf(group), box)) drawFrame(to, group, detail);
  const loud = [];
  for (const line of shown.lines) {
    if (!inside(line.box, box)) continue;
    const tone = toneOfLine(line);
    if (tone === "up" || tone === "down") loud.push(line); else drawLine(to, line, tone, detail);
  }
  for (const line of [...loud, ...chosen.stray]) drawLine(to, line, toneOfLine(line), detail);
  if (detail === FULL) for (const line of shown.lines) if (inside(line.box, box)) drawLabel(to, line);
  for (const thing of shown.things) if (inside(boxOf(thing), box)) drawCard(to, thing, toneOf(thing), detail, thing === selected ? colours.ink : "");
  if (detail === DUST) drawSigns(to, box);
  to.alpha(1);
}
// What changes while one types and points lies on top, so that the rest need not be drawn again.
function drawMarks(to, box, detail) {
  for (const thing of shown.things) if (hits.has(thing) && inside(boxOf(thing), box)) drawCard(to, thing, "", detail, thing === selected ? colours.ink : colours.hit);
  if (hover && !hover.open && detail > DUST) drawCard(to, hover, toneOf(hover), detail, colours.ink);
}
function drawLine(to, line, tone, detail) {
  const [colour, width] = styleOf(line, tone);
  to.alpha(tone === "dim" ? 0.13 : 1);
  to.line(line, colour, width, detail === DUST ? [] : DASH[line.kind]);
  if (detail > DUST) to.path("M-8 -4L0 0L-8 4Z", line.to.X, line.to.Y + H / 2, colour);
}
function drawLabel(to, line) {
  const [x, y] = line.points[line.points.length - 2], end = line.to.Y + H / 2, gap = line.to.X - x;
  if (gap < 40 || Math.abs(end - y) > 3 * gap) return;
  const text = line.says[0].label, width = textWidth(text, 10.5, false);
  if (width + 6 > gap) return;
  to.alpha(toneOfLine(line) === "dim" ? 0.15 : 1);
  const mx = x + gap / 2 - width / 2, my = (y + end) / 2;
  to.path(`M-3 -7H${Math.round(width + 3)}V7H-3Z`, mx, my, line.from.group ? colours.card : colours.bg);
  to.text(text, mx, my + 4, 10.5, false, colours.soft);
}
function drawFrame(to, group, detail) {
  const { X, Y, w, h } = group, stroke = colours.kind[group.kind.key][1];
  to.alpha(1);
  to.path(`M12 0H${w - 12}Q${w} 0 ${w} 12V${h - 12}Q${w} ${h} ${w - 12} ${h}H12Q0 ${h} 0 ${h - 12}V12Q0 0 12 0Z`, X, Y, colours.card, group === selected ? colours.ink : stroke, 1.4, [6, 4]);
  if (detail === DUST) return;
  const size = detail === FULL ? 13 : 20;
  to.path("M0 0H14V14H0ZM3 7H11", X + PAD, Y + H / 2 - 7, colours.card, stroke, 1.4);
  to.text(fitted(group.name, size, true, w - 2 * PAD - 24), X + PAD + 24, Y + H / 2 + size / 3, size, true, colours.ink);
}
// From afar only what people look for has a name.
function drawSigns(to, box) {
  const named = [...shown.things.filter((thing) => thing.distance === 0 || thing.members || thing === selected), ...shown.frames].filter((thing) => inside(boxOf(thing), box));
  if (named.length > 24) return;
  const size = 12 / view.scale;
  to.alpha(1);
  for (const thing of named) to.text(thing.name, thing.X, thing.Y - size / 3, size, true, colours.ink);
}
function drawCard(to, thing, tone, detail, ring) {
  const { kind, X, Y } = thing, [fill, stroke] = colours.kind[kind.key], hue = tone === "up" || tone === "down" ? colours[tone] : stroke;
  to.alpha(tone === "dim" ? 0.25 : 1);
  if (detail === DUST) { to.rect(X, Y, ring || hue); return; }
  if (ring) to.path(kind.outline, X, Y, "", ring, Math.max(6, 4 / view.scale));
  const wide = thing.distance === 0 ? 3 : hue === stroke ? 1.4 : 2.4;
  if (thing.members) for (const off of [7, 3.5]) to.path(kind.outline, X + off, Y + off, fill, hue, 1);
  to.path(kind.outline, X, Y, fill, hue, wide, thing.status === "deleted" ? [5, 4] : []);
  const room = W - kind.left - kind.right, left = X + kind.left, drop = kind.key.startsWith("dataset") ? 3 : 0;
  if (detail === CARDS) to.text(fitted(thing.name, 20, true, room), left, Y + 29 + drop, 20, true, colours.ink);
  else {
    const [name, below] = wordsOf(thing);
    to.text(fitted(name, 13, true, room), left, Y + 20 + drop, 13, true, colours.ink);
    to.text(fitted(below, 11, false, room), left, Y + 35 + drop, 11, false, colours.soft);
  }
  drawChips(to, thing);
}
function wordsOf(thing) {
  if (!thing.members) {
    const called = short(thing.reference, thing.kind.key);
    return [thing.name, thing.name === called ? thing.kind.words : `${thing.kind.words} ${called}`];
  }
  const [first, ...rest] = thing.name.split(", ");
  return [first, [...rest, "folded"].join(", ")];
}
function drawChips(to, thing) {
  let right = thing.X + W - thing.kind.right + 4;
  const chip = (value, top, back, ink, line) => {
    const text = fitted(value, 10, true, 72), width = Math.round(textWidth(text, 10, true)) + 14;
    right -= width;
    to.path(pill(width), right, top, back, line, 1);
    to.text(text, right + 7, top + 11.2, 10, true, ink);
    right -= 4;
  };
  const above = thing.Y - 10;
  if (thing.stage) chip(thing.stage, above, stageColour(thing.stage), colours.on, stageColour(thing.stage));
  if (thing.status) chip(thing.status, above, colours.bg, statusColour(thing.status), statusColour(thing.status));
  if (thing.distance === 0) chip("start", above, colours.ink, colours.bg, colours.ink);
  right = thing.X + W - 8;
  if (thing.more) chip(`+${thing.more} left out`, thing.Y + H - 6, colours.bg, colours.accent, colours.accent);
}
