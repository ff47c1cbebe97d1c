// The run on the clock: Plotly's chart, which can be zoomed and moved. The library is fetched when somebody first asks for it.

import { element } from "./elements.js";
import { css, readTheme, resolve } from "./theme.js";

const OPTIONS = { displaylogo: false, responsive: false, modeBarButtonsToRemove: ["select2d", "lasso2d", "toImage"] };

let library = null;

function plotly(url) {
  library ??= new Promise((found, missing) => {
    if (window.Plotly) return found(window.Plotly);
    const script = element("script", { src: new URL(url, document.baseURI).href });
    script.onload = () => (window.Plotly ? found(window.Plotly) : missing(new Error(`no Plotly in ${script.src}`)));
    script.onerror = () => {
      library = null; // the next press tries again
      script.remove();
      missing(new Error(`could not load ${script.src}`));
    };
    document.head.append(script);
  });
  return library;
}

// Plotly reads some markup; what a model wrote is text.
function asMarkup(words) {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\n", "<br>");
}

export class WallTime {
  constructor(view) {
    this.view = view;
    this.graph = element("div", {});
    this.notice = element("p", { className: "muted" });
    this.place = element("div", { className: "wall-time", hidden: true }, this.notice, this.graph);
    this.graph.setAttribute("role", "img");
    this.place.addEventListener("pointerdown", () => this.view.focus()); // Plotly keeps a press from moving the focus
  }

  // hovers: what is told of each attempt.
  async draw(figure, hovers, url, width, height) {
    this.place.style.height = `${height}px`;
    let Plotly;
    try {
      this.notice.hidden = Boolean(window.Plotly);
      this.notice.textContent = "Loading the chart …";
      Plotly = await plotly(url);
    } catch {
      this.notice.hidden = false;
      this.notice.textContent = "The chart could not be loaded. Press the clock twice to try again.";
      return;
    }
    this.notice.hidden = true;
    const theme = readTheme(this.place);
    const { data, layout } = resolve(figure, theme);
    const rewards = data.find((trace) => trace.name === "rewards");
    rewards.hovertext = rewards.customdata.map((index) => asMarkup(hovers[index]));
    this.graph.setAttribute("aria-label", `On the clock: ${this.view.data.alt}`);
    this.layout = layout;
    this.tint = theme.colours.accent;
    const shapes = [...layout.shapes, ...this.bands()];
    const sized = { ...layout, shapes, width, height, uirevision: this.view.data.run };
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) sized.transition = { duration: 0 };
    await Plotly.react(this.graph, data, sized, OPTIONS);
    if (!this.listens) this.graph.on("plotly_click", ({ points }) => this.view.pick(points[0].customdata));
    this.listens = true;
    this.banded = this.view.selected;
  }

  // A tint behind the time of the selected attempt, with a bar on top.
  bands() {
    const span = this.layout.meta.spans.find(([index]) => index === this.view.selected);
    if (!span) return [];
    const across = { xref: "x", yref: "paper", x0: span[1], x1: span[2], layer: "below" };
    return [
      { ...across, name: "selected", type: "rect", y0: 0, y1: 1, fillcolor: css(this.tint, 0.12), line: { width: 0 } },
      { ...across, name: "selected", type: "line", y0: 1, y1: 1, line: { width: 2.5, color: css(this.tint) } },
    ];
  }

  band() {
    if (!this.layout || !window.Plotly || !this.listens || this.banded === this.view.selected) return;
    this.banded = this.view.selected;
    window.Plotly.relayout(this.graph, { shapes: [...this.layout.shapes, ...this.bands()] });
  }

  end() {
    window.Plotly?.purge(this.graph);
  }
}
