// Words that explain themselves, and characters that a screen would hide. Text enters by textContent alone.

import { make } from "../shared/dom.js";

// What a text may hold and a screen would hide or obey: control characters, and marks that turn the direction of what follows.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/;
const NAMES = { 0: "NUL", 7: "BEL", 8: "BS", 13: "CR", 27: "ESC", 127: "DEL" };

// Text, with each such character as a small label of its own.
export function visible(text) {
  if (!UNSEEN.test(text)) return [text];
  const parts = [];
  let rest = text.replace(/\r\n/g, "\n");
  for (let at = rest.search(UNSEEN); at >= 0; at = rest.search(UNSEEN)) {
    const code = rest.charCodeAt(at);
    const name = NAMES[code] ?? `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
    parts.push(rest.slice(0, at), make("span", { className: "unseen", textContent: name }));
    rest = rest.slice(at + 1);
  }
  return [...parts, rest];
}

// A word whose meaning shows on hover and focus.
export function explained(words, meaning) {
  if (!meaning) return make("span", { textContent: words });
  const id = `m-${Math.random().toString(36).slice(2)}`;
  const tip = make("span", { className: "tip", id, role: "tooltip", popover: "manual", textContent: meaning });
  const word = make("span", { className: "term", tabIndex: 0, textContent: words });
  word.setAttribute("aria-describedby", id);
  const show = () => {
    if (!tip.isConnected || !tip.showPopover) return;
    tip.showPopover();
    const at = word.getBoundingClientRect();
    const width = Math.min(340, innerWidth - 16);
    tip.style.width = `${width}px`;
    tip.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
    const below = at.bottom + 6;
    tip.style.top = `${below + tip.offsetHeight > innerHeight ? at.top - tip.offsetHeight - 6 : below}px`;
  };
  const hide = () => tip.isConnected && tip.hidePopover?.();
  for (const name of ["mouseenter", "focus"]) word.addEventListener(name, show);
  for (const name of ["mouseleave", "blur"]) word.addEventListener(name, hide);
  word.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
  return make("span", {}, word, tip);
}
