// The ledger: the run as a table, for keyboards, screen readers, print and phones. A row stays the same node while it changes.
// Python sorts, filters and pages it; the attempts that it shows are data.table.rows.
//
//   view                      { selected, pick(attempt), choose(change) }: selection and choices are the view's

import { element, foldable, mark, tag } from "./elements.js";

const LONG = 16; // letters of a cell that deserves more width

// The classes of a column's cells: what it tells, and how it is aligned.
function place(column) {
  const name = column.is_part ? "part" : column.key === "hint" ? "hint-for" : column.key;
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
    this.filters = element("span", { className: "choice", role: "group", "aria-label": "Which attempts" });
    this.back = element("button", { type: "button", "aria-label": "Page before", textContent: "‹" });
    this.forth = element("button", { type: "button", "aria-label": "Next page", textContent: "›" });
    this.page = element("span", {});
    this.pages = element("span", { className: "pages" }, this.page, this.back, this.forth);
    this.brush = element("span", { className: "brush quiet", textContent: "drag on the chart to select" });
    this.tools = element("div", { className: "tools" }, this.filters, this.brush, this.pages);
    this.place = element("div", { className: "table" }, this.tools, this.ledger, this.note);
    this.elements = [this.place];
    this.body.addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      const selecting = String(getSelection()) !== "" && !event.target.closest("button");
      if (row && !selecting) this.view.pick(Number(row.dataset.attempt));
    });
    this.back.addEventListener("click", () => this.view.choose({ page: this.data.table.page - 1 }));
    this.forth.addEventListener("click", () => this.view.choose({ page: this.data.table.page + 1 }));
  }

  take(data) {
    this.data = data;
    this.fill();
    this.choices();
    this.tick();
  }

  fill() {
    const { columns, rows, sort, count, kind } = this.data.table;
    const wanted = JSON.stringify(columns);
    if (wanted !== this.columns) {
      this.columns = wanted;
      this.table.className = kind;
      this.heads(columns);
    }
    const [key, descending] = [sort.replace("-", ""), sort.startsWith("-")];
    for (const heading of this.head.children) {
      if (heading.dataset.key === key) heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
      else heading.removeAttribute("aria-sort");
    }
    this.table.hidden = !rows.length;
    this.note.textContent = rows.length
      ? { costs: "Time, tokens and cost include the advice after an attempt." }[kind] ?? ""
      : count
        ? "No attempt is of this kind. Choose another filter above."
        : "No attempt has begun yet. Each gets a column above and a row here.";
    const order = rows.map((row) => row.attempt);
    for (const [attempt, { row }] of this.rows) {
      if (order.includes(attempt)) continue;
      row.remove();
      this.rows.delete(attempt);
    }
    rows.forEach((told, at) => {
      const known = this.rows.get(told.attempt) ?? this.addRow(told.attempt);
      if (this.body.children[at] !== known.row) this.body.insertBefore(known.row, this.body.children[at] ?? null);
      const same = JSON.stringify([told, columns]);
      if (known.same === same) return;
      known.same = same;
      known.started = told.started_at;
      known.row.className = told.outcome;
      known.said.textContent = ` ${told.words}`;
      known.mark.replaceChildren(mark(told.outcome), ...(told.returned ? [mark("returned")] : []));
      known.row.replaceChildren(known.head, ...this.cells(told, columns));
    });
  }

  // One cell for each column; the reason why there are no parts stands in the place of all of them.
  cells({ cells, message }, columns) {
    const parts = columns.filter((column) => column.is_part).length;
    const made = [];
    columns.forEach((column, i) => {
      if (message && parts && column.is_part) {
        if (columns[i - 1].is_part) return;
        const [text, title] = message;
        made.push(element("td", { role: "cell", className: "why", colSpan: parts, title, textContent: text }));
        return;
      }
      const [text, title, quiet] = cells[i];
      const cell = element("td", { role: "cell", className: place(column), title }, ...foldable(text));
      cell.classList.toggle("quiet", quiet);
      cell.classList.toggle("long", text.length > LONG);
      cell.dataset.key = column.key;
      cell.dataset.name = column.brief;
      made.push(cell);
    });
    return made;
  }

  heads(columns) {
    this.brief = undefined;
    this.head.replaceChildren(
      ...[{ key: "attempt", title: "#", brief: "#", sorts: true }, ...columns].map((column) => {
        const button = element("button", { type: "button", textContent: column.title });
        // A column without a title is no heading: its place is kept for what attempts would score now.
        const heading = column.title
          ? element("th", { role: "columnheader", scope: "col", className: place(column) }, column.sorts ? button : column.title)
          : element("td", { className: place(column), "aria-hidden": "true" });
        button.addEventListener("click", () => this.view.choose({ sort: this.other(column) }));
        heading.dataset.key = column.key;
        return heading;
      }),
    );
  }

  // The order after a press on a heading: numbers from the largest, names from the first, then the other way round.
  other({ key, number }) {
    const { sort } = this.data.table;
    const first = number ? `-${key}` : key;
    return sort === first ? (number ? key : `-${key}`) : first;
  }

  // Which attempts, and which page of them; only where there are more than fit on one.
  choices() {
    const { filters, show, page, pages, count, brush, range } = this.data.table;
    this.brush.hidden = !brush || Boolean(range);
    this.tools.hidden = !filters.length;
    const wanted = JSON.stringify([filters, show]);
    if (wanted !== this.chosen) {
      this.chosen = wanted;
      const focused = this.filters.contains(document.activeElement) ? document.activeElement.dataset.show : null;
      this.filters.replaceChildren(
        ...filters.map(([name, words]) => {
          const button = element("button", { type: "button", textContent: words, "aria-pressed": String(name === show) });
          button.dataset.show = name;
          button.addEventListener("click", () => this.view.choose({ show: name }));
          return button;
        }),
      );
      if (focused !== null) this.filters.querySelector(`[data-show="${focused}"]`)?.focus({ preventScroll: true });
    }
    this.pages.hidden = pages < 2;
    this.page.textContent = `page ${page} of ${pages}`;
    for (const [button, off] of [[this.back, page <= 1], [this.forth, page >= pages]]) {
      if (off && document.activeElement === button) this.view.focus();
      button.disabled = off;
    }
    this.ledger.style.minHeight = pages > 1 && count ? `${this.ledger.dataset.full ?? 0}px` : "";
    if (pages > 1 && page === 1) this.ledger.dataset.full = this.ledger.offsetHeight; // the last page is as high as the others
  }

  headings(brief) {
    if (this.brief === brief || !this.data?.table) return;
    this.brief = brief;
    this.data.table.columns.forEach((column, i) => {
      const heading = this.head.children[i + 1];
      (heading.firstElementChild ?? heading).textContent = brief ? column.brief : column.title;
      heading.title = brief && column.brief !== column.title ? column.title : "";
    });
  }

  addRow(attempt) {
    const button = element("button", { type: "button", textContent: String(attempt + 1) });
    button.setAttribute("aria-label", `Select attempt ${attempt + 1}`);
    const marks = element("span", { className: "marks" });
    const said = element("span", { className: "sr" });
    const head = element("th", { role: "rowheader", scope: "row" }, button, " ", marks, said);
    const row = element("tr", { role: "row" }, head);
    row.dataset.attempt = attempt;
    const made = { row, head, button, said, mark: marks };
    this.rows.set(attempt, made);
    return made;
  }

  // Seconds go by on the row that runs; nothing comes from Python for that.
  tick() {
    clearTimeout(this.clock);
    const running = this.data.table.kind === "costs" ? [...this.rows.values()].filter((known) => known.started !== null) : [];
    for (const { row, started } of running) {
      const cell = row.querySelector('[data-key="time"]');
      cell.textContent = `${Math.max(0, Math.round((this.data.at ?? Date.now() / 1000) - started))}…`;
      cell.title = "Seconds since the attempt began";
    }
    if (running.length) this.clock = setTimeout(() => this.tick(), 1000);
    this.ledger.tabIndex = this.ledger.scrollWidth > this.ledger.clientWidth ? 0 : -1;
  }

  show() {
    for (const [attempt, { row, button }] of this.rows) {
      const on = attempt === this.view.selected;
      row.setAttribute("aria-selected", String(on));
      tag(button, this.view.labels.get(attempt));
      if (on) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
  }

  end() {
    clearTimeout(this.clock);
  }
}
