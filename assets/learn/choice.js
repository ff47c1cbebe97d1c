// A guess that is one of a few: cards, as radio buttons. After the run, a dot stands at what happened and a diamond at the guess.

import { draw, make } from "../shared/dom.js";
import { diamond, dot } from "../shared/axis.js";

export class ChoiceGuess {
  constructor(changed) {
    this.changed = changed;
    this.root = make("div", { class: "choice" });
  }

  take(data, value) {
    Object.assign(this, { data, value });
    const it = data.outcome?.[0] ?? null;
    const name = `choice-${data.which}`;
    const cards = data.choices.map((text, i) => {
      const input = make("input", { type: "radio", name, value: i, checked: value === i, disabled: !data.open, data: { key: `choice ${i}` }, on: { change: () => this.choose(i) } });
      const marks = make("span", { class: "marks" });
      if (value === i) marks.append(sign(diamond(10, 10, 7, data.open ? "full" : "")), data.open ? "" : "your guess");
      if (it?.value === i) marks.append(sign(dot(10, 10, 7)), "what happened");
      const bars = data.choice_bars?.[i];
      return make("label", { class: [value === i ? "chosen" : "", it?.value === i ? "was" : ""].join(" ") }, input, bars ? histogram(bars) : null, make("span", { class: "text", text }), marks);
    });
    this.root.replaceChildren(make("fieldset", {}, make("legend", { class: "sr", text: data.label }), cards));
  }

  choose(i) {
    this.changed(i);
  }

  end() {}
}

const sign = (shape) => draw("svg", { width: 20, height: 20, viewBox: "0 0 20 20", "aria-hidden": "true" }, shape);

function histogram(values) {
  const most = Math.max(...values, 1);
  const bars = values.map((value, i) => draw("rect", { class: "bar first", x: 4 + i * 18, y: 58 - (56 * value) / most, width: 13, height: (56 * value) / most }));
  return draw("svg", { class: "histogram", width: values.length * 18 + 4, height: 60, role: "img", "aria-label": `bars of ${values.join(", ")}` }, bars);
}
