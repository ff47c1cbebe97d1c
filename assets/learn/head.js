// The top of a lesson: its question, who learns, and its five steps as links: done, here, or still to come. It says what has happened.
//
//   Python --data--> Head.take        person --"asked"--> {step} or {list: true}        Text enters by textContent.

import { isDark, keepFocus, make } from "../shared/dom.js";
import { mount } from "../shared/mount.js";
import { Focus } from "./focus.js";

class Head {
  constructor(place) {
    this.root = make("div", { class: "lesson-head" });
    this.status = make("p", { class: "sr", role: "status" });
    place.append(this.root, this.status);
    this.focus = new Focus(() => this.root.querySelector("h1"));
  }

  end() {
    this.focus.end();
  }

  take(data, tell) {
    this.tell = tell;
    const source = JSON.stringify(data);
    this.root.classList.toggle("dark", isDark(this.root));
    const here = data.steps.find((step) => step.here)?.key;
    this.focus.watch(this.here === undefined ? Boolean(navigator.userActivation?.hasBeenActive) : this.here !== here);
    if (source === this.source) return;
    Object.assign(this, { source, here });
    if (this.said !== data.said.at) [this.said, this.status.textContent] = [data.said.at, data.said.text];
    const way = make("span", { class: "way" }, this.link("All lessons", data.list, "list", { list: true }), data.learner ? make("span", { class: "learner", title: data.learner }, make("span", { class: "sr", text: "Learner: " }), data.learner) : null, make("span", { class: "slash", "aria-hidden": "true", text: "/" }), make("span", { class: "place", text: data.place }));
    const title = make("h1", { tabIndex: -1 }, make("span", { class: "number", text: data.number }), " ", data.title);
    const steps = make("nav", { "aria-label": "Steps of the lesson" }, make("ol", {}, data.steps.map((step, i) => this.step(step, i))));
    keepFocus(this.root, () => this.root.replaceChildren(way, title, steps));
  }

  step(step, i) {
    const sign = step.state === "done" ? make("span", { class: "sign", "aria-hidden": "true", text: "✓" }) : make("span", { class: "sign", text: i + 1 });
    const link = this.link([sign, make("span", { text: step.label })], step.href, step.key, { step: step.key });
    if (step.here) link.setAttribute("aria-current", "step");
    if (step.state === "done") link.setAttribute("aria-label", `${i + 1} ${step.label}, done`);
    return make("li", { class: [step.state, step.here ? "here" : ""].join(" ") }, link);
  }

  link(inside, href, key, asked) {
    const act = (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return; // a new tab, or a window
      event.preventDefault();
      this.tell("asked", { ...asked, at: Date.now() });
    };
    return make("a", { href: new URL(href, document.baseURI).href, data: { key }, on: { click: act } }, inside);
  }
}

export default mount((place) => new Head(place));
