// The rows: old, new, change, a bar for each part, label. A row without a score says so in place of the numbers.

import { icon, make } from "./dom.js";

const ROOM_PARTS = 4;

export class Table {
  constructor(choose, act) {
    Object.assign(this, { choose, act });
    this.table = make("table");
    this.only = make("div", { class: "only", role: "group", "aria-label": "Which rows" });
    this.pages = make("nav", { "aria-label": "Pages of rows" });
    this.root = make("div", { class: "rows" }, this.only, this.table, this.pages);
  }

  take(table, selected) {
    const text = JSON.stringify(table);
    if (text !== this.drawn) {
      this.drawn = text;
      const active = this.root.getRootNode().activeElement;
      const held = this.root.contains(active) ? active.dataset.key : undefined;
      // A message has to be read: where there are few parts, a column without a name makes room for it.
      const messages = table.groups.some((group) => group.rows.some((row) => row.state !== "scored"));
      table.room = messages && table.parts.length < ROOM_PARTS;
      this.table.replaceChildren(make("caption", { class: "sr", text: "Scores of the rows" }), head(table), ...table.groups.map((group) => this.group(group, table)));
      this.drawOnly(table.only);
      this.drawPages(table.page);
      if (held) this.find(held)?.focus({ preventScroll: true });
    }
    this.select(selected);
  }

  keys() {
    return [...this.table.querySelectorAll("tr[data-key]")].map((line) => line.dataset.key);
  }

  find(key) {
    return this.table.querySelector(`tr[data-key="${CSS.escape(key)}"]`);
  }

  select(key) {
    for (const line of this.table.querySelectorAll("tr[data-key]")) {
      const on = line.dataset.key === key;
      line.classList.toggle("on", on);
      line.setAttribute("aria-selected", String(on));
      line.tabIndex = on ? 0 : -1;
    }
    if (!this.table.querySelector("tr.on")) this.table.querySelector("tr[data-key]")?.setAttribute("tabindex", "0");
  }

  group(group, table) {
    const title = make("th", { colspan: width(table), scope: "rowgroup" }, make("span", { text: group.title }), group.note ? make("span", { class: "note", text: ` · ${group.note}` }) : null);
    return make("tbody", {}, make("tr", { class: "group" }, title), group.rows.map((row) => this.row(row, table)));
  }

  row(row, table) {
    const line = make("tr", { data: { key: row.key }, on: { click: () => this.choose(row.key) } });
    line.append(
      make("td", { class: "mark" }, icon(row.mark)),
      make("td", { class: "number", text: row.number }),
      make("td", { class: row.output ? "output" : "output none", title: row.output.length > 40 ? row.output : null, text: row.output || "empty" }),
    );
    if (table.old) line.append(make("td", { class: "old number", text: row.old }));
    const label = table.labels ? make("td", { class: "label", text: row.label }) : null;
    if (row.state !== "scored") {
      const message = row.state !== "failed" ? [make("span", { class: "chip", text: row.state }), row.message] : [make("span", { class: "cross", "aria-hidden": "true", text: "✕" }), row.message];
      line.append(make("td", { class: `message ${row.state}`, colspan: (table.old ? 2 : 1) + table.parts.length + (table.room ? 1 : 0), title: row.message }, message));
    } else {
      line.append(make("td", { class: "new number", text: row.new }));
      if (table.old) line.append(make("td", { class: `change number ${row.direction}` }, row.direction ? make("span", { "aria-hidden": "true", text: row.direction === "up" ? "▲ " : "▼ " }) : null, row.change));
      line.append(...row.parts.map((part) => make("td", { class: "part" }, part && bar(part))));
      if (table.room) line.append(make("td", { class: "room" }));
    }
    if (label) line.append(label);
    return line;
  }

  drawOnly(choices) {
    const held = this.root.getRootNode().activeElement?.dataset?.only;
    this.only.replaceChildren(...choices.map(({ key, text, on }) => make("button", { type: "button", text, data: { only: key }, "aria-pressed": String(on), on: { click: () => this.act("only", key) } })));
    if (held) this.only.querySelector(`[data-only="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
  }

  drawPages({ number, size, matching }) {
    const last = Math.ceil(matching / size);
    this.pages.hidden = last < 2;
    const step = (words, to) => make("button", { type: "button", text: words, disabled: to < 1 || to > last, on: { click: () => this.act("page", to) } });
    const from = (number - 1) * size + 1;
    const range = `${from.toLocaleString("en")}–${Math.min(from + size - 1, matching).toLocaleString("en")} of ${matching.toLocaleString("en")}`;
    this.pages.replaceChildren(step("Previous", number - 1), make("span", { text: range }), step("Next", number + 1));
  }
}

const width = (table) => columnsOf(table).length;

function head(table) {
  return make("thead", {}, make("tr", {}, columnsOf(table).map(([kind, text, title]) => make(text ? "th" : "td", { class: kind, text, title, scope: text ? "col" : null }))));
}

function columnsOf(table) {
  const columns = [["mark", ""], ["number", table.first], ["output", "output"]];
  if (table.old) columns.push(["old number", "old", table.old]);
  columns.push(["new number", table.old ? "new" : "score"]);
  if (table.old) columns.push(["change number", "change"]);
  columns.push(...table.parts.map((name) => ["part", name, name]));
  if (table.room) columns.push([`room of${table.parts.length}`, ""]);
  if (table.labels) columns.push(["label", "label"]);
  return columns;
}

function bar(part) {
  return make("span", { class: "bar", role: "img", "aria-label": part.text, title: part.text }, make("span", { style: `width: ${Math.round(part.share * 100)}%` }));
}
