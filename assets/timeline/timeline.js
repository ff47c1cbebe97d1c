// The timeline in the browser: one chart that is updated in place, never recreated, and the ledger beneath it.
//
//   Python  --data-->  View.take     what to draw; drawn only if its revision, the theme or the width has changed
//   person  --pick-->  View.pick     shown at once, then told to Python as the trigger "picked"
//
// Selection: the person's own pick stands until Python names another than it named before, so that a poll that was
// under way cannot take it back. Text from models enters by textContent, or escaped by Python for Plotly.

const NARROW_PX = 600;
const BRIEF_PX = 860; // below which its headings are brief
const LONG = 16; // letters of a cell that deserves more width
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
const SHAPES = {
  scored: [["circle", { cx: 7, cy: 7, r: 5 }]],
  best: [["path", { d: "M7 1.5 13 12.5H1z" }]],
  stopped: [["rect", { x: 2, y: 2, width: 10, height: 10 }]],
  failed: [["path", { d: "M3 3l8 8M11 3l-8 8" }]],
  running: [["circle", { cx: 7, cy: 7, r: 5.5 }]],
  cut_off: [["path", { d: "M2 7h10" }]],
  unmet: [["circle", { cx: 7, cy: 7, r: 4.5 }]],
  returned: [["circle", { cx: 7, cy: 7, r: 6.25 }]],
  best_so_far: [["path", { d: "M0 11h7V4h7" }]],
  dot: [["circle", { cx: 7, cy: 7, r: 3.5 }]],
  retried: [["path", { d: "M7 1v12" }]],
  cells: [0, 5, 10].map((x, i) => ["rect", { x, y: 2, width: 4, height: 10, "fill-opacity": 0.2 + 0.3 * i }]),
  hint: [["path", { d: "M0 10h4q3 0 3-3t3-3" }], ["path", { d: "M9 0.5 14.5 4 9 7.5z", class: "head" }]],
};

// ---- the library, fetched once a page ------------------------------------------------------------------------------

let library = null;

function plotly(url) {
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

// ---- colours -------------------------------------------------------------------------------------------------------

const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

function rgb(colour) {
  pen.clearRect(0, 0, 1, 1);
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 1, 1);
  return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
}

const css = (c, opacity = 1) => `rgba(${c.map(Math.round).join(",")},${opacity})`;
const mix = (a, b, share) => a.map((v, i) => v * share + b[i] * (1 - share));

// What "token:…" in a figure stands for, read from Streamlit's theme. Okabe-Ito, darkened or lightened to keep contrast.
function readTheme(element) {
  const style = getComputedStyle(element);
  const of = (name, otherwise) => rgb(style.getPropertyValue(name).trim() || otherwise);
  const text = of("--st-text-color", "#31333f");
  const background = of("--st-background-color", "#ffffff");
  const dark = background[0] * 0.299 + background[1] * 0.587 + background[2] * 0.114 < 128;
  const pick = (light, night) => rgb(dark ? night : light);
  const scored = pick("#0072b2", "#56b4e9");
  const hint = pick("#a8487f", "#d993b8");
  return {
    dark,
    font: style.getPropertyValue("--st-font").trim() || "sans-serif",
    colours: {
      text,
      background,
      scored,
      hint,
      accent: of("--st-primary-color", "#0072b2"),
      muted: mix(text, background, 0.72),
      grid: mix(text, background, 0.1),
      border: mix(text, background, 0.3),
      faint: mix(text, background, 0.05),
      track: mix(text, background, 0.09),
      best: pick("#008a64", "#1fbf92"),
      failed: pick("#c4500a", "#f0813a"),
      bar: mix(scored, background, dark ? 0.62 : 0.58),
      chip: mix(hint, background, 0.16),
    },
  };
}

function resolve(value, theme, name = "") {
  if (Array.isArray(value)) return value.map((one) => resolve(one, theme, name));
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, resolve(v, theme, k)]));
  }
  // Only where a colour or a font is meant: a model may write "token:…" too.
  if (typeof value !== "string" || !value.startsWith("token:") || !/(colou?r|family)$/i.test(name)) return value;
  const [token, opacity] = value.slice("token:".length).split("/");
  return token === "font" ? theme.font : css(theme.colours[token] ?? theme.colours.text, opacity ?? 1);
}

// ---- small helpers -------------------------------------------------------------------------------------------------

function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// The classes of a column's cells: what it tells, and how it is aligned.
function place(column) {
  const name = column.key === "hint" ? "hint-for" : column.key;
  return column.number ? `${name} number` : name;
}

// A name as the field writes them breaks after its underscores, rather than anywhere; a number does not break.
function foldable(text) {
  return text.split(/(?<=[_/]|(?<!\d)\.)(?=\w)/).flatMap((part, i) => (i ? [element("wbr"), part] : [part]));
}

function mark(kind) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 14 14");
  svg.setAttribute("class", `mark ${kind}`);
  svg.setAttribute("aria-hidden", "true");
  for (const [tag, attributes] of SHAPES[kind] ?? []) {
    const shape = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) shape.setAttribute(name, value);
    svg.append(shape);
  }
  return svg;
}

function roundStep(least) {
  for (let power = 1; ; power *= 10) for (const m of [1, 2, 5]) if (m * power >= least) return m * power;
}

// ---- one timeline on a page ----------------------------------------------------------------------------------------

class View {
  constructor(parent) {
    this.parent = parent;
    this.selected = null;
    this.told = undefined; // what Python named last
    this.pickedAt = 0;
    this.drawn = ""; // revision, theme and width of what is on screen
    this.rows = new Map();
    this.build();
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.place);
  }

  build() {
    const id = `rs-${Math.random().toString(36).slice(2)}`;
    this.chart = element("div", { className: "chart" });
    this.chart.setAttribute("role", "img");
    this.notice = element("p", { textContent: "Drawing the chart …" });
    this.unzoom = element("button", { type: "button", textContent: "Show all attempts", hidden: true });
    this.place = element("div", { className: "place" }, this.chart, this.notice, this.unzoom);
    const key = element("ul", { className: "key", "aria-label": "What the marks mean" });
    this.key = Object.fromEntries(
      KEY.map(([kind, words]) => [kind, element("li", { hidden: kind in SOMETIMES }, mark(kind), words)]),
    );
    key.append(...Object.values(this.key));
    this.buttons = {
      previous: element("button", { type: "button", textContent: "Previous" }),
      next: element("button", { type: "button", textContent: "Next" }),
      best: element("button", { type: "button", textContent: "Best" }),
      failure: element("button", { type: "button", textContent: "First failure" }),
    };
    const hint = element("span", { className: "hint", id });
    const keys = [["j", " next, "], ["k", " previous, "], ["b", " best, "], ["f", " first failure"]];
    hint.append("Keys (when the chart has focus): ");
    for (const [name, words] of keys) hint.append(element("kbd", { textContent: name }), words);
    const steps = element("div", { className: "steps" }, ...Object.values(this.buttons), hint);
    // The roles are those that the elements have already, until a phone lays them out as a grid.
    this.head = element("tr", { role: "row" });
    this.body = element("tbody", { role: "rowgroup" });
    const caption = element("caption", { className: "sr", textContent: "Ledger: every attempt of the run" });
    const top = element("thead", { role: "rowgroup" }, this.head);
    this.table = element("table", { role: "table" }, caption, top, this.body);
    this.ledger = element("div", { className: "ledger", role: "region", "aria-label": "Ledger of attempts" }, this.table);
    this.note = element("p", { className: "note" });
    this.live = element("p", { className: "sr", role: "status" });
    this.section = element("section", { className: "rs-timeline", tabIndex: 0, "aria-label": "Timeline of the run" });
    this.section.setAttribute("role", "group");
    this.section.setAttribute("aria-describedby", id);
    this.label = element("p", { className: "label", hidden: true });
    this.who = element("p", {});
    this.words = element("pre", {});
    this.writing = element("div", { className: "writing", hidden: true }, this.who, this.words);
    this.section.append(this.label, this.writing, this.place, key, steps, this.ledger, this.note, this.live);
    this.parent.append(this.section);

    this.section.addEventListener("keydown", (event) => this.press(event));
    // Plotly keeps a press on the chart from moving the focus, and the keys would be lost with it.
    this.place.addEventListener("pointerdown", (event) => {
      if (!event.target.closest("button")) this.section.focus({ preventScroll: true });
    });
    for (const [name, button] of Object.entries(this.buttons)) {
      button.addEventListener("click", () => this.step(name, button));
    }
    this.unzoom.addEventListener("click", () => this.showAll());
    this.body.addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      const selecting = String(getSelection()) !== "" && !event.target.closest("button");
      if (row && !selecting) this.pick(Number(row.dataset.attempt));
    });
  }

  // ---- from Python ----

  take(data, tell) {
    this.tell = tell;
    this.url = data.plotly;
    this.section.hidden = !data.figure;
    if (!data.figure) return void plotly(data.plotly).catch(() => {}); // only preloading
    if (data.run !== this.data?.run) this.told = this.zoom = undefined;
    this.data = data;
    this.label.textContent = data.label;
    this.label.hidden = !data.label;
    this.writing.hidden = !data.writing;
    this.who.textContent = data.writing?.who ?? "";
    this.words.textContent = data.writing?.text ?? "";
    this.words.scrollTop = this.words.scrollHeight;
    this.order = data.rows.map((row) => row.attempt);
    const late = data.picked_at !== null && data.picked_at < this.pickedAt;
    if (!late && data.selected !== this.told) {
      this.told = data.selected;
      this.selected = data.selected;
    }
    if (!this.order.includes(this.selected)) this.selected = null;
    if (this.chart.getAttribute("aria-label") !== data.alt) this.chart.setAttribute("aria-label", data.alt);
    this.fill();
    this.show();
    this.draw();
    this.tick();
    this.reveal();
  }

  // A run that was just started is brought into view once, where the form has pushed it off a small screen.
  reveal() {
    if (!this.data.reveal || this.revealed === this.data.run) return;
    this.revealed = this.data.run;
    if (this.section.getBoundingClientRect().top < innerHeight * 0.8) return;
    const smooth = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.section.scrollIntoView({ block: "start", behavior: smooth ? "smooth" : "auto" });
  }

  // ---- the chart ----

  async draw() {
    const width = this.place.clientWidth;
    if (!this.data?.figure || !width) return;
    const theme = readTheme(this.section);
    this.section.classList.toggle("dark", theme.dark);
    this.section.classList.toggle("slim", width < NARROW_PX);
    this.section.classList.toggle("brief", width < BRIEF_PX);
    this.headings(width < BRIEF_PX);
    this.place.classList.toggle("narrow", width < NARROW_PX);
    const wanted = JSON.stringify([this.data.revision, theme, width]);
    if (wanted === this.drawn) return this.band();
    this.drawn = wanted;
    const fresh = this.figure(theme, width);
    this.place.style.minHeight = `${fresh.layout.height}px`;
    try {
      const Plotly = await plotly(this.url);
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
    if (this.selected === null) return [];
    const across = { xref: "x", yref: "paper", x0: this.selected + 0.5, x1: this.selected + 1.5, layer: "below" };
    const accent = this.theme.colours.accent;
    return [
      { ...across, name: "selected", type: "rect", y0: 0, y1: 1, fillcolor: css(accent, 0.09), line: { width: 0 } },
      { ...across, name: "selected", type: "line", y0: 1, y1: 1, line: { width: 3, color: css(accent) } },
    ];
  }

  band() {
    if (!this.bound || !this.shown || this.banded === this.selected) return;
    this.banded = this.selected;
    const update = { shapes: [...this.shown.shapes, ...this.bandShapes()] };
    const at = (this.selected ?? 0) + 1;
    if (this.zoom && this.selected !== null && (at - 0.5 < this.zoom[0] || at + 0.5 > this.zoom[1])) {
      const half = (this.zoom[1] - this.zoom[0]) / 2; // a step out of a zoomed view moves it along, and keeps its width
      update["xaxis.range"] = this.within([at - half, at + half]);
    }
    window.Plotly.relayout(this.chart, update);
  }

  bind() {
    this.bound = true;
    this.banded = this.selected;
    this.chart.on("plotly_click", (event) => {
      const attempt = event.points?.map((p) => p.customdata).find(Number.isInteger);
      if (attempt !== undefined) this.pick(attempt);
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
    this.section.focus({ preventScroll: true }); // the button that was pressed goes away
    window.Plotly.relayout(this.chart, { "xaxis.range": this.whole() });
  }

  // ---- selection ----

  pick(attempt) {
    if (!this.order.includes(attempt) || attempt === this.selected) return;
    this.selected = attempt;
    this.pickedAt = Date.now();
    this.show();
    this.band();
    const row = this.data.rows.find((one) => one.attempt === attempt);
    const reward = row.cells.reward[0];
    this.live.textContent = `Attempt ${attempt + 1}: ${row.words}${reward === row.words ? "" : `, reward ${reward}`}`;
    this.tell("picked", { attempt, at: this.pickedAt });
  }

  target(name) {
    const at = this.order.indexOf(this.selected);
    if (name === "previous") return at > 0 ? this.order[at - 1] : null;
    if (name === "next") return this.order[at + 1] ?? null;
    return name === "best" ? this.data.best : this.data.first_failed;
  }

  step(name, button) {
    const attempt = this.target(name);
    if (attempt === null) return;
    this.pick(attempt);
    if (button?.disabled) this.section.focus({ preventScroll: true }); // a disabled button would drop the focus
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const names = { j: "next", k: "previous", b: "best", f: "failure" };
    // In the ledger the arrows scroll it.
    if (event.target !== this.ledger) Object.assign(names, { ArrowRight: "next", ArrowLeft: "previous" });
    const name = names[event.key];
    if (!name) return;
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
    this.step(name, document.activeElement);
  }

  show() {
    for (const [attempt, { row, button }] of this.rows) {
      const on = attempt === this.selected;
      row.setAttribute("aria-selected", String(on));
      if (on) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
    const disabled = (name) => [null, this.selected].includes(this.target(name));
    for (const [name, button] of Object.entries(this.buttons)) button.disabled = disabled(name);
  }

  // ---- the ledger ----

  fill() {
    if (!this.head.childElementCount) {
      this.head.append(element("th", { role: "columnheader", scope: "col", textContent: "#" }));
      for (const column of this.data.columns) {
        const about = { role: "columnheader", scope: "col", className: place(column), textContent: column.title };
        this.head.append(element("th", about));
      }
    }
    this.table.hidden = !this.data.rows.length;
    this.note.textContent = this.data.rows.length
      ? "Time, tokens and cost include the advice after an attempt."
      : "No attempt has begun yet. Each gets a column above and a row here.";
    for (const [attempt, { row }] of this.rows) {
      if (this.order.includes(attempt)) continue;
      row.remove();
      this.rows.delete(attempt);
    }
    for (const told of this.data.rows) {
      const known = this.rows.get(told.attempt) ?? this.addRow(told.attempt);
      const same = JSON.stringify(told);
      if (known.same === same) continue;
      known.same = same;
      known.started = told.started_at;
      known.row.className = told.outcome;
      known.said.textContent = ` ${told.words}`;
      known.mark.replaceChildren(mark(told.outcome), ...(told.returned ? [" ", mark("returned")] : []));
      this.data.columns.forEach((column, i) => {
        const [text, title, quiet] = told.cells[column.key];
        const cell = known.cells[i];
        cell.replaceChildren(...foldable(text));
        cell.title = title;
        cell.classList.toggle("quiet", quiet);
        cell.classList.toggle("long", text.length > LONG);
      });
    }
  }

  headings(brief) {
    if (this.brief === brief) return;
    this.brief = brief;
    this.data.columns.forEach((column, i) => {
      const heading = this.head.children[i + 1];
      heading.textContent = brief ? column.brief : column.title;
      heading.title = brief && column.brief !== column.title ? column.title : "";
    });
  }

  addRow(attempt) {
    const button = element("button", { type: "button", textContent: String(attempt + 1) });
    button.setAttribute("aria-label", `Select attempt ${attempt + 1}`);
    const marks = element("span");
    const said = element("span", { className: "sr" });
    const head = element("th", { role: "rowheader", scope: "row" }, button, " ", marks, said);
    const cells = this.data.columns.map((column) => element("td", { role: "cell", className: place(column) }));
    const row = element("tr", { role: "row" }, head, ...cells);
    row.dataset.attempt = attempt;
    this.body.append(row);
    const made = { row, button, said, mark: marks, cells };
    this.rows.set(attempt, made);
    return made;
  }

  // Seconds go by on the row that runs; nothing comes from Python for that.
  tick() {
    clearTimeout(this.clock);
    const at = this.data.columns.findIndex((column) => column.key === "time");
    const running = [...this.rows.values()].filter((known) => known.started !== null);
    for (const known of running) {
      known.cells[at].textContent = `${Math.max(0, Math.round(Date.now() / 1000 - known.started))}…`;
      known.cells[at].title = "Seconds since the attempt began";
    }
    if (running.length) this.clock = setTimeout(() => this.tick(), 1000);
    this.ledger.tabIndex = this.ledger.scrollWidth > this.ledger.clientWidth ? 0 : -1;
  }

  end() {
    clearTimeout(this.clock);
    this.sizes.disconnect();
    window.Plotly?.purge(this.chart);
    this.section.remove();
  }
}

const views = new WeakMap();

export default function ({ parentElement, data, setTriggerValue }) {
  let view = views.get(parentElement);
  if (!view) {
    view = new View(parentElement);
    views.set(parentElement, view);
  }
  view.take(data, setTriggerValue);
  // Streamlit also calls this when a newer change of data has overtaken it; only a place that has left the page ends.
  return () => {
    if (parentElement.isConnected) return;
    view.end();
    views.delete(parentElement);
  };
}
