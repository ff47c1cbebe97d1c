// Scores of rows, old beside new: the what-if of a run, the threshold, and the rows.
//
//   data --take--> strip, curve, table
//   a row is chosen: setStateValue("row")    the slider is released: setStateValue("threshold")    a page: setTriggerValue("action")    labels: setStateValue("labels")
//
// Moving and sliding need no server. Keys: j k next and previous row, d compare with the row before, l label the row, p pin it,
// x X-ray.

import { isDark, make } from "./dom.js";
import { Curve } from "./curve.js";
import { Strip } from "./strip.js";
import { Table } from "./table.js";
import { isNoShortcut } from "../shared/keys.js";
import { mount, watchWidth } from "../shared/mount.js";

const SIDE_BY_SIDE_PX = 600;
const CURVE_PX = 224;
const GAP_PX = 26;
const PATIENCE_MS = 15000;
const NEXT_LABEL = { "": "good", good: "bad", bad: "" };

class Board {
  constructor(place) {
    this.place = place;
    this.labelled = new Map(); // key of a row -> the label that it was given here
    this.strip = new Strip((key) => this.choose(key));
    this.curve = new Curve((threshold) => this.strip.preview(threshold), (threshold) => this.setState("threshold", { value: threshold, at: Date.now() }));
    this.table = new Table((key) => this.choose(key), (name, detail) => this.setTrigger("action", { name, detail, at: Date.now() }));
    this.pictures = make("div", { class: "pictures" }, this.strip.root, this.curve.root);
    this.root = make("div", { class: "root" }, this.pictures, this.table.root);
    place.append(this.root);
    this.root.addEventListener("keydown", (event) => this.press(event));
    this.onPage = (event) => document.activeElement === document.body && this.press(event);
    document.addEventListener("keydown", this.onPage);
    this.unwatch = watchWidth(this.root, (width) => {
      this.width = width;
      if (this.data) this.draw();
    });
  }

  take(data, setTrigger, setState) {
    Object.assign(this, { data, setState, setTrigger });
    this.relabel(data);
    if (data.selected === this.selected) this.unsent = false;
    if (!this.unsent) this.selected = data.selected; // else what was chosen here is not known there yet
    this.root.classList.toggle("dark", isDark(this.root));
    this.root.classList.toggle("pending", data.pending);
    this.root.setAttribute("aria-busy", String(data.pending));
    this.draw();
  }

  /** Put labels that were given here over what the server still has, for as long as it may not know of them. */
  relabel({ table }) {
    for (const row of this.labelled.size ? table.groups.flatMap((group) => group.rows) : []) {
      const given = this.labelled.get(row.key);
      if (!given) continue;
      if (row.label === given.label || given.until < Date.now()) this.labelled.delete(row.key);
      else [row.label, table.labels] = [given.label, true];
    }
  }

  draw() {
    const { strip, curve, table } = this.data;
    this.width ||= Math.floor(this.root.clientWidth) || 720;
    const beside = this.width >= SIDE_BY_SIDE_PX;
    this.pictures.hidden = !strip;
    this.curve.root.hidden = !curve;
    this.pictures.classList.toggle("stacked", !beside);
    if (strip) {
      this.strip.width = beside && curve ? this.width - CURVE_PX - GAP_PX : this.width;
      this.strip.take(strip, this.selected);
    }
    if (curve) {
      this.curve.width = beside ? CURVE_PX : this.width;
      this.curve.take(curve);
    }
    this.table.take(table, this.selected);
  }

  choose(key, focus = false) {
    this.selected = key;
    this.unsent = true;
    this.table.select(key);
    if (this.data.strip) this.strip.take(this.data.strip, key);
    if (focus) {
      const line = this.table.find(key);
      line?.focus({ preventScroll: true });
      line?.scrollIntoView({ block: "nearest" });
    }
    clearTimeout(this.timer); // a key held down passes many rows
    this.timer = setTimeout(() => this.setState("row", { key, at: Date.now() }), 60);
  }

  move(by) {
    const keys = this.table.keys();
    const at = keys.indexOf(this.selected);
    const next = keys[at < 0 ? (by > 0 ? 0 : keys.length - 1) : at + by];
    if (next) this.choose(next, true);
    else if (at >= 0) {
      const { number, size, matching } = this.data.table.page;
      const to = number + by;
      if (to >= 1 && (to - 1) * size < matching) this.setTrigger("action", { name: "page", detail: to, at: Date.now() });
    }
  }

  /** The selected row, or the first one, gets the next label: good, bad, none. It is shown before the server knows. */
  label() {
    const key = this.selected || this.table.keys()[0];
    const { table } = this.data;
    const row = table.groups.flatMap((group) => group.rows).find((one) => one.key === key);
    if (!row) return;
    row.label = row.label in NEXT_LABEL ? NEXT_LABEL[row.label] : "good";
    this.labelled.set(key, { label: row.label, until: Date.now() + PATIENCE_MS });
    table.labels = true;
    this.table.take(table, this.selected);
    const given = Object.fromEntries([...this.labelled].map(([one, { label }]) => [one, label])); // all that the server may not know
    this.setState("labels", { given, at: Date.now() });
  }

  lookInto() {
    clearTimeout(this.timer); // it says itself which row is meant
    this.setTrigger("action", { name: "xray", detail: this.selected, at: Date.now() });
  }

  press(event) {
    if (isNoShortcut(event)) return;
    const inside = event.currentTarget === this.root;
    if (event.key === "j" || (inside && event.key === "ArrowDown")) this.move(1);
    else if (event.key === "k" || (inside && event.key === "ArrowUp")) this.move(-1);
    else if (event.key === "l") this.label();
    else if (event.key === "d") this.setTrigger("action", { name: "compare", detail: this.selected, at: Date.now() });
    else if (event.key === "p" && this.selected) this.setTrigger("action", { name: "pin", detail: this.selected, at: Date.now() });
    else if (event.key === "x" && this.selected) this.lookInto();
    else return;
    event.preventDefault();
  }

  end() {
    document.removeEventListener("keydown", this.onPage);
    this.unwatch();
    this.root.remove();
  }
}

export default mount((place) => new Board(place));
