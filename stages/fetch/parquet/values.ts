// A data page's bytes to values: levels, dictionary indices and the encodings of flat columns. Files are hostile: every count
// is held against what was announced before, and nothing is written past it. (hyparquet's own decoders trust the file.)
// Parquet's Encodings.md.
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

/** `count` values of the PLAIN encoding, of `type`. */
export function readPlain(from: Bytes, type: PhysicalType, length: number, count: number): Value[] {
  const widths: Partial<Record<PhysicalType, number>> = { INT32: 4, INT64: 8, INT96: 12, FLOAT: 4, DOUBLE: 8, BYTE_ARRAY: 4, FIXED_LEN_BYTE_ARRAY: length };
  const least = type === 'BOOLEAN' ? count / 8 : count * (widths[type] ?? 0);
  if (!(least <= from.left)) throw new Damaged(`${count} values stand in ${from.left} bytes`);
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

/** `count` values of a page's encoding. */
export function readValues(
  from: Bytes,
  encoding: string,
  column: { readonly type: PhysicalType; readonly length: number },
  count: number,
  dictionary: readonly Value[] | null,
): Value[] {
  const { type, length } = column;
  switch (encoding) {
    case 'PLAIN':
      return readPlain(from, type, length, count);
    case 'PLAIN_DICTIONARY':
    case 'RLE_DICTIONARY': {
      if (dictionary === null) throw new Damaged('a page of indices without a dictionary');
      if (count === 0) return [];
      const indices = readHybrid(from, from.byte(), count);
      const out = new Array<Value>(count);
      for (let i = 0; i < count; i++) {
        if (indices[i]! >= dictionary.length) throw new Damaged(`index ${indices[i]} of a dictionary of ${dictionary.length}`);
        out[i] = dictionary[indices[i]!]!;
      }
      return out;
    }
    case 'RLE': {
      if (type !== 'BOOLEAN') throw new Damaged(`encoding RLE of ${type}`);
      from.uint32();
      return Array.from(readHybrid(from, 1, count), (bit) => bit === 1);
    }
    case 'DELTA_BINARY_PACKED':
      if (type !== 'INT32' && type !== 'INT64') throw new Damaged(`encoding ${encoding} of ${type}`);
      return type === 'INT32' ? Array.from(readDelta(from, count, 32), Number) : Array.from(readDelta(from, count, 64));
    case 'DELTA_LENGTH_BYTE_ARRAY': {
      const lengths = readDelta(from, count, 32);
      return Array.from(lengths, (bytes) => from.take(Number(bytes)));
    }
    case 'DELTA_BYTE_ARRAY':
      return readShared(from, count);
    default:
      throw new Damaged(`encoding ${encoding} is not read`);
  }
}

/** Strings that repeat the beginning of the one before. */
function readShared(from: Bytes, count: number): Value[] {
  const shared = readDelta(from, count, 32);
  const lengths = readDelta(from, count, 32);
  let before: Uint8Array = new Uint8Array(0);
  let total = 0;
  return Array.from(lengths, (bytes, i) => {
    const suffix = from.take(Number(bytes));
    const prefix = Number(shared[i]!);
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
