// What the marks of a guess and of what happened mean, once there is more than one kind of them.

import { diamond, dot } from "./axis.js";
import { draw, make } from "./dom.js";

export function legend({ kind, outcome, guessed, theory, running }) {
  const known = outcome?.filter(Boolean) ?? [];
  if (!known.length || kind === "choice") return [];
  const sign = (...shapes) => draw("svg", { width: 20, height: 16, viewBox: "0 0 20 16", "aria-hidden": "true" }, shapes);
  const hasInterval = known.some((one) => one.low !== null && one.low !== undefined);
  const isPartial = known.some((one) => one.partial);
  const item = (words, ...shapes) => make("span", { class: "item" }, sign(...shapes), words);
  return [
    guessed ? item("your guess", diamond(10, 8, 6)) : null,
    item(`${isPartial ? "so far" : "what happened"}${hasInterval ? ", and its 95 % interval" : ""}`, hasInterval ? draw("path", { class: "interval", d: "M10 0V16" }) : null, dot(10, 8, 5, isPartial ? "partial" : "")),
    theory && !running ? item(theory.words, draw("path", { class: "theory", d: "M0 8H20" })) : null,
  ].filter(Boolean);
}
