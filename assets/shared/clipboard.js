// Text into the clipboard. Browsers let a page copy on https and on this machine, after a press; elsewhere the old way may work.

import { make } from "./dom.js";

/**
 * Copy a text; whether the browser let the page do it.
 *
 * text: a string, or a promise of one: Safari lets a page copy only in the very moment of the press. Throws what the promise does.
 */
export async function copyText(text) {
  if (text instanceof Promise && navigator.clipboard?.write && typeof ClipboardItem === "function") {
    const coming = text.then((ready) => new Blob([ready], { type: "text/plain" }));
    coming.catch(() => undefined); // told below
    try {
      await navigator.clipboard.write([new ClipboardItem({ "text/plain": coming })]);
      return true;
    } catch {
      // not in this browser, not allowed, or there is no text
    }
  }
  const ready = await text;
  try {
    await navigator.clipboard.writeText(ready);
    return true;
  } catch {
    return copyAsSelected(ready);
  }
}

// Where there is no navigator.clipboard: a page on plain http that is not this machine's.
function copyAsSelected(text) {
  let isTaken = false;
  const take = (event) => {
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
    event.stopImmediatePropagation();
    isTaken = true;
  };
  document.addEventListener("copy", take, { capture: true, once: true });
  try {
    return document.execCommand("copy") && isTaken;
  } catch {
    return false;
  } finally {
    document.removeEventListener("copy", take, { capture: true });
  }
}

/** Say in `place` that the page may not copy, with the text below, selected, for a person to copy. */
export function showToCopy(place, text) {
  const area = make("textarea", { value: text, readOnly: true, rows: 6, "aria-label": "Text to copy" });
  place.replaceChildren(REFUSED, area);
  area.focus();
  area.select();
}

const REFUSED = "This browser does not let the page copy. Press Ctrl+C, or Cmd+C on a Mac.";
