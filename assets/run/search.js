// The search over a run's messages: "/" opens it, a hit leads to its place.

import { visible } from "./words.js";
import { make } from "../shared/dom.js";

const WAIT_MS = 250;

export class Search {
  constructor(ask) {
    this.ask = ask;
    this.input = make("input", { type: "search", placeholder: "Search prompts, replies, outputs and hints", maxLength: 200 });
    this.input.setAttribute("aria-label", "Search the messages of this run");
    this.count = make("p", { className: "count", role: "status" });
    this.hits = make("ol", { className: "hits" });
    this.element = make("div", { className: "search", role: "search", hidden: true }, this.input, this.count, this.hits);
    this.input.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.ask({ do: "search", query: this.input.value }), WAIT_MS);
    });
    this.element.addEventListener("keydown", (event) => this.press(event));
  }

  get isOpen() {
    return !this.element.hidden;
  }

  open() {
    this.element.hidden = false;
    this.input.focus();
    this.input.select();
  }

  close() {
    clearTimeout(this.timer);
    this.element.hidden = true;
    this.input.value = "";
    this.ask({ do: "search", query: null });
  }

  press(event) {
    event.stopPropagation(); // letters typed here are no keys of the page
    if (event.key === "Escape") {
      event.preventDefault();
      this.close();
      this.closed?.();
    }
    const buttons = [...this.hits.querySelectorAll("button")];
    const at = buttons.indexOf(this.element.getRootNode().activeElement);
    if (event.key === "ArrowDown") (buttons[at + 1] ?? buttons.at(-1))?.focus();
    else if (event.key === "ArrowUp") (at > 0 ? buttons[at - 1] : this.input).focus();
    else if (event.key === "Enter" && at < 0) buttons[0]?.click();
    else return;
    event.preventDefault();
  }

  // found: what Python found, or null
  take(found) {
    if (!found) {
      this.count.textContent = "";
      this.hits.replaceChildren();
      return;
    }
    if (!this.isOpen) this.element.hidden = false;
    if (this.element.getRootNode().activeElement !== this.input) this.input.value = found.query;
    const shown = found.hits.length;
    const places = found.count === 1 ? "1 place" : `${found.count.toLocaleString("en")} places`;
    this.count.textContent = !found.query.trim()
      ? "Type a word or a part of a sentence."
      : found.count
        ? `${places}${shown < found.count ? `; the first in each of ${shown} texts` : ""}`
        : "Nothing in this run holds that text.";
    this.hits.replaceChildren(
      ...found.hits.map((hit, index) => {
        const button = make(
          "button",
          { type: "button" },
          make("span", { className: "place" }, `Attempt ${hit.attempt + 1} · `, ...visible(hit.label)),
          make(
            "span",
            { className: "excerpt" },
            ...visible(hit.before),
            make("mark", {}, ...visible(hit.match)),
            ...visible(hit.after),
          ),
        );
        button.addEventListener("click", () => this.ask({ do: "hit", index }));
        return make("li", {}, button);
      }),
    );
  }
}
