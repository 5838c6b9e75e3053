// Thrift's compact protocol, of which Parquet's footer and page headers are written. Files are hostile: depth, number of values and the
// length of every number are bounded before anything is made of them, so reading takes time and memory in proportion to the bytes.
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
import { Damaged } from './bytes.js';

/** A struct's fields by their numbers; absent ones are undefined. */
export type Struct = readonly (Thrift | undefined)[];
export type Thrift = boolean | number | bigint | Uint8Array | readonly Thrift[];

/** The bytes end inside a value: more of them may help. */
export class Truncated extends Damaged {}

export interface ThriftLimits {
  /** Fields and list elements in all; each takes some 50 bytes of memory, whatever it takes in the file. */
  readonly values: number;
}

/** The deepest of Parquet's own, a logical type's unit in a schema element, is 6. */
const MAX_DEPTH = 24;
/** Parquet's structs have fields up to 17; others are read over. */
const MAX_FIELD = 63;

/** The struct at `bytes[0]`, and how many bytes it takes. */
export function readThrift(bytes: Uint8Array, limits: ThriftLimits): { readonly struct: Struct; readonly length: number } {
  const reader = new Reader(bytes, limits.values);
  const struct = reader.struct(0);
  return { struct, length: reader.at };
}

class Reader {
  at = 0;
  readonly #view: DataView;
  #left: number;

  constructor(
    private readonly bytes: Uint8Array,
    values: number,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#left = values;
  }

  struct(depth: number): Struct {
    if (depth > MAX_DEPTH) throw new Damaged(`structures more than ${MAX_DEPTH} deep`);
    const fields: (Thrift | undefined)[] = [];
    let field = 0;
    for (;;) {
      const head = this.#byte();
      if ((head & 15) === 0) return fields;
      field = head >> 4 === 0 ? Number(zigzag(this.#varint(3))) : field + (head >> 4);
      this.#spend(1);
      const value = this.#value(head & 15, depth);
      if (field >= 0 && field <= MAX_FIELD) fields[field] = value;
    }
  }

  #value(type: number, depth: number): Thrift {
    switch (type) {
      case 1:
      case 2:
        return type === 1;
      case 3:
        return (this.#byte() << 24) >> 24;
      case 4:
        return Number(zigzag(this.#varint(3)));
      case 5:
        return Number(zigzag(this.#varint(5)));
      case 6:
        return zigzag(this.#varint(10));
      case 7:
        this.#need(8);
        this.at += 8;
        return this.#view.getFloat64(this.at - 8, true);
      case 8: {
        const length = Number(this.#varint(5));
        this.#need(length);
        this.at += length;
        return this.bytes.subarray(this.at - length, this.at);
      }
      case 9:
      case 10:
        return this.#list(depth + 1);
      case 12:
        return this.struct(depth + 1) as readonly Thrift[];
      default:
        throw new Damaged(`a value of the unknown type ${type}`);
    }
  }

  #list(depth: number): readonly Thrift[] {
    if (depth > MAX_DEPTH) throw new Damaged(`structures more than ${MAX_DEPTH} deep`);
    const head = this.#byte();
    const count = head >> 4 === 15 ? Number(this.#varint(5)) : head >> 4;
    this.#spend(count);
    this.#need(count); // every element takes a byte at least
    const type = head & 15;
    const out: Thrift[] = [];
    for (let i = 0; i < count; i++) out.push(type === 1 || type === 2 ? this.#byte() === 1 : this.#value(type, depth));
    return out;
  }

  #varint(most: number): bigint {
    let low = 0; // 28 bits, exact in a number
    let high = 0n;
    for (let i = 0; i < most; i++) {
      const byte = this.#byte();
      if (i < 4) low += (byte & 0x7f) * 2 ** (7 * i);
      else high |= BigInt(byte & 0x7f) << BigInt(7 * i);
      if (byte < 0x80) return BigInt(low) | high;
    }
    throw new Damaged(`a number of more than ${most} bytes`);
  }

  #byte(): number {
    this.#need(1);
    return this.bytes[this.at++]!;
  }

  #need(bytes: number): void {
    if (!(bytes <= this.bytes.length - this.at)) throw new Truncated(`${bytes} bytes asked for where ${this.bytes.length - this.at} are left`);
  }

  #spend(values: number): void {
    if ((this.#left -= values) < 0) throw new Damaged('more values than a file of ours would have');
  }
}

function zigzag(value: bigint): bigint {
  return (value >> 1n) ^ -(value & 1n);
}

// What stands in a field, or null where it is absent or of another kind.
export const numberIn = (struct: Struct, field: number): number | null => {
  const value = struct[field];
  return typeof value === 'number' ? value : typeof value === 'bigint' ? Number(value) : null;
};
export const bytesIn = (struct: Struct, field: number): Uint8Array | null => {
  const value = struct[field];
  return value instanceof Uint8Array ? value : null;
};
export const textIn = (struct: Struct, field: number): string | null => {
  const value = bytesIn(struct, field);
  return value === null ? null : decoder.decode(value);
};
export const structIn = (struct: Struct, field: number): Struct | null => {
  const value = struct[field];
  return Array.isArray(value) ? (value as Struct) : null;
};
/** Elements that are structs; anything else among them is an empty one. */
export const structsIn = (struct: Struct, field: number): readonly Struct[] | null => {
  const value = structIn(struct, field);
  return value === null ? null : value.map((element) => (Array.isArray(element) ? (element as Struct) : []));
};

const decoder = new TextDecoder('utf-8');
