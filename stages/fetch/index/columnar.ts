// CommonCrawl's columnar index: Parquet, sorted by SURT. Row groups whose statistics show that none of their rows is asked for are not
// read; of the others, columns one after another, and each only where a row is still in question.
// https://commoncrawl.org/columnar-index names the columns.
import { RefineError } from '../../../native/errors.js';
import type { IndexFilter } from '../../contract/source.js';
import { ChunkCursor } from '../../contract/parquet/chunk-cursor.js';
import { type ColumnChunk, type ParquetInfo, readFooter, type RowGroup } from '../../contract/parquet/footer.js';
import type { ParquetColumn } from '../../contract/parquet/schema.js';
import type { Value } from '../../contract/parquet/values.js';
import type { Ranges } from '../../contract/ranges.js';
import { mayMeet, rowTests, surtRanges } from './filter.js';

/** Where a selected row's record lies. */
export interface IndexEntry {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
  /** As written: BASE32 SHA-1, perhaps with `sha1:`. */
  readonly digest: string | null;
}

const SLICE_ROWS = 16_384;

/** No host, path, media type or digest is longer; a text of megabytes for every row of a page would be more than fits. */
const MAX_TEXT_BYTES = 8192;

const text = (value: Value): string | null =>
  value instanceof Uint8Array && value.length <= MAX_TEXT_BYTES ? Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1') : null;
const number = (value: Value): number | null => (typeof value === 'number' || typeof value === 'bigint' ? Number(value) : null);

interface Test {
  readonly column: ParquetColumn;
  readonly holds: (value: Value) => boolean;
}

export async function* readColumnar(ranges: Ranges, place: string, filter: IndexFilter, signal: AbortSignal): AsyncGenerator<IndexEntry[]> {
  const info = await readFooter(ranges, place, signal);
  const need = (...names: string[]): ParquetColumn => {
    for (const name of names) {
      const column = info.columns.get(name);
      if (column !== undefined && column !== null) return column;
    }
    throw new RefineError('ERR_REFINE_SELECTION', `has no column "${names[0]}", expected CommonCrawl’s columnar index. Check select.index.files`, { place });
  };
  const tests = testsOf(filter, need);
  const outputs = {
    file: need('warc_filename'),
    offset: need('warc_record_offset'),
    length: need('warc_record_length'),
    digest: info.columns.get('content_digest') ?? null,
  };
  for (const group of info.groups) {
    if (group.rows === 0 || !groupMayHold(group, info, filter)) continue;
    yield* readGroup(ranges, place, group, tests, outputs, signal);
  }
}

function testsOf(filter: IndexFilter, need: (...names: string[]) => ParquetColumn): Test[] {
  const rows = rowTests(filter);
  const tests: Test[] = [];
  const { status, languages, mime, host } = rows;
  if (status !== null) tests.push({ column: need('fetch_status'), holds: (value) => status(number(value)) });
  if (languages !== null) tests.push({ column: need('content_languages'), holds: (value) => languages(text(value)) });
  if (mime !== null) tests.push({ column: need('content_mime_detected', 'content_mime_type'), holds: (value) => mime(text(value)) });
  if (host !== null) tests.push({ column: need('url_host_name'), holds: (value) => host(text(value)) });
  return tests;
}

async function* readGroup(
  ranges: Ranges,
  place: string,
  group: RowGroup,
  tests: readonly Test[],
  outputs: { readonly file: ParquetColumn; readonly offset: ParquetColumn; readonly length: ParquetColumn; readonly digest: ParquetColumn | null },
  signal: AbortSignal,
): AsyncGenerator<IndexEntry[]> {
  const cursor = (column: ParquetColumn) => new ChunkCursor(ranges, place, column, group);
  const tested = tests.map(({ column, holds }) => ({ cursor: cursor(column), holds }));
  const [file, offset, length] = [cursor(outputs.file), cursor(outputs.offset), cursor(outputs.length)];
  const digest = outputs.digest === null ? null : cursor(outputs.digest);
  for (let at = 0; at < group.rows; at += SLICE_ROWS) {
    const rows = Math.min(SLICE_ROWS, group.rows - at);
    let alive = Array.from({ length: rows }, (_, i) => i);
    for (const { cursor: of, holds } of tested) {
      if (alive.length === 0) of.skip(rows);
      else {
        const values = await of.take(rows, signal);
        alive = alive.filter((i) => holds(values[i]!));
      }
    }
    const all = [file, offset, length, ...(digest === null ? [] : [digest])];
    if (alive.length === 0) {
      for (const of of all) of.skip(rows);
      continue;
    }
    const [files, offsets, lengths, digests] = [
      await file.take(rows, signal),
      await offset.take(rows, signal),
      await length.take(rows, signal),
      await digest?.take(rows, signal),
    ];
    yield alive.map((i) => ({
      file: text(files[i]!) ?? '',
      offset: number(offsets[i]!) ?? -1,
      length: number(lengths[i]!) ?? -1,
      digest: digests === undefined ? null : text(digests[i]!),
    }));
  }
}

/** What the statistics of a row group leave possible. */
export function groupMayHold(group: RowGroup, info: ParquetInfo, filter: IndexFilter): boolean {
  const chunk = (name: string): ColumnChunk | null => {
    const column = info.columns.get(name);
    return column === undefined || column === null ? null : group.chunk(column);
  };
  const strings = (name: string, wanted: readonly string[] | undefined): boolean => {
    const found = wanted === undefined ? null : chunk(name);
    if (found === null || typeof found.least !== 'string' || typeof found.most !== 'string') return true;
    const most = `${found.most}\u{10ffff}`; // the bound may be cut short
    return wanted!.some((value) => value >= (found.least as string) && value <= most);
  };
  const ranges = surtRanges(filter);
  const keys = ranges === null ? null : chunk('url_surtkey');
  if (keys !== null && typeof keys.least === 'string' && typeof keys.most === 'string' && !mayMeet(ranges!, keys.least, keys.most)) return false;
  const status = filter.status.length === 0 ? null : chunk('fetch_status');
  if (status !== null && typeof status.least === 'number' && typeof status.most === 'number') {
    if (!filter.status.some((value) => value >= (status.least as number) && value <= (status.most as number))) return false;
  }
  const lower = (list: readonly string[] | undefined) => list?.map((value) => value.toLowerCase().replace(/^\./, ''));
  return strings('url_host_name', lower(filter.hosts)) && strings('url_host_tld', lower(filter.tlds)) && strings('content_mime_detected', filter.mime);
}
