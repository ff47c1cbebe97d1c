// What to leave out of every file: prompts, inputs, fields by name. What was chosen stays chosen until the page is loaded anew,
// so that the next run is not shared with more than was meant.
import { make } from "../shared/dom.js";

const chosen = { prompts: false, inputs: false, fields: new Set() };

/** The choice, as {node, chosen()}. fields: names of inputs and outputs. prompts: whether the files have any. onChange: called after each change. */
export function leaveOut(fields, prompts, onChange) {
  const count = make("span", {});
  const effect = make("p", { class: "effect", role: "status" });
  const named = () => fields.filter((one) => chosen.fields.has(one));

  const show = () => {
    const names = named();
    count.textContent = names.length ? ` (${names.length})` : "";
    const parts = [prompts && chosen.prompts && "prompts", chosen.inputs && "inputs", ...names].filter(Boolean);
    effect.textContent = parts.length ? `Every file says “left out” in place of ${list(parts)}.` : "";
    effect.hidden = !parts.length;
  };
  const box = (label, isOn, turn, title) => {
    const input = make("input", { type: "checkbox", on: { change: () => { turn(input.checked); show(); onChange(); } } });
    input.checked = isOn;
    return make("label", { title }, input, make("span", { text: label }));
  };

  const boxes = [
    ...(prompts ? [box("Prompts", chosen.prompts, (on) => { chosen.prompts = on; }, "All messages that were sent to models")] : []),
    box("Inputs", chosen.inputs, (on) => { chosen.inputs = on; }, "The values that the program was given"),
  ];
  const perField = fields.map((name) => box(name, chosen.fields.has(name), (on) => chosen.fields[on ? "add" : "delete"](name)));
  const more = fields.length
    ? make("details", { open: named().length > 0 }, make("summary", {}, "Fields", count), make("div", { class: "boxes" }, perField))
    : null;
  const node = make("fieldset", {}, make("legend", { text: "Leave out" }), make("div", { class: "boxes" }, boxes, more), effect);
  show();
  return { node, chosen: () => ({ prompts: prompts && chosen.prompts, inputs: chosen.inputs, fields: named() }) };
}

function list(words) {
  return words.length === 1 ? words[0] : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
