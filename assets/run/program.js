// What was run, in one row: program, inputs, reward. Each shows its first lines, and all of them at a press.
// On a narrow page the row is folded. Text enters by textContent.

import { explained, visible } from "./words.js";
import { isDark, make } from "../shared/dom.js";
import { mount } from "../shared/mount.js";

class Row {
  constructor(parent) {
    this.root = make("section", { className: "program" });
    this.root.setAttribute("aria-label", "Program, inputs and reward");
    this.columns = make("div", { className: "columns" });
    this.brief = make("span", { className: "brief" });
    this.fold = make(
      "button",
      { type: "button", className: "fold" },
      make("span", { className: "what", textContent: "Program, inputs and reward" }),
      this.brief,
    );
    this.fold.addEventListener("click", () => this.toggle());
    this.root.append(this.fold, this.columns);
    parent.append(this.root);
    this.toggle(false);
  }

  toggle(open = !this.root.classList.contains("open")) {
    this.root.classList.toggle("open", open);
    this.fold.setAttribute("aria-expanded", String(open));
  }

  take(data, setTrigger) {
    this.open = () => setTrigger("opened", { at: Date.now() });
    this.root.classList.toggle("dark", isDark(this.root));
    this.brief.textContent = data.brief;
    const source = JSON.stringify(data);
    if (source === this.source) return;
    this.source = source;
    this.columns.replaceChildren(...data.columns.map((column) => this.column(column)));
  }

  column({ title, term, kind, lines, preview, foot, all, link, link_title: linkTitle }) {
    const body = make("div", { className: `lines ${kind}`, id: `lines-${kind}` });
    const draw = (shown) => {
      const drawn = shown.map(([name, text]) =>
        make(
          "div",
          { className: "line" },
          name === null ? null : make("span", { className: "name" }, ...visible(name), " "),
          make("span", { className: "text" }, ...visible(text)),
        ),
      );
      body.replaceChildren(...drawn);
    };
    const isPart = preview !== undefined && preview !== lines[0][1];
    const more = make("button", { type: "button", className: "more" });
    more.setAttribute("aria-controls", body.id);
    const show = (open) => {
      body.classList.toggle("all", open);
      draw(isPart && !open ? [[null, preview]] : lines);
      more.textContent = open ? "Less" : all;
      more.setAttribute("aria-expanded", String(open));
    };
    more.addEventListener("click", () => show(!body.classList.contains("all")));
    show(false);
    // Only where something is cut off is there more to see.
    new ResizeObserver(() => {
      if (!body.classList.contains("all")) more.hidden = !isPart && body.scrollHeight <= body.clientHeight + 1;
    }).observe(body);
    const leave = link ? make("button", { type: "button", className: "more leave", textContent: link, title: linkTitle }) : null;
    leave?.addEventListener("click", () => this.open());
    return make(
      "div",
      { className: "column" },
      make("div", { className: "title-row" }, make("h2", {}, explained(title, term)), leave, more),
      body,
      foot ? make("div", { className: "foot", textContent: foot }) : null,
    );
  }
}

export default mount((place) => new Row(place));
