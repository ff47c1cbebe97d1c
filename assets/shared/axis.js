// From values to pixels, numbers as a lesson writes them, and the marks of a guess and of what happened.

import { draw } from "./dom.js";

/** value -> pixels, for a range of values from one pixel to another. */
export function scale(low, high, from, to) {
  const span = high - low || 1;
  return (value) => from + ((value - low) / span) * (to - from);
}

/** A value of an axis: within its ends, on a step of it. */
export function snap({ low, high, step }, value) {
  const near = low + Math.round((value - low) / step) * step;
  return Number(Math.min(high, Math.max(low, near)).toFixed(6));
}

/** About `count` round numbers from one end of an axis to the other, whole where its steps are, and its ends where there is room for them. */
export function ticks({ low, high, step: least }, count = 4) {
  const rough = (high - low || 1) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 3, 5, 10].map((one) => one * power).find((one) => one >= rough * 0.999 && (Number.isInteger(one) || !Number.isInteger(least)));
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9) * step; at <= high + step * 1e-6; at += step) found.push(Number(at.toFixed(9)));
  const room = 0.4 * step;
  if (found[0] - low > room) found.unshift(low);
  if (high - found.at(-1) > room) found.push(high);
  return found;
}

/** "70 %", "14 of 20", "0.4". */
export function write(axis, value) {
  const text = measured(axis, value);
  return axis.unit ? `${text} ${axis.unit}` : text;
}

export const number = (value, decimals = 3) => Number(value.toFixed(decimals)).toLocaleString("en").replace("-", "−");

/** A measured value: with as many decimals as a guess has, and rounded as Python does. */
export function measured({ step }, value) {
  const decimals = Number.isInteger(step) ? 0 : Math.min(4, `${step}`.split(".")[1]?.length ?? 3);
  return value.toLocaleString("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals, roundingMode: "halfEven" }).replace("-", "−");
}

/** A guess is an orange diamond everywhere; full where it is being moved. */
export const diamond = (x, y, size = 7, kind = "") => draw("path", { class: `guess ${kind}`, d: `M${x} ${y - size}l${size} ${size}l${-size} ${size}l${-size} ${-size}z` });

/** What happened is a blue dot, with its interval where there is one. */
export const dot = (x, y, size = 7, kind = "") => draw("circle", { class: `outcome ${kind}`, cx: x, cy: y, r: size });
