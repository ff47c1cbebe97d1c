// The table of runs and the bar of actions above it.
//
//   data --take--> rows, in a real table: links, checkboxes, column headings that sort
//   ticks --setStateValue("selected")-->      presses --setTriggerValue("action")-->
//
// Ticking, moving and the bar need no server. Text is set by textContent alone: names and inputs may hold anything.
// Keys: / search, j k move, Space or x ticks, Enter opens, → and ← show and hide branches, d compares two, Escape unticks.
import { button, drawRow, make } from "./cells.js";
import { isDark } from "../shared/dom.js";
import { isNoShortcut, isSilenced } from "../shared/keys.js";
import { mount } from "../shared/mount.js";

const DIALOGS = new Set(["rename", "note", "tag", "share"]); // actions that open one
const TYPED = new Set(["rename", "note"]); // those with one text
const FOLDS = { ArrowRight: true, ArrowLeft: false };
const PATIENCE_MS = 10_000; // with a server that is slow to open it
const LOOK_MS = 100;

class Table {
  chosen = []; // ids, in the order in which they were ticked
  rows = [];

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

  take(data, setTrigger, setState) {
    if (!this.data) this.chosen = data.chosen; // ticked before another page took the place of this one
    Object.assign(this, { data, setState, setTrigger });
    if (data.cleared !== (this.cleared ??= data.cleared)) {
      this.cleared = data.cleared;
      this.chosen = [];
    }
    this.root.classList.toggle("dark", isDark(this.root));
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

  // What has the focus is drawn anew: the same part of the same run gets it back. Where that is gone (its run was deleted, say),
  // Undo gets it, or the first run.
  keepFocus(change) {
    const held = this.root.getRootNode().activeElement?.dataset?.focus;
    change();
    if (!held) return;
    const places = [`[data-focus="${CSS.escape(held)}"]:not(:disabled)`, '[data-focus="undo"]', "tbody a"];
    places.map((place) => this.root.querySelector(place)).find(Boolean)?.focus({ preventScroll: true });
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
    this.table.tBodies[0].replaceChildren(...this.rows.map((row) => drawRow(row, this.data.columns, (id) => this.tick(id), (name, ids) => this.act(name, ids))));
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
      tip.append("Tick runs to compare, share, tag or delete them, or to ask what if. ");
      const keys = make("span", "keys");
      for (const [key, what] of [["/", "search"], ["j", ""], ["k", "move"], ["Space", "tick"], ["Enter", "open"], ...(this.rows.some((row) => row.fold) ? [["→", "branches"]] : [])]) {
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
        const whatIf = this.action("What if", "what-if");
        whatIf.title = "Score the outputs of the selected runs with another reward, without a model call";
        const share = this.action("Share", "share");
        share.title = "The selected runs as files: a table of attempts, events to import, or a report each";
        parts.push(whatIf, share);
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
    const made = button(label, "", () => {
      this.act(name, this.chosen);
      if (DIALOGS.has(name)) this.returnTo(name);
    });
    made.className = className;
    made.dataset.focus = name;
    return made;
  }

  // Once the dialog that was asked for is closed, what opened it has the focus again. Streamlit gives it back to nobody: it does
  // not see into this component. Nor does it give the focus to the text of a dialog, which is all that there is to do in it.
  returnTo(name) {
    const asked = Date.now();
    let wasOpen = false;
    let field = null;
    const look = () => {
      const isOpen = document.querySelector("[role=dialog]") !== null;
      if (TYPED.has(name) && !field) {
        field = document.querySelector("[role=dialog] :is(input, textarea)");
        field?.focus();
      }
      if (wasOpen && !isOpen) {
        if (document.activeElement !== document.body) return;
        this.root.querySelector(`[data-focus="${name}"]`)?.focus({ preventScroll: true });
      } else if (isOpen || Date.now() - asked < PATIENCE_MS) {
        wasOpen = isOpen;
        setTimeout(look, LOOK_MS);
      }
    };
    look();
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
    if (event.ctrlKey || event.metaKey || event.altKey || isSilenced(event)) return;
    const line = this.current(event);
    const at = event.composedPath()[0];
    if (event.key === "j" || (event.key === "ArrowDown" && line)) this.move(line, 1);
    else if (event.key === "k" || (event.key === "ArrowUp" && line)) this.move(line, -1);
    else if (line && FOLDS[event.key] !== undefined && this.fold(line, FOLDS[event.key])) return void event.preventDefault();
    else if (line && (event.key === "x" || (event.key === " " && at.tagName === "A"))) this.tick(line.dataset.id);
    else if (event.key === "d") this.compare();
    else if (event.key === "Escape" && this.chosen.length) this.choose([]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // Show what stands under the run of a row, or hide it; from a row under it, too. Whether there was anything to do.
  fold(line, open) {
    const row = this.byId.get(line.dataset.id);
    const above = row.fold ? row : this.rows.slice(0, this.rows.indexOf(row)).findLast((one) => one.kind === "run");
    if (!above?.fold || above.fold.open === open || (above !== row && open)) return false;
    if (above !== row) this.table.querySelector(`[data-focus="${CSS.escape(`open ${above.id}`)}"]`)?.focus();
    this.act("unfold", [above.id]);
    return true;
  }

  // Keys that work wherever the focus is, unless something is being typed.
  pressOnPage(event) {
    if (isNoShortcut(event)) return;
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

export default mount((place) => new Table(place));
