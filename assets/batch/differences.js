// One arm minus another, a bar for each input from the worst to the best, and the mean with its interval beside them.

import { draw } from "../shared/dom.js";
import { drawRows, scale } from "./axes.js";

const LEFT = 44;
const BESIDE = 74; // pixels for the mean and its number
const TOP = 12;
const BELOW = 28;
const KINDS = ["worse", "equal", "better"];

export function paintDifferences({ axis, bars, counts, mean, alt }, width, height) {
  const right = width - (mean ? BESIDE : 8);
  const bottom = height - BELOW;
  const y = scale(axis.low, axis.high, bottom, TOP);
  const step = (right - LEFT) / Math.max(1, bars.length);
  const thick = step < 2 ? step : Math.min(28, step * 0.56); // where they are many, they become an area
  const points = bars.map(([value, words], i) => ({ x: LEFT + (i + 0.5) * step, y: null, value, words }));
  const paths = { worse: "", equal: "", better: "" };
  for (const { x, value } of points) {
    if (value) paths[value < 0 ? "worse" : "better"] += `M${x} ${y(0)}V${y(value)}`;
    else paths.equal += `M${x - 1.4} ${y(0)}a1.4 1.4 0 1 0 2.8 0a1.4 1.4 0 1 0 -2.8 0`;
  }
  const lines = KINDS.map((kind) => draw("path", { class: `bar ${kind}`, d: paths[kind], "stroke-width": kind === "equal" ? null : thick }));
  const svg = draw("svg", { height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": alt }, drawRows(axis.ticks, y, LEFT, right, 0), lines, mean ? drawMean(mean, right + 18, y) : null, drawCounts(counts, LEFT, right, height - 6, step));
  return { svg, points, plot: { left: LEFT, right, top: TOP, bottom: bottom + 6 } };
}

function drawMean({ low, value, high, text }, x, y) {
  const whisker = low === null ? null : draw("path", { class: "whisker", d: `M${x} ${y(low)}V${y(high)}M${x - 6} ${y(low)}h12M${x - 6} ${y(high)}h12` });
  return draw("g", { class: "mean" }, whisker, draw("path", { class: "diamond", d: `M${x} ${y(value) - 6}l6 6l-6 6l-6 -6z` }), draw("text", { class: "value", x: x + 11, y: y(value) + 4.5, text }));
}

// How many are worse, equal and better, each under its own bars as far as there is room.
function drawCounts(counts, left, right, y, step) {
  const [worse, equal] = [counts[0] * step, counts[1] * step];
  const middle = Math.min(right - 92, Math.max(left + 92, left + worse + equal / 2));
  const words = KINDS.map((kind, i) => `${counts[i].toLocaleString("en")} ${kind}`);
  const at = [[left, "start"], [middle, "middle"], [right, "end"]];
  return KINDS.map((kind, i) => draw("text", { class: `count ${kind}`, x: at[i][0], y, "text-anchor": at[i][1], text: words[i] }));
}
