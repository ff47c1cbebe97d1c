// The marks of rows and attempts, and the hatches behind what nobody knows.

import { draw } from "../shared/dom.js";

export { draw, isDark, make } from "../shared/dom.js";

/** The mark of a row or an attempt; each has a shape of its own, for those who do not tell the colours apart. */
export function mark(kind, x, y, size = 5) {
  switch (kind) {
    case "exact":
      return draw("circle", { cx: x, cy: y, r: size, class: "mark exact" });
    case "rescored":
      return draw("circle", { cx: x, cy: y, r: size, class: "mark rescored" });
    case "stop":
    case "first":
      return draw("rect", { x: x - size, y: y - size, width: 2 * size, height: 2 * size, class: `mark ${kind}` });
    case "unneeded":
      return draw("circle", { cx: x, cy: y, r: size, class: "mark unneeded" });
    case "failed": {
      const s = size - 0.5;
      return draw("path", { d: `M${x - s} ${y - s} l${2 * s} ${2 * s} m0 ${-2 * s} l${-2 * s} ${2 * s}`, class: "mark failed" });
    }
    case "waiting":
    case "unscored":
      return draw("circle", { cx: x, cy: y, r: size, class: "mark unscored" });
    default:
      return null;
  }
}

export const icon = (kind) => {
  const shape = mark(kind, 8, 8);
  return shape && draw("svg", { width: 16, height: 16, viewBox: "0 0 16 16", "aria-hidden": "true" }, shape);
};

/** The two hatches, named `of-light` and `of-dense`. */
export function hatches(of) {
  const lines = (kind, gap) =>
    draw("pattern", { id: `${of}-${kind}`, width: gap, height: gap, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, draw("path", { d: `M0 0 V${gap}`, class: kind }));
  return draw("defs", {}, lines("light", 9), lines("dense", 5));
}
