// Sums of gradients, hessians and rows by bin of each feature, over the rows of a leaf: all that a search for the best
// split needs. A leaf's histogram is its parent's less its sibling's, so only the smaller child is ever counted.
import type { Bins } from './gbdt-bins.js';

/** Bins of all features back to back: feature f owns [start[f], start[f + 1]). */
export interface Layout {
  readonly start: Uint32Array;
}

export interface Histogram {
  readonly gradient: Float64Array;
  readonly hessian: Float64Array;
  readonly count: Uint32Array;
}

export function layoutOf(bins: Bins): Layout {
  const start = new Uint32Array(bins.features + 1);
  for (let f = 0; f < bins.features; f++) start[f + 1] = start[f]! + bins.cuts[f]!.length + 1;
  return { start };
}

export function newHistogram(layout: Layout): Histogram {
  const size = layout.start[layout.start.length - 1]!;
  return { gradient: new Float64Array(size), hessian: new Float64Array(size), count: new Uint32Array(size) };
}

/**
 * Four features' bins in one word, the first in the low byte: one load feeds four sums, and sums that wait for each other (a
 * feature with few bins adds to the same cell again and again) overlap with the other three.
 */
export function packColumns(bins: Bins, chosen: Uint32Array): Uint32Array[] {
  const words: Uint32Array[] = [];
  const nothing = new Uint8Array(bins.rows);
  for (let i = 0; i < chosen.length; i += 4) {
    const [a, b, c, d] = [0, 1, 2, 3].map((k) => (i + k < chosen.length ? bins.columns[chosen[i + k]!]! : nothing)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const word = new Uint32Array(bins.rows);
    for (let row = 0; row < bins.rows; row++) word[row] = a[row]! | (b[row]! << 8) | (c[row]! << 16) | (d[row]! << 24);
    words.push(word);
  }
  return words;
}

const sums = new Float64Array(4 * 512); // (gradient, hessian) by bin, feature after feature
const counts = new Uint32Array(4 * 256);

/** This loop is the trainer's time. */
function addWords(words: Uint32Array, rows: Uint32Array, gradient: Float64Array, hessian: Float64Array): void {
  sums.fill(0);
  counts.fill(0);
  for (let i = 0; i < rows.length; i++) {
    const word = words[rows[i]!]!;
    const g = gradient[i]!;
    const h = hessian[i]!;
    const a = word & 255;
    const b = ((word >>> 8) & 255) + 256;
    const c = ((word >>> 16) & 255) + 512;
    const d = (word >>> 24) + 768;
    sums[2 * a]! += g;
    sums[2 * a + 1]! += h;
    counts[a]!++;
    sums[2 * b]! += g;
    sums[2 * b + 1]! += h;
    counts[b]!++;
    sums[2 * c]! += g;
    sums[2 * c + 1]! += h;
    counts[c]!++;
    sums[2 * d]! += g;
    sums[2 * d + 1]! += h;
    counts[d]!++;
  }
}

/** Counts `rows` into `out` for the features of `chosen`, packed as `words`. `gradient` and `hessian` are by position in `rows`. */
export function countRows(
  words: readonly Uint32Array[],
  layout: Layout,
  chosen: Uint32Array,
  rows: Uint32Array,
  gradient: Float64Array,
  hessian: Float64Array,
  out: Histogram,
): void {
  for (let i = 0; i < chosen.length; i++) {
    if (i % 4 === 0) addWords(words[i >> 2]!, rows, gradient, hessian);
    const start = layout.start[chosen[i]!]!;
    const size = layout.start[chosen[i]! + 1]! - start;
    for (let bin = 0, from = (i % 4) * 256; bin < size; bin++, from++) {
      out.gradient[start + bin] = sums[2 * from]!;
      out.hessian[start + bin] = sums[2 * from + 1]!;
      out.count[start + bin] = counts[from]!;
    }
  }
}

/** `parent` becomes parent less `child`. */
export function subtract(layout: Layout, chosen: Uint32Array, parent: Histogram, child: Histogram): void {
  for (const f of chosen) {
    for (let i = layout.start[f]!; i < layout.start[f + 1]!; i++) {
      parent.gradient[i] = parent.gradient[i]! - child.gradient[i]!;
      parent.hessian[i] = parent.hessian[i]! - child.hessian[i]!;
      parent.count[i] = parent.count[i]! - child.count[i]!;
    }
  }
}

export interface SplitRules {
  /** Added to the hessian: shrinks leaves with little evidence. */
  readonly l2: number;
  readonly minRows: number;
  readonly minHessian: number;
}

export interface Split {
  /** What the split takes off the loss, times two; zero or less means none. */
  readonly gain: number;
  readonly feature: number;
  /** The last bin that goes left. */
  readonly bin: number;
}

const none: Split = { gain: 0, feature: -1, bin: -1 };

/** The best split of a leaf. Equal gains: the lower feature, then the lower bin. */
export function bestSplit(
  layout: Layout,
  chosen: Uint32Array,
  histogram: Histogram,
  gradient: number,
  hessian: number,
  rows: number,
  rules: SplitRules,
): Split {
  const whole = (gradient * gradient) / (hessian + rules.l2);
  let best = none;
  for (const f of chosen) {
    const start = layout.start[f]!;
    const end = layout.start[f + 1]!;
    let leftG = 0;
    let leftH = 0;
    let leftRows = 0;
    for (let i = start; i < end - 1; i++) {
      if (histogram.count[i] === 0) continue; // the same split as the bin before
      leftG += histogram.gradient[i]!;
      leftH += histogram.hessian[i]!;
      leftRows += histogram.count[i]!;
      const rightRows = rows - leftRows;
      if (leftRows < rules.minRows) continue;
      if (rightRows < rules.minRows) break;
      const rightG = gradient - leftG;
      const rightH = hessian - leftH;
      if (leftH < rules.minHessian || rightH < rules.minHessian) continue;
      const gain = (leftG * leftG) / (leftH + rules.l2) + (rightG * rightG) / (rightH + rules.l2) - whole;
      if (gain > best.gain) best = { gain, feature: f, bin: i - start };
    }
  }
  return best;
}
