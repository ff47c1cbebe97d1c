// The run on the clock: Plotly's chart, which can be zoomed and moved. The library is fetched when somebody first asks for it.

import { element } from "./elements.js";
import { readTheme, resolve } from "./theme.js";

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

export class WallTime {
  constructor(view) {
    this.view = view;
    this.graph = element("div", {});
    this.notice = element("p", { className: "muted" });
    this.place = element("div", { className: "wall-time", hidden: true }, this.notice, this.graph);
  }

  async draw(figure, url, width, height) {
    this.place.style.height = `${height}px`;
    let Plotly;
    try {
      if (!window.Plotly) this.notice.textContent = "Loading the chart …";
      Plotly = await plotly(url);
    } catch {
      this.notice.textContent = "The chart could not be loaded. Press the clock twice to try again.";
      return;
    }
    this.notice.textContent = "";
    const { data, layout } = resolve(figure, readTheme(this.place));
    const sized = { ...layout, width, height, uirevision: this.view.data.run };
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) sized.transition = { duration: 0 };
    await Plotly.react(this.graph, data, sized, OPTIONS);
    if (!this.listens) this.graph.on("plotly_click", ({ points }) => this.view.pick(points[0].customdata));
    this.listens = true;
  }

  end() {
    window.Plotly?.purge(this.graph);
  }
}
