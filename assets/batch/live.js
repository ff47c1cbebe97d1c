// An experiment while it runs: how far it is, its arms, the grid of rewards, what went wrong. Nothing here compares the arms.
//
//   Python --data--> Live.take     person --"asked"--> {do: "open", arm, row, repeat} {do: "retry", kind} {do: "retry-all"}
//
//   grid.js   the grid, which fetches its cells by itself
//   data.part "grid" draws the grid alone, as on the page of the result

import { isDark, keepFocus, make } from "../shared/dom.js";
import { mount } from "../shared/mount.js";
import { armColour, armMark } from "./arms.js";
import { Grid } from "./grid.js";

class Live {
  constructor(place) {
    this.root = make("div", { class: "live" });
    this.ask = (what) => this.tell?.("asked", { ...what, at: Date.now() });
    this.grid = new Grid((cell) => this.ask({ do: "open", ...cell }));
    this.top = make("div", { class: "top", "aria-live": "polite" });
    this.arms = make("div", { class: "arms" });
    this.wrong = make("section", { class: "wrong" });
    this.title = make("h2");
    this.rewards = make("section", { class: "rewards" }, make("div", { class: "title" }, this.title, make("span", { class: "aside", text: "click a cell to open its run" })), this.grid.root);
    this.root.append(this.top, this.arms, this.rewards, this.wrong);
    place.append(this.root);
  }

  take(data, tell) {
    this.tell = tell;
    const dark = isDark(this.root);
    this.root.classList.toggle("dark", dark);
    this.draw("top", data.part === "grid" ? [] : [data.headline, data.details], () => drawTop(data));
    this.draw("arms", data.part === "grid" ? [] : [data.arms], () => drawArms(data.arms));
    this.draw("wrong", data.part === "grid" ? [] : [data.failures, data.wrong, data.retry], () => this.drawFailures(data));
    this.title.textContent = data.title;
    this.grid.take(data.grid, dark);
  }

  // What has not changed stays as it is, with its focus.
  draw(name, source, build) {
    const text = JSON.stringify(source);
    this.drawn ??= {};
    if (this.drawn[name] === text) return;
    this.drawn[name] = text;
    keepFocus(this[name], () => this[name].replaceChildren(...(source.length ? build() : [])));
  }

  drawFailures({ failures, wrong, retry }) {
    if (!failures.length) return [];
    const all = failures.filter((one) => one.how === "failed").length > 1 ? this.retry(`Retry all ${retry.toLocaleString("en")}`, { do: "retry-all" }, "retry-all") : null;
    const rows = failures.map((one) =>
      make(
        "tr",
        {},
        make("td", { class: "number", text: one.count.toLocaleString("en") }),
        make("th", { scope: "row", text: one.what }),
        make("td", { class: "of" }, make("bdi", { text: one.arms })),
        make("td", { class: "detail" }, make("bdi", { text: one.detail, title: one.detail }), one.inputs ? make("span", { class: "inputs", text: one.inputs }) : null),
        make("td", { class: "do" }, one.how === "failed" ? this.retry(`Retry ${one.count.toLocaleString("en")}`, { do: "retry", kind: one.key }, `retry-${one.key}`, `${one.what}, ${one.inputs}`) : make("span", { text: one.continues })),
      ),
    );
    const head = make("tr", {}, ["count", "what", "arms", "detail", ""].map((text) => make("th", { scope: "col", text })));
    return [make("div", { class: "title" }, make("h2", { text: "What went wrong" }), make("span", { class: "aside", text: wrong }), all), make("table", {}, make("thead", { class: "sr" }, head), make("tbody", {}, rows))];
  }

  retry(label, what, key, about = "") {
    return make("button", { type: "button", class: "link", text: label, "aria-label": about ? `${label}: ${about}` : null, data: { key }, on: { click: () => this.ask(what) } });
  }

  end() {
    this.grid.end();
    this.root.remove();
  }
}

function drawTop({ headline, details }) {
  return [make("p", { class: "headline", text: headline }), ...details.map((text) => make("p", { class: "details", text }))];
}

function drawArms(arms) {
  const hasLeft = arms.some((arm) => arm.left); // not while it is paused
  const head = make("tr", {}, [["arm", ""], ["progress", "bar"], ["runs", "number"], ["failed", "number"], ["calls", "number"], ["cost", "number"], ...(hasLeft ? [["left", "number"]] : [])].map(([text, kind]) => make("th", { scope: "col", class: kind }, make("span", { class: kind === "bar" ? "sr" : "", text }))));
  const rows = arms.map((arm) => {
    const bar = make("i", { style: `width: ${arm.share * 100}%` });
    bar.style.background = armColour(arm.mark);
    return make(
      "tr",
      { class: arm.is_stopped ? "stopped" : "" },
      make("th", { scope: "row" }, make("span", { class: "name" }, armMark(arm.mark), make("bdi", { text: arm.name, title: arm.name }))),
      make("td", { class: "bar", "aria-hidden": "true" }, make("span", {}, bar)),
      make("td", { class: "number runs", text: arm.runs }),
      ...["failed", "calls", "cost"].map((name) => make("td", { class: `number ${name}`, data: { name }, text: arm[name] })),
      hasLeft ? make("td", { class: "number left", text: arm.left }) : null,
    );
  });
  return [make("table", {}, make("thead", {}, head), make("tbody", {}, rows))];
}

export default mount((place) => new Live(place));
