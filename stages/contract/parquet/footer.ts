// What a Parquet file says of itself: rows, row groups, and where each flat column's chunk lies. Everything is held against the file's
// size before it is used. Field numbers are those of parquet.thrift
// (https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift).
import { RefineError } from '../../../native/errors.js';
import { type Ranges, readWhole } from '../ranges.js';
import { Damaged } from './bytes.js';
import { type ParquetColumn, type ParquetSchema, schemaOf } from './schema.js';
import { bytesIn, numberIn, readThrift, type Struct, structIn, structsIn } from './thrift.js';
import type { PhysicalType } from './values.js';

/** CommonCrawl's index files have footers of some 100 KB; one that is larger than this describes no data of ours. */
const MAX_FOOTER_BYTES = 64 << 20;
/** A chunk has some 30: 60,000 chunks. CommonCrawl's index files have 30 columns and some hundred row groups. */
const MAX_FOOTER_VALUES = 1 << 21;
export const FIRST_READ_BYTES = 256 << 10;
const MAX_ROWS = 2 ** 40;

const CODECS = ['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'LZO', 'BROTLI', 'LZ4', 'ZSTD', 'LZ4_RAW'] as const;

export interface ColumnChunk {
  readonly from: number;
  readonly to: number;
  readonly codec: string;
  readonly values: number;
  /** Bounds of what is in it (of BYTE_ARRAY as a string, of INT32 as a number); absent where the writer gave none. */
  readonly least?: unknown;
  readonly most?: unknown;
}

export interface RowGroup {
  /** Row number of its first row in the file. */
  readonly start: number;
  readonly rows: number;
  chunk(column: ParquetColumn): ColumnChunk;
}

export interface ParquetInfo extends ParquetSchema {
  readonly rows: number;
  readonly groups: readonly RowGroup[];
}

export function parquetError(place: string, what: string, cause?: unknown): RefineError {
  const message = `${what}, expected a Parquet file. Check the file, write it again, or leave it out`;
  return new RefineError('ERR_REFINE_PARQUET', message, { place, ...(cause === undefined ? {} : { cause }) });
}

export async function readFooter(ranges: Ranges, place: string, signal: AbortSignal): Promise<ParquetInfo> {
  const { bytes } = ranges;
  const tail = bytes === 0 ? new Uint8Array(0) : await readWhole(ranges, Math.max(0, bytes - FIRST_READ_BYTES), bytes, signal);
  const length = footerBytes(tail, bytes, place);
  return parseFooter(length <= tail.length ? tail : await readWhole(ranges, bytes - length, bytes, signal), bytes, place);
}

/** How many of the file's last bytes are footer, its length and the magic; `tail` is its end, of `FIRST_READ_BYTES` or the whole file. */
export function footerBytes(tail: Uint8Array, bytes: number, place: string): number {
  if (bytes < 12) throw parquetError(place, `has ${bytes} bytes`);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  const magic = view.getUint32(tail.length - 4, true);
  if (magic === 0x45524150) throw parquetError(place, 'is encrypted Parquet');
  if (magic !== 0x31524150) throw parquetError(place, 'does not end in PAR1');
  const length = view.getUint32(tail.length - 8, true);
  if (length > bytes - 12 || length > MAX_FOOTER_BYTES) throw parquetError(place, `has a footer of ${length} bytes in a file of ${bytes}`);
  return length + 8;
}

/** `tail`: the end of a file of `bytes`, with at least what `footerBytes` said of it. */
export function parseFooter(tail: Uint8Array, bytes: number, place: string): ParquetInfo {
  const footer = tail.subarray(tail.length - footerBytes(tail, bytes, place), tail.length - 8);
  try {
    return describe(readThrift(footer, { values: MAX_FOOTER_VALUES }).struct, bytes, place);
  } catch (cause) {
    if (cause instanceof Damaged) throw parquetError(place, `has a damaged footer (${cause.message})`, cause);
    throw cause;
  }
}

/** FileMetaData: schema 2, num_rows 3, row_groups 4. RowGroup: columns 1, num_rows 3. */
function describe(metadata: Struct, bytes: number, place: string): ParquetInfo {
  const schema = structsIn(metadata, 2);
  const counted = numberIn(metadata, 3);
  if (schema === null || counted === null) throw new Damaged(`no ${schema === null ? 'schema' : 'count of rows'}`);
  const described = readSchema(schema, place);
  const { leaves } = described;
  let start = 0;
  let stored = 0;
  const groups = (structsIn(metadata, 4) ?? []).map((group, number): RowGroup => {
    const rows = numberIn(group, 3) ?? -1;
    const chunks = structsIn(group, 1) ?? [];
    if (!(rows >= 0 && start + rows <= MAX_ROWS) || chunks.length !== leaves) throw parquetError(place, `has a damaged row group ${number}`);
    for (const chunk of chunks) stored += Math.max(0, numberIn(structIn(chunk, 3) ?? [], 7) ?? 0);
    // Else a small file could have any number of documents: every group the same bytes.
    if (stored > bytes) throw parquetError(place, `has chunks of ${stored} bytes and more in a file of ${bytes}`);
    const at = start;
    start += rows;
    return {
      start: at,
      rows,
      chunk: (column) => chunkOf(chunks[column.leaf]!, column, rows, bytes, () => `of "${column.name}" in row group ${number}`, place),
    };
  });
  if (counted !== start) throw parquetError(place, `counts ${counted} rows and has ${start} in its groups`);
  return { rows: start, groups, ...described };
}

function readSchema(schema: readonly Struct[], place: string): ParquetSchema {
  try {
    return schemaOf(schema);
  } catch (cause) {
    if (cause instanceof Damaged) throw parquetError(place, `has a damaged schema (${cause.message})`, cause);
    throw cause;
  }
}

/**
 * ColumnChunk: file_path 1, meta_data 3, crypto_metadata 8, encrypted_column_metadata 9. ColumnMetaData: codec 4, num_values 5,
 * total_compressed_size 7, data_page_offset 9, dictionary_page_offset 11, statistics 12 (max_value 5, min_value 6).
 */
function chunkOf(chunk: Struct, column: ParquetColumn, rows: number, bytes: number, which: () => string, place: string): ColumnChunk {
  const meta = structIn(chunk, 3);
  if (meta === null || (bytesIn(chunk, 1)?.length ?? 0) > 0 || chunk[8] !== undefined) {
    throw parquetError(place, `keeps column "${column.name}" encrypted or in another file`);
  }
  const data = numberIn(meta, 9) ?? -1;
  const dictionary = numberIn(meta, 11) ?? 0;
  const from = dictionary > 0 && dictionary < data ? dictionary : data;
  const to = from + (numberIn(meta, 7) ?? -1);
  const values = numberIn(meta, 5) ?? -1;
  if (!(from >= 4 && to >= from && to <= bytes) || !(column.repeats === 0 ? values === rows : values >= rows && values <= MAX_ROWS)) {
    throw parquetError(place, `has a damaged chunk ${which()}`);
  }
  const codec = CODECS[numberIn(meta, 4) ?? -1];
  if (codec === undefined) throw parquetError(place, `has an unknown compression ${which()}`);
  const statistics = structIn(meta, 12) ?? [];
  const [least, most] = [boundOf(bytesIn(statistics, 6), column.type), boundOf(bytesIn(statistics, 5), column.type)];
  return { from, to, codec, values, ...(least === null ? {} : { least }), ...(most === null ? {} : { most }) };
}

function boundOf(bytes: Uint8Array | null, type: PhysicalType): string | number | null {
  if (bytes === null) return null;
  if (type === 'BYTE_ARRAY') return decoder.decode(bytes);
  return type === 'INT32' && bytes.length === 4 ? new DataView(bytes.buffer, bytes.byteOffset, 4).getInt32(0, true) : null;
}

const decoder = new TextDecoder('utf-8');
