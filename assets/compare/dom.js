// Elements of HTML and SVG, made in one call. Text enters by textContent alone.

export function make(tag, parts = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(parts)) {
    if (value === undefined) continue;
    if (name in node) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

export function draw(tag, parts = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(parts)) if (value !== undefined) node.setAttribute(name, value);
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

export const letter = (which) =>
  make("b", { className: `letter ${which}` }, draw("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" }, which === "a" ? draw("path", { d: "M5 0 10 5 5 10 0 5z" }) : draw("circle", { cx: 5, cy: 5, r: 4.4 })), which.toUpperCase());
