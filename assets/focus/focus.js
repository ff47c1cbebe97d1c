/* The keyboard's place, where Streamlit loses it. Python gives {choice}: the label of a choice that is drawn anew elsewhere on
   the page when another thing is chosen. It has the focus again as soon as it is there.

   Tab on a button that has opened a popover leads into it, and Shift-Tab from its first field back: the popover is the last
   thing of the document, behind all that is on the page. */
const FOCUSABLE = 'a[href], button:not(:disabled), input:not(:disabled), textarea:not(:disabled), [tabindex="0"]';
const FRAMES = 60;
const pages = new WeakMap();
let isHeld = false;

function find(choice) {
  return document.querySelector(`[role=radiogroup][aria-label="${CSS.escape(choice)}"] [role=radio][aria-checked=true]`);
}

function giveBack(choice, frames, signal) {
  if (!isHeld || !frames || signal.aborted) return;
  if (document.activeElement === document.body) find(choice)?.focus({ preventScroll: true });
  requestAnimationFrame(() => giveBack(choice, frames - 1, signal));
}

function passPopover(event) {
  if (event.key !== 'Tab' || event.ctrlKey || event.altKey || event.metaKey) return;
  const button = document.querySelector('[aria-haspopup="dialog"][aria-expanded="true"]');
  const popover = [...document.querySelectorAll('[role=dialog]:not([aria-modal=true])')].at(-1);
  const first = popover && [...popover.querySelectorAll(FOCUSABLE)].find((one) => one.getClientRects().length);
  if (!button || !first) return;
  const [from, to] = event.shiftKey ? [first, button] : [button, first];
  if (document.activeElement !== from) return;
  event.preventDefault();
  event.stopPropagation();
  to.focus();
}

export default function ({ parentElement, data }) {
  pages.get(parentElement)?.abort();
  const listening = new AbortController();
  const { signal } = listening;
  pages.set(parentElement, listening);
  document.addEventListener('focusin', (event) => { isHeld = !!event.target.closest(`[role=radiogroup][aria-label="${CSS.escape(data.choice)}"]`); }, { signal });
  // Left for nothing, by a press beside it; what is taken from the page was not left.
  document.addEventListener('pointerdown', (event) => { isHeld &&= !!event.target.closest('[role=radiogroup]'); }, { signal });
  document.addEventListener('keydown', passPopover, { signal, capture: true });
  giveBack(data.choice, FRAMES, signal);
  return () => listening.abort();
}
