// Where an x of a drawing lies on the screen: in columns of equal width.
//
//   scale.x(column)    pixels
//   scale.at(pixels)   the index of the attempt there, or null

export const RIGHT_PX = 6; // beyond the end of the lines

export function roundStep(least) {
  for (let power = 1e-3; ; power *= 10) for (const m of [1, 2, 5]) if (m * power >= least * 0.999) return m * power;
}

export class Columns {
  constructor(count, left, width, aside) {
    Object.assign(this, { count, left, end: width - RIGHT_PX });
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
