// The lessons in a table: number, question, what is predicted, guess and outcome on a small line, and how far one is.
//
//   Python --data--> List.take        person --"asked"--> {lesson, step}        Text enters by textContent.

import { draw, isDark, keepFocus, make } from "../shared/dom.js";
import { mount } from "../shared/mount.js";
import { diamond, dot } from "../shared/axis.js";
import { drawLine } from "./line.js";

const [WIDTH, HEIGHT, SIDE, Y] = [184, 40, 8, 13];

class List {
  constructor(place) {
    this.root = make("div", { class: "lessons" });
    place.append(this.root);
  }

  take(data, tell) {
    this.tell = tell;
    const source = JSON.stringify(data);
    this.root.classList.toggle("dark", isDark(this.root));
    if (source === this.source) return;
    this.source = source;
    const sign = (shape) => draw("svg", { width: 16, height: 14, viewBox: "0 0 16 14", "aria-hidden": "true" }, shape);
    const legend = [sign(diamond(8, 7, 5)), "your guess, ", sign(dot(8, 7, 4.5)), "what happened"];
    const head = make("tr", {}, make("th", { class: "number", scope: "col", text: "#" }), make("th", { scope: "col", text: "question" }), make("th", { class: "predicts", scope: "col", text: "you predict" }), make("th", { class: "picture", scope: "col" }, legend), make("th", { class: "state", scope: "col" }, make("span", { class: "sr", text: "state" })));
    const table = make("table", {}, make("caption", { class: "sr", text: "Lessons" }), make("thead", {}, head), make("tbody", {}, data.rows.map((row) => this.row(row))));
    keepFocus(this.root, () => this.root.replaceChildren(table), "tbody a");
  }

  row(row) {
    const link = (text, key, kind) =>
      make("a", {
        href: new URL(row.href, document.baseURI).href,
        class: kind,
        text,
        "aria-label": key === "start" ? `${text}: ${row.title}` : null,
        data: { key: `${key} ${row.lesson}` },
        on: {
          click: (event) => {
            if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return; // a new tab, or a window
            event.preventDefault();
            this.tell("asked", { lesson: row.lesson, step: row.step, at: Date.now() });
          },
        },
      });
    const state = row.start ? link(row.start, "start", "start") : row.done ? [make("span", { class: "sign", "aria-hidden": "true", text: "✓ " }), row.done] : row.minutes;
    return make(
      "tr",
      { class: row.start ? "next" : "" },
      make("td", { class: "number", text: row.number }),
      make("th", { class: "question", scope: "row" }, link(row.title, "open", "")),
      make("td", { class: "predicts", text: row.predicts }),
      make("td", { class: "picture" }, row.line ? picture(row.line) : row.words ? make("span", { class: "words", text: row.words }) : null),
      make("td", { class: row.done ? "state done" : "state" }, state),
    );
  }
}

// The smaller number stands left of the larger one, both below the line.
function picture(line) {
  const svg = draw("svg", { width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": line.alt });
  const { nodes, x } = drawLine({ ...line, outcome: { value: line.outcome } }, { left: SIDE, right: WIDTH - SIDE, y: Y, size: 6 });
  const isFirst = line.guess <= line.outcome;
  const [a, b] = [x(line.guess), x(line.outcome)];
  // Each stands below its mark, unless it would leave the picture or touch the other one.
  const half = (text) => text.length * 3.4;
  const within = (at, text) => Math.min(WIDTH - half(text), Math.max(half(text), at));
  const [first, second] = isFirst ? [line.guess_text, line.outcome_text] : [line.outcome_text, line.guess_text];
  const [left, right] = [Math.min(a, b), Math.max(a, b)];
  let [from, to] = [within(left, first), within(right, second)];
  const lacks = half(first) + half(second) + 6 - (to - from);
  if (lacks > 0) {
    from = within(from - lacks / 2, first);
    to = within(from + half(first) + half(second) + 6, second);
    from = Math.min(from, to - half(first) - half(second) - 6);
  }
  const word = (text, kind, isLeft) => draw("text", { class: kind, x: isLeft ? from : to, y: Y + 21, "text-anchor": "middle", text });
  svg.append(...nodes, word(line.guess_text, "small", isFirst), word(line.outcome_text, "small was", !isFirst));
  return svg;
}

export default mount((place) => new List(place));
