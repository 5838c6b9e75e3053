// A data page's bytes to values: levels, dictionary indices and the encodings of flat columns. Files are hostile: every count
// is held against what was announced before, and nothing is written past it. A page of a kilobyte may announce millions of values, so
// they are made as they are taken. Parquet's Encodings.md.
import { readDelta } from './delta.js';
import { type Bytes, Damaged } from './bytes.js';

export type Value = Uint8Array | number | bigint | boolean | null;
/** A page of a kilobyte could ask for any amount. */
const MAX_SHARED_BYTES = 256 << 20;

export type PhysicalType = 'BOOLEAN' | 'INT32' | 'INT64' | 'INT96' | 'FLOAT' | 'DOUBLE' | 'BYTE_ARRAY' | 'FIXED_LEN_BYTE_ARRAY';

/** `count` small numbers of runs and bit-packed groups of eight. */
export function readHybrid(from: Bytes, width: number, count: number): Uint32Array {
  if (width > 32) throw new Damaged(`values of ${width} bits`);
  const out = new Uint32Array(count);
  const bytes = (width + 7) >> 3;
  for (let seen = 0; seen < count; ) {
    const header = from.varint();
    if ((header & 1) === 0) {
      const run = Math.min(Math.floor(header / 2), count - seen);
      if (run === 0) throw new Damaged('a run of no values');
      let value = 0;
      for (let i = 0; i < bytes; i++) value += from.byte() * 2 ** (8 * i);
      out.fill(value, seen, seen + run);
      seen += run;
      continue;
    }
    let groups = Math.floor(header / 2);
    if (groups === 0) throw new Damaged('a group of no values');
    let bits = 0;
    let held = 0;
    for (; groups > 0 && seen < count; groups--) {
      for (let i = 0; i < 8; i++) {
        while (held < width) {
          // The last group may be cut where its values are not needed.
          const byte = from.left > 0 ? from.byte() : seen + i < count ? from.byte() : 0;
          bits += byte * 2 ** held;
          held += 8;
        }
        const value = bits % 2 ** width;
        bits = Math.floor(bits / 2 ** width);
        held -= width;
        if (seen + i < count) out[seen + i] = value;
      }
      seen += 8;
    }
    if (seen < count && groups > 0) throw new Damaged('groups past their page');
  }
  return out;
}

/** Bytes that `count` values of the PLAIN encoding take at least; that many must be there. */
function checkPlain(from: Bytes, type: PhysicalType, length: number, count: number): number {
  const widths: Partial<Record<PhysicalType, number>> = { INT32: 4, INT64: 8, INT96: 12, FLOAT: 4, DOUBLE: 8, BYTE_ARRAY: 4, FIXED_LEN_BYTE_ARRAY: length };
  const width = type === 'BOOLEAN' ? 1 / 8 : (widths[type] ?? 0);
  if (!(width > 0)) throw new Damaged(`values of ${width} bytes`);
  if (!(count * width <= from.left)) throw new Damaged(`${count} values stand in ${from.left} bytes`);
  return count * width;
}

/** The next `count` values of the PLAIN encoding, of `type`; `length` is that of FIXED_LEN_BYTE_ARRAY. */
export function readPlain(from: Bytes, type: PhysicalType, length: number, count: number): Value[] {
  const least = checkPlain(from, type, length, count);
  const out = new Array<Value>(count);
  const { view } = from;
  switch (type) {
    case 'BYTE_ARRAY':
      for (let i = 0; i < count; i++) out[i] = from.take(from.uint32());
      return out;
    case 'FIXED_LEN_BYTE_ARRAY':
      for (let i = 0; i < count; i++) out[i] = from.take(length);
      return out;
    case 'BOOLEAN': {
      const bits = from.take(Math.ceil(count / 8));
      for (let i = 0; i < count; i++) out[i] = ((bits[i >> 3]! >> (i & 7)) & 1) === 1;
      return out;
    }
    case 'INT32':
      for (let i = 0; i < count; i++) out[i] = view.getInt32(from.at + 4 * i, true);
      break;
    case 'INT64':
      for (let i = 0; i < count; i++) out[i] = view.getBigInt64(from.at + 8 * i, true);
      break;
    case 'INT96': // nanoseconds of the day, Julian day: as nanoseconds since 1970
      for (let i = 0; i < count; i++) {
        const day = view.getInt32(from.at + 12 * i + 8, true) - 2_440_588;
        out[i] = BigInt(day) * 86_400_000_000_000n + view.getBigInt64(from.at + 12 * i, true);
      }
      break;
    case 'FLOAT':
      for (let i = 0; i < count; i++) out[i] = view.getFloat32(from.at + 4 * i, true);
      break;
    case 'DOUBLE':
      for (let i = 0; i < count; i++) out[i] = view.getFloat64(from.at + 8 * i, true);
      break;
  }
  from.at += least;
  return out;
}

/** The next `count` values of a page, which must not be more than it has left. */
export type TakeValues = (count: number) => Value[];

/** A page's values by its encoding, front to back. What a page holds beside its bytes is 8 bytes a value at most. */
export function pageValues(
  from: Bytes,
  encoding: string,
  column: { readonly type: PhysicalType; readonly length: number },
  count: number,
  dictionary: readonly Value[] | null,
): TakeValues {
  const { type, length } = column;
  switch (encoding) {
    case 'PLAIN':
      if (type === 'BOOLEAN') return inTurn(readPlain(from, type, length, count));
      checkPlain(from, type, length, count);
      return (some) => readPlain(from, type, length, some);
    case 'PLAIN_DICTIONARY':
    case 'RLE_DICTIONARY': {
      if (dictionary === null) throw new Damaged('a page of indices without a dictionary');
      if (count === 0) return () => [];
      const indices = readHybrid(from, from.byte(), count);
      for (const index of indices) if (index >= dictionary.length) throw new Damaged(`index ${index} of a dictionary of ${dictionary.length}`);
      return inTurn(indices, (index) => dictionary[index]!);
    }
    case 'RLE':
      if (type !== 'BOOLEAN') throw new Damaged(`encoding RLE of ${type}`);
      from.uint32();
      return inTurn(readHybrid(from, 1, count), (bit) => bit === 1);
    case 'DELTA_BINARY_PACKED':
      if (type === 'INT32') return inTurn(readDelta(from, count, 32));
      if (type === 'INT64') return inTurn(readDelta(from, count, 64));
      throw new Damaged(`encoding ${encoding} of ${type}`);
    case 'DELTA_LENGTH_BYTE_ARRAY':
      return inTurn(readDelta(from, count, 32), (bytes) => from.take(bytes));
    case 'DELTA_BYTE_ARRAY':
      return sharedValues(from, count);
    default:
      throw new Damaged(`encoding ${encoding} is not read`);
  }
}

function inTurn<T extends Value>(all: ArrayLike<T>, make: (value: T) => Value = (value) => value): TakeValues {
  let at = 0;
  return (count) => Array.from({ length: count }, () => make(all[at++]!));
}

/** Strings that repeat the beginning of the one before. */
function sharedValues(from: Bytes, count: number): TakeValues {
  const shared = readDelta(from, count, 32);
  let before: Uint8Array = new Uint8Array(0);
  let total = 0;
  let at = 0;
  return inTurn(readDelta(from, count, 32), (bytes) => {
    const suffix = from.take(bytes);
    const prefix = shared[at++]!;
    if (!(prefix >= 0 && prefix <= before.length)) throw new Damaged(`a value shares ${prefix} bytes with one of ${before.length}`);
    if ((total += prefix) > MAX_SHARED_BYTES) throw new Damaged(`values share more than ${MAX_SHARED_BYTES} bytes`);
    if (prefix === 0) before = suffix;
    else {
      const whole = new Uint8Array(prefix + suffix.length);
      whole.set(before.subarray(0, prefix));
      whole.set(suffix, prefix);
      before = whole;
    }
    return before;
  });
}
