// The guesses of a room over their axis, a diamond each, and what came out as a line through them. Where there are too many, bars.
import { draw } from "../shared/dom.js";
import { diamond, number, scale, ticks } from "../shared/axis.js";

const SIDE = 40;
const FOOT = 78; // the axis, its numbers and its title
const ABOVE = 118; // what came out, in words, and the bracket to it
const [GAP, SIZE, SMALLEST] = [34, 13, 9]; // from mark to mark, half a mark, and the gap below which bars stand for them

export function drawChart(chart, width, height) {
  const y = height - FOOT;
  const x = scale(chart.low, chart.high, SIDE, width - SIDE);
  const stacks = stack(chart.marks, x);
  const top = chart.outcome ? ABOVE : 8;
  const most = Math.max(1, ...stacks.map((one) => one.marks.length));
  const gap = Math.min(GAP, (y - top) / most);
  const marks = stacks.flatMap((one) => (gap < SMALLEST ? bar(one, most, y, top) : one.marks.map((near, i) => diamond(one.x, y - gap * (i + 0.9), Math.min(SIZE, gap * 0.42), near ? "near" : ""))));
  const axis = ticks(chart, width < 700 ? 4 : 10).map((one, i, all) => [
    draw("path", { class: "axis", d: `M${x(one)} ${y}v7` }),
    draw("text", { class: "tick", x: x(one), y: y + 36, "text-anchor": "middle", text: number(one) + (chart.unit === "%" && (i === 0 || i === all.length - 1) ? " %" : "") }),
  ]);
  const line = draw("path", { class: "axis", d: `M${SIDE} ${y}H${width - SIDE}` });
  const title = draw("text", { class: "title", x: width - SIDE, y: y + 66, "text-anchor": "end", text: chart.title });
  return draw("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": chart.alt }, line, title, axis, outcome(chart, x, y, width), marks);
}

// Guesses that would lie over one another stand in one stack, at their mean.
function stack(marks, x) {
  const stacks = [];
  for (const { value, count, near } of marks) {
    const last = stacks.at(-1);
    const at = x(value);
    const all = Array(count).fill(near);
    if (last && at - last.from < 2 * SIZE + 2) {
      last.x = (last.x * last.marks.length + at * count) / (last.marks.length + count);
      last.marks.push(...all);
    } else stacks.push({ from: at, x: at, marks: all });
  }
  return stacks;
}

function bar(one, most, y, top) {
  const height = ((y - top - 26) * one.marks.length) / most;
  return [
    draw("rect", { class: one.marks.includes(true) ? "guess near" : "guess", x: one.x - SIZE, y: y - height, width: 2 * SIZE, height }),
    draw("text", { class: "number", x: one.x, y: y - height - 8, "text-anchor": "middle", text: `${one.marks.length}` }),
  ];
}

function outcome(chart, x, y, width) {
  if (!chart.outcome) return [];
  const at = x(chart.outcome.value);
  const half = chart.outcome.words.length * 8;
  const words = Math.min(width - half - 4, Math.max(half + 4, at));
  const nodes = [
    draw("path", { class: "outcome", d: `M${at} 42V${y}` }),
    draw("text", { class: "came halo", x: words, y: 28, "text-anchor": "middle", text: chart.outcome.words }),
  ];
  if (!chart.middle) return nodes;
  const from = x(chart.middle.value);
  const isLow = from <= at;
  const long = chart.middle.words.length * 11.5;
  const fits = isLow ? from - long > 0 : from + long < width;
  nodes.push(draw("path", { class: "bracket", d: `M${from} 82v44M${from} 86H${at}` }));
  if (fits) nodes.push(draw("text", { class: "middle halo", x: from + (isLow ? -12 : 12), y: 94, "text-anchor": isLow ? "end" : "start", text: chart.middle.words }));
  if (Math.abs(at - from) > chart.middle.gap.length * 12) nodes.push(draw("text", { class: "middle halo", x: (from + at) / 2, y: 74, "text-anchor": "middle", text: chart.middle.gap }));
  return nodes;
}
