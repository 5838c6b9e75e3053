// What a Parquet file says of itself: rows, row groups, and where each flat column's chunk lies. hyparquet parses the footer; here
// everything is held against the file's size before it is used.
import { parquetMetadata, type FileMetaData, type SchemaElement } from 'hyparquet';
import { RefineError } from '../../../native/errors.js';
import { type Ranges, readWhole } from '../ranges.js';
import type { PhysicalType } from './values.js';

/** CommonCrawl's index files have footers of some 100 KB; one that is larger than this describes no data of ours. */
const MAX_FOOTER_BYTES = 64 << 20;
const FIRST_READ_BYTES = 256 << 10;
const MAX_ROWS = 2 ** 40;

export interface ParquetColumn {
  /** `metadata.url` of a struct. */
  readonly name: string;
  readonly type: PhysicalType;
  /** Of FIXED_LEN_BYTE_ARRAY. */
  readonly length: number;
  /** Definition level of a value that is there. */
  readonly present: number;
  readonly element: SchemaElement;
  /** Its place among the leaves of a row group. */
  readonly leaf: number;
}

export interface ColumnChunk {
  readonly from: number;
  readonly to: number;
  readonly codec: string;
  readonly values: number;
  /** Bounds of what is in it (UTF-8 as a string, numbers as such); absent where the writer gave none. */
  readonly least?: unknown;
  readonly most?: unknown;
}

export interface RowGroup {
  /** Row number of its first row in the file. */
  readonly start: number;
  readonly rows: number;
  chunk(column: ParquetColumn): ColumnChunk;
}

export interface ParquetInfo {
  readonly rows: number;
  readonly groups: readonly RowGroup[];
  /** Flat columns by name; null where the name is a list or a struct. */
  readonly columns: ReadonlyMap<string, ParquetColumn | null>;
}

export function parquetError(place: string, what: string, cause?: unknown): RefineError {
  const message = `${what}, expected a Parquet file. Check the file, write it again, or take it out of the source`;
  return new RefineError('ERR_REFINE_PARQUET', message, { place, ...(cause === undefined ? {} : { cause }) });
}

export async function readFooter(ranges: Ranges, place: string, signal: AbortSignal): Promise<ParquetInfo> {
  const { bytes } = ranges;
  if (bytes < 12) throw parquetError(place, `has ${bytes} bytes`);
  const first = Math.max(0, bytes - FIRST_READ_BYTES);
  let tail = await readWhole(ranges, first, bytes, signal);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  const magic = view.getUint32(tail.length - 4, true);
  if (magic === 0x45524150) throw parquetError(place, 'is encrypted Parquet');
  if (magic !== 0x31524150) throw parquetError(place, 'does not end in PAR1');
  const length = view.getUint32(tail.length - 8, true);
  if (length > bytes - 12 || length > MAX_FOOTER_BYTES) throw parquetError(place, `has a footer of ${length} bytes in a file of ${bytes}`);
  if (length + 8 > tail.length) tail = await readWhole(ranges, bytes - 8 - length, bytes, signal);
  let metadata: FileMetaData;
  try {
    metadata = parquetMetadata(tail, { geoparquet: false });
  } catch (cause) {
    throw parquetError(place, `has a damaged footer (${(cause as Error).message})`, cause);
  }
  return describe(metadata, bytes, place);
}

function describe(metadata: FileMetaData, bytes: number, place: string): ParquetInfo {
  const { columns, leaves } = columnsOf(metadata.schema, place);
  let start = 0;
  const groups = metadata.row_groups.map((group, number): RowGroup => {
    const rows = Number(group.num_rows);
    if (!(rows >= 0 && start + rows <= MAX_ROWS) || group.columns.length !== leaves) throw parquetError(place, `has a damaged row group ${number}`);
    const at = start;
    start += rows;
    return {
      start: at,
      rows,
      chunk(column) {
        const chunk = group.columns[column.leaf]!;
        const meta = chunk.meta_data;
        if (meta === undefined || chunk.file_path || chunk.crypto_metadata !== undefined) {
          throw parquetError(place, `keeps column "${column.name}" encrypted or in another file`);
        }
        const data = Number(meta.data_page_offset);
        const dictionary = meta.dictionary_page_offset === undefined ? 0 : Number(meta.dictionary_page_offset);
        const from = dictionary > 0 && dictionary < data ? dictionary : data;
        const to = from + Number(meta.total_compressed_size);
        const values = Number(meta.num_values);
        if (!(from >= 4 && to >= from && to <= bytes) || values !== rows)
          throw parquetError(place, `has a damaged chunk of "${column.name}" in row group ${number}`);
        const { statistics } = meta;
        const [least, most] = [statistics?.min_value, statistics?.max_value];
        return { from, to, codec: meta.codec, values, ...(least === undefined ? {} : { least }), ...(most === undefined ? {} : { most }) };
      },
    };
  });
  if (BigInt(start) !== BigInt(metadata.num_rows)) throw parquetError(place, `counts ${metadata.num_rows} rows and has ${start} in its groups`);
  return { rows: start, groups, columns };
}

/** The schema is a list in depth-first order; a hostile one may announce children it does not have. */
function columnsOf(schema: readonly SchemaElement[], place: string): { columns: Map<string, ParquetColumn | null>; leaves: number } {
  const columns = new Map<string, ParquetColumn | null>();
  let next = 1;
  let leaves = 0;
  const visit = (names: readonly string[], present: number, repeated: boolean, depth: number): void => {
    const element = schema[next++];
    if (element === undefined || depth > 64) throw parquetError(place, 'has a damaged schema');
    const path = [...names, element.name];
    const level = present + (element.repetition_type === 'REQUIRED' ? 0 : 1);
    const many = repeated || element.repetition_type === 'REPEATED';
    const children = element.num_children ?? 0;
    if (element.type === undefined) {
      columns.set(path.join('.'), null);
      for (let i = 0; i < children; i++) visit(path, level, many, depth + 1);
      return;
    }
    const name = path.join('.');
    const column = { name, type: element.type as PhysicalType, length: element.type_length ?? 0, present: level, element, leaf: leaves++ };
    columns.set(name, many ? null : column);
  };
  const roots = schema[0]?.num_children ?? 0;
  for (let i = 0; i < roots; i++) visit([], 0, false, 1);
  if (next !== Math.max(1, schema.length)) throw parquetError(place, 'has a damaged schema');
  return { columns, leaves };
}
