// The keys of the timeline, in one table: what each does, and how that is told.

import { element } from "./elements.js";
import { isSilenced, letterSwitch } from "../shared/keys.js";

const KEYS = [
  ["j", "next", "the next attempt"],
  ["k", "previous", "the attempt before"],
  ["b", "best", "the best attempt"],
  ["f", "failure", "the first attempt that failed"],
  ["d", "compare", "compare the attempt with the one before it; the first with the next"],
  ["l", "label", "label the attempt good, then bad, then neither"],
  ["?", "help", "show or hide these keys"],
];
const ARROWS = { ArrowRight: "next", ArrowLeft: "previous" };

// What a key asks for, or undefined. arrows: whether those count, too; where something scrolls sideways they do not.
export function asked(event, { arrows }) {
  if (event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && event.key !== "?") || isSilenced(event)) return undefined;
  const name = KEYS.find(([key]) => key === event.key)?.[1];
  return name ?? (arrows ? ARROWS[event.key] : undefined);
}

export const keyOf = (name) => KEYS.find(([, one]) => one === name)[0];

// The list of keys, and the switch that turns those of one letter off.
export function describeKeys() {
  const rows = KEYS.flatMap(([key, , words]) => [
    element("dt", {}, element("kbd", { textContent: key })),
    element("dd", { textContent: words }),
  ]);
  const list = element("dl", {}, ...rows, element("dt", {}, element("kbd", { textContent: "Esc" })), element("dd", { textContent: "hide these keys" }));
  return [list, letterSwitch()];
}
