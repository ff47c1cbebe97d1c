// The blocks of an open tab: texts with marks, rows of names and values, the parts of a reward, notes.
// A block that has not changed keeps its element, so that what is selected, folded or scrolled in it stays.

import { explained, visible } from "./words.js";
import { make } from "../shared/dom.js";

export class Blocks {
  constructor(place, ask) {
    this.place = place;
    this.ask = ask;
    this.drawn = new Map(); // key -> [source, element]
  }

  // sections: as Python sends them. where: the attempt and its tab, whose blocks share no element with another's.
  draw(sections, where) {
    const drawn = new Map();
    const keep = (block) => {
      const key = `${where}/${block.id}`;
      const source = JSON.stringify(block);
      const [before, node] = this.drawn.get(key) ?? [];
      const kept = before === source ? node : this.block(block);
      if (node && kept !== node) this.carryOn(node, kept);
      drawn.set(key, [source, kept]);
      return kept;
    };
    const nodes = sections.map((section) => {
      const columns = [section.left, section.right].filter((blocks) => blocks.length);
      const node = make("section", { className: "section" });
      if (section.title) node.append(make("h3", { textContent: section.title }));
      node.append(
        make(
          "div",
          { className: columns.length > 1 ? "columns" : "columns one" },
          ...columns.map((blocks) => make("div", { className: "column" }, ...blocks.map(keep))),
        ),
      );
      return node;
    });
    this.drawn = drawn;
    this.place.replaceChildren(...nodes);
  }

  // A block that was unfolded stays so when more of it comes.
  carryOn(before, after) {
    if (before.tagName === "DETAILS" && after.tagName === "DETAILS") after.open = before.open;
  }

  block(block) {
    const body = this.body(block);
    const aside = block.aside ? make("span", { className: "aside" }, ...visible(block.aside)) : null;
    if (block.folded) {
      const summary = make(
        "summary",
        {},
        make("span", { className: "title", textContent: block.title }),
        aside,
        make("span", { className: "preview" }, ...visible(block.preview.replace(/\s+/g, " "))),
      );
      return make("details", { className: "block folded" }, summary, body, this.pager(block));
    }
    const head = block.title
      ? make("div", { className: "title-row" }, make("span", { className: "title" }, explained(block.title, block.term)), aside, ...this.actions(block))
      : null;
    return make("div", { className: `block ${block.kind} ${block.tone}` }, head, body, this.pager(block));
  }

  actions(block) {
    if (!block.actions.length) return [];
    const buttons = block.actions.map(([what, label]) => {
      const button = make("button", { type: "button", className: "link", textContent: label });
      button.addEventListener("click", () => this.ask({ do: "act", what }));
      return button;
    });
    return [make("span", { className: "actions" }, ...buttons)];
  }

  body(block) {
    if (block.kind === "rows") return this.rows(block);
    if (block.kind === "parts") return this.parts(block);
    if (block.kind === "note") return !block.pieces.length ? null : make("p", { className: "words" }, ...this.pieces(block));
    return make("div", { className: `words ${block.kind === "text" ? "mono" : ""}` }, ...this.pieces(block));
  }

  pieces(block) {
    return block.pieces.flatMap(([kind, text], i) => {
      let words = text;
      // a hint is a block of its own, so the line ends around it would be empty lines
      if (block.pieces[i + 1]?.[0] === "hint") words = words.replace(/\n+$/, "");
      if (block.pieces[i - 1]?.[0] === "hint") words = words.replace(/^\n+/, "");
      if (kind === "same") return visible(words);
      const tag = kind === "added" ? "ins" : kind === "hit" ? "mark" : "span";
      const node = make(tag, { className: kind }, ...visible(kind === "hint" ? text.trim() : words));
      if (kind === "hint") node.title = "The hint, as it stands in the prompt";
      return [node];
    });
  }

  rows(block) {
    const rows = block.rows.flatMap((row) => [
      make("dt", { className: row.strong ? "strong" : "" }, ...visible(row.name)),
      make(
        "dd",
        {},
        ...visible(row.value),
        row.type ? make("span", { className: "type" }, " ✓ ", row.type) : null,
      ),
    ]);
    return make("dl", { className: "rows" }, ...rows);
  }

  parts(block) {
    const rows = block.rows.map((row) => {
      const meter = make("span", { className: "meter" }, make("span", {}));
      meter.firstChild.style.width = `${row.share * 100}%`;
      const moved = { up: ["▲", "more than the attempt before"], down: ["▼", "less than the attempt before"] }[row.change];
      const arrow = moved ? make("span", { className: row.change, textContent: moved[0], role: "img" }) : null;
      arrow?.setAttribute("aria-label", moved[1]);
      return make(
        "li",
        {},
        make("span", { className: "name" }, ...visible(row.name)),
        make("span", { className: "value" }, arrow, ` ${row.value} `, make("span", { className: "of", textContent: row.of })),
        meter,
      );
    });
    return make("ul", { className: "parts" }, ...rows);
  }

  // The pages of a long text, and all of it as a file.
  pager(block) {
    if (block.pages < 2) return null;
    const turn = (page, label, words) => {
      const button = make("button", { type: "button", textContent: label, disabled: page < 1 || page > block.pages });
      button.setAttribute("aria-label", words);
      button.addEventListener("click", () => this.ask({ do: "page", block: block.id, page }));
      return button;
    };
    const what = block.kind === "parts" ? "parts" : "characters";
    const count = make("span", {
      textContent: `page ${block.page} of ${block.pages} · ${block.characters.toLocaleString("en")} ${what}`,
    });
    const save = make("button", { type: "button", textContent: "Download all" });
    save.addEventListener("click", () => this.ask({ do: "download", what: block.id }));
    return make(
      "div",
      { className: "pager" },
      turn(block.page - 1, "‹", "Previous page"),
      turn(block.page + 1, "›", "Next page"),
      count,
      block.kind === "parts" ? null : save,
    );
  }
}
