// What is typed reaches the app while the field still has the focus, so that no reload or crash loses it.
// Streamlit takes a text when its field is left, or when Enter (in a long text Ctrl-Enter) is pressed. This presses it
// for whoever pauses, and when the page is hidden or left.

const PAUSE_MS = 400;
const NO_TEXT = new Set(["checkbox", "radio", "range", "button", "submit", "file", "password"]);

let listening = false;

/** Have Streamlit take the text of a field as it stands; focus and cursor stay where they are. */
function commit(field) {
  if (!field.isConnected) return;
  const ctrlKey = field.tagName === "TEXTAREA";
  for (const kind of ["keydown", "keypress"]) {
    field.dispatchEvent(
      new KeyboardEvent(kind, { key: "Enter", code: "Enter", keyCode: 13, which: 13, ctrlKey, bubbles: true }),
    );
  }
}

/** Whether it is a field of a form that holds text: no search in a list, no editor. */
function holdsText(field) {
  if (field.closest("[role=combobox], [data-baseweb=select], .cm-editor")) return false;
  return field.tagName === "TEXTAREA" || (field.tagName === "INPUT" && !NO_TEXT.has(field.type));
}

function listen() {
  let typed = null;
  let pause = 0;
  const take = () => {
    clearTimeout(pause);
    if (typed) commit(typed);
    typed = null;
  };
  document.addEventListener("input", (event) => {
    if (!event.isTrusted || !(event.target instanceof HTMLElement) || !holdsText(event.target)) return;
    if (!event.target.closest("[class*=st-key-lab-]")) return;
    clearTimeout(pause);
    typed = event.target;
    if (!event.isComposing) pause = setTimeout(take, PAUSE_MS);
  });
  document.addEventListener("compositionend", () => {
    if (typed) pause = setTimeout(take, PAUSE_MS);
  });
  document.addEventListener("focusout", () => {
    clearTimeout(pause); // Streamlit takes it by itself
    typed = null;
  });
  addEventListener("beforeunload", take);
  document.addEventListener("visibilitychange", () => document.hidden && take());
}

export default function () {
  if (!listening) listen();
  listening = true;
}
