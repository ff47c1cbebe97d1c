// What a reward pays for texts that were made from a right answer: a name, the exact text, a bar, the points.
//
// A press on a text shows all of it, with its line breaks; one on Pin makes it a case: setTriggerValue("press").

import { isDark, make } from "./dom.js";
import { mount } from "../shared/mount.js";

class Probes {
  constructor(place) {
    this.root = make("div", { class: "root" });
    place.append(this.root);
    this.open = new Set();
  }

  take(data, setTrigger) {
    this.data = data;
    if (setTrigger) this.pin = (list, place) => setTrigger("press", { name: "pin", list, place, at: Date.now() });
    this.root.classList.toggle("dark", isDark(this.root));
    this.root.classList.toggle("pending", data.pending);
    this.root.setAttribute("aria-busy", String(data.pending));
    const text = JSON.stringify([data.lists, [...this.open]]);
    if (text === this.drawn) return;
    this.drawn = text;
    const held = this.root.getRootNode().activeElement?.dataset?.name;
    this.root.replaceChildren(...data.lists.map((list, i) => this.list(list, i)));
    if (held) this.root.querySelector(`[data-name="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
  }

  list({ title, none, probes }, number) {
    return make("section", {}, make("h3", { text: title }), probes.length ? make("ul", {}, probes.map((one, i) => this.probe(one, number, i))) : make("p", { class: "none", text: none }));
  }

  probe({ name, short, whole, said, share, value, error, pinned }, list, place) {
    const shown = this.open.has(name);
    const turn = () => {
      this.open[shown ? "delete" : "add"](name);
      this.take(this.data);
    };
    const text = said
      ? make("span", { class: "exact said", text: short })
      : make("button", { type: "button", class: "exact", data: { name }, "aria-expanded": String(shown), title: shown ? "Show one line" : "Show the whole text", on: { click: turn } }, make("span", { text: shown ? whole : short }));
    return make(
      "li",
      { class: "probe" },
      make("span", { class: "name", text: name }),
      text,
      share === null ? make("span", {}) : make("span", { class: "bar", "aria-hidden": "true" }, make("span", { style: `width: ${Math.round(share * 100)}%` })),
      make("span", { class: error ? "value bad" : "value", text: value, title: error || null }),
      pinned
        ? make("span", { class: "act done", data: { name: `pin ${name}` }, tabindex: -1, text: "Pinned" })
        : make("button", { type: "button", class: "act", data: { name: `pin ${name}` }, text: "Pin", "aria-label": `Pin “${name}” as a case`, title: "Make it a case, which is run at every edit", on: { click: () => this.pin(list, place) } }),
      error ? make("span", { class: "why", text: error }) : null,
    );
  }
}

export default mount((place) => new Probes(place));
