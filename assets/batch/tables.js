// The tables of a result: arms, pairs of arms, where the difference comes from, the worst inputs, what failed.

import { make } from "../shared/dom.js";
import { armMark } from "./arms.js";

const SIGNS = { better: "▲", worse: "▼", open: "◌", equal: "=" };

/** A section with a title. None where there is nothing in it. */
export function section(name, title, ...children) {
  return make("section", { class: name }, title ? make("h2", { text: title }) : null, children);
}

function head(cells) {
  return make("thead", {}, make("tr", {}, cells.map(([text, kind = ""]) => make("th", { scope: "col", class: kind, text }))));
}

function scrolling(name, label, ...parts) {
  return make("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": label }, make("table", { class: name }, parts));
}

export function armsTable({ arms, columns }) {
  const cells = columns.map(([key, text]) => [text, key === "name" ? "" : "number"]);
  const rows = arms.map((arm) =>
    make(
      "tr",
      { class: arm.chosen ? "" : "aside" },
      make("th", { scope: "row" }, make("span", { class: "arm" }, armMark(arm.mark), make("bdi", { text: arm.name }))),
      columns.slice(1).map(([key]) => make("td", { class: "number", title: arm.titles?.[key] }, make("span", { text: arm.cells[key] }), arm.asides?.[key] ? make("span", { class: "interval", text: ` ${arm.asides[key]}` }) : null)),
    ),
  );
  return section("arms", "", scrolling("arms", "Arms", head(cells), make("tbody", {}, rows)));
}

/** Every pair of arms; a press on one compares it. */
export function pairsTable({ title, rows, note }, choose) {
  const body = rows.map((one) =>
    make(
      "tr",
      { class: one.chosen ? "on" : "" },
      make("th", { scope: "row" }, make("button", { type: "button", class: "row", data: { key: `pair-${one.key}` }, "aria-pressed": String(one.chosen), title: "Compare these two arms", on: { click: () => choose(one.key) } }, make("bdi", { text: one.name }))),
      make("td", { class: "number" }, make("b", { text: one.difference }), make("span", { class: "interval", text: ` ${one.interval}` })),
      make("td", { class: `verdict ${one.kind}` }, make("span", { "aria-hidden": "true", text: SIGNS[one.kind] }), ` ${one.word}`),
    ),
  );
  return section("pairs", title, scrolling("pairs", title, make("tbody", {}, body)), note ? make("p", { class: "note", text: note }) : null);
}

export function partsTable({ title, rows, note }) {
  const body = rows.map((one) => make("tr", {}, make("th", { scope: "row" }, make("bdi", { text: one.name })), make("td", { class: "number" }, make("b", { text: one.difference })), make("td", { class: "number interval", text: one.interval })));
  return section("parts", title, rows.length ? scrolling("parts", title, make("tbody", {}, body)) : null, note ? make("p", { class: "note", text: note }) : null);
}

/** The inputs at which the first arm was worse. unfolded: numbers of the rows whose text is shown whole. */
export function worstTable({ title, label, arms, rows, none, pages, page, count }, { open, turn, unfolded }) {
  if (!rows.length) return section("worst", title, make("p", { class: "note", text: none }));
  const cells = [["#", "number"], [label], [arms[0], "number"], [arms[1], "number"], ["change", "number"], ["what differs"], [""]];
  const body = rows.map((one) => {
    const whole = unfolded.has(one.row);
    const turnText = make("button", { type: "button", class: "text", data: { key: `row-${one.row}` }, "aria-expanded": String(whole), title: whole ? "Show one line" : "Show all of it" });
    const shown = make("bdi", { text: whole ? one.whole : one.text });
    turnText.append(shown);
    turnText.addEventListener("click", () => {
      const wide = !unfolded.delete(one.row) && unfolded.add(one.row);
      shown.textContent = wide ? one.whole : one.text;
      turnText.setAttribute("aria-expanded", String(Boolean(wide)));
    });
    return make(
      "tr",
      {},
      make("td", { class: "number quiet", text: one.row }),
      make("th", { scope: "row", class: "input" }, turnText),
      make("td", { class: "number", data: { label: arms[0] }, text: one.before }),
      make("td", { class: "number", data: { label: arms[1] }, text: one.after }),
      make("td", { class: "number change", text: one.change }),
      make("td", { class: "differs" }, make("bdi", { text: one.differs })),
      make("td", {}, make("button", { type: "button", class: "link", data: { key: `compare-${one.row}` }, "aria-label": `Compare both runs of row ${one.row}`, text: "Compare", on: { click: () => open(one.row) } })),
    );
  });
  const pager = pages > 1 ? make("p", { class: "pager" }, step("‹ Back", "page-back", page > 1, () => turn(page - 1)), make("span", { text: `${(page - 1) * 10 + 1} to ${Math.min(page * 10, count)} of ${count.toLocaleString("en")}` }), step("Next ›", "page-next", page < pages, () => turn(page + 1))) : null;
  return section("worst", title, scrolling("worst", title || label, head(cells), make("tbody", {}, body)), pager);
}

function step(text, key, possible, act) {
  return make("button", { type: "button", class: "link", disabled: !possible, data: { key }, text, on: { click: act } });
}

export function failuresTable({ title, rows, note, act }, press) {
  const body = rows.map((one) => make("tr", {}, make("td", { class: "number", text: one.count }), make("th", { scope: "row" }, make("bdi", { text: one.what }), one.arms ? make("span", { class: "quiet", text: ` ${one.arms}` }) : null)));
  const button = act ? make("button", { type: "button", class: "act", data: { key: act.name }, text: act.label, on: { click: () => press(act.name) } }) : null;
  return section("failures", title, scrolling("failures", title, make("tbody", {}, body)), note ? make("p", { class: "note", text: note }) : null, button);
}
