// What reading the code finds, and what was seen on the rows.
//
//   data --take--> two lists        a press on a line or on a fix: setTriggerValue("press")

import { isDark, make } from "./dom.js";
import { mount } from "../shared/mount.js";

const SIGNS = { error: ["✕", "error"], warning: ["▲", "warning"], note: ["i", "note"] };

class Findings {
  constructor(place) {
    this.root = make("div", { class: "root" });
    place.append(this.root);
  }

  take(data, setTrigger) {
    this.send = (name, place) => setTrigger("press", { name, place, at: Date.now() });
    this.root.classList.toggle("dark", isDark(this.root));
    const text = JSON.stringify(data);
    if (text === this.drawn) return;
    this.drawn = text;
    const held = this.root.getRootNode().activeElement?.dataset?.name;
    const { findings, none, figures } = data;
    this.root.replaceChildren(
      make("section", {}, make("h2", { text: "In the code" }), findings.length ? make("ul", {}, findings.map((one) => this.finding(one))) : make("p", { class: "none", text: none })),
      ...(figures ? [make("section", {}, make("h2", {}, figures.title, make("span", { class: "note", text: figures.note })), make("ul", {}, figures.findings.map(rowFinding), figures.lines.map(figure)))] : []),
    );
    if (held) this.root.querySelector(`[data-name="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
  }

  finding({ place, line, severity, message, evidence, fix }) {
    const [sign, word] = SIGNS[severity];
    const where = line === null ? "" : String(line);
    const label = `${word[0].toUpperCase()}${word.slice(1)}${line === null ? "" : `, line ${line}: show it in the editor`}`;
    const act = (name, parts, ...children) => make("button", { type: "button", data: { name: `${name}.${place}` }, on: { click: () => this.send(name, place) }, ...parts }, children);
    const signed = [make("span", { class: "sign", "aria-hidden": "true", text: sign }), where];
    return make(
      "li",
      { class: "finding" },
      line === null ? make("span", { class: kind(severity), role: "img", "aria-label": label }, signed) : act("line", { class: `line ${kind(severity)}`, "aria-label": label }, signed),
      said(message, evidence),
      fix ? act("fix", { class: "act", text: fix, title: "Change the code so; Undo in the editor takes it back" }) : null,
    );
  }
}

/** A message with what was seen. What stands between two backticks is code. */
function said(message, evidence) {
  const words = message.split(/`([^`]+)`/).map((piece, i) => (i % 2 ? make("code", { text: piece }) : piece));
  return make("div", { class: "message" }, make("span", {}, words), evidence.map((one) => make("span", { class: "evidence", text: one })));
}

function rowFinding({ severity, message, evidence }) {
  const [sign, word] = SIGNS[severity];
  return make("li", { class: "finding of-rows" }, make("span", { class: `sign ${kind(severity)}`, role: "img", "aria-label": word, text: sign }), said(message, evidence));
}

const kind = (severity) => (severity === "note" ? "info" : severity);

function figure({ name, note, value, tone }) {
  return make("li", { class: "figure" }, make("span", { class: "message" }, name, note ? make("span", { class: "note", text: `; ${note}` }) : null), make("span", { class: `value ${tone ?? ""}`, text: value }));
}

export default mount((place) => new Findings(place));
