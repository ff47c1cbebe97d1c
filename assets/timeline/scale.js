// Where an x of a drawing lies on the screen: in columns of equal width, or on the clock's axis ("wall time").
//
//   scale.x(column, seconds)   pixels, or null where a mark has no place on this axis
//   scale.at(pixels)           the index of the attempt there, or null

export const RIGHT_PX = 6; // beyond the end of the lines

export function roundStep(least) {
  for (let power = 1e-3; ; power *= 10) for (const m of [1, 2, 5]) if (m * power >= least * 0.999) return m * power;
}

export class Columns {
  constructor(count, left, width, aside) {
    Object.assign(this, { count, left, end: width - RIGHT_PX, wall: false });
    this.column = (this.end - aside - left) / count;
  }

  x(column) {
    return this.left + column * this.column;
  }

  span(index) {
    return [this.x(index), this.x(index + 1)];
  }

  at(pixels) {
    const index = Math.floor((pixels - this.left) / this.column);
    return index >= 0 && index < this.count ? index : null;
  }

  // The index nearest to a place, also beside the columns.
  nearest(pixels) {
    return Math.max(0, Math.min(this.count - 1, Math.floor((pixels - this.left) / this.column)));
  }
}

export class Clock {
  constructor(wall, begun, left, width, aside) {
    Object.assign(this, { left, end: width - RIGHT_PX, wall: true, begun });
    this.spans = new Map(begun.map((index, i) => [index, wall.spans[i]]));
    this.seconds = Math.max(0.001, ...wall.spans.map(([, end]) => end));
    this.perSecond = (this.end - aside - left) / this.seconds;
    this.column = (this.end - aside - left) / begun.length; // on average
  }

  x(column, seconds) {
    return seconds === null || seconds === undefined ? null : this.left + seconds * this.perSecond;
  }

  span(index) {
    const found = this.spans.get(index);
    return found ? found.map((t) => this.x(0, t)) : null;
  }

  at(pixels) {
    const t = (pixels - this.left) / this.perSecond;
    return this.begun.findLast((index) => this.spans.get(index)[0] <= t) ?? null;
  }

  ticks() {
    const step = roundStep(70 / this.perSecond);
    const count = Math.floor(this.seconds / step + 1e-6) + 1;
    const digits = Math.max(0, -Math.floor(Math.log10(step)));
    return Array.from({ length: count }, (_, i) => [this.x(0, i * step), `${(i * step).toFixed(i ? digits : 0)} s`]);
  }
}
