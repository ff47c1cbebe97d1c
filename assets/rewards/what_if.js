// The what-if of one run: its attempts on top, the threshold below. Dragging needs no server; a release tells it the threshold.

import { isDark, make } from "./dom.js";
import { Curve } from "./curve.js";
import { Strip } from "./strip.js";
import { mount, watchWidth } from "../shared/mount.js";

const STRIP_PX = 268;
const CURVE_PX = 132;
const PATIENCE_MS = 150;

class Pictures {
  constructor(place) {
    this.strip = new Strip((key) => this.choose(key));
    this.curve = new Curve(
      (threshold) => this.strip.preview(threshold, this.curve.segment()),
      (threshold) => this.setState("threshold", { value: threshold, at: Date.now() }),
    );
    this.strip.height = STRIP_PX;
    this.curve.height = CURVE_PX;
    this.root = make("div", { class: "root" }, make("div", { class: "pictures stacked" }, this.strip.root, this.curve.root));
    place.append(this.root);
    this.unwatch = watchWidth(this.root, (width) => {
      this.width = width;
      if (this.data) this.draw();
    });
  }

  take(data, _, setState) {
    Object.assign(this, { data, setState });
    if (data.selected === this.selected) this.unsent = false;
    if (!this.unsent) this.selected = data.selected; // else what was chosen here is not known there yet
    this.root.classList.toggle("dark", isDark(this.root));
    this.draw();
  }

  draw() {
    this.width ||= Math.floor(this.root.clientWidth) || 720;
    this.strip.width = this.width;
    this.curve.width = this.width;
    this.strip.take(this.data.strip, this.selected);
    this.curve.take(this.data.curve);
  }

  choose(key) {
    this.selected = key;
    this.unsent = true;
    this.strip.take(this.data.strip, key);
    clearTimeout(this.timer); // an arrow held down passes many attempts
    this.timer = setTimeout(() => this.setState("row", { key, at: Date.now() }), PATIENCE_MS);
  }

  end() {
    this.unwatch();
    this.root.remove();
  }
}

export default mount((place) => new Pictures(place));
