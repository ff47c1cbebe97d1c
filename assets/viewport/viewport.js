/* Whether the page is narrow: Python gives {below, known} and gets the state `narrow`, when it is not what Python knows. */
const pages = new WeakMap();

export default function ({ parentElement, data, setStateValue }) {
  pages.get(parentElement)?.abort();
  const listening = new AbortController();
  pages.set(parentElement, listening);
  const query = window.matchMedia(`(max-width: ${data.below - 1}px)`);
  let known = data.known;
  const tell = () => {
    if (query.matches === known || !parentElement.isConnected) return;
    known = query.matches;
    setStateValue('narrow', known);
  };
  query.addEventListener('change', tell, { signal: listening.signal });
  tell();
  return () => listening.abort();
}
