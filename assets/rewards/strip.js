// The what-if strip: each attempt's old and new score, what of it is exact, what is not comparable, and what nobody tried.

import { draw, hatches, make, mark } from "./dom.js";

const LEFT = 34;
const TOP = 22;
const BOTTOM = 20;
const HEIGHT = 172;
const FILLS = { other: "url(#strip-light)", unknown: "url(#strip-dense)" };
const RING_PX = 100; // room for the words below a ring
const ROOMY_PX = 130; // of an attempt's column, in which there is room for a sentence
const RINGS = { now: "would be returned", was: "was returned" };
const WORDS_PX = 6.4; // of a letter of a zone's label

export class Strip {
  constructor(choose) {
    this.choose = choose;
    this.root = make("figure", { class: "strip", on: { keydown: (event) => this.press(event) } });
  }

  take(strip, selected) {
    Object.assign(this, { strip, selected });
    this.draw(this.threshold ?? strip.threshold);
  }

  /** While the slider is dragged: the line, and where the run would stop there, if that is known. */
  preview(threshold, segment) {
    this.threshold = threshold;
    this.draw(threshold, segment?.kind === "exact" ? segment : null);
    this.threshold = undefined;
  }

  draw(threshold, segment = null) {
    const { strip } = this;
    const width = this.width ?? 470;
    const height = this.height ?? HEIGHT;
    const base = height - BOTTOM;
    const step = (width - LEFT) / strip.columns;
    const x = (number) => LEFT + (number - 0.5) * step;
    const span = strip.high - strip.low || 1;
    const y = (value) => TOP + 8 + (1 - (value - strip.low) / span) * (height - TOP - BOTTOM - 16);
    const active = this.root.getRootNode().activeElement;
    const held = this.root.contains(active) ? active.dataset.key : undefined;
    // One stop of the Tab key, arrows inside: the attempts are the choices, and each says its old and new score.
    const picture = draw("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "radiogroup", "aria-label": "Attempts, old and new score" });
    const scale = draw("g", { "aria-hidden": "true" });
    picture.append(hatches("strip"), scale);
    for (const tick of strip.ticks) {
      scale.append(
        draw("path", { d: `M${LEFT} ${y(tick.at)} H${width}`, class: "grid" }),
        draw("text", { x: LEFT - 8, y: y(tick.at) + 4, "text-anchor": "end", text: tick.text }),
      );
    }
    const wordless = [];
    for (const zone of strip.zones) {
      const [from, to] = [LEFT + (zone.first - 1) * step, LEFT + zone.last * step];
      if (zone.kind !== "exact") {
        scale.append(
          draw("rect", { x: from, y: TOP, width: to - from, height: base - TOP, class: `zone ${zone.kind}`, fill: FILLS[zone.kind] }),
          draw("path", { d: `M${from} 4 V${base}`, class: "edge" }),
        );
      }
      const room = Math.floor((to - from - 6) / WORDS_PX);
      const words = [zone.label, zone.short].find((text) => text.length <= room);
      if (words) scale.append(draw("text", { x: (from + to) / 2, y: 13, "text-anchor": "middle", text: words, class: "name" }));
      else if (zone.kind !== "exact") wordless.push(zone);
    }
    const shows = (value) => value !== null && value >= strip.low && value <= strip.high;
    const isChanged = strip.recorded !== threshold;
    if (shows(strip.recorded) && isChanged) scale.append(draw("path", { d: `M${LEFT} ${y(strip.recorded)} H${width}`, class: "recorded" }));
    if (shows(threshold)) scale.append(draw("path", { d: `M${LEFT} ${y(threshold)} H${width}`, class: isChanged ? "threshold changed" : "threshold" }));
    if (shows(strip.recorded) && isChanged) scale.append(draw("text", { x: LEFT + 4, y: y(strip.recorded) - 4, text: step > ROOMY_PX ? "threshold as recorded" : "as recorded", class: "name small" }));
    const every = Math.ceil(strip.columns / Math.max(1, Math.floor((width - LEFT) / 26)));
    for (let number = 1; number <= strip.columns; number += every) {
      const tried = number <= strip.attempts.length;
      scale.append(draw("text", { x: x(number), y: height - 4, "text-anchor": "middle", text: number, class: tried ? "tried" : "" }));
    }
    scale.append(draw("text", { x: LEFT - 8, y: height - 4, "text-anchor": "end", text: "#" }));
    const size = step > 18 ? 5.5 : Math.max(2.2, step / 3.2);
    const stop = strip.attempts.find((one) => one.key && one.key === this.selected) ?? strip.attempts.find((one) => one.key);
    for (const one of strip.attempts) {
      const group = this.attempt(segment ? movedTo(segment, one) : one, x(one.number), y, size, step, base);
      if (one === stop) group.setAttribute("tabindex", "0");
      picture.append(group);
    }
    this.root.replaceChildren(picture, legend(strip, wordless));
    if (held) this.find(held)?.focus({ preventScroll: true });
  }

  find(key) {
    return this.root.querySelector(`.attempt[data-key="${CSS.escape(key)}"]`);
  }

  press(event) {
    const keys = this.strip.attempts.map((one) => one.key).filter(Boolean);
    const at = keys.indexOf(event.target.dataset?.key);
    if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: keys.length - 1, Enter: at, " ": at }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const key = keys[Math.min(Math.max(to, 0), keys.length - 1)];
    this.find(key).focus({ preventScroll: true });
    this.choose(key);
  }

  attempt(one, x, y, size, step, base) {
    const on = Boolean(one.key) && one.key === this.selected;
    const choice = one.key ? { role: "radio", "aria-checked": String(on), tabindex: "-1", data: { key: one.key }, on: { click: () => this.choose(one.key) } } : { role: "img" };
    const group = draw("g", { class: on ? "attempt on" : "attempt", "aria-label": one.words, ...choice });
    group.append(draw("title", { text: one.words }));
    group.append(draw("rect", { x: x - step / 2, y: TOP, width: step, height: base - TOP, class: "target" }));
    const wide = Math.min(8, step / 3);
    if (one.old !== null) group.append(draw("path", { d: `M${x - wide} ${y(one.old)} H${x + wide}`, class: "old" }));
    if (one.value === null) {
      const shape = mark(one.mark, x, base - 8, size);
      if (shape) group.append(shape);
      return group;
    }
    if (one.old !== null && one.old !== one.value) group.append(draw("path", { d: `M${x} ${y(one.old)} V${y(one.value)}`, class: "move" }));
    group.append(mark(one.mark, x, y(one.value), size));
    if (one.ring) group.append(draw("circle", { cx: x, cy: y(one.value), r: size + 5, class: `ring ${one.ring}` }));
    if (step > 46) group.append(draw("text", { x: x + (one.ring ? 16 : 11), y: y(one.value) + 4, text: one.text, class: "value" }));
    if (one.ring && step > RING_PX) {
      const below = y(one.value) + size + 20; // at the foot of the picture there are the numbers of the attempts
      group.append(draw("text", { x, y: below < base ? below : y(one.value) - size - 11, "text-anchor": "middle", text: RINGS[one.ring], class: "small" }));
    }
    return group;
  }
}

/** How an attempt is drawn where the run would stop at another one. */
function movedTo(segment, one) {
  if (one.value === null || !["exact", "stop", "unneeded"].includes(one.mark)) return { ...one, ring: one.ring === "was" ? "was" : "" };
  const stops = segment.reached && one.number === segment.level;
  const mark = one.number < segment.level || (one.number === segment.level && !stops) ? "exact" : stops ? "stop" : "unneeded";
  return { ...one, mark, ring: one.number === segment.returned ? "now" : one.was ? "was" : "" };
}

/** What the marks mean, and what hatches do that have no room for words. */
function legend(strip, wordless) {
  const shape = (kind) => (kind === "old" ? draw("path", { d: "M1 8 H15", class: "old" }) : mark(kind, 8, 8));
  const swatch = (zone) => draw("rect", { x: 1, y: 2, width: 14, height: 12, class: `swatch ${zone.kind}`, fill: FILLS[zone.kind] });
  const entry = (drawn, words) => make("span", {}, draw("svg", { width: 16, height: 16, viewBox: "0 0 16 16", "aria-hidden": "true" }, drawn), words);
  const marks = [["old", "old"], ...strip.legend].map(([kind, words]) => entry(shape(kind), words));
  return make("figcaption", { class: "legend" }, marks, wordless.map((zone) => entry(swatch(zone), zone.label)));
}
