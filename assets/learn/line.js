// A guess and what happened on one line, with the gap between them: in the list, and for a lesson whose guess is a number.

import { draw } from "../shared/dom.js";
import { diamond, dot, scale } from "../shared/axis.js";

const BELOW = 14; // pixels: how far below the line an interval is drawn
const BEYOND = 14; // pixels: how far an interval that leaves the axis is drawn

/**
 * data: {low, high, guess, outcome: {value, low, high} or null} as numbers or null.
 *
 * Returns {nodes, x}: the drawing, and value -> pixels.
 */
export function drawLine({ low, high, guess, outcome }, { left, right, y, size = 7, kind = "" }) {
  const x = scale(low, high, left, right);
  const nodes = [draw("path", { class: "track", d: `M${left} ${y}H${right}` })];
  const isBoth = guess !== null && outcome;
  if (isBoth) nodes.push(draw("path", { class: "between", d: `M${x(guess)} ${y}H${x(outcome.value)}` }));
  if (outcome && outcome.low !== null && outcome.low !== undefined) {
    // below the line, with ends, so that it is told from the gap, which lies on it
    const [from, to] = [Math.max(left - BEYOND, x(outcome.low)), Math.min(right + BEYOND, x(outcome.high))];
    nodes.push(draw("path", { class: "interval", d: `M${from} ${y + BELOW - 4}v8m0 -4H${to}m0 -4v8M${x(outcome.value)} ${y}v${BELOW}` }));
  }
  if (guess !== null) nodes.push(diamond(x(guess), y, size, kind));
  if (outcome) nodes.push(dot(x(outcome.value), y, size - 1, outcome.partial ? "partial" : ""));
  return { nodes, x };
}
