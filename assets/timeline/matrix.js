// Choosing a range of attempts in the matrix: by dragging over it, or with Shift and the arrow keys; Escape lets go of it.
//
//   view.range     [first, last] or null: kept by the view, for all of its parts
//   view.setRange  tells the view

const DRAG_PX = 4; // a press that moves less is a click

export class Brush {
  constructor(view, surface) {
    this.view = view;
    this.moving = null; // the end that Shift and the arrows move
    surface.addEventListener("pointerdown", (event) => this.start(event));
    surface.addEventListener("pointermove", (event) => this.drag(event));
    for (const end of ["pointerup", "pointercancel"]) surface.addEventListener(end, (event) => this.stop(event));
    this.surface = surface;
  }

  // scale: of the matrix, or null where there is nothing to brush.
  use(scale) {
    this.scale = scale;
    if (!scale) this.from = undefined;
  }

  place(event) {
    return event.clientX - this.surface.getBoundingClientRect().left;
  }

  start(event) {
    if (!this.scale || event.button || event.pointerType === "touch") return;
    this.from = this.place(event);
    this.dragged = false;
  }

  drag(event) {
    if (this.from === undefined || !this.scale) return;
    const at = this.place(event);
    if (!this.dragged && Math.abs(at - this.from) < DRAG_PX) return;
    if (!this.dragged) this.surface.setPointerCapture(event.pointerId);
    this.dragged = true;
    const ends = [this.scale.nearest(this.from), this.scale.nearest(at)].sort((a, b) => a - b);
    this.moving = this.scale.nearest(at);
    this.view.setRange(ends);
  }

  stop() {
    this.from = undefined;
  }

  // Whether the click that is coming ends a drag, and so selects nothing.
  get wasDragged() {
    const was = this.dragged;
    this.dragged = false;
    return was;
  }

  // Whether a key was meant for the brush.
  press(event) {
    if (!this.scale || event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.key === "Escape" && this.view.range) {
      this.view.setRange(null);
      return true;
    }
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!event.shiftKey || !step) return false;
    const range = this.view.range ?? [this.view.selected ?? 0, this.view.selected ?? 0];
    const end = range.includes(this.moving) ? this.moving : range[1];
    const anchor = end === range[1] ? range[0] : range[1];
    this.moving = Math.max(0, Math.min(this.scale.count - 1, end + step));
    this.view.setRange([anchor, this.moving].sort((a, b) => a - b));
    return true;
  }
}
