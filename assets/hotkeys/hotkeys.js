/* Keys of a page: Python gives {keys: {"Ctrl+Enter": "run", "Escape": "cancel"}} and gets the trigger `pressed` = a name.

   A key that something on the page has dealt with is not taken: the editors keep Ctrl-Enter and Escape to themselves, and
   Escape first closes what is open over the page. */
const pages = new WeakMap();

function nameOf(event) {
  if (event.altKey || event.shiftKey || event.isComposing) return '';
  return event.ctrlKey || event.metaKey ? `Ctrl+${event.key}` : event.key;
}

export default function ({ parentElement, data, setTriggerValue }) {
  pages.get(parentElement)?.abort();
  const listening = new AbortController();
  pages.set(parentElement, listening);
  const press = (event) => {
    const name = data.keys[nameOf(event)];
    // Streamlit's own fields take Ctrl-Enter only to send what is typed.
    const sends = event.key === 'Enter' && event.composedPath()[0].matches('input, textarea');
    if (!name || event.repeat || (event.defaultPrevented && !sends) || !parentElement.isConnected) return;
    const open = document.querySelector('[role="dialog"], [role="listbox"], [aria-haspopup="dialog"][aria-expanded="true"]');
    if (event.key === 'Escape' && open) return;
    event.preventDefault();
    document.activeElement?.blur();  // what is typed in a field of Streamlit's is sent when it is left
    setTimeout(() => setTriggerValue('pressed', name));
  };
  document.addEventListener('keydown', press, { signal: listening.signal });
  // A choice keeps every key to itself, so that Ctrl-Enter is looked at before it gets there.
  const early = (event) => event.target.role === 'radio' && event.key === 'Enter' && press(event);
  document.addEventListener('keydown', early, { signal: listening.signal, capture: true });
  return () => listening.abort();
}
