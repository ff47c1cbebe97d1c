// The arms of an experiment that is set up, in a table: mark, name, what it does, model, calls an input, and Edit.
//
//   Python --data--> Arms.take        person --ask--> the trigger "asked": {edit: key of an arm}
//
// Text enters by textContent.

import { isDark, keepFocus, make } from "../shared/dom.js";
import { mount } from "../shared/mount.js";
import { armMark } from "./arms.js";

class Arms {
  constructor(place) {
    this.root = make("div", { class: "setup-arms" });
    place.append(this.root);
  }

  take(data, tell) {
    this.tell = tell;
    const source = JSON.stringify(data);
    this.root.classList.toggle("dark", isDark(this.root));
    if (source === this.source) return;
    this.source = source;
    keepFocus(this.root, () => this.root.replaceChildren(this.table(data)));
  }

  table({ arms }) {
    const head = make(
      "tr",
      {},
      make("th", { class: "arm", scope: "col", text: "arm" }),
      make("th", { class: "does", scope: "col", text: "strategy" }),
      make("th", { class: "model", scope: "col", text: "model" }),
      make("th", { class: "calls", scope: "col", text: "calls an input" }),
      make("th", { class: "edit", scope: "col" }, make("span", { class: "sr", text: "edit" })),
    );
    return make("table", {}, make("caption", { class: "sr", text: "Arms" }), make("thead", {}, head), make("tbody", {}, arms.map((arm) => this.row(arm))));
  }

  row(arm) {
    const edit = make("button", {
      type: "button",
      text: "Edit",
      "aria-label": `Edit ${arm.name}`,
      data: { key: arm.key },
      on: { click: () => this.tell("asked", { edit: arm.key, at: Date.now() }) },
    });
    const does = arm.problem
      ? make("td", { class: "does problem", title: arm.problem }, make("span", { class: "sign", "aria-hidden": "true", text: "✕" }), arm.problem)
      : make("td", { class: "does", text: arm.does });
    return make(
      "tr",
      {},
      make("th", { class: "arm", scope: "row", title: arm.name }, armMark(arm.mark), make("span", { text: arm.name })),
      does,
      make("td", { class: "model", text: arm.model, title: arm.modelTitle }),
      make("td", { class: "calls", text: arm.calls }),
      make("td", { class: "edit" }, edit),
    );
  }
}

export default mount((place) => new Arms(place));
