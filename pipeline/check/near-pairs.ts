// Pairs of documents, one of a small set and one of a stream, whose shingle sets have a Jaccard similarity of at least t: all of
// them, not most. Prefix filter (Chaudhuri et al. 2006; Bayardo et al. 2007): with the shingles of every set in one global order,
// two sets A and B with |A n B| / |A u B| >= t share a shingle among the first |A| - ceil(t |A|) + 1 of A and the like of B. The order
// is that of the shingles' hashes. Hashes are cut to 52 bits so that they are exact as numbers; two shingles that fall together
// (one pair in 10^15) change a similarity by a hair and can hide no pair that differs otherwise.
import type { ListColumn } from '../../native/batch.js';

export interface NearPair {
  /** Of the small set, as it was added. */
  readonly one: number;
  /** Of the stream, as it was asked. */
  readonly other: number;
  readonly jaccard: number;
}

const EMPTY = -1;

export class NearPairFinder {
  readonly #least: number;
  /** Sorted distinct shingles of each document of the small set. */
  readonly #sets: Float64Array[] = [];
  /** Open addressing, a slot a shingle: its latest entry. Entries of one shingle are chained: common shingles have many. */
  #keys = new Float64Array(1024).fill(EMPTY);
  #heads = new Int32Array(1024);
  #taken = 0;
  #documents = new Uint32Array(1024);
  #next = new Int32Array(1024);
  #entries = 0;
  #shingles = 0;
  /** The last question that met a document. */
  #met = new Uint32Array(64);
  #questions = 0;

  /** `least`: the Jaccard similarity from which a pair counts, above 0 and at most 1. */
  constructor(least: number) {
    this.#least = least;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#shingles * 8 + this.#keys.length * 12 + this.#next.length * 8;
  }

  /** A document of the small set, by its sorted shingles; sets without any are never near. Returns its number. */
  add(set: Float64Array): number {
    const document = this.#sets.length;
    this.#sets.push(set);
    this.#shingles += set.length;
    for (const shingle of set.subarray(0, this.#prefix(set))) this.#insert(shingle, document);
    if (document >= this.#met.length) this.#met = grown(this.#met);
    return document;
  }

  /** All documents of the small set that are near `set`, in their order. */
  *near(set: Float64Array, other: number): Generator<NearPair> {
    const candidates: number[] = [];
    const mask = this.#keys.length - 1;
    const question = ++this.#questions;
    const fewest = this.#least * set.length - 1e-9;
    const most = set.length / this.#least + 1e-9;
    const prefix = this.#prefix(set);
    for (let i = 0; i < prefix; i++) {
      const shingle = set[i]!;
      let slot = slotOf(shingle, mask);
      while (this.#keys[slot] !== EMPTY && this.#keys[slot] !== shingle) slot = (slot + 1) & mask;
      if (this.#keys[slot] === EMPTY) continue;
      for (let entry = this.#heads[slot]!; entry >= 0; entry = this.#next[entry]!) {
        const one = this.#documents[entry]!;
        if (this.#met[one] === question) continue;
        this.#met[one] = question;
        const { length } = this.#sets[one]!; // sets of lengths too far apart are never near
        if (length >= fewest && length <= most) candidates.push(one);
      }
    }
    for (const one of candidates.sort((a, b) => a - b)) {
      const jaccard = jaccardOf(this.#sets[one]!, set);
      if (jaccard >= this.#least) yield { one, other, jaccard };
    }
  }

  #prefix(set: Float64Array): number {
    // A hair below t |A|, so that rounding never shortens a prefix: a longer one finds the same pairs.
    return set.length === 0 ? 0 : set.length - Math.ceil(this.#least * set.length - 1e-9) + 1;
  }

  #insert(shingle: number, document: number): void {
    if (2 * (this.#taken + 1) > this.#keys.length) this.#widen();
    if (this.#entries === this.#next.length) {
      this.#next = grown(this.#next);
      this.#documents = grown(this.#documents);
    }
    const slot = this.#slot(shingle);
    if (this.#keys[slot] === EMPTY) {
      this.#keys[slot] = shingle;
      this.#heads[slot] = -1;
      this.#taken++;
    }
    this.#documents[this.#entries] = document;
    this.#next[this.#entries] = this.#heads[slot]!;
    this.#heads[slot] = this.#entries++;
  }

  #slot(shingle: number): number {
    const mask = this.#keys.length - 1;
    let slot = slotOf(shingle, mask);
    while (this.#keys[slot] !== EMPTY && this.#keys[slot] !== shingle) slot = (slot + 1) & mask;
    return slot;
  }

  #widen(): void {
    const keys = this.#keys;
    const heads = this.#heads;
    this.#keys = new Float64Array(keys.length * 2).fill(EMPTY);
    this.#heads = new Int32Array(keys.length * 2);
    for (let at = 0; at < keys.length; at++) {
      if (keys[at] === EMPTY) continue;
      const slot = this.#slot(keys[at]!);
      this.#keys[slot] = keys[at]!;
      this.#heads[slot] = heads[at]!;
    }
  }
}

function grown<T extends Uint32Array | Int32Array>(array: T): T {
  const wider = new (array.constructor as new (length: number) => T)(2 * array.length);
  wider.set(array);
  return wider;
}

/** The shingles of one row as sorted, distinct numbers below 2^52. `words` are the column's uint64 values as little-endian halves. */
export function shingleSet(column: ListColumn, words: Uint32Array, row: number): Float64Array {
  const from = column.offsets[row]!;
  const to = column.offsets[row + 1]!;
  const all = new Float64Array(to - from);
  for (let i = from; i < to; i++) all[i - from] = words[2 * i + 1]! * 2 ** 20 + (words[2 * i]! >>> 12);
  all.sort();
  let kept = 0;
  for (const value of all) if (kept === 0 || all[kept - 1] !== value) all[kept++] = value;
  return all.slice(0, kept);
}

export function jaccardOf(a: Float64Array, b: Float64Array): number {
  let common = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) {
      common++;
      i++;
      j++;
    } else if (a[i]! < b[j]!) i++;
    else j++;
  }
  const union = a.length + b.length - common;
  return union === 0 ? 0 : common / union;
}

function slotOf(shingle: number, mask: number): number {
  return (Math.imul((shingle % 2 ** 32) >>> 0, 0x9e3779b1) ^ Math.floor(shingle / 2 ** 20)) & mask;
}
