// Elements of HTML and SVG, made in one call. Text enters by textContent alone.

/** An HTML element. parts: its properties or attributes by name; `text`, `on` (event -> what to do) and `data` (data-…). */
export function make(tag, parts = {}, ...children) {
  return fill(document.createElement(tag), parts, children, (node, name) => name in node);
}

/** The same for an element of SVG, which has attributes only. */
export function draw(tag, parts = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), parts, children, () => false);
}

function fill(node, parts, children, isProperty) {
  for (const [name, value] of Object.entries(parts)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "text") node.textContent = value;
    else if (name === "on") for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
    else if (name === "data") Object.assign(node.dataset, value);
    else if (isProperty(node, name)) node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/**
 * Draw what is in an element anew: call render(). What had the focus in it has it again, by its data-key; where that is gone, what
 * `instead` selects.
 */
export function keepFocus(element, render, instead = "") {
  const active = element.getRootNode().activeElement;
  const key = element.contains(active) && active.dataset.key;
  render();
  if (!key) return;
  const held = element.querySelector(`[data-key="${CSS.escape(key)}"]`) ?? (instead && element.querySelector(instead));
  if (held) held.focus({ preventScroll: true });
}

/** Whether the page behind the element is dark, whatever theme made it so. */
export function isDark(element) {
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  pen.fillStyle = getComputedStyle(element).getPropertyValue("--st-background-color").trim() || "#fff";
  pen.fillRect(0, 0, 1, 1);
  const [r, g, b] = pen.getImageData(0, 0, 1, 1).data;
  return r * 0.299 + g * 0.587 + b * 0.114 < 128;
}
