// Which attempt would be returned at each threshold, and the threshold itself: one picture, dragged without a server.

import { draw, hatches, make } from "./dom.js";

const LEFT = 22;
const RIGHT = 14;
const TOP = 22;
const HEIGHT = 130;
const WORDS_PX = 6.6; // of a letter of what stands at a step
const KEY_STEPS = 20;
const MAX_LEVELS = 6; // attempts that are named beside the curve

export class Curve {
  constructor(preview, commit) {
    Object.assign(this, { preview, commit });
    this.slider = make("input", { type: "range", step: "any", "aria-label": "Threshold", on: { input: () => this.slide(), change: () => this.release() } });
    this.slider.addEventListener("keydown", (event) => this.press(event));
    this.slider.addEventListener("pointerup", () => this.release());
    this.picture = make("div", { class: "picture" });
    this.value = make("output", { class: "value" });
    this.ends = make("div", { class: "ends" });
    this.words = make("p", { class: "words", "aria-live": "polite" });
    this.root = make("div", { class: "curve" }, this.picture, this.slider, this.ends, this.words);
  }

  take(curve) {
    const moved = this.curve && this.now !== this.sent;
    this.curve = curve;
    this.slider.min = curve.low;
    this.slider.max = curve.high;
    if (!moved) {
      this.now = curve.value;
      this.sent = curve.value;
      this.slider.value = curve.value;
    }
    this.draw();
  }

  segment() {
    const { segments } = this.curve;
    return segments.find((one) => this.now < one.to || (one.closed && this.now === one.to)) ?? segments.at(-1);
  }

  text() {
    return this.now === this.curve.value ? this.curve.value_text : this.now.toFixed(this.curve.decimals);
  }

  draw() {
    const { curve } = this;
    const width = this.width ?? 220;
    const height = this.height ?? HEIGHT;
    const span = curve.high - curve.low || 1;
    const x = (value) => LEFT + ((value - curve.low) / span) * (width - LEFT - RIGHT);
    const last = Math.max(1, curve.attempts);
    const y = (level) => TOP + 6 + ((level - 1) / Math.max(1, last - 1)) * (height - TOP - 26);
    const every = Math.ceil(last / MAX_LEVELS);
    const levels = Array.from({ length: last }, (_, i) => i + 1).filter((level) => (level - 1) % every === 0);
    const picture = draw("svg", { width, height: height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": curve.alt });
    picture.append(hatches("curve"));
    picture.append(draw("text", { x: LEFT, y: 13, text: curve.title, class: "name" }));
    for (const level of levels) {
      picture.append(
        draw("path", { d: `M${LEFT} ${y(level)} H${width - RIGHT}`, class: "grid" }),
        draw("text", { x: LEFT - 8, y: y(level) + 4, "text-anchor": "end", text: level }),
      );
    }
    const words = [];
    let before = null;
    for (const one of curve.segments) {
      const [from, to] = [x(Math.max(one.from, curve.low)), x(Math.min(one.to, curve.high))];
      if (one.kind !== "exact") {
        picture.append(draw("rect", { x: from, y: TOP, width: Math.max(0, to - from), height: height - TOP, class: `zone ${one.kind}`, fill: `url(#curve-${one.kind === "unknown" ? "dense" : "light"})` }));
      }
      if (one.level !== null && one.from === one.to) picture.append(draw("circle", { cx: from, cy: y(one.level), r: 3.4, class: "point" }));
      else if (one.level !== null) {
        if (before !== null && before.level !== one.level) {
          picture.append(draw("path", { d: `M${from} ${y(before.level)} V${y(one.level)}`, class: `line ${one.kind}` }));
        }
        picture.append(draw("path", { d: `M${from} ${y(one.level)} H${to}`, class: `line ${one.kind}` }));
      }
      if (one.brief && one.brief.length * WORDS_PX < to - from) {
        const at = one.level === null ? (TOP + height) / 2 : y(one.level) + (one.level === 1 ? 14 : -6); // the title is above the first
        words.push(draw("text", { x: (from + to) / 2, y: at, "text-anchor": "middle", text: one.brief, class: "brief" }));
      }
      if (one.from !== one.to) before = one.level === null ? null : one;
    }
    picture.append(draw("path", { d: `M${x(this.now)} ${TOP - 4} V${height}`, class: "cursor" }), ...words);
    this.picture.replaceChildren(picture);
    this.value.textContent = `threshold ${this.text()}`;
    const top = make("span", { text: curve.high_text });
    top.style.marginRight = `${Math.max(0, x(curve.high) - x(curve.high_at))}px`;
    this.ends.replaceChildren(make("span", { text: curve.low_text }), this.value, top);
    this.words.textContent = this.segment()?.words ?? "";
    this.slider.setAttribute("aria-valuetext", `${this.text()}. ${this.words.textContent}`);
  }

  round(value) {
    return Number(value.toFixed(this.curve.decimals));
  }

  slide() {
    this.now = Number(this.slider.value);
    this.draw();
    this.preview(this.now);
  }

  release() {
    if (this.now === this.sent) return;
    this.now = this.round(this.now);
    this.sent = this.now;
    this.slider.value = this.now;
    this.draw();
    this.commit(this.now);
  }

  // One hundredth of what is shown is too little for a key.
  press(event) {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const { low, high } = this.curve;
    const wanted = this.now + (by * (high - low)) / KEY_STEPS;
    this.slider.value = this.round(Math.min(high, Math.max(low, wanted)));
    this.slide();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.release(), 300);
  }
}
