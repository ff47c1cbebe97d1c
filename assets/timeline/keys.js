// The keys of the timeline: what each does, and how they are told.

export const KEYS = { j: "next", k: "previous", b: "best", f: "failure" };
const WORDS = [["j", " next, "], ["k", " previous, "], ["b", " best, "], ["f", " first failure"]];
const ARROWS = { ArrowRight: "next", ArrowLeft: "previous" };

// What a key asks for, or undefined. arrows: whether those count, too; where something scrolls sideways they do not.
export function asked(event, { arrows }) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return undefined;
  return KEYS[event.key] ?? (arrows ? ARROWS[event.key] : undefined);
}

export function describeKeys(element) {
  const told = WORDS.flatMap(([key, words]) => [element("kbd", { textContent: key }), words]);
  return ["Keys (when the chart has focus): ", ...told];
}
