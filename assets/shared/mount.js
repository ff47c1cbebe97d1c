// What every component does: it opens once in its place on the page, and takes each later message there.

/**
 * The function that Streamlit calls with each message.
 *
 * open(place) -> view with take(data, setTrigger, setState), and end() where there is anything to end.
 */
export function mount(open) {
  const views = new WeakMap();
  return ({ parentElement, data, setTriggerValue, setStateValue }) => {
    let view = views.get(parentElement);
    if (!view) {
      view = open(parentElement);
      views.set(parentElement, view);
    }
    view.take(data, setTriggerValue, setStateValue);
    // Streamlit also calls this when a newer change of data has overtaken it; only a place that has left the page ends.
    return () => {
      if (parentElement.isConnected) return;
      view.end?.();
      views.delete(parentElement);
    };
  };
}

/** Call draw(width) with the element's width in pixels whenever it changes. Returns what ends that. */
export function watchWidth(element, draw) {
  let known = 0;
  const watch = new ResizeObserver(() => {
    const width = Math.floor(element.clientWidth);
    if (!width || width === known) return;
    known = width;
    draw(width);
  });
  watch.observe(element);
  return () => watch.disconnect();
}
