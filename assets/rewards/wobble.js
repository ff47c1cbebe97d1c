// Outputs that a judge scored several times: a line each, with a dot for every score and the threshold across all of them.
//
//   data --take--> lines        Nothing is pressed here.

import { draw, isDark, make } from "../shared/dom.js";
import { mount, watchWidth } from "../shared/mount.js";

const HEIGHT = 26;
const PAD = 8;
const DOT = 4.2;

class Wobble {
  constructor(place) {
    this.body = make("tbody");
    this.scale = make("th", { class: "dots", scope: "col" });
    const head = [["number", "row"], ["output", "output"], this.scale, ["deviation", "deviation"]];
    this.root = make(
      "div",
      { class: "root" },
      make(
        "table",
        {},
        make("caption", { class: "sr", text: "Scores of the outputs that were judged several times" }),
        make("thead", {}, make("tr", {}, head.map((one) => (one === this.scale ? one : make("th", { class: one[0], text: one[1], scope: "col" }))))),
        this.body,
      ),
    );
    place.append(this.root);
    this.stop = watchWidth(this.root, () => this.data && this.lines());
  }

  take(data) {
    this.data = data;
    this.root.classList.toggle("dark", isDark(this.root));
    this.root.classList.toggle("pending", data.pending);
    this.lines();
  }

  lines() {
    const narrow = this.root.clientWidth < 560;
    const text = JSON.stringify([this.data, narrow]);
    if (text === this.drawn) return;
    this.drawn = text;
    this.scale.textContent = this.data.scale;
    this.body.replaceChildren(...this.data.rows.map((row) => this.line(row, narrow ? 300 : 220)));
  }

  line({ number, output, scores, deviation, crosses, words }, width) {
    return make(
      "tr",
      {},
      make("td", { class: "number", text: number }),
      make("td", { class: output ? "output" : "output none", text: output || "empty", title: output || null }),
      make("td", { class: "dots" }, this.dots(scores, words, width)),
      make("td", { class: crosses ? "deviation crosses" : "deviation" }, deviation, crosses ? make("span", { class: "word", text: "crosses" }) : null),
    );
  }

  dots(scores, words, width) {
    const { low, high, threshold } = this.data;
    const at = (value) => PAD + ((value - low) / (high - low || 1)) * (width - 2 * PAD);
    const seen = new Map();
    const marks = scores.map((score) => {
      const x = at(score);
      const key = Math.round(x / (2 * DOT));
      const level = seen.get(key) ?? 0; // equal scores lie above each other
      seen.set(key, level + 1);
      return draw("circle", { cx: x, cy: HEIGHT / 2 - level * 2.4, r: DOT, class: "dot" });
    });
    const line = threshold === null ? null : draw("path", { d: `M${at(threshold)} 1 V${HEIGHT - 1}`, class: "threshold" });
    return draw("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, height: HEIGHT, role: "img", "aria-label": words }, draw("path", { d: `M${PAD} ${HEIGHT / 2} H${width - PAD}`, class: "axis" }), line, ...marks);
  }

  end() {
    this.stop();
    this.root.remove();
  }
}

export default mount((place) => new Wobble(place));
