// The chart: drawn by Plotly on one node that is updated in place, never recreated, so that zoom and focus outlast new attempts.
//
//   chart.take(data)          what to draw; drawn only if its revision, the theme or the width has changed
//   view                      { selected, pick(attempt), focus() }: the selection is the view's

import { element, mark } from "./elements.js";
import { css, resolve } from "./theme.js";

export const NARROW_PX = 600;
const TICK_PX = 30; // room for one number on the axis of attempts
const KEY = [
  ["scored", "scored"],
  ["best", "best"],
  ["stopped", "reached the threshold"],
  ["failed", "failed"],
  ["running", "running"],
  ["returned", "returned"],
  ["best_so_far", "best so far"],
  ["hint", "hint"],
  ["dot", "hint"],
  ["cut_off", "cut off"],
  ["unmet", "rule not met"],
  ["retried", "retried"],
  ["cells", "stronger colour: slower, or a higher reward"],
];
// In the key only where the chart has this trace.
const SOMETIMES = { hint: "hints received", dot: "hints in cells", retried: "retries", cells: "cells", cut_off: null, unmet: null };

// ---- the library, fetched once a page

let library = null;

export function plotly(url) {
  library ??= new Promise((found, missing) => {
    if (window.Plotly) return found(window.Plotly);
    const script = document.createElement("script");
    script.src = new URL(url, document.baseURI).href;
    script.onload = () => (window.Plotly ? found(window.Plotly) : missing(new Error("no Plotly in " + script.src)));
    script.onerror = () => {
      library = null; // the next change of data tries again
      script.remove();
      missing(new Error("could not load " + script.src));
    };
    document.head.append(script);
  });
  return library;
}

function roundStep(least) {
  for (let power = 1; ; power *= 10) for (const m of [1, 2, 5]) if (m * power >= least) return m * power;
}

export class Chart {
  constructor(view) {
    this.view = view;
    this.drawn = ""; // revision, theme and width of what is on screen
    this.chart = element("div", { className: "chart" });
    this.chart.setAttribute("role", "img");
    this.notice = element("p", { textContent: "Drawing the chart …" });
    this.unzoom = element("button", { type: "button", textContent: "Show all attempts", hidden: true });
    this.place = element("div", { className: "place" }, this.chart, this.notice, this.unzoom);
    this.key = Object.fromEntries(
      KEY.map(([kind, words]) => [kind, element("li", { hidden: kind in SOMETIMES }, mark(kind), words)]),
    );
    this.legend = element("ul", { className: "key", "aria-label": "What the marks mean" }, ...Object.values(this.key));
    this.elements = [this.place, this.legend];
    // Plotly keeps a press on the chart from moving the focus, and the keys would be lost with it.
    this.place.addEventListener("pointerdown", (event) => {
      if (!event.target.closest("button")) this.view.focus();
    });
    this.unzoom.addEventListener("click", () => this.showAll());
  }

  get width() {
    return this.place.clientWidth;
  }

  take(data) {
    if (data.run !== this.data?.run) this.zoom = undefined;
    this.data = data;
    if (this.chart.getAttribute("aria-label") !== data.alt) this.chart.setAttribute("aria-label", data.alt);
  }

  // Draw what has changed: of the figure, the theme or the width.
  async draw(theme, width) {
    if (!this.data) return;
    this.place.classList.toggle("narrow", width < NARROW_PX);
    const wanted = JSON.stringify([this.data.revision, theme, width]);
    if (wanted === this.drawn) return this.band();
    this.drawn = wanted;
    const fresh = this.figure(theme, width);
    this.place.style.minHeight = `${fresh.layout.height}px`;
    try {
      const Plotly = await plotly(this.data.plotly);
      if (this.drawn !== wanted) return; // a newer one is under way
      const config = { displayModeBar: false, showTips: false, doubleClick: false, displaylogo: false };
      this.shown = fresh;
      if (this.zoom) fresh.layout.xaxis.range = this.within(this.zoom);
      fresh.layout.shapes = [...fresh.shapes, ...this.bandShapes()];
      await Plotly.react(this.chart, fresh.data, fresh.layout, config);
      this.notice.hidden = true;
      if (!this.bound) this.bind();
      this.zoomed();
    } catch (error) {
      this.drawn = "";
      this.notice.hidden = false;
      const why = window.Plotly ? "" : ": its library did not load";
      this.notice.textContent = `The chart could not be drawn${why}. The ledger below holds the same; reload the page to try again.`;
      console.warn("timeline:", error);
    }
  }

  figure(theme, width) {
    const { data, layout } = resolve(JSON.parse(this.data.figure), theme);
    const narrow = width < NARROW_PX;
    const { narrow: changes, columns } = layout.meta;
    if (narrow) Object.assign(layout, changes);
    for (const note of layout.annotations) note.visible = note.name.startsWith(narrow ? "narrow:" : "wide:");
    layout.width = width;
    layout.xaxis.fixedrange = narrow;
    const column = (width - layout.margin.l - layout.margin.r) / columns;
    const step = roundStep(Math.max(layout.xaxis.dtick > 1 ? 2 : 1, TICK_PX / column));
    Object.assign(layout.xaxis, { dtick: step, tick0: step > 1 ? 0 : 1 });
    const matrix = layout.meta.matrix || column < layout.meta.matrix_below_px;
    for (const trace of data) {
      const meta = trace.meta ?? {};
      if (meta.only) trace.visible = (meta.only === "matrix") === matrix;
      if (!(column < meta.min_column_px)) continue;
      if (meta.small_marker) {
        trace.mode = "markers";
        trace.marker.size = Math.min(trace.marker.size, meta.small_marker);
      } else if (trace.mode === "text") trace.visible = false;
      else trace.mode = "markers";
    }
    const drawn = data.filter((trace) => trace.visible !== false && trace.x.length).map((trace) => trace.name);
    for (const [kind, name] of Object.entries(SOMETIMES)) {
      this.key[kind].hidden = !(name ? drawn.includes(name) : layout.meta[kind]);
    }
    this.theme = theme;
    return { data, layout, shapes: layout.shapes };
  }

  bandShapes() {
    if (this.view.selected === null) return [];
    const across = { xref: "x", yref: "paper", x0: this.view.selected + 0.5, x1: this.view.selected + 1.5, layer: "below" };
    const accent = this.theme.colours.accent;
    return [
      { ...across, name: "selected", type: "rect", y0: 0, y1: 1, fillcolor: css(accent, 0.09), line: { width: 0 } },
      { ...across, name: "selected", type: "line", y0: 1, y1: 1, line: { width: 3, color: css(accent) } },
    ];
  }

  band() {
    if (!this.bound || !this.shown || this.banded === this.view.selected) return;
    this.banded = this.view.selected;
    const update = { shapes: [...this.shown.shapes, ...this.bandShapes()] };
    const at = (this.view.selected ?? 0) + 1;
    if (this.zoom && this.view.selected !== null && (at - 0.5 < this.zoom[0] || at + 0.5 > this.zoom[1])) {
      const half = (this.zoom[1] - this.zoom[0]) / 2; // a step out of a zoomed view moves it along, and keeps its width
      update["xaxis.range"] = this.within([at - half, at + half]);
    }
    window.Plotly.relayout(this.chart, update);
  }

  bind() {
    this.bound = true;
    this.banded = this.view.selected;
    this.chart.on("plotly_click", (event) => {
      const attempt = event.points?.map((p) => p.customdata).find(Number.isInteger);
      if (attempt !== undefined) this.view.pick(attempt);
    });
    this.chart.on("plotly_relayout", () => this.zoomed());
    this.chart.on("plotly_doubleclick", () => this.showAll());
  }

  // The zoom is kept here as well as in the chart: Plotly's own memory (uirevision) forgets what was moved by `band`.
  zoomed() {
    const [low, high] = this.chart.layout.xaxis.range;
    const [first, last] = this.whole();
    this.zoom = low <= first + 0.01 && high >= last - 0.01 ? undefined : [low, high];
    this.unzoom.hidden = !this.zoom;
  }

  whole() {
    return [0.5, this.shown.layout.meta.columns + 0.5];
  }

  within([low, high]) {
    const [first, last] = this.whole();
    const shift = Math.max(first - low, Math.min(0, last - high));
    return [Math.max(first, low + shift), Math.min(last, high + shift)];
  }

  showAll() {
    if (!this.zoom) return;
    this.view.focus(); // the button that was pressed goes away
    window.Plotly.relayout(this.chart, { "xaxis.range": this.whole() });
  }

  end() {
    window.Plotly?.purge(this.chart);
  }
}
