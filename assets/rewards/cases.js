// The pinned cases: whether each holds, its name, its output, its score, what is wanted.
//
//   data --take--> a table        a case is chosen: setStateValue("chosen")        Delete: setTriggerValue("remove")
//
// Keys: j k, or arrows inside, next and previous case; Delete removes the chosen one.
//
// brief: a list without head and outputs, in the doctor; each name is a button, and a press leads to the case.

import { isDark, make } from "./dom.js";
import { isNoShortcut } from "../shared/keys.js";
import { mount } from "../shared/mount.js";

const SIGNS = { passed: ["✓", "holds"], failed: ["✕", "fails"], undecided: ["?", "undecided"], waiting: ["…", "waits for the judge"], unknown: ["–", "not run"] };

const LONG = 20; // more cases than these scroll in a place of their own

class Cases {
  constructor(place) {
    this.body = make("tbody");
    this.root = make(
      "div",
      { class: "root" },
      make(
        "table",
        {},
        make("caption", { class: "sr", text: "Pinned cases" }),
        make("thead", {}, make("tr", {}, [["sign", ""], ["name", "case"], ["output", "output"], ["got", "score"], ["wanted", "wanted"]].map(([kind, text]) => make(text ? "th" : "td", { class: kind, text, scope: text ? "col" : null })))),
        this.body,
      ),
    );
    this.keys = make("p", { class: "keys" }, make("kbd", { text: "j" }), make("kbd", { text: "k" }), " next, previous ", make("kbd", { text: "Del" }), " remove");
    this.root.append(this.keys);
    place.append(this.root);
    this.root.addEventListener("keydown", (event) => this.press(event));
    this.onPage = (event) => document.activeElement === document.body && this.press(event);
    document.addEventListener("keydown", this.onPage);
  }

  take(data, setTrigger, setState) {
    Object.assign(this, { setState, setTrigger, brief: data.brief });
    this.root.classList.toggle("brief", data.brief);
    if (data.selected === this.selected) this.unsent = false;
    if (!this.unsent) this.selected = data.selected; // else what was chosen here is not known there yet
    this.root.classList.toggle("dark", isDark(this.root));
    this.root.classList.toggle("pending", data.pending);
    this.root.setAttribute("aria-busy", String(data.pending));
    this.root.classList.toggle("names", data.cases.every((one) => one.named_after_it)); // the names say it all
    this.root.classList.toggle("long", data.cases.length > LONG);
    const text = JSON.stringify(data.cases);
    if (text !== this.drawn) {
      this.drawn = text;
      const held = this.root.getRootNode().activeElement?.dataset?.key;
      this.body.replaceChildren(...data.cases.map((one) => this.line(one)));
      if (!data.cases.some((one) => one.name === this.selected)) this.selected = data.selected;
      if (held) this.find(held)?.focus({ preventScroll: true });
    }
    this.mark();
  }

  line({ name, state, output, said, named_after_it, got, wanted, failed }) {
    const [sign, word] = SIGNS[state];
    return make(
      "tr",
      { data: { key: name }, on: { click: () => this.choose(name, true) } },
      make("td", { class: `sign ${state}` }, make("span", { role: "img", "aria-label": word, title: word, text: sign })),
      make("td", { class: "name", title: name }, this.brief ? make("button", { type: "button", text: name, "aria-label": `Show the case “${name}”` }) : name),
      make("td", { class: named_after_it ? "output same" : said ? "output none" : "output", text: named_after_it ? "" : output, title: output.length > 30 ? output : null }),
      make("td", { class: failed ? "got error" : "got", text: got, title: failed ? got : null }),
      make("td", { class: "wanted", text: this.brief ? `wanted ${wanted}` : wanted, title: wanted }),
    );
  }

  find(name) {
    return this.body.querySelector(`tr[data-key="${CSS.escape(name)}"]`);
  }

  mark() {
    if (this.brief) return; // nothing is selected here
    const lines = [...this.body.children];
    for (const line of lines) {
      const on = line.dataset.key === this.selected;
      line.classList.toggle("on", on);
      line.setAttribute("aria-selected", String(on));
      line.tabIndex = on ? 0 : -1;
    }
    if (lines.length && !this.body.querySelector("tr.on")) lines[0].tabIndex = 0;
  }

  choose(name, focus = false) {
    if (this.brief) {
      this.setState("chosen", { name, at: Date.now() });
      return;
    }
    this.selected = name;
    this.unsent = true;
    this.mark();
    if (focus) {
      const line = this.find(name);
      line?.focus({ preventScroll: true });
      line?.scrollIntoView({ block: "nearest" });
    }
    clearTimeout(this.timer); // a key held down passes many cases
    this.timer = setTimeout(() => this.setState("chosen", { name, at: Date.now() }), 60);
  }

  move(by) {
    const names = [...this.body.children].map((line) => line.dataset.key);
    const at = names.indexOf(this.selected);
    const next = names[at < 0 ? (by > 0 ? 0 : names.length - 1) : at + by];
    if (next !== undefined) this.choose(next, true);
  }

  press(event) {
    if (this.brief || isNoShortcut(event)) return;
    const inside = event.currentTarget === this.root;
    if (event.key === "j" || (inside && event.key === "ArrowDown")) this.move(1);
    else if (event.key === "k" || (inside && event.key === "ArrowUp")) this.move(-1);
    else if (inside && event.key === "Delete" && this.selected) this.setTrigger("remove", { name: this.selected, at: Date.now() });
    else return;
    event.preventDefault();
  }

  end() {
    document.removeEventListener("keydown", this.onPage);
    this.root.remove();
  }
}

export default mount((place) => new Cases(place));
