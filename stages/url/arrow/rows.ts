// Rows of an Arrow IPC file, some thousand at once, of the columns that are asked for: what a batch says of its buffers is held against
// the block that holds it, and only the bytes of those rows are read. Invariant: every row of the file is given, or the file is refused.
// Memory: a slice of rows, and the dictionaries. Source: Arrow columnar format 1.5, "RecordBatch message" and "Dictionary Messages".
import { Damaged } from '../../contract/parquet/bytes.js';
import { type Ranges, readWhole } from '../../contract/ranges.js';
import {
  ARROW_END_BYTES,
  type ArrowColumn,
  type ArrowInfo,
  arrowFooterBytes,
  type Block,
  checkGap,
  HEAD_BYTES,
  type Numbers,
  parseArrowFooter,
  type Texts,
} from './file.js';
import { FlatTable } from './flatbuffer.js';

/** Of the names of one slice, and of a dictionary's. */
const MAX_SLICE_TEXT_BYTES = 64 << 20;
const MAX_DICTIONARY_TEXT_BYTES = 1 << 30;
const MAX_DICTIONARY_VALUES = 1 << 26;
const MESSAGE = { schema: 1, dictionary: 2, batch: 3 } as const;

/** Where a buffer lies in the file. */
interface Region {
  readonly at: number;
  readonly bytes: number;
}
/** One column of one batch. */
interface Part {
  readonly rows: number;
  /** Null where every value is there. */
  readonly validity: Region | null;
  /** Of values, offsets or views; then of text. */
  readonly buffers: readonly Region[];
}
type Names = readonly (string | null)[];

export interface ArrowSlice {
  readonly names: Names;
  /** NaN where null. */
  readonly numbers: readonly Float64Array[];
}

export async function readArrowInfo(ranges: Ranges, signal: AbortSignal): Promise<ArrowInfo> {
  const { bytes } = ranges;
  const length = arrowFooterBytes(await readWhole(ranges, Math.max(0, bytes - ARROW_END_BYTES), bytes, signal), bytes);
  return parseArrowFooter(await readWhole(ranges, bytes - ARROW_END_BYTES - length, bytes - ARROW_END_BYTES, signal), bytes);
}

/** All rows in their order: the text column `name`, longer values than `longest` bytes as null, and the numbers of `numbers`. */
export async function* readArrowRows(
  ranges: Ranges,
  { name, numbers, longest, rows }: { readonly name: string; readonly numbers: readonly string[]; readonly longest: number; readonly rows: number },
  signal: AbortSignal,
): AsyncGenerator<ArrowSlice> {
  const info = await readArrowInfo(ranges, signal);
  const reader = new Reader(ranges, longest, rows, signal);
  const column = (wanted: string): ArrowColumn => info.columns.find((one) => one.name === wanted)!; // resolveJoin saw that it is there
  const names = column(name);
  const others = numbers.map(column);
  await reader.checkStart(info);
  const dictionary = names.dictionary === null ? null : await reader.dictionary(info, names);
  for (const block of info.batches) {
    const message = await reader.message(block, MESSAGE.batch);
    const batch = batchOf(message.header, message);
    const [host, ...parts] = [names, ...others].map((one) => partOf(batch, one)) as [Part, ...Part[]];
    for (let at = 0; at < host.rows; at += rows) {
      const some = Math.min(rows, host.rows - at);
      const values: Float64Array[] = [];
      for (const [index, part] of parts.entries()) values.push(await reader.numbers(part, others[index]!.values as Numbers, at, some));
      yield { names: await reader.names(host, names, dictionary, at, some), numbers: values };
    }
  }
}

interface Message {
  readonly header: FlatTable;
  readonly at: number;
  readonly body: number;
}
/** RecordBatch: length 0, nodes 1 (length, null_count), buffers 2 (offset, length), compression 3, variadicBufferCounts 4. */
interface Batch {
  readonly rows: number;
  readonly nodes: readonly number[][];
  readonly buffers: readonly number[][];
  readonly views: readonly number[];
  readonly at: number;
  readonly body: number;
}

function batchOf(header: FlatTable, { at, body }: Message): Batch {
  if (header.table(3) !== null) throw new Damaged('its batches are compressed, which is not read here; write it uncompressed');
  const views = header.longs(4, 1).map(([count]) => count!);
  return { rows: header.int64(0), nodes: header.longs(1, 2), buffers: header.longs(2, 2), views, at, body };
}

function partOf({ rows, nodes, buffers, views, at, body }: Batch, { name, node, buffer, view, values, dictionary }: ArrowColumn): Part {
  const [length = -1, nulls = 0] = nodes[node] ?? [];
  if (length !== rows || nulls > rows) throw new Damaged(`column "${name}" has ${length} rows, ${nulls} of them null, in a batch of ${rows}`);
  const from = views.slice(0, view).reduce((sum, count) => sum + count, buffer);
  const kind = dictionary === null ? values!.kind : 'int';
  const some = kind === 'text' ? 3 : kind === 'view' ? 2 + (views[view] ?? 0) : 2;
  const regions = buffers.slice(from, from + some);
  if (regions.length !== some) throw new Damaged(`column "${name}" lacks buffers`);
  const [validity, ...rest] = regions.map(([offset, bytes]): Region => {
    if (offset! + bytes! > body) throw new Damaged(`column "${name}" has a buffer of ${bytes} bytes at ${offset} in a body of ${body}`);
    return { at: at + offset!, bytes: bytes! };
  });
  return { rows, validity: nulls === 0 ? null : validity!, buffers: rest };
}

class Reader {
  readonly #decoder = new TextDecoder('utf-8');

  constructor(
    private readonly ranges: Ranges,
    private readonly longest: number,
    private readonly sliceRows: number,
    private readonly signal: AbortSignal,
  ) {}

  /** The schema's message begins the file, and the first block, or the footer, stands behind it. */
  async checkStart({ dictionaries, batches, end }: ArrowInfo): Promise<void> {
    const first = [...dictionaries, ...batches].reduce((least, { at }) => Math.min(least, at), end);
    if (first === HEAD_BYTES) return; // apache-arrow's writer leaves that message out
    const view = viewOf(await this.#read({ at: HEAD_BYTES, bytes: this.ranges.bytes - HEAD_BYTES }, 0, 8));
    const long = view.getUint32(0, true) === 0xffffffff;
    const behind = HEAD_BYTES + (long ? 8 + view.getUint32(4, true) : 4 + view.getUint32(0, true));
    if (behind > first) throw new Damaged(`a schema that ends at byte ${behind}, behind the block at byte ${first}`);
    checkGap(behind, first);
  }

  /** Message: header_type 1, header 2, bodyLength 3; before it its length, behind a mark since format 0.15. */
  async message({ at, head, body }: Block, kind: number): Promise<Message> {
    const bytes = await this.#read({ at, bytes: head }, 0, head);
    const view = viewOf(bytes);
    const from = head >= 8 && view.getUint32(0, true) === 0xffffffff ? 8 : 4;
    const length = head < from ? -1 : view.getUint32(from - 4, true);
    if (!(length > 0 && from + length <= head)) throw new Damaged(`a message of ${length} bytes in a block of ${head}, at byte ${at}`);
    const message = FlatTable.root(bytes.subarray(from, from + length));
    const header = message.table(2);
    if (message.int8(1) !== kind || header === null) throw new Damaged(`no message of kind ${kind} at byte ${at}`);
    const announced = message.int64(3);
    if (announced > body) throw new Damaged(`a body of ${announced} bytes in a block of ${body}, at byte ${at}`);
    return { header, at: at + from + length, body: announced };
  }

  async numbers(part: Part, type: Numbers, at: number, rows: number): Promise<Float64Array> {
    const bytes = await this.#read(part.buffers[0]!, at * type.bytes, rows * type.bytes);
    const out = Float64Array.from(arrayOf(type, bytes) as ArrayLike<number | bigint>, Number);
    const there = await this.#validity(part, at, rows);
    if (there !== null) for (let row = 0; row < rows; row++) if (!there(row)) out[row] = Number.NaN;
    return out;
  }

  async names(part: Part, column: ArrowColumn, dictionary: Names | null, at: number, rows: number): Promise<Names> {
    const there = await this.#validity(part, at, rows);
    if (dictionary === null) {
      const texts = await this.#texts(part, column.values as Texts, at, rows);
      return there === null ? texts : texts.map((text, row) => (there(row) ? text : null));
    }
    const { indices } = column.dictionary!;
    const found = arrayOf(indices, await this.#read(part.buffers[0]!, at * indices.bytes, rows * indices.bytes));
    return Array.from(found as ArrayLike<number | bigint>, (value, row) => {
      if (there !== null && !there(row)) return null;
      const index = Number(value);
      const name = dictionary[index];
      if (name === undefined) throw new Damaged(`column "${column.name}" has index ${index}, which its dictionary does not`);
      return name;
    });
  }

  /** DictionaryBatch: id 0, data 1, isDelta 2. */
  async dictionary(info: ArrowInfo, column: ArrowColumn): Promise<Names> {
    const values: (string | null)[] = [];
    let begun = false;
    let text = 0;
    for (const block of info.dictionaries) {
      const message = await this.message(block, MESSAGE.dictionary);
      const { header } = message;
      if (header.int64(0) !== column.dictionary!.id) continue;
      if (begun && header.int8(2) === 0) throw new Damaged(`column "${column.name}" has two dictionaries`);
      begun = true;
      const data = header.table(1);
      if (data === null) throw new Damaged(`the dictionary of column "${column.name}" has no values`);
      const part = partOf(batchOf(data, message), { ...column, dictionary: null, node: 0, buffer: 0, view: 0 });
      if (values.length + part.rows > MAX_DICTIONARY_VALUES) throw new Damaged(`a dictionary of more than ${MAX_DICTIONARY_VALUES} values`);
      for (let from = 0; from < part.rows; from += this.sliceRows) {
        const names = await this.names(part, { ...column, dictionary: null }, null, from, Math.min(this.sliceRows, part.rows - from));
        for (const name of names) {
          if ((text += name?.length ?? 0) > MAX_DICTIONARY_TEXT_BYTES) throw new Damaged(`a dictionary of more than ${MAX_DICTIONARY_TEXT_BYTES} bytes`);
          values.push(name);
        }
      }
    }
    return values;
  }

  async #texts(part: Part, type: Texts, at: number, rows: number): Promise<Names> {
    if (type.kind === 'view') return await this.#views(part, at, rows);
    const [places, data] = part.buffers as [Region, Region];
    const offsets = arrayOf({ kind: 'int', bytes: type.offsets, signed: true }, await this.#read(places, at * type.offsets, (rows + 1) * type.offsets));
    const bounds = Float64Array.from(offsets as ArrayLike<number | bigint>, Number);
    for (let row = 0; row <= rows; row++)
      if (!(bounds[row]! >= (row === 0 ? 0 : bounds[row - 1]!) && bounds[row]! <= data.bytes))
        throw new Damaged(`an offset of ${bounds[row]} after ${bounds[row - 1] ?? 0} in ${data.bytes} bytes of text`);
    const first = bounds[0]!;
    if (bounds[rows]! - first > MAX_SLICE_TEXT_BYTES) throw new Damaged(`${bounds[rows]! - first} bytes of names in ${rows} rows`);
    const bytes = await this.#read(data, first, bounds[rows]! - first);
    return Array.from({ length: rows }, (_, row) => {
      const [from, to] = [bounds[row]! - first, bounds[row + 1]! - first];
      return to - from > this.longest ? null : this.#decoder.decode(bytes.subarray(from, to));
    });
  }

  /** A view: its length (int32), then the text of up to 12 bytes, or 4 of its bytes, a buffer (int32) and an offset (int32). */
  async #views(part: Part, at: number, rows: number): Promise<Names> {
    const [views, ...data] = part.buffers as [Region, ...Region[]];
    const bytes = await this.#read(views, at * 16, rows * 16);
    const view = viewOf(bytes);
    const out: (string | null)[] = [];
    const spans = new Map<number, { from: number; to: number }>();
    const visit = (each: (row: number, length: number, buffer: number, from: number) => void): void => {
      for (let row = 0; row < rows; row++) each(row, view.getInt32(16 * row, true), view.getInt32(16 * row + 8, true), view.getInt32(16 * row + 12, true));
    };
    visit((_row, length, buffer, from) => {
      if (length < 0) throw new Damaged(`a name of ${length} bytes`);
      if (length <= 12 || length > this.longest) return;
      if (!(from >= 0 && from + length <= (data[buffer]?.bytes ?? -1))) throw new Damaged(`a name of ${length} bytes at ${from} of buffer ${buffer}`);
      const span = spans.get(buffer);
      if (span === undefined) spans.set(buffer, { from, to: from + length });
      else spans.set(buffer, { from: Math.min(span.from, from), to: Math.max(span.to, from + length) });
    });
    const total = [...spans.values()].reduce((sum, { from, to }) => sum + to - from, 0);
    if (total > MAX_SLICE_TEXT_BYTES) throw new Damaged(`${total} bytes of names in ${rows} rows`);
    const held = new Map<number, Uint8Array>();
    for (const [buffer, { from, to }] of spans) held.set(buffer, await this.#read(data[buffer]!, from, to - from));
    visit((row, length, buffer, from) => {
      if (length > this.longest) out.push(null);
      else if (length <= 12) out.push(this.#decoder.decode(bytes.subarray(16 * row + 4, 16 * row + 4 + length)));
      else out.push(this.#decoder.decode(held.get(buffer)!.subarray(from - spans.get(buffer)!.from, from - spans.get(buffer)!.from + length)));
    });
    return out;
  }

  async #validity({ validity }: Part, at: number, rows: number): Promise<((row: number) => boolean) | null> {
    if (validity === null) return null;
    const first = at >> 3; // slices begin at whole bytes
    const bits = await this.#read(validity, first, ((at + rows + 7) >> 3) - first);
    return (row) => ((bits[(at + row - 8 * first) >> 3]! >> ((at + row) & 7)) & 1) === 1;
  }

  /** `length` bytes of a region from its byte `from` on, as a buffer of their own. */
  async #read({ at, bytes }: Region, from: number, length: number): Promise<Uint8Array> {
    if (!(from + length <= bytes)) throw new Damaged(`a buffer of ${bytes} bytes where ${from + length} are needed, at byte ${at}`);
    return await readWhole(this.ranges, at + from, at + from + length, this.signal);
  }
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** `bytes` are a buffer of their own, so aligned. Arrow is little-endian, as is every machine that Node has prebuilt binaries for. */
function arrayOf(type: Numbers, { buffer }: Uint8Array): ArrayLike<number> | ArrayLike<bigint> {
  if (type.kind === 'float') return type.bytes === 4 ? new Float32Array(buffer) : new Float64Array(buffer);
  const { signed } = type;
  if (type.bytes === 1) return signed ? new Int8Array(buffer) : new Uint8Array(buffer);
  if (type.bytes === 2) return signed ? new Int16Array(buffer) : new Uint16Array(buffer);
  if (type.bytes === 4) return signed ? new Int32Array(buffer) : new Uint32Array(buffer);
  return signed ? new BigInt64Array(buffer) : new BigUint64Array(buffer);
}
