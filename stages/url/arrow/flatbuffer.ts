// FlatBuffers as far as Arrow's messages need them, read from bytes that may lie: every offset is held against the bytes before it is
// followed, and nothing is copied. Source: FlatBuffers internals (https://flatbuffers.dev/internals/).
import { Damaged } from '../../contract/parquet/bytes.js';

/** Names of columns; a vector of fields could share one of megabytes. */
const MAX_TEXT_BYTES = 64 << 10;
const decoder = new TextDecoder('utf-8');

/** Where a vector's elements lie. */
export interface FlatVector {
  readonly at: number;
  readonly length: number;
}

export class FlatTable {
  readonly #vtable: number;
  readonly #fields: number;

  private constructor(
    private readonly view: DataView,
    private readonly at: number,
  ) {
    this.#vtable = at - this.#held(at, 4).getInt32(at, true);
    this.#fields = (this.#held(this.#vtable, 4).getUint16(this.#vtable, true) - 4) >> 1;
  }

  static root(bytes: Uint8Array): FlatTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < 4) throw new Damaged(`a message of ${bytes.length} bytes`);
    return new FlatTable(view, view.getUint32(0, true));
  }

  int8(field: number, missing = 0): number {
    const at = this.#field(field, 1);
    return at === null ? missing : this.view.getInt8(at);
  }

  int16(field: number, missing = 0): number {
    const at = this.#field(field, 2);
    return at === null ? missing : this.view.getInt16(at, true);
  }

  int32(field: number, missing = 0): number {
    const at = this.#field(field, 4);
    return at === null ? missing : this.view.getInt32(at, true);
  }

  /** A count, a size or a name that is one: 0 to 2^53-1. */
  int64(field: number): number {
    const at = this.#field(field, 8);
    return at === null ? 0 : this.#long(at);
  }

  text(field: number): string {
    const at = this.#field(field, 4);
    if (at === null) return '';
    const from = at + this.view.getUint32(at, true);
    const length = this.#held(from, 4).getUint32(from, true);
    if (length > MAX_TEXT_BYTES) throw new Damaged(`a name of ${length} bytes`);
    this.#held(from + 4, length);
    return decoder.decode(new Uint8Array(this.view.buffer, this.view.byteOffset + from + 4, length));
  }

  table(field: number): FlatTable | null {
    const at = this.#field(field, 4);
    return at === null ? null : new FlatTable(this.view, at + this.view.getUint32(at, true));
  }

  /** A vector whose elements take `size` bytes each; all of them are there. */
  vector(field: number, size: number): FlatVector {
    const at = this.#field(field, 4);
    if (at === null) return { at: 0, length: 0 };
    const from = at + this.view.getUint32(at, true);
    const length = this.#held(from, 4).getUint32(from, true);
    this.#held(from + 4, length * size);
    return { at: from + 4, length };
  }

  tables(field: number, most: number): FlatTable[] {
    const { at, length } = this.vector(field, 4);
    if (length > most) throw new Damaged(`${length} tables in a message`);
    return Array.from({ length }, (_, index) => new FlatTable(this.view, at + 4 * index + this.view.getUint32(at + 4 * index, true)));
  }

  /** A vector of structures of `longs` int64 each, none negative. */
  longs(field: number, longs: number): number[][] {
    const { at, length } = this.vector(field, 8 * longs);
    return Array.from({ length }, (_, index) => Array.from({ length: longs }, (_, place) => this.#long(at + 8 * (longs * index + place))));
  }

  /** Blocks of a footer: offset (int64), metaDataLength (int32 and padding), bodyLength (int64). */
  blocks(field: number): { readonly offset: number; readonly head: number; readonly body: number }[] {
    const { at, length } = this.vector(field, 24);
    return Array.from({ length }, (_, index) => {
      const from = at + 24 * index;
      return { offset: this.#long(from), head: this.view.getInt32(from + 8, true), body: this.#long(from + 16) };
    });
  }

  #long(at: number): number {
    const value = Number(this.view.getBigInt64(at, true));
    if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) throw new Damaged(`a size of ${value}`);
    return value;
  }

  #field(field: number, size: number): number | null {
    if (field >= this.#fields) return null;
    const entry = this.#vtable + 4 + 2 * field;
    const offset = this.#held(entry, 2).getUint16(entry, true);
    if (offset === 0) return null;
    this.#held(this.at + offset, size);
    return this.at + offset;
  }

  #held(at: number, size: number): DataView {
    if (!(at >= 0 && at + size <= this.view.byteLength)) throw new Damaged(`an offset of ${at} in a message of ${this.view.byteLength} bytes`);
    return this.view;
  }
}
