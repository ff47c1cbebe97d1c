// A guess that is a number: a slider on its axis. After the run, what happened lies on the same line; or the bars of a histogram, above it.

import { draw, make } from "../shared/dom.js";
import { watchWidth } from "../shared/mount.js";
import { measured, number, snap, ticks, write } from "../shared/axis.js";
import { drawLine } from "./line.js";

const SIDE = 26;
const [ROW, BAR] = [46, 16]; // of a histogram
const TICK_PX = 70; // between two numbers of the axis, at least
const HEIGHT = 118;
const AXIS_Y = 62; // of the line, within that

export class NumberGuess {
  constructor(changed) {
    this.changed = changed;
    this.big = make("span", { class: "big", "aria-hidden": "true" }); // the slider and the drawing say the same
    this.unit = make("span", { class: "unit", "aria-hidden": "true" });
    this.canvas = make("div", { class: "canvas" });
    this.slider = make("input", {
      type: "range",
      class: "over",
      data: { key: "slider" },
      on: { input: () => this.set(Number(this.slider.value)), pointerdown: () => this.data.open && this.value === null && this.canvas.classList.add("held"), keydown: (event) => this.press(event), focus: () => this.redraw(), blur: () => this.redraw() },
    });
    this.field = make("input", { type: "number", data: { key: "field" }, on: { change: () => this.field.value !== "" && this.set(Number(this.field.value)) } });
    this.typed = make("label", { class: "one" }, make("span", { text: "as a number" }), this.field);
    this.root = make("div", { class: "number" }, make("div", { class: "head" }, this.big, this.unit), make("div", { class: "plot" }, this.canvas, this.slider), this.typed);
    this.end = watchWidth(this.canvas, () => this.redraw());
  }

  take(data, value) {
    Object.assign(this, { data, value });
    const { axis } = data;
    for (const input of [this.slider, this.field]) [input.min, input.max, input.step] = [axis.low, axis.high, axis.step];
    this.slider.hidden = this.typed.hidden = !data.open;
    this.slider.setAttribute("aria-label", data.label);
    this.redraw();
  }

  set(value) {
    this.value = snap(this.data.axis, value);
    this.redraw();
    this.changed(this.value);
  }

  press(event) {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const { low, high, step } = this.data.axis;
    this.set((this.value ?? snap(this.data.axis, (low + high) / 2)) + by * step * (event.shiftKey ? 10 : 1));
  }

  redraw() {
    const width = Math.floor(this.canvas.clientWidth);
    if (!width || !this.data) return;
    const { axis, outcome, open, bars } = this.data;
    const it = outcome?.[0] ?? null;
    const middle = snap(axis, (axis.low + axis.high) / 2);
    this.slider.value = this.value ?? middle;
    this.slider.setAttribute("aria-valuetext", this.value === null ? "no guess yet" : write(axis, this.value));
    if (this.field.getRootNode().activeElement !== this.field) this.field.value = this.value ?? "";
    const shown = it ? it.value : this.value;
    this.big.textContent = shown === null ? "?" : measured(axis, shown);
    this.big.classList.toggle("is-outcome", Boolean(it));
    this.unit.textContent = axis.unit;
    const top = bars?.length && it ? bars.length * ROW + 8 : 0;
    const y = top + AXIS_Y;
    const height = top + HEIGHT;
    const kind = !open ? "" : this.value === null ? "unset" : "full";
    const { nodes, x } = drawLine({ ...axis, guess: open ? (this.value ?? middle) : this.value, outcome: it }, { left: SIDE, right: width - SIDE, y, size: open ? 12 : 9, kind });
    const held = this.slider.getRootNode().activeElement === this.slider && this.slider.matches(":focus-visible");
    const svg = draw("svg", { height, viewBox: `0 0 ${width} ${height}`, ...(it ? { role: "img", "aria-label": this.describe(it) } : { "aria-hidden": "true" }) }, this.bars(x, it), nodes);
    if (held) svg.append(draw("circle", { class: "ring", cx: x(this.value ?? middle), cy: y, r: 18 }));
    for (const one of ticks(axis, Math.min((axis.high - axis.low) / axis.step, width / TICK_PX))) svg.append(draw("text", { class: "tick", x: x(one), y: y + 40, "text-anchor": "middle", text: number(one) }));
    svg.append(...this.words(x, y, width, it));
    this.canvas.replaceChildren(svg);
    const { style } = this.slider;
    [style.left, style.right, style.top] = [`${SIDE - 12}px`, `${SIDE - 12}px`, `${y - 22}px`];
  }

  bars(x, it) {
    if (!it || !this.data.bars) return [];
    return this.data.bars.flatMap((one, i) => [
      draw("text", { class: "note", x: x(this.data.axis.low), y: i * ROW + 16, text: one.text }),
      draw("rect", { class: i ? "bar" : "bar first", x: x(this.data.axis.low), y: i * ROW + 22, width: Math.max(1, x(one.value) - x(this.data.axis.low)), height: BAR }),
      draw("text", { class: "value", x: x(one.value) + 7, y: i * ROW + 35, text: number(one.value) }),
    ]);
  }

  words(x, y, width, it) {
    if (!it || this.value === null) return [];
    const { axis } = this.data;
    const [guess, was] = [`you: ${measured(axis, this.value)}`, `${it.partial ? "so far" : "it was"} ${it.words || measured(axis, it.value)}`];
    const near = Math.abs(x(this.value) - x(it.value)) < (guess.length + was.length) * 4 + 16;
    const place = (at, text) => Math.min(width - text.length * 4 - 4, Math.max(text.length * 4 + 4, at));
    return [
      draw("text", { class: "of-guess halo", x: place(x(this.value), guess), y: y - (near ? 36 : 18), "text-anchor": "middle", text: guess }),
      draw("text", { class: "of-outcome halo", x: place(x(it.value), was), y: y - 18, "text-anchor": "middle", text: was }),
    ];
  }

  describe(it) {
    const { axis, bars } = this.data;
    const guess = this.value === null ? "" : `Your guess: ${write(axis, this.value)}. `;
    const rows = (bars ?? []).map((one) => `${one.text}: ${number(one.value)}`).join("; ");
    return `${guess}It was ${it.words || write(axis, it.value)}.${rows ? ` ${rows}.` : ""}`;
  }
}
