// The keyboard's place in a lesson. A button that is pressed may go: then the focus goes to the one drawn in its place, or else to
// what stood before it. In another step, and in a lesson that was opened by a press, it goes to the lesson's question.
//
//   new Focus(heading)         watch(isMoved): after each time it is drawn        end()

const FOCUSABLE = "a[href], button:not(:disabled), input:not(:disabled), textarea:not(:disabled)";
const FRAMES = 240; // as Streamlit takes away what is not drawn again when the script has ended
const WAIT = 15; // of them: what shows another step may come after what it takes away

// The class that Streamlit gives the widget that the element is of, however often it is drawn.
const widgetOf = (target) => [...(target.closest("[class*='st-key-']")?.classList ?? [])].find((one) => one.startsWith("st-key-"));
const innermost = (active) => (active.shadowRoot?.activeElement ? innermost(active.shadowRoot.activeElement) : active);

export class Focus {
  constructor(heading) {
    this.heading = heading;
    Object.assign(this, { held: innermost(document.activeElement), lost: 0 }); // of the list, from which one comes
    this.note = ({ target }) => {
      if (this.isPlacing) return;
      const all = [...document.querySelectorAll(FOCUSABLE)].filter((one) => one === target || one.tabIndex >= 0);
      const before = all[all.indexOf(target) - 1];
      Object.assign(this, { held: target, key: widgetOf(target), before, beforeKey: before && widgetOf(before), isMoved: false, lost: 0 });
    };
    document.addEventListener("focusin", this.note);
  }

  watch(isMoved) {
    this.isMoved ||= isMoved;
    if (isMoved) this.heading()?.scrollIntoView({ block: "nearest" });
    this.frames = FRAMES;
    if (!this.waiting) this.look();
  }

  look() {
    const active = document.activeElement;
    const isGone = this.held === document.body ? this.isMoved : !this.held.getClientRects().length;
    const isLost = isGone && (active === document.body || (active === this.placed && this.isMoved && this.placed !== this.question()));
    this.lost = isLost ? this.lost + 1 : 0;
    if (this.lost > (this.isMoved ? 0 : WAIT)) this.place((!this.isMoved && this.beside()) || this.heading());
    this.frames -= 1;
    this.waiting = this.frames > 0 && requestAnimationFrame(() => this.look());
  }

  // What is drawn in the place of what had the focus, or stood before it, which may have been drawn anew, too.
  beside() {
    const again = (key) => key && document.querySelector(`.${CSS.escape(key)} :is(${FOCUSABLE})`);
    return again(this.key) || (this.before?.getClientRects().length ? this.before : again(this.beforeKey)) || null;
  }

  place(to) {
    this.isPlacing = true;
    to?.focus({ preventScroll: true });
    Object.assign(this, { isPlacing: false, placed: document.activeElement, lost: 0 });
  }

  // What the document says has the focus where the question has it.
  question() {
    return this.heading()?.getRootNode().host ?? this.heading();
  }

  end() {
    cancelAnimationFrame(this.waiting);
    document.removeEventListener("focusin", this.note);
  }
}
