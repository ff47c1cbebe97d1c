// The selected row: its fields, name left and value right, long values folded.

import { isDark, make } from "./dom.js";
import { mount } from "../shared/mount.js";

const FOLD_CHARACTERS = 600;
const FOLD_LINES = 8;

class RowView {
  constructor(place) {
    this.root = make("section", { class: "root" });
    place.append(this.root);
    this.open = new Set();
  }

  take(data) {
    this.data = data;
    this.root.classList.toggle("dark", isDark(this.root));
    const text = JSON.stringify([data, [...this.open]]);
    if (text === this.drawn) return;
    this.drawn = text;
    const hints = [["j", null], ["k", "next, previous"], ["d", data.compared ? "stop comparing" : "compare"], ["l", "label"], ["p", "pin"], ["x", "X-ray"]];
    const keys = data.keys !== false && make("span", { class: "keys" }, hints.map(([key, does]) => [make("kbd", { text: key }), does && ` ${does} `]));
    this.root.replaceChildren(
      ...(data.title ? [make("header", {}, make("h2", { text: data.title }), make("span", { class: "scores", text: data.scores }), keys)] : []),
      make("dl", {}, data.fields.map((one) => this.line(one)), data.result.map((one) => this.line(one)), data.context.map((one) => this.line(one, "context"))),
    );
  }

  line(one, kind = "") {
    const long = one.text.length > FOLD_CHARACTERS || one.text.split("\n").length > FOLD_LINES;
    const shut = long && !this.open.has(one.name);
    const value = make("dd", { class: [one.tone, shut ? "shut" : ""].filter(Boolean).join(" ") });
    const text = make("div", { class: "text" });
    if (one.pieces) for (const [state, piece] of one.pieces) text.append(state === "same" ? piece : make("ins", { text: piece }));
    else text.textContent = one.said || one.text;
    if (one.said) text.classList.add("none");
    value.append(text);
    if (long) {
      value.append(
        make("button", {
          type: "button",
          text: shut ? "Show all" : "Show less",
          "aria-expanded": String(!shut),
          on: {
            click: () => {
              this.open[shut ? "add" : "delete"](one.name);
              this.take(this.data);
            },
          },
        }),
      );
    }
    return [make("dt", { text: one.name, class: kind }), value];
  }
}

export default mount((place) => new RowView(place));
