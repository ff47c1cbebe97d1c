// Rows of a table of inputs: what each column is in the header, a press on a row shows its cells whole.
//
//   Python --data--> Rows.take
//
// Text enters by textContent.

import { isDark, make } from "../shared/dom.js";
import { mount } from "../shared/mount.js";

class Rows {
  constructor(place) {
    this.root = make("div", { class: "input-rows" });
    place.append(this.root);
  }

  take(data) {
    this.root.classList.toggle("dark", isDark(this.root));
    const source = JSON.stringify(data);
    if (source === this.source) return;
    this.source = source;
    this.root.replaceChildren(this.table(data));
  }

  table({ columns, rows, caption }) {
    const head = make(
      "tr",
      {},
      make("th", { class: "number", scope: "col" }, make("span", { class: "sr", text: "row" })),
      columns.map((column) =>
        make("th", { scope: "col", class: column.numbers ? "figure" : "", title: column.title }, make("span", { class: "name", text: column.name }), " ", make("span", { class: "role", text: column.role })),
      ),
    );
    const table = make("table", {}, make("caption", { class: "sr", text: caption }), make("thead", {}, head), make("tbody", {}, rows.map((row) => this.row(row, columns))));
    return make("div", { class: "scroll", tabindex: columns.length > 5 ? 0 : undefined, role: columns.length > 5 ? "region" : undefined, "aria-label": columns.length > 5 ? caption : undefined }, table);
  }

  row(row, columns) {
    const long = row.cells.some((cell) => cell.text.length > 60 || cell.text.includes("\n"));
    const number = long
      ? make("button", { type: "button", text: row.number, "aria-expanded": "false", "aria-label": `Row ${row.number}: show whole cells` })
      : make("span", { text: row.number });
    const cells = row.cells.map((cell, at) =>
      make(
        "td",
        { class: `${columns[at].numbers ? "figure" : ""} ${cell.problem ? "problem" : ""} ${columns[at].out ? "out" : ""}`, data: { column: `${columns[at].name} ${columns[at].role}` } },
        cell.problem && make("span", { class: "sign", "aria-hidden": "true", text: "✕" }),
        make("span", { class: "text", text: cell.text }),
        cell.problem && make("span", { class: cell.text ? "why" : "text", text: cell.problem }),
      ),
    );
    if (row.problem) cells.unshift(make("td", { class: "problem", colSpan: columns.length }, make("span", { class: "sign", "aria-hidden": "true", text: "✕" }), make("span", { class: "text", text: row.problem })));
    const line = make("tr", { class: long ? "long" : "" }, make("th", { scope: "row", class: "number" }, number), row.problem ? cells[0] : cells);
    if (long)
      line.addEventListener("click", () => {
        if (getSelection()?.toString()) return;
        number.setAttribute("aria-expanded", String(line.classList.toggle("open")));
      });
    return line;
  }
}

export default mount((place) => new Rows(place));
