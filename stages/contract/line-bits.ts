// Bits per byte of each line of a text: which of its parts a model finds hard. A line ends with its newline; a token across an edge is
// shared by its bytes. Invariant: lines weighted by their bytes sum to the whole text's bits.
import type { BytesColumn } from '../../native/index.js';
import { shareByBytes, tokenEnds } from './token-spans.js';

/** Null where the text has no token or its tokens do not spell it. Lines after the last scored token are absent. */
export function lineBits(text: Uint8Array, ids: Uint32Array, nats: Float32Array, tokenBytes: BytesColumn): Float32Array | null {
  if (ids.length === 0) return null;
  const ends = tokenEnds(text, ids, tokenBytes);
  if (ends === null) return null;
  const length = ends.at(-1)!;
  if (length === 0) return null;
  const line = new Int32Array(length);
  let lines = 0;
  for (let at = 0; at < length; at++) {
    line[at] = lines;
    if (text[at] === 0x0a && at + 1 < length) lines++;
  }
  const sums = new Float64Array(lines + 1);
  shareByBytes(nats, ends, length, (at) => line[at]!, sums);
  const bytes = new Float64Array(lines + 1);
  for (const at of line) bytes[at]!++;
  return Float32Array.from(sums, (sum, at) => sum / Math.LN2 / bytes[at]!);
}
