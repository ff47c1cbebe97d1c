// The story: a row an attempt, with what it said, what it scored, and above it the hint that it got.
//
//   story.take(data, live)    rows stay the same nodes; one that has changed is filled anew
//   view                      { selected, pick(attempt) }: the selection is the view's
//
// While a run goes on each attempt has its place from the start, as high as it will be: text streams into it, and nothing
// moves. Once the run has ended a row may grow to show all of its words.

import { element, mark, tag } from "./elements.js";

const NUMBER_PX = 54; // columns of the grid: the attempt's number, …
const REWARD_PX = 60; // … its reward, …
const NOW_PX = 66; // … and what it would score now, whose place, where there is one, is kept while it is empty
const PART_PX = [52, 84]; // … and each part's, by its name
const LETTER_PX = 6.4;
const LEAST_OUTPUT_PX = 230; // below which the parts stand under the output
const LINE_PX = { main: 20, sub: 18, hint: 24, pad: 14, parts: 46, number: 24, reward: 35 }; // as in timeline.css
const MAX_LINES = 3;
const LONG_NAME = 24; // letters of a part's name, above which it is folded
const HINT_LINE_PX = 18;
const UPTAKE = { followed: "✓", partly: "◐", not_followed: "✗", not_checkable: "–", leak: "!" };
const SIGNS = { added: "ins", removed: "del" };
const ARROW = "M5 0V6q0 4 4 4H17";

const folded = (text) => element("button", { type: "button", className: "long", title: "" }, element("span", { textContent: text }));

export class Story {
  constructor(view) {
    this.view = view;
    this.slots = new Map();
    this.head = element("div", { className: "head" });
    this.list = element("ol", { className: "attempts", "aria-label": "Attempts, with what changed from one to the next" });
    this.tip = element("div", { className: "tip", hidden: true, "aria-hidden": "true" });
    this.scroller = element("div", { className: "story", role: "region", "aria-label": "Story of the run" }, this.head, this.list, this.tip);
    this.scroller.addEventListener("scroll", () => (this.tip.hidden = true));
    this.elements = [this.scroller];
    this.list.addEventListener("click", (event) => {
      const slot = event.target.closest("li");
      const selecting = String(getSelection()) !== "" && !event.target.closest("button");
      if (slot && !selecting) this.view.pick(Number(slot.dataset.attempt));
    });
  }

  // ---- from Python

  take(data, { live, run }) {
    if (run !== this.run) {
      this.run = run;
      this.height = 0;
      this.list.replaceChildren();
      this.slots.clear();
      this.scroller.scrollTop = 0;
      this.wasLive = false;
      this.lines = undefined;
    }
    const ends = this.live && !live;
    this.data = data;
    this.live = live;
    this.wasLive ||= live;
    this.scroller.classList.toggle("live", live);
    const order = data.rows.map((row) => row.attempt);
    for (const [attempt, slot] of this.slots) {
      if (order.includes(attempt)) continue;
      slot.item.remove();
      this.slots.delete(attempt);
    }
    data.rows.forEach((row, place) => {
      const slot = this.slots.get(row.attempt) ?? this.add(row.attempt);
      if (this.list.children[place] !== slot.item) this.list.insertBefore(slot.item, this.list.children[place] ?? null);
      const same = JSON.stringify([row, data.columns]);
      if (slot.same === same) return;
      slot.same = same;
      this.fill(slot, row);
    });
    this.layout();
    if (ends) this.follow(); // rows may have grown
  }

  add(attempt) {
    const button = element("button", { type: "button", textContent: String(attempt + 1), tabIndex: -1 });
    button.setAttribute("aria-label", `Attempt ${attempt + 1}`);
    const item = element("li", {});
    item.dataset.attempt = attempt;
    const slot = { item, button };
    this.slots.set(attempt, slot);
    return slot;
  }

  fill(slot, row) {
    const focused = document.activeElement === slot.button;
    const pending = row.outcome === "pending";
    slot.pending = pending;
    slot.item.className = `slot ${row.outcome}`;
    const marks = element("span", { className: "marks" }, mark(row.outcome), ...(row.returned ? [mark("returned")] : []));
    const said = element("span", { className: "sr", textContent: ` ${row.words}${row.returned ? ", returned" : ""}. ` });
    slot.button.disabled = pending;
    const number = element("div", { className: "number" }, slot.button, marks, said);
    const output = element("div", { className: "output" }, ...this.output(row));
    const cells = row.parts_message && this.data.columns.length
      ? [element("div", { className: "why", textContent: row.parts_message })]
      : row.parts.map((part, i) => this.part(part, this.data.columns[i], row));
    const parts = element("div", { className: "parts" }, ...cells);
    const reward = element("div", { className: "reward" }, element("span", { className: "sr", textContent: "Reward " }), row.reward);
    if (row.change) reward.append(element("span", { className: "change", textContent: row.change, title: "Change from the attempt scored before" }));
    const now = element("div", { className: "now" }, ...(row.now ? this.now(row.now) : []));
    const hints = element("div", { className: "hints" }, ...row.hints.map((hint) => this.hint(hint)));
    const line = element("div", { className: "row" }, number, output, parts, reward, now);
    const hasPlace = row.hints.length || (this.data.has_hints && row.attempt > 0);
    slot.item.replaceChildren(...(hasPlace ? [hints] : []), line);
    if (focused) slot.button.focus({ preventScroll: true });
  }

  output(row) {
    if (row.message) return [element("p", { className: "main message", dir: "auto", textContent: row.message, title: row.message })];
    const [main, ...others] = row.fields;
    const parts = [];
    const apart = others.length && main.pieces.length ? main.note : ""; // told in the line beneath, where there is one
    if (main) parts.push(element("p", { className: "main", dir: "auto" }, ...this.field(apart ? { ...main, note: "" } : main, row)));
    const waiting = others.filter((field) => field.state === "waiting");
    const told = others.filter((field) => field.state !== "waiting").map((field) => element("span", { className: "field" }, ...this.field(field, row)));
    if (apart) told.unshift(element("span", { className: "quiet", textContent: `${main.name} ${apart}` }));
    if (waiting.length) told.push(element("span", { className: "quiet", textContent: `${waiting.map((f) => f.name).join(", ")}: waiting` }));
    if (row.kept) told.push(element("span", { className: "quiet", title: row.kept.startsWith("kept") ? "No call, no cost" : "", textContent: row.kept }));
    if (told.length) parts.push(element("p", { className: "sub", dir: "auto" }, ...told.flatMap((one, i) => (i ? [" · ", one] : [one]))));
    const notes = row.parts_message && !this.data.columns.length ? [row.parts_message, ...row.notes] : row.notes;
    for (const note of notes) parts.push(element("p", { className: "note", textContent: note, title: note }));
    return parts;
  }

  field(field, row) {
    const nodes = field.label ? [element("span", { className: "name", textContent: field.name }), " "] : [element("span", { className: "sr", textContent: `${field.name}: ` })];
    if (field.state === "waiting") return [...nodes, element("span", { className: "quiet", textContent: "waiting" })];
    const note = field.note && element("span", { className: "quiet", textContent: field.note });
    const words = field.pieces.map(([kind, text]) => element(SIGNS[kind] ?? "span", { textContent: text }));
    if (field.was) for (const word of words) word.title = `Before: ${field.was}`;
    if (note && field.note !== "unchanged" && !["rewritten", "shortened"].includes(field.note)) {
      nodes.push(note, ...(words.length ? [", ", ...words] : []));
    } else nodes.push(...words, ...(note ? [words.length ? " · " : "", note] : []));
    if (field.is_cut) for (const word of words) word.title ||= "The whole text is in the attempt's output";
    if (field.state === "writing" && row.outcome === "running") nodes.push(element("span", { className: "cursor", "aria-hidden": "true" }));
    return nodes;
  }

  part(part, column, row) {
    const name = this.partName(column.name);
    if (!part.text) return element("div", { className: "part none" }, name, row.outcome === "pending" ? "" : "·");
    const arrow = { up: "▲", down: "▼" }[part.moved];
    const value = element("span", { className: "value" }, ...(arrow ? [element("span", { className: part.moved, textContent: arrow, "aria-hidden": "true" }), " "] : []), part.text);
    if (arrow) value.append(element("span", { className: "sr", textContent: part.moved === "up" ? " (more than before)" : " (less than before)" }));
    const filled = element("i", {});
    filled.style.width = `${100 * part.share}%`;
    const meter = element("span", { className: "meter", "aria-hidden": "true" }, filled);
    const cell = element("div", { className: `part ${part.moved && "moved"} ${part.is_negative ? "negative" : ""}` }, name, value, meter);
    cell.title = `${column.name}: ${part.text}, ${column.caption}`;
    return cell;
  }

  // What it would score now, and how that compares.
  now({ text, note, title, is_quiet: quiet }) {
    const value = element("span", { className: quiet ? "quiet" : "value", title }, element("span", { className: "name", textContent: this.data.now }), " ", text);
    return note ? [value, element("span", { className: "change", textContent: note })] : [value];
  }

  hint(hint) {
    const arrow = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    for (const [name, value] of Object.entries({ viewBox: "0 0 26 18", class: "arrow", "aria-hidden": "true" })) arrow.setAttribute(name, value);
    for (const [kind, d] of [["stem", ARROW], ["point", "M24 10l-7-3.6v7.2z"]]) {
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      path.setAttribute("d", d);
      path.setAttribute("class", kind);
      arrow.append(path);
    }
    const words = hint.words.map(([text, bold]) => element(bold ? "b" : "span", { textContent: text }));
    const note = hint.note ? [element("span", { className: "old", textContent: ` ${hint.note} ·` })] : [];
    const text = element("p", { className: hint.is_quiet ? "quiet" : "", dir: "auto" }, element("span", { className: "to", textContent: hint.who }), ...note, " ", ...words);
    if (hint.is_cut) text.title = "The whole hint is in the attempt's prompts";
    else if (hint.note) text.title = hint.words.map(([text]) => text).join("");
    return element("div", { className: "hint" }, arrow, text, ...(hint.uptake ? [this.uptake(hint.uptake)] : []));
  }

  // Whether the output followed the hint; the rules that say so show while it is pointed at or has the focus.
  uptake({ verdict, words, rules }) {
    const sign = element("span", { className: verdict, "aria-hidden": "true", textContent: UPTAKE[verdict] });
    const button = element("button", { type: "button", className: "uptake" }, sign, ` ${words}`);
    button.setAttribute("aria-label", `Hint ${words}. ${rules.join(". ")}`);
    return this.explain(button, rules);
  }

  // A part's name; a long one is folded, and shows in full while it is pointed at or has the focus.
  partName(text) {
    const name = element("span", { className: "name", textContent: text });
    if (text.length <= LONG_NAME) return name;
    return element("span", { className: "folded" }, name, this.explain(folded(text), [text]));
  }

  // Lines about a button that show while it is pointed at or has the focus.
  explain(button, lines) {
    const show = () => {
      this.tip.replaceChildren(...lines.map((line) => element("p", { textContent: line })));
      this.tip.hidden = false;
      Object.assign(this.tip.style, { left: "0", top: "0" }); // where that is depends on what stands around the story
      const [box, own] = [button, this.tip].map((node) => node.getBoundingClientRect());
      const below = box.bottom + 4 + own.height < innerHeight;
      const top = below ? box.bottom + 4 : Math.max(4, box.top - 4 - own.height);
      this.tip.style.left = `${Math.max(8, box.right - own.width) - own.left}px`;
      this.tip.style.top = `${top - own.top}px`;
    };
    const hide = () => (this.tip.hidden = true);
    for (const name of ["pointerenter", "focus", "click"]) button.addEventListener(name, show);
    for (const name of ["pointerleave", "blur"]) button.addEventListener(name, hide);
    button.addEventListener("keydown", (event) => event.key === "Escape" && hide());
    return button;
  }

  // ---- room

  // Columns, and, while the run goes on, the height of each place. The parts stand under the output where there is no room.
  layout() {
    const width = this.scroller.clientWidth;
    if (!width || !this.data) return;
    const columns = this.data.columns;
    const [least, most] = PART_PX;
    const widths = columns.map(({ name }) => Math.min(most, Math.max(least, Math.ceil(name.length * LETTER_PX) + 4)));
    const nowPx = this.data.now === null ? 0 : NOW_PX + 10;
    const gaps = 10 * (columns.length + 2) + nowPx;
    const rest = width - NUMBER_PX - REWARD_PX - gaps;
    if (rest - widths.reduce((a, b) => a + b, 0) < LEAST_OUTPUT_PX) widths.fill(least);
    this.slim = this.scroller.closest(".slim") !== null;
    const stacked = this.slim || rest - widths.reduce((a, b) => a + b, 0) < LEAST_OUTPUT_PX;
    this.scroller.classList.toggle("stacked", stacked);
    const beside = stacked ? "" : widths.map((px) => `${px}px`).join(" ");
    this.scroller.style.setProperty("--columns", `${NUMBER_PX}px minmax(0, 1fr) ${beside} ${REWARD_PX}px${nowPx ? ` ${NOW_PX}px` : ""}`);
    this.scroller.classList.toggle("without-now", !nowPx);
    this.scroller.style.setProperty("--parts", String(Math.max(1, columns.length)));
    this.heading(stacked);
    this.fitNotes();
    this.reserve(stacked);
    this.scroller.tabIndex = this.scroller.scrollHeight > this.scroller.clientHeight + 1 ? 0 : -1;
  }

  // A note takes no line of its own: the hint keeps the height that it has without, so that nothing moves.
  fitNotes() {
    const notes = [...this.list.querySelectorAll(".hint .old")];
    for (const note of notes) {
      note.hidden = true;
      note.parentElement.style.removeProperty("-webkit-line-clamp");
    }
    const lines = notes.map((note) => Math.round(note.parentElement.clientHeight / HINT_LINE_PX));
    notes.forEach((note, i) => {
      note.hidden = false;
      note.parentElement.style.setProperty("-webkit-line-clamp", String(Math.max(1, lines[i])));
    });
  }

  heading(stacked) {
    const wanted = JSON.stringify([stacked, this.data.columns, this.data.now]);
    if (wanted === this.headed) return;
    this.headed = wanted;
    const hidden = { "aria-hidden": "true" }; // each row says these words
    const lines = (one, two, title) => element("span", { className: "number", title, ...(typeof one === "string" ? hidden : {}) }, one, element("br"), element("span", { className: "quiet", textContent: two }));
    const parts = stacked ? [] : this.data.columns.map((c) => {
      const whole = c.caption && `${c.name}: ${c.caption} is the largest value seen in this run; the bars are filled against it`;
      if (c.name.length <= LONG_NAME) return lines(c.name, c.caption, whole);
      return lines(this.explain(folded(c.name), [whole || c.name]), c.caption, "");
    });
    const changes = element("span", { className: "quiet", textContent: " · changes from the attempt before" });
    this.head.replaceChildren(element("span", { textContent: "attempt", ...hidden }), element("span", hidden, "output", changes), ...parts, element("span", { className: "number", textContent: "reward", ...hidden }), element("span", { className: "number now", textContent: this.data.now ?? "", ...hidden }));
  }

  // As many lines of output as there is room for all attempts of the run; at least one, or two for the first.
  reserve(stacked) {
    if (!this.wasLive) return this.scroller.style.removeProperty("min-height");
    if (this.live) {
      const rows = this.data.rows;
      const others = rows.some((row) => row.fields.length > 1) || this.data.others;
      const sub = others ? LINE_PX.sub : 0;
      const fixed = LINE_PX.pad + (this.slim ? LINE_PX.number : 0) + (stacked && this.data.columns.length ? LINE_PX.parts * Math.ceil(this.data.columns.length / 4) : 0);
      const hints = this.data.has_hints ? LINE_PX.hint : 0;
      const before = rows[0]?.hints.length ? LINE_PX.hint : 0; // a hint that a person wrote may stand before the first
      const room = parseFloat(getComputedStyle(this.scroller).maxHeight) || Infinity;
      const least = this.slim ? 0 : LINE_PX.reward; // beside the output: the reward, and its change beneath
      const heights = (lines) => rows.map((_, i) => fixed + Math.max(least, LINE_PX.main * (i ? lines : Math.max(2, lines)) + sub) + (i ? hints : before));
      const sum = (lines) => heights(lines).reduce((a, b) => a + b, this.head.offsetHeight);
      this.lines ??= [MAX_LINES, 2].find((lines) => sum(lines) <= room) ?? 1;
      const reserved = heights(this.lines);
      rows.forEach((row, i) => {
        const slot = this.slots.get(row.attempt);
        slot.item.style.height = `${reserved[i]}px`;
        slot.item.style.setProperty("--lines", String(i ? this.lines : Math.max(2, this.lines)));
      });
      this.height = Math.min(room, sum(this.lines));
    } else {
      for (const { item } of this.slots.values()) {
        if (item.style.height) item.style.minHeight = item.style.height;
        item.style.removeProperty("height");
      }
    }
    this.scroller.style.minHeight = `${this.height}px`;
  }

  // ---- selection

  show() {
    const selected = this.view.selected;
    for (const [attempt, { item, button, pending }] of this.slots) {
      const on = attempt === selected;
      item.classList.toggle("selected", on);
      tag(button, this.view.labels.get(attempt));
      if (on) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
      button.tabIndex = !pending && (on || (selected === null && attempt === this.data?.rows[0]?.attempt)) ? 0 : -1;
    }
  }

  // Bring the selected row into view inside the story, without moving the page; the focus goes along if it was on a row.
  follow() {
    const slot = this.slots.get(this.view.selected);
    if (!slot) return;
    if (this.list.contains(document.activeElement)) slot.button.focus({ preventScroll: true });
    const { scroller } = this;
    const top = slot.item.offsetTop - this.head.offsetHeight;
    const bottom = slot.item.offsetTop + slot.item.offsetHeight - scroller.clientHeight;
    if (scroller.scrollTop > top) scroller.scrollTop = top;
    else if (scroller.scrollTop < bottom) scroller.scrollTop = Math.min(bottom, top);
  }
}
