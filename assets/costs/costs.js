// A real table, as text: what a model or a server is called never becomes markup.
function cell(kind, text, column) {
  const made = document.createElement(kind);
  made.textContent = text;
  if (column.number) made.className = "number";
  if (kind === "td") made.dataset.label = column.title;
  return made;
}

export default function ({ parentElement, data }) {
  const table = parentElement.querySelector("table");
  const [head, body] = [table.tHead, table.tBodies[0]];
  table.caption.textContent = data.caption;
  head.replaceChildren(document.createElement("tr"));
  for (const column of data.columns) {
    const title = cell("th", column.title, column);
    title.scope = "col";
    head.firstChild.append(title);
  }
  body.replaceChildren();
  for (const row of data.rows) {
    const line = body.insertRow();
    row.forEach((text, i) => {
      const made = cell(i === data.named ? "th" : "td", text, data.columns[i]);
      if (i === data.named) made.scope = "row";
      line.append(made);
    });
  }
}
