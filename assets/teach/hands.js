// A show of hands: for a choice − and + beside each; for a number a value and how many, and those that were counted, to be taken back.
import { make } from "../shared/dom.js";

export function drawHands(hands, change) {
  const counted = hands.counted.map((one) =>
    make("li", {},
      make("span", { class: "value", text: one.text }),
      make("button", { type: "button", disabled: !one.count, "aria-label": `One hand less for ${one.text}`, text: "−", data: { key: `less ${one.value}` }, on: { click: () => change(one.value, -1) } }),
      make("b", { text: `${one.count}` }),
      make("button", { type: "button", "aria-label": `One more hand for ${one.text}`, text: "+", data: { key: `more ${one.value}` }, on: { click: () => change(one.value, 1) } })));
  const list = make("ul", { "aria-label": "Hands that were counted" }, counted);
  if (hands.kind === "choice") return [list];
  const value = make("input", { type: "number", min: hands.low, max: hands.high, step: hands.step, required: true, data: { key: "value" } });
  const many = make("input", { type: "number", min: 1, max: 100, step: 1, value: 1, required: true, data: { key: "many" } });
  const form = make("form", {
    on: {
      submit: (event) => {
        event.preventDefault();
        if (value.value !== "" && many.value !== "") change(Number(value.value), Number(many.value));
      },
    },
  },
  make("label", {}, "Guess", value, hands.unit), make("label", {}, "Hands", many), make("button", { type: "submit", text: "Add", data: { key: "add" } }));
  return [form, list];
}
