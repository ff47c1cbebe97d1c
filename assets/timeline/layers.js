// The layers of a drawing as SVG. refine_core/figures/scene.py says what a layer is. Text enters by textContent.

const SVG = "http://www.w3.org/2000/svg";
const TRACK_START = 0.14; // of a column
const TRACK = { beside: 0.42, alone: 0.67 }; // its length where durations stand beside it, and where none do
const BAR_PX = 6;
const LEAST_PX = 2;
const CROSS_PX = 7; // at the end of a bar whose predictor failed
const GUTTER_PX = 2; // between a duration and the arrows behind its column
const CORNER_PX = 5;
const [LEAST_DOT_PX, LEAST_MARK_PX] = [3.5, 6];
const HATCH_PX = { never: 7, other: 13 }; // between two lines
const HATCH_TEXT_PX = 12;
const LETTER = 0.49; // of the size of the text: the width of a digit

export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

export function text(words, x, y, size, attributes = {}) {
  const made = svg("text", { x: round(x), y: round(y + size * 0.33), "font-size": size, ...attributes });
  made.textContent = words;
  return made;
}

const round = (value) => Math.round(value * 10) / 10;
const of = (value, i) => (Array.isArray(value) ? value[i] : value);

// One layer -> its elements. place: { scale, beside: whether durations are shown }
export function drawLayer(layer, place) {
  const group = svg("g", { class: `layer ${layer.shape}` });
  group.dataset.name = layer.name;
  group.append(...DRAW[layer.shape](layer, place));
  return group;
}

const DRAW = { mark: marks, bar: bars, text: texts, line: lines, dots, heat, hatch };

// ---- marks

function marks(layer, { scale }) {
  return layer.x.flatMap((column, i) => {
    if (scale.column < (layer.rooms?.[i] ?? 0)) return [];
    const x = scale.x(column) + aside(layer.dx?.[i], scale);
    const room = scale.column * (layer.share ?? 0.8);
    const least = layer.symbol[i] === "circle" ? LEAST_DOT_PX : LEAST_MARK_PX; // other shapes must be told apart
    const size = layer.dense || layer.share ? Math.min(layer.size[i], Math.max(least, room)) : layer.size[i];
    const style = layer.symbol[i] === "cross" && size < 8 ? "stroke-width: 1.75" : null;
    return [symbol(layer.symbol[i], x, layer.y[i], size, { class: layer.style[i], style, "data-attempt": layer.attempt[i] })];
  });
}

// Pixels to a side, fewer in narrow columns: never out of one's own.
const aside = (dx, scale) => Math.sign(dx ?? 0) * Math.min(Math.abs(dx ?? 0), scale.column * 0.38);

export function symbol(kind, x, y, size, attributes) {
  const r = size / 2;
  const [left, right, top, foot] = [x - r, x + r, y - r, y + r].map(round);
  switch (kind) {
    case "square":
      return svg("rect", { x: left, y: top, width: size, height: size, ...attributes });
    case "triangle":
      return svg("path", { d: `M${round(x)} ${top}L${right} ${foot}H${left}Z`, ...attributes });
    case "diamond":
      return svg("path", { d: `M${round(x)} ${top}L${right} ${round(y)}L${round(x)} ${foot}L${left} ${round(y)}Z`, ...attributes });
    case "cross":
      return svg("path", { d: `M${left} ${top}L${right} ${foot}M${right} ${top}L${left} ${foot}`, ...attributes });
    case "dash":
      return svg("path", { d: `M${left} ${round(y)}H${right}`, ...attributes });
    case "question":
      return svg("path", { d: question(x, y, r), ...attributes });
    default:
      return svg("circle", { cx: round(x), cy: round(y), r, ...attributes });
  }
}

// A question mark of strokes.
function question(x, y, r) {
  const h = round(r / 2);
  const hook = `M${round(x - r / 2)} ${round(y - r * 0.45)}a${h} ${h} 0 1 1 ${h} ${h}v${round(r * 0.35)}`;
  return `${hook}M${round(x)} ${round(y + r * 0.8)}v${round(r * 0.2)}`;
}

// ---- strips

function ends(layer, i, { scale, beside }) {
  const track = scale.column * (beside ? TRACK.beside : TRACK.alone);
  const start = scale.x(layer.column[i] + TRACK_START);
  return [start + layer.start[i] * track, start + Math.max(layer.stop[i] * track, layer.start[i] * track + LEAST_PX)];
}

function bars(layer, place) {
  return layer.column.flatMap((_, i) => {
    const found = ends(layer, i, place);
    if (!found) return [];
    const [from, to] = found;
    const box = { x: round(from), y: round(layer.y - BAR_PX / 2), width: round(to - from), height: BAR_PX, rx: BAR_PX / 2 };
    const bar = svg("rect", { ...box, class: layer.style[i], "data-attempt": layer.attempt[i] });
    const made = [bar];
    if (layer.retries?.[i]) made.push(svg("path", { d: `M${round(to + 1)} ${layer.y - 5}V${layer.y + 5}`, class: "retried" }));
    if (layer.style[i] === "bar-failed") made.push(symbol("cross", to, layer.y, CROSS_PX, { class: "failed" }));
    return made;
  });
}

// ---- words

const widthOf = (words, size) => words.length * size * LETTER;

function texts(layer, place) {
  if (layer.style === "value") return values(layer, place);
  const { scale } = place;
  const beside = scale.column >= layer.room;
  if ((!beside && !layer.brief) || (!beside && scale.column < layer.room_brief)) return [];
  const track = scale.column * TRACK.beside;
  return layer.text.flatMap((words, i) => {
    const x = layer.after ? scale.x(layer.column[i] + TRACK_START) + track + 7 : scale.x(layer.x[i]) + (layer.dx?.[i] ?? 0);
    const shown = beside ? words : layer.brief[i];
    const end = scale.x(layer.attempt[i] + 1) - GUTTER_PX;
    if (layer.anchor !== "middle" && x + widthOf(shown, layer.size) > end) return [];
    return [
      text(shown, x, layer.y[i], layer.size, {
        class: of(layer.style, i),
        "text-anchor": layer.anchor,
        "data-attempt": layer.attempt[i],
        "data-since": layer.since?.[i],
      }),
    ];
  });
}

// Rewards at their marks: beside them, above them, or only some where there is no room for each.
function values(layer, { scale }) {
  const beside = scale.column >= layer.room_beside;
  const each = scale.column >= layer.room;
  let taken = -Infinity;
  return layer.text.flatMap((words, i) => {
    const x = scale.x(layer.x[i]);
    const half = widthOf(words, layer.size) / 2;
    const crowded = !beside && x - half < taken + 3;
    if (!layer.keep[i] && (!each || crowded)) return [];
    taken = x + half;
    const at = beside ? [x + layer.dx[i], layer.y[i] + layer.dy[i]] : [x, layer.y[i] + layer.above[i]];
    const anchor = beside ? "start" : "middle";
    return [text(words, ...at, layer.size, { class: "value", "text-anchor": anchor, "data-attempt": layer.attempt[i] })];
  });
}

// ---- lines

function lines(layer, { scale, beside }) {
  return layer.points.flatMap((points, i) => {
    const clear = beside ? (layer.clear?.[i] ?? 0) : 0;
    const move = (dx, k) => (layer.arrow ? shift(dx, k, clear, scale) : aside(dx, scale));
    const path = points.map(([column, y, dx = 0], k) => [scale.x(column) + move(dx, k), y]);
    const attributes = { class: layer.style, "data-attempt": layer.attempt?.[i], "data-source": layer.source?.[i] };
    if (!layer.arrow) return [svg("path", { d: polyline(path), ...attributes })];
    const [x, y] = path.at(-1);
    const head = round(Math.min(7, scale.column * 0.25));
    path.at(-1)[0] -= head - 1;
    const tip = `M${round(x)} ${y}l-${head} -${round(head / 2)}v${round(head / 2) * 2}z`;
    return [
      svg("path", { d: rounded(path), ...attributes }),
      svg("path", { d: tip, class: `${layer.style} head`, "data-attempt": layer.attempt[i] }),
    ];
  });
}

// The first point keeps clear of the duration that stands beside the circle; in narrow columns it comes closer.
function shift(dx, k, clear, scale) {
  if (k) return dx;
  return Math.min(dx + clear, scale.column * 0.55);
}

const polyline = (path) => path.map(([x, y], i) => `${i ? "L" : "M"}${round(x)} ${round(y)}`).join("");

// The same with round corners.
function rounded(path) {
  let d = `M${round(path[0][0])} ${round(path[0][1])}`;
  for (let i = 1; i < path.length - 1; i += 1) {
    const [before, corner, after] = [path[i - 1], path[i], path[i + 1]];
    const [a, b] = [before, after].map((end) => {
      const [dx, dy] = [end[0] - corner[0], end[1] - corner[1]];
      const length = Math.hypot(dx, dy) || 1;
      const r = Math.min(CORNER_PX, length / 2);
      return [corner[0] + (dx / length) * r, corner[1] + (dy / length) * r].map(round);
    });
    d += `L${a}Q${corner.map(round)} ${b}`;
  }
  return `${d}L${path.at(-1).map(round)}`;
}

function dots(layer, { scale }) {
  const [top, foot] = layer.y;
  return layer.x.map((column, i) =>
    svg("path", { d: `M${round(scale.x(column))} ${top}V${foot}`, class: layer.style[i], "data-attempt": layer.attempt[i] }),
  );
}

// Diagonal lines over some columns, and a word on them where there is room.
function hatch(layer, { scale }) {
  const [top, foot] = layer.y;
  const step = HATCH_PX[layer.style];
  return layer.spans.flatMap(([first, last]) => {
    const [left, right] = [scale.x(first) + 1, scale.x(last) - 1];
    const parts = [];
    for (let sum = left + top + step / 2; sum < right + foot; sum += step) {
      const [from, to] = [Math.max(left, sum - foot), Math.min(right, sum - top)];
      parts.push(`M${round(from)} ${round(sum - from)}L${round(to)} ${round(sum - to)}`);
    }
    const made = [svg("path", { d: parts.join(""), class: `hatch ${layer.style}`, "data-first": first, "data-last": last - 1 })];
    const words = layer.texts.find((one) => widthOf(one, HATCH_TEXT_PX) * 1.1 < right - left);
    if (words) made.push(text(words, (left + right) / 2, layer.text_y, HATCH_TEXT_PX, { class: "hatched", "text-anchor": "middle" }));
    return made;
  });
}

// ---- the matrix

// Cells of one shade are one path.
function heat(layer, { scale }) {
  const gap = scale.column > 6 ? 1 : 0;
  const top = layer.y - layer.height / 2;
  const shades = new Map();
  layer.levels.forEach((level, i) => {
    if (level === null) return;
    const x = scale.x(i);
    const width = round(scale.column - gap);
    const cell = `M${round(x)} ${top}h${width}v${layer.height}h-${width}z`;
    shades.set(level, (shades.get(level) ?? "") + cell);
  });
  const cells = [...shades].map(([level, d]) =>
    svg("path", { d, class: `cell ${layer.style}`, "fill-opacity": Math.round((0.1 + 0.75 * level) * 100) / 100 }),
  );
  const slash = Math.min(6, scale.column) / 2;
  const struck = layer.failed.map((i) => {
    const x = scale.x(i + 0.5);
    return `M${round(x - slash)} ${layer.y + 4}L${round(x + slash)} ${layer.y - 4}`;
  });
  return [...cells, svg("path", { d: struck.join(""), class: "struck" })];
}
