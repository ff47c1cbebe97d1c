// The timeline in the browser: the chart, ways to step through it, and the ledger beneath. The selection is kept here.
//
//   Python  --data-->  View.take     handed on to the parts; what has not changed is not drawn again
//   person  --pick-->  View.pick     shown at once, then told to Python as the trigger "picked"
//
//   chart.js   what is drawn          ledger.js  the table          keys.js    the keys
//
// Selection: the person's own pick stands until Python names another than it named before, so that a poll that was
// under way cannot take it back. The range is the browser's alone. Text from models enters by textContent.

import { Chart, NARROW_PX } from "./chart.js";
import { element } from "./elements.js";
import { asked, describeKeys } from "./keys.js";
import { Ledger } from "./ledger.js";
import { readTheme } from "./theme.js";

const BRIEF_PX = 860; // below which the ledger's headings are brief

class View {
  constructor(parent) {
    this.selected = null;
    this.range = null; // [first, last] of the attempts that were brushed in the matrix
    this.told = undefined; // what Python named last
    this.pickedAt = 0;
    this.chart = new Chart(this);
    this.ledger = new Ledger(this);
    this.build(parent);
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.chart.place);
  }

  build(parent) {
    const id = `rs-${Math.random().toString(36).slice(2)}`;
    this.buttons = {
      previous: element("button", { type: "button", textContent: "Previous" }),
      next: element("button", { type: "button", textContent: "Next" }),
      best: element("button", { type: "button", textContent: "Best" }),
      failure: element("button", { type: "button", textContent: "First failure" }),
    };
    const hint = element("span", { className: "hint", id }, ...describeKeys(element));
    const steps = element("div", { className: "steps" }, ...Object.values(this.buttons), hint);
    this.live = element("p", { className: "sr", role: "status" });
    this.section = element("section", { className: "rs-timeline", tabIndex: 0, "aria-label": "Timeline of the run" });
    this.section.setAttribute("role", "group");
    this.section.setAttribute("aria-describedby", id);
    this.label = element("p", { className: "label", hidden: true });
    this.who = element("p", {});
    this.words = element("pre", {});
    this.writing = element("div", { className: "writing", hidden: true }, this.who, this.words);
    this.section.append(this.label, this.writing, ...this.chart.elements, steps, ...this.ledger.elements, this.live);
    parent.append(this.section);
    this.section.addEventListener("keydown", (event) => this.press(event));
    for (const [name, button] of Object.entries(this.buttons)) {
      button.addEventListener("click", () => this.step(name, button));
    }
  }

  // ---- from Python ----

  take(data, tell) {
    this.tell = tell;
    this.section.classList.toggle("ghost", Boolean(data.ghost));
    if (data.run !== this.data?.run) this.told = undefined;
    if (data.run !== this.data?.run) this.range = null;
    this.data = data;
    this.label.textContent = data.label;
    this.label.hidden = !data.label;
    this.writing.hidden = !data.writing;
    this.who.textContent = data.writing?.who ?? "";
    this.words.textContent = data.writing?.text ?? "";
    this.words.scrollTop = this.words.scrollHeight;
    this.order = data.rows.map((row) => row.attempt);
    const late = data.picked_at !== null && data.picked_at < this.pickedAt;
    if (!late && data.selected !== this.told) {
      this.told = data.selected;
      this.selected = data.selected;
    }
    if (!this.order.includes(this.selected)) this.selected = null;
    this.chart.take(data);
    this.ledger.take(data);
    this.show();
    this.draw();
    this.reveal();
  }

  // A run that was just started is brought into view once, where the form has pushed it off a small screen.
  reveal() {
    if (!this.data.reveal || this.revealed === this.data.run) return;
    this.revealed = this.data.run;
    if (this.section.getBoundingClientRect().top < innerHeight * 0.8) return;
    const smooth = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.section.scrollIntoView({ block: "start", behavior: smooth ? "smooth" : "auto" });
  }

  draw() {
    const width = this.chart.width;
    if (!this.data?.figure || !width) return;
    const theme = readTheme(this.section);
    this.section.classList.toggle("dark", theme.dark);
    this.section.classList.toggle("slim", width < NARROW_PX);
    this.section.classList.toggle("brief", width < BRIEF_PX);
    this.ledger.headings(width < BRIEF_PX);
    this.chart.draw(width);
  }

  // ---- selection ----

  focus() {
    this.section.focus({ preventScroll: true });
  }

  pick(attempt) {
    if (!this.order.includes(attempt) || attempt === this.selected) return;
    this.selected = attempt;
    this.pickedAt = Date.now();
    this.show();
    this.chart.band();
    const row = this.data.rows.find((one) => one.attempt === attempt);
    const reward = row.cells.reward[0];
    this.live.textContent = `Attempt ${attempt + 1}: ${row.words}${reward === row.words ? "" : `, reward ${reward}`}`;
    this.tell("picked", { attempt, at: this.pickedAt });
  }

  // What was brushed: the chart shows it, and the ledger goes by it.
  setRange(range) {
    this.range = range;
    this.chart.band();
    this.live.textContent = range ? `Attempts ${range[0] + 1} to ${range[1] + 1} chosen` : "All attempts";
  }

  target(name) {
    const at = this.order.indexOf(this.selected);
    if (name === "previous") return at > 0 ? this.order[at - 1] : null;
    if (name === "next") return this.order[at + 1] ?? null;
    return name === "best" ? this.data.best : this.data.first_failed;
  }

  step(name, button) {
    const attempt = this.target(name);
    if (attempt === null) return;
    this.pick(attempt);
    if (button?.disabled) this.focus(); // a disabled button would drop the focus
  }

  press(event) {
    if (this.chart.press(event)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const name = asked(event, { arrows: event.target !== this.ledger.ledger }); // in the ledger the arrows scroll it
    if (!name) return;
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
    this.step(name, document.activeElement);
  }

  show() {
    this.ledger.show();
    const disabled = (name) => [null, this.selected].includes(this.target(name));
    for (const [name, button] of Object.entries(this.buttons)) button.disabled = disabled(name);
  }

  end() {
    this.sizes.disconnect();
    this.chart.end();
    this.ledger.end();
    this.section.remove();
  }
}

const views = new WeakMap();

export default function ({ parentElement, data, setTriggerValue }) {
  let view = views.get(parentElement);
  if (!view) {
    view = new View(parentElement);
    views.set(parentElement, view);
  }
  view.take(data, setTriggerValue);
  // Streamlit also calls this when a newer change of data has overtaken it; only a place that has left the page ends.
  return () => {
    if (parentElement.isConnected) return;
    view.end();
    views.delete(parentElement);
  };
}
