// Pairs of shingle sets whose Jaccard similarity is known exactly.
import type { ListColumn } from '../../native/index.js';

/** Words of xoshiro128** (Blackman & Vigna 2018), seeded by SplitMix32. */
export function wordsFrom(seed: number): () => number {
  let mixed = seed >>> 0;
  const next = () => {
    mixed = (mixed + 0x9e3779b9) >>> 0;
    let z = mixed;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
  let [a, b, c, d] = [next(), next(), next(), next()];
  return () => {
    const five = Math.imul(b, 5);
    const word = Math.imul((five << 7) | (five >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return word;
  };
}

/** Rows 2i and 2i + 1 share `common` shingles and have `own` of their own each: similarity common / (common + 2 own). */
export function pairsOf(shapes: readonly { readonly common: number; readonly own: number }[], word: () => number): ListColumn {
  const offsets = new Int32Array(2 * shapes.length + 1);
  shapes.forEach(({ common, own }, pair) => {
    offsets[2 * pair + 1] = offsets[2 * pair]! + common + own;
    offsets[2 * pair + 2] = offsets[2 * pair + 1]! + common + own;
  });
  const values = new BigUint64Array(offsets[2 * shapes.length]!);
  const halves = new Uint32Array(values.buffer);
  for (let i = 0; i < halves.length; i++) halves[i] = word();
  shapes.forEach(({ common }, pair) => {
    const first = offsets[2 * pair]!;
    values.copyWithin(offsets[2 * pair + 1]!, first, first + common);
  });
  return { kind: 'list', values, offsets };
}
