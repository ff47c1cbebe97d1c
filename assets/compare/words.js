// Texts with what differs in them marked, and lines side by side with equal ones folded.
import { letter } from "./letter.js";
import { make } from "../shared/dom.js";

const LONG = 1500; // characters, beyond which a text is folded until it is asked for

const KINDS = { same: "span", removed: "del", added: "ins" };

const marked = (pieces, kinds) =>
  pieces.filter((piece) => kinds.includes(piece.kind)).map((piece) => make(KINDS[piece.kind], { textContent: piece.text }));

// A value in both: two columns, or both in one where `inline`. open: whether long texts stand in full.
export function valueRow(change, { inline, open, small, always, tag }) {
  const pieces = change.is_marked || always ? change.pieces : null;
  const name = (which) => [letter(which), " ", change.name ? make("span", { className: "name", textContent: change.name }) : null];
  const absent = (which) => make("span", { className: "faint", textContent: change.absent[which === "a" ? 0 : 1] });
  const side = (which, value, kinds) => {
    const words = value === null ? [absent(which)] : value === "" ? [make("span", { className: "faint", textContent: "empty" })] : pieces ? marked(pieces, kinds) : [value];
    return make("div", { className: `value ${which}` }, make("p", { className: "label" }, name(which)), folding(make("div", { className: small ? "words small" : "words", dir: "auto" }, words), value ?? "", open), tag ? tag(which) : null);
  };
  if (inline && pieces && change.before !== null && change.after !== null) {
    const both = make("div", { className: "words", dir: "auto" }, marked(pieces, ["same", "removed", "added"]));
    if (small) both.classList.add("small");
    const label = make("p", { className: "label" }, letter("a"), " → ", letter("b"), " ", make("span", { className: "name", textContent: change.name }));
    return make("div", { className: "pair one" }, make("div", { className: "value" }, label, folding(both, change.before + change.after, open), tag ? [tag("a"), tag("b")] : null));
  }
  const pair = make("div", { className: inline ? "pair one" : "pair" }, side("a", change.before, ["same", "removed"]), side("b", change.after, ["same", "added"]));
  return pair;
}

// A text that may be long: its beginning, and a button that shows the rest.
function folding(node, text, open) {
  if (open || text.length <= LONG) return node;
  node.classList.add("folded");
  const button = make("button", { type: "button", className: "link", textContent: `Show all ${text.length.toLocaleString("en")} characters` });
  button.onclick = () => {
    node.classList.remove("folded");
    button.remove();
  };
  return make("div", {}, node, button);
}

// Lines of both. open: whether equal lines stand unfolded.
export function lineBlocks(blocks, { inline, open }) {
  const grid = make("div", { className: inline ? "lines one" : "lines" });
  for (const block of blocks) {
    if (block.title) grid.append(foldedLines(block, open, inline));
    else if (block.kind === "same") grid.append(...sameLines(block, inline));
    else grid.append(...changedLines(block));
  }
  return grid;
}

const pre = (className, children) => make("pre", { className, dir: "auto" }, children);

const sameLines = (block, inline) => {
  const text = block.before.join("\n");
  return inline ? [pre("", [text])] : [pre("", [text]), pre("twin", [text])];
};

function changedLines(block) {
  const words = (lines, kinds) => (block.pieces.length ? marked(block.pieces, kinds) : [lines.join("\n")]);
  const side = (which, lines, kinds) => pre(lines.length ? `change ${which}` : "change none", lines.length ? words(lines, kinds) : []);
  const a = side("a", block.before, ["same", "removed"]);
  const b = side("b", block.after, ["same", "added"]);
  if (block.before.length) a.setAttribute("aria-label", "Only in A");
  if (block.after.length) b.setAttribute("aria-label", "Only in B");
  return [a, b];
}

function foldedLines(block, open, inline) {
  const body = make("div", { className: inline ? "lines one" : "lines" }, sameLines(block, inline));
  return make("details", { className: "fold", open }, make("summary", { textContent: block.title }), body);
}
