// Two attempts, or two runs, side by side. What differs was found in Python (refine_core.comparison); this draws it.
//
//   Python  --data-->          Page.take
//   person  --asked, left-->   Python, which puts what is asked for into the address
//
// Keys: [ ] move A, j k move B, x swaps, e unfolds equal text.
import { Kept, arrange } from "./keep.js";
import { letter } from "./letter.js";
import { Chart, setup, tableHead, tableRow } from "./runs.js";
import { lineBlocks, valueRow } from "./words.js";
import { copyText, showToCopy } from "../shared/clipboard.js";
import { isDark, make } from "../shared/dom.js";
import { isNoShortcut, letterSwitch } from "../shared/keys.js";
import { mount } from "../shared/mount.js";

const RUN_KEYS = [[["j", "k"], "next and previous attempt"], [["Enter"], "compare it"], [["x"], "swap"], [["e"], "unfold equal text"]];
const KEYS = [[["[", "]"], "move A"], [["j", "k"], "move B"], [["x"], "swap"], [["e"], "unfold equal text"]];

const FEW = 40; // characters of both texts, of which nobody misses a mark

const phrases = (list) => list.map(({ text, style }) => (style ? make("b", { className: style, textContent: text }) : text));

class Page {
  marked = new Set();

  constructor(root) {
    this.root = root;
    this.kept = new Kept(root, () => this.draw());
    this.onKey = (event) => this.key(event);
    window.addEventListener("keydown", this.onKey);
    this.onClick = (event) => this.closeMenus(event);
    window.addEventListener("click", this.onClick, true);
  }

  end() {
    window.removeEventListener("keydown", this.onKey);
    window.removeEventListener("click", this.onClick, true);
    this.chart?.end();
  }

  // ---- from Python

  take(data, tell) {
    this.tell = tell;
    const same = JSON.stringify(data);
    if (same === this.same) return;
    this.same = same;
    this.root.classList.toggle("dark", isDark(this.root));
    const pair = `${data.a.reference} ${data.b.reference}`;
    const other = pair !== this.pair;
    if (other) this.marked = new Set(data.marked);
    this.wasLive = Boolean(data.live || (this.wasLive && !other));
    this.pair = pair;
    this.data = data;
    const row = data.row ?? (other ? null : this.row); // one that was picked just now stays so
    this.row = data.whole ? row ?? data.whole.first_different : null;
    this.draw();
  }

  // ---- to Python

  ask(change) {
    this.tell("asked", { ...change, at: Date.now() });
  }

  leave(event, page, query) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    this.tell("left", { page, ...query, at: Date.now() });
  }

  move(which, step) {
    const side = this.data[which];
    const number = side.number + step;
    if (side.number && side.attempts.some(([n]) => n === number)) this.ask({ [which]: `${side.run}.${number}` });
  }

  swap() {
    this.ask({ a: this.data.b.reference, b: this.data.a.reference });
  }

  key(event) {
    if (!this.data || isNoShortcut(event)) return;
    const acts = this.data.whole ? this.runKeys(event) : {
      "[": () => this.move("a", -1),
      "]": () => this.move("a", 1),
      j: () => this.move("b", 1),
      k: () => this.move("b", -1),
      x: () => this.swap(),
      e: () => this.ask({ unfold: !this.data.unfold }),
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  }

  runKeys(event) {
    const onButton = event.composedPath()[0] instanceof HTMLButtonElement;
    return {
      j: () => this.pick((this.row ?? 0) + 1),
      k: () => this.pick((this.row ?? 2) - 1),
      x: () => this.swap(),
      e: () => this.ask({ unfold: !this.data.unfold }),
      ...(onButton ? {} : { Enter: () => this.row && this.open(this.row) }),
    };
  }

  pick(number) {
    if (!this.data.whole.rows[number - 1] || number === this.row) return;
    this.row = number;
    this.draw();
    this.root.querySelector("tr.selected")?.scrollIntoView({ block: "nearest" });
    this.ask({ row: number });
  }

  open(number) {
    const row = this.data.whole.rows[number - 1];
    if (row.a && row.b) this.ask({ a: `${this.data.a.run}.${number}`, b: `${this.data.b.run}.${number}` });
  }

  // ---- drawing

  draw() {
    const focused = this.root.getRootNode().activeElement?.dataset?.key;
    this.kept.begin(JSON.stringify([this.pair, this.data.view, this.data.unfold, Boolean(this.data.whole), [...this.marked]]));
    const body = this.data.whole ? this.runs(this.data.whole) : this.attempts(this.data.attempts);
    arrange(this.root, [this.head(), ...body, this.kept.take("foot", "", () => this.foot())]);
    this.chart?.draw();
    if (focused) this.root.querySelector(`[data-key="${focused}"]`)?.focus({ preventScroll: true });
  }

  head() {
    const { a, b, runs, whole } = this.data;
    const header = this.kept.take("header", "", () => make("header", {}, make("div", { className: "pickers" }), make("div", { className: "controls" })));
    const [pickers, controls] = ["pickers", "controls"].map((name) => header.querySelector(`:scope > .${name}`));
    const swap = () => this.button("⇄", "swap", () => this.swap(), { title: "Swap A and B (x)", "aria-label": "Swap A and B" });
    arrange(header, [this.kept.take("crumbs", [a.run, b.run, b.title], () => this.crumbs()), pickers, controls]);
    arrange(pickers, [this.kept.take("pick-a", [a, b.run, whole && runs], () => this.picker("a")), this.kept.take("swap", "", swap), this.kept.take("pick-b", [b, a.run, whole && runs], () => this.picker("b"))]);
    arrange(controls, [
      whole ? null : this.kept.take("others", [a.number, b.number, b.best, runs], () => this.others()),
      a.run === b.run ? null : this.kept.take("level", [a.best, b.best], () => this.level()),
      whole ? null : this.kept.take("views", "", () => this.views()),
      this.kept.take("copy", "", () => this.copy()),
    ].filter(Boolean));
    return header;
  }

  crumbs() {
    const { a, b } = this.data;
    const one = a.run === b.run;
    const runs = this.link("Runs", "runs", "runs", {});
    const title = one ? this.link(b.title, `run?run=${encodeURIComponent(b.run)}`, "run", { run: b.run }) : null;
    if (title) Object.assign(title, { className: "name-of-run", title: b.title });
    const run = one ? [" ▸ ", title] : [];
    return make("div", { className: "crumbs" }, make("span", { className: "muted" }, runs, run, " ▸ "), make("h1", { textContent: "Compare" }));
  }

  // Of two runs: the runs as a whole, or an attempt of each.
  level() {
    const { a, b, whole } = this.data;
    const choose = (text, on, ask) => this.button(text, text, ask, { "aria-pressed": String(on) });
    const one = (side) => `${side.run}.${side.number ?? side.best ?? 1}`;
    const able = a.attempts.length && b.attempts.length;
    const attempts = choose("Attempts", !whole, () => this.ask({ a: one(a), b: one(b) }));
    if (!able) attempts.disabled = true;
    return make("div", { className: "segments", role: "group", "aria-label": "What is compared" }, choose("Whole runs", Boolean(whole), () => this.ask({ a: a.run, b: b.run })), attempts);
  }

  link(text, href, page, query) {
    return make("a", { href, textContent: text, onclick: (event) => this.leave(event, page, query) });
  }

  button(text, key, act, parts = {}) {
    const button = make("button", { type: "button", textContent: text, onclick: act, ...parts });
    button.dataset.key = key;
    return button;
  }

  picker(which) {
    const side = this.data[which];
    const other = this.data[which === "a" ? "b" : "a"];
    if (this.data.whole) return this.runPicker(which, side, other);
    const select = make("select", { "aria-label": `Attempt ${which.toUpperCase()}` });
    select.dataset.key = `pick-${which}`;
    for (const [number, text] of side.attempts) select.append(make("option", { value: `${side.run}.${number}`, textContent: text, selected: number === side.number }));
    select.onchange = () => this.ask({ [which]: select.value });
    const run = side.run === other.run ? null : make("span", { className: "of", textContent: side.title, title: `${side.title} · ${side.model} · ${side.started}` });
    return make("label", { className: "picker" }, letter(which), run, select);
  }

  runPicker(which, side, other) {
    const select = make("select", { "aria-label": `Run ${which.toUpperCase()}` });
    select.dataset.key = `pick-${which}`;
    const known = this.data.runs.filter((run) => run.run !== other.run);
    const text = (title, about) => `${title} · ${about}`; // the name first: a narrow list cuts the end
    if (!known.some((run) => run.run === side.run)) select.append(make("option", { value: side.run, textContent: text(side.title, `${side.started} · ${side.model}`), selected: true }));
    for (const run of known) select.append(make("option", { value: run.run, textContent: text(run.title, run.about), selected: run.run === side.run }));
    select.onchange = () => this.ask({ [which]: select.value });
    return make("label", { className: "picker wide" }, letter(which), select);
  }

  // What A is: the attempt before B, the best one, or one of another run.
  others() {
    const { a, b } = this.data;
    const mine = a.run === b.run;
    const choose = (text, number, why) => {
      const on = mine && number === a.number;
      const button = this.button(text, text, () => this.ask({ a: `${b.run}.${number}` }), { "aria-pressed": String(on) });
      if (!number || number === b.number) {
        button.disabled = true;
        button.title = why;
      } else button.title = `Compare B with attempt ${number} of its run`;
      return button;
    };
    const previous = choose("Previous", b.number - 1, "B is the first attempt");
    const best = choose("Best", b.best, b.best ? "B is the best attempt" : "No attempt has a reward");
    return make("div", { className: "segments", role: "group", "aria-label": "Compare B with" }, previous, best, this.anotherRun());
  }

  anotherRun() {
    const { a, b } = this.data;
    const list = make("ul", {});
    const search = make("input", { type: "search", placeholder: "Find a run", "aria-label": "Find a run" });
    const fill = () => {
      const wanted = search.value.toLowerCase();
      const shown = this.data.runs.filter((run) => run.run !== b.run && run.count && `${run.title} ${run.about} ${run.run}`.toLowerCase().includes(wanted));
      list.replaceChildren(...shown.map((run) => {
        const number = b.number <= run.count ? b.number : run.best ?? 1;
        const button = make("button", { type: "button", onclick: () => this.ask({ a: `${run.run}.${number}` }) }, make("span", { textContent: run.title }), make("small", { textContent: run.about }));
        return make("li", {}, button);
      }));
      if (!shown.length) list.append(make("li", { className: "faint", textContent: wanted ? "No run matches." : "There is no other run yet." }));
    };
    search.oninput = fill;
    fill();
    const details = make("details", { className: "menu" }, make("summary", { textContent: "Another run …", "aria-pressed": String(a.run !== b.run) }), make("div", { className: "panel" }, search, list));
    details.firstChild.dataset.key = "another";
    details.ontoggle = () => {
      if (!details.open) return;
      const [box, own] = [details, this.root].map((node) => node.getBoundingClientRect());
      details.classList.toggle("leftwards", box.left + 360 > own.right);
      search.focus();
    };
    return details;
  }

  views() {
    const view = (value, text) => this.button(text, value, () => this.ask({ view: value }), { "aria-pressed": String(this.data.view === value) });
    return make("div", { className: "segments", role: "group", "aria-label": "Layout" }, view("side", "Side by side"), view("inline", "Inline"));
  }

  copy() {
    const done = make("span", { className: "sr", role: "status" });
    const refused = make("div", { className: "refused", hidden: true });
    const as = (text, write) => this.button(text, text, async () => {
      const copied = write();
      refused.hidden = await copyText(copied);
      if (!refused.hidden) return showToCopy(refused, copied);
      details.open = false;
      done.textContent = "Copied.";
      summary.textContent = "Copied";
      setTimeout(() => (summary.textContent = "Copy"), 1500);
    });
    const summary = make("summary", { textContent: "Copy" });
    summary.dataset.key = "copy";
    const details = make("details", { className: "menu plain" }, summary, make("div", { className: "panel narrow" }, as("Link to this view", () => location.href), as("As text", () => this.data.text), as("As JSON", () => JSON.stringify(this.data.whole ?? this.data.attempts, null, 2)), refused));
    return make("div", {}, details, done);
  }

  closeMenus(event) {
    const path = event.composedPath();
    for (const menu of this.root.querySelectorAll("details.menu[open]")) if (!path.includes(menu)) menu.open = false;
  }

  // shown: what it depends on. build: makes its body.
  section(title, caption, shown, build) {
    const id = `compare-${title.toLowerCase()}`;
    return this.kept.take(title, shown, () => make("section", { "aria-labelledby": id }, make("div", { className: "title" }, make("h2", { id, textContent: title }), caption ? make("p", { className: "caption", textContent: caption }) : null), make("div", { className: "body" }, build())));
  }

  sentence(list) {
    const node = this.kept.take("sentence", list, () => make("p", { className: "sentence", role: "status" }, phrases(list)));
    node.classList.toggle("roomy", this.wasLive); // it grows and shrinks as a run goes on, and nothing below it is to move
    return node;
  }

  attempts(it) {
    const nodes = [this.sentence(it.sentence)];
    if (it.is_same) return nodes;
    if (it.parts.length) nodes.push(this.section("Reward", "", it.parts, () => make("div", { className: "parts" }, it.parts.map(part))));
    nodes.push(this.section("Output", "word by word", [it.outputs, it.a.error, it.b.error], () => this.outputs(it)));
    if (it.hints.length) nodes.push(this.section("Hint", "each attempt got", [it.hints, it.uptake], () => it.hints.map((hint) => this.value(hint, it.hints.length > 1 ? hint.name : "", true, (which) => uptake(it.uptake.find((one) => one.letter === which && one.name === hint.name), this.data.view === "inline")))));
    if (it.between) nodes.push(this.section("Between", "advice after A", it.between, () => between(it.between, this.data.unfold)));
    if (it.prompts.length) nodes.push(this.section("Prompt", "line by line", it.prompts, () => it.prompts.map((prompt) => this.prompt(prompt, it.prompts.length > 1))));
    nodes.push(this.section("Settings", "", [it.settings, it.equal], () => settings(it)));
    return nodes;
  }

  runs(whole) {
    const options = { open: this.data.unfold, inline: this.data.view === "inline" };
    const nodes = [this.sentence(whole.sentence), this.section("Set-up", "", [whole.settings, whole.equal, whole.texts], () => setup(whole, options))];
    if (!whole.rows.length) return [...nodes, this.kept.take("none", "", () => make("p", { className: "faint", textContent: "Neither run has an attempt yet." }))];
    this.chart ??= new Chart((number) => this.pick(number));
    this.chart.take(whole, this.row);
    const scroller = this.kept.take("scroller", "", () => make("div", { className: "scroller" }, make("table", {}, make("thead", {}, tableHead()), make("tbody", {}))));
    const row = (one) => this.kept.take(`row ${one.number}`, [shownOf(one, whole), one.number === this.row], () => tableRow(whole, one, this.row, (number) => this.pick(number), (number) => this.open(number)));
    arrange(scroller.querySelector("tbody"), whole.rows.map(row));
    return [...nodes, this.chart.node, scroller];
  }

  outputs(it) {
    const errors = it.a.error || it.b.error
      ? [make("div", { className: this.data.view === "inline" ? "pair one" : "pair" }, ["a", "b"].map((which) => make("div", { className: "value" }, make("p", { className: "label" }, letter(which)), it[which].error ? make("p", { className: "error", textContent: it[which].error }) : null)))]
      : [];
    const equal = it.outputs.filter((one) => one.before === one.after);
    const rest = it.outputs.filter((one) => one.before !== one.after).map((one) => this.value(one, one.name, false));
    if (!it.outputs.length && !errors.length) rest.push(make("p", { className: "faint", textContent: "Neither has an output." }));
    return [...errors, ...rest, ...equal.map((one) => equalValue(one, this.data.unfold))];
  }

  value(change, name, small, tag) {
    const key = small ? `${change.name}.` : change.name;
    const options = { inline: this.data.view === "inline", open: this.data.unfold, small, tag, always: this.marked.has(key) };
    const row = valueRow({ ...change, name }, options);
    const unmarked = !change.is_marked && change.before && change.after && change.before.length + change.after.length > FEW;
    if (!unmarked) return row;
    const toggle = this.button(options.always ? "Take the marks off" : "Mark anyway", `mark-${key}`, () => {
      if (options.always) this.marked.delete(key);
      else this.marked.add(key);
      this.draw();
      this.ask({ marked: [...this.marked] });
    }, { className: "link" });
    return make("div", {}, row, make("p", { className: "caption" }, options.always ? "" : "Little in common, so no word marks. ", toggle));
  }

  prompt(prompt, named) {
    const title = named ? make("h3", { textContent: prompt.name }) : null;
    if (prompt.note) return make("div", {}, title, make("p", { className: "caption", textContent: prompt.note }));
    return make("div", {}, title, lineBlocks(prompt.blocks, { inline: this.data.view === "inline", open: this.data.unfold }));
  }

  foot() {
    const keys = (this.data.whole ? RUN_KEYS : KEYS).flatMap(([names, words], i) => [i ? " · " : "", names.flatMap((name, k) => [k ? " " : "", make("kbd", { textContent: name })]), ` ${words}`]);
    return make("footer", {}, keys.flat(), " · ", letterSwitch(), " · the address keeps this view");
  }
}

// What a row shows of an attempt: how it stands only without a reward, and how its run ended only where it has none.
function shownOf(row, { ends }) {
  const side = (it, end) => (it ? { ...it, words: it.reward_text ? "" : it.words } : end);
  return { ...row, a: side(row.a, ends[0]), b: side(row.b, ends[1]) };
}

function part(one) {
  const arrow = { up: "▲ ", down: "▼ ", "": "" }[one.moved];
  const filled = make("i", {});
  filled.style.width = `${100 * one.share}%`;
  const values = make("span", {}, `${one.before || "none"} → `, make("b", { textContent: one.after || "none" }));
  const change = make("span", { className: `change ${one.moved}`, textContent: one.change ? arrow + one.change : "" });
  return make("div", { className: `part ${one.is_whole ? "whole" : ""} ${one.moved}` }, make("div", { className: "row" }, make("span", { className: "name", textContent: one.name }), make("small", { textContent: one.caption })), make("div", { className: "row values" }, values, change), make("div", { className: "meter" }, filled));
}

const equalValue = (change, open) =>
  change.before.length <= 60 && !change.before.includes("\n")
    ? make("p", { className: "caption equal" }, make("span", { className: "name", textContent: change.name }), ` ${change.before || "empty"}, equal`)
    : make("details", { className: "fold", open }, make("summary", { textContent: `${change.name}: equal` }), make("div", { className: "words small", dir: "auto", textContent: change.before }));

function between(it, open) {
  const notes = it.notes.map((note) => make("p", { className: "caption", textContent: note }));
  if (it.error) return [make("p", { className: "error", textContent: it.error }), notes];
  const words = make("p", { className: "words small clamp", dir: "auto" }, make("b", { className: "hint", textContent: "Adviser " }), it.discussion || "gave no discussion.");
  if (open || it.discussion.length < 480) {
    words.classList.remove("clamp");
    return [words, notes];
  }
  const button = make("button", { type: "button", className: "link", textContent: "Whole discussion" });
  button.onclick = () => {
    words.classList.remove("clamp");
    button.remove();
  };
  return [make("div", {}, words, button), notes];
}

const UPTAKE = { followed: "✓", partly: "◐", not_followed: "✗", not_checkable: "–" };

// Whether a hint was followed; its rules stand below, when it is pressed.
function uptake(one, named) {
  if (!one) return null;
  const rules = one.description.split("\n");
  const mark = make("span", { className: `uptake ${one.verdict}`, "aria-hidden": "true", textContent: UPTAKE[one.verdict] });
  const summary = make("summary", { title: one.description }, named ? [letter(one.letter), " "] : null, mark, ` ${one.words}`);
  const details = make("details", { className: "rules" }, summary, make("ul", {}, rules.map((rule) => make("li", { textContent: rule }))));
  return make("div", {}, details, one.notes.map((note) => make("p", { className: "caption", textContent: note })));
}

function settings(it) {
  const list = it.settings.map((one) => make("span", {}, make("span", { className: "muted", textContent: `${one.name} ` }), `${one.before} → `, make("b", { textContent: one.after })));
  if (it.equal.length) list.push(make("span", { className: "faint", textContent: `${it.equal.join(", ")}: equal` }));
  return make("div", { className: "settings" }, list);
}

export default mount((place) => {
  const root = make("div", { className: "compare" });
  place.append(root);
  return new Page(root);
});
