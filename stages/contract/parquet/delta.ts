// DELTA_BINARY_PACKED: blocks of miniblocks of bit-packed differences, each over its block's least one. Arithmetic wraps, as
// Parquet's Encodings.md has it. Counts in the header are checked before anything is allocated by them.
import { type Bytes, Damaged } from './bytes.js';

/** `count` numbers, in a typed array: they take 4 or 8 bytes each, however few the page has. */
export function readDelta(from: Bytes, count: number, bits: 32): Int32Array;
export function readDelta(from: Bytes, count: number, bits: 64): BigInt64Array;
export function readDelta(from: Bytes, count: number, bits: 32 | 64): Int32Array | BigInt64Array {
  const block = from.varint();
  const miniblocks = from.varint();
  const total = from.varint();
  if (count > total) throw new Damaged(`${count} values stand in a list of ${total}`);
  if (miniblocks < 1 || miniblocks > 512 || block % miniblocks !== 0 || (block / miniblocks) % 8 !== 0 || block < 8 || block > 1 << 20) {
    throw new Damaged(`a block of ${block} values in ${miniblocks} parts`);
  }
  const each = block / miniblocks;
  const wrap = (value: bigint): bigint => BigInt.asIntN(bits, value);
  let value = wrap(zigzag(from));
  const out = bits === 32 ? new Int32Array(count) : new BigInt64Array(count);
  let filled = 0;
  const put = (next: bigint): void => {
    if (filled < count) out[filled++] = bits === 32 ? Number(next) : next;
  };
  if (total === 0) return out;
  put(value);
  let left = total - 1;
  while (left > 0) {
    const least = zigzag(from);
    const widths = from.take(miniblocks);
    for (let m = 0; m < miniblocks && left > 0; m++) {
      const width = widths[m]!;
      if (width > 64) throw new Damaged(`differences of ${width} bits`);
      const packed = from.take((each * width) / 8);
      let held = 0n;
      let bitsHeld = 0;
      let at = 0;
      const mask = (1n << BigInt(width)) - 1n;
      for (let i = 0; i < each && left > 0; i++, left--) {
        while (bitsHeld < width) {
          held |= BigInt(packed[at++]!) << BigInt(bitsHeld);
          bitsHeld += 8;
        }
        value = wrap(value + least + (held & mask));
        held >>= BigInt(width);
        bitsHeld -= width;
        put(value);
      }
    }
    if (filled >= count && count < total) throw new Damaged(`a list of ${total} values on a page of ${count}`);
  }
  return out;
}

function zigzag(from: Bytes): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = from.byte();
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return (value >> 1n) ^ -(value & 1n);
  }
  throw new Damaged('a number of more than 64 bits');
}
