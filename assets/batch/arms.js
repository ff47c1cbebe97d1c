// The mark of an arm: a shape and a colour, so that colour never stands alone. Python says which: pages/batch/marks.py.
//
//   armMark(mark)                    for a line of text: an SVG of 14 pixels
//   drawArmMark(mark, x, y, r)       for a drawing: centred there
//   armColour(mark), armInk(mark)    the colour of marks, lines and areas, and of words: variables of arms.css

import { draw } from "../shared/dom.js";

// Paths around (0, 0) of about the same area, in a circle of radius 1.
const PATHS = {
  circle: "M-.86 0a.86 .86 0 1 0 1.72 0a.86 .86 0 1 0-1.72 0z",
  diamond: "M0-1.05L1.05 0 0 1.05-1.05 0z",
  cross: "M-.78-.78L.78.78M.78-.78L-.78.78",
  square: "M-.78-.78H.78V.78H-.78z",
  triangle: "M0-.95L1 .8H-1z",
  plus: "M0-.95V.95M-.95 0H.95",
  wedge: "M0 .95L1-.8H-1z",
  star: "M0-1.1L.3-.35 1.05-.3.46.18.66.95 0 .5-.66.95-.46.18-1.05-.3-.3-.35z",
};
const LINES = new Set(["cross", "plus"]);
const STROKE = 0.42; // of a shape that has no area, in radii
const OUTLINE = 0.3;

export const armColour = (mark) => `var(--arm-${mark.colour})`;
export const armInk = (mark) => `var(--arm-${mark.colour}-ink, var(--arm-${mark.colour}))`;

/** The mark at (x, y), as large as a circle of radius r. parts: attributes and `on`, as `draw` takes them. */
export function drawArmMark(mark, x, y, r, parts = {}, ...children) {
  const isLine = LINES.has(mark.shape);
  const colour = armColour(mark);
  const hollow = mark.hollow || isLine;
  const look = { fill: hollow ? "none" : colour, stroke: hollow ? colour : "none", "stroke-width": isLine ? (mark.hollow ? OUTLINE : STROKE) : OUTLINE };
  const path = draw("path", { d: PATHS[mark.shape] ?? PATHS.circle, transform: `translate(${x} ${y}) scale(${r})`, ...look, ...parts }, ...children);
  for (const name of ["fill", "stroke"]) if (look[name].startsWith("var")) path.style[name] = look[name];
  return path;
}

/** The mark for a line of text. It says nothing to a screen reader: the arm's name stands beside it. */
export function armMark(mark, size = 14) {
  return draw("svg", { class: "arm-mark", width: size, height: size, viewBox: "-1.3 -1.3 2.6 2.6", "aria-hidden": "true" }, drawArmMark(mark, 0, 0, 1));
}
