// Drawing again what has changed, and nothing else: a comparison with a run that goes on must not lose what is looked at.
//
//   kept.take(key, shown, build)    the node that stands there, unless what it shows is another; then build() makes it anew
//   arrange(parent, nodes)          these and no others, without touching those that are in their place
//
// What a person opened stays open. A part that is in use, as an open menu is, is drawn again when it no longer is.

const USED = "details.menu[open], select:focus, input:focus";

export class Kept {
  nodes = new Map();
  late = false; // whether a part waits until it is no longer in use

  constructor(root, draw) {
    const look = () => this.late && queueMicrotask(draw);
    root.addEventListener("focusout", look);
    root.addEventListener("toggle", look, true);
  }

  // about: what is compared, and how it is shown; a part in use is kept only while that stays the same.
  begin(about) {
    this.late = false;
    this.isSame = about === this.about;
    this.about = about;
    if (!this.isSame) this.nodes.clear();
  }

  take(key, shown, build) {
    const same = JSON.stringify(shown);
    const old = this.nodes.get(key);
    if (old?.same === same) return old.node;
    if (old?.node.querySelector(USED)) {
      this.late = true;
      return old.node;
    }
    const node = build();
    if (old) reopen(old.node, node);
    this.nodes.set(key, { same, node });
    return node;
  }
}

function reopen(old, node) {
  const was = new Map([...old.querySelectorAll("details")].map((one) => [one.firstChild.textContent, one.open]));
  for (const one of node.querySelectorAll("details")) one.open = was.get(one.firstChild.textContent) ?? one.open;
  const before = old.querySelectorAll(".words");
  node.querySelectorAll(".words").forEach((words, i) => {
    if (words.classList.contains("folded") && before[i] && !before[i].classList.contains("folded")) words.nextElementSibling.click();
  });
}

export function arrange(parent, nodes) {
  for (const child of [...parent.children]) if (!nodes.includes(child)) child.remove();
  nodes.forEach((node, i) => parent.children[i] === node || parent.insertBefore(node, parent.children[i] ?? null));
}
