// The table of runs and the bar of actions above it.
//
//   data --take--> rows, in a real table: links, checkboxes, column headings that sort
//   ticks --setStateValue("selected")-->      presses --setTriggerValue("action")-->
//
// Ticking, moving and the bar need no server. Text is set by textContent alone: names and inputs may hold anything.
// Keys: / search, j k move, Space or x ticks, Enter opens, d compares two, Escape unticks.
const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 86;
const HEIGHT = 22;
const EDGE = 4;
const MARKS = 30; // attempts up to which each has a dot, or a cross where it failed

// Every outcome has a shape of its own, for those who do not tell the colours apart.
const SHAPES = {
  reached: ["rect", { x: 3, y: 3, width: 10, height: 10 }, "good"],
  "not reached": ["path", { d: "M8 3 L13.5 13 H2.5 Z" }, "plain"],
  finished: ["circle", { cx: 8, cy: 8, r: 5 }, "scored"],
  failed: ["path", { d: "M3.5 3.5 L12.5 12.5 M12.5 3.5 L3.5 12.5" }, "bad line"],
  cancelled: ["path", { d: "M3 8 H13" }, "plain line"],
  stopped: ["rect", { x: 3.5, y: 3.5, width: 9, height: 9 }, "plain line"],
  running: ["circle", { cx: 8, cy: 8, r: 5, "stroke-dasharray": "2.6 2.6" }, "scored line"],
  paused: ["path", { d: "M5.5 3.5 V12.5 M10.5 3.5 V12.5" }, "scored line"],
  interrupted: ["path", { d: "M8 2.5 V9 M8 12 V13.5" }, "plain line"],
};

function make(kind, className, text) {
  const made = document.createElement(kind);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function draw(kind, attributes, className) {
  const made = document.createElementNS(SVG, kind);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (className) made.setAttribute("class", className);
  return made;
}

function button(text, key, act) {
  const made = make("button", "", text);
  made.type = "button";
  if (key) made.append(make("kbd", "", key));
  made.addEventListener("click", act);
  return made;
}

function sparkline(row) {
  const picture = draw("svg", { width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  picture.append(draw("title", {}));
  picture.firstChild.textContent = row.alt;
  const values = row.points.filter((value) => value !== null);
  const all = row.threshold === null ? values : [...values, row.threshold];
  const low = Math.min(0, ...all);
  const high = Math.max(...all, low + 1e-9);
  const failed = values.length < row.points.length && row.points.length <= MARKS;
  const floor = failed ? HEIGHT - 6 : HEIGHT - 3; // attempts without a reward have a line of their own
  const x = (i) => EDGE + (row.points.length < 2 ? 0 : (i * (WIDTH - 2 * EDGE)) / (row.points.length - 1));
  const y = (value) => floor - ((value - low) / (high - low)) * (floor - 3);
  if (row.threshold !== null) {
    picture.append(draw("path", { d: `M0 ${y(row.threshold)} H${WIDTH}`, "stroke-dasharray": "3 3" }, "edge"));
  }
  const scored = row.points.map((value, i) => [value, i]).filter(([value]) => value !== null);
  const points = scored.map(([value, i]) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`);
  if (points.length > 1) picture.append(draw("polyline", { points: points.join(" ") }, "scored line"));
  if (row.points.length > MARKS) return picture;
  for (const [value, i] of scored) picture.append(draw("circle", { cx: x(i), cy: y(value), r: 1.8 }, "scored"));
  row.points.forEach((value, i) => {
    if (value !== null) return;
    const [left, top] = [x(i) - 2.2, HEIGHT - 5];
    picture.append(draw("path", { d: `M${left} ${top} l4.4 4.4 m0 -4.4 l-4.4 4.4` }, "bad line"));
  });
  return picture;
}

function isTyping(event) {
  const at = event.composedPath()[0];
  return at.isContentEditable || /^(textarea|select)$/i.test(at.tagName) || (at.tagName === "INPUT" && at.type !== "checkbox");
}

class Table {
  chosen = []; // ids, in the order in which they were ticked
  rows = [];
  cleared = 0;

  constructor(place) {
    this.place = place;
    this.root = make("div", "root");
    this.bar = make("div", "bar");
    this.bar.setAttribute("role", "toolbar");
    this.bar.setAttribute("aria-label", "Actions on the selected runs");
    this.status = make("span", "sr");
    this.status.setAttribute("role", "status");
    this.table = make("table");
    this.table.append(make("caption", "sr", "Runs"), make("thead"), make("tbody"));
    this.pages = make("nav");
    this.pages.setAttribute("aria-label", "Pages of runs");
    this.root.append(this.bar, this.status, this.table, this.pages);
    place.append(this.root);
    this.root.addEventListener("keydown", (event) => this.press(event));
    this.onPage = (event) => this.pressOnPage(event);
    document.addEventListener("keydown", this.onPage);
  }

  take(data, setState, setTrigger) {
    Object.assign(this, { data, setState, setTrigger });
    if (data.cleared !== this.cleared) {
      this.cleared = data.cleared;
      this.chosen = [];
    }
    this.root.classList.toggle("dark", this.isDark());
    this.rows = data.rows;
    this.byId = new Map([...(this.byId ?? []), ...data.rows.map((row) => [row.id, row])]);
    const text = JSON.stringify([data.rows, data.sort, data.columns]);
    if (text !== this.drawn) {
      this.drawn = text;
      this.keepFocus(() => {
        this.drawHead();
        this.drawRows();
      });
    }
    this.drawTicks();
    this.keepFocus(() => {
      this.drawBar();
      this.drawPages();
    });
  }

  drawPages() {
    const { number, size, matching } = this.data.page;
    const last = Math.ceil(matching / size);
    this.pages.hidden = last < 2;
    const step = (label, to) => {
      const made = button(label, "", () => this.act("page", [], String(to)));
      made.disabled = to < 1 || to > last;
      made.dataset.focus = label;
      return made;
    };
    const from = (number - 1) * size + 1;
    const range = `${from.toLocaleString("en")}–${Math.min(from + size - 1, matching).toLocaleString("en")}`;
    const place = make("span", "", `${range} of ${matching.toLocaleString("en")}`);
    this.pages.replaceChildren(step("Previous", number - 1), place, step("Next", number + 1));
  }

  isDark() {
    const text = getComputedStyle(this.root).getPropertyValue("--st-background-color").trim();
    const canvas = document.createElement("canvas").getContext("2d");
    canvas.fillStyle = text || "#fff";
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data;
    return r * 0.299 + g * 0.587 + b * 0.114 < 128;
  }

  // What has the focus is drawn anew: the same part of the same run gets it back.
  keepFocus(change) {
    const held = this.root.getRootNode().activeElement?.dataset?.focus;
    change();
    if (held) this.root.querySelector(`[data-focus="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
  }

  act(name, ids, detail = "") {
    this.setTrigger("action", { name, ids, detail, at: Date.now() });
  }

  drawHead() {
    const { columns, sort } = this.data;
    const line = make("tr");
    line.append(make("td", "tick"));
    for (const column of columns) {
      const head = make("th", column.kind);
      head.scope = "col";
      if (column.sort) {
        const sorted = column.sort === sort.key;
        const press = button(column.title, "", () => this.act("sort", [], column.sort));
        press.dataset.focus = `sort ${column.sort}`;
        press.title = `Sort by ${column.title.toLowerCase()}`;
        const arrow = make("span", "arrow", sorted ? (sort.descending ? "↓" : "↑") : "");
        arrow.setAttribute("aria-hidden", "true");
        press.append(arrow);
        head.append(press);
        if (sorted) head.setAttribute("aria-sort", sort.descending ? "descending" : "ascending");
      } else head.textContent = column.title;
      line.append(head);
    }
    this.table.tHead.replaceChildren(line);
  }

  drawRows() {
    this.table.tBodies[0].replaceChildren(...this.rows.map((row) => this.drawRow(row)));
  }

  drawRow(row) {
    const line = make("tr");
    line.dataset.id = row.id;
    const tick = make("td", "tick");
    const box = make("input");
    box.type = "checkbox";
    box.setAttribute("aria-label", `Select ${row.name}`);
    box.dataset.focus = `tick ${row.id}`;
    box.addEventListener("change", () => this.tick(row.id));
    tick.append(box);
    line.append(tick);
    for (const column of this.data.columns) line.append(this.cell(row, column.kind.split(" ")[0], column));
    line.append(make("td", "more", row.more)); // what a phone shows in place of the narrow columns
    return line;
  }

  cell(row, kind, column) {
    const cell = make(kind === "name" ? "th" : "td", column.kind);
    switch (kind) {
      case "name": {
        cell.scope = "row";
        const link = make("a", "", row.name);
        link.href = new URL(row.href, document.baseURI).href;
        link.dataset.focus = `open ${row.id}`;
        link.title = row.title ? `${row.name} (${row.title})` : row.name;
        link.addEventListener("click", (event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return; // a new tab, or a window
          event.preventDefault();
          this.act("open", [row.id]);
        });
        const star = button(row.starred ? "★" : "☆", "", () => this.act(row.starred ? "unstar" : "star", [row.id]));
        star.className = row.starred ? "star on" : "star";
        star.dataset.focus = `star ${row.id}`;
        star.setAttribute("aria-label", `Star ${row.name}`);
        star.setAttribute("aria-pressed", String(row.starred));
        const inner = make("span", "inner");
        inner.append(link);
        if (row.note) {
          const note = make("span", "note", "note");
          note.title = row.note;
          inner.append(note);
        }
        inner.append(star);
        cell.append(inner);
        break;
      }
      case "rewards":
        cell.append(sparkline(row));
        break;
      case "outcome": {
        const [shape, attributes, colour] = SHAPES[row.outcome] ?? SHAPES.finished;
        const mark = draw("svg", { width: 16, height: 16, viewBox: "0 0 16 16", "aria-hidden": "true" });
        mark.append(draw(shape, attributes, colour));
        const word = make("span", row.outcome === "failed" ? "bad" : "", row.outcome);
        cell.title = row.outcome_title;
        cell.append(mark, word);
        break;
      }
      case "tags":
        for (const tag of row.tags) cell.append(make("span", "tag", tag));
        break;
      default:
        cell.textContent = row[kind];
        cell.title = row[`${kind}_title`] ?? (kind === "input" ? row.input : "");
    }
    return cell;
  }

  drawTicks() {
    for (const line of this.table.tBodies[0].rows) {
      const on = this.chosen.includes(line.dataset.id);
      line.classList.toggle("on", on);
      line.querySelector("input").checked = on;
    }
  }

  drawBar() {
    const { data, chosen } = this;
    const parts = [];
    if (!chosen.length && data.undo) {
      const undo = button("Undo", "", () => this.act("undo", []));
      undo.dataset.focus = "undo";
      parts.push(make("strong", "", data.undo), make("span", "more", "Deleted runs are kept for 30 days."), undo);
    } else if (!chosen.length && this.rows.length) {
      const tip = make("span", "tip");
      tip.append("Tick runs to compare, tag or delete them. ");
      const keys = make("span", "keys");
      for (const [key, what] of [["/", "search"], ["j", ""], ["k", "move"], ["Space", "tick"], ["Enter", "open"]]) {
        keys.append(make("kbd", "", key), what ? ` ${what} ` : " ");
      }
      tip.append(keys);
      parts.push(tip);
    } else if (chosen.length) {
      parts.push(make("strong", "", `${chosen.length.toLocaleString("en")} selected`));
      if (data.deleted) parts.push(this.action("Restore", "restore", "primary"));
      else {
        const two = chosen.length === 2;
        const compare = button("Compare", "d", () => this.compare());
        compare.className = two ? "primary" : "";
        compare.disabled = !two;
        if (!two) compare.title = "Select two runs to compare them";
        compare.dataset.focus = "compare";
        parts.push(make("span", "pair", two ? data.pair : ""), compare);
        if (chosen.length === 1) parts.push(this.action("Rename", "rename"), this.action("Note", "note"));
        parts.push(this.action("Tag", "tag"), this.starAction(), this.action("Delete", "delete"));
      }
      const clear = button("Clear selection", "", () => this.choose([]));
      clear.className = "link";
      clear.dataset.focus = "clear";
      parts.push(make("span", "space"), clear);
    }
    this.bar.classList.toggle("active", chosen.length > 0 || Boolean(data.undo));
    this.bar.replaceChildren(...parts);
    this.status.textContent = chosen.length ? `${chosen.length} selected` : data.undo;
  }

  action(label, name, className = "") {
    const made = button(label, "", () => this.act(name, this.chosen));
    made.className = className;
    made.dataset.focus = name;
    return made;
  }

  starAction() {
    const all = this.chosen.every((id) => this.byId.get(id)?.starred);
    return this.action(all ? "Remove star" : "Star", all ? "unstar" : "star");
  }

  compare() {
    if (this.chosen.length === 2 && !this.data.deleted) this.act("compare", this.chosen);
  }

  tick(id) {
    this.choose(this.chosen.includes(id) ? this.chosen.filter((one) => one !== id) : [...this.chosen, id]);
  }

  choose(ids) {
    this.chosen = ids;
    this.drawTicks();
    this.keepFocus(() => this.drawBar());
    this.setState("selected", { ids, cleared: this.cleared });
  }

  current(event) {
    return event.composedPath().find((one) => one.dataset?.id !== undefined && one.tagName === "TR");
  }

  move(line, by) {
    const lines = [...this.table.tBodies[0].rows];
    const next = line ? lines[lines.indexOf(line) + by] : lines[by > 0 ? 0 : lines.length - 1];
    const link = next?.querySelector("a");
    link?.focus();
    link?.scrollIntoView({ block: "nearest" });
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const line = this.current(event);
    const at = event.composedPath()[0];
    if (event.key === "j" || (event.key === "ArrowDown" && line)) this.move(line, 1);
    else if (event.key === "k" || (event.key === "ArrowUp" && line)) this.move(line, -1);
    else if (line && (event.key === "x" || (event.key === " " && at.tagName === "A"))) this.tick(line.dataset.id);
    else if (event.key === "d") this.compare();
    else if (event.key === "Escape" && this.chosen.length) this.choose([]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // Keys that work wherever the focus is, unless something is being typed.
  pressOnPage(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
    if (event.key === "/") document.querySelector("main input[type=search]")?.focus();
    else if (event.key === "j" && document.activeElement === document.body) this.move(null, 1);
    else return;
    event.preventDefault();
  }

  end() {
    document.removeEventListener("keydown", this.onPage);
    this.root.remove();
  }
}

const tables = new WeakMap();

export default function ({ parentElement, data, setStateValue, setTriggerValue }) {
  let table = tables.get(parentElement);
  if (!table) {
    table = new Table(parentElement);
    tables.set(parentElement, table);
  }
  table.take(data, setStateValue, setTriggerValue);
  return () => {
    if (parentElement.isConnected) return;
    table.end();
    tables.delete(parentElement);
  };
}
