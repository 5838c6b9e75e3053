// One column of one row group, read from front to back: pages are fetched, unpacked and decoded as their rows are asked for, and
// pages whose rows are all skipped are neither decoded nor, where they are large, fetched.
// Memory: a window of the file and one page. Invariant: take() and skip() together give each row once.
import { parquetHeader } from 'hyparquet/src/column.js';
import { compressors } from 'hyparquet-compressors';
import { brotliDecompressSync } from 'node:zlib';
import { native } from '../../../native/index.js';
import { type Ranges, readWhole } from '../ranges.js';
import { Bytes, Damaged } from './bytes.js';
import { type ColumnChunk, type ParquetColumn, parquetError, type RowGroup } from './footer.js';
import { readHybrid, readPlain, readValues, type Value } from './values.js';

/** Writers aim at 1 MiB a page; a page with one huge text is as large as that text. */
export const MAX_PAGE_BYTES = 256 << 20;
const MAX_PAGE_VALUES = 1 << 24;
/** A header has statistics in it, with a value or two. */
const HEADER_BYTES = 64 << 10;
const MAX_HEADER_BYTES = 32 << 20;
const WINDOW_BYTES = 2 << 20;

interface PageHeader {
  readonly type?: string;
  readonly uncompressed_page_size: number;
  readonly compressed_page_size: number;
  readonly data_page_header?: { readonly num_values: number; readonly encoding: string; readonly definition_level_encoding?: string };
  readonly dictionary_page_header?: { readonly num_values: number };
  readonly data_page_header_v2?: {
    readonly num_values: number;
    readonly num_nulls: number;
    readonly num_rows: number;
    readonly encoding: string;
    readonly definition_levels_byte_length: number;
    readonly repetition_levels_byte_length: number;
    readonly is_compressed: boolean;
  };
}

export class ChunkCursor {
  readonly #chunk: ColumnChunk;
  #window: Uint8Array = new Uint8Array(0);
  #windowAt: number;
  #at: number;
  #dictionary: readonly Value[] | null = null;
  #page: readonly Value[] = [];
  #pageAt = 0;
  /** Rows to pass before the next one that is taken. */
  #owed = 0;
  #seen = 0;

  constructor(
    private readonly ranges: Ranges,
    private readonly place: string,
    private readonly column: ParquetColumn,
    group: RowGroup,
  ) {
    this.#chunk = group.chunk(column);
    this.#windowAt = this.#at = this.#chunk.from;
  }

  skip(rows: number): void {
    this.#owed += rows;
  }

  /** The next `rows` values, null where absent. Bytes are views of the page they stand in. */
  async take(rows: number, signal: AbortSignal): Promise<Value[]> {
    try {
      return await this.#take(rows, signal);
    } catch (error) {
      if (error instanceof Damaged || error instanceof RangeError) {
        throw parquetError(this.place, `is damaged in column "${this.column.name}" at byte ${this.#at} (${error.message})`, error);
      }
      throw error;
    }
  }

  async #take(rows: number, signal: AbortSignal): Promise<Value[]> {
    const out: Value[] = [];
    while (out.length < rows || this.#owed > 0) {
      const held = this.#page.length - this.#pageAt;
      const passed = Math.min(held, this.#owed);
      this.#owed -= passed;
      this.#pageAt += passed;
      const from = this.#pageAt;
      const to = Math.min(this.#page.length, from + rows - out.length);
      for (let i = from; i < to; i++) out.push(this.#page[i]!);
      this.#pageAt = to;
      if (out.length < rows && this.#owed === 0 && to < this.#page.length) continue;
      if (out.length === rows && this.#owed === 0) break;
      await this.#nextPage(signal);
    }
    return out;
  }

  async #nextPage(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#at >= this.#chunk.to) throw new Damaged(`it ends after ${this.#seen} of ${this.#chunk.values} values`);
    const header = await this.#header(signal);
    const { compressed_page_size: stored, uncompressed_page_size: plain } = header;
    if (!(stored >= 0 && this.#at + stored <= this.#chunk.to)) throw new Damaged(`a page of ${stored} bytes`);
    if (!(plain >= 0 && plain <= MAX_PAGE_BYTES)) throw new Damaged(`a page of ${plain} bytes unpacked; at most ${MAX_PAGE_BYTES} are read`);
    if (header.type === 'DICTIONARY_PAGE') {
      const count = header.dictionary_page_header?.num_values ?? -1;
      if (!(count >= 0 && count <= MAX_PAGE_VALUES)) throw new Damaged(`a dictionary of ${count} values`);
      const page = new Bytes(this.#unpack(await this.#bytes(stored, signal), plain));
      this.#dictionary = readPlain(page, this.column.type, this.column.length, count);
    } else if (header.type === 'DATA_PAGE' || header.type === 'DATA_PAGE_V2') {
      const count = (header.data_page_header ?? header.data_page_header_v2)?.num_values ?? -1;
      if (!(count >= 0 && count <= MAX_PAGE_VALUES && this.#seen + count <= this.#chunk.values)) throw new Damaged(`a page of ${count} values`);
      this.#seen += count;
      if (count <= this.#owed) {
        this.#owed -= count;
        this.#page = [];
        this.#pageAt = 0;
        this.#at += stored;
        return;
      }
      const bytes = await this.#bytes(stored, signal);
      this.#page = header.type === 'DATA_PAGE' ? this.#dataPage(header, bytes, plain) : this.#dataPage2(header, bytes, plain);
      this.#pageAt = 0;
    }
    this.#at += stored; // index pages too, which hold no rows
  }

  #dataPage(header: PageHeader, bytes: Uint8Array, plain: number): Value[] {
    const { num_values: count, encoding } = header.data_page_header!;
    const page = new Bytes(this.#unpack(bytes, plain));
    let levels: Uint32Array | null = null;
    if (this.column.present > 0) levels = readHybrid(new Bytes(page.take(page.uint32())), bitWidth(this.column.present), count);
    return this.#values(page, encoding, count, levels);
  }

  #dataPage2(header: PageHeader, bytes: Uint8Array, plain: number): Value[] {
    const { num_values: count, encoding, is_compressed: packed, ...lengths } = header.data_page_header_v2!;
    const whole = new Bytes(bytes);
    whole.take(lengths.repetition_levels_byte_length);
    const definitions = new Bytes(whole.take(lengths.definition_levels_byte_length));
    const rest = whole.take(whole.left);
    const length = plain - lengths.repetition_levels_byte_length - lengths.definition_levels_byte_length;
    const page = new Bytes(packed ? this.#unpack(rest, length) : rest);
    const levels = this.column.present > 0 && definitions.left > 0 ? readHybrid(definitions, bitWidth(this.column.present), count) : null;
    return this.#values(page, encoding, count, levels);
  }

  #values(page: Bytes, encoding: string, count: number, levels: Uint32Array | null): Value[] {
    let there = count;
    if (levels !== null) {
      there = 0;
      for (const level of levels) if (level === this.column.present) there++;
    }
    const values = readValues(page, encoding, this.column, there, this.#dictionary);
    if (levels === null || there === count) return values;
    const out = new Array<Value>(count);
    for (let row = 0, value = 0; row < count; row++) out[row] = levels[row] === this.column.present ? values[value++]! : null;
    return out;
  }

  #unpack(bytes: Uint8Array, plain: number): Uint8Array {
    const { codec } = this.#chunk;
    if (!(plain >= 0)) throw new Damaged(`a page of ${plain} bytes`);
    if (plain === 0) return new Uint8Array(0);
    let page: Uint8Array;
    if (codec === 'UNCOMPRESSED') page = bytes;
    else if (codec === 'GZIP' || codec === 'ZSTD') {
      const { result, bytes: unpacked } = native.decodeContent(codec === 'GZIP' ? 'gzip' : 'zstd', bytes, plain);
      if (result !== 'ok') throw new Damaged(`${codec.toLowerCase()} that does not unpack (${result})`);
      page = unpacked;
    } else if (codec === 'BROTLI') {
      try {
        page = brotliDecompressSync(bytes, { maxOutputLength: plain });
      } catch (error) {
        throw new Damaged(`brotli that does not unpack (${(error as Error).message})`);
      }
    } else {
      const unpack = (compressors as Record<string, ((input: Uint8Array, length: number) => Uint8Array) | undefined>)[codec];
      if (unpack === undefined) throw new Damaged(`compression ${codec} is not read`);
      try {
        page = unpack(bytes, plain);
      } catch (error) {
        throw new Damaged(`${codec.toLowerCase()} that does not unpack (${(error as Error).message})`);
      }
    }
    if (page.length !== plain) throw new Damaged(`a page of ${page.length} bytes unpacked, announced as ${plain}`);
    return page;
  }

  async #header(signal: AbortSignal): Promise<PageHeader> {
    for (let wanted = HEADER_BYTES; ; wanted *= 8) {
      const length = Math.min(wanted, this.#chunk.to - this.#at);
      const bytes = await this.#bytes(length, signal);
      const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
      try {
        const header = parquetHeader(reader) as PageHeader;
        this.#at += reader.offset;
        return header;
      } catch (error) {
        if (length < this.#chunk.to - this.#at && wanted < MAX_HEADER_BYTES) continue;
        throw new Damaged(`no page header (${(error as Error).message})`);
      }
    }
  }

  /** `length` bytes from here on, without passing them. */
  async #bytes(length: number, signal: AbortSignal): Promise<Uint8Array> {
    const from = this.#at - this.#windowAt;
    if (from >= 0 && from + length <= this.#window.length) return this.#window.subarray(from, from + length);
    const to = Math.min(this.#chunk.to, this.#at + Math.max(length, WINDOW_BYTES));
    const held = from >= 0 && from < this.#window.length ? this.#window.subarray(from) : null;
    if (held === null) this.#window = await readWhole(this.ranges, this.#at, to, signal);
    else {
      // What is held of the page is not fetched again.
      const whole = new Uint8Array(to - this.#at);
      whole.set(held);
      whole.set(await readWhole(this.ranges, this.#at + held.length, to, signal), held.length);
      this.#window = whole;
    }
    this.#windowAt = this.#at;
    return this.#window.subarray(0, length);
  }
}

function bitWidth(most: number): number {
  return 32 - Math.clz32(most);
}
