// The ledger: the run as a table, for keyboards, screen readers, print and phones. A row stays the same node while it changes.
//
//   view                      { selected, pick(attempt) }: the selection is the view's

import { element, foldable, mark } from "./elements.js";

const LONG = 16; // letters of a cell that deserves more width

// The classes of a column's cells: what it tells, and how it is aligned.
function place(column) {
  const name = column.key === "hint" ? "hint-for" : column.key;
  return column.number ? `${name} number` : name;
}

export class Ledger {
  constructor(view) {
    this.view = view;
    this.rows = new Map();
    // The roles are those that the elements have already, until a phone lays them out as a grid.
    this.head = element("tr", { role: "row" });
    this.body = element("tbody", { role: "rowgroup" });
    const caption = element("caption", { className: "sr", textContent: "Ledger: every attempt of the run" });
    const top = element("thead", { role: "rowgroup" }, this.head);
    this.table = element("table", { role: "table" }, caption, top, this.body);
    this.ledger = element("div", { className: "ledger", role: "region", "aria-label": "Ledger of attempts" }, this.table);
    this.note = element("p", { className: "note" });
    this.elements = [this.ledger, this.note];
    this.body.addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      const selecting = String(getSelection()) !== "" && !event.target.closest("button");
      if (row && !selecting) this.view.pick(Number(row.dataset.attempt));
    });
  }

  take(data) {
    this.data = data;
    this.fill();
    this.tick();
  }

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
    const order = this.data.rows.map((row) => row.attempt);
    for (const [attempt, { row }] of this.rows) {
      if (order.includes(attempt)) continue;
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

  show() {
    for (const [attempt, { row, button }] of this.rows) {
      const on = attempt === this.view.selected;
      row.setAttribute("aria-selected", String(on));
      if (on) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
  }

  end() {
    clearTimeout(this.clock);
  }
}
