/* Tab in a dialog: Streamlit keeps the focus inside by moving it among the elements that it sees, and it does not see into our
   components, which have a shadow root. So each component in the dialog becomes one stop, from which the focus goes to what is
   inside; from its last element Tab leads on to the rest of the dialog. */
const FOCUSABLE = 'a[href], button:not(:disabled), input:not(:disabled), textarea, select, [tabindex="0"], [contenteditable="true"]';
const watched = new WeakSet();

function join(host) {
  if (watched.has(host)) return;
  watched.add(host);
  const root = host.shadowRoot;
  const list = () => [...root.querySelectorAll(FOCUSABLE)].filter((one) => one.getClientRects().length);
  const count = () => {
    if (list().length) host.tabIndex = 0;
    else host.removeAttribute('tabindex');
  };
  count();
  new MutationObserver(count).observe(root, { childList: true, subtree: true });
  host.addEventListener('focus', (event) => {
    if (root.activeElement) return;
    const from = event.relatedTarget;
    const isBehind = from && host.compareDocumentPosition(from) & Node.DOCUMENT_POSITION_FOLLOWING;
    (isBehind ? list().at(-1) : list()[0])?.focus();
  });
  root.addEventListener('keydown', (event) => {
    if (event.key !== 'Tab' || event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    const all = list();
    const next = all[all.indexOf(root.activeElement) + (event.shiftKey ? -1 : 1)];
    if (!next) return;
    next.focus();
    event.preventDefault();
    event.stopPropagation();
  });
}

export default function ({ parentElement }) {
  const dialog = (parentElement.host ?? parentElement).closest('[role=dialog]');
  if (!dialog) return undefined;
  const look = () => {
    for (const one of dialog.querySelectorAll('*')) if (one.shadowRoot) join(one);
  };
  look();
  const watch = new MutationObserver(look);
  watch.observe(dialog, { childList: true, subtree: true });
  return () => watch.disconnect();
}
