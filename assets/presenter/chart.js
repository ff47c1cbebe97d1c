// The timeline for a room: rewards, temperatures, stages and hints of the attempts so far, in a few large signs.
//
//   chart(slide, { width, guesses, waiting }) -> <svg>        guesses: index of an attempt -> what was guessed
import { draw } from "../shared/dom.js";

const SIZES = {
  wide: { text: 19, label: 150, row: 36, top: 56, plot: 196, mark: 9, bar: 10, durations: true },
  narrow: { text: 13, label: 62, row: 26, top: 40, plot: 120, mark: 6, bar: 6, durations: false },
};
const NARROW_PX = 700;
const MIN_COLUMN = { wide: 92, narrow: 46 };
const DURATION_COLUMN = 150; // below which there is no room for a duration beside its bar
const LEAST_PLOT = 110;

const text = (words, x, y, size, parts = {}) => {
  const node = draw("text", { x, y: y + size * 0.33, "font-size": size, ...parts });
  node.textContent = words;
  return node;
};

export function shape(mark, x, y, r, parts = {}) {
  if (mark === "best") return draw("path", { d: `M${x} ${y - r * 1.1}L${x + r * 1.1} ${y + r * 0.9}H${x - r * 1.1}Z`, class: "best", ...parts });
  if (mark === "stopped") return draw("rect", { x: x - r * 0.9, y: y - r * 0.9, width: r * 1.8, height: r * 1.8, class: "best", ...parts });
  if (mark === "failed") return draw("path", { d: `M${x - r} ${y - r}L${x + r} ${y + r}M${x + r} ${y - r}L${x - r} ${y + r}`, class: "failed", ...parts });
  if (mark === "guess") return draw("path", { d: `M${x} ${y - r * 1.2}L${x + r * 1.2} ${y}L${x} ${y + r * 1.2}L${x - r * 1.2} ${y}Z`, class: "guess", ...parts });
  return draw("circle", { cx: x, cy: y, r, class: "scored", ...parts });
}

// Of many attempts those around the one that is looked at, as many as can be read.
function visible(columns, focus, room) {
  if (columns.length <= room) return columns;
  const at = Math.max(0, columns.findIndex((c) => c.index === focus));
  const first = Math.max(0, Math.min(at - Math.floor(room * 0.6), columns.length - room));
  return columns.slice(first, first + room);
}

export function chart(slide, { width, guesses = {}, waiting = null }) {
  const kind = width < NARROW_PX ? "narrow" : "wide";
  const size = SIZES[kind];
  const stages = slide.stages.slice(0, 4);
  const plot = Math.max(LEAST_PLOT, size.plot - (stages.length - 1) * size.row * 0.75);
  const room = Math.max(2, Math.floor((width - size.label) / MIN_COLUMN[kind]));
  const columns = visible(slide.columns, slide.focus, room);
  const step = (width - size.label - 6) / columns.length;
  const x = (i) => size.label + step * (i + 0.5);
  const y = (value) => size.top + plot * (1 - (value - slide.low) / (slide.high - slide.low || 1));
  const heatY = size.top + plot + size.row * 1.1;
  const stageY = (i) => heatY + size.row * (i + 1);
  const adviceY = stageY(stages.length);
  const height = (slide.is_advised ? adviceY : adviceY - size.row) + size.row * 0.6;
  const barLength = step * 0.42;
  const barX = (i) => x(i) - step * 0.36;
  const svg = draw("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", class: kind });
  const add = (...nodes) => svg.append(...nodes.filter(Boolean));

  const focus = columns.findIndex((c) => c.index === slide.focus);
  if (focus >= 0) {
    const left = size.label + step * focus;
    add(draw("rect", { x: left, y: 0, width: step, height, rx: 3, class: "focus" }));
    add(draw("rect", { x: left, y: 0, width: step, height: 2.5, class: "focus-edge" }));
  }
  const head = size.text * 1.05;
  const label = (words, at) => text(words, 0, at, size.text, { class: "muted" });
  add(label(kind === "wide" ? "attempt" : "#", head));
  columns.forEach((c, i) =>
    add(text(String(c.index + 1), x(i), head, size.text, { "text-anchor": "middle", class: c.mark === "ahead" ? "faint" : "", "font-weight": i === focus ? 650 : 400 })),
  );

  // the scale: its ends and its middle, and the threshold
  const close = (a, b) => Math.abs(y(a) - y(b)) < size.text;
  for (const [value, words] of slide.ticks) {
    add(draw("path", { d: `M${size.label} ${y(value)}H${width}`, class: "grid" }));
    if (slide.threshold === null || !close(value, slide.threshold))
      add(text(words, size.label - 8, y(value), size.text * 0.97, { "text-anchor": "end", class: "faint" }));
  }
  if (slide.threshold !== null) {
    add(draw("path", { d: `M${size.label} ${y(slide.threshold)}H${width}`, class: "threshold" }));
    add(text(slide.threshold_text, size.label - 8, y(slide.threshold), size.text * 0.97, { "text-anchor": "end", class: "muted" }));
    if (kind === "wide") add(label("threshold", y(slide.threshold)));
  }
  const middle = size.top + plot / 2;
  if (kind === "wide" && (slide.threshold === null || Math.abs(y(slide.threshold) - middle) > size.text * 1.5)) add(label("reward", middle));

  // what is not scored yet
  columns.forEach((c, i) => {
    if (["ahead", "running"].includes(c.mark)) {
      const here = c.index === slide.focus;
      add(draw("path", { d: `M${x(i)} ${size.top + 6}V${size.top + plot}`, class: here ? "pending here" : "pending" }));
      if (here) add(draw("circle", { cx: x(i), cy: middle, r: size.mark, class: "waits" }));
    }
  });

  // the best so far, then every reward with its number
  let line = "";
  columns.forEach((c, i) => {
    if (c.best === null) return;
    line += line ? `H${x(i)}V${y(c.best)}` : `M${x(i)} ${y(c.best)}`;
  });
  add(draw("path", { d: line || "M0 0", class: "best-so-far" }));
  columns.forEach((c, i) => {
    const guess = guesses[c.index];
    if (c.mark === "failed") add(shape("failed", x(i), size.top + plot, size.mark * 0.85));
    if (c.reward === null) return;
    if (guess !== undefined) {
      const far = Math.abs(y(guess) - y(c.reward)) > size.mark * 2.6;
      add(shape("guess", far ? x(i) : x(i) - size.mark * 2.6, y(Math.min(slide.high, Math.max(slide.low, guess))), size.mark));
    }
    add(shape(c.mark, x(i), y(c.reward), size.mark));
    const beside = step > size.text * 4.4;
    add(
      text(c.reward_text, beside ? x(i) + size.mark + 8 : x(i), y(c.reward) - (beside ? 0 : size.mark + size.text * 0.6), size.text, {
        "text-anchor": beside ? "start" : "middle", "font-weight": 650, class: i === focus ? "halo on-focus" : "halo",
      }),
    );
  });

  // temperatures, and how long each stage took
  if (columns.some((c) => c.temperature)) add(label(kind === "wide" ? "temperature" : "temp.", heatY));
  columns.forEach((c, i) => add(text(c.temperature, x(i), heatY, size.text, { "text-anchor": "middle", class: c.mark === "ahead" ? "faint" : "" })));
  stages.forEach((name, row) => {
    const chars = Math.floor(size.label / (size.text * 0.52));
    add(label(name.length > chars ? `${name.slice(0, chars - 1)}…` : name, stageY(row)));
    columns.forEach((c, i) => {
      const bar = c.bars[row];
      const at = { x: barX(i), y: stageY(row) - size.bar / 2, height: size.bar, rx: size.bar / 2 };
      if (bar.state === "ahead" || bar.state === "running")
        return add(draw("rect", { ...at, width: barLength, class: bar.state === "running" ? "bar waits" : "bar ahead" }));
      add(draw("rect", { ...at, width: barLength, class: "bar room" }));
      add(draw("rect", { ...at, width: Math.max(size.bar, barLength * bar.share), class: bar.state === "failed" ? "bar broke" : "bar" }));
      if (size.durations && step > DURATION_COLUMN) add(text(bar.text, barX(i) + barLength + 7, stageY(row), size.text * 0.95, { class: "muted" }));
    });
  });

  // advice, and the stage that its hint goes to
  if (!slide.is_advised) return svg;
  add(label("advice", adviceY));
  columns.forEach((c, i) => {
    if (!c.advice) return;
    const r = size.mark + 0.5;
    add(draw("circle", { cx: barX(i) + r, cy: adviceY, r, class: "advice" }));
    const words = size.durations && step > DURATION_COLUMN ? c.advice : "";
    if (words) add(text(words, barX(i) + 2 * r + 6, adviceY, size.text * 0.95, { class: "muted" }));
    const next = columns[i + 1];
    if (!next) return;
    const from = barX(i) + 2 * r + (words ? 6 + words.length * size.text * 0.5 + 8 : 4);
    const turn = (x(i) + x(i + 1)) / 2 - (step > 80 ? 5 : 0);
    stages.forEach((name, row) => {
      if (!next.hints.includes(name)) return;
      const end = barX(i + 1) - 3;
      add(draw("path", { d: `M${from} ${adviceY}H${turn - 5}q5 0 5 -5V${stageY(row) + 5}q0 -5 5 -5H${end - 6}`, class: "arrow" }));
      add(draw("path", { d: `M${end} ${stageY(row)}l-7 -3.6v7.2z`, class: "arrow-head" }));
    });
  });
  return svg;
}
