// CDX and CDXJ indexes, as warcio, cdxj-indexer, pywb and CommonCrawl write them: a line a record, plain or gzip; and ZipNum's
// cluster.idx, by which a host's lines are found without reading the rest.
//   CDXJ   com,example)/ 20230101000000 {"url": ..., "status": "200", "length": "...", "offset": "...", "filename": "..."}
//   CDX    " CDX N b a m s k r M S V g" in the first line, then fields in that order (absent: that order)
import { Readable, pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { native, RefineError } from '../../../native/index.js';
import type { IndexFilter } from '../../contract/source.js';
import { hostOf } from '../document-batch.js';
import { type Ranges, readWhole } from '../../contract/ranges.js';
import type { IndexEntry } from './columnar.js';
import { passes, rowTests, type RowTests, type SurtRange } from './filter.js';

const MAX_LINE_BYTES = 1 << 20;
/** 3,000 lines of CommonCrawl's are some 200 KB as gzip, 2 MB plain. */
const MAX_BLOCK_BYTES = 64 << 20;
const PROBE_BYTES = 64 << 10;
const ENTRIES = 4096;

export interface CdxCounts {
  lines: number;
  /** That are no index line, or lack the place of their record. */
  bad: number;
}

export async function* readCdx(ranges: Ranges, place: string, filter: IndexFilter, counts: CdxCounts, signal: AbortSignal): AsyncGenerator<IndexEntry[]> {
  yield* entries(linesOf(plain(ranges, place, signal)), rowTests(filter), counts);
}

async function* entries(lines: AsyncIterable<string>, tests: RowTests, counts: CdxCounts): AsyncGenerator<IndexEntry[]> {
  let fields: readonly string[] = 'NbamskrMSVg'.split('');
  let out: IndexEntry[] = [];
  for await (const line of lines) {
    if (/^ ?CDX( \S)+$/.test(line.trimEnd())) {
      fields = line.trim().split(' ').slice(1);
      continue;
    }
    if (line.trim() === '' || line.startsWith('!')) continue; // pywb's own headers
    counts.lines++;
    const row = parse(line, fields);
    if (row === null) {
      counts.bad++;
      continue;
    }
    if (!passes({ ...row, host: tests.host === null ? null : hostOf(row.url) }, tests)) continue;
    out.push(row);
    if (out.length >= ENTRIES) {
      yield out;
      out = [];
    }
  }
  if (out.length > 0) yield out;
}

interface CdxRow extends IndexEntry {
  readonly url: string | null;
  readonly status: number | null;
  readonly mime: string | null;
  readonly languages: string | null;
}

function parse(line: string, fields: readonly string[]): CdxRow | null {
  const at = line.indexOf('{');
  let get: (json: string, letter: string) => unknown;
  if (at > 0 && /^\S+ \d{1,17} $/.test(line.slice(0, at))) {
    let value: Record<string, unknown>;
    try {
      value = JSON.parse(line.slice(at)) as Record<string, unknown>;
    } catch {
      return null;
    }
    get = (json) => value[json];
  } else {
    const parts = line.split(' ');
    if (parts.length < fields.length) return null;
    get = (_, letter) => {
      const index = fields.indexOf(letter);
      return index < 0 || parts[index] === '-' ? undefined : parts[index];
    };
  }
  const text = (json: string, letter: string): string | null => {
    const found = get(json, letter);
    return typeof found === 'string' && found !== '' ? found : typeof found === 'number' ? String(found) : null;
  };
  const count = (value: string | null): number => (value !== null && /^\d{1,15}$/.test(value) ? Number(value) : -1);
  const file = text('filename', 'g');
  const [offset, length] = [count(text('offset', 'V')), count(text('length', 'S'))];
  if (file === null || offset < 0 || length <= 0) return null;
  const status = count(text('status', 's'));
  return {
    file,
    offset,
    length,
    digest: text('digest', 'k'),
    url: text('url', 'a'),
    status: status < 0 ? null : status,
    mime: text('mime-detected', '') ?? text('mime', 'm'),
    languages: text('languages', ''),
  };
}

/** The file's bytes, gunzipped where the magic says gzip. */
async function* plain(ranges: Ranges, place: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  if (ranges.bytes === 0) return;
  const head = await readWhole(ranges, 0, Math.min(2, ranges.bytes), signal);
  const bytes = ranges.read(0, ranges.bytes, signal);
  if (head[0] !== 0x1f || head[1] !== 0x8b) {
    yield* bytes;
    return;
  }
  const gunzip = createGunzip({ chunkSize: 256 << 10 });
  pipeline(Readable.from(bytes, { objectMode: true, highWaterMark: 1 }), gunzip, () => {});
  try {
    yield* gunzip as AsyncIterable<Uint8Array>;
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (error instanceof RefineError || !code.startsWith('Z_')) throw error;
    throw new RefineError('ERR_REFINE_SELECTION', `is damaged gzip (${message}), expected an index. Fetch it again`, { place, cause: error });
  }
}

const decoder = new TextDecoder('utf-8');

async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let held: Uint8Array = new Uint8Array(0);
  let tooLong = false;
  for await (const chunk of bytes) {
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, from)) {
      const piece = chunk.subarray(from, end);
      if (!tooLong) yield decoder.decode(held.length === 0 ? piece : Buffer.concat([held, piece]));
      else yield '?'; // counted as bad
      held = new Uint8Array(0);
      tooLong = false;
      from = end + 1;
    }
    if (held.length + chunk.length - from > MAX_LINE_BYTES) {
      tooLong = true;
      held = new Uint8Array(0);
    } else if (from < chunk.length && !tooLong) held = Buffer.concat([held, chunk.subarray(from)]);
  }
  if (tooLong) yield '?';
  else if (held.length > 0) yield decoder.decode(held);
}

/** A block of a ZipNum index: one gzip member of some thousand lines. */
interface Block {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

/** `cluster`: cluster.idx; `open`: an index file named in it, beside it. */
export async function* readZipNum(
  cluster: Ranges,
  place: string,
  open: (file: string) => Promise<Ranges>,
  ranges: readonly SurtRange[],
  filter: IndexFilter,
  counts: CdxCounts,
  signal: AbortSignal,
): AsyncGenerator<IndexEntry[]> {
  const tests = rowTests(filter);
  const files = new Map<string, Ranges>();
  let last = ''; // a block that two ranges share is read once
  try {
    for (const range of ranges) {
      for await (const block of blocksOf(cluster, place, range, signal)) {
        const key = `${block.file} ${block.offset}`;
        if (key === last) continue;
        last = key;
        let file = files.get(block.file);
        if (file === undefined) files.set(block.file, (file = await open(block.file)));
        if (block.offset + block.length > file.bytes)
          throw damaged(place, `names ${block.length} bytes at ${block.offset} of ${block.file}, which has ${file.bytes}`);
        const packed = await readWhole(file, block.offset, block.offset + block.length, signal);
        const { result, bytes } = native.decodeContent('gzip', packed, MAX_BLOCK_BYTES);
        if (result !== 'ok') throw damaged(place, `names a block of ${block.file} that does not unpack (${result})`);
        yield* entries(
          linesOf(
            (async function* () {
              yield bytes;
            })(),
          ),
          tests,
          counts,
        );
      }
    }
  } finally {
    for (const file of files.values()) await file.close();
  }
}

function damaged(place: string, what: string): RefineError {
  return new RefineError('ERR_REFINE_SELECTION', `${what}: expected a ZipNum index. Fetch it again`, { place });
}

/** Blocks that may hold keys of the range: from the last that begins before it to the last that begins inside. */
async function* blocksOf(cluster: Ranges, place: string, { lo, hi }: SurtRange, signal: AbortSignal): AsyncGenerator<Block> {
  // The last line whose key is below `lo` begins in [from, to).
  let from = 0;
  let to = cluster.bytes;
  while (to - from > PROBE_BYTES) {
    const middle = from + Math.floor((to - from) / 2);
    const line = await lineAfter(cluster, middle, signal);
    if (line === null || line.key >= lo) to = middle;
    else from = line.start;
  }
  let before: Block | null = null;
  for await (const line of clusterLines(cluster, from, place, signal)) {
    if (line.key < lo) {
      before = line.block;
      continue;
    }
    if (before !== null) yield before;
    before = null;
    if (line.key >= hi) return;
    yield line.block;
  }
  if (before !== null) yield before;
}

/** The first line that begins after `at`. */
async function lineAfter(cluster: Ranges, at: number, signal: AbortSignal): Promise<{ readonly start: number; readonly key: string } | null> {
  const bytes = await readWhole(cluster, at, Math.min(cluster.bytes, at + PROBE_BYTES), signal);
  const start = bytes.indexOf(0x0a) + 1;
  if (start === 0 || start >= bytes.length) return null;
  const end = bytes.indexOf(0x09, start);
  return { start: at + start, key: decoder.decode(bytes.subarray(start, end < 0 ? bytes.length : end)) };
}

async function* clusterLines(
  cluster: Ranges,
  from: number,
  place: string,
  signal: AbortSignal,
): AsyncGenerator<{ readonly key: string; readonly block: Block }> {
  const window = 1 << 20;
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for (let at = from; at < cluster.bytes; at += window) yield* cluster.read(at, Math.min(cluster.bytes, at + window), signal);
  }
  for await (const line of linesOf(bytes())) {
    if (line === '') continue;
    const [key, file, offset, length] = line.split('\t');
    if (key === undefined || file === undefined || !/^\w[\w.-]*$/.test(file) || !/^\d{1,15}$/.test(offset ?? '') || !/^\d{1,10}$/.test(length ?? '')) {
      throw damaged(place, `holds the line ${JSON.stringify(line.slice(0, 80))}`);
    }
    if (Number(length) > MAX_BLOCK_BYTES) throw damaged(place, `names a block of ${length} bytes`);
    yield { key, block: { file, offset: Number(offset), length: Number(length) } };
  }
}
