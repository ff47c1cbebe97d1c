// What an edit changed in a text, word by word: tint and underline for what is new, tint and a line through for what is gone.
// Text enters by textContent alone.

import { isDark, make } from "../shared/dom.js";
import { mount } from "../shared/mount.js";

const TAGS = { same: "span", added: "ins", removed: "del" };

class Edit {
  constructor(place) {
    this.root = make("p", { class: "edit", "aria-label": "What your edit changes" });
    place.append(this.root);
  }

  take({ pieces, caption }) {
    this.root.classList.toggle("dark", isDark(this.root));
    this.root.replaceChildren(...pieces.map(([kind, text]) => make(TAGS[kind] ?? "span", { text })), make("span", { class: "caption", text: caption }));
  }

  end() {
    this.root.remove();
  }
}

export default mount((place) => new Edit(place));
