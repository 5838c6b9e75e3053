// Where the tokens of a text stand in its bytes, and how a sum over tokens is shared out over spans of the text.
// Invariant: shares add up to the whole (a token across an edge is shared by its bytes), so slices of a loss sum to the loss.
import type { BytesColumn } from '../../native/index.js';

const SPACE = 0x20;

/**
 * The end of each token in the text's bytes; the first begins at 0. Null where the tokens do not spell the text: a tokenizer that
 * normalises. A leading space that SentencePiece adds, and bytes that no token of the vocabulary has, are stepped over.
 */
export function tokenEnds(text: Uint8Array, ids: Uint32Array, tokenBytes: BytesColumn): Int32Array | null {
  const ends = new Int32Array(ids.length);
  const { data, offsets } = tokenBytes;
  let at = 0;
  for (let i = 0; i < ids.length; i++) {
    const [from, to] = [offsets[ids[i]!]!, offsets[ids[i]! + 1]!];
    if (to === undefined) return null;
    let begin = from;
    if (!spells(text, at, data, begin, to) && i === 0 && data[from] === SPACE) begin++;
    if (!spells(text, at, data, begin, to)) return null;
    ends[i] = at += to - begin;
  }
  return ends;
}

function spells(text: Uint8Array, at: number, data: Uint8Array, from: number, to: number): boolean {
  if (at + to - from > text.length) return false;
  for (let i = from; i < to; i++) if (text[at + i - from] !== data[i]) return false;
  return true;
}

/** Adds each token's value to `sums[kindAt(byte)]`, byte by byte in equal parts; a token without bytes goes to `kindAt` of where it stands. */
export function shareByBytes(values: ArrayLike<number>, ends: Int32Array, textBytes: number, kindAt: (byte: number) => number, sums: Float64Array): void {
  let begin = 0;
  for (let i = 0; i < ends.length; i++) {
    const end = ends[i]!;
    const value = values[i]!;
    const first = kindAt(Math.min(begin, textBytes - 1));
    let run = begin;
    let kind = first;
    let left = value;
    for (let at = begin + 1; at < end; at++) {
      const next = kindAt(at);
      if (next === kind) continue;
      const part = (value * (at - run)) / (end - begin);
      sums[kind]! += part;
      left -= part;
      run = at;
      kind = next;
    }
    sums[kind]! += run === begin ? value : left; // the last part is the rest, so that parts add up
    begin = end;
  }
}
