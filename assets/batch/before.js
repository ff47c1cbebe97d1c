// What an experiment will take, before it runs: figures, calls an input by arm as a picture, and what it can show.
//
//   Python --data--> Before.take
//
// Text enters by textContent.

import { draw, isDark, make } from "../shared/dom.js";
import { mount, watchWidth } from "../shared/mount.js";
import { armColour, drawArmMark } from "./arms.js";

const ROW = 26;
const STACKED_ROW = 38; // where a name stands above its line
const LABEL = 112;
const RIGHT = 14;
const LETTER = 6.6; // pixels, about

class Before {
  constructor(place) {
    this.root = make("div", { class: "before" });
    this.picture = make("div", { class: "picture" });
    place.append(this.root);
    watchWidth(this.root, (width) => this.data && this.drawPicture(width));
  }

  take(data) {
    const source = JSON.stringify(data);
    this.root.classList.toggle("dark", isDark(this.root));
    if (source === this.source) return;
    this.source = source;
    this.data = data;
    const figures = make(
      "table",
      {},
      make("caption", { class: "sr", text: "What it will take" }),
      make("tbody", {}, data.figures.map(([name, value]) => make("tr", {}, make("th", { scope: "row", text: name }), make("td", { text: value })))),
    );
    const parts = [make("h2", { text: "Before it runs" }), figures, make("p", { class: "note", text: data.note })];
    if (data.arms.length) parts.push(make("h3", { text: "Calls an input" }), this.picture);
    if (data.shows.length) parts.push(make("h3", { text: "What this can show" }), make("p", {}, this.emphasise(data.shows)));
    this.root.replaceChildren(...parts);
    if (this.root.clientWidth) this.drawPicture(this.root.clientWidth);
  }

  // [["With 80 inputs, a difference of ", false], ["0.07 or more", true]]
  emphasise(pieces) {
    return pieces.map(([text, strong]) => (strong ? make("b", { text }) : text));
  }

  drawPicture(width) {
    const { arms, ticks, alt } = this.data;
    if (!arms.length) return;
    const last = ticks.at(-1);
    const stacked = arms.some((arm) => arm.name.length * LETTER > LABEL - 8);
    const [left, step] = stacked ? [6, STACKED_ROW] : [LABEL, ROW];
    const x = (calls) => left + ((width - left - RIGHT) * calls) / last;
    const height = arms.length * step + 22;
    const rows = arms.map((arm, i) => {
      const y = i * step + (stacked ? 27 : 13);
      const line = draw("line", { x1: x(0), x2: x(last), y1: y, y2: y, class: "hair" });
      const label = draw("text", { x: 0, y: stacked ? y - 12 : y + 4, class: stacked ? "muted tick" : "muted" }, arm.name, draw("title", { text: `${arm.name}: ${arm.text}` }));
      if (arm.low === arm.high) return [line, label, drawArmMark(arm.mark, x(arm.low), y, 5)];
      const span = draw("line", { x1: x(arm.low), x2: x(arm.high), y1: y, y2: y, "stroke-width": 7, "stroke-linecap": "round" });
      span.style.stroke = armColour(arm.mark);
      return [line, label, span, drawArmMark(arm.mark, x(arm.low), y, 5)];
    });
    const axis = ticks.map((tick) => draw("text", { x: x(tick), y: height - 4, class: "muted tick", "text-anchor": "middle" }, String(tick)));
    this.picture.replaceChildren(draw("svg", { width, height, role: "img", "aria-label": alt }, rows, axis));
  }
}

export default mount((place) => new Before(place));
