// The chart: SVG on one node that stays, drawn anew when its figure or its width has changed; colours are the style sheet's.
//
//   chart.take(data)           what to draw            chart.draw(width)   draw what has changed
//   chart.band()               mark what the view has selected             chart.press(event)   its own keys
//   view                       { selected, range, pick(attempt), setRange(range), focus() }: both are kept by the view
//
//   scale.js  where an x lies      layers.js  marks, bars, arrows, cells      matrix.js  choosing a range      tip.js  hover
//   wall_time.js  the same run on the clock

import { element } from "./elements.js";
import { drawLayer, svg, text } from "./layers.js";
import { Brush } from "./matrix.js";
import { Columns, RIGHT_PX, roundStep } from "./scale.js";
import { Tip } from "./tip.js";
import { WallTime } from "./wall_time.js";

export const NARROW_PX = 600;
const MATRIX_BELOW_PX = 14; // columns that are narrower have no room for bars and arrows
const NUMBER_PX = 26; // room for one number in the row of attempts
const MATRIX_NUMBER_PX = 34;
const ASIDE_PX = 22; // at the right, for the switch to wall time
const BAND_PX = 2.5;
const TICK_MS = 1000;
const LABEL_PX = 12.5;
const LETTER_PX = 6.1; // of a name

export class Chart {
  constructor(view) {
    this.view = view;
    this.drawn = ""; // what is on screen: figure, width and axis
    this.wall = false;
    this.back = svg("g", { class: "back" });
    this.under = svg("g", { class: "under" });
    this.body = svg("g", { class: "body" });
    this.over = svg("g", { class: "over" }); // with `under`: what attempts would score now
    this.svg = svg("svg", { "aria-hidden": "true" }, this.back, this.under, this.body, this.over);
    this.chart = element("div", { className: "chart" }, this.svg);
    this.chart.setAttribute("role", "img");
    this.clock = element("button", { type: "button", className: "clock", hidden: true }, clockFace());
    this.clock.setAttribute("aria-label", "Wall time");
    this.tip = new Tip();
    this.wallTime = new WallTime(view);
    this.place = element("div", { className: "place" }, this.chart, this.wallTime.place, this.clock, this.tip.box);
    this.elements = [this.place];
    this.brush = new Brush(view, this.svg);
    this.clock.addEventListener("click", () => this.turn());
    this.svg.addEventListener("pointerdown", () => this.view.focus());
    this.svg.addEventListener("click", (event) => this.click(event));
    this.svg.addEventListener("pointermove", (event) => this.point(event));
    this.svg.addEventListener("pointerleave", () => this.tip.hide());
  }

  get width() {
    return this.place.clientWidth;
  }

  take(data) {
    if (data.run !== this.data?.run || !(data.viewed_at < this.view.viewedAt)) this.wall = Boolean(data.clock);
    if (data.figure !== this.data?.figure) this.figure = JSON.parse(data.figure);
    if (data.over !== this.data?.over) this.now = data.over ? JSON.parse(data.over) : null;
    this.data = data;
    if (this.chart.getAttribute("aria-label") !== data.alt) this.chart.setAttribute("aria-label", data.alt);
  }

  // Draw what has changed: of the figure, the width, or the axis.
  draw(width) {
    if (!this.figure || !width) return;
    const wanted = `${this.data.revision} ${width} ${this.wall}`;
    if (wanted === this.drawn) {
      this.drawNow();
      return this.band();
    }
    this.drawn = wanted;
    const { columns, drawings } = this.figure;
    const narrow = width < NARROW_PX;
    const roomy = drawings.columns && (width - drawings.columns.left) / columns >= MATRIX_BELOW_PX;
    const drawing = roomy ? drawings.columns : drawings.matrix;
    const left = narrow ? drawing.least_left : drawing.left;
    const clock = this.figure.wall_time;
    const aside = clock || drawing.kind === "columns" ? ASIDE_PX : 0;
    this.scale = new Columns(columns, left, width, aside);
    this.drawing = drawing;
    const turned = Boolean(this.wall && clock);
    this.clock.hidden = !clock;
    this.clock.setAttribute("aria-pressed", String(turned));
    this.chart.hidden = turned;
    this.wallTime.place.hidden = !turned;
    if (turned) this.wallTime.draw(clock, this.figure.hovers, this.data.plotly, width, drawing.height);
    this.clock.title = turned ? "Show columns of equal width" : "Show wall time";
    this.brush.use(drawing.kind === "matrix" ? this.scale : null);
    this.svg.setAttribute("width", width);
    this.svg.setAttribute("height", drawing.height);
    this.svg.setAttribute("class", drawing.kind);
    const durations = drawing.layers.find((layer) => layer.after === "track");
    const beside = Boolean(durations) && this.scale.column >= durations.room;
    const layers = drawing.layers.map((layer) => drawLayer(layer, { scale: this.scale, beside }));
    this.body.replaceChildren(...this.rules(), this.labels(narrow), this.numbers(), ...layers);
    this.drawNow(true);
    this.band(true);
    this.tick();
  }

  // What attempts would score now lies over what was recorded, which stays as it is.
  drawNow(anew = false) {
    if (!anew && this.now === this.drawnNow) return;
    this.drawnNow = this.now;
    const { under = [], over = [] } = this.now?.[this.drawing.kind] ?? {};
    const made = (layers) => layers.map((layer) => drawLayer(layer, { scale: this.scale, beside: false }));
    this.under.replaceChildren(...made(under));
    this.over.replaceChildren(...made(over));
    this.added = new Map(this.now?.hovers ?? []);
    this.banded = null; // what has just been drawn is marked, too
  }

  // Seconds go by beside the call that is under way; nothing comes from Python for that.
  tick() {
    clearTimeout(this.ticking);
    const running = this.data.live ? [...this.body.querySelectorAll("[data-since]")] : [];
    for (const one of running) one.textContent = elapsed((this.data.at ?? Date.now() / 1000) - one.dataset.since);
    if (running.length) this.ticking = setTimeout(() => this.tick(), TICK_MS);
  }

  // ---- lines, names and numbers

  rules() {
    const { left, end } = this.scale;
    return this.drawing.rules.map(({ y, style }) => svg("path", { d: `M${left} ${y}H${end}`, class: `rule ${style}` }));
  }

  labels(narrow) {
    const { labels, ticks } = this.drawing;
    const room = this.scale.left - 6;
    const group = svg("g", { class: "labels" });
    for (const label of labels) {
      const value = label.value && !narrow ? label.value : "";
      const words = narrow && label.brief ? label.brief : label.text;
      const free = room - (value ? value.length * LETTER_PX + 8 : 0);
      const shown = words.length * LETTER_PX > free ? shorten(words, free / LETTER_PX) : words;
      const name = text(shown, 0, label.y, LABEL_PX, { class: "muted name" });
      if (label.title || shown !== words) name.append(title(label.title || words));
      group.append(name);
      if (value) group.append(text(value, room - 2, label.y, 12, { class: "muted", "text-anchor": "end" }));
    }
    for (const { y, text: words, style } of ticks) {
      group.append(text(words, this.scale.left - 8, y, 12, { class: style, "text-anchor": "end" }));
    }
    return group;
  }

  numbers() {
    const group = svg("g", { class: "numbers" });
    const { columns, begun } = this.figure;
    const matrix = this.drawing.kind === "matrix";
    const step = matrix ? Math.max(10, roundStep(MATRIX_NUMBER_PX / this.scale.column)) : Math.max(1, roundStep(NUMBER_PX / this.scale.column));
    const known = new Set(begun);
    for (let i = 0; i < columns; i += 1) {
      const span = this.scale.span(i);
      const x = Math.min((span[0] + span[1]) / 2, this.scale.end + RIGHT_PX - (String(i + 1).length * LETTER_PX) / 2 - 1);
      const first = i === 0 && (step - 1) * this.scale.column >= NUMBER_PX;
      if (!first && (i + 1) % step !== 0) continue;
      group.append(
        text(i + 1, x, this.drawing.numbers, LABEL_PX, {
          class: known.has(i) ? "number" : "number faint",
          "text-anchor": "middle",
          "data-attempt": i,
        }),
      );
    }
    return group;
  }

  // ---- what is selected

  // A tint behind the selected column with a bar on top of it, and the chosen range.
  band(anew = false) {
    if (!this.scale) return;
    if (!this.wallTime.place.hidden) this.wallTime.band();
    const { selected, range } = this.view;
    const wanted = JSON.stringify([selected, range]);
    if (!anew && wanted === this.banded) return;
    this.banded = wanted;
    const height = this.drawing.height;
    const shapes = [];
    if (range && this.drawing.kind === "matrix") {
      const [from, to] = [this.scale.x(range[0]), this.scale.x(range[1] + 1)];
      const top = this.drawing.numbers + 10;
      shapes.push(svg("rect", { x: from, y: top, width: to - from, height: height - top, class: "range" }));
      for (const x of [from, to]) shapes.push(svg("path", { d: `M${x} ${top}V${height}`, class: "range-edge" }));
    }
    const span = selected === null ? null : this.scale.span(selected);
    if (span) {
      const width = Math.max(3, span[1] - span[0] - (this.scale.column > 20 ? 2 : 0));
      const x = (span[0] + span[1] - width) / 2;
      shapes.push(svg("rect", { x, y: 0, width, height, rx: 3, class: "selected", "data-attempt": selected }));
      shapes.push(svg("rect", { x, y: 0, width, height: BAND_PX, class: "selected-bar" }));
    }
    this.back.replaceChildren(...shapes);
    for (const old of this.svg.querySelectorAll(".on")) old.classList.remove("on");
    if (selected === null) return;
    for (const one of this.svg.querySelectorAll(`text[data-attempt="${selected}"]`)) one.classList.add("on");
  }

  // ---- pointing and pressing

  where(event) {
    const box = this.svg.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  click(event) {
    if (this.brush.wasDragged) return;
    const index = this.scale?.at(this.where(event)[0]);
    if (this.figure.begun.includes(index)) this.view.pick(index);
  }

  point(event) {
    if (event.pointerType === "touch" || event.buttons || !this.scale) return this.tip.hide();
    const [x, y] = this.where(event);
    const index = this.scale.at(x);
    this.svg.classList.toggle("over", this.figure.begun.includes(index));
    if (index === null) return this.tip.hide();
    const strip = this.drawing.hovers.find(({ y: [top, foot] }) => y >= top && y < foot);
    const own = strip?.texts[this.figure.begun.indexOf(index)];
    this.tip.show(own || this.hover(index), x, y, this.place);
  }

  // What is told of an attempt: its name, what it would score now, what was recorded.
  hover(index) {
    const [name, ...rest] = this.figure.hovers[index].split("\n");
    const added = this.added?.get(index);
    return [name, ...(added ? [added] : []), ...rest].join("\n");
  }

  press(event) {
    return this.brush.press(event);
  }

  turn() {
    this.wall = !this.wall;
    this.view.turnClock(this.wall);
    this.tip.hide();
    this.draw(this.width);
  }

  end() {
    clearTimeout(this.ticking);
    this.svg.replaceChildren();
    this.wallTime.end();
  }
}

// ---- small parts

function title(words) {
  const made = svg("title");
  made.textContent = words;
  return made;
}

function elapsed(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return whole < 100 ? `${whole} s` : `${Math.floor(whole / 60)} min`;
}

// A name that is too long ends in "…"; pointing at it tells all of it.
function shorten(words, letters) {
  return `${words.slice(0, Math.max(1, Math.floor(letters) - 1)).trimEnd()}…`;
}

function clockFace() {
  const face = svg("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" });
  face.append(svg("circle", { cx: 8, cy: 8, r: 6.25 }), svg("path", { d: "M8 4.5V8l2.5 1.5" }));
  return face;
}
