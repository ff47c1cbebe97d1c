// Two whole runs: what they were set up with, their rewards in one chart, and a row an attempt.
import { letter } from "./letter.js";
import { draw, make } from "../shared/dom.js";
import { lineBlocks } from "./words.js";

const HEIGHT = 132; // of the chart's rewards, in pixels
const TOP = 30;
const LEFT = 86;
const RIGHT = 24;
const ROOM_FOR_VALUES = 58; // pixels an attempt needs for its rewards to be written out
const ROOM_FOR_NUMBERS = 22;

export function setup(whole, { open, inline }) {
  const list = whole.settings.map((one) => make("span", {}, make("span", { className: "muted", textContent: `${one.name} ` }), `${one.before} → `, make("b", { textContent: one.after })));
  if (whole.equal.length) list.push(make("span", { className: "faint", textContent: `equal: ${whole.equal.join(", ")}` }));
  const texts = whole.texts.map((text) => make("details", { className: "fold", open: open || whole.texts.length === 1 }, make("summary", { textContent: `${text.name} differs` }), lineBlocks(text.blocks, { inline, open })));
  return [make("div", { className: "settings" }, list), texts];
}

// ---- the chart

export class Chart {
  constructor(pick) {
    this.pick = pick;
    this.node = make("div", { className: "chart" });
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.node);
  }

  take(whole, selected) {
    this.whole = whole;
    this.selected = selected;
    this.draw();
  }

  draw() {
    const width = this.node.clientWidth;
    if (!width || !this.whole) return;
    const { rows, ticks, thresholds } = this.whole;
    const low = ticks[0][0];
    const high = ticks.at(-1)[0];
    const step = (width - LEFT - RIGHT) / Math.max(1, rows.length);
    const x = (i) => LEFT + step * (i + 0.5);
    const y = (value) => TOP + HEIGHT * (1 - (value - low) / (high - low));
    const nodes = [];
    const said = (at, text, attributes) => nodes.push(draw("text", attributes, document.createTextNode(text)));
    const selected = this.selected;
    if (selected) nodes.push(draw("rect", { x: x(selected - 1) - step / 2, y: 0, width: step, height: TOP + HEIGHT + 10, class: "column" }));
    said(0, "attempt", { x: 0, y: 12, class: "quiet" });
    said(0, "reward", { x: 0, y: TOP + HEIGHT / 2 + 4, class: "quiet" });
    for (const [value, text] of ticks) {
      nodes.push(draw("path", { d: `M${LEFT} ${y(value)}H${width}`, class: "tick" }));
      said(0, text, { x: LEFT - 8, y: y(value) + 4, class: "quiet", "text-anchor": "end" });
    }
    for (const value of thresholds) nodes.push(draw("path", { d: `M${LEFT} ${y(value)}H${width}`, class: "threshold" }, draw("title", {}, document.createTextNode("threshold"))));
    if (thresholds.length) said(0, "threshold", { x: 0, y: y(thresholds[0]) + 4, class: "quiet" });
    const every = step >= ROOM_FOR_NUMBERS ? 1 : 10;
    rows.forEach((row, i) => (row.number === 1 || row.number % every === 0) && said(0, row.number, { x: x(i), y: 12, class: row.number === selected ? "now" : "", "text-anchor": "middle" }));
    const apart = Math.min(14, step / 5);
    for (const [which, shift] of [["a", -apart], ["b", apart]]) nodes.push(...this.series(which, (i) => x(i) + shift, y, step));
    const svg = draw("svg", { width, height: TOP + HEIGHT + 14, role: "img", "aria-label": this.describe() }, nodes);
    svg.addEventListener("click", (event) => {
      const i = Math.floor((event.offsetX - LEFT) / step);
      if (rows[i]) this.pick(rows[i].number);
    });
    this.node.replaceChildren(svg);
  }

  series(which, x, y, step) {
    const nodes = [];
    let best = null;
    let path = "";
    this.whole.rows.forEach((row, i) => {
      const cell = row[which];
      if (!cell) return;
      if (cell.reward === null) {
        if (cell.words === "failed") nodes.push(draw("path", { d: `M${x(i) - 4} ${TOP + HEIGHT + 1}l8 8m0 -8l-8 8`, class: `failed ${which}` }));
        return;
      }
      if (best === null) path = `M${x(i)} ${y(cell.reward)}`;
      else if (cell.reward > best) path += `H${x(i)}V${y(cell.reward)}`;
      else path += `H${x(i)}`;
      best = best === null ? cell.reward : Math.max(best, cell.reward);
      const at = [x(i), y(cell.reward)];
      nodes.push(which === "a" ? draw("path", { d: `M${at[0]} ${at[1] - 6}l6 6l-6 6l-6 -6z`, class: "mark a" }) : draw("circle", { cx: at[0], cy: at[1], r: 5, class: "mark b" }));
      const below = which === "a" && at[1] + 17 <= TOP + HEIGHT + 12; // at the lowest reward it would be cut off
      if (step >= ROOM_FOR_VALUES) nodes.push(draw("text", { x: at[0] + (which === "a" ? -9 : 9), y: at[1] + (below ? 17 : -8), class: `value ${which}`, "text-anchor": which === "a" ? "end" : "start" }, document.createTextNode(cell.reward_text)));
    });
    return [draw("path", { d: path, class: `best ${which}` }), ...nodes];
  }

  describe() {
    const told = ["a", "b"].map((which) => {
      const cells = this.whole.rows.map((row) => row[which]).filter(Boolean);
      return `${which.toUpperCase()}: ${cells.map((cell) => cell.reward_text || cell.words).join(", ") || "no attempts"}`;
    });
    return `Rewards by attempt. ${told.join(". ")}.`;
  }

  end() {
    this.sizes.disconnect();
  }
}

// ---- attempt by attempt

const KINDS = { removed: "del", added: "ins" };

function words(output, which, marked) {
  const value = which === "a" ? output.before : output.after;
  if (value === null) return null;
  if (!marked || !output.is_marked) return value;
  return output.pieces.filter((piece) => piece.kind === "same" || KINDS[piece.kind] === (which === "a" ? "del" : "ins")).map((piece) => make(KINDS[piece.kind] ?? "span", { textContent: piece.text }));
}

function cell(row, which, end, marked) {
  const it = row[which];
  if (!it) return make("td", { className: "faint", textContent: end });
  if (which === "b" && row.is_equal) return make("td", { className: "faint", textContent: "equal" });
  const hints = it.hints.map(([name, hint]) => make("p", { className: "hinted", title: hint }, make("span", { className: "arrow", "aria-hidden": "true", textContent: "↳ " }), make("span", { className: "sr", textContent: "Hint for " }), `${name}: ${hint}`));
  const output = it.error ? make("p", { className: "failure", textContent: it.error }) : row.output ? make("p", { className: "text", dir: "auto" }, words(row.output, which, marked) ?? make("span", { className: "faint", textContent: `no output “${row.output.name}”` })) : null;
  const others = which === "b" && row.others.length ? make("p", { className: "faint", textContent: `Also different: ${row.others.join(", ")}` }) : null;
  return make("td", {}, hints, output, others);
}

const reward = (it) => make("td", { className: "number" }, it ? make("b", { textContent: it.reward_text || it.words }) : "");

export const tableHead = () => make("tr", {}, make("th", { textContent: "#" }), make("th", {}, letter("a"), " output"), make("th", { className: "number", textContent: "reward" }), make("th", {}, letter("b"), " output"), make("th", { className: "number", textContent: "reward" }), make("th", { className: "number", textContent: "B − A" }));

// An attempt of both. pick(number): it was chosen. open(number): both attempts are wanted in full.
export function tableRow(whole, row, selected, pick, open) {
  const on = row.number === selected;
  const button = make("button", { type: "button", textContent: String(row.number), onclick: () => pick(row.number), "aria-label": `Attempt ${row.number}` });
  button.dataset.key = `row-${row.number}`;
  if (on) button.setAttribute("aria-current", "true");
  const b = cell(row, "b", whole.ends[1], on);
  if (on && row.a && row.b) {
    const link = make("button", { type: "button", className: "link", textContent: "Compare these attempts", onclick: () => open(row.number) });
    link.dataset.key = "open";
    b.append(make("p", {}, link));
  }
  const tr = make("tr", { className: on ? "selected" : "" }, make("td", {}, button), cell(row, "a", whole.ends[0], on), reward(row.a), b, reward(row.b), make("td", { className: "number faint", textContent: row.change }));
  tr.addEventListener("click", (event) => !event.target.closest("button") && String(getSelection()) === "" && pick(row.number));
  return tr;
}
