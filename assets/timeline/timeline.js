// The timeline in the browser: the chart, the story of the attempts or their table, and ways to step through them.
// The selection is kept here, and is one thing for all of them.
//
//   Python  --data-->  View.take     handed on to the parts; what has not changed is not drawn again
//   person  --pick-->  View.pick     shown at once, then told to Python as the trigger "picked"
//           --choose-> View.choose   story or table, its page, order and filter: the trigger "viewed"
//           --d----->  View.compare  the trigger "compared"
//           --l----->  View.label    good, bad or neither: the trigger "labelled"
//
//   chart.js  the chart          story.js  the story          ledger.js  the table          steps.js, keys.js  buttons and keys
//
// Selection: the person's own pick stands until Python names another than it named before, so that a poll that was
// under way cannot take it back. The range is the browser's alone. Text from models enters by textContent.

import { Chart, NARROW_PX } from "./chart.js";
import { element } from "./elements.js";
import { asked } from "./keys.js";
import { Ledger } from "./ledger.js";
import { Steps } from "./steps.js";
import { Story } from "./story.js";
import { isDark } from "../shared/dom.js";
import { isTyping } from "../shared/keys.js";
import { mount } from "../shared/mount.js";

const BRIEF_PX = 860; // below which the ledger's headings are brief
const NEXT_LABEL = { "": "good", good: "bad", bad: null };
const REST_MS = 150; // after which a range that is being brushed is taken as chosen

class View {
  constructor(parent) {
    this.selected = null;
    this.range = null; // [first, last] of the attempts that were brushed in the matrix
    this.told = null; // what Python named last
    this.labels = new Map(); // attempt -> "good" or "bad"
    this.pickedAt = 0;
    this.chart = new Chart(this);
    this.story = new Story(this);
    this.ledger = new Ledger(this);
    this.steps = new Steps(this);
    this.build(parent);
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.section);
  }

  build(parent) {
    this.live = element("p", { className: "sr", role: "status" });
    this.label = element("p", { className: "label", hidden: true });
    this.section = element("section", { className: "rs-timeline", tabIndex: 0, role: "group", "aria-label": "Timeline of the run" });
    this.section.setAttribute("role", "group");
    this.section.setAttribute("aria-keyshortcuts", "j k b f d l ?");
    this.words = element("div", { className: "words" }, ...this.story.elements, ...this.ledger.elements);
    parent.append(this.section);
    this.section.addEventListener("keydown", (event) => this.press(event));
    this.elsewhere = (event) => this.pressElsewhere(event);
    document.addEventListener("keydown", this.elsewhere);
  }

  // ---- from Python ----

  take(data, tell) {
    this.tell = tell;
    this.section.classList.toggle("ghost", Boolean(data.ghost));
    if (data.part !== this.data?.part) this.keep(data.part);
    if (data.run !== this.data?.run) this.told = this.viewedAt = this.range = null;
    this.data = data;
    this.label.textContent = data.label;
    this.label.hidden = !data.label;
    this.names = new Map(data.names);
    this.labels = new Map(data.labels);
    const late = data.picked_at !== null && data.picked_at < this.pickedAt;
    const opening = data.run !== this.opened;
    this.opened = data.run;
    if (opening) this.pinned = null;
    let moved = false;
    if (!late && data.selected !== this.told) {
      this.told = data.selected;
      moved = this.selected !== data.selected;
      this.selected = data.selected;
    }
    if (!this.names.has(this.selected)) this.selected = null;
    this.section.style.setProperty("--room", `${data.room}px`);
    if (!(data.viewed_at < this.viewedAt)) {
      this.shown = data.view;
      if (data.table) this.range = data.table.range;
    }
    if (data.figure) this.chart.take(data);
    this.arrange();
    this.show();
    this.draw();
    if (moved && (data.named || !opening)) this.story.follow(); // a run that is opened begins with its first attempt
    this.reveal();
  }

  // Where the chart and the words have places of their own, each place holds one of the two; what was taken out comes back.
  keep(part) {
    this.section.classList.toggle("words-only", part === "words");
    this.section.setAttribute("aria-label", part === "words" ? "Attempts of the run" : "Timeline of the run");
    const chart = part === "words" ? [] : this.chart.elements;
    const words = part === "chart" ? [] : [this.words, ...this.steps.elements];
    this.section.replaceChildren(this.label, ...chart, ...words, this.live);
  }

  // A run that was just started is brought into view once, where the form has pushed it off a small screen.
  reveal() {
    if (!this.data.reveal || this.revealed === this.data.run) return;
    this.revealed = this.data.run;
    if (this.section.getBoundingClientRect().top < innerHeight * 0.8) return;
    const smooth = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.section.scrollIntoView({ block: "start", behavior: smooth ? "smooth" : "auto" });
  }

  // What is shown of the two: the story, or the table; what is not there yet leaves the other where it is.
  arrange() {
    const { data } = this;
    if (data.ghost || data.part === "chart") return;
    const story = this.shown === "story" && data.story;
    this.story.scroller.hidden = !story;
    this.ledger.place.hidden = Boolean(story);
    if (data.story) this.story.take(data.story, { live: data.live, run: data.run });
    this.ledger.take(data);
  }

  draw() {
    const width = this.section.clientWidth;
    if (!this.data || !width) return;
    this.section.classList.toggle("dark", isDark(this.section));
    this.section.classList.toggle("slim", width < NARROW_PX);
    this.section.classList.toggle("brief", width < BRIEF_PX);
    if (this.words.offsetParent) {
      this.ledger.headings(width < BRIEF_PX);
      if (!this.story.scroller.hidden) this.story.layout();
    }
    if (this.data.figure) this.chart.draw(width);
  }

  // ---- selection ----

  focus() {
    this.section.focus({ preventScroll: true });
  }

  pick(attempt) {
    // One that was shown without being picked, as the newest is, can be picked too: then later ones do not take its place.
    const kept = attempt === this.selected && (this.data.named || this.pinned === attempt);
    if (!this.names.has(attempt) || kept) return;
    this.selected = this.pinned = attempt;
    this.pickedAt = Date.now();
    this.show();
    this.story.follow();
    this.chart.band();
    this.live.textContent = `Attempt ${attempt + 1}: ${this.names.get(attempt)}`;
    this.tell("picked", { attempt, at: this.pickedAt });
  }

  // What was brushed: the chart shows it at once, the table once the hand has come to rest.
  setRange(range) {
    this.range = range;
    this.viewedAt = Date.now(); // what Python knows of it is older from now on
    this.chart.band();
    this.live.textContent = range ? `Attempts ${range[0] + 1} to ${range[1] + 1} chosen` : "All attempts";
    clearTimeout(this.brushed);
    this.brushed = setTimeout(() => this.choose({ range }), REST_MS);
  }

  // In the table the steps follow its order, and what it leaves out.
  target(name) {
    const order = this.shown !== "story" && this.data.table ? this.data.table.order : this.data.names.map(([attempt]) => attempt);
    const at = order.indexOf(this.selected);
    if (name === "previous") return at > 0 ? order[at - 1] : null;
    if (name === "next") return order[at + 1] ?? null;
    if (name === "compare") return this.selected > 0 ? this.selected : this.selected === 0 && this.names.has(1) ? 1 : null; // the first, with the next
    return name === "best" ? this.data.best : this.data.first_failed;
  }

  step(name, button) {
    if (name === "compare") return this.compare();
    if (name === "label") return this.setLabel();
    const attempt = this.target(name);
    if (attempt === null) return;
    this.pick(attempt);
    if (button?.disabled) this.focus(); // a disabled button would drop the focus
  }

  compare() {
    const attempt = this.target("compare");
    if (attempt !== null) this.tell("compared", { attempt, at: Date.now() });
  }

  setLabel() {
    if (this.selected === null) return;
    const label = NEXT_LABEL[this.labels.get(this.selected) ?? ""];
    if (label) this.labels.set(this.selected, label);
    else this.labels.delete(this.selected);
    this.live.textContent = `Attempt ${this.selected + 1}: ${label ? `labelled ${label}` : "no label"}`;
    this.show();
    this.tell("labelled", { attempt: this.selected, label, at: Date.now() });
  }

  // Another way to look at the attempts: { view } (story, table or costs), { page }, { sort }, { show }, or { range: [first, last] } from the chart.
  choose(change) {
    this.viewedAt = Date.now();
    const shown = change.view ?? this.shown;
    if (shown !== "story" || this.data.story) this.shown = shown;
    this.arrange();
    this.show();
    this.draw();
    this.tell("viewed", { ...change, at: this.viewedAt });
  }

  // Wall time, or columns of equal width: the chart shows it by itself, the address keeps it.
  turnClock(on) {
    this.viewedAt = Date.now();
    this.tell("viewed", { clock: on, at: this.viewedAt });
  }

  press(event) {
    if (event.key === "Escape" && !this.steps.keys.hidden) {
      this.steps.toggle(false);
      event.stopPropagation();
      return;
    }
    if (this.chart.press(event)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const name = asked(event, { arrows: event.target !== this.ledger.ledger }); // in the ledger the arrows scroll it
    if (!name) return;
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
    if (name === "help") this.steps.toggle();
    else this.step(name, document.activeElement);
  }

  // Letters pressed anywhere else on the page are the run's, too, unless somebody is typing there.
  pressElsewhere(event) {
    if (event.defaultPrevented || !this.data || this.data.ghost || this.data.part === "chart") return;
    if (!this.section.isConnected || isTyping(event)) return;
    if (event.key === "Escape" ? !this.steps.keys.hidden : asked(event, { arrows: false })) this.press(event);
  }

  show() {
    this.ledger.show();
    this.story.show();
    this.steps.show((name) => this.target(name), this.selected, this.shown);
  }

  end() {
    clearTimeout(this.brushed);
    this.sizes.disconnect();
    this.chart.end();
    this.ledger.end();
    document.removeEventListener("keydown", this.elsewhere);
    this.section.remove();
  }
}

export default mount((place) => new View(place));
