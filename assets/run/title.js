// The name of a run, with its star and tags, and where it comes from: when and on what it ran; of a branch, from which run and attempt.
// Text enters by textContent.

import { visible } from "./words.js";
import { isDark, make } from "../shared/dom.js";

export default function ({ parentElement, data, setTriggerValue }) {
  const source = JSON.stringify(data);
  let root = parentElement.querySelector(".run");
  if (root?.source === source) return;
  root?.remove();
  const line = make(
    "div",
    { className: "line" },
    data.starred ? make("span", { className: "star", role: "img", title: "Starred", "aria-label": "Starred" }, "★") : null,
    make("h1", { title: data.name }, ...visible(data.name)),
    ...data.tags.map((tag) => make("span", { className: "tag", title: tag }, ...visible(tag))),
    make("span", { className: "origin", title: data.origin }, ...visible(data.origin)),
  );
  root = make("div", { className: "run" }, line, data.lineage ? lineage(data.lineage, setTriggerValue) : null);
  const name = root.querySelector("h1");
  const isCut = () => name.scrollWidth > name.clientWidth + 1 || name.scrollHeight > name.clientHeight + 2;
  new ResizeObserver(() => {
    if (name.matches(":focus")) return;
    if (isCut()) name.tabIndex = 0;
    else name.removeAttribute("tabindex");
  }).observe(name);
  root.source = source;
  parentElement.append(root);
  root.classList.toggle("dark", isDark(root));
}

// "Branch of Two stages from attempt 3 · changed: hint for extract    Compare"
function lineage({ kind, parent, href, about }, tell) {
  const ask = (what) => tell("asked", { do: what, at: Date.now() });
  const name = parent
    ? make("a", { className: "parent", href: new URL(href, document.baseURI).href, title: `Open ${parent}` }, ...visible(parent))
    : make("span", {}, "a run that is not in this app's history");
  name.addEventListener("click", (event) => {
    if (!parent || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return; // a new tab, or a window
    event.preventDefault();
    ask("open");
  });
  const compare = make("button", { type: "button", className: "link", title: "Compare the two runs side by side" }, "Compare with it");
  compare.addEventListener("click", () => ask("compare"));
  return make("div", { className: "lineage" }, make("span", {}, kind), name, make("span", { className: "about", title: about }, ...visible(about)), parent ? compare : null);
}
