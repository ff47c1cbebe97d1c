// The name of a run, with its star and tags, and where it comes from. Text enters by textContent.

import { make, visible } from "./dom.js";

export default function ({ parentElement, data }) {
  const source = JSON.stringify(data);
  let root = parentElement.querySelector(".run");
  if (root?.source === source) return;
  root?.remove();
  root = make(
    "div",
    { className: "run" },
    data.starred ? make("span", { className: "star", role: "img", title: "Starred", "aria-label": "Starred" }, "★") : null,
    make("h1", {}, ...visible(data.name)),
    ...data.tags.map((tag) => make("span", { className: "tag" }, ...visible(tag))),
    make("span", { className: "origin" }, ...visible(data.origin)),
  );
  root.source = source;
  parentElement.append(root);
}
