// The detail of an attempt in the browser: head, search, tabs, and the open tab's body.
//
//   Python  --data-->  Detail.take     only the open tab's body is sent
//   person  --ask-->   the trigger "asked": {do: tab | pick | caller | page | search | hit | copy | download, …}
//
//   blocks.js  what a tab holds        search.js  the search        words.js  words that explain themselves

import { Blocks } from "./blocks.js";
import { copyText, showToCopy } from "../shared/clipboard.js";
import { draw, isDark, make } from "../shared/dom.js";
import { isNoShortcut } from "../shared/keys.js";
import { mount } from "../shared/mount.js";
import { Search } from "./search.js";
import { explained } from "./words.js";

const lens = () =>
  draw("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, draw("path", { d: "M11 7a4 4 0 1 1-8 0 4 4 0 0 1 8 0zM10 10l4 4" }));

class Detail {
  constructor(parent) {
    this.ask = (what) => this.tell("asked", { ...what, at: Date.now() });
    this.head = make("div", { className: "head" });
    this.tools = make("div", { className: "tools" });
    this.tabs = make("div", { className: "tabs", role: "tablist" });
    this.tabs.setAttribute("aria-label", "What to see of the attempt");
    this.callers = make("div", { className: "callers", role: "group" });
    this.callers.setAttribute("aria-label", "Whose prompts");
    this.copies = make("div", { className: "copies" });
    this.actions = make("div", { className: "actions" });
    this.bar = make("div", { className: "bar" }, this.callers, this.actions, this.copies);
    this.place = make("div", { className: "blocks" });
    this.body = make("div", { className: "body", role: "tabpanel", tabIndex: 0, id: "body" }, this.bar, this.place);
    this.status = make("p", { className: "status", role: "status" });
    this.search = new Search(this.ask);
    this.search.closed = () => this.body.focus({ preventScroll: true });
    this.blocks = new Blocks(this.place, this.ask);
    const top = make("div", { className: "top" }, this.head, this.tools, this.tabs);
    this.root = make("section", { className: "detail" }, top, this.search.element, this.status, this.body);
    this.root.setAttribute("aria-label", "Attempt in detail");
    parent.append(this.root);
    this.tabs.addEventListener("keydown", (event) => this.pressInTabs(event));
    this.onKey = (event) => this.press(event);
    document.addEventListener("keydown", this.onKey);
  }

  // "/" searches, from wherever the focus is but in a field.
  press(event) {
    if (event.key !== "/" || !this.root.isConnected || isNoShortcut(event)) return;
    event.preventDefault();
    this.search.open();
    this.root.scrollIntoView({ block: "nearest" });
  }

  pressInTabs(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const names = this.data.tabs.map(([name]) => name);
    const next = names[(names.indexOf(this.data.tab) + step + names.length) % names.length];
    this.openTab(next);
    this.tabs.querySelector("[aria-selected=true]").focus();
  }

  openTab(tab) {
    if (tab === this.data.tab) return;
    this.ask({ do: "tab", tab });
    this.drawTabs(tab); // at once; its body comes with Python's answer
    this.place.classList.add("stale");
  }

  take(data, tell) {
    this.tell = tell;
    const moved = this.data && (this.data.attempt !== data.attempt || this.data.tab !== data.tab || this.data.caller !== data.caller);
    const sought = data.hit && (moved || !this.data || this.hit !== JSON.stringify([data.attempt, data.hit, data.found?.query]));
    this.data = data;
    this.root.classList.toggle("dark", isDark(this.root));
    this.drawHead();
    this.drawTabs(data.tab);
    this.drawBar();
    this.search.take(data.found);
    this.body.style.maxHeight = data.height ? `${data.height}px` : "";
    this.body.classList.toggle("scrolls", Boolean(data.height));
    this.place.classList.remove("stale");
    this.blocks.draw(data.sections, `${data.run}/${data.attempt}/${data.tab}`);
    if (moved) this.body.scrollTop = 0;
    if (sought) {
      this.hit = JSON.stringify([data.attempt, data.hit, data.found?.query]);
      this.place.querySelector("mark.hit")?.scrollIntoView({ block: "nearest" });
    }
    if (data.reply && data.reply.at !== this.answered) {
      this.answered = data.reply.at;
      if (data.reply.do === "copy") this.copy(data.reply);
      else this.save(data.reply.text);
    }
  }

  drawHead() {
    const { title, term, reward, outcome, facts, previous, next } = this.data;
    const focused = this.root.getRootNode().activeElement?.dataset?.name;
    this.head.replaceChildren(
      make("h2", {}, explained(title, term)),
      ...(reward ? [make("strong", { className: outcome, textContent: reward })] : []),
      make("span", { className: "facts", textContent: facts.map((fact) => fact.replaceAll(" ", "\u00a0")).join(" · ") }),
    );
    const step = (name, label, attempt, words) => {
      const button = make("button", { type: "button", disabled: attempt === null }, label);
      button.dataset.name = name;
      button.setAttribute("aria-label", words);
      button.title = words;
      button.addEventListener("click", () => this.ask({ do: "pick", attempt }));
      return button;
    };
    const seek = make("button", { type: "button", title: "Search the messages of this run (key /)" });
    seek.dataset.name = "seek";
    seek.setAttribute("aria-label", "Search the messages of this run");
    seek.append(lens(), make("kbd", { textContent: "/" }));
    seek.addEventListener("click", () => (this.search.isOpen ? this.search.close() : this.search.open()));
    this.tools.replaceChildren(
      seek,
      step("previous", "‹", previous, "Previous attempt"),
      step("next", "›", next, "Next attempt"),
    );
    if (focused) this.tools.querySelector(`[data-name=${focused}]`)?.focus();
  }

  drawTabs(open) {
    const active = this.root.getRootNode().activeElement;
    const had = active && this.tabs.contains(active);
    this.tabs.replaceChildren(
      ...this.data.tabs.map(([name, words]) => {
        const selected = name === open;
        const tab = make("button", { type: "button", role: "tab", textContent: words, tabIndex: selected ? 0 : -1 });
        tab.setAttribute("aria-selected", String(selected));
        tab.setAttribute("aria-controls", "body");
        tab.addEventListener("click", () => this.openTab(name));
        return tab;
      }),
    );
    const selected = this.tabs.querySelector("[aria-selected=true]");
    this.body.setAttribute("aria-label", selected.textContent);
    if (had) selected.focus();
  }

  drawBar() {
    const { callers, caller, copies, actions } = this.data;
    const focused = this.root.getRootNode().activeElement?.dataset?.caller;
    this.callers.hidden = callers.length === 0;
    this.callers.replaceChildren(
      ...callers.map(([key, label, hasHint]) => {
        const button = make("button", { type: "button" }, label, hasHint ? make("span", { className: "hinted", textContent: " · hint" }) : null);
        button.dataset.caller = key;
        button.setAttribute("aria-pressed", String(key === caller));
        button.addEventListener("click", () => key !== caller && this.ask({ do: "caller", caller: key }));
        return button;
      }),
    );
    if (focused) [...this.callers.children].find((one) => one.dataset.caller === focused)?.focus();
    this.actions.replaceChildren(
      ...actions.map(([what, label]) => {
        const button = make("button", { type: "button", className: "link", textContent: label });
        button.addEventListener("click", () => this.ask({ do: "act", what }));
        return button;
      }),
    );
    this.copies.replaceChildren(
      ...(copies.length ? [make("span", { textContent: "Copy as" })] : []),
      ...copies.map(([what, label]) => {
        const button = make("button", { type: "button", className: "link", textContent: label });
        button.setAttribute("aria-label", `Copy as ${label}`);
        button.addEventListener("click", () => this.ask({ do: "copy", what }));
        return button;
      }),
    );
  }

  async copy({ text, words }) {
    if (await copyText(text)) return this.say(words);
    clearTimeout(this.quiet);
    showToCopy(this.status, text);
  }

  say(words) {
    clearTimeout(this.quiet);
    this.status.replaceChildren(words);
    this.quiet = setTimeout(() => this.status.replaceChildren(), 6000);
  }

  save(text) {
    const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    make("a", { href: url, download: "text.txt" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }

  end() {
    document.removeEventListener("keydown", this.onKey);
    this.root.remove();
  }
}

export default mount((place) => new Detail(place));
