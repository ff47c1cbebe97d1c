// The name of a run, with its star and tags, and where it comes from. Text enters by textContent.

import { visible } from "./words.js";
import { make } from "../shared/dom.js";

export default function ({ parentElement, data }) {
  const source = JSON.stringify(data);
  let root = parentElement.querySelector(".run");
  if (root?.source === source) return;
  root?.remove();
  root = make(
    "div",
    { className: "run" },
    data.starred ? make("span", { className: "star", role: "img", title: "Starred", "aria-label": "Starred" }, "★") : null,
    make("h1", { title: data.name }, ...visible(data.name)),
    ...data.tags.map((tag) => make("span", { className: "tag", title: tag }, ...visible(tag))),
    make("span", { className: "origin", title: data.origin }, ...visible(data.origin)),
  );
  const name = root.querySelector("h1");
  const isCut = () => name.scrollWidth > name.clientWidth + 1 || name.scrollHeight > name.clientHeight + 2;
  new ResizeObserver(() => {
    if (name.matches(":focus")) return;
    if (isCut()) name.tabIndex = 0;
    else name.removeAttribute("tabindex");
  }).observe(name);
  root.source = source;
  parentElement.append(root);
}
