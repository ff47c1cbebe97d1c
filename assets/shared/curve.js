// A curve that is drawn by hand: one point for each x, by pointer or by keys. After the run, what happened lies over it, in the same place.
//
//   new Curve(changed): changed(values) after each move        take(data, values)

import { draw, make } from "./dom.js";
import { watchWidth } from "./mount.js";
import { diamond, dot, number, scale, snap, ticks, write } from "./axis.js";

const [LEFT, RIGHT, TOP, BELOW, INSET] = [52, 12, 22, 44, 26];
const [LEAST_PX, MOST_PX, SHARE] = [300, 520, 0.66]; // height, and its share of the width
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1], Home: [-Infinity, 0], End: [Infinity, 0] };
const LETTER = 6.8; // pixels, about
const SHAKE_PX = 8; // of a hand that pulls a point up or down

export class Curve {
  constructor(changed) {
    this.changed = changed;
    this.canvas = make("div", { class: "canvas" });
    this.surface = make("div", {
      class: "surface",
      role: "application",
      data: { key: "surface" },
      on: {
        pointerdown: (event) => this.begin(event),
        pointermove: (event) => this.drag(event),
        pointerup: () => (this.from = null),
        pointercancel: () => (this.from = null),
        keydown: (event) => this.press(event),
        focus: () => {
          this.redraw();
          this.say();
        },
        blur: () => this.redraw(),
      },
    });
    this.said = make("span", { class: "sr", role: "status" });
    this.fields = make("div", { class: "fields" });
    this.typed = make("details", { class: "typed" }, make("summary", { text: "Type the values" }), this.fields);
    this.root = make("div", { class: "curve" }, make("div", { class: "plot" }, this.canvas, this.surface), this.said, this.typed);
    this.end = watchWidth(this.canvas, () => this.redraw());
  }

  take(data, values) {
    if (this.data?.which !== data.which) this.at = Math.max(0, values.findIndex((one, i) => one === null && data.given[i] === null));
    Object.assign(this, { data, values });
    this.surface.tabIndex = data.open ? 0 : -1;
    this.surface.hidden = this.typed.hidden = !data.open;
    this.surface.setAttribute("aria-label", `${data.label}. ${number(data.x.values.length)} points, from ${data.x.title} ${data.x.values[0]} to ${data.x.values.at(-1)}. Arrow keys left and right choose a point, up and down move it, with Shift by ten steps. “Type the values” has the same as number fields.`);
    if (this.fieldsOf !== data.which) this.drawFields();
    this.redraw();
  }

  // ---- drawing by hand

  value(i) {
    return this.data.given[i] ?? this.values[i];
  }

  begin(event) {
    if (event.button) return;
    event.preventDefault();
    this.surface.focus({ preventScroll: true });
    this.surface.setPointerCapture(event.pointerId);
    this.from = this.place(event);
    [this.at, this.nearestBy] = [this.from.i, this.from.by];
    this.set([this.from]);
  }

  // A point takes the height at which it is passed, or else at which the pointer came nearest to it: what is drawn further on does not move it.
  drag(event) {
    if (!this.from) return;
    const [from, to] = [this.from, this.place(event)];
    const points = [];
    this.data.x.values.forEach((_, i) => {
      const share = (this.x(i) - from.x) / (to.x - from.x);
      if (share > 0 && share < 1) points.push({ i, value: from.value + share * (to.value - from.value) });
    });
    if (to.i !== from.i) this.nearestBy = Infinity;
    if (points.some(({ i }) => i === to.i)) this.nearestBy = 0;
    if (to.by <= this.nearestBy + SHAKE_PX) points.push(to);
    this.nearestBy = Math.min(this.nearestBy, to.by);
    this.from = to;
    this.at = to.i;
    this.set(points);
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const { axis } = this.data;
    const i = this.data.x.values.reduce((best, _, k) => (Math.abs(this.x(k) - x) < Math.abs(this.x(best) - x) ? k : best), 0);
    return { i, x, by: Math.abs(this.x(i) - x), value: axis.low + ((this.bottom - y) / (this.bottom - TOP)) * (axis.high - axis.low) };
  }

  press(event) {
    const [across, up] = KEYS[event.key] ?? [0, 0];
    if ((!across && !up) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const last = this.data.x.values.length - 1;
    if (across) {
      this.at = Math.min(last, Math.max(0, this.at + across));
      this.redraw();
    } else {
      const by = up * this.data.axis.step * (event.shiftKey ? 10 : 1);
      const known = this.value(this.at) ?? this.nearest();
      this.set([{ i: this.at, value: known + by }]);
    }
    this.say();
  }

  // Where a point begins that nobody has drawn: at the height of the last one before it.
  nearest() {
    for (let i = this.at; i >= 0; i -= 1) if (this.value(i) !== null) return this.value(i);
    return (this.data.axis.low + this.data.axis.high) / 2;
  }

  set(points) {
    const mine = points.filter(({ i }) => this.data.given[i] === null);
    for (const { i, value } of mine) this.values[i] = snap(this.data.axis, value);
    this.redraw();
    if (mine.length) this.changed(this.values);
  }

  say() {
    const { x, axis, given } = this.data;
    const value = this.value(this.at);
    const what = value === null ? "not drawn yet" : write(axis, value);
    this.said.textContent = `${x.title} ${x.values[this.at]}: ${what}${given[this.at] === null ? "" : ", given"}`;
  }

  drawFields() {
    this.fieldsOf = this.data.which;
    const { x, axis, given } = this.data;
    this.inputs = x.values.map((one, i) =>
      make("input", { type: "number", min: axis.low, max: axis.high, step: axis.step, disabled: given[i] !== null, data: { key: `field ${i}` }, "aria-label": `${x.title} ${one}`, on: { change: (event) => this.type(i, event.target) } }),
    );
    this.fields.replaceChildren(...this.inputs.map((input, i) => make("label", {}, make("span", { text: x.values[i] }), input)));
  }

  type(i, input) {
    if (input.value === "") this.values[i] = null;
    else this.values[i] = snap(this.data.axis, Number(input.value));
    this.at = i;
    this.redraw();
    this.changed(this.values);
  }

  // ---- the picture

  redraw() {
    const width = Math.floor(this.canvas.clientWidth);
    if (!width || !this.data) return;
    const { axis, x, open, outcome, theory } = this.data;
    const height = Math.round(Math.min(MOST_PX, Math.max(LEAST_PX, width * SHARE)));
    this.bottom = height - BELOW;
    const [first, last] = [LEFT + INSET * Math.min(1, width / 700), width - RIGHT - INSET * Math.min(1, width / 700)];
    this.x = (i) => (x.values.length < 2 ? (first + last) / 2 : first + (i / (x.values.length - 1)) * (last - first));
    this.y = scale(axis.low, axis.high, this.bottom, TOP);
    const known = outcome?.some(Boolean);
    const svg = draw("svg", { height, viewBox: `0 0 ${width} ${height}`, ...(open ? { "aria-hidden": "true" } : { role: "img", "aria-label": this.describe() }) });
    svg.append(...this.grid(width), ...(open ? this.undrawn(width) : []), ...(known ? this.gap() : []));
    if (theory && known && !this.data.running) svg.append(draw("path", { class: "theory", d: this.path(theory.values) }));
    svg.append(draw("path", { class: known ? "guess-line pale" : "guess-line", d: this.path(this.data.given.map((_, i) => (this.data.guessed ? this.value(i) : null))) }));
    svg.append(...this.guesses(known), ...this.outcomes(), ...this.labels(width, known));
    this.canvas.replaceChildren(svg);
    const { style } = this.surface;
    [style.top, style.height, style.left, style.right] = [`${TOP - 12}px`, `${this.bottom - TOP + 15}px`, `${LEFT}px`, "0px"];
    this.inputs?.forEach((input, i) => {
      if (document.activeElement !== input && input.getRootNode().activeElement !== input) input.value = this.data.given[i] === null ? (this.values[i] ?? "") : Number(this.data.given[i].toPrecision(3));
    });
  }

  path(values) {
    let isOn = false;
    return values
      .map((value, i) => {
        if (value === null || value === undefined) return (isOn = false), "";
        const to = `${isOn ? "L" : "M"}${this.x(i)} ${this.y(value)}`;
        isOn = true;
        return to;
      })
      .join("");
  }

  grid(width) {
    const { axis, x } = this.data;
    const rows = ticks(axis);
    const unit = axis.unit.length < 3 ? axis.unit : "";
    const every = Math.ceil((x.values.length * 26) / (width - LEFT));
    return [
      ...rows.flatMap((value) => [
        draw("path", { class: "grid", d: `M${LEFT} ${this.y(value)}H${width - RIGHT}` }),
        draw("text", { class: "tick", x: LEFT - 8, y: this.y(value) + 4, "text-anchor": "end", text: value === rows.at(-1) && unit ? `${number(value)} ${unit}` : number(value) }),
      ]),
      ...x.values.flatMap((value, i) => (i % every ? [] : [draw("text", { class: "tick", x: this.x(i), y: this.bottom + 20, "text-anchor": "middle", text: number(value) })])),
      draw("text", { class: "tick", x: (LEFT + width - RIGHT) / 2, y: this.bottom + 40, "text-anchor": "middle", text: x.title }),
    ];
  }

  // Hatched: no point of the guess stands there yet.
  undrawn(width) {
    const { x } = this.data;
    const half = x.values.length > 1 ? (this.x(1) - this.x(0)) / 2 : 30;
    const spans = [];
    x.values.forEach((_, i) => {
      if (this.value(i) !== null) return;
      if (spans.at(-1)?.to === i - 1) spans.at(-1).to = i;
      else spans.push({ from: i, to: i });
    });
    const pattern = draw("pattern", { id: "undrawn", width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, draw("path", { class: "hatch", d: "M0 0V7" }));
    const areas = spans.map(({ from, to }) => {
      const [left, right] = [Math.max(LEFT, this.x(from) - half), Math.min(width - RIGHT, this.x(to) + half)];
      return draw("rect", { x: left, y: TOP, width: right - left, height: this.bottom - TOP, fill: "url(#undrawn)" });
    });
    const widest = spans.reduce((best, one) => (best && best.to - best.from >= one.to - one.from ? best : one), null);
    const words = widest ? (widest.to === x.values.length - 1 ? `draw on to ${number(x.values.at(-1))}` : "draw here") : "";
    const fits = widest && (widest.to - widest.from + 1) * 2 * half > words.length * LETTER;
    const text = fits ? [draw("text", { class: "invite halo", x: (this.x(widest.from) + this.x(widest.to)) / 2, y: (TOP + this.bottom) / 2, "text-anchor": "middle", text: words })] : [];
    return [draw("defs", {}, pattern), ...areas, ...text];
  }

  gap() {
    if (!this.data.guessed || this.data.running) return [];
    const { outcome } = this.data;
    const both = this.data.x.values.map((_, i) => i).filter((i) => outcome[i] && this.value(i) !== null);
    if (!both.length) return [];
    const over = both.map((i, k) => `${k ? "L" : "M"}${this.x(i)} ${this.y(outcome[i].value)}`).join("");
    const under = [...both].reverse().map((i) => `L${this.x(i)} ${this.y(this.value(i))}`).join("");
    return [draw("path", { class: "gap", d: `${over}${under}z` })];
  }

  guesses(known) {
    const held = this.data.open && this.surface.getRootNode().activeElement === this.surface ? this.at : -1;
    return this.data.x.values.flatMap((_, i) => {
      const [value, given] = [this.value(i), this.data.given[i] !== null];
      const ring = i === held ? [draw("circle", { class: "ring", cx: this.x(i), cy: this.y(value ?? this.nearest()), r: 15 })] : [];
      if (value === null || !this.data.guessed) return given && !known ? [dot(this.x(i), this.y(value)), ...ring] : ring;
      if (given) return known ? [] : [dot(this.x(i), this.y(value)), ...ring];
      return [diamond(this.x(i), this.y(value), 7, i === held ? "full" : this.data.running ? "pale" : ""), ...ring];
    });
  }

  outcomes() {
    return (this.data.outcome ?? []).flatMap((one, i) => {
      if (!one) return [];
      const interval = one.low === null || one.low === undefined ? [] : [draw("path", { class: "interval", d: `M${this.x(i)} ${this.y(one.low)}V${this.y(one.high)}` })];
      return [...interval, dot(this.x(i), this.y(one.value), 6.5, one.partial ? "partial" : "")];
    });
  }

  // The value that is held, what is given, and the largest gap.
  labels(width, known) {
    const { axis, given, open, gap, outcome } = this.data;
    const found = [];
    const value = this.value(this.at);
    if (open && value !== null && given[this.at] === null) {
      const [above, words] = [this.y(value) - 22 > TOP, write(axis, value)];
      found.push(draw("text", { class: "value halo", x: Math.min(width - (words.length * LETTER) / 2 - 4, this.x(this.at)), y: this.y(value) + (above ? -22 : 32), "text-anchor": "middle", text: words }));
    }
    const first = given.findIndex((one) => one !== null);
    if (!known && first >= 0 && this.data.given_words) {
      found.push(draw("text", { class: "note halo", x: this.x(first) + 12, y: this.y(given[first]) + (this.y(given[first]) + 30 > this.bottom ? -14 : 22), text: this.data.given_words }));
    }
    if (known && gap && outcome[gap.at] && this.data.guessed) {
      const [x, from, to] = [this.x(gap.at), this.y(outcome[gap.at].value), this.y(this.value(gap.at))];
      const toLeft = x + 14 + gap.words.length * 7.4 > width;
      const [way, shy] = [to > from ? 1 : -1, 9];
      if (Math.abs(to - from) > 2 * shy) found.push(draw("path", { class: "largest", d: `M${x} ${from + way * shy}V${to - way * shy}` }));
      found.push(draw("text", { class: "value halo", x: toLeft ? x - 10 : x + 10, y: (from + to) / 2 + 5, "text-anchor": toLeft ? "end" : "start", text: gap.words }));
    }
    return found;
  }

  describe() {
    const { axis, x, outcome, theory, running } = this.data;
    const points = x.values.map((one, i) => {
      const parts = [];
      if (this.data.guessed && this.value(i) !== null) parts.push(`guess ${write(axis, this.value(i))}`);
      if (outcome?.[i]) parts.push(`it was ${outcome[i].words || write(axis, outcome[i].value)}`);
      if (outcome?.[i] && !running && Number.isFinite(theory?.values[i])) parts.push(`${theory.words} ${write(axis, theory.values[i])}`);
      return parts.length ? `${one}: ${parts.join(", ")}` : "";
    });
    return `${axis.title}, by ${x.title}. ${points.filter(Boolean).join("; ")}.`;
  }
}
