// A hint test: verdict, a dot for each try, full marks by part, what was run, outputs.
//
//   Python --data--> HintTest.take        person --ask--> the trigger "asked": {run}
//
//   dots.js  the chart

import { copyText, showToCopy } from "../shared/clipboard.js";
import { isDark, keepFocus, make } from "../shared/dom.js";
import { mount, watchWidth } from "../shared/mount.js";
import { drawDots } from "./dots.js";

const FIRST = 2; // outputs of each arm, before all are asked for
const NUMBER = /(\d[\d.,]*(?: higher| lower)?)( \[[^\]]+\])/;

class HintTest {
  constructor(parent) {
    this.root = make("div", { class: "hint-test" });
    this.chart = make("div", { class: "chart" });
    this.status = make("span", { role: "status" });
    this.all = false;
    this.open = (run) => this.tell("asked", { run, at: Date.now() });
    parent.append(this.root);
    this.stop = watchWidth(this.chart, (width) => this.data && drawDots(this.chart, this.data, width, this.open));
  }

  take(data, tell) {
    this.tell = tell;
    const source = JSON.stringify(data);
    this.root.classList.toggle("dark", isDark(this.root));
    if (source === this.source) return;
    if (this.data?.test !== data.test) this.all = false;
    this.source = source;
    this.data = data;
    keepFocus(this.root, () => this.redraw());
  }

  redraw() {
    this.root.replaceChildren(this.top(), make("div", { class: "columns" }, this.left(), this.right()));
    if (this.chart.clientWidth) drawDots(this.chart, this.data, this.chart.clientWidth, this.open);
  }

  top() {
    const { answer, headline, details } = this.data;
    const found = headline.match(NUMBER);
    const words = found
      ? [headline.slice(0, found.index), make("b", { text: found[1] }), make("span", { class: "interval", text: found[2] }), headline.slice(found.index + found[0].length)]
      : [headline];
    const copy = make("button", { type: "button", text: "Copy as Markdown", data: { key: "copy" }, on: { click: () => this.copy() } });
    return make(
      "div",
      { class: "top" },
      make("div", { class: "verdict", "aria-live": "polite" }, make("h1", {}, answer ? [make("b", { text: answer }), " "] : null, words), details.map((text) => make("p", { class: "details", text }))),
      make("div", { class: "copy" }, this.status, copy),
    );
  }

  async copy() {
    if (await copyText(this.data.markdown)) {
      this.say("Copied.");
      return;
    }
    clearTimeout(this.quiet);
    showToCopy(this.status, this.data.markdown);
  }

  say(words) {
    clearTimeout(this.quiet);
    this.status.replaceChildren(words);
    this.quiet = setTimeout(() => this.status.replaceChildren(), 6000);
  }

  left() {
    const { attempt, live, arms, parts } = this.data;
    const note = arms.some((arm) => arm.mean !== null) ? "bar: mean and 95 % interval" : live ? "means are shown once all tries have ended" : "";
    const chart = make("section", {}, make("div", { class: "title" }, make("h2", { text: `Reward of attempt ${attempt}, run again` }), make("span", { class: "aside", text: note })), this.chart);
    return make("div", { class: "left" }, chart, parts.length ? this.table() : null);
  }

  table() {
    const { arms, parts } = this.data;
    const head = make("tr", {}, make("th", { scope: "col" }, make("span", { text: parts.length > 1 ? "part" : "" })), arms.map((arm) => make("th", { scope: "col", text: arm.label.toLowerCase() })));
    const rows = parts.map((part) =>
      make("tr", { class: part.is_whole ? "whole" : "" }, make("th", { scope: "row", text: part.name, title: part.title }), part.texts.map((text) => make("td", { text }))),
    );
    return make("section", {}, make("h2", { text: parts.length > 1 ? "Share of tries with full marks" : "Share of tries" }), make("table", {}, make("thead", {}, head), make("tbody", {}, rows)));
  }

  right() {
    const { facts, hints, warnings, outputs } = this.data;
    const run = make("section", {}, make("h2", { text: "What was run" }), make("dl", { class: "facts" }, facts.flatMap(([name, text]) => [make("dt", { text: name }), make("dd", { text })])), hints.map(hintBlock), warnings.map((text) => make("p", { class: "warning", text })));
    return make("div", { class: "right" }, run, this.outputs(outputs));
  }

  outputs(outputs) {
    const seen = {};
    const shown = this.all ? outputs : outputs.filter((one) => (seen[one.kind] = (seen[one.kind] ?? 0) + 1) <= FIRST);
    const list = make("ul", { class: this.all ? "outputs all" : "outputs" }, shown.map((one) => this.output(one)));
    const more = make("button", { type: "button", class: "more", text: this.all ? "Fewer outputs" : `All ${outputs.length} outputs`, data: { key: "all" }, on: { click: () => this.unfold() } });
    const none = make("p", { class: "empty", text: "Nothing has been run yet." });
    return make("section", {}, make("h2", { text: "Outputs" }), outputs.length ? list : none, outputs.length > shown.length || this.all ? more : null);
  }

  output(one) {
    const words = [make("span", { class: "of", text: one.label }), make("span", { class: "reward", text: one.reward }), make("span", { class: "text", text: one.text, title: one.text })];
    const button = make("button", { type: "button", title: "Open this try", data: { key: one.run }, on: { click: () => this.open(one.run) } }, words);
    return make("li", { class: one.state }, button);
  }

  unfold() {
    this.all = !this.all;
    this.source = "";
    this.take(this.data, this.tell);
    this.root.querySelector("[data-key=all]")?.focus();
  }

  end() {
    this.stop();
    clearTimeout(this.quiet);
    this.root.remove();
  }
}

function hintBlock({ kind, label, to, source, pieces }) {
  const who = [label, to ? ` to ${to}` : "", source ? `, ${source}` : ""].join("");
  const tags = { added: "ins", removed: "del" };
  return make("div", { class: `hint ${kind}` }, make("p", { class: "who", text: who }), make("p", { class: "text", dir: "auto" }, pieces.map(([how, text]) => make(tags[how] ?? "span", { text }))));
}

export default mount((place) => new HintTest(place));
