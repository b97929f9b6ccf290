"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($("data").textContent);
  const [W, H] = data.size, RADIUS = 10;
  const nodes = data.nodes.map(([kind, id, reference, name, x, y, distance, stage, status], at) => ({
    at, id, reference, name: name || short(reference, data.kinds[kind].key), kind: data.kinds[kind], x, y, distance,
    stage: stage || "", status: status || "", up: [], down: [],
  }));
  const lines = data.lines.map(([cause, effect, says, ...bends]) => {
    const from = nodes[cause], to = nodes[effect];
    const line = { from, to, says: [].concat(says).map((i) => data.says[i]) };
    const points = [[from.x + W, from.y + H / 2]];
    for (let i = 0; i < bends.length; i += 2) points.push([points.at(-1)[0] + bends[i], points.at(-1)[1] + bends[i + 1]]);
    points.push([to.x, to.y + H / 2]);
    line.lineage = line.says.some((say) => say.lineage);
    line.d = pathData(points);
    const xs = points.map((p) => p[0]), ys = points.map((p) => p[1]);
    line.box = [low(xs) - 80, low(ys), -low(xs.map((v) => -v)) + 80, -low(ys.map((v) => -v))];
    line.last = points[points.length - 2];
    from.down.push(line);
    to.up.push(line);
    return line;
  });
  const byId = new Map(nodes.map((node) => [String(node.id), node]));
  for (const node of nodes) node.text = `${node.reference} ${node.name} ${node.stage} ${node.status} ${node.kind.words}`.toLowerCase();
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const DASH = { DEPENDS_ON: [7, 4], EVALUATED_ON: [2, 3], READ_BACK: [2, 3], CHILD_OF: [1, 4], SIBLING_OF: [1, 4] };
  const BAD = new Set(["failed", "rolled back", "deleted"]);
  const outlines = {};
  for (const kind of data.kinds) outlines[kind.key] = new Path2D(kind.outline);
  let colours, selected = null, hover = null, causes = new Set(), effects = new Set();
  const view = { x: 0, y: 0, scale: 1 };

  function short(reference, kind) {
    const rest = reference.slice(reference.indexOf(":/") + 2), cut = rest.lastIndexOf("/");
    return kind.endsWith("_version") && cut > 0 ? `${rest.slice(0, cut)}:${rest.slice(cut + 1)}` : rest;
  }
  function low(values) { return values.reduce((a, b) => Math.min(a, b)); }

  // The same paths as the SVG picture: level curves, straight lanes, rounded corners.
  function pathData(points) {
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

  function readColours() {
    const style = getComputedStyle(document.documentElement);
    const get = (name) => style.getPropertyValue(`--${name}`).trim();
    colours = { get, bg: get("bg"), ink: get("ink"), soft: get("soft"), line: get("line"), up: get("up"), down: get("down"), accent: get("accent"), on: get("on"), bad: get("bad"), stage: get("stage") };
    colours.kind = {};
    for (const kind of data.kinds) {
      const hue = kind.key.replace("_version", "");
      colours.kind[kind.key] = [get(`${hue}-fill`), get(`${hue}-line`)];
    }
    colours.edge = { DERIVED_FROM: get("model-line"), DEPENDS_ON: get("model-line"), SERVES: get("deployment-line"), EVALUATED_ON: get("dataset-line"), READ_BACK: get("bad") };
  }
  const stageColour = (stage) => ({ Production: colours.get("production"), Staging: colours.get("staging") })[stage] || colours.stage;

  function closure(start, side) {
    const seen = new Set([start]), stack = [start];
    while (stack.length) {
      const node = stack.pop();
      for (const line of node[side]) {
        if (!line.lineage) continue;
        const other = side === "up" ? line.from : line.to;
        if (!seen.has(other)) { seen.add(other); stack.push(other); }
      }
    }
    return seen;
  }
  function toneOf(line) {
    if (!selected) return "";
    if (!line.lineage) return "dim";
    if (causes.has(line.from) && causes.has(line.to)) return "up";
    return effects.has(line.from) && effects.has(line.to) ? "down" : "dim";
  }
  function toneOfNode(node) {
    if (!selected || node === selected) return "";
    return causes.has(node) ? "up" : effects.has(node) ? "down" : "dim";
  }

  // One description of the picture, two ways to put it down: canvas and SVG.
  const FONT = 'system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Noto Sans",sans-serif';
  const canvas = $("canvas"), context = canvas.getContext("2d");
  const paths = new Map();
  const path2d = (d) => paths.get(d) || (paths.set(d, new Path2D(d)), paths.get(d));
  const onCanvas = {
    alpha(value) { context.globalAlpha = value; },
    path(d, x, y, fill, stroke, width, dash) {
      context.translate(x, y);
      if (fill) { context.fillStyle = fill; context.fill(path2d(d)); }
      if (stroke) { context.strokeStyle = stroke; context.lineWidth = Math.max(width, 0.8 / view.scale); context.setLineDash(dash || []); context.stroke(path2d(d)); }
      context.translate(-x, -y);
    },
    text(value, x, y, size, bold, colour) {
      context.font = `${bold ? "600 " : ""}${size}px ${FONT}`;
      context.fillStyle = colour;
      context.fillText(value, x, y);
    },
    width(value, size, bold) { context.font = `${bold ? "600 " : ""}${size}px ${FONT}`; return context.measureText(value).width; },
  };
  const escaped = (value) => value.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
  function onSvg(out) {
    let alpha = 1;
    const opacity = () => (alpha < 1 ? ` opacity="${alpha}"` : "");
    return {
      alpha(value) { alpha = value; },
      path(d, x, y, fill, stroke, width, dash) {
        out.push(`<path d="${d}"${x || y ? ` transform="translate(${x} ${y})"` : ""} fill="${fill || "none"}"${stroke ? ` stroke="${stroke}" stroke-width="${width}"` : ""}${dash && dash.length ? ` stroke-dasharray="${dash}"` : ""}${opacity()}/>`);
      },
      text(value, x, y, size, bold, colour) {
        out.push(`<text x="${x}" y="${y}" font-size="${size}"${bold ? ' font-weight="600"' : ""} fill="${colour}"${opacity()}>${escaped(value)}</text>`);
      },
      width: onCanvas.width,
    };
  }
  function fitted(to, value, size, bold, room) {
    if (to.width(value, size, bold) <= room) return value;
    const letters = Array.from(value);
    let few = 0, many = letters.length;
    const cut = (n) => letters.slice(0, Math.ceil(n / 2)).join("") + "\u2026" + letters.slice(letters.length - Math.floor(n / 2)).join("");
    while (few < many - 1) {
      const half = (few + many) >> 1;
      if (to.width(cut(half), size, bold) <= room) few = half; else many = half;
    }
    return cut(few);
  }
  const names = new Map();
  function nameOf(node, size, room) {
    const key = `${size} ${node.at}`;
    if (!names.has(key)) names.set(key, fitted(onCanvas, node.name, size, true, room));
    return names.get(key);
  }
  function drawLine(to, line, tone, arrows) {
    const kind = line.says[0].kind;
    const colour = tone === "up" ? colours.up : tone === "down" ? colours.down : colours.edge[kind] || colours.line;
    const strong = kind === "DERIVED_FROM" ? 2.2 : 1.4;
    to.alpha(tone === "dim" ? 0.13 : 1);
    to.path(line.d, 0, 0, "", colour, tone === "up" || tone === "down" ? strong + 0.8 : strong, DASH[kind]);
    if (arrows) to.path("M-8 -4L0 0L-8 4Z", line.to.x, line.to.y + H / 2, colour);
  }
  function drawNode(to, node, tone, detail) {
    const [fill, stroke] = colours.kind[node.kind.key];
    to.alpha(tone === "dim" ? 0.25 : 1);
    const hue = tone === "up" ? colours.up : tone === "down" ? colours.down : stroke;
    if (detail < 1) { to.path(`M0 0H${W}V${H}H0Z`, node.x, node.y, node === selected ? colours.ink : hue); return; }
    if (node === selected || node === hover) to.path(node.kind.outline, node.x, node.y, "", colours.ink, 6);
    const wide = node.distance === 0 ? 3 : tone && tone !== "dim" ? 2.4 : 1.4;
    to.path(node.kind.outline, node.x, node.y, fill, hue, wide, node.status === "deleted" ? [5, 4] : []);
    const left = node.x + node.kind.left, room = W - node.kind.left - node.kind.right;
    const drop = node.kind.key.startsWith("dataset") ? 3 : 0;
    if (detail < 2) to.text(nameOf(node, 20, room), left, node.y + 29 + drop, 20, true, colours.ink);
    else {
      to.text(nameOf(node, 13, room), left, node.y + 20 + drop, 13, true, colours.ink);
      to.text(node.kind.words, left, node.y + 35 + drop, 11, false, colours.soft);
    }
    let right = node.x + W - node.kind.right + 4;
    const chip = (value, back, ink, line) => {
      const text = fitted(to, value, 10, true, 72), width = Math.round(to.width(text, 10, true)) + 14;
      right -= width;
      to.path(`M7.5 0H${width - 7.5}A7.5 7.5 0 0 1 ${width - 7.5} 15H7.5A7.5 7.5 0 0 1 7.5 0Z`, right, node.y - 10, back, line, 1);
      to.text(text, right + 7, node.y + 1.2, 10, true, ink);
      right -= 4;
    };
    if (node.stage) chip(node.stage, stageColour(node.stage), colours.on, stageColour(node.stage));
    if (node.status) chip(node.status, colours.bg, BAD.has(node.status) ? colours.bad : colours.soft, BAD.has(node.status) ? colours.bad : colours.soft);
    if (node.distance === 0) chip("start", colours.ink, colours.bg, colours.ink);
  }
  function drawAll(to, box, detail) {
    const inside = (b) => b[0] < box[2] && b[2] > box[0] && b[1] < box[3] && b[3] > box[1];
    const seen = lines.filter((line) => inside(line.box));
    const loud = seen.filter((line) => { const t = toneOf(line); return t === "up" || t === "down"; });
    for (const line of seen) { const tone = toneOf(line); if (!tone || tone === "dim") drawLine(to, line, tone, detail > 0); }
    for (const line of loud) drawLine(to, line, toneOf(line), detail > 0);
    for (const node of nodes) if (inside([node.x - 8, node.y - 14, node.x + W + 8, node.y + H + 8])) drawNode(to, node, toneOfNode(node), detail);
    if (detail > 1) {
      for (const line of seen) {
        const [x, y] = line.last, gap = line.to.x - x;
        const text = line.says[0].label, slope = Math.abs(line.to.y + H / 2 - y);
        if (gap < 40 || slope > 3 * gap) continue;
        const width = to.width(text, 10.5, false);
        if (width + 6 > gap) continue;
        to.alpha(toneOf(line) === "dim" ? 0.15 : 1);
        const mx = x + gap / 2 - width / 2, my = (y + line.to.y + H / 2) / 2;
        to.path(`M-3 -7H${Math.round(width + 3)}V7H-3Z`, mx, my, colours.bg);
        to.text(text, mx, my + 4, 10.5, false, colours.soft);
      }
    }
    to.alpha(1);
  }

  let due = false;
  function draw() {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      const ratio = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
      if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
        canvas.width = Math.round(width * ratio);
        canvas.height = Math.round(height * ratio);
      }
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.fillStyle = colours.bg;
      context.fillRect(0, 0, width, height);
      context.setTransform(ratio * view.scale, 0, 0, ratio * view.scale, ratio * view.x, ratio * view.y);
      const box = [-view.x / view.scale, -view.y / view.scale, (width - view.x) / view.scale, (height - view.y) / view.scale];
      drawAll(onCanvas, box, view.scale < 0.14 ? 0 : view.scale < 0.45 ? 1 : 2);
      canvas.dataset.drawn = String(Number(canvas.dataset.drawn || 0) + 1);
    });
  }
  function move(x, y, scale) {
    const from = { ...view }, begin = performance.now();
    const length = still.matches || !from.ready ? 0 : 260;
    const step = (now) => {
      const t = length ? Math.min(1, (now - begin) / length) : 1, ease = t * (2 - t);
      view.scale = from.scale + (scale - from.scale) * ease;
      view.x = from.x + (x - from.x) * ease;
      view.y = from.y + (y - from.y) * ease;
      draw();
      if (t < 1) requestAnimationFrame(step);
    };
    view.ready = true;
    step(begin);
  }
  function fit() {
    const width = canvas.clientWidth, height = canvas.clientHeight, [w, h] = data.extent;
    const scale = Math.min(1.4, (width - 48) / Math.max(w, 1), (height - 96) / Math.max(h, 1));
    move((width - w * scale) / 2, (height - 40 - h * scale) / 2, scale);
  }
  function centre(node, scale, share = 0.5) {
    move(canvas.clientWidth * share - (node.x + W / 2) * scale, canvas.clientHeight / 2 - (node.y + H / 2) * scale, scale);
  }
  function zoom(factor, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) {
    const scale = Math.max(0.01, Math.min(3, view.scale * factor)), real = scale / view.scale;
    view.x = x - (x - view.x) * real;
    view.y = y - (y - view.y) * real;
    view.scale = scale;
    draw();
  }
  function nodeAt(event) {
    const box = canvas.getBoundingClientRect();
    const x = (event.clientX - box.left - view.x) / view.scale, y = (event.clientY - box.top - view.y) / view.scale;
    return nodes.find((node) => x >= node.x && x <= node.x + W && y >= node.y && y <= node.y + H) || null;
  }

  function element(tag, text, name) {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (name) made.className = name;
    return made;
  }
  function nodeButton(node) {
    const button = element("button", node.name);
    button.type = "button";
    button.title = node.reference;
    button.addEventListener("click", () => select(node, true));
    return button;
  }
  const LISTED = 200;
  function listInto(list, found, words) {
    list.replaceChildren(...found.slice(0, LISTED).map(([line, node]) => {
      const item = element("li", `${line.says.map((say) => say[words]).join(", ")} `);
      item.append(nodeButton(node));
      return item;
    }));
    if (found.length > LISTED) list.append(element("li", `and ${found.length - LISTED} more`));
  }
  function showPanel(node) {
    $("panel").hidden = !node;
    if (!node) return;
    $("p-kind").textContent = node.kind.words;
    $("p-name").textContent = node.name;
    const marks = [];
    if (node.stage) marks.push(element("span", node.stage, `mark ${["Production", "Staging"].includes(node.stage) ? node.stage.toLowerCase() : ""}`));
    if (node.status) marks.push(element("span", node.status, `mark status ${BAD.has(node.status) ? "bad" : ""}`));
    $("p-marks").replaceChildren(...marks);
    const facts = [["Reference", node.reference], ["Distance", node.distance ? String(node.distance) : "0, the start"], ["Ancestors here", String(causes.size - 1)], ["Descendants here", String(effects.size - 1)]];
    $("p-facts").replaceChildren(...facts.flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
    $("p-up-title").textContent = `Causes (${node.up.length})`;
    $("p-down-title").textContent = `Effects (${node.down.length})`;
    listInto($("p-up"), node.up.map((line) => [line, line.from]), "up");
    listInto($("p-down"), node.down.map((line) => [line, line.to]), "down");
  }
  function select(node, bring) {
    selected = node;
    causes = node ? closure(node, "up") : new Set();
    effects = node ? closure(node, "down") : new Set();
    showPanel(node);
    $("status").textContent = node ? `${node.name}, ${node.kind.words}, ${causes.size - 1} ancestors and ${effects.size - 1} descendants` : "Nothing selected";
    const link = node ? `#node=${node.id}` : "#";
    if (location.hash !== link && (node || location.hash)) history.replaceState(null, "", link);
    for (const row of $("rows").children) row.setAttribute("aria-selected", String(row.node === node));
    if (node && bring) requestAnimationFrame(() => centre(node, Math.max(view.scale, 0.7)));
    draw();
  }
  function follow(key) {
    if (!selected) return select(nodes.find((node) => node.distance === 0) || nodes[0] || null, true);
    const beside = nodes.filter((node) => node.x === selected.x).sort((a, b) => a.y - b.y), at = beside.indexOf(selected);
    const next = { ArrowLeft: () => selected.up[0] && selected.up[0].from, ArrowRight: () => selected.down[0] && selected.down[0].to, ArrowUp: () => beside[at - 1], ArrowDown: () => beside[at + 1] }[key]();
    if (next) select(next, true);
  }

  function matches(text) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    return words.length ? nodes.filter((node) => words.every((word) => node.text.includes(word))) : [];
  }
  function search() {
    const text = $("search").value, found = matches(text), list = $("found");
    list.replaceChildren(...found.slice(0, 10).map((node) => {
      const button = nodeButton(node);
      button.setAttribute("role", "option");
      button.addEventListener("click", () => { list.hidden = true; });
      return button;
    }), element("p", found.length > 10 ? `${found.length} found, 10 shown` : `${found.length} found`));
    list.hidden = !text.trim() || !$("table").hidden;
    if (!$("table").hidden) fillTable();
  }

  const COLUMNS = [["Reference", (n) => n.reference], ["Name", (n) => n.name], ["Kind", (n) => n.kind.words], ["Stage", (n) => n.stage], ["Status", (n) => n.status], ["Distance", (n) => n.distance], ["Causes", (n) => n.up.length], ["Effects", (n) => n.down.length]];
  let sorted = { column: 5, turn: 1 };
  function fillTable() {
    const text = $("search").value, value = COLUMNS[sorted.column][1];
    const shown = (text.trim() ? matches(text) : [...nodes]).sort((a, b) => sorted.turn * (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0) || a.at - b.at);
    $("rows").replaceChildren(...shown.map((node) => {
      const row = element("tr");
      row.node = node;
      row.setAttribute("aria-selected", String(node === selected));
      COLUMNS.forEach(([, read], i) => {
        const cell = element("td", i ? String(read(node)) : undefined);
        if (!i) { const button = element("button", node.reference); button.type = "button"; cell.append(button); }
        row.append(cell);
      });
      row.addEventListener("click", () => select(node, false));
      return row;
    }));
  }
  function tab(name) {
    for (const id of ["graph", "table"]) { $(id).hidden = id !== name; $(`tab-${id}`).setAttribute("aria-pressed", String(id === name)); }
    $("found").hidden = true;
    if (name === "table") fillTable(); else draw();
  }
  function save() {
    const [w, h] = data.extent, out = [];
    out.push(`<svg xmlns="http://www.w3.org/2000/svg" width="${w + 64}" height="${h + 110}" viewBox="-32 -78 ${w + 64} ${h + 110}" font-family="${escaped(FONT)}">`);
    out.push(`<title>${escaped(data.title)}</title><rect x="-32" y="-78" width="${w + 64}" height="${h + 110}" fill="${colours.bg}"/>`);
    const to = onSvg(out);
    to.text(data.title, 0, -40, 17, true, colours.ink);
    to.text(data.facts, 0, -20, 11, false, colours.soft);
    drawAll(to, [-1e9, -1e9, 1e9, 1e9], 2);
    out.push("</svg>");
    const link = element("a");
    link.href = URL.createObjectURL(new Blob([out.join("\n")], { type: "image/svg+xml" }));
    link.download = "lineage.svg";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
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
    const items = data.kinds.filter((kind) => nodes.some((node) => node.kind === kind)).map((kind) => {
      const [fill, stroke] = colours.kind[kind.key];
      return key(kind.words, kind.outline, { transform: "scale(.138 .27)", fill, stroke, "stroke-width": 7 });
    });
    const used = new Map();
    for (const line of lines) used.set(line.says[0].kind, line.says[0].flow);
    for (const [kind, words] of used) items.push(key(words, "M0 6H26", { stroke: colours.edge[kind] || colours.line, "stroke-dasharray": (DASH[kind] || []).join(" ") }));
    $("legend").replaceChildren(...items, element("span", "arrows run from cause to effect"));
  }

  const fingers = new Map();
  let dragged = 0, pinch = 0;
  canvas.addEventListener("pointerdown", (event) => { fingers.set(event.pointerId, event); canvas.setPointerCapture(event.pointerId); if (fingers.size === 1) dragged = 0; pinch = 0; });
  canvas.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) {
      const over = nodeAt(event);
      if (over !== hover) { hover = over; canvas.title = over ? over.reference : ""; canvas.classList.toggle("over", Boolean(over)); draw(); }
      return;
    }
    fingers.set(event.pointerId, event);
    const [a, b] = [...fingers.values()];
    if (b) {
      const apart = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY), box = canvas.getBoundingClientRect();
      if (pinch) zoom(apart / pinch, (a.clientX + b.clientX) / 2 - box.left, (a.clientY + b.clientY) / 2 - box.top);
      pinch = apart;
      dragged = 99;
      return;
    }
    const dx = event.clientX - before.clientX, dy = event.clientY - before.clientY;
    dragged += Math.abs(dx) + Math.abs(dy);
    view.x += dx;
    view.y += dy;
    canvas.classList.add("drag");
    draw();
  });
  const release = (event) => {
    if (!fingers.delete(event.pointerId)) return;
    canvas.classList.remove("drag");
    if (event.type === "pointerup" && dragged < 5) select(nodeAt(event), false);
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("dblclick", (event) => { const node = nodeAt(event); if (node) centre(node, 1); });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const box = canvas.getBoundingClientRect();
    zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });
  $("search").addEventListener("input", search);
  $("search").addEventListener("keydown", (event) => {
    const found = matches($("search").value);
    if (event.key === "Enter" && found.length) { select(found[0], true); $("found").hidden = true; }
    if (event.key === "ArrowDown" && !$("found").hidden && found.length) { event.preventDefault(); $("found").firstChild.focus(); }
  });
  $("found").addEventListener("keydown", (event) => {
    const next = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key], to = next && event.target[next];
    if (to && to.tagName === "BUTTON") { event.preventDefault(); to.focus(); }
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.tagName === "INPUT";
    if (event.key === "Escape") {
      if (typing && $("search").value) { $("search").value = ""; search(); } else select(null, false);
      $("found").hidden = true;
      if (typing) $("search").blur();
    }
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") { event.preventDefault(); $("search").focus(); $("search").select(); }
    if ($("graph").hidden) return;
    if (event.key === "f") fit();
    if (event.key === "+" || event.key === "=") zoom(1.25);
    if (event.key === "-") zoom(0.8);
    if (event.key.startsWith("Arrow") && event.target === canvas) { event.preventDefault(); follow(event.key); }
  });
  $("fit").addEventListener("click", fit);
  $("in").addEventListener("click", () => zoom(1.25));
  $("out").addEventListener("click", () => zoom(0.8));
  $("save").addEventListener("click", save);
  $("close").addEventListener("click", () => select(null, false));
  $("tab-graph").addEventListener("click", () => tab("graph"));
  $("tab-table").addEventListener("click", () => tab("table"));
  $("columns").replaceChildren(...COLUMNS.map(([name], i) => {
    const head = element("th"), button = element("button", name);
    button.type = "button";
    button.addEventListener("click", () => {
      sorted = { column: i, turn: sorted.column === i ? -sorted.turn : 1 };
      for (const th of $("columns").children) th.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", sorted.turn > 0 ? "ascending" : "descending");
      fillTable();
    });
    head.append(button);
    return head;
  }));
  const linked = () => byId.get(new URLSearchParams(location.hash.slice(1)).get("node"));
  addEventListener("hashchange", () => { const node = linked(); if (node && node !== selected) select(node, true); });
  dark.addEventListener("change", () => { readColours(); legend(); draw(); });
  new ResizeObserver(draw).observe(canvas);

  $("title").textContent = document.title = data.title;
  $("facts").textContent = data.facts;
  readColours();
  legend();
  fit();
  if (linked()) select(linked(), true);
  // A long drawing that would be dust when it fits the window opens at its start instead.
  else if (view.scale < 0.3 && nodes.length) {
    view.ready = false;
    const start = nodes.find((node) => node.distance === 0) || nodes[0];
    centre(start, 0.7, start.down.length ? (start.up.length ? 0.5 : 0.15) : 0.85);
  }
})();
