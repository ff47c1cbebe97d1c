// The result of an experiment: the verdict, three pictures, tables.
//
//   Python --data--> Result.take        person --asked--> {open: row} {pair} {page} {by} {act}
//
//   differences.js  known.js  survival.js  curves.js   the pictures, each drawn to its width; picture.js has their cursor
//   tables.js                                          everything else

import { isDark, keepFocus, make } from "../shared/dom.js";
import { mount } from "../shared/mount.js";
import { armMark } from "./arms.js";
import { paintCurves } from "./curves.js";
import { paintDifferences } from "./differences.js";
import { paintKnown } from "./known.js";
import { Picture } from "./picture.js";
import { paintSurvival } from "./survival.js";
import { armsTable, failuresTable, pairsTable, partsTable, worstTable } from "./tables.js";

const HEIGHT = 250;
const TALL = 290; // where there is one picture beside the verdict's own

class Result {
  constructor(place) {
    this.root = make("div", { class: "result" });
    this.unfolded = new Set();
    const height = () => (this.data.known ? TALL : HEIGHT);
    this.pictures = {
      known: new Picture((data, width) => paintKnown(data, width), { name: "The difference", hint: "" }),
      differences: new Picture((data, width) => paintDifferences(data, width, height()), { name: "Inputs", hint: "Click a bar to open both runs side by side.", act: "Compare", open: (at) => this.ask({ open: this.data.differences.rows[at] }) }),
      survival: new Picture((data, width) => paintSurvival(data, width, HEIGHT), { name: "Attempts", hint: "" }),
      curves: new Picture((data, width) => paintCurves(data, width, HEIGHT), { name: "Budgets", hint: "" }),
    };
    place.append(this.root);
  }

  ask(what) {
    this.tell("asked", { ...what, at: Date.now() });
  }

  take(data, tell) {
    this.tell = tell;
    this.root.classList.toggle("dark", isDark(this.root));
    const source = JSON.stringify(data);
    if (source === this.source) return;
    if (this.data?.id !== data.id) this.unfolded.clear();
    if (this.data?.by !== data.by || this.data?.id !== data.id) this.by = data.by;
    this.source = source;
    this.data = data;
    this.redraw();
  }

  redraw() {
    keepFocus(this.root, () => this.drawAll());
  }

  drawAll() {
    const { data } = this;
    const parts = data.known ? this.few() : this.full();
    this.root.replaceChildren(this.top(), ...parts.flat(Infinity).filter(Boolean));
    for (const [name, picture] of Object.entries(this.pictures)) {
      const shown = name === "curves" ? data.curves?.kinds?.[this.by] : data[name];
      if (shown && picture.root.isConnected) picture.take(shown);
    }
  }

  top() {
    const { mark, headline, details, method, plan, actions } = this.data;
    const buttons = actions.map(({ name, label, primary, title }) => make("button", { type: "button", class: primary ? "act primary" : "act", title, data: { key: name }, text: label, on: { click: () => this.ask({ act: name }) } }));
    return make("header", {}, mark ? make("p", { class: "mark", text: mark }) : null, make("h1", {}, make("bdi", { text: headline })), details.map((text) => make("p", { class: "details" }, make("bdi", { text }))), method ? make("p", { class: "method", text: method }) : null, plan ? make("p", { class: "details plan", text: plan }) : null, buttons.length ? make("p", { class: "actions" }, buttons) : null);
  }

  // Enough to draw everything.
  full() {
    const { differences, survival, curves, withheld } = this.data;
    const pictures = [this.picture("differences", differences), this.picture("survival", survival), this.curves(curves), withheld ? make("p", { class: "note", text: withheld }) : null].filter(Boolean);
    return [this.legend(), make("div", { class: "pictures" }, pictures), make("div", { class: "columns" }, make("div", { class: "left" }, this.arms(), this.pairs(), this.parts()), make("div", { class: "right" }, this.worst(), this.failures()))];
  }

  // Not enough: how far the difference is known, and what can be said already.
  few() {
    const { known, differences, survival, curves, withheld } = this.data;
    const drawn = [this.picture("survival", survival), this.curves(curves)].filter(Boolean);
    const tables = [[this.arms(), this.parts()], [this.worst(), this.failures()]];
    const [left, right] = drawn.length ? [[], []] : tables; // a long table of inputs wants more room than half
    const halves = make("div", { class: "columns halves" }, make("div", { class: "left" }, this.picture("known", known), this.pairs(), left), make("div", { class: "right" }, this.picture("differences", differences), withheld ? make("p", { class: "note", text: withheld }) : null, right));
    if (!drawn.length) return [halves];
    return [halves, this.legend(), make("div", { class: "pictures" }, drawn), make("div", { class: "columns" }, make("div", { class: "left" }, tables[0]), make("div", { class: "right" }, tables[1]))];
  }

  // Every arm with its mark and its whole name, for pictures that have room for marks alone.
  legend() {
    const arms = this.data.survival || this.data.curves ? (this.data.arms_table?.arms ?? []) : [];
    return arms.length ? make("ul", { class: "legend", "aria-label": "Arms" }, arms.map((arm) => make("li", {}, armMark(arm.mark), make("bdi", { text: arm.name })))) : null;
  }

  // A picture under its title, or the sentence that says why there is none.
  picture(name, data, beside = null) {
    if (!data) return null;
    const title = make("div", { class: "title" }, make("h2", {}, make("bdi", { text: data.title })), beside);
    if (data.empty) return make("section", { class: "drawn" }, title, make("p", { class: "note empty", text: data.empty }));
    return make("section", { class: "drawn" }, title, this.pictures[name].root);
  }

  curves(data) {
    if (!data) return null;
    if (data.empty) return this.picture("curves", data);
    const kinds = Object.keys(data.kinds);
    if (!kinds.includes(this.by)) [this.by] = kinds;
    const choices = kinds.map((kind) => make("button", { type: "button", "aria-pressed": String(kind === this.by), data: { key: `by-${kind}` }, text: data.kinds[kind].short, on: { click: () => this.turn(kind) } }));
    return this.picture("curves", data.kinds[this.by], kinds.length > 1 ? make("div", { class: "choice", role: "group", "aria-label": "The same amount of" }, choices) : null);
  }

  // Drawn at once; the address follows.
  turn(kind) {
    if (kind === this.by) return;
    this.by = kind;
    this.redraw();
    this.ask({ by: kind });
  }

  arms() {
    return this.data.arms_table ? armsTable(this.data.arms_table) : null;
  }

  pairs() {
    return this.data.pairs ? pairsTable(this.data.pairs, (pair) => this.ask({ pair })) : null;
  }

  parts() {
    return this.data.parts ? partsTable(this.data.parts) : null;
  }

  worst() {
    const { worst } = this.data;
    return worst ? worstTable(worst, { open: (row) => this.ask({ open: row }), turn: (page) => this.ask({ page }), unfolded: this.unfolded }) : null;
  }

  failures() {
    return this.data.failures ? failuresTable(this.data.failures, (act) => this.ask({ act })) : null;
  }

  end() {
    for (const picture of Object.values(this.pictures)) picture.end();
    this.root.remove();
  }
}

export default mount((place) => new Result(place));
