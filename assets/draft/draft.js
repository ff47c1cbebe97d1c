// What is typed reaches the app while the field still has the focus, so that no reload or crash loses it.
// Streamlit takes a text when its field is left, or when Enter (in a long text Ctrl-Enter) is pressed. This presses it
// for whoever pauses, and when the page is hidden or left.
//
// What is sent as the page goes away often does not arrive. So it is left in the tab's own storage as well, by class of its
// field, and by name of its editor (assets/editor); the next page hands it over as the state `unsent`, again and again until
// the app says that it has it:
//
//     {id, texts: name -> {text, bases}}     bases: the texts of which the app may have one; where it has another, this one is
//                                            out of date

const PAUSE_MS = 400;
const RECENT_MS = 10_000; // what was typed longer ago has arrived
const AGAIN_MS = 1_000;
const UNSENT = "refinescope.unsent";
const CLASS = /\bst-key-((?:lab|batch|opened)-[\w-]+)/;
const NO_TEXT = new Set(["checkbox", "radio", "range", "button", "submit", "file", "password"]);

let listening = false;
let unsent = null; // what the page before left, until the app has it
let revision; // of the form; another one holds other texts
const recent = new Map(); // class of a field -> {text, bases, at}

/** Have Streamlit take the text of a field as it stands; focus and cursor stay where they are. */
function commit(field) {
  if (!field.isConnected) return;
  const ctrlKey = field.tagName === "TEXTAREA";
  for (const kind of ["keydown", "keypress"]) {
    field.dispatchEvent(
      new KeyboardEvent(kind, { key: "Enter", code: "Enter", keyCode: 13, which: 13, ctrlKey, bubbles: true }),
    );
  }
  recent.get(nameOf(field))?.bases.push(field.value);
}

/** Whether it is a field of a form that holds text: no search in a list, no editor. */
function holdsText(field) {
  if (field.closest("[role=combobox], [data-baseweb=select], .cm-editor")) return false;
  return field.tagName === "TEXTAREA" || (field.tagName === "INPUT" && !NO_TEXT.has(field.type));
}

/** The class that says which field of the Lab, of the set-up of an experiment, or of an opened program it is in; "" for none. */
function nameOf(field) {
  return CLASS.exec(field.closest("[class*=st-key-lab-], [class*=st-key-batch-], [class*=st-key-opened-]")?.className ?? "")?.[1] ?? "";
}

/** Leave what was typed just now to the next page. */
function leave() {
  const typed = [...recent].filter(([, { at }]) => Date.now() - at < RECENT_MS);
  if (!typed.length && !unsent) return;
  try {
    const texts = JSON.parse(sessionStorage.getItem(UNSENT) ?? "{}");
    for (const [name, one] of Object.entries(unsent?.texts ?? {})) texts[name] ??= one;
    for (const [name, { text, bases }] of typed) texts[name] = { text, bases };
    sessionStorage.setItem(UNSENT, JSON.stringify(texts));
  } catch {
    // No storage, or none left: what was sent may still arrive.
  }
}

/** What the page before left here; null for nothing. */
function takeUnsent() {
  try {
    const kept = sessionStorage.getItem(UNSENT);
    sessionStorage.removeItem(UNSENT);
    return JSON.parse(kept);
  } catch {
    return null;
  }
}

function listen() {
  let typed = null;
  let pause = 0;
  let before = ""; // what the field held when the typing began
  const take = () => {
    clearTimeout(pause);
    if (typed) commit(typed);
    typed = null;
  };
  document.addEventListener("focusin", ({ target }) => {
    if (target instanceof HTMLElement && holdsText(target)) before = target.value;
  });
  document.addEventListener("input", (event) => {
    if (!event.isTrusted || !(event.target instanceof HTMLElement) || !holdsText(event.target)) return;
    const name = nameOf(event.target);
    if (!name) return;
    clearTimeout(pause);
    delete unsent?.texts[name]; // what is typed now is newer
    typed = event.target;
    const bases = recent.get(name)?.bases ?? [before];
    recent.set(name, { text: typed.value, bases, at: Date.now() });
    if (!event.isComposing) pause = setTimeout(take, PAUSE_MS);
  });
  document.addEventListener("compositionend", () => {
    if (typed) pause = setTimeout(take, PAUSE_MS);
  });
  document.addEventListener("focusout", ({ target }) => {
    clearTimeout(pause); // Streamlit takes it by itself
    if (typed) recent.get(nameOf(target))?.bases.push(target.value);
    typed = null;
  });
  addEventListener("beforeunload", take);
  addEventListener("pagehide", leave);
  addEventListener("pageshow", (event) => event.persisted && takeUnsent()); // the page is back as it was
  document.addEventListener("visibilitychange", () => document.hidden && take());
}

export default function ({ data, setStateValue }) {
  const send = () => {
    if (!unsent) return;
    setStateValue("unsent", { ...unsent, tries: (unsent.tries = (unsent.tries ?? 0) + 1) });
    setTimeout(send, AGAIN_MS);
  };
  if (data.taken === unsent?.id) unsent = null;
  if (data.revision !== revision) recent.clear();
  revision = data.revision;
  if (listening) return;
  listening = true;
  const texts = takeUnsent();
  listen();
  if (!texts) return;
  unsent = { id: Date.now(), texts };
  send();
}
