// A reward line by line on one row, or on two side by side: the code stands once, with a column of values per row.
//
//   Python  --data-->                Xray.take
//   a call is entered, a row left    setTriggerValue("enter" | "move") --> the address
//
// A line is chosen here: its inner values stand below. Keys: arrows between lines, j k next and previous row, Escape leaves a call.

import { draw, isDark, make } from "../shared/dom.js";
import { isNoShortcut } from "../shared/keys.js";
import { mount, watchWidth } from "../shared/mount.js";

const NARROW_PX = 700;

/** The mark of a row: the first a square, the second a disc, so that they differ without colour. */
function mark(place) {
  const shape = place
    ? draw("circle", { cx: 7, cy: 7, r: 5.2, class: "shape second" })
    : draw("rect", { x: 2, y: 2, width: 10, height: 10, class: "shape first" });
  return draw("svg", { width: 14, height: 14, viewBox: "0 0 14 14", "aria-hidden": "true" }, shape);
}

const isQuiet = (line) => line.cells.every((cell) => !cell.segments.length && !cell.note && !cell.printed && !cell.error && !cell.lost);

class Xray {
  constructor(place) {
    this.root = make("div", { class: "root" });
    place.append(this.root);
    this.root.addEventListener("keydown", (event) => this.press(event));
    this.onPage = (event) => document.activeElement === document.body && this.press(event);
    document.addEventListener("keydown", this.onPage);
    this.unwatch = watchWidth(this.root, () => this.data && this.place());
  }

  take(data, tell) {
    this.tell = tell;
    this.root.classList.toggle("dark", isDark(this.root));
    const text = JSON.stringify(data);
    if (text === this.drawn) return;
    const other = !this.data || JSON.stringify([this.data.columns, this.data.trail]) !== JSON.stringify([data.columns, data.trail]);
    this.drawn = text;
    this.data = data;
    if (data.row === this.wanted) this.wanted = undefined;
    if (other || !this.line(this.chosen)) this.chosen = data.chosen;
    this.draw();
  }

  line(number) {
    return this.data?.lines.find((one) => one.number === number);
  }

  draw() {
    const { data } = this;
    const focused = this.root.contains(this.root.getRootNode().activeElement) && this.root.getRootNode().activeElement?.matches("tr[data-line]");
    this.rows = new Map();
    this.inner = make("section", { class: "inner", "aria-live": "polite" });
    this.root.classList.toggle("alone", data.columns.length === 1);
    this.below = make("div", { class: "below" }, data.outputs.map((one, place) => this.output(one, place)));
    this.root.replaceChildren(...(data.trail.length ? [this.trail()] : []), this.table(), this.below);
    this.drawInner();
    if (focused) this.rows.get(this.chosen)?.focus({ preventScroll: true });
  }

  trail() {
    const { trail } = this.data;
    return make(
      "nav",
      { "aria-label": "Calls" },
      trail.map((one, place) => [
        place ? make("span", { class: "muted", text: "›" }) : null,
        one.here ? make("b", { text: one.text }) : make("button", { type: "button", text: one.text, on: { click: () => this.enter(one.call) } }),
      ]),
    );
  }

  table() {
    const { columns, lines, title } = this.data;
    return make(
      "table",
      { "aria-label": "The reward, line by line" },
      make(
        "thead",
        {},
        make(
          "tr",
          {},
          make("th", { class: "code", scope: "col", text: title }),
          columns.map((one, place) => make("th", { scope: "col" }, make("span", { class: "head" }, make("span", { class: "label" }, mark(place), make("b", { text: one.label })), make("span", { class: "score", text: one.score })))),
        ),
      ),
      make("tbody", {}, lines.map((line) => this.row(line))),
    );
  }

  row(line) {
    const chosen = line.number === this.chosen;
    const row = make(
      "tr",
      {
        class: [line.pale && "pale", line.parts && "parts", chosen && "on", isQuiet(line) && "quiet"].filter(Boolean).join(" "),
        tabindex: chosen ? 0 : -1,
        "aria-current": chosen ? "true" : null,
        data: { line: line.number },
        on: { click: () => this.choose(line.number, true) },
      },
      make(
        "th",
        { class: "code", scope: "row" },
        make("span", { class: "at", text: line.number }),
        make("code", { style: `--indent: ${line.indent}` }, line.code.map(([kind, text]) => (kind && !line.pale ? make("span", { class: kind, text }) : text))),
      ),
      line.cells.map((cell, place) => this.cell(cell, line, place)),
    );
    this.rows.set(line.number, row);
    return row;
  }

  cell(cell, line, place) {
    const cut = line.parts && place === line.cells.length - 1 && make("span", { class: "rule", text: this.data.parting });
    const several = this.data.columns.length > 1 && (cell.segments.length || cell.note || cell.error || cell.printed);
    return make(
      "td",
      { class: cell.state === "not_reached" ? "unreached" : null },
      make(
        "div",
        { class: "cell" },
        several ? make("span", { class: "whose" }, mark(place)) : null,
        make(
          "span",
          { class: "value" },
          cell.segments.map(([text, kind]) => (kind ? make("b", { class: kind, text }) : text)),
          cell.note && make("span", { class: cell.segments.length ? "note after" : "note", text: cell.note }),
          cell.printed && make("span", { class: "printed" }, make("span", { class: "note", text: "prints" }), cell.printed),
          cell.error && make("span", { class: "error" }, make("span", { "aria-hidden": "true", text: "✕ " }), cell.error),
        ),
        cell.lost && make("span", { class: "lost", text: cell.lost, title: "less than the most it can be" }),
      ),
      cut || null,
    );
  }

  drawInner() {
    const line = this.line(this.chosen);
    if (!line) return this.inner.replaceChildren();
    const { columns } = this.data;
    const calls = line.calls.flatMap((list, place) => (place ? [] : list)); // the other row's follow them
    const table = make(
      "table",
      {},
      make("thead", {}, make("tr", {}, make("th", { scope: "col", text: "expression" }), columns.map((one) => make("th", { scope: "col", text: one.label.toLowerCase() })))),
      make("tbody", {}, line.inner.map((one) => make("tr", {}, make("th", { scope: "row" }, make("code", { text: one.text })), one.values.map((value, place) => make("td", { class: one.differs && place ? "differs" : null, text: value || "–" }))))),
    );
    this.place();
    this.inner.replaceChildren(
      make("header", {}, make("h3", { text: `Line ${line.number}` }), make("span", { class: "keys" }, make("kbd", { text: "↑" }), make("kbd", { text: "↓" }), " lines ", make("kbd", { text: "j" }), make("kbd", { text: "k" }), " rows")),
      line.inner.length ? make("p", { class: "muted", text: "Inner values, left to right as they were worked out" }) : make("p", { class: "muted", text: line.pale ? "Not reached: nothing was worked out here." : "Nothing is worked out on this line." }),
      ...(line.inner.length ? [table] : []),
      ...(calls.length ? [make("p", { class: "calls" }, make("span", { class: "muted", text: calls.length > 1 ? "Look into a call:" : "Look into the call:" }), calls.map((one) => make("button", { type: "button", text: one.text, on: { click: () => this.enter(one.call) } })))] : []),
    );
  }

  /** On a narrow screen the inner values stand under their line, else under the code. */
  place() {
    this.here?.remove();
    const row = this.rows.get(this.chosen);
    if (this.root.clientWidth > NARROW_PX || !row) {
      this.below.prepend(this.inner);
      return;
    }
    this.here = make("tr", { class: "here" }, make("td", { colspan: this.data.columns.length + 1 }, this.inner));
    row.after(this.here);
  }

  output(one, place) {
    return make(
      "section",
      { class: "output" },
      make("h3", {}, this.data.columns.length > 1 ? mark(place) : null, one.label),
      make(
        "dl",
        {},
        one.fields.map((field) => [
          make("dt", { text: field.name }),
          make("dd", {}, field.pieces ? field.pieces.map(([state, text]) => (state === "same" ? text : make("mark", { text }))) : field.text || make("i", { class: "muted", text: "empty" })),
        ]),
      ),
    );
  }

  choose(number, focus = false) {
    const before = this.rows.get(this.chosen);
    before?.classList.remove("on");
    before?.setAttribute("tabindex", "-1");
    before?.removeAttribute("aria-current");
    this.chosen = number;
    const row = this.rows.get(number);
    row.classList.add("on");
    row.setAttribute("tabindex", "0");
    row.setAttribute("aria-current", "true");
    if (focus) {
      row.focus({ preventScroll: true });
      row.scrollIntoView({ block: "nearest" });
    }
    this.drawInner();
  }

  step(by) {
    const numbers = [...this.rows.keys()];
    const next = numbers[numbers.indexOf(this.chosen) + by];
    if (next !== undefined) this.choose(next, true);
  }

  /** To another row: a key held down passes many, and each press says where it has come to. */
  move(by) {
    const to = Math.min(Math.max((this.wanted ?? this.data.row) + by, 1), this.data.rows);
    if (to === (this.wanted ?? this.data.row)) return;
    this.wanted = to;
    this.tell("move", { row: to, at: Date.now() });
  }

  enter(call) {
    this.tell("enter", { call, at: Date.now() });
  }

  leave() {
    const { trail } = this.data;
    const here = trail.findIndex((one) => one.here);
    if (here > 0) this.enter(trail[here - 1].call);
  }

  press(event) {
    if (!this.data || isNoShortcut(event)) return;
    const onButton = event.composedPath()[0] instanceof HTMLButtonElement;
    const acts = {
      ArrowDown: () => this.step(1),
      ArrowUp: () => this.step(-1),
      j: () => this.move(1),
      k: () => this.move(-1),
      ...(onButton ? {} : { Enter: () => this.inner.scrollIntoView({ block: "nearest" }) }),
      Escape: () => this.leave(),
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  }

  end() {
    document.removeEventListener("keydown", this.onPage);
    this.unwatch();
    this.root.remove();
  }
}

export default mount((place) => new Xray(place));
