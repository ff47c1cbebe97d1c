// Keys of a single letter or sign: where they count, and the switch that turns them off in this browser.
//
// Whoever speaks to the computer, or presses keys without meaning to, needs them off (WCAG 2.1.4). Arrows, Space, Enter and Escape
// stay: they are no letters.

import { make } from "./dom.js";

const KEPT = "refinescope.letter-keys";
const CHANGED = "refinescope-letter-keys";

export function areLettersOff() {
  try {
    return localStorage.getItem(KEPT) === "off";
  } catch {
    return false; // a browser that keeps nothing
  }
}

function turnLetters(on) {
  try {
    if (on) localStorage.removeItem(KEPT);
    else localStorage.setItem(KEPT, "off");
  } catch {
    return;
  }
  dispatchEvent(new Event(CHANGED));
}

/** Whether a key goes into a text or a choice, or to a dialog that lies over the page. */
export function isTyping(event) {
  const at = event.composedPath()[0];
  if (!(at instanceof Element)) return false;
  if (at.isContentEditable) return true;
  const field = at.closest("input, textarea, select, [role=dialog], [role=listbox], [role=menu]");
  return Boolean(field) && !field.matches("input:is([type=checkbox], [type=radio], [type=range], [type=button])");
}

/** Whether a key is a letter, a digit or a sign, and those are turned off. */
export function isSilenced(event) {
  return event.key.length === 1 && event.key !== " " && areLettersOff();
}

/** Whether a key means nothing to a component: it is somebody else's, goes into a text, or is turned off. */
export function isNoShortcut(event) {
  return event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event) || isSilenced(event);
}

/** The switch. It follows every other one in this window. */
export function letterSwitch() {
  const title = "Keys of one letter, on every page in this browser. Arrows, Space, Enter and Escape always work.";
  const node = make("button", { type: "button", class: "letters link", role: "switch", title, on: { click: () => turnLetters(areLettersOff()) } });
  const show = () => {
    const off = areLettersOff();
    node.setAttribute("aria-checked", String(!off));
    node.textContent = `Letter keys: ${off ? "off" : "on"}`;
  };
  show();
  const follow = () => (node.isConnected ? show() : removeEventListener(CHANGED, follow));
  addEventListener(CHANGED, follow);
  return node;
}
