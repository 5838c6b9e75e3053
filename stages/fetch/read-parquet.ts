// Parquet rows as documents: one a row, its place the row's number in the file. Row groups are read a page of each column at a time,
// so memory does not grow with their size. `text-field` and its like name columns, `meta.url` a field of a struct.
// Invariant: records = documents + sum(skips), and the batches do not depend on pages or row groups.
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { type Batch, RefineError } from '../../native/index.js';
import type { ParquetFields, SourceCounts, SourceReader } from '../contract/source.js';
import { nearest } from '../contract/suggest.js';
import { BatchBuilder, baseName, hostOf, secondsOf } from './document-batch.js';
import type { Ranges } from '../contract/ranges.js';
import { ChunkCursor, MAX_PAGE_MEMORY, PageMemory } from '../contract/parquet/chunk-cursor.js';
import { type ParquetInfo, parquetError, type RowGroup, readFooter } from '../contract/parquet/footer.js';
import { refuseEmptyValues } from '../contract/parquet/rows.js';
import type { ParquetColumn } from '../contract/parquet/schema.js';
import type { Value } from '../contract/parquet/values.js';

export interface ReadParquetOptions {
  readonly path: string;
  readonly fields: ParquetFields;
}

export const DEFAULT_FIELDS: ParquetFields = {
  text: { column: 'text', required: true },
  id: { column: 'id', required: false },
  url: { column: 'url', required: false },
  date: { column: 'date', required: false },
};

/** A longer text is a skip: the WARC reader's cap on a payload. */
const MAX_TEXT_BYTES = 16 << 20;
/** One dictionary entry can be the text of every row: more text than gzip makes of a file's bytes, at its utmost, is refused. */
const MAX_FILE_TEXT_BYTES = 2 ** 31;
const MAX_TEXT_PER_BYTE = 1032;
/** Rows decoded at once. */
const SLICE_ROWS = 256;

const NAMES = ['text', 'id', 'url', 'date'] as const;
type Name = (typeof NAMES)[number];

export function readParquet(open: (signal: AbortSignal) => Promise<Ranges>, { path, fields }: ReadParquetOptions): SourceReader {
  const skips: Record<string, number> = {};
  let records = 0;
  let documents = 0;
  let textBytes = 0;
  let bytesRead = 0;
  let sha256: string | null = null;

  const skip = (reason: string): void => {
    skips[reason] = (skips[reason] ?? 0) + 1;
  };

  return {
    async *batches(signal): AsyncGenerator<Batch> {
      const hash = createHash('sha256'); // which ranges are read, and in what order, depends on the file's bytes alone
      const ranges = seen(await open(signal), (bytes) => {
        bytesRead += bytes.length;
        hash.update(bytes);
      });
      try {
        const info = await readFooter(ranges, path, signal);
        const columns = columnsOf(info, fields, path);
        refuseEmptyValues(info.rows, ranges.bytes, path, 'rows');
        const mostText = Math.max(MAX_FILE_TEXT_BYTES, MAX_TEXT_PER_BYTE * ranges.bytes);
        const name = baseName(path);
        const rows = new BatchBuilder(path);
        for (const group of info.groups) {
          if (group.rows === 0) continue;
          for await (const slice of slices(ranges, path, group, columns, signal)) {
            for (let i = 0; i < slice.rows; i++) {
              const row = slice.start + i;
              records++;
              const text = slice.values.text?.[i] ?? null;
              if (!(text instanceof Uint8Array)) {
                skip('no-text');
                continue;
              }
              if (text.length > MAX_TEXT_BYTES) {
                skip('too-large');
                continue;
              }
              const id = slice.values.id?.[i] ?? null;
              const address = slice.values.url?.[i] ?? null;
              if ((textBytes += text.length + lengthOf(id) + lengthOf(address)) > mostText)
                throw parquetError(path, `has more than ${mostText} bytes of text up to row ${row + 1} in a file of ${ranges.bytes} bytes`);
              documents++;
              const url = stringOf(address);
              rows.add({
                id: (id === null ? null : stringOf(id)) || `${name}:${row}`,
                url,
                host: hostOf(url),
                date: columns.date === undefined ? null : timeOf(slice.values.date?.[i] ?? null, columns.date),
                offset: row,
                length: text.length,
                text: isUtf8(text) ? text : encoder.encode(decoder.decode(text)),
              });
              if (rows.full) yield rows.take();
            }
          }
        }
        if (rows.rows > 0) yield rows.take();
        sha256 = hash.digest('hex');
      } finally {
        await ranges.close();
      }
    },
    counts: (): SourceCounts => ({ records, documents, skips: { ...skips }, damage: {}, notes: {}, bytesRead, sha256 }),
  };
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

interface Slice {
  readonly start: number;
  readonly rows: number;
  readonly values: Partial<Record<Name, readonly Value[]>>;
}

async function* slices(
  ranges: Ranges,
  path: string,
  group: RowGroup,
  columns: Partial<Record<Name, ParquetColumn>>,
  signal: AbortSignal,
): AsyncGenerator<Slice> {
  const memory = new PageMemory(MAX_PAGE_MEMORY);
  const cursors = NAMES.flatMap((name) => (columns[name] === undefined ? [] : [[name, new ChunkCursor(ranges, path, columns[name], group, memory)] as const]));
  for (let at = 0; at < group.rows; at += SLICE_ROWS) {
    const rows = Math.min(SLICE_ROWS, group.rows - at);
    const values: Partial<Record<Name, readonly Value[]>> = {};
    for (const [name, cursor] of cursors) values[name] = await cursor.take(rows, signal);
    yield { start: group.start + at, rows, values };
  }
}

/** The columns the fields name. A field that stands in the manifest must be there; a default that is not there is null. */
function columnsOf(info: ParquetInfo, fields: ParquetFields, path: string): Partial<Record<Name, ParquetColumn>> {
  const out: Partial<Record<Name, ParquetColumn>> = {};
  for (const name of NAMES) {
    const { column: wanted, required } = fields[name];
    const column = info.columns.get(wanted);
    if (column === undefined) {
      if (!required) continue;
      const flat = [...info.columns].filter(([, found]) => found !== null).map(([key]) => key);
      const meant = nearest(wanted, flat);
      const hint = meant === null ? '' : ` Did you mean "${meant}"?`;
      throw new RefineError(
        'ERR_REFINE_PARQUET',
        `has no column "${wanted}", expected one for source.${name}-field (it has: ${flat.slice(0, 20).join(', ') || 'no flat column'}).${hint} Name it by ${name}-field`,
        { place: path },
      );
    }
    const fits = column !== null && (name === 'text' || name === 'url' ? column.type === 'BYTE_ARRAY' : column.type !== 'BOOLEAN');
    if (!fits) {
      if (!required) continue;
      const found = column === null ? 'a list or a struct' : `of type ${column.type}`;
      throw new RefineError(
        'ERR_REFINE_PARQUET',
        `column "${wanted}" is ${found}, expected ${name === 'date' ? 'times' : 'strings'}. Name another by ${name}-field`,
        {
          place: path,
        },
      );
    }
    out[name] = column;
  }
  return out;
}

const lengthOf = (value: Value): number => (value instanceof Uint8Array ? value.length : 0);

function stringOf(value: Value): string | null {
  if (value === null) return null;
  return value instanceof Uint8Array ? decoder.decode(value) : String(value);
}

/** No time is longer, and one dictionary entry can be that of every row. */
const MAX_TIME_BYTES = 1024;

/** Seconds since 1970. */
function timeOf(value: Value, { time, type }: ParquetColumn): number | null {
  if (value instanceof Uint8Array) return type === 'BYTE_ARRAY' && value.length <= MAX_TIME_BYTES ? secondsOf(decoder.decode(value)) : null;
  if (time === null || (typeof value !== 'number' && typeof value !== 'bigint')) return null;
  return time === 'days' ? Number(value) * 86_400 : seconds(value, UNITS[time]);
}

const UNITS = { milliseconds: 1000n, microseconds: 1_000_000n, nanoseconds: 1_000_000_000n } as const;

function seconds(value: number | bigint, unit: bigint): number {
  const units = BigInt(value);
  return Number((units - (((units % unit) + unit) % unit)) / unit);
}

function seen(ranges: Ranges, look: (bytes: Uint8Array) => void): Ranges {
  return {
    bytes: ranges.bytes,
    async *read(from, to, signal) {
      for await (const chunk of ranges.read(from, to, signal)) {
        look(chunk);
        yield chunk;
      }
    },
    close: () => ranges.close(),
  };
}
