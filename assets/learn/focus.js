// The keyboard's place in a lesson. A button that is pressed may go: then the focus goes to what stood before it, or, in another
// step, to the lesson's question.
//
//   new Focus(heading)         moved(): another step is shown        end()

const FOCUSABLE = "a[href], button:not(:disabled), input:not(:disabled), textarea:not(:disabled)";
const FRAMES = 240; // as Streamlit takes away what is not drawn again when the script has ended
const WAIT = 15; // of them: what shows another step may come after what it takes away

export class Focus {
  constructor(heading) {
    this.heading = heading;
    this.note = ({ target }) => {
      if (this.isPlacing) return;
      const all = [...document.querySelectorAll(FOCUSABLE)];
      Object.assign(this, { held: target, before: all[all.indexOf(target) - 1], isMoved: false, lost: 0 });
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
    const isGone = this.held && !this.held.getClientRects().length;
    const isLost = isGone && (active === document.body || (active === this.placed && this.isMoved && this.placed !== this.question()));
    this.lost = isLost ? this.lost + 1 : 0;
    if (this.lost > (this.isMoved ? 0 : WAIT)) this.place(!this.isMoved && this.before?.getClientRects().length ? this.before : this.heading());
    this.frames -= 1;
    this.waiting = this.frames > 0 && requestAnimationFrame(() => this.look());
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
