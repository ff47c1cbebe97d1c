/* Go to another page of the app: Python gives {to: "run?run=…", at}, and the browser goes there once for each `at`.

   The address is pushed here, and Streamlit told of it in the way in which Back tells it. Its own switch_page first writes
   the new page's query behind the old page's path, so that Back led to a page and a query that do not belong together. */
const gone = new WeakMap();

export default function ({ parentElement, data }) {
  if (gone.get(parentElement) === data.at) return;
  gone.set(parentElement, data.at);
  history.pushState({}, '', new URL(data.to, document.baseURI).href);
  dispatchEvent(new PopStateEvent('popstate'));
}
