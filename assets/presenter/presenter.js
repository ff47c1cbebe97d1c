// The presenter's view: one moment of a run in large type, over the whole window.
//
//   Python  --data-->   Presenter.take   the slide to show
//   person  --moved, guessed, switched, left-->  Python
//
// Keys: Space and → go on, ← back, Home and End, g guesses first, 1 to 4 count a vote, Esc leaves.
import { chart } from "./chart.js";
import { draw, isDark, make } from "../shared/dom.js";
import { isSilenced } from "../shared/keys.js";
import { mount } from "../shared/mount.js";

const STAND_MS = 3200; // how long a slide stands while playing, and
const LETTER_MS = 30; // for each letter of its sentence
const LOST_MS = 4000;
const MANY_DOTS = 36; // beyond which only the attempt that is shown has a dot for each step
const LONG_HINT = 220; // letters
const LARGE = [[48, "xl"], [120, "l"], [280, "m"]]; // letters of an output, and how large it is set

const writing = (event) => {
  const target = event.composedPath()[0];
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
};

const button = (words, key, act, className = "") =>
  make("button", { type: "button", className, onclick: act }, make("span", { textContent: words }), make("kbd", { textContent: key, "aria-hidden": "true" }));

class Presenter {
  playing = false;
  asked = null;
  votes = [];

  constructor(root) {
    this.root = root;
    this.title = make("p");
    this.aim = make("p");
    this.sentence = make("h1", { tabIndex: -1 });
    this.chart = make("div", { className: "chart" });
    this.words = make("div", { className: "words" });
    this.score = make("div", { className: "score" });
    this.place = make("p", { className: "place" });
    this.dots = make("div", { className: "dots", role: "group", "aria-label": "Steps of the run" });
    this.back = button("‹", "←", () => this.step(-1));
    this.back.setAttribute("aria-label", "Step back");
    this.main = button("Play", "space", () => this.press(), "filled");
    this.on = button("›", "→", () => this.step(1));
    this.on.setAttribute("aria-label", "Step on");
    this.guess = button("Guess first", "g", () => this.tell("switched", { on: !this.data.guess_first, at: Date.now() }), "plain");
    this.leave = button("Leave", "Esc", () => this.tell("left", Date.now()), "plain");
    this.root.append(
      make("header", {}, this.title, this.aim),
      this.sentence,
      this.chart,
      make("main", {}, this.words, this.score),
      make("footer", {}, this.place, this.dots, make("div", { className: "controls" }, this.back, this.main, this.on, this.guess, this.leave)),
    );
    this.onKey = (event) => this.key(event);
    window.addEventListener("keydown", this.onKey);
    this.sizes = new ResizeObserver(() => this.drawChart());
    this.sizes.observe(this.chart);
  }

  // ---- from Python

  take(data, tell) {
    const before = this.data;
    this.data = data;
    this.tell = tell;
    this.root.classList.toggle("dark", isDark(this.root));
    if (data.gate?.attempt !== before?.gate?.attempt) this.votes = (data.gate?.options ?? []).map(() => 0);
    clearTimeout(this.lost);
    const wanted = this.asked;
    this.asked = null;
    if (wanted !== null && wanted !== data.asked && !data.gate) this.ask(wanted);
    else this.shown = data.at;
    if (data.gate || this.shown >= data.total - 1) this.stop();
    this.draw();
    if (this.playing && this.asked === null) this.later();
    if (!before) this.sentence.focus({ preventScroll: true });
  }

  draw() {
    const { slide, gate } = this.data;
    this.title.textContent = this.data.name;
    this.aim.textContent = slide.aim;
    this.sentence.textContent = gate ? gate.question : slide.sentence;
    this.drawChart();
    this.drawWords(slide);
    this.drawScore(slide, gate);
    this.drawFoot(slide, gate);
  }

  drawChart() {
    const width = this.chart.clientWidth;
    if (!this.data || !width) return;
    const svg = chart(this.data.slide, { width, guesses: this.data.guesses });
    svg.setAttribute("aria-label", this.data.alt);
    this.chart.replaceChildren(svg);
  }

  drawWords(slide) {
    const many = slide.hints.length > 1;
    const hints = slide.hints.map(([name, words]) =>
      make("p", { className: words.length > LONG_HINT ? "hint long" : "hint" }, make("b", { textContent: slide.hint_is_next ? "Hint for the next attempt" : slide.edited.includes(name) ? "Hint, edited by hand" : "Hint" }),
        make("span", { textContent: many || slide.stages.length > 1 ? ` for ${name}: ${words}` : ` ${words}` })),
    );
    const fields = slide.fields.map((field) => ({ ...field, length: field.pieces.reduce((n, piece) => n + piece.text.length, 0) }));
    const marked = (field) => field.pieces.map((piece) => make(piece.kind === "added" ? "ins" : "span", { textContent: piece.text }));
    const main = fields.filter((field) => field.main).map((field) => {
      const size = LARGE.find(([letters]) => field.length <= letters)?.[1] ?? "s";
      return make("p", { className: `output ${size}` }, ...(field.length ? marked(field) : [make("span", { className: "muted", textContent: "(empty)" })]));
    });
    const rest = fields.filter((field) => !field.main).map((field) =>
      make("p", { className: "field" }, make("span", { className: "muted", textContent: `${field.name} ` }), ...marked(field)),
    );
    const waits = slide.waits ? [make("p", { className: "waits", textContent: slide.waits })] : [];
    this.words.replaceChildren(...hints, ...main, ...rest, ...waits);
  }

  drawScore(slide, gate) {
    const hidden = Boolean(gate);
    const parts = slide.parts.filter((part) => part.text || hidden).map((part) =>
      make("li", {},
        make("span", { className: "name", textContent: part.name }),
        make("span", { className: "value" },
          part.change > 0 ? make("span", { className: "up", textContent: "▲ ", title: "more than before" }) : null,
          part.change < 0 ? make("span", { className: "down", textContent: "▼ ", title: "less than before" }) : null,
          make("span", { textContent: hidden ? "?" : part.text })),
        make("span", { className: "meter" }, make("i", { style: `width:${hidden ? 0 : part.share * 100}%` }))),
    );
    const list = parts.length ? [make("ul", { className: "parts" }, ...parts)] : [];
    const mine = this.data.guess_texts[slide.focus];
    const reward = slide.reward && !hidden
      ? [make("p", { className: "reward" }, make("span", { textContent: "reward" }), make("b", { textContent: slide.reward }), make("span", { textContent: slide.compared })),
         mine ? make("p", { className: "guessed" }, draw("svg", { viewBox: "0 0 14 14", width: 14, height: 14, "aria-hidden": "true" }, draw("path", { d: "M7 0l7 7-7 7-7-7z", class: "guess" })), make("span", { textContent: ` The room guessed ${mine}` })) : null]
      : [];
    this.score.replaceChildren(...list, ...reward.filter(Boolean), ...(gate ? [this.ballot(gate)] : []));
  }

  ballot(gate) {
    const most = Math.max(...this.votes);
    const options = gate.options.map((option, i) => {
      const count = make("input", { type: "number", min: 0, value: this.votes[i], "aria-label": `Votes for ${option.text}` });
      count.addEventListener("change", () => this.count(i, Math.max(0, Math.round(Number(count.value)) || 0)));
      const add = make("button", { type: "button", textContent: option.text, "aria-label": `One more vote for ${option.text}`, onclick: () => this.count(i, this.votes[i] + 1) });
      return make("li", { className: most && this.votes[i] === most ? "lead" : "" }, add, count);
    });
    return make("div", { className: "ballot" },
      make("p", {}, make("span", { textContent: "The room says" }), make("small", { textContent: " · press 1 to 4, or type a count" })),
      make("ul", {}, ...options));
  }

  drawFoot(slide, gate) {
    this.place.textContent = slide.place;
    const { groups, total } = this.data;
    let number = 0;
    const dots = groups.map(([attempt, count]) => {
      const first = number;
      number += count;
      const inside = this.shown >= first && this.shown < number;
      const folded = total > MANY_DOTS && !inside;
      const steps = folded ? [first] : Array.from({ length: count }, (_, i) => first + i);
      return make("span", {}, ...steps.map((at) => {
        const state = at === this.shown ? "now" : at < this.shown ? "done" : "";
        const dot = make("button", { type: "button", className: state, tabIndex: -1, onclick: () => this.go(at) });
        dot.setAttribute("aria-label", `Step ${at + 1} of ${total}` + (attempt === null ? "" : `, attempt ${attempt + 1}`));
        if (at === this.shown) dot.setAttribute("aria-current", "step");
        return dot;
      }));
    });
    this.dots.replaceChildren(...dots);
    this.dots.classList.toggle("many", groups.length > MANY_DOTS / 2);
    this.back.disabled = this.shown <= 0;
    this.on.disabled = this.shown >= total - 1 || Boolean(gate);
    this.main.firstChild.textContent = gate ? "Show the score" : this.playing ? "❚❚ Pause" : "▶ Play";
    this.guess.firstChild.textContent = this.data.guess_first ? "Guess first: on" : "Guess first";
    this.guess.setAttribute("aria-pressed", String(this.data.guess_first));
  }

  // ---- from the person

  key(event) {
    if (!this.data || !this.root.isConnected || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") return writing(event) ? event.composedPath()[0].blur() : this.tell("left", Date.now());
    if (writing(event) || isSilenced(event)) return;
    const vote = this.data.gate ? Number(event.key) - 1 : NaN;
    const acts = {
      " ": () => this.press(), ArrowRight: () => this.step(1), ArrowLeft: () => this.step(-1), PageDown: () => this.step(1), PageUp: () => this.step(-1),
      Home: () => this.go(0), End: () => this.go(this.data.total - 1), g: () => this.guess.click(),
    };
    const act = vote >= 0 && vote < this.votes.length ? () => this.count(vote, this.votes[vote] + 1) : acts[event.key];
    if (!act) return;
    if (event.key === " " && event.composedPath()[0] instanceof HTMLButtonElement && event.composedPath()[0] !== this.main) return;
    event.preventDefault();
    act();
  }

  press() {
    if (this.data.gate) return this.reveal();
    if (this.playing) return this.stop(true);
    this.playing = true;
    this.go(this.shown >= this.data.total - 1 ? 0 : this.shown + 1);
    this.draw();
  }

  reveal() {
    const { attempt, options } = this.data.gate;
    const most = Math.max(...this.votes);
    this.tell("guessed", { attempt, value: most > 0 ? options[this.votes.indexOf(most)].value : null, at: Date.now() });
  }

  count(i, votes) {
    this.votes[i] = votes;
    this.drawScore(this.data.slide, this.data.gate);
  }

  step(by) {
    this.stop();
    if (by > 0 && this.data.gate) return;
    this.go(this.shown + by);
  }

  go(to) {
    const at = Math.max(0, Math.min(to, this.data.total - 1));
    if (at === this.shown) return;
    this.shown = at;
    this.drawFoot(this.data.slide, this.data.gate);
    if (this.asked === null) this.ask(at);
    else this.asked = at;
  }

  ask(at) {
    this.asked = at;
    this.tell("moved", { step: at, at: Date.now() });
    this.lost = setTimeout(() => this.asked !== null && this.ask(this.shown), LOST_MS);
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.playing && this.go(this.shown + 1), STAND_MS + LETTER_MS * this.sentence.textContent.length);
  }

  stop(redraw = false) {
    clearTimeout(this.timer);
    this.playing = false;
    if (redraw) this.drawFoot(this.data.slide, this.data.gate);
  }

  end() {
    this.stop();
    clearTimeout(this.lost);
    this.sizes.disconnect();
    window.removeEventListener("keydown", this.onKey);
  }
}

export default mount((place) => {
  const root = make("section", { className: "presenter" });
  root.setAttribute("aria-label", "Presenter's view");
  place.append(root);
  return new Presenter(root);
});
