// A lesson before a class: one sentence in large type over the whole window, the guesses of the room, and what came out.
//
//   Python --data--> Teach.take       teacher --"asked"--> {do: on | back | hand | leave, value, by, from, at}       Text enters by textContent.
//
// Keys: → next, ← back, h add hands, Esc leave. `data.at` names the slide, so that a second press on it is not taken for the next one.
import { isDark, keepFocus, make } from "../shared/dom.js";
import { isSilenced, isTyping } from "../shared/keys.js";
import { Curve } from "../shared/curve.js";
import { legend } from "../shared/legend.js";
import { mount } from "../shared/mount.js";
import { drawChart } from "./chart.js";
import { drawHands } from "./hands.js";

const LARGE = 140; // letters of the sentence, beyond which it is set smaller
const SHORT = 480; // of the paragraphs below it, up to which they are large

const button = (words, key, act, kind = "") => make("button", { type: "button", class: kind, data: { key }, on: { click: act } }, words);

// What stands between backticks is code.
const written = (text) => text.split("`").map((part, i) => (i % 2 ? make("code", { text: part }) : part));

// A paragraph of a lesson, or a table, whose rows come as lists.
function block(text, kind) {
  if (typeof text === "string") return make("p", { class: kind }, written(text));
  const [head, ...rows] = text;
  const row = (cells, tag) => make("tr", {}, cells.map((cell) => make(tag, {}, written(cell))));
  return make("table", { class: kind }, make("thead", {}, row(head, "th")), make("tbody", {}, rows.map((cells) => row(cells, "td"))));
}

class Teach {
  constructor(place) {
    this.place = make("p");
    this.address = make("p", { class: "address" });
    this.lead = make("div", { class: "lead" });
    this.sentence = make("h1", { tabIndex: -1 });
    this.body = make("main");
    this.canvas = make("div", { class: "canvas" });
    this.panel = make("div", { class: "panel", hidden: true });
    this.problem = make("p", { class: "problem", role: "alert" });
    this.foot = make("div", { class: "foot" });
    this.keys = make("p", { class: "keys" });
    this.note = make("p");
    this.root = make("section", { class: "teach", "aria-label": "Teacher's view" },
      make("header", {}, this.place, this.address), this.lead, this.sentence, this.body, this.panel, this.problem, this.foot,
      make("footer", {}, this.keys, this.note));
    place.append(this.root);
    this.onKey = (event) => this.key(event);
    addEventListener("keydown", this.onKey, true);
    this.sizes = new ResizeObserver(() => this.drawChart());
    this.sizes.observe(this.canvas);
  }

  take(data, tell) {
    this.tell = tell;
    const source = JSON.stringify(data);
    this.root.classList.toggle("dark", isDark(this.root));
    if (source === this.source) return;
    const isOther = this.data?.at !== data.at;
    [this.source, this.data] = [source, data];
    if (isOther && !data.hands) this.panel.hidden = true;
    keepFocus(this.root, () => this.draw());
    if (isOther) this.sentence.focus({ preventScroll: true });
  }

  draw() {
    const { data } = this;
    this.place.textContent = data.place;
    this.address.replaceChildren(...(data.address ? ["Guess at ", make("code", { text: data.address }), " class ", make("code", { text: data.code })] : ["Raise your hands: phones do not reach this app"]));
    this.lead.replaceChildren(...data.lead.map((text) => block(text, "text long")));
    this.sentence.replaceChildren(...data.headline.split("\n").flatMap((line, i) => [...(i ? [make("br")] : []), ...written(line)]));
    this.sentence.classList.toggle("long", data.headline.length > LARGE);
    const isLong = data.curve || data.texts.join("").length > SHORT;
    const texts = data.texts.map((text) => block(text, isLong ? "text long" : "text"));
    const code = data.source ? [make("pre", { text: data.source, tabIndex: 0, "aria-label": "Code" })] : [];
    this.body.classList.toggle("beside", Boolean(data.curve));
    this.body.replaceChildren(make("div", { class: "texts" }, texts), ...code, ...this.curve(), ...this.choices(), ...(data.chart ? [this.canvas] : []), ...this.progress());
    this.drawChart();
    this.drawPanel();
    this.problem.textContent = data.problem;
    this.drawFoot();
  }

  choices() {
    const { choices } = this.data;
    if (!choices.length) return [];
    const most = Math.max(1, ...choices.map(([, many]) => many ?? 0));
    const list = choices.map(([text, many, came]) =>
      make("li", { class: came ? "came" : "" },
        make("span", { class: "choice" }, make("span", { class: "sign", "aria-hidden": "true", text: came ? "●" : "◇" }), written(text), came ? make("small", { text: " came out" }) : null),
        many === null ? null : make("span", { class: "bar", "aria-hidden": "true" }, make("i", { style: `width:${(many / most) * 100}%` })),
        many === null ? null : make("b", { text: `${many}` })));
    return [make("ul", { class: "choices" }, list)];
  }

  // The whole curve of which the class guessed one point.
  curve() {
    const { curve } = this.data;
    this.drawn?.end();
    this.drawn = curve && new Curve(() => {});
    if (!curve) return [];
    this.drawn.take(curve, curve.x.values.map(() => null));
    return [make("div", { class: "drawn" }, make("p", { class: "legend" }, curve.axis.title, legend(curve)), this.drawn.root)];
  }

  progress() {
    const { progress } = this.data;
    if (!progress) return [];
    const [done, total] = progress;
    return [make("progress", { max: total || 1, value: done, "aria-label": "Runs that have ended" })];
  }

  drawChart() {
    const width = Math.floor(this.canvas.clientWidth);
    if (!this.data?.chart || !width) return;
    this.canvas.replaceChildren(drawChart(this.data.chart, width, Math.max(180, Math.floor(this.canvas.clientHeight))));
  }

  drawPanel() {
    const { hands } = this.data;
    if (!hands) this.panel.hidden = true;
    const source = JSON.stringify(hands);
    if (source === this.handsOf) return; // what is being typed stays
    this.handsOf = source;
    this.panel.replaceChildren(...(hands ? drawHands(hands, (value, by) => this.ask("hand", { value, by })) : []));
  }

  drawFoot() {
    const { data } = this;
    const count = data.total === null ? [] : [
      make("b", { class: "total", text: data.total.toLocaleString("en") }),
      make("p", { class: "of" }, make("span", { text: data.total === 1 ? "guess" : "guesses" }), make("span", { text: data.total_words }))];
    this.foot.replaceChildren(
      ...count,
      ...(data.hands ? [make("button", { type: "button", data: { key: "hands" }, "aria-expanded": String(!this.panel.hidden), on: { click: () => this.toggle() } }, "Add hands")] : []),
      make("span", { class: "stretch" }),
      ...(data.can_go_back ? [button("Back", "back", () => this.ask("back"))] : []),
      ...(data.main ? [button(data.main, "main", () => this.ask("on"), "filled")] : []));
    const keys = [...(data.main ? [["→", "next"]] : []), ...(data.can_go_back ? [["←", "back"]] : []), ...(data.hands ? [["h", "add hands"]] : [])];
    this.keys.replaceChildren(...keys.map(([key, words]) => make("span", {}, make("kbd", { text: key }), ` ${words}`)), make("button", { type: "button", class: "leave", data: { key: "leave" }, on: { click: () => this.ask("leave") } }, make("kbd", { text: "Esc" }), " leave"));
    this.note.textContent = data.note;
  }

  toggle() {
    if (!this.data.hands) return;
    this.panel.hidden = !this.panel.hidden;
    this.drawFoot();
    if (this.panel.hidden) this.foot.querySelector("[data-key=hands]")?.focus();
    else this.panel.querySelector("input, button")?.focus();
  }

  ask(what, more = {}) {
    this.tell("asked", { do: what, from: this.data.at, at: Date.now(), ...more });
  }

  takeKey(event) {
    event.preventDefault();
    event.stopPropagation();
  }

  key(event) {
    if (!this.data || !this.root.isConnected || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      this.takeKey(event);
      return this.panel.hidden ? this.ask("leave") : this.toggle();
    }
    if (isTyping(event) || isSilenced(event)) return;
    const on = () => this.data.main && this.ask("on");
    const acts = { ArrowRight: on, PageDown: on, ArrowLeft: () => this.ask("back"), PageUp: () => this.ask("back"), h: () => this.toggle() };
    if (!acts[event.key]) return;
    this.takeKey(event);
    acts[event.key]();
  }

  end() {
    this.drawn?.end();
    this.sizes.disconnect();
    removeEventListener("keydown", this.onKey, true);
    this.root.remove();
  }
}

export default mount((place) => new Teach(place));
