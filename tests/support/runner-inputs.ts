// Inputs for tests of the runner: JSON lines {id, url, text}, batches of seven rows. Stands in for stages/fetch in workers too.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { type Batch, fixedColumn, utf8Column } from '../../native/batch.js';
import { RefineError } from '../../native/errors.js';
import { faults } from '../../pipeline/atomic-file.js';
import type { FetchGate, Input, Source, SourceReader } from '../../stages/contract/source.js';

// Faults in every process of a run, by environment: the n-th moment of a kind kills the process or fails like a full disk,
// once, noted in a file.
interface Fault {
  readonly moment: string;
  readonly at: number;
  readonly code?: string;
  readonly note: string;
  /** A pattern of the file's final path. */
  readonly match?: string;
  /** `parent`: a worker kills the parent of the run before itself. */
  readonly whom?: 'parent';
}
/** Brings the environment's fault about in this process: workers do so as they begin, a test that is the run's parent by calling this. */
export function injectFault(): void {
  const fault = process.env.REFINE_TEST_FAULT;
  if (fault === undefined) return;
  const { moment, at, code, note, match, whom } = JSON.parse(fault) as Fault;
  let seen = 0;
  faults.inject = (path, now) => {
    if (whom === 'parent' && !process.connected) return; // the parent itself
    if (now !== moment || (match !== undefined && !new RegExp(match).test(path)) || ++seen < at || existsSync(note)) return;
    if (code !== undefined) throw Object.assign(new Error('injected'), { code });
    writeFileSync(note, String(process.pid));
    if (whom === 'parent') process.kill(process.ppid, 'SIGKILL');
    process.kill(process.pid, 'SIGKILL');
    for (;;); // never past this point
  };
}
injectFault();

/** What the parent's gate saw; one request at a time. Filled in the process that owns the gate. */
export const gateSeen = { hosts: [] as string[], paused: [] as string[], open: 0, most: 0 };

export function localGate(): FetchGate {
  let last: Promise<void> = Promise.resolve();
  return {
    async acquire(host) {
      const before = last;
      let release!: () => void;
      last = new Promise((resolve) => (release = resolve));
      await before;
      gateSeen.hosts.push(host);
      gateSeen.most = Math.max(gateSeen.most, ++gateSeen.open);
      return () => {
        gateSeen.open--;
        release();
      };
    },
    pause: (host, milliseconds) => void gateSeen.paused.push(`${host} ${milliseconds}`),
  };
}

export async function listInputs(source: Source, env: { baseDir: string }): Promise<Input[]> {
  if (!('paths' in source)) throw new TypeError('tests list paths');
  const inputs = source.paths.map((name): Input => {
    const location = resolve(env.baseDir, name);
    const bytes = existsSync(location) ? readFileSync(location) : null;
    const identity = bytes === null ? 'unknown:absent' : `local:${bytes.length}:${createHash('sha256').update(bytes).digest('hex')}`;
    return { path: basename(name), location, format: 'jsonl', bytes: bytes?.length ?? null, identity };
  });
  return inputs.sort((a, b) => (a.path < b.path ? -1 : 1));
}

export function openInput(input: Input, env: { gate: FetchGate }): SourceReader {
  let documents = 0;
  let bytesRead = 0;
  let sha256: string | null = null;
  return {
    async *batches(signal): AsyncGenerator<Batch> {
      if (!existsSync(input.location)) throw new RefineError('ERR_REFINE_INPUT', 'is gone, expected a file. Restore it and run again.', { place: input.path });
      if (process.env.REFINE_TEST_DIE_READING === input.path) process.kill(process.pid, 'SIGKILL');
      const release = await env.gate.acquire(`host-of-${input.path}`, signal);
      const bytes = readFileSync(input.location);
      env.gate.pause(input.path, bytes.length);
      if (process.env.REFINE_TEST_DIE_HOLDING === input.path && !existsSync(`${input.location}.died`)) {
        writeFileSync(`${input.location}.died`, '');
        process.kill(process.pid, 'SIGKILL');
      }
      release();
      const lines = bytes
        .toString('utf8')
        .split('\n')
        .filter((line) => line !== '');
      for (let from = 0; from < lines.length; from += 7) {
        signal.throwIfAborted();
        const rows = lines.slice(from, from + 7).map((line) => JSON.parse(line) as { id: string; url: string; text: string });
        documents += rows.length;
        bytesRead = Math.min(bytes.length, bytesRead + 100);
        yield {
          rows: rows.length,
          columns: {
            id: utf8Column(rows.map((row) => row.id)),
            url: utf8Column(rows.map((row) => row.url)),
            warc_path: utf8Column(rows.map(() => input.path)),
            warc_offset: fixedColumn(BigInt64Array.from(rows, (_, i) => BigInt(from + i))),
            html: { kind: 'binary', data: new Uint8Array(), offsets: new Int32Array(rows.length + 1), validity: new Uint8Array((rows.length + 7) >> 3) },
            text: utf8Column(rows.map((row) => row.text)),
          },
        };
      }
      bytesRead = bytes.length;
      sha256 = createHash('sha256').update(bytes).digest('hex');
    },
    counts: () => ({ records: documents + 1, documents, skips: { metadata: 1 }, damage: {}, notes: {}, bytesRead, sha256 }),
  };
}
