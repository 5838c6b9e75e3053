// From index files to members files: which ranges of which WARC files a run reads. Rows are sorted on disk, so a whole crawl's
// selection fits in little memory; the result is kept by what made it, so a resume reads no index again.
// Invariant: the selection is a pure function of the filter, the seed, the files and the contents of the index.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RefineError } from '../../../native/errors.js';
import { EVERYTHING, mergeRecords, type RecordShape, RecordWriter } from '../../../native/records.js';
import type { DocumentSelection, IndexFilter, Members } from '../../contract/source.js';
import { decodeBase32 } from '../base32.js';
import { type Member, coalesce, ENTRY_BYTES, MAX_MEMBER_BYTES, readEntry } from '../members.js';
import { type Ranges, readWhole } from '../../contract/ranges.js';
import { openRanges, type RangesEnv } from '../ranges.js';
import { type CdxCounts, readCdx, readZipNum } from './cdx.js';
import { type IndexEntry, readColumnar } from './columnar.js';
import { surtRanges } from './filter.js';

/** One file of an index. `cluster` is a cluster.idx: the files it names lie beside it. */
export interface IndexFile {
  readonly place: string;
  readonly location: string;
  readonly identity: string;
  readonly kind: 'rows' | 'cluster';
}

export interface Selection {
  readonly files: ReadonlyMap<string, { readonly members: Members; readonly bytes: number }>;
  readonly notices: readonly string[];
}

export interface SelectEnv extends RangesEnv {
  readonly seed: bigint;
  readonly signal: AbortSignal;
  /** Where the selection is kept; absent: below the system's folder for temporary files, for this process. */
  readonly selectionDir?: string;
}

/** Raise it when the same index gives another selection. */
const VERSION = 1;
const MEMORY_BYTES = 64 << 20;
/** Index files read at once: a remote one waits more than it works. */
const AT_ONCE = 4;
const VALUE_BYTES = 28;
/** file, offset. */
const SHAPE: RecordShape = { keyWords: 2, valueBytes: VALUE_BYTES, tail: false };
/** lot, file, offset. */
const LOT_SHAPE: RecordShape = { keyWords: 3, valueBytes: VALUE_BYTES, tail: false };

interface Kept {
  readonly format: 1;
  readonly inputs: readonly { readonly path: string; readonly at: number; readonly count: number; readonly bytes: number; readonly sha256: string }[];
  readonly notices: readonly string[];
}

/** `paths`: the WARC files, sorted; an index row of any other file is left out. `byName`: rows name files by base name, as CDXJ does. */
export async function selectMembers(
  paths: readonly string[],
  index: readonly IndexFile[],
  selection: DocumentSelection & { readonly index: IndexFilter },
  byName: boolean,
  env: SelectEnv,
): Promise<Selection> {
  const { documents = null, index: filter } = selection;
  const named = { ...filter, files: undefined, from: undefined };
  const key = createHash('sha256')
    .update(
      JSON.stringify([
        VERSION,
        Object.entries(named).sort(([a], [b]) => (a < b ? -1 : 1)),
        documents,
        documents === null ? null : String(env.seed),
        byName,
        createHash('sha256').update(paths.join('\n')).digest('hex'),
        index.map(({ identity, kind }) => `${kind} ${identity}`).sort(),
      ]),
    )
    .digest('hex');
  const folder = env.selectionDir ?? (await temporary());
  const data = join(folder, `${key}.members`);
  const list = join(folder, `${key}.json`);
  if (!existsSync(list) || !existsSync(data)) await make(paths, index, filter, documents, byName, { data, list, folder }, env);
  const kept = JSON.parse(await readFile(list, 'utf8')) as Kept;
  const files = new Map(kept.inputs.map(({ path, bytes, ...rest }) => [path, { members: { path: data, ...rest }, bytes }]));
  return { files, notices: kept.notices };
}

let ownFolder: string | null = null;

async function temporary(): Promise<string> {
  if (ownFolder === null) {
    const made = await mkdtemp(join(tmpdir(), 'refine-selection-'));
    ownFolder = made;
    const { rmSync } = await import('node:fs');
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  }
  return ownFolder;
}

async function make(
  paths: readonly string[],
  index: readonly IndexFile[],
  filter: IndexFilter,
  documents: number | null,
  byName: boolean,
  out: { readonly data: string; readonly list: string; readonly folder: string },
  env: SelectEnv,
): Promise<void> {
  await mkdir(out.folder, { recursive: true });
  const work = await mkdtemp(join(out.folder, 'sorting-'));
  const part = `${out.data}.${process.pid}.part`;
  try {
    const rows = join(work, 'rows');
    const counts: Counts = { rows: 0, bad: 0, elsewhere: 0, lines: 0 };
    await collect(paths, index, filter, documents === null ? null : env.seed, byName, rows, counts, env);
    const sorted = documents === null ? rows : await lowestLots(rows, documents, join(work, 'chosen'));
    const { inputs, repeated } = await writeMembers(paths, sorted, part, env.signal);
    if (inputs.length === 0) throw nothing(counts, filter);
    const notices = noticesOf(counts, repeated);
    await writeFile(`${part}.json`, JSON.stringify({ format: 1, inputs, notices } satisfies Kept));
    await rename(part, out.data);
    await rename(`${part}.json`, out.list);
  } finally {
    await rm(work, { recursive: true, force: true });
    await rm(part, { force: true });
    await rm(`${part}.json`, { force: true });
  }
}

interface Counts {
  /** That the filter lets through, of files of this run. */
  rows: number;
  bad: number;
  elsewhere: number;
  lines: number;
}

/** Rows of all index files as records. */
async function collect(
  paths: readonly string[],
  index: readonly IndexFile[],
  filter: IndexFilter,
  lots: bigint | null,
  byName: boolean,
  out: string,
  counts: Counts,
  env: SelectEnv,
): Promise<void> {
  const numbers = fileNumbers(paths, byName);
  const writer = await RecordWriter.open(out, lots === null ? SHAPE : LOT_SHAPE, MEMORY_BYTES, { distinct: true });
  let turn = Promise.resolve(); // the writer takes one call at a time
  const width = lots === null ? 2 : 3;
  const add = (entries: readonly IndexEntry[]): Promise<void> => {
    const keys: bigint[] = [];
    const values: Uint8Array[] = [];
    for (const { file, offset, length, digest } of entries) {
      const number = numbers.get(file) ?? (byName ? numbers.get(file.slice(file.lastIndexOf('/') + 1)) : undefined);
      if (number === undefined) {
        counts.elsewhere++;
        continue;
      }
      if (number === -1) throw ambiguous(file);
      if (!(Number.isSafeInteger(offset) && offset >= 0 && Number.isSafeInteger(length) && length > 0 && length < MAX_MEMBER_BYTES)) {
        counts.bad++;
        continue;
      }
      counts.rows++;
      if (lots !== null) keys.push(lotOf(lots, paths[number]!, offset));
      keys.push(BigInt(number), BigInt(offset));
      const value = Buffer.alloc(VALUE_BYTES);
      value.writeBigUInt64LE(BigInt(length));
      const sha1 = digest === null ? null : sha1Of(digest);
      if (sha1 !== null) value.write(sha1, 8, 'hex');
      values.push(value);
    }
    if (keys.length === 0) return Promise.resolve();
    const batch = BigUint64Array.from(keys);
    if (batch.length !== values.length * width) throw new RefineError('ERR_REFINE_INTERNAL', 'index rows and their keys differ in number');
    turn = turn.then(() => writer.add(batch, Buffer.concat(values)));
    return turn;
  };
  try {
    let next = 0;
    const read = async (): Promise<void> => {
      while (next < index.length) {
        const file = index[next++]!;
        await readIndex(file, filter, counts, add, env);
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, index.length) }, read));
    await turn;
    await writer.finish();
  } catch (error) {
    await turn.catch(() => undefined);
    await writer.abort();
    throw error;
  }
}

async function readIndex(
  file: IndexFile,
  filter: IndexFilter,
  counts: Counts,
  add: (entries: readonly IndexEntry[]) => Promise<void>,
  env: SelectEnv,
): Promise<void> {
  const { signal } = env;
  const ranges = await openRanges(file.location, file.place, file.identity, env, signal);
  const cdx: CdxCounts = { lines: 0, bad: 0 };
  try {
    let entries: AsyncIterable<IndexEntry[]>;
    if (file.kind === 'cluster') {
      const beside = (name: string): Promise<Ranges> => {
        const at = (of: string): string => `${of.slice(0, of.lastIndexOf('/') + 1)}${name}`;
        return openRanges(at(file.location), at(file.place), null, env, signal);
      };
      entries = readZipNum(ranges, file.place, beside, surtRanges(filter)!, filter, cdx, signal);
    } else if (await isParquet(ranges, signal)) entries = readColumnar(ranges, file.place, filter, signal);
    else entries = readCdx(ranges, file.place, filter, cdx, signal);
    for await (const some of entries) {
      signal.throwIfAborted();
      await add(some);
    }
  } finally {
    await ranges.close();
  }
  if (cdx.lines > 0 && cdx.bad === cdx.lines) {
    const message = `holds ${cdx.lines} lines and no index line with filename, offset and length among them, expected CDXJ, CDX or CommonCrawl’s columnar index. Make it with cdxj-indexer or warcio index -f offset,length,filename,url,status,mime,digest`;
    throw new RefineError('ERR_REFINE_SELECTION', message, { place: file.place });
  }
  counts.bad += cdx.bad;
  counts.lines += cdx.lines;
}

async function isParquet(ranges: Ranges, signal: AbortSignal): Promise<boolean> {
  return ranges.bytes >= 12 && Buffer.from(await readWhole(ranges, 0, 4, signal)).toString('latin1') === 'PAR1';
}

/** -1 for a base name that two files have. */
function fileNumbers(paths: readonly string[], byName: boolean): Map<string, number> {
  const numbers = new Map<string, number>();
  if (byName) {
    for (const [number, path] of paths.entries()) {
      const name = path.slice(path.lastIndexOf('/') + 1);
      numbers.set(name, numbers.has(name) ? -1 : number);
    }
  }
  for (const [number, path] of paths.entries()) numbers.set(path, number);
  return numbers;
}

function ambiguous(file: string): RefineError {
  const message = `the index names ${JSON.stringify(file.slice(0, 200))}, and two inputs have that name. Make the index with paths as the manifest has them, or read one folder at a time`;
  return new RefineError('ERR_REFINE_SELECTION', message, { place: 'source.index' });
}

function lotOf(seed: bigint, path: string, offset: number): bigint {
  return createHash('sha256').update(`${seed} ${path} ${offset}`).digest().readBigUInt64BE(0);
}

function sha1Of(digest: string): string | null {
  const bare = digest.replace(/^sha1:/i, '');
  if (/^[A-Z2-7]{32}$/i.test(bare)) return decodeBase32(bare);
  return /^[0-9a-f]{40}$/i.test(bare) ? bare.toLowerCase() : null;
}

/** The first `documents` records by lot, as records by file and offset. */
async function lowestLots(rows: string, documents: number, out: string): Promise<string> {
  const writer = await RecordWriter.open(out, SHAPE, MEMORY_BYTES, { distinct: true });
  let left = documents;
  try {
    for await (const { rows: count, keys, values } of mergeRecords([rows], EVERYTHING, MEMORY_BYTES, { distinct: true })) {
      const taken = Math.min(left, count);
      const pairs = new BigUint64Array(taken * 2);
      for (let i = 0; i < taken; i++) pairs.set(keys.subarray(3 * i + 1, 3 * i + 3), 2 * i);
      if (taken > 0) await writer.add(pairs, values.slice(0, taken * VALUE_BYTES));
      if ((left -= taken) === 0) break;
    }
    await writer.finish();
  } catch (error) {
    await writer.abort();
    throw error;
  }
  return out;
}

/** The records in order as a members file, and what each input has of it. A place that two rows name differently is read as the first says. */
async function writeMembers(
  paths: readonly string[],
  sorted: string,
  part: string,
  signal: AbortSignal,
): Promise<{ inputs: Kept['inputs']; repeated: number }> {
  const file = await open(part, 'w');
  const inputs: { path: string; at: number; count: number; bytes: number; sha256: string }[] = [];
  let repeated = 0;
  let at = 0;
  let number = -1;
  let offset = -1n;
  let entries: Uint8Array[] = [];
  const flush = async (): Promise<void> => {
    if (entries.length === 0) return;
    const bytes = Buffer.concat(entries);
    await file.write(bytes, 0, bytes.length, at * ENTRY_BYTES);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const members: Member[] = entries.map((_, i) => readEntry(view, i * ENTRY_BYTES));
    let fetched = 0;
    for (const { from, to } of coalesce(members)) fetched += to - from;
    inputs.push({ path: paths[number]!, at, count: entries.length, bytes: fetched, sha256: createHash('sha256').update(bytes).digest('hex') });
    at += entries.length;
    entries = [];
  };
  try {
    for await (const { rows, keys, values } of mergeRecords([sorted], EVERYTHING, MEMORY_BYTES, { distinct: true })) {
      signal.throwIfAborted();
      for (let i = 0; i < rows; i++) {
        const next = Number(keys[2 * i]!);
        if (next !== number) {
          await flush();
          number = next;
          offset = -1n;
        }
        if (keys[2 * i + 1]! === offset) {
          repeated++;
          continue;
        }
        offset = keys[2 * i + 1]!;
        const entry = Buffer.alloc(ENTRY_BYTES);
        entry.writeBigUInt64LE(offset);
        entry.set(values.subarray(i * VALUE_BYTES, (i + 1) * VALUE_BYTES), 8);
        entries.push(entry);
      }
    }
    await flush();
    await file.sync();
  } finally {
    await file.close();
  }
  return { inputs, repeated };
}

function noticesOf({ bad, elsewhere, rows }: Counts, repeated: number): string[] {
  const notices: string[] = [];
  if (bad > 0) notices.push(`${bad} index lines give no place of a record and were left out`);
  if (elsewhere > 0) notices.push(`${elsewhere} index rows are of files that this run does not read, ${rows} of those that it reads`);
  if (repeated > 0) notices.push(`${repeated} index rows name a place a second time, with another length or digest: the first was taken`);
  return notices;
}

function nothing({ rows, elsewhere, bad }: Counts, filter: IndexFilter): RefineError {
  const found =
    rows === 0 && elsewhere > 0
      ? `${elsewhere} index rows are asked for, all of files that this run does not read`
      : `no index row is ${JSON.stringify({ ...filter, files: undefined, from: undefined })}${bad > 0 ? ` (${bad} lines could not be used)` : ''}`;
  return new RefineError('ERR_REFINE_SELECTION', `${found}, expected at least one document. Widen the filter, or select more files`, {
    place: 'source.select.index',
  });
}
