// Whether words or tokens of a removed document stand anywhere else: a few windows of each, kept as digests alone, are looked for at
// every place of every text. Rabin and Karp 1987: a rolling hash finds candidates, sha256 decides. Time is linear in what is searched.
// Invariant: a window that stands in a searched text is found, wherever it begins.
import { mark } from './exclusions.js';

/** Bytes of text, and token ids: long enough that only the same passage holds them. */
export const TEXT_WINDOW = 64;
export const TOKEN_WINDOW = 24;
const WINDOWS = 8;
const BASE = 0x0100_0193;

export interface WindowSet {
  readonly width: number;
  /** A document's windows, by its place in `documents`: rolling hash, then the mark. */
  readonly windows: readonly { readonly roll: number; readonly mark: string; readonly document: number }[];
}

/** Up to eight windows of a sequence, evenly spread, first and last included; none of one that is shorter than a window. */
export function drawWindows(kind: 'text' | 'tokens', units: Uint8Array | Uint16Array | Uint32Array): { roll: number; mark: string }[] {
  const width = widthOf(kind);
  const last = units.length - width;
  if (last < 0) return [];
  const places = new Set(Array.from({ length: WINDOWS }, (_, i) => Math.floor((last * i) / (WINDOWS - 1))));
  return [...places].map((at) => {
    const window = units.subarray(at, at + width);
    return { roll: rollOf(window), mark: markOf(kind, window) };
  });
}

const widthOf = (kind: 'text' | 'tokens'): number => (kind === 'text' ? TEXT_WINDOW : TOKEN_WINDOW);

function rollOf(window: Uint8Array | Uint16Array | Uint32Array): number {
  let roll = 0;
  for (const unit of window) roll = (Math.imul(roll, BASE) + unit + 1) | 0;
  return roll >>> 0;
}

/** Token ids count as 32-bit numbers, so a shard of 16-bit ones has the same windows. */
function markOf(kind: 'text' | 'tokens', window: Uint8Array | Uint16Array | Uint32Array): string {
  const words = window instanceof Uint8Array ? window : Uint32Array.from(window);
  return mark(kind, new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
}

export class WindowFinder {
  readonly #kind: 'text' | 'tokens';
  readonly #byRoll = new Map<number, string[]>();
  readonly #filter = new Uint8Array(1 << 16);

  constructor(kind: 'text' | 'tokens', windows: Iterable<{ readonly roll: number; readonly mark: string }>) {
    this.#kind = kind;
    for (const { roll, mark: name } of windows) {
      const held = this.#byRoll.get(roll);
      if (held === undefined) this.#byRoll.set(roll, [name]);
      else if (!held.includes(name)) held.push(name);
      this.#filter[slot(roll)]! |= 1 << (roll & 7);
    }
  }

  get size(): number {
    return this.#byRoll.size;
  }

  /** Marks of the windows that stand in a sequence. */
  find(units: Uint8Array | Uint16Array | Uint32Array): ReadonlySet<string> {
    const found = new Set<string>();
    const width = widthOf(this.#kind);
    if (units.length < width || this.size === 0) return found;
    let power = 1; // BASE ** width: what a unit weighs when it leaves
    for (let i = 0; i < width; i++) power = Math.imul(power, BASE);
    let roll = 0;
    for (let end = 0; end < units.length; end++) {
      roll = (Math.imul(roll, BASE) + units[end]! + 1) | 0;
      if (end >= width) roll = (roll - Math.imul(power, units[end - width]! + 1)) | 0;
      if (end < width - 1 || (this.#filter[slot(roll >>> 0)]! & (1 << (roll & 7))) === 0) continue;
      const named = this.#byRoll.get(roll >>> 0);
      if (named === undefined) continue;
      const name = markOf(this.#kind, units.subarray(end - width + 1, end + 1));
      if (named.includes(name)) found.add(name);
    }
    return found;
  }
}

const slot = (roll: number): number => (roll >>> 3) & 0xffff;
