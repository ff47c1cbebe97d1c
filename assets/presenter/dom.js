// Elements of HTML and SVG, made in one call. Text enters by textContent alone.

export function make(tag, parts = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(parts)) {
    if (name in node) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export function draw(tag, parts = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(parts)) if (value !== undefined) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}
