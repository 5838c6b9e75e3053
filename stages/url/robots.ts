// `robots`: today's robots.txt applied to URLs of old crawls. Files are read once a run, compiled and mapped by all workers;
// what they mean: kernels/include/refine/robots.h (RFC 9309).
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { type BytesColumn, native, RefineError, type RobotsListHandle, type WarcRecordInfo } from '../../native/index.js';
import { lineChunks } from './lists.js';
import { makeOnce, scratchFile } from './scratch.js';

/** Raise it when the same files give other bytes. */
const TABLE_VERSION = 1;
/** A line of JSON holds a whole robots.txt, of which 500 KiB are read; escaped it may be six times as long. */
const MAX_LINE_BYTES = 4 << 20;
const MAX_BODY_BYTES = 4 << 20;

export type RobotsFormat = 'warc' | 'jsonl' | 'tsv';

export interface RobotsFiles {
  readonly agents: readonly string[];
  /** In the order in which they are read: of two files of one host the later counts. */
  readonly files: readonly { readonly path: string; readonly format: RobotsFormat }[];
  /** Plain robots.txt files by host. */
  readonly hosts: readonly { readonly host: string; readonly path: string }[];
}

export interface Robots {
  /** 1 where one of the agents may not fetch the row's URL. */
  judge(url: BytesColumn): Promise<Uint8Array>;
}

export function robotsFormat(path: string): RobotsFormat | null {
  if (/\.w?arc(?:\.gz|\.zst)?$/i.test(path)) return 'warc';
  const match = /\.(jsonl|ndjson|tsv)(?:\.gz)?$/i.exec(path);
  return match === null ? null : match[1]!.toLowerCase() === 'tsv' ? 'tsv' : 'jsonl';
}

const paths = ({ files, hosts }: RobotsFiles): string[] => [...files.map(({ path }) => path), ...hosts.map(({ path }) => path)];

const compiledFile = (robots: RobotsFiles, scratch: string): string =>
  scratchFile(scratch, 'robots', paths(robots), [TABLE_VERSION, robots.agents, robots.hosts.map(({ host }) => host)]);

export async function prepareRobots(robots: RobotsFiles, scratch: string): Promise<void> {
  await makeOnce(compiledFile(robots, scratch), () => compileRobots(robots));
}

export async function openRobots(robots: RobotsFiles, scratch: string | undefined): Promise<Robots> {
  if (scratch !== undefined) await prepareRobots(robots, scratch); // done by the parent, unless the stage is opened without one
  const table = native.robotsTableOpen(scratch === undefined ? await compileRobots(robots) : compiledFile(robots, scratch));
  return { judge: (url) => native.robotsTableJudge(table, url) };
}

export async function compileRobots(robots: RobotsFiles): Promise<Uint8Array> {
  const list = native.robotsListNew(robots.agents);
  for (const { path, format } of robots.files) await { warc: addWarc, jsonl: addJsonl, tsv: addTsv }[format](path, list);
  for (const { host, path } of robots.hosts) native.robotsListAdd(list, host, 200, '', await readFile(path));
  return await native.robotsListCompile(list);
}

/** CommonCrawl's robotstxt files: response records of /robots.txt, whatever their status. Damaged records say nothing. */
async function addWarc(path: string, list: RobotsListHandle): Promise<void> {
  const reader = new native.WarcReader({
    baseName: basename(path),
    verifyDigests: false,
    maxPayloadBytes: MAX_BODY_BYTES,
    maxBatchRows: 1024,
    maxBatchBytes: 16 << 20,
    records: true,
    payloads: true,
  });
  const take = (): void => {
    reader.takeDamage();
    for (const record of reader.takeRecords()) addRecord(record, list);
  };
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Uint8Array>) {
      for (let from = 0; from < chunk.length; ) {
        from += await reader.push(chunk, from);
        if (reader.full()) take();
      }
    }
    do {
      await reader.finish();
      take();
    } while (!reader.done());
  } catch (cause) {
    throw new RefineError('ERR_REFINE_ASSET', `cannot be read as a WARC file of robots.txt: ${(cause as Error).message}`, { place: basename(path), cause });
  }
}

function addRecord(record: WarcRecordInfo, list: RobotsListHandle): void {
  if (record.type !== 'response' || record.url === null || record.httpStatus === null || record.damage !== null) return;
  const location = record.httpHeaders?.find(([name]) => name.toLowerCase() === 'location')?.[1] ?? '';
  const body = bodyOf(record);
  if (body !== null || record.httpStatus >= 300) native.robotsListAdd(list, record.url, record.httpStatus, location, body ?? new Uint8Array());
}

function bodyOf({ payload, pending }: WarcRecordInfo): Uint8Array | null {
  if (payload === null || pending.length === 0) return payload;
  if (pending.length > 1 || pending[0] !== 'br') return null;
  try {
    return brotliDecompressSync(payload, { maxOutputLength: MAX_BODY_BYTES });
  } catch {
    return null;
  }
}

const HOST_KEYS = ['host', 'url'] as const;
const BODY_KEYS = ['robots', 'robots_txt', 'robots.txt', 'robotstxt', 'content', 'body', 'text'] as const;

async function addJsonl(path: string, list: RobotsListHandle): Promise<void> {
  await eachLine(path, (line, refuse) => {
    let row: Record<string, unknown>;
    try {
      row = JSON.parse(line) as Record<string, unknown>;
    } catch {
      throw refuse('is no JSON object');
    }
    const text = (keys: readonly string[]): string | undefined => keys.map((key) => row?.[key]).find((value) => typeof value === 'string');
    const host = text(HOST_KEYS);
    const body = text(BODY_KEYS);
    const status = row?.status ?? 200;
    if (host === undefined) throw refuse(`names no host (${HOST_KEYS.join(' or ')})`);
    if (typeof status !== 'number' || !Number.isInteger(status)) throw refuse(`has status ${JSON.stringify(status)}, expected a whole number`);
    if (body === undefined && status >= 200 && status < 300) throw refuse(`has no robots.txt (${BODY_KEYS.join(', ')})`);
    native.robotsListAdd(list, host, status, text(['location']) ?? '', Buffer.from(body ?? ''));
  });
}

/** `host <tab> robots.txt`, with \n, \r, \t and \\ for those characters; a third field is the status. */
async function addTsv(path: string, list: RobotsListHandle): Promise<void> {
  await eachLine(path, (line, refuse) => {
    const [host, body, status = '200'] = line.split('\t');
    if (body === undefined) throw refuse('has one field, expected a host, a tab and its robots.txt');
    if (!/^\d{3}$/.test(status)) throw refuse(`has status ${JSON.stringify(status)}, expected three digits`);
    const plain = body.replace(/\\([nrt\\])/g, (_, letter: string) => ({ n: '\n', r: '\r', t: '\t' })[letter] ?? '\\');
    native.robotsListAdd(list, host!, Number(status), '', Buffer.from(plain));
  });
}

async function eachLine(path: string, visit: (line: string, refuse: (what: string) => RefineError) => void): Promise<void> {
  let number = 0;
  for await (const chunk of lineChunks(path, MAX_LINE_BYTES)) {
    for (const line of Buffer.from(chunk).toString('utf8').split('\n')) {
      if (line.trim() === '') continue;
      number++;
      const refuse = (what: string) =>
        new RefineError('ERR_REFINE_ASSET', `line ${number} ${what}. Correct the line or take it out.`, { place: basename(path) });
      visit(line.endsWith('\r') ? line.slice(0, -1) : line, refuse);
    }
  }
}
