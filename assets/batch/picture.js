// A picture that fills its width, and a cursor over it: pointer or arrow keys choose a point, whose words stand under the picture.
//
//   paint(data, width) -> {svg, points: [{x, y, words}], plot: {left, right, top, bottom}, here?}
//   open(index)           a click or Enter on a point, where there is something to open

import { make, draw } from "../shared/dom.js";
import { watchWidth } from "../shared/mount.js";

const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity };

export class Picture {
  /** name: of the cursor, for assistive technology. hint: what stands under the picture before a point is chosen, unless data.note says it. */
  constructor(paint, { name, hint, open = null, act = "" }) {
    Object.assign(this, { paint, name, hint, open, act, at: null, width: 0 });
    this.canvas = make("div", { class: "canvas" });
    this.cursor = make("button", {
      type: "button",
      class: "cursor",
      on: {
        pointermove: (event) => event.pointerType !== "touch" && this.point(event),
        pointerdown: (event) => this.touch(event),
        pointerleave: () => this.root.getRootNode().activeElement !== this.cursor && this.choose(null),
        keydown: (event) => this.press(event),
        focus: () => this.cursor.matches(":focus-visible") && this.at === null && this.choose(0, true),
        blur: () => this.choose(null),
        click: () => this.enter(),
      },
    });
    this.words = make("p", { class: "words" });
    this.root = make("div", { class: "picture" }, make("div", { class: "plot" }, this.canvas, this.cursor), this.words);
    this.end = watchWidth(this.canvas, (width) => this.redraw(width));
  }

  take(data) {
    this.data = data;
    if (data.note !== undefined) this.hint = data.note;
    if (this.canvas.clientWidth) this.redraw(this.canvas.clientWidth);
  }

  redraw(width) {
    if (!this.data) return;
    this.width = width;
    const { svg, points, plot } = this.paint(this.data, width);
    this.points = points;
    this.ring = draw("g", { class: "ring" });
    svg.append(this.ring);
    this.canvas.replaceChildren(svg);
    this.cursor.hidden = !points.length;
    const { style } = this.cursor;
    [style.left, style.top] = [`${plot.left}px`, `${plot.top}px`];
    [style.width, style.height] = [`${plot.right - plot.left}px`, `${plot.bottom - plot.top}px`];
    this.left = plot.left;
    this.top = plot.top;
    this.choose(this.at !== null && this.at < points.length ? this.at : null);
  }

  // The nearest point; those above each other are told apart by their height.
  nearest(event) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let best = null;
    let least = Infinity;
    this.points.forEach((one, i) => {
      const far = (one.x - x) ** 2 * 4 + (one.y === null ? 0 : (one.y - y) ** 2);
      if (far < least) [best, least] = [i, far];
    });
    return best;
  }

  point(event) {
    this.choose(this.nearest(event));
  }

  // A finger covers several points: the first touch chooses, the button in the words opens.
  touch(event) {
    this.touched = event.pointerType === "touch";
    this.point(event);
  }

  press(event) {
    const by = STEPS[event.key];
    if (by === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const last = this.points.length - 1;
    this.choose(Math.min(last, Math.max(0, (this.at ?? (by > 0 ? -1 : 1)) + by)), true);
  }

  enter() {
    if (this.open && this.at !== null && !this.touched) this.open(this.at);
    this.touched = false;
  }

  choose(index, byKey = false) {
    this.at = index;
    const one = index === null ? null : this.points?.[index];
    this.words.setAttribute("aria-live", byKey ? "polite" : "off");
    this.words.classList.toggle("idle", !one);
    this.words.replaceChildren(one ? make("bdi", { text: one.words }) : this.hint);
    if (one && this.open) {
      // Where it had the focus, the cursor keeps it: the button is for fingers.
      const button = make("button", { type: "button", class: "link", tabIndex: -1, text: this.act, on: { pointerdown: (event) => event.preventDefault(), click: () => this.open(index) } });
      this.words.append(" ", button);
    }
    this.cursor.setAttribute("aria-label", `${this.name}. ${one ? one.words : this.hint}`);
    this.ring?.replaceChildren(...(one ? [one.y === null ? draw("path", { d: `M${one.x} ${this.top}V${this.top + parseFloat(this.cursor.style.height)}` }) : draw("circle", { cx: one.x, cy: one.y, r: 8 })] : []));
  }
}
