// A field for a key. What is typed goes to Python with every pause, and at once when the field is left, by Tab too
// (Streamlit's own password field sends nothing then). Nothing ever comes back: Python only says whether it holds a key.
const PAUSE_MS = 300;
const fields = new WeakMap();

export default function ({ parentElement, data, setStateValue }) {
  const input = parentElement.querySelector("input");
  let field = fields.get(parentElement);
  if (!field) {
    field = { sent: "", timer: 0 };
    fields.set(parentElement, field);
    field.send = () => {
      clearTimeout(field.timer);
      if (input.value !== field.sent) {
        field.sent = input.value;
        field.set("typed", input.value);
      }
    };
    field.leave = (event) => {
      if (event.target !== parentElement.host && event.target !== input) field.send();
    };
    input.addEventListener("input", () => {
      clearTimeout(field.timer);
      field.timer = setTimeout(field.send, PAUSE_MS);
    });
    input.addEventListener("blur", field.send);
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") field.send();
    });
    parentElement.querySelector("button").addEventListener("click", () => {
      input.value = "";
      field.sent = null;
      field.send();
      input.focus();
    });
    document.addEventListener("pointerdown", field.leave, true);
  }
  field.set = setStateValue;
  parentElement.querySelector("label span").textContent = data.label;
  input.placeholder = data.held && !input.value ? "kept for this session; type to replace it" : data.placeholder;
  parentElement.querySelector("button").hidden = !data.held;
  return () => {
    clearTimeout(field.timer);
    document.removeEventListener("pointerdown", field.leave, true);
    fields.delete(parentElement);
  };
}
