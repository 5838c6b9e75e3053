// One column of one row group, read from front to back: pages are fetched, unpacked and decoded as their rows are asked for, and
// pages whose rows are all skipped are neither decoded nor, where they are large, fetched.
// Memory: a window of the file, one page and the dictionary. Invariant: take() and skip() together give each row once; so does
// takeEntries() of a column that is in lists, where a row has any number of values.
import { brotliDecompressSync } from 'node:zlib';
import { native } from '../../../native/index.js';
import { type Ranges, readWhole } from '../ranges.js';
import { Bytes, Damaged } from './bytes.js';
import { type ColumnChunk, parquetError, type RowGroup } from './footer.js';
import type { ParquetColumn } from './schema.js';
import { numberIn, readThrift, type Struct, structIn, Truncated } from './thrift.js';
import { pageValues, readHybrid, readPlain, type TakeValues, type Value } from './values.js';

/** Writers aim at 1 MiB a page; a page with one huge text is as large as that text. */
export const MAX_PAGE_BYTES = 256 << 20;
const MAX_PAGE_VALUES = 1 << 24;
/** Of all columns that are read side by side: two of the largest pages with their values. */
export const MAX_PAGE_MEMORY = 576 << 20;
/** A header has statistics in it, with a value or two. */
const HEADER_BYTES = 64 << 10;
const MAX_HEADER_BYTES = 32 << 20;
const WINDOW_BYTES = 2 << 20;

/** Writers give up on a dictionary of more than 1 MiB or so; its values are all held. */
const MAX_DICTIONARY_VALUES = 1 << 20;
/** A header has some 20 values. */
const MAX_HEADER_VALUES = 4096;
/** Rows of a page that are made at once where they are passed over. */
const PASS_ROWS = 4096;

const ENCODINGS = [
  'PLAIN',
  'GROUP_VAR_INT',
  'PLAIN_DICTIONARY',
  'RLE',
  'BIT_PACKED',
  'DELTA_BINARY_PACKED',
  'DELTA_LENGTH_BYTE_ARRAY',
  'DELTA_BYTE_ARRAY',
  'RLE_DICTIONARY',
  'BYTE_STREAM_SPLIT',
];
const encodingOf = (struct: Struct, field: number): string => {
  const number = numberIn(struct, field);
  return ENCODINGS[number ?? -1] ?? `number ${number}`;
};

/** PageHeader of parquet.thrift: type 1, uncompressed_page_size 2, compressed_page_size 3, data_page_header 5, dictionary_page_header 7, data_page_header_v2 8. */
interface PageHeader {
  readonly type: 'data' | 'index' | 'dictionary' | 'data-2' | undefined;
  readonly plain: number;
  readonly stored: number;
  /** Of the kind of page that `type` says; [] where it is not there. */
  readonly own: Struct;
}
const PAGE_TYPES = ['data', 'index', 'dictionary', 'data-2'] as const;
const OWN_FIELDS = [5, 6, 7, 8] as const;

/** What the pages and dictionaries that are held at once take together, of all cursors that share it. */
export class PageMemory {
  constructor(private left: number) {}

  /** `bytes` more than before, less where negative. */
  hold(bytes: number): void {
    if ((this.left -= bytes) < 0) throw new Damaged('pages that take more memory together than any writer makes them');
  }
}
/** Codecs that neither Node nor the core unpacks (snappy, LZ4): their package is loaded with the first page that needs it. */
type Unpackers = Readonly<Record<string, ((input: Uint8Array, length: number) => Uint8Array) | undefined>>;
const UNPACKED_HERE: readonly string[] = ['UNCOMPRESSED', 'GZIP', 'ZSTD', 'BROTLI'];
let unpackers: Unpackers = {};

/** In memory: a level of each kind, an index or a length, and what is made of a value of a dictionary. */
const VALUE_BYTES = 16;
const DICTIONARY_VALUE_BYTES = 160;

/** Values of whole rows with their levels (Dremel): a value's repetition level is 0 where a row begins, and it is null where its definition level says that it, or a level above it, is not there. */
export interface Entries {
  readonly repetitions: number[];
  readonly definitions: number[];
  readonly values: Value[];
}

export class ChunkCursor {
  readonly #chunk: ColumnChunk;
  #window: Uint8Array = new Uint8Array(0);
  #windowAt: number;
  #at: number;
  #dictionary: readonly Value[] | null = null;
  #page: TakeValues = () => [];
  /** Of the page; null where each is 0, or each value is there. */
  #repetitions: Uint32Array | null = null;
  #definitions: Uint32Array | null = null;
  #pageBytes = 0;
  #pageValues = 0;
  /** Values of the page that are not taken yet. */
  #left = 0;
  /** Rows to pass before the next one that is taken. */
  #owed = 0;
  #seen = 0;

  constructor(
    private readonly ranges: Ranges,
    private readonly place: string,
    private readonly column: ParquetColumn,
    group: RowGroup,
    private readonly memory = new PageMemory(Number.POSITIVE_INFINITY),
  ) {
    this.#chunk = group.chunk(column);
    this.#windowAt = this.#at = this.#chunk.from;
  }

  skip(rows: number): void {
    this.#owed += rows;
  }

  /** The next `rows` values of a flat column, null where absent. Bytes are views of the page they stand in. */
  take(rows: number, signal: AbortSignal): Promise<Value[]> {
    return this.#orDamaged(() => this.#take(rows, signal));
  }

  /** The values of the next `rows` rows, which must not be more than `most`. */
  takeEntries(rows: number, most: number, signal: AbortSignal): Promise<Entries> {
    return this.#orDamaged(() => this.#takeEntries(rows, most, signal));
  }

  async #orDamaged<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (error instanceof Damaged || error instanceof RangeError) {
        throw parquetError(this.place, `is damaged in column "${this.column.name}" at byte ${this.#at} (${error.message})`, error);
      }
      throw error;
    }
  }

  async #take(rows: number, signal: AbortSignal): Promise<Value[]> {
    const out: Value[] = [];
    for (;;) {
      while (this.#left > 0 && this.#owed > 0) this.#owed -= this.#some(Math.min(PASS_ROWS, this.#owed)).length;
      if (this.#owed === 0) for (const value of this.#some(rows - out.length)) out.push(value);
      if (out.length === rows && this.#owed === 0) return out;
      await this.#nextPage(signal);
    }
  }

  async #takeEntries(rows: number, most: number, signal: AbortSignal): Promise<Entries> {
    const out: Entries = { repetitions: [], definitions: [], values: [] };
    for (let begun = 0; ; ) {
      if (this.#left === 0 && this.#seen < this.#chunk.values) await this.#nextPage(signal);
      else if (this.#left === 0) {
        if (begun < rows) throw new Damaged(`it ends after ${begun} of ${rows} rows`);
        return out;
      } else {
        const at = this.#pageValues - this.#left;
        let count = 0;
        for (; count < this.#left; count++) {
          const repetition = this.#repetitions?.[at + count] ?? 0;
          if (repetition === 0 && begun++ === rows) break;
          if (begun === 0) throw new Damaged('a row group begins in the middle of a row');
          if (repetition > this.column.repeats) throw new Damaged(`a repetition level of ${repetition}`);
          if (out.repetitions.length === most) throw new Damaged(`a row, or a few, of more than ${most} values`);
          out.repetitions.push(repetition);
          out.definitions.push(this.#definitions?.[at + count] ?? this.column.present);
        }
        for (const value of this.#some(count)) out.values.push(value);
        if (begun > rows) return out;
      }
    }
  }

  /** At most `count` values, as the page has them. */
  #some(count: number): Value[] {
    const taken = this.#page(Math.min(count, this.#left));
    this.#left -= taken.length;
    return taken;
  }

  async #nextPage(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#at >= this.#chunk.to) throw new Damaged(`it ends after ${this.#seen} of ${this.#chunk.values} values`);
    const { type, stored, plain, own } = await this.#header(signal);
    if (!(stored >= 0 && this.#at + stored <= this.#chunk.to)) throw new Damaged(`a page of ${stored} bytes`);
    if (!(plain >= 0 && plain <= MAX_PAGE_BYTES)) throw new Damaged(`a page of ${plain} bytes unpacked; at most ${MAX_PAGE_BYTES} are read`);
    const count = numberIn(own, 1) ?? -1;
    if (!UNPACKED_HERE.includes(this.#chunk.codec)) unpackers = (await import('hyparquet-compressors')).compressors as Unpackers;
    if (type === 'dictionary') {
      if (!(count >= 0 && count <= MAX_DICTIONARY_VALUES)) throw new Damaged(`a dictionary of ${count} values; at most ${MAX_DICTIONARY_VALUES} are read`);
      const page = new Bytes(this.#unpack(await this.#bytes(stored, signal), plain));
      this.#dictionary = readPlain(page, this.column.type, this.column.length, count);
      this.memory.hold(plain + count * DICTIONARY_VALUE_BYTES); // with what it replaces: chunks have one
    } else if (type === 'data' || type === 'data-2') {
      if (!(count >= 0 && count <= MAX_PAGE_VALUES && this.#seen + count <= this.#chunk.values)) throw new Damaged(`a page of ${count} values`);
      this.#seen += count;
      if (count <= this.#owed) {
        this.#owed -= count;
        this.#at += stored;
        return;
      }
      this.memory.hold(plain + count * VALUE_BYTES - this.#pageBytes);
      this.#pageBytes = plain + count * VALUE_BYTES;
      const bytes = await this.#bytes(stored, signal);
      this.#page = type === 'data' ? this.#dataPage(own, count, bytes, plain) : this.#dataPage2(own, count, bytes, plain);
      this.#left = this.#pageValues = count;
    }
    this.#at += stored; // index pages too, which hold no rows
  }

  /** DataPageHeader: num_values 1, encoding 2. */
  #dataPage(own: Struct, count: number, bytes: Uint8Array, plain: number): TakeValues {
    const page = new Bytes(this.#unpack(bytes, plain));
    this.#repetitions = this.column.repeats > 0 ? readHybrid(new Bytes(page.take(page.uint32())), bitWidth(this.column.repeats), count) : null;
    let levels: Uint32Array | null = null;
    if (this.column.present > 0) levels = readHybrid(new Bytes(page.take(page.uint32())), bitWidth(this.column.present), count);
    return this.#values(page, encodingOf(own, 2), count, levels);
  }

  /** DataPageHeaderV2: num_values 1, encoding 4, definition_levels_byte_length 5, repetition_levels_byte_length 6, is_compressed 7 (absent: true). */
  #dataPage2(own: Struct, count: number, bytes: Uint8Array, plain: number): TakeValues {
    const whole = new Bytes(bytes);
    const repetition = whole.take(numberIn(own, 6) ?? -1);
    const definitions = new Bytes(whole.take(numberIn(own, 5) ?? -1));
    const rest = whole.take(whole.left);
    this.#repetitions = this.column.repeats > 0 ? readHybrid(new Bytes(repetition), bitWidth(this.column.repeats), count) : null;
    const page = new Bytes(own[7] === false ? rest : this.#unpack(rest, plain - repetition.length - definitions.left));
    const levels = this.column.present > 0 && definitions.left > 0 ? readHybrid(definitions, bitWidth(this.column.present), count) : null;
    return this.#values(page, encodingOf(own, 4), count, levels);
  }

  #values(page: Bytes, encoding: string, count: number, levels: Uint32Array | null): TakeValues {
    const { present } = this.column;
    this.#definitions = levels;
    let there = count;
    if (levels !== null) {
      there = 0;
      for (const level of levels) if (level === present) there++;
    }
    const take = pageValues(page, encoding, this.column, there, this.#dictionary);
    if (levels === null || there === count) return take;
    let at = 0;
    return (some) => {
      const slice = levels.subarray(at, (at += some));
      let filled = 0;
      for (const level of slice) if (level === present) filled++;
      const values = take(filled);
      let next = 0;
      return Array.from(slice, (level) => (level === present ? values[next++]! : null));
    };
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
      const unpack = unpackers[codec];
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
      try {
        const { struct, length: passed } = readThrift(bytes, { values: MAX_HEADER_VALUES });
        this.#at += passed;
        const type = numberIn(struct, 1) ?? -1;
        return {
          type: PAGE_TYPES[type],
          plain: numberIn(struct, 2) ?? -1,
          stored: numberIn(struct, 3) ?? -1,
          own: structIn(struct, OWN_FIELDS[type] ?? 0) ?? [],
        };
      } catch (error) {
        if (error instanceof Truncated && length < this.#chunk.to - this.#at && wanted < MAX_HEADER_BYTES) continue;
        throw error instanceof Damaged ? new Damaged(`no page header (${error.message})`) : error;
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
