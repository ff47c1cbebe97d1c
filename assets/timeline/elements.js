// Small parts of the page: elements, marks, and text that folds where a name may. Text enters by textContent.

const SHAPES = {
  scored: [["circle", { cx: 7, cy: 7, r: 5 }]],
  best: [["path", { d: "M7 1.5 13 12.5H1z" }]],
  stopped: [["rect", { x: 2, y: 2, width: 10, height: 10 }]],
  failed: [["path", { d: "M3 3l8 8M11 3l-8 8" }]],
  pending: [["circle", { cx: 7, cy: 7, r: 3.5 }]],
  running: [["circle", { cx: 7, cy: 7, r: 5.5 }]],
  cut_off: [["path", { d: "M2 7h10" }]],
  unknown: [["path", { d: "M4 4.6a3 3 0 1 1 3 3v1.8M7 12v1" }]],
  unmet: [["circle", { cx: 7, cy: 7, r: 4.5 }]],
  returned: [["circle", { cx: 7, cy: 7, r: 6.25 }]],
  best_so_far: [["path", { d: "M0 11h7V4h7" }]],
  dot: [["circle", { cx: 7, cy: 7, r: 3.5 }]],
  retried: [["path", { d: "M7 1v12" }]],
  cells: [0, 5, 10].map((x, i) => ["rect", { x, y: 2, width: 4, height: 10, "fill-opacity": 0.2 + 0.3 * i }]),
  hint: [["path", { d: "M0 10h4q3 0 3-3t3-3" }], ["path", { d: "M9 0.5 14.5 4 9 7.5z", class: "head" }]],
};

export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}


// A name as the field writes them breaks after its underscores, rather than anywhere; a number does not break.
export function foldable(text) {
  return text.split(/(?<=[_/]|(?<!\d)\.)(?=\w)/).flatMap((part, i) => (i ? [element("wbr"), part] : [part]));
}

export function mark(kind) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 14 14");
  svg.setAttribute("class", `mark ${kind}`);
  svg.setAttribute("aria-hidden", "true");
  for (const [tag, attributes] of SHAPES[kind] ?? []) {
    const shape = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) shape.setAttribute(name, value);
    svg.append(shape);
  }
  return svg;
}

// The label that a person gave an attempt, beside its number: "good", "bad" or none.
export function tag(button, label) {
  if (label) button.dataset.label = label;
  else delete button.dataset.label;
}
