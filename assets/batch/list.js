// The experiments, in a table: name, state in a shape and a word, arms, inputs, date; below a name, the verdict once it is final.
//
//   Python --data--> List.take        person --ask--> the trigger "asked": {do: "open" or "delete", id}
//
// Text enters by textContent.

import { isDark, keepFocus, make } from "../shared/dom.js";
import { mount } from "../shared/mount.js";
import { armMark } from "./arms.js";

class List {
  constructor(place) {
    this.root = make("div", { class: "experiments" });
    place.append(this.root);
  }

  take(data, tell) {
    this.tell = tell;
    const source = JSON.stringify(data);
    this.root.classList.toggle("dark", isDark(this.root));
    if (source === this.source) return;
    this.source = source;
    const heads = [["name", "experiment"], ["state", "state"], ["arms", "arms"], ["inputs", "inputs"], ["date", "date"]];
    const head = make("tr", {}, heads.map(([name, text]) => make("th", { class: name, scope: "col", text })), make("td", { class: "more" }));
    const table = make("table", {}, make("caption", { class: "sr", text: "Experiments" }), make("thead", {}, head), make("tbody", {}, data.rows.map((row) => this.row(row))));
    keepFocus(this.root, () => this.root.replaceChildren(table), "tbody a");
  }

  row(row) {
    const link = make("a", {
      href: new URL(row.href, document.baseURI).href,
      text: row.name,
      data: { key: `open ${row.id}` },
      on: {
        click: (event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return; // a new tab, or a window
          event.preventDefault();
          this.ask("open", row.id);
        },
      },
    });
    const remove = make("button", {
      type: "button",
      text: "Delete",
      "aria-label": `Delete ${row.name}`,
      data: { key: `delete ${row.id}` },
      on: { click: () => this.ask("delete", row.id) },
    });
    const arms = make(
      "td",
      { class: "arms", title: row.arms.map((arm) => arm.name).join("\n") },
      row.arms.map((arm) => make("span", { class: "one" }, armMark(arm.mark, 13), make("span", { text: arm.name }))),
    );
    const state = make("td", { class: `state ${row.tone}` }, make("span", { class: "sign", "aria-hidden": "true", text: row.sign }), row.state);
    return make(
      "tr",
      {},
      make("th", { class: "name", scope: "row" }, link, row.verdict ? make("p", { text: row.verdict }) : null),
      state,
      arms,
      make("td", { class: "inputs", text: row.inputs }),
      make("td", { class: "date", text: row.date }),
      make("td", { class: "more" }, row.canDelete ? remove : null),
    );
  }

  ask(what, id) {
    this.tell("asked", { do: what, id, at: Date.now() });
  }
}

export default mount((place) => new List(place));
