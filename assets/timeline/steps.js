// The bar beneath: buttons that step through the attempts, each with its key, and the choice between the story and the tables.

import { element } from "./elements.js";
import { describeKeys, keyOf } from "./keys.js";

const BUTTONS = { previous: "Previous", next: "Next", best: "Best", failure: "First failure", compare: "Compare" };
const VIEWS = { story: "Story", table: "Table", costs: "Costs" };

export class Steps {
  // view: { step(name, button), choose({ view }), focus() }
  constructor(view) {
    this.view = view;
    const key = (name) => element("kbd", { textContent: keyOf(name), "aria-hidden": "true" });
    this.buttons = Object.fromEntries(
      Object.entries(BUTTONS).map(([name, words]) => [name, element("button", { type: "button" }, words, " ", key(name))]),
    );
    this.help = element("button", { type: "button", className: "help", "aria-label": "Keys", "aria-expanded": "false", textContent: "?" });
    this.views = Object.fromEntries(
      Object.entries(VIEWS).map(([name, words]) => [name, element("button", { type: "button", textContent: words, "aria-pressed": "false" })]),
    );
    const choice = element("span", { className: "choice", role: "group", "aria-label": "Attempts as" }, ...Object.values(this.views));
    this.keys = element("div", { className: "keys", role: "note", "aria-label": "Keys of the timeline", hidden: true });
    this.bar = element("div", { className: "steps" }, ...Object.values(this.buttons), this.help, choice, this.keys);
    this.elements = [this.bar];
    for (const [name, button] of Object.entries(this.buttons)) button.addEventListener("click", () => view.step(name, button));
    for (const [name, button] of Object.entries(this.views)) button.addEventListener("click", () => view.choose({ view: name }));
    this.help.addEventListener("click", () => this.toggle());
  }

  // target: name -> the attempt that it leads to, or null. shown: the story or the table.
  show(target, selected, shown) {
    this.buttons.compare.title =
      target("compare") === null ? "With one attempt there is nothing to compare yet" : `Compare the attempt with the one ${selected ? "before" : "after"} it`;
    for (const [name, button] of Object.entries(this.buttons)) button.disabled = [null, name === "compare" ? null : selected].includes(target(name));
    for (const [name, button] of Object.entries(this.views)) button.setAttribute("aria-pressed", String(name === shown));
  }

  toggle(open = this.keys.hidden) {
    this.keys.replaceChildren(...describeKeys());
    this.keys.hidden = !open;
    this.help.setAttribute("aria-expanded", String(open));
  }
}
