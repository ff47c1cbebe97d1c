// The what-if of one run: its attempts on top, the threshold below. Dragging needs no server; a release tells it the threshold.

import { isDark, make } from "./dom.js";
import { Curve } from "./curve.js";
import { Strip } from "./strip.js";

const STRIP_PX = 268;
const CURVE_PX = 132;

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
    this.watch = new ResizeObserver(() => this.measure());
    this.watch.observe(this.root);
  }

  take(data, setState) {
    Object.assign(this, { data, setState });
    this.root.classList.toggle("dark", isDark(this.root));
    this.draw();
  }

  measure() {
    const width = Math.floor(this.root.clientWidth);
    if (!width || width === this.width) return;
    this.width = width;
    if (this.data) this.draw();
  }

  draw() {
    this.width ||= Math.floor(this.root.clientWidth) || 720;
    this.strip.width = this.width;
    this.curve.width = this.width;
    this.strip.take(this.data.strip, this.data.selected);
    this.curve.take(this.data.curve);
  }

  choose(key) {
    this.setState("row", { key, at: Date.now() });
  }

  end() {
    this.watch.disconnect();
    this.root.remove();
  }
}

const shown = new WeakMap();

export default function ({ parentElement, data, setStateValue }) {
  let pictures = shown.get(parentElement);
  if (!pictures) {
    pictures = new Pictures(parentElement);
    shown.set(parentElement, pictures);
  }
  pictures.take(data, setStateValue);
  return () => {
    if (parentElement.isConnected) return;
    pictures.end();
    shown.delete(parentElement);
  };
}
