// How many inputs are at the threshold after each attempt: Kaplan-Meier steps with their intervals, one line an arm.
//
// A tick across a line's end: the runs that are left were never at the threshold; what more attempts would give is unknown.

import { draw } from "../shared/dom.js";
import { drawArmMark } from "./arms.js";
import { drawColumns, drawRows, inArm, scale, spread } from "./axes.js";

const LEFT = 40;
const TOP = 12;
const BELOW = 46;
const AFTER = 8; // pixels that a line goes on after its last attempt
const BESIDE = 30; // pixels of the mark at a line's end, and the gaps around it
const LETTER = 6.3; // of a name, about
const BANDS = 3; // arms whose intervals can be told apart

export function paintSurvival({ arms, max, ticks, alt }, width, height) {
  // Beside the lines stands who they are of, unless a name is too long: the legend above has them all.
  const longest = Math.max(...arms.map((arm) => BESIDE + arm.share_text.length * 7 + arm.name.length * LETTER));
  const isNamed = longest <= Math.min(190, width * 0.38);
  const right = width - (isNamed ? Math.max(longest, 100) : BESIDE + 44) - AFTER;
  const bottom = height - BELOW;
  const x = scale(0, max, LEFT, right);
  const y = scale(0, 1, bottom, TOP);
  const rows = drawRows([[0, "0"], [0.25, "25"], [0.5, "50"], [0.75, "75"], [1, "100 %"]], y, LEFT, right + AFTER);
  const banded = arms.length <= BANDS ? arms : arms.filter((arm) => arm.chosen);
  const order = [...arms].sort((a, b) => a.chosen - b.chosen); // those that are compared lie on top
  const bands = banded.map((arm) => inArm(arm.mark, draw("path", { class: "band", d: band(arm, x, y) })));
  const lines = order.map((arm) => inArm(arm.mark, draw("path", { class: arm.chosen ? "line chosen" : "line", d: steps(arm, x, y) })));
  const ticksAcross = order.flatMap((arm) => arm.steps.filter((one) => one.censored).map((one) => inArm(arm.mark, draw("path", { class: "line", d: `M${x(one.attempt) + AFTER} ${y(one.share) - 5}v10` }))));
  const ends = arms.map((arm) => [x(arm.last) + AFTER, y(arm.steps.at(-1)?.share ?? 0)]);
  const heights = spread(ends.map(([, end]) => end), 15.5, TOP + 2, bottom);
  const labels = arms.map((arm, i) => label(arm, right + AFTER, ends[i], heights[i], isNamed));
  const svg = draw("svg", { height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": alt }, rows, drawColumns(ticks, x, bottom, "attempts", (LEFT + right) / 2), bands, lines, ticksAcross, labels);
  const points = arms.flatMap((arm) => arm.steps.map((one) => ({ x: x(one.attempt), y: y(one.share), words: one.words })));
  points.sort((a, b) => a.x - b.x || a.y - b.y);
  return { svg, points, plot: { left: LEFT, right: right + AFTER, top: TOP, bottom } };
}

function steps({ steps: all, last }, x, y) {
  let path = `M${x(0)} ${y(0)}`;
  for (const one of all) path += `H${x(one.attempt)}V${y(one.share)}`;
  return `${path}H${x(last) + AFTER}`;
}

function band({ steps: all, last }, x, y) {
  const ends = all.map((one, i) => x(all[i + 1]?.attempt ?? last) + (i + 1 < all.length ? 0 : AFTER));
  return all.map((one, i) => (one.low === null ? "" : `M${x(one.attempt)} ${y(one.low)}V${y(one.high)}H${ends[i]}V${y(one.low)}z`)).join("");
}

function label({ name, mark, share_text: share, chosen }, x, [from, end], at, isNamed) {
  const lead = Math.abs(at - end) > 3 || from < x - 1 ? draw("path", { class: "lead", d: `M${from + 3} ${end}L${x + 5} ${at}` }) : null;
  const text = draw("text", { class: chosen ? "end chosen" : "end", x: x + 24, y: at + 4.5 }, draw("tspan", { class: "value", text: share }), isNamed ? draw("tspan", { class: "who", dx: 5, text: name }) : null, draw("title", { text: name }));
  return inArm(mark, draw("g", {}, lead, drawArmMark(mark, x + 14, at, 4.5), text));
}
