// Axes: from values to pixels, lines with their numbers, and labels that keep apart.

import { draw } from "../shared/dom.js";
import { armColour, armInk } from "./arms.js";

/** value -> pixels, for a range of values from one pixel to another. */
export function scale(low, high, from, to) {
  const span = high - low || 1;
  return (value) => from + ((value - low) / span) * (to - from);
}

/** An element, or several in one, in the colour of an arm. */
export function inArm(mark, node) {
  node.style.setProperty("--arm", armColour(mark));
  node.style.setProperty("--arm-ink", armInk(mark));
  return node;
}

/** Lines across with their numbers on the left. ticks: [value, text]. */
export function drawRows(ticks, y, left, right, strong = null) {
  return ticks.flatMap(([value, text]) => [
    draw("path", { class: value === strong ? "zero" : "grid", d: `M${left} ${y(value)}H${right}` }),
    draw("text", { class: "tick", x: left - 7, y: y(value) + 4, "text-anchor": "end", text }),
  ]);
}

/** Numbers along the bottom, and what they count. */
export function drawColumns(ticks, x, bottom, label, middle) {
  return [
    ...ticks.map(([value, text]) => draw("text", { class: "tick", x: x(value), y: bottom + 17, "text-anchor": "middle", text })),
    draw("text", { class: "label", x: middle, y: bottom + 36, "text-anchor": "middle", text: label }),
  ];
}

/** Heights for labels that would cover each other: as near to their own as `gap` allows, between top and bottom. In order of `ys`. */
export function spread(ys, gap, top, bottom) {
  const order = ys.map((y, i) => [y, i]).sort((a, b) => a[0] - b[0]);
  const placed = order.map(([y]) => Math.min(bottom, Math.max(top, y)));
  for (let i = 1; i < placed.length; i += 1) placed[i] = Math.max(placed[i], placed[i - 1] + gap);
  const over = placed.length ? placed.at(-1) - bottom : 0;
  if (over > 0) {
    placed[placed.length - 1] = bottom;
    for (let i = placed.length - 2; i >= 0; i -= 1) placed[i] = Math.min(placed[i], placed[i + 1] - gap);
  }
  const result = [];
  order.forEach(([, i], place) => (result[i] = placed[place]));
  return result;
}
