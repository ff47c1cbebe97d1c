// A guess, or an answer, that is one of a few: cards, as radio buttons, which may hold bars. After the run, a dot stands at what happened
// and a diamond at the guess.

import { draw, make } from "../shared/dom.js";
import { diamond, dot, measured, write } from "../shared/axis.js";

const [MANY_PX, FEW_PX, FEW] = [96, 150, 4]; // of the longest bar; so many bars have a name below them

export class ChoiceGuess {
  constructor(changed) {
    this.changed = changed;
    this.root = make("div", { class: "choice" });
  }

  take(data, value) {
    Object.assign(this, { data, value });
    const it = data.outcome?.[0] ?? null;
    const name = `choice-${data.which}`;
    const all = data.choice_bars ?? [];
    const scale = { most: Math.max(1e-9, ...all.flat().map((one) => one.value)), count: Math.max(0, ...all.map((bars) => bars.length)) };
    this.root.classList.toggle("answer", data.answer);
    const cards = data.choices.map((text, i) => {
      const input = make("input", { type: "radio", name, value: i, checked: value === i, disabled: !data.open, data: { key: `choice ${i}` }, on: { change: () => this.choose(i) } });
      const marks = make("span", { class: "marks" });
      if (value === i && !data.answer) marks.append(make("span", { class: "mark" }, sign(diamond(10, 10, 7, data.open ? "full" : "")), data.open ? "" : "your guess"));
      if (it?.value === i) marks.append(make("span", { class: "mark" }, sign(dot(10, 10, 7)), "what happened"));
      const bars = all[i];
      return make("label", { class: [value === i ? "chosen" : "", it?.value === i ? "was" : ""].join(" ") }, input, make("span", { class: "text", text }), bars?.length ? histogram(bars, scale, data) : null, data.answer ? null : marks);
    });
    this.root.replaceChildren(make("fieldset", {}, make("legend", { class: "sr", text: data.label }), cards));
  }

  choose(i) {
    this.changed(i);
  }

  end() {}
}

const sign = (shape) => draw("svg", { width: 20, height: 20, viewBox: "0 0 20 20", "aria-hidden": "true" }, shape);

// All choices have one scale, and room for as many bars. Where there are many, each has its number alone.
function histogram(bars, { most, count }, { axis, x }) {
  const isFew = count <= FEW;
  const name = bars.map(({ text, value }) => (isFew ? `${x.title} ${text}: ${write(axis, value)}` : write(axis, value)).trim()).join(", ");
  const columns = bars.map(({ text, value }) =>
    make("span", { class: "column" }, make("span", { class: "count", text: isFew ? write(axis, value) : measured(axis, value) }), make("span", { class: "bar", style: `height:${Math.round(((isFew ? FEW_PX : MANY_PX) * value) / most)}px` }), isFew && x.title ? make("span", { class: "at", text: `${x.title} ${text}` }) : null),
  );
  const room = Array.from({ length: count - bars.length }, () => make("span", { class: "column" }));
  return make("span", { class: isFew ? "histogram few" : "histogram", role: "img", "aria-label": name }, columns, room);
}
