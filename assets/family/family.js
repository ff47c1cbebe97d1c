// A run and its branches: a line each, which leaves its parent's where the branch begins. Text enters by textContent alone.
//
//   lanes --take--> lines and marks in an SVG, names and ends in a list beside it, for eyes, keyboard and screen reader alike
//   an end that is pressed --> the trigger "asked": {do: "compare", a, b} once two are marked, {do: "open", run} for a name
//
// This run's own end is marked from the start, so that one press on another compares the two.

import { draw, isDark, make } from "../shared/dom.js";
import { mount, watchWidth } from "../shared/mount.js";

const SIZES = { full: { row: 62, head: 26, label: 150, pad: 16, step: 84 }, compact: { row: 24, head: 4, label: 164, pad: 13, step: 34 } };
const VALUES_FROM = 40; // pixels between two attempts, from which their rewards are written
const COMPACT_ROWS = 3; // that are in view at once beside a program
const DOTS_FROM = 7; // from which each has a mark
const SHAPES = {
  scored: (x, y) => draw("circle", { cx: x, cy: y, r: 4.5, class: "scored" }),
  best: (x, y) => draw("path", { d: `M${x} ${y - 5.5}L${x + 5.5} ${y + 4.5}H${x - 5.5}Z`, class: "good" }),
  stopped: (x, y) => draw("rect", { x: x - 4.5, y: y - 4.5, width: 9, height: 9, class: "good" }),
  failed: (x, y) => draw("path", { d: `M${x - 4} ${y - 4}l8 8m0 -8l-8 8`, class: "bad" }),
  pending: (x, y) => draw("circle", { cx: x, cy: y, r: 4.5, class: "pending" }),
};

class Family {
  marked = [];

  constructor(place) {
    this.root = make("section", { class: "family", "aria-label": "Family of this run" });
    this.picture = draw("svg", { "aria-hidden": "true" });
    this.list = make("ol");
    this.status = make("p", { class: "sr", role: "status" });
    this.title = make("p", { class: "title" });
    this.box = make("div", { class: "box" }, this.picture, this.list);
    this.root.append(this.title, this.box, this.status);
    place.append(this.root);
    this.unwatch = watchWidth(this.root, () => this.draw());
  }

  take(data, setTrigger) {
    this.tell = (what) => setTrigger("asked", { ...what, at: Date.now() });
    this.root.classList.toggle("dark", isDark(this.root));
    this.root.classList.toggle("compact", data.compact);
    const source = JSON.stringify(data);
    if (source === this.source) return;
    this.source = source;
    this.data = data;
    const own = data.lanes.find((lane) => lane.current && !lane.draft);
    this.marked = own ? [own.id] : [];
    this.draw();
  }

  draw() {
    if (!this.data || !this.root.clientWidth) return;
    const { lanes, compact, count } = this.data;
    const size = compact ? SIZES.compact : SIZES.full;
    const room = this.box.clientWidth - size.label - 2 * size.pad;
    const step = count > 1 ? Math.max(0, Math.min(size.step, room / (count - 1))) : 0;
    const x = (number) => size.pad + (number - 1) * step;
    const y = (lane) => size.head + size.row * lane + (compact ? size.row / 2 : 34);
    const height = size.head + size.row * lanes.length;
    this.title.textContent = compact ? `${lanes.length > COMPACT_ROWS ? `Family of ${lanes.length}` : "Family"} · press an end to compare` : "";
    this.picture.setAttribute("width", this.box.clientWidth);
    this.picture.setAttribute("height", height);
    const parts = lanes.flatMap((lane, i) => this.line(lane, i, x, y, step));
    const isLine = (part) => part.matches(".path, .tie"); // no line crosses a number
    this.picture.replaceChildren(...this.numbers(x, step, size), ...parts.filter(isLine), ...parts.filter((part) => !isLine(part)));
    const focused = this.root.getRootNode().activeElement?.dataset?.focus;
    this.list.style.paddingTop = `${size.head}px`;
    this.list.replaceChildren(...lanes.map((lane, i) => this.entry(lane, x, y(i) - size.head - size.row * i, size)));
    if (this.shown !== this.source) {
      this.shown = this.source; // what is looked at is in view, in a tree that scrolls
      const current = lanes.findIndex((lane) => lane.current);
      const foot = size.head + size.row * (current + 1);
      const fits = Math.max(1, Math.floor(this.box.clientHeight / size.row)); // whole rows, so that none is cut under the title
      if (foot > this.box.clientHeight) this.box.scrollTop = foot - size.row * fits;
    }
    if (focused) [...this.list.querySelectorAll("[data-focus]")].find((one) => one.dataset.focus === focused)?.focus({ preventScroll: true });
  }

  numbers(x, step, size) {
    if (this.data.compact) return [];
    const every = Math.max(1, Math.ceil(26 / Math.max(step, 1)));
    const texts = [];
    for (let number = 1; number <= this.data.count; number += every) texts.push(draw("text", { x: x(number), y: 14, class: "number", text: number }));
    return texts;
  }

  line(lane, i, x, y, step) {
    const last = lane.points.length ? lane.points[lane.points.length - 1].number : lane.from;
    const parts = [];
    const kind = lane.draft ? "path draft" : "path";
    const at = y(i);
    const joins = this.data.lanes.findIndex((one) => one.id === lane.joins && !one.draft);
    if (joins < 0) {
      if (last > lane.from) parts.push(draw("path", { d: `M${x(lane.from)} ${at}H${x(last)}`, class: kind }));
    } else if (lane.from === 1) {
      // It keeps nothing: a run of its own, tied to the one that it was made from.
      parts.push(draw("path", { d: `M${x(1) - 7} ${y(joins) + 7}V${at}`, class: "tie" }));
      if (last > 1) parts.push(draw("path", { d: `M${x(1)} ${at}H${x(last)}`, class: kind }));
    } else {
      const start = x(lane.from - 1);
      const top = y(joins);
      const bend = Math.min(8, Math.max(x(lane.from) - start, 0), (at - top) / 2);
      parts.push(draw("path", { d: `M${start} ${top}V${at - bend}q0 ${bend} ${bend} ${bend}H${Math.max(x(last), start + bend)}`, class: kind }));
    }
    for (const { number, outcome, text } of lane.points) {
      const returned = number === lane.returned;
      if (step >= DOTS_FROM || returned || lane.points.length === 1) parts.push(SHAPES[outcome](x(number), at));
      if (returned) parts.push(draw("circle", { cx: x(number), cy: at, r: 9, class: "ring" }));
      const isWritten = !this.data.compact && text && (step >= VALUES_FROM || (returned && step < VALUES_FROM));
      if (isWritten) parts.push(draw("text", { x: x(number), y: at - 15, class: "value", text }));
    }
    return parts;
  }

  entry(lane, x, middle, size) {
    const { compact } = this.data;
    const last = lane.points.length ? lane.points[lane.points.length - 1].number : lane.from;
    const left = `${this.box.clientWidth - size.label}px`;
    const name = lane.draft || lane.current ? make("strong", { class: "name", title: lane.name, text: lane.name }) : this.link(lane);
    const label = make("div", { class: "label" }, name, make("span", { class: "note", title: lane.note, text: compact ? lane.brief : lane.note }), make("span", { class: "sr", text: `. ${lane.words}` }));
    label.style.left = left;
    const line = make("li", { class: lane.current ? "current" : "" }, label);
    line.style.height = `${size.row}px`;
    if (!lane.draft && this.data.lanes.filter((one) => !one.draft).length > 1) {
      const marked = this.marked.includes(lane.id);
      const words = marked ? `${lane.name}: marked to compare` : this.marked.length ? `Compare ${lane.name} with the one that is marked` : `Mark ${lane.name} to compare`;
      const end = make("button", { type: "button", class: "end", "aria-pressed": String(marked), "aria-label": words, title: words, data: { focus: `end ${lane.id}` }, on: { click: () => this.mark(lane.id) } });
      end.style.left = `${x(last) - 13}px`;
      end.style.top = `${middle - 13}px`;
      line.append(end);
    }
    return line;
  }

  link(lane) {
    const open = (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return; // a new tab, or a window
      event.preventDefault();
      this.tell({ do: "open", run: lane.id });
    };
    return make("a", { class: "name", href: new URL(lane.href, document.baseURI).href, title: `Open ${lane.name}`, text: lane.name, data: { focus: `open ${lane.id}` }, on: { click: open } });
  }

  mark(id) {
    this.marked = this.marked.includes(id) ? this.marked.filter((one) => one !== id) : [...this.marked, id];
    if (this.marked.length === 2) {
      const [a, b] = this.data.lanes.map((lane) => lane.id).filter((one) => this.marked.includes(one)); // the older one first
      this.tell({ do: "compare", a, b });
      this.marked = [a === id ? b : a];
    }
    this.status.textContent = this.marked.length ? "One end is marked. Press another to compare the two." : "No end is marked.";
    this.draw();
  }

  end() {
    this.unwatch();
    this.root.remove();
  }
}

export default mount((place) => new Family(place));
