// What stands in a row of the table of runs: text, a mark for the outcome, a small chart of the rewards.
const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 86;
const HEIGHT = 22;
const EDGE = 4;
const MARKS = 30; // attempts up to which each has a dot, or a cross where it failed

// Every outcome has a shape of its own, for those who do not tell the colours apart.
const SHAPES = {
  reached: ["rect", { x: 3, y: 3, width: 10, height: 10 }, "good"],
  "not reached": ["path", { d: "M8 3 L13.5 13 H2.5 Z" }, "plain"],
  finished: ["circle", { cx: 8, cy: 8, r: 5 }, "scored"],
  failed: ["path", { d: "M3.5 3.5 L12.5 12.5 M12.5 3.5 L3.5 12.5" }, "bad line"],
  cancelled: ["path", { d: "M3 8 H13" }, "plain line"],
  stopped: ["rect", { x: 3.5, y: 3.5, width: 9, height: 9 }, "plain line"],
  running: ["circle", { cx: 8, cy: 8, r: 5, "stroke-dasharray": "2.6 2.6" }, "scored line"],
  paused: ["path", { d: "M5.5 3.5 V12.5 M10.5 3.5 V12.5" }, "scored line"],
  interrupted: ["path", { d: "M8 2.5 V9 M8 12 V13.5" }, "plain line"],
};

export function make(kind, className, text) {
  const made = document.createElement(kind);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function draw(kind, attributes, className) {
  const made = document.createElementNS(SVG, kind);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (className) made.setAttribute("class", className);
  return made;
}

export function button(text, key, act) {
  const made = make("button", "", text);
  made.type = "button";
  if (key) made.append(make("kbd", "", key));
  made.addEventListener("click", act);
  return made;
}

function sparkline(row) {
  const picture = draw("svg", { width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  picture.append(draw("title", {}));
  picture.firstChild.textContent = row.alt;
  const values = row.points.filter((value) => value !== null);
  const all = row.threshold === null ? values : [...values, row.threshold];
  const low = Math.min(0, ...all);
  const high = Math.max(...all, low + 1e-9);
  const failed = values.length < row.points.length && row.points.length <= MARKS;
  const floor = failed ? HEIGHT - 6 : HEIGHT - 3; // attempts without a reward have a line of their own
  const x = (i) => EDGE + (row.points.length < 2 ? 0 : (i * (WIDTH - 2 * EDGE)) / (row.points.length - 1));
  const y = (value) => floor - ((value - low) / (high - low)) * (floor - 3);
  if (row.threshold !== null) {
    picture.append(draw("path", { d: `M0 ${y(row.threshold)} H${WIDTH}`, "stroke-dasharray": "3 3" }, "edge"));
  }
  const scored = row.points.map((value, i) => [value, i]).filter(([value]) => value !== null);
  const points = scored.map(([value, i]) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`);
  if (points.length > 1) picture.append(draw("polyline", { points: points.join(" ") }, "scored line"));
  if (row.points.length > MARKS) return picture;
  for (const [value, i] of scored) picture.append(draw("circle", { cx: x(i), cy: y(value), r: 1.8 }, "scored"));
  row.points.forEach((value, i) => {
    if (value !== null) return;
    const [left, top] = [x(i) - 2.2, HEIGHT - 5];
    picture.append(draw("path", { d: `M${left} ${top} l4.4 4.4 m0 -4.4 l-4.4 4.4` }, "bad line"));
  });
  return picture;
}

// A run as a row. tick: what its box does. act: what its links and buttons do.
export function drawRow(row, columns, tick, act) {
  const line = make("tr", [row.kind, row.context ? "context" : ""].filter(Boolean).join(" "));
  line.dataset.id = row.id;
  if (row.context) line.title = "Listed for its branches. It does not match the search itself.";
  const place = make("td", "tick");
  const box = make("input");
  box.type = "checkbox";
  box.setAttribute("aria-label", `Select ${row.name}`);
  box.dataset.focus = `tick ${row.id}`;
  box.addEventListener("change", () => tick(row.id));
  place.append(box);
  line.append(place);
  for (const column of columns) line.append(drawCell(row, column.kind, act));
  line.append(make("td", "more", row.more)); // what a phone shows in place of the narrow columns
  return line;
}

// Shows what stands under a run, or hides it.
function foldButton(row, act) {
  const { text, words, open } = row.fold;
  const made = button(text, "", () => act("unfold", [row.id]));
  made.className = "fold";
  const chevron = draw("svg", { width: 10, height: 10, viewBox: "0 0 10 10", "aria-hidden": "true" });
  chevron.append(draw("path", { d: open ? "M1.5 3 L5 7 L8.5 3" : "M3 1.5 L7 5 L3 8.5" }, "plain line"));
  made.prepend(chevron);
  made.dataset.focus = `fold ${row.id}`;
  made.title = `${open ? "Hide" : "Show"} ${words}`;
  made.setAttribute("aria-label", `${words} of ${row.name}`);
  made.setAttribute("aria-expanded", String(open));
  return made;
}

function drawCell(row, className, act) {
  const kind = className.split(" ")[0];
  const cell = make(kind === "name" ? "th" : "td", className);
  switch (kind) {
    case "name": {
      cell.scope = "row";
      const link = make("a", "", row.name);
      link.href = new URL(row.href, document.baseURI).href;
      link.dataset.focus = `open ${row.id}`;
      link.title = row.title ? `${row.name} (${row.title})` : row.name;
      link.addEventListener("click", (event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return; // a new tab, or a window
        event.preventDefault();
        act("open", [row.id]);
      });
      const star = button(row.starred ? "★" : "☆", "", () => act(row.starred ? "unstar" : "star", [row.id]));
      star.className = row.starred ? "star on" : "star";
      star.dataset.focus = `star ${row.id}`;
      star.setAttribute("aria-label", `Star ${row.name}`);
      star.setAttribute("aria-pressed", String(row.starred));
      const inner = make("span", "inner");
      if (row.fold) inner.append(foldButton(row, act));
      inner.append(link);
      if (row.from) {
        const from = make("span", "from", row.from);
        from.title = row.from;
        inner.append(from);
      }
      if (row.note) {
        const note = make("span", "note", "note");
        note.title = row.note;
        inner.append(note);
      }
      if (row.imported) {
        const mark = make("span", "note", "imported");
        mark.title = "It came in a file";
        inner.append(mark);
      }
      inner.append(star);
      cell.append(inner);
      break;
    }
    case "rewards":
      cell.append(sparkline(row));
      break;
    case "outcome": {
      const [shape, attributes, colour] = SHAPES[row.outcome] ?? SHAPES.finished;
      const mark = draw("svg", { width: 16, height: 16, viewBox: "0 0 16 16", "aria-hidden": "true" });
      mark.append(draw(shape, attributes, colour));
      const word = make("span", row.outcome === "failed" ? "bad" : "", row.outcome);
      cell.title = row.outcome_title;
      cell.append(mark, word);
      break;
    }
    case "tags":
      for (const tag of row.tags) cell.append(make("span", "tag", tag));
      break;
    default:
      cell.textContent = row[kind];
      cell.title = row[`${kind}_title`] ?? (kind === "input" ? row.input : "");
  }
  return cell;
}
