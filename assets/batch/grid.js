// The rewards of an experiment: a cell for each input and repeat of each arm, on a canvas, as there may be 10,000 of them.
//
//   data   {url, revision, marks}      what to fetch, and which arms there are; cells come from the app, not with the page's messages
//   cells  {rows, repeats, low, high, arms: [{states, rewards}]}   a character a cell: s f r -   rewards: of the scored ones, in order
//
// Inputs run across. Where they do not fit, cells shrink, then the inputs go on in another band below; many bands scroll.
// The tints are those of one scale for all arms: they are rewards, and no arm has a colour of its own in here.

import { make } from "../shared/dom.js";
import { watchWidth } from "../shared/mount.js";
import { armMark } from "./arms.js";

const ONE_BAND = [22, 20, 18, 16, 14, 12]; // pixels from cell to cell, where all inputs fit side by side
const PITCHES = [14, 12, 10, 8, 7]; // where they do not
const PITCHES_NARROW = [16, 14, 12]; // for fingers
const NARROW_PX = 560;
const HEAD = 18; // with the numbers of inputs
const NAME = 14; // an arm's name needs so much height
const GAP = 10; // below an arm
const BAND_GAP = 8;
const FITS_PX = 430; // of height without scrolling
const LABELS_PX = 132;
const TICKS_PX = 108; // between two numbers
const STEPS = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000];
const SCALE = ["--reward-0", "--reward-1", "--reward-2", "--reward-3", "--reward-4"];
const SHADES = 64;
const WORDS = { s: "", f: "failed", r: "running", "-": "not run yet" };

export class Grid {
  constructor(open) {
    this.open = open; // ({arm, row, repeat})
    this.canvas = make("canvas");
    this.labels = make("div", { class: "labels" });
    this.cursor = make("div", { class: "cell-cursor", hidden: true });
    this.tip = make("div", { class: "tip", hidden: true, "aria-hidden": "true" });
    this.sheet = make("div", { class: "sheet" }, this.canvas, this.labels, this.cursor);
    this.said = make("p", { class: "sr", role: "status" });
    this.scroller = make("div", {
      class: "cells",
      tabIndex: 0,
      role: "application",
      "aria-roledescription": "grid of runs",
      on: {
        keydown: (event) => this.press(event),
        pointermove: (event) => event.pointerType !== "touch" && this.point(event),
        pointerleave: () => this.point(null),
        click: (event) => this.enter(this.cellAt(event)),
        focus: () => this.scroller.matches(":focus-visible") && this.choose(this.chosen ?? 0),
        blur: () => this.hideCursor(),
      },
    }, this.sheet);
    this.legend = make("div", { class: "legend" });
    this.root = make("div", { class: "grid" }, this.scroller, this.tip, this.legend, this.said);
    this.stop = watchWidth(this.scroller, (width) => {
      this.width = width;
      this.draw();
    });
  }

  // dark: whether the page is. alt: the counts in words.
  take({ url, revision, arms, alt }, dark) {
    const isNew = url !== this.url;
    if (isNew) Object.assign(this, { cells: null, chosen: null });
    Object.assign(this, { url, arms, wanted: revision });
    this.scroller.setAttribute("aria-label", `Rewards by input and repeat. ${alt} Arrow keys move from run to run, Enter opens one.`);
    if (this.dark !== dark) {
      this.dark = dark;
      this.palette = null;
      this.draw();
    }
    this.fetch();
  }

  // One request at a time; a later revision is asked for when it is there.
  async fetch() {
    if (this.asking || this.wanted === this.shown) return;
    this.asking = true;
    const { wanted, url } = this;
    try {
      const answer = await fetch(new URL(url, document.baseURI));
      if (!answer.ok) throw new Error(String(answer.status));
      const cells = await answer.json();
      if (url === this.url) {
        this.setCells(cells);
        this.shown = wanted;
        this.root.classList.remove("lost");
      }
    } catch {
      this.root.classList.add("lost"); // the next revision asks again
      this.shown = wanted;
    } finally {
      this.asking = false;
      if (!this.ended) this.fetch();
    }
  }

  setCells(cells) {
    const total = cells.rows * cells.repeats;
    this.rewards = cells.arms.map(({ states, rewards }) => {
      const values = new Float64Array(total);
      let next = 0;
      for (let i = 0; i < total; i += 1) values[i] = states[i] === "s" ? rewards[next++] : NaN;
      return values;
    });
    const seen = JSON.stringify(cells);
    if (seen === this.seen) return;
    this.seen = seen;
    this.cells = cells;
    this.draw();
    this.drawLegend();
    if (this.pointed) this.tell(this.pointed);
  }

  // How many cells stand side by side, and how large they are.
  layOut() {
    const { rows, repeats, arms } = this.cells;
    const narrow = this.width < NARROW_PX;
    const left = narrow ? 0 : LABELS_PX;
    const room = this.width - left - 2;
    const one = ONE_BAND.filter((pitch) => pitch * rows <= room);
    for (const pitch of one.length ? one : narrow ? PITCHES_NARROW : PITCHES) {
      const columns = Math.max(1, Math.min(rows, Math.floor(room / pitch)));
      const bands = Math.ceil(rows / columns);
      const high = Math.max(pitch + (pitch > 10 ? 2 : 0), Math.ceil(NAME / repeats));
      const own = high * repeats;
      const step = own + (narrow ? NAME + 6 : pitch > 10 ? GAP : 5);
      const band = HEAD + step * arms.length + BAND_GAP;
      this.plan = { narrow, left, pitch, columns, bands, high, own, step, band, height: bands * band, top: narrow ? NAME + 3 : 0 };
      if (this.plan.height <= FITS_PX) break;
    }
    return this.plan;
  }

  draw() {
    if (!this.cells || !this.width) return;
    const plan = this.layOut();
    const { rows, repeats, arms } = this.cells;
    const ratio = devicePixelRatio || 1;
    Object.assign(this.canvas, { width: Math.round(this.width * ratio), height: Math.round(plan.height * ratio) });
    Object.assign(this.canvas.style, { width: `${this.width}px`, height: `${plan.height}px` });
    this.sheet.style.height = `${plan.height}px`;
    const pen = this.canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const palette = this.colours();
    this.drawNumbers(pen, plan, palette);
    const edges = new Path2D();
    const dashed = new Path2D();
    const crosses = new Path2D();
    for (let arm = 0; arm < arms.length; arm += 1) {
      const { states } = arms[arm];
      for (let at = 0; at < rows * repeats; at += 1) {
        const [x, y, w, h] = this.box(arm, at);
        const state = states[at];
        if (state === "s") {
          pen.fillStyle = palette.shade(this.rewards[arm][at]);
          pen.fillRect(x, y, w, h);
        } else if (state === "f") {
          const r = Math.min(w, h) / 2 - 0.8;
          const cx = x + w / 2;
          const cy = y + h / 2;
          crosses.moveTo(cx - r, cy - r);
          crosses.lineTo(cx + r, cy + r);
          crosses.moveTo(cx + r, cy - r);
          crosses.lineTo(cx - r, cy + r);
        } else (state === "r" ? dashed : edges).rect(x + 0.5, y + 0.5, w - 1, h - 1);
      }
    }
    pen.lineWidth = 1;
    pen.strokeStyle = palette.edge;
    pen.stroke(edges);
    pen.strokeStyle = palette.running;
    pen.setLineDash(plan.pitch > 10 ? [2.5, 2] : [1.5, 1]);
    pen.stroke(dashed);
    pen.setLineDash([]);
    pen.lineWidth = plan.pitch > 10 ? 2 : 1.6;
    pen.strokeStyle = palette.failed;
    pen.stroke(crosses);
    this.drawLabels(plan);
    if (!this.cursor.hidden) this.showCursor();
  }

  // A cell's box: x, y, width, height.
  box(arm, at) {
    const { left, pitch, columns, high, step, band, top } = this.plan;
    const { rows } = this.cells;
    const row = at % rows;
    const repeat = Math.floor(at / rows);
    const within = Math.floor(row / columns) * band + HEAD + arm * step + top + repeat * high;
    const gap = pitch > 10 ? 1.4 : 1;
    return [left + (row % columns) * pitch, within, pitch - gap, high - (high > 10 ? 2 : 1)];
  }

  drawNumbers(pen, { left, pitch, columns, bands, band }, palette) {
    const { rows } = this.cells;
    const every = STEPS.find((step) => step * pitch >= TICKS_PX) ?? 5000;
    pen.fillStyle = palette.muted;
    pen.font = `400 12px ${palette.font}`;
    pen.textBaseline = "alphabetic";
    for (let i = 0; i < bands; i += 1) {
      const first = i * columns + 1;
      const last = Math.min(rows, first + columns - 1);
      const y = i * band + HEAD - 5;
      let end = -Infinity;
      const numbers = [first];
      for (let n = Math.ceil((first + 1) / every) * every; n <= last; n += every) numbers.push(n);
      for (const n of numbers) {
        const text = n.toLocaleString("en");
        const wide = pen.measureText(text).width;
        const middle = left + (n - first) * pitch + pitch / 2;
        const x = Math.min(Math.max(left, middle - wide / 2), this.width - wide);
        if (x < end + 8) continue;
        pen.fillText(text, x, y);
        end = x + wide;
      }
    }
  }

  drawLabels({ bands, band, step, own, narrow, columns }) {
    const key = JSON.stringify([this.plan, this.arms]);
    if (key === this.labelled) return;
    this.labelled = key;
    const nodes = [];
    for (let i = 0; i < bands; i += 1) {
      if (!narrow) nodes.push(place(make("span", { class: "of-inputs", text: i === 0 ? "input" : "" }), i * band, HEAD));
      this.arms.forEach((arm, n) => {
        const top = i * band + HEAD + n * step;
        const label = make("span", { class: "arm", title: arm.name }, armMark(arm.mark, 11), make("bdi", { text: arm.name }));
        nodes.push(place(label, top, narrow ? NAME + 2 : own));
      });
    }
    this.labels.replaceChildren(...nodes);
    this.labels.style.width = narrow ? "100%" : `${LABELS_PX - 10}px`;
  }

  drawLegend() {
    const { low, high, repeats, rows } = this.cells;
    const ramp = make("span", { class: "ramp" }, SCALE.map((name) => make("i", { style: `background: var(${name})` })));
    const items = [make("span", {}, "reward ", ramp, ` ${writeEnd(low)} to ${writeEnd(high)}`), sample("failed", "failed"), sample("running", "running"), sample("none", "not run yet")];
    const words = repeats > 1 ? `${repeats} rows an arm: the ${repeats === 2 ? "two" : repeats} repeats` : "";
    const bands = this.plan?.bands > 1 ? `${this.plan.columns.toLocaleString("en")} inputs across, ${rows.toLocaleString("en")} in all` : "";
    this.legend.replaceChildren(...items, make("span", { class: "aside", text: [words, bands].filter(Boolean).join(" · ") }));
  }

  colours() {
    if (this.palette) return this.palette;
    const probe = make("span");
    this.root.append(probe);
    const read = (name) => {
      probe.style.color = `var(${name})`;
      return getComputedStyle(probe).color;
    };
    const steps = SCALE.map((name) => read(name).match(/[\d.]+/g).slice(0, 3).map(Number));
    const shades = Array.from({ length: SHADES }, (_, i) => {
      const at = (i / (SHADES - 1)) * (steps.length - 1);
      const from = Math.min(steps.length - 2, Math.floor(at));
      const mix = steps[from].map((one, c) => Math.round(one + (steps[from + 1][c] - one) * (at - from)));
      return `rgb(${mix.join(",")})`;
    });
    const shade = (reward) => {
      const { low, high } = this.cells;
      const share = high > low ? (reward - low) / (high - low) : 0;
      return shades[Math.max(0, Math.min(SHADES - 1, Math.round(share * (SHADES - 1))))];
    };
    this.palette = { shade, edge: read("--not-run"), running: read("--accent"), failed: read("--failed"), muted: read("--muted"), font: getComputedStyle(this.root).fontFamily };
    probe.remove();
    return this.palette;
  }

  // The cell under the pointer: {arm, at}, or null.
  cellAt(event) {
    if (!this.cells) return null;
    const { left, top } = this.canvas.getBoundingClientRect();
    return this.cellIn(event.clientX - left, event.clientY - top);
  }

  cellIn(x, y) {
    const { plan, cells } = this;
    const band = Math.floor(y / plan.band);
    const down = y - band * plan.band - HEAD;
    const arm = Math.floor(down / plan.step);
    const repeat = Math.floor((down - arm * plan.step - plan.top) / plan.high);
    const column = Math.floor((x - plan.left) / plan.pitch);
    const row = band * plan.columns + column;
    const inside = band >= 0 && band < plan.bands && arm >= 0 && arm < cells.arms.length && repeat >= 0 && repeat < cells.repeats && column >= 0 && column < plan.columns && row < cells.rows;
    return inside ? { arm, at: repeat * cells.rows + row } : null;
  }

  describe({ arm, at }) {
    const { rows, repeats, arms } = this.cells;
    const which = `${this.arms[arm]?.name ?? ""}, input ${(at % rows) + 1}${repeats > 1 ? `, repeat ${Math.floor(at / rows) + 1}` : ""}`;
    const state = arms[arm].states[at];
    return [which, state === "s" ? `reward ${write(this.rewards[arm][at])}` : WORDS[state]];
  }

  point(event) {
    this.pointed = event ? this.cellAt(event) : null;
    const opens = this.pointed && this.cells.arms[this.pointed.arm].states[this.pointed.at] !== "-";
    this.scroller.classList.toggle("opens", Boolean(opens));
    if (!this.pointed) {
      this.tip.hidden = true;
      return;
    }
    this.tell(this.pointed);
  }

  // Beside the cell, inside the grid's width.
  tell(cell) {
    const [x, y, , h] = this.box(cell.arm, cell.at);
    const [which, what] = this.describe(cell);
    this.tip.replaceChildren(make("b", { text: which }), make("span", { text: what }));
    this.tip.hidden = false;
    const left = Math.max(0, Math.min(x - 20, this.width - this.tip.offsetWidth));
    this.tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(y + h + 6 - this.scroller.scrollTop)}px)`;
  }

  enter(cell) {
    if (!cell || this.cells.arms[cell.arm].states[cell.at] === "-") return;
    const { rows } = this.cells;
    this.open({ arm: this.arms[cell.arm].key, row: (cell.at % rows) + 1, repeat: Math.floor(cell.at / rows) + 1 });
  }

  // The lines of cells from top to bottom are one list: repeats within arms within bands.
  press(event) {
    if (!this.cells || event.ctrlKey || event.metaKey || event.altKey) return;
    const { rows, repeats, arms } = this.cells;
    const { columns } = this.plan;
    const lines = repeats * arms.length;
    let { row, line } = this.place();
    const key = event.key;
    if (key === "Enter" || key === " ") this.enter(this.cellOf(row, line));
    else if (key === "Escape" && !this.cursor.hidden) this.hideCursor();
    else if (key === "ArrowRight") row += 1;
    else if (key === "ArrowLeft") row -= 1;
    else if (key === "ArrowDown" && line + 1 < lines) line += 1;
    else if (key === "ArrowDown" && row + columns < rows) [row, line] = [row + columns, 0];
    else if (key === "ArrowUp" && line > 0) line -= 1;
    else if (key === "ArrowUp" && row - columns >= 0) [row, line] = [row - columns, lines - 1];
    else if (key === "Home") row = 0;
    else if (key === "End") row = rows - 1;
    else if (key === "PageDown") row += columns;
    else if (key === "PageUp") row -= columns;
    else if (!key.startsWith("Arrow")) return;
    event.preventDefault();
    event.stopPropagation();
    if (key === "Enter" || key === " " || key === "Escape") return;
    const cell = this.cellOf(Math.max(0, Math.min(rows - 1, row)), line);
    this.choose(cell.arm * rows * repeats + cell.at);
  }

  place() {
    const { rows, repeats } = this.cells;
    const chosen = this.chosen ?? 0;
    const at = chosen % (rows * repeats);
    return { row: at % rows, line: Math.floor(chosen / (rows * repeats)) * repeats + Math.floor(at / rows) };
  }

  cellOf(row, line) {
    const { rows, repeats } = this.cells;
    return { arm: Math.floor(line / repeats), at: (line % repeats) * rows + row };
  }

  choose(chosen) {
    if (!this.cells) return;
    this.chosen = chosen;
    this.showCursor();
    const { row, line } = this.place();
    const cell = this.cellOf(row, line);
    const [which, what] = this.describe(cell);
    this.said.textContent = `${which}: ${what}.`;
    this.tell(cell);
    this.cursor.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  showCursor() {
    const { row, line } = this.place();
    const { arm, at } = this.cellOf(row, line);
    const [x, y, w, h] = this.box(arm, at);
    this.cursor.hidden = false;
    Object.assign(this.cursor.style, { transform: `translate(${x - 2}px, ${y - 2}px)`, width: `${w + 4}px`, height: `${h + 4}px` });
  }

  hideCursor() {
    this.cursor.hidden = true;
    this.tip.hidden = true;
  }

  end() {
    this.ended = true;
    this.stop();
  }
}

// A reward as every screen writes it: two decimals, more only where it has more.
function write(value) {
  const short = value.toFixed(2);
  return withMinus(Math.abs(Number(short) - value) < 1e-9 ? short : String(Number(value.toPrecision(4))));
}

const writeEnd = (value) => (Number.isInteger(value) ? withMinus(value.toLocaleString("en")) : write(value));

const withMinus = (text) => text.replace(/^-/, "\u2212");

function place(node, top, height) {
  Object.assign(node.style, { top: `${top}px`, height: `${height}px` });
  return node;
}

const sample = (kind, words) => make("span", {}, make("i", { class: `sample ${kind}` }), ` ${words}`);
