// The mark of one of the two sides: A is a diamond, B a disc.

import { draw, make } from "../shared/dom.js";

export const letter = (which) =>
  make("b", { className: `letter ${which}` }, draw("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" }, which === "a" ? draw("path", { d: "M5 0 10 5 5 10 0 5z" }) : draw("circle", { cx: 5, cy: 5, r: 4.4 })), which.toUpperCase());
