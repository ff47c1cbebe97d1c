// The best reward that each arm had for so many calls, tokens or dollars: a mark for its first k attempts.

import { draw } from "../shared/dom.js";
import { drawArmMark } from "./arms.js";
import { drawColumns, drawRows, inArm, scale } from "./axes.js";

const LEFT = 44;
const TOP = 12;
const BELOW = 46;
const MARK = 4.5;
const BANDS = 3;
const LETTER = 6.4;
const MANY = 24; // marks of an arm, beyond which only its line is drawn

export function paintCurves({ arms, across, up, label, equal, alt }, width, height) {
  const right = width - 14;
  const bottom = height - BELOW;
  const x = scale(across.low, across.high, LEFT, right);
  const y = scale(up.low, up.high, bottom, TOP);
  const banded = arms.length <= BANDS ? arms : arms.filter((arm) => arm.chosen);
  const order = [...arms].sort((a, b) => a.chosen - b.chosen);
  const bands = banded.map((arm) => inArm(arm.mark, draw("path", { class: "band", d: band(arm.points, x, y) })));
  const lines = order.map((arm) => inArm(arm.mark, draw("path", { class: arm.chosen ? "line chosen" : "line", d: arm.points.map((one, i) => `${i ? "L" : "M"}${x(one.x)} ${y(one.reward)}`).join("") })));
  const over = [...order].sort((a, b) => b.points.length - a.points.length); // a single mark lies on the lines of others
  const marks = over.flatMap((arm) => (arm.points.length > MANY ? [arm.points[0], arm.points.at(-1)] : arm.points).map((one) => drawArmMark(arm.mark, x(one.x), y(one.reward), MARK)));
  const points = arms.flatMap((arm) => arm.points.map((one) => ({ x: x(one.x), y: y(one.reward), words: one.words })));
  points.sort((a, b) => a.x - b.x || a.y - b.y);
  const svg = draw("svg", { height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": alt }, drawRows(up.ticks, y, LEFT, right), drawColumns(across.ticks, x, bottom, label, (LEFT + right) / 2), equal ? drawEqual(equal, x(equal.x), bottom, right, points) : null, bands, lines, marks);
  return { svg, points, plot: { left: LEFT, right: right + 8, top: TOP, bottom } };
}

function band(points, x, y) {
  const known = points.filter((one) => one.low !== null);
  if (known.length < 2) return "";
  const up = known.map((one, i) => `${i ? "L" : "M"}${x(one.x)} ${y(one.high)}`).join("");
  const down = [...known].reverse().map((one) => `L${x(one.x)} ${y(one.low)}`).join("");
  return `${up}${down}z`;
}

// The budget that both arms could spend, and what they differ by there.
function drawEqual({ text }, at, bottom, right, points) {
  const wide = text.length * LETTER;
  const toLeft = at - 8 - wide > LEFT || at + 8 + wide > right;
  const [from, to] = toLeft ? [at - 7 - wide, at] : [at, at + 7 + wide];
  const covered = (y) => points.filter((one) => one.x > from && one.x < to && Math.abs(one.y - y) < 22).length;
  const y = covered(bottom - 12) > covered(TOP + 10) ? TOP + 14 : bottom - 8;
  return draw("g", { class: "equal" }, draw("path", { d: `M${at} ${TOP}V${bottom}` }), draw("text", { class: "label halo", x: toLeft ? at - 7 : at + 7, y, "text-anchor": toLeft ? "end" : "start", text }));
}
