// Elements of HTML and SVG, made in one call. Text enters by textContent alone.

export function make(tag, parts = {}, ...children) {
  return fill(document.createElement(tag), parts, children);
}

export function draw(tag, parts = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), parts, children);
}

function fill(node, parts, children) {
  for (const [name, value] of Object.entries(parts)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "text") node.textContent = value;
    else if (name === "on") for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
    else if (name === "data") Object.assign(node.dataset, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Whether the page behind the element is dark, whatever theme made it so. */
export function isDark(element) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.fillStyle = getComputedStyle(element).getPropertyValue("--st-background-color").trim() || "#fff";
  pen.fillRect(0, 0, 1, 1);
  const [r, g, b] = pen.getImageData(0, 0, 1, 1).data;
  return r * 0.299 + g * 0.587 + b * 0.114 < 128;
}

/** The mark of a row or an attempt; each has a shape of its own, for those who do not tell the colours apart. */
export function mark(kind, x, y, size = 5) {
  switch (kind) {
    case "exact":
      return draw("circle", { cx: x, cy: y, r: size, class: "mark exact" });
    case "rescored":
      return draw("circle", { cx: x, cy: y, r: size, class: "mark rescored" });
    case "stop":
    case "first":
      return draw("rect", { x: x - size, y: y - size, width: 2 * size, height: 2 * size, class: `mark ${kind}` });
    case "unneeded":
      return draw("circle", { cx: x, cy: y, r: size, class: "mark unneeded" });
    case "failed": {
      const s = size - 0.5;
      return draw("path", { d: `M${x - s} ${y - s} l${2 * s} ${2 * s} m0 ${-2 * s} l${-2 * s} ${2 * s}`, class: "mark failed" });
    }
    case "waiting":
    case "unscored":
      return draw("circle", { cx: x, cy: y, r: size, class: "mark unscored" });
    default:
      return null;
  }
}

export const icon = (kind) => {
  const shape = mark(kind, 8, 8);
  return shape && draw("svg", { width: 16, height: 16, viewBox: "0 0 16 16", "aria-hidden": "true" }, shape);
};

/** The two hatches, named `of-light` and `of-dense`. */
export function hatches(of) {
  const lines = (kind, gap) =>
    draw("pattern", { id: `${of}-${kind}`, width: gap, height: gap, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, draw("path", { d: `M0 0 V${gap}`, class: kind }));
  return draw("defs", {}, lines("light", 9), lines("dense", 5));
}
