// The difference and how far it is known: its interval, and beside it what more inputs would make of it.

import { draw } from "../shared/dom.js";
import { scale } from "./axes.js";

const HEIGHT = 118;
const EDGE = 34;
const LETTER = 6.7;

export function paintKnown({ axis, now, then, left, right, alt }, width) {
  const x = scale(axis.low, axis.high, EDGE, width - EDGE);
  const numbers = axis.ticks.map(([value, text]) => draw("text", { class: "tick", x: x(value), y: 108, "text-anchor": "middle", text }));
  const fits = (left.length + right.length) * LETTER + 20 < width; // both on one line
  const svg = draw(
    "svg",
    { height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": alt },
    draw("path", { class: "zero", d: `M${x(0)} 6V88` }),
    draw("text", { class: "label halo", x: 0, y: fits ? 18 : 12, text: left }),
    draw("text", { class: "label halo", x: width, y: fits ? 18 : 29, "text-anchor": "end", text: right }),
    draw("path", { class: "span", d: `M${x(now.low)} 46H${x(now.high)}` }),
    draw("path", { class: "diamond", d: `M${x(now.value)} 38l8 8l-8 8l-8 -8z` }),
    beside("count", now.text, x(now.low), x(now.high), 46, width),
    then ? [draw("path", { class: "span then", d: `M${x(then.low)} 76H${x(then.high)}` }), beside("label", then.text, x(then.low), x(then.high), 76, width)] : null,
    numbers,
  );
  return { svg, points: [], plot: { left: 0, right: width, top: 0, bottom: HEIGHT } };
}

// Words at the right end of a line; where there is no room, at its left end, else above it.
function beside(kind, text, from, to, y, width) {
  const wide = text.length * LETTER + 10;
  if (to + wide < width) return draw("text", { class: `${kind} halo`, x: to + 10, y: y + 4, text });
  if (from - wide > 0) return draw("text", { class: `${kind} halo`, x: from - 10, y: y + 4, "text-anchor": "end", text });
  return draw("text", { class: `${kind} halo`, x: Math.max(0, Math.min(from, width - wide)), y: y - 9, text });
}
