// What is said where one points: lines of plain text beside the pointer.

import { element } from "./elements.js";

const AWAY_PX = 14;

export class Tip {
  constructor() {
    this.box = element("div", { className: "tip", hidden: true });
    this.box.setAttribute("aria-hidden", "true"); // the alternative text, the story and the ledger say the same
  }

  show(words, x, y, place) {
    if (!words) return this.hide();
    if (this.words !== words) {
      this.words = words;
      const [first, ...more] = words.split("\n");
      this.box.replaceChildren(element("b", { textContent: first }), ...more.map((line) => element("span", { textContent: line })));
    }
    this.box.hidden = false;
    const { offsetWidth: width, offsetHeight: height } = this.box;
    const beside = x + AWAY_PX + width > place.clientWidth ? x - AWAY_PX - width : x + AWAY_PX;
    const top = place.getBoundingClientRect().top;
    const below = Math.min(y + AWAY_PX, innerHeight - top - height - 8);
    this.box.style.transform = `translate(${Math.max(0, Math.round(beside))}px, ${Math.round(below)}px)`;
  }

  hide() {
    this.words = undefined;
    this.box.hidden = true;
  }
}
