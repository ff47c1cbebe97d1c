// A dot for each try, where its reward lies; equal ones stand above each other. Below them the mean with its interval.

import { draw } from "../shared/dom.js";

const LEFT = 118; // for the arms' names
const RIGHT = 34;
const TOP = 30;
const NARROW = 420; // below it the names stand above the dots
const HIGH = 5; // dots above each other, before a second column begins
const STEP = 12.5; // from dot to dot
const RADIUS = 5;
const FAILED_PX = 26; // from cross to cross

export function drawDots(place, { axis, arms }, width, open) {
  const narrow = width < NARROW;
  const left = narrow ? 8 : LEFT;
  const span = axis.high - axis.low || 1;
  const room = width - left - RIGHT;
  const x = (value) => left + (room * (Math.min(Math.max(value, axis.low), axis.high) - axis.low)) / span;
  const nodes = [];
  let y = TOP;
  for (const arm of arms) {
    const groups = grouped(arm.dots, (4 * span) / room);
    const most = Math.max(1, Math.min(HIGH, arm.tries)); // from the start, so that nothing moves while tries come
    const head = narrow ? 20 : 0;
    const base = y + head + 14 + most * STEP;
    nodes.push(row(arm, { y, base, narrow, x, groups, left, width, open }));
    y = base + 34;
  }
  const ticks = axis.ticks.flatMap(([value, text]) => [draw("path", { class: "tick", d: `M${x(value)} 20V${y - 8}` }), draw("text", { class: "quiet", x: x(value), y: 13, "text-anchor": "middle", text })]);
  const threshold = axis.threshold === null ? null : draw("path", { class: "threshold", d: `M${x(axis.threshold)} 20V${y - 8}` }, draw("title", { text: axis.threshold_text }));
  const svg = draw("svg", { height: y, viewBox: `0 0 ${width} ${y}`, role: "img", "aria-label": arms.map((arm) => arm.alt).join(" ") }, ticks, threshold, nodes);
  place.replaceChildren(svg);
}

// Dots in groups of the same place, near enough that they would cover each other.
function grouped(dots, near) {
  const groups = [];
  for (const dot of [...dots].sort((a, b) => a[0] - b[0])) {
    const last = groups.at(-1);
    if (last && dot[0] - last[0][0] <= near) last.push(dot);
    else groups.push([dot]);
  }
  return groups;
}

function row(arm, { y, base, narrow, x, groups, left, width, open }) {
  const names = narrow
    ? [draw("text", { class: "name", x: left, y: y + 14 }, draw("tspan", { text: arm.label }), draw("tspan", { class: "quiet", dx: 8, text: arm.count }))]
    : [draw("text", { class: "name", x: 0, y: base - 8, text: arm.label }), draw("text", { class: "quiet", x: 0, y: base + 9, text: arm.count })];
  const dots = groups.flatMap((group) => {
    const columns = Math.ceil(group.length / HIGH);
    return group.map(([value, run, title], i) => {
      const column = Math.floor(i / HIGH);
      const cx = x(group[0][0]) + (column - (columns - 1) / 2) * STEP;
      const cy = base - 8 - (i % HIGH) * STEP;
      return mark(arm.kind, cx, cy, { class: "dot", on: { click: () => open(run) } }, draw("title", { text: title }));
    });
  });
  const failed = arm.failed.length ? crosses(arm, base, narrow ? left : 0, open) : [];
  const bar = [];
  if (arm.mean !== null) {
    const at = base + 12;
    const end = arm.high === null ? x(arm.mean) : x(arm.high);
    if (arm.low !== null) bar.push(draw("path", { class: "bar", d: `M${x(arm.low)} ${at}H${x(arm.high)}` }));
    bar.push(draw("path", { class: "middle", d: `M${x(arm.mean)} ${at - 6}v12` }));
    const outside = end + 44 > width;
    bar.push(draw("text", { class: "mean", x: outside ? x(arm.low ?? arm.mean) - 9 : end + 9, y: at + 5, "text-anchor": outside ? "end" : "start", text: arm.mean_text }));
  }
  return draw("g", { class: `arm ${arm.kind}` }, names, dots, failed, bar);
}

// A try of its arm's own shape.
function mark(kind, x, y, parts, ...children) {
  if (kind !== "other") return draw("circle", { ...parts, cx: x, cy: y, r: RADIUS }, ...children);
  const r = RADIUS + 1;
  return draw("path", { ...parts, d: `M${x} ${y - r}l${r} ${r}l${-r} ${r}l${-r} ${-r}z` }, ...children);
}

// Tries that failed have no reward, so they stand below the arm's name.
function crosses(arm, base, left, open) {
  const shown = arm.failed.slice(0, 3);
  const nodes = shown.map(([run, title], i) => {
    const x = left + 5 + i * (FAILED_PX / 2);
    return draw("g", { class: "cross", on: { click: () => open(run) } }, draw("rect", { class: "cross-area", x: x - 6, y: base + 14, width: 12, height: 14 }), draw("path", { d: `M${x - 4} ${base + 17}l8 8m0 -8l-8 8` }), draw("title", { text: title }));
  });
  const x = left + 5 + shown.length * (FAILED_PX / 2);
  return [...nodes, draw("text", { class: "quiet", x, y: base + 25, text: `${arm.failed.length} failed` })];
}
