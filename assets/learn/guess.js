// A guess before a run and, in the same place, what happened over it, with the gap between them.
//
//   Python --data--> Guess.take       person --"guess"--> {which, value, at}: a number, the index of a choice, or a value for each x (null: not drawn)
//
//   number.js  a slider on an axis    choice.js  one of a few    ../shared/curve.js  drawn by hand
//
// What the person has drawn stays while the guess is open; `data.which` says that it is another one. Text enters by textContent.

import { isDark, keepFocus, make } from "../shared/dom.js";
import { Curve } from "../shared/curve.js";
import { legend } from "../shared/legend.js";
import { mount } from "../shared/mount.js";
import { ChoiceGuess } from "./choice.js";
import { NumberGuess } from "./number.js";

const KINDS = { number: NumberGuess, choice: ChoiceGuess, curve: Curve };
const REST_MS = 250; // after which a move is told: the page is not drawn anew for each pixel

class Guess {
  constructor(place) {
    this.title = make("p", { class: "title" });
    this.key = make("p", { class: "legend" });
    this.body = make("div", { class: "body" });
    this.root = make("div", { class: "guess-root" }, this.title, this.body, this.key);
    place.append(this.root);
    this.flush = () => this.tell();
    addEventListener("pointerdown", this.flush, true); // a press on Run comes after what was drawn for it
    addEventListener("pagehide", this.flush);
  }

  take(data, _, send) {
    this.send = send;
    this.root.classList.toggle("dark", isDark(this.root));
    const isOther = this.data?.which !== data.which;
    if (isOther || this.data.kind !== data.kind) {
      clearTimeout(this.timer);
      this.waiting = false;
      this.view?.end?.();
      this.view = new KINDS[data.kind]((value) => this.change(value));
      this.body.replaceChildren(this.view.root);
    }
    const isUntouched = !this.waiting && this.told !== data.which;
    if (isOther || isUntouched || !data.open || !this.data.open) this.value = structuredClone(data.guess ?? (data.kind === "curve" ? data.x.values.map(() => null) : null));
    const isForgotten = !isOther && data.open && data.guess === null && this.told === data.which;
    this.data = { ...data, guessed: data.open || data.guess !== null };
    this.title.textContent = data.axis?.title ?? "";
    this.key.replaceChildren(...legend(this.data));
    this.redraw();
    if (data.guess !== null) this.isAgain = false;
    if (isForgotten && !this.isAgain) this.tellAgain();
  }

  // An app that was started again knows nothing of what is still on the screen.
  tellAgain() {
    this.isAgain = this.waiting = true;
    this.tell();
  }

  redraw() {
    keepFocus(this.root, () => this.view.take(this.data, this.value));
  }

  change(value) {
    this.value = value;
    this.waiting = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(this.flush, REST_MS);
    if (this.data.kind === "choice") {
      this.redraw();
      this.tell();
    }
  }

  tell() {
    clearTimeout(this.timer);
    if (!this.waiting || !this.data.open) return;
    this.waiting = false;
    this.told = this.data.which;
    this.send("guess", { which: this.data.which, value: structuredClone(this.value), at: Date.now() });
  }

  end() {
    this.tell();
    this.view?.end?.();
    removeEventListener("pointerdown", this.flush, true);
    removeEventListener("pagehide", this.flush);
    this.root.remove();
  }
}

export default mount((place) => new Guess(place));
