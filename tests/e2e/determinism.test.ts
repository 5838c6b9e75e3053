// The same bytes every time (DESIGN section 1): whatever the worker count, the order in which inputs are listed, kills
// at random moments, and a source that throttles. The oracle is the undisturbed run with one worker.
// On the embedded crawl by default; REFINE_FULL=1 takes ../shared/data/real.warc.gz, cut into eight files at record bounds.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, copyFileSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { packagePath } from '../../native/package-root.js';
import { partFiles, promisedBytes, refine, startRefine } from '../support/cli.js';
import { startCrawlServer } from '../support/crawl-server.js';
import { sharedPath } from '../support/shared.js';

const full = process.env.REFINE_FULL === '1';
const KILLS = full ? 20 : 6;
const STEPS = `steps:
  - url
  - extract
  - langid
  - repetition
  - quality
  - lines
  - dedupe-url
  - dedupe-exact
  - dedupe-minhash
  - tokenize: { tokenizer: falcon }
`;

let folder: string;
let files: string[];
let expected: Record<string, string>;

function manifest(name: string, source: string): string {
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, `name: determinism\nseed: 7\nsource:\n${source}${STEPS}sink:\n  samples-per-reason: 5\n`);
  return path;
}
const listed = (names: readonly string[]) => `  warc: [${names.map((name) => `crawl-data/${basename(name)}`).join(', ')}]\n`;

/** Cuts real.warc.gz at record offsets into `parts` files of whole gzip members. */
function cutReal(parts: number): string[] {
  const source = sharedPath('data', 'real.warc.gz')!;
  const offsets = readFileSync(sharedPath('data', 'real.index.tsv')!, 'utf8')
    .split('\n')
    .slice(1)
    .filter(Boolean)
    .map((line) => line.split('\t').slice(0, 2).map(Number) as [number, number]);
  const out: string[] = [];
  const file = openSync(source, 'r');
  let start = 0;
  for (let part = 0; part < parts; part++) {
    const last = offsets[Math.floor(((part + 1) * offsets.length) / parts) - 1]!;
    const end = part === parts - 1 ? Number.MAX_SAFE_INTEGER : last[0] + last[1];
    const buffer = Buffer.alloc(Math.min(end - start, 64 * 1024 * 1024));
    const read = readSync(file, buffer, 0, buffer.length, start);
    const path = join(folder, 'crawl-data', `real-${part}.warc.gz`);
    writeFileSync(path, buffer.subarray(0, read));
    out.push(path);
    start = end;
  }
  closeSync(file);
  return out;
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'refine-determinism-'));
  mkdirSync(join(folder, 'crawl-data'));
  assert.ok(!full || sharedPath('data', 'real.warc.gz') !== null, 'REFINE_FULL=1 needs ../shared/data/real.warc.gz');
  if (full) files = cutReal(8);
  else {
    const sample = packagePath('manifests', 'sample');
    files = readdirSync(sample)
      .filter((name) => name.endsWith('.warc.gz'))
      .sort()
      .map((name) => {
        copyFileSync(join(sample, name), join(folder, 'crawl-data', name));
        return join(folder, 'crawl-data', name);
      });
  }
  const run = await refine(['run', manifest('one', listed(files)), '--out', join(folder, 'one'), '--workers', '1']);
  assert.equal(run.code, 0, run.stderr);
  expected = promisedBytes(join(folder, 'one'));
  assert.ok(Object.keys(expected).length >= 5, 'a run leaves text, tokens, features, samples and an index');
});

after(() => rmSync(folder, { recursive: true, force: true }));

for (const workers of ['2', '4']) {
  test(`${workers} workers write the bytes that one worker writes`, async () => {
    const out = join(folder, `workers-${workers}`);
    const run = await refine(['run', manifest('one', listed(files)), '--out', out, '--workers', workers]);
    assert.equal(run.code, 0, run.stderr);
    assert.deepEqual(promisedBytes(out), expected);
  });
}

test('inputs listed in reverse give the same bytes', async () => {
  const out = join(folder, 'reverse');
  const run = await refine(['run', manifest('reverse', listed([...files].reverse())), '--out', out, '--workers', '2']);
  assert.equal(run.code, 0, run.stderr);
  assert.deepEqual(promisedBytes(out), expected);
});

test(`${KILLS} SIGKILLs of workers and of the parent at random moments, each resumed with the same command, give the same bytes`, async () => {
  const out = join(folder, 'killed');
  const path = manifest('one', listed(files));
  let state = 20230601;
  const random = () => (state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff) / 0x7fffffff;
  let kills = 0;
  let finished = false;
  for (let round = 0; round < KILLS * 4 && kills < KILLS; round++) {
    const running = startRefine(['run', path, '--out', out, '--workers', '2']);
    let killed = false;
    const victimIsWorker = round % 2 === 0;
    const timer = setTimeout(
      () => {
        if (running.child.exitCode !== null) return;
        if (victimIsWorker) {
          const workers = childrenOf(running.child.pid!);
          const victim = workers[Math.floor(random() * workers.length)];
          if (victim === undefined) return;
          try {
            killed = process.kill(victim, 'SIGKILL');
          } catch {
            // it ended between the look and the kill: no kill, and none is counted
          }
        } else killed = running.child.kill('SIGKILL');
      },
      300 + random() * (full ? 8000 : 1800),
    );
    const result = await running.done;
    clearTimeout(timer);
    if (killed) kills++;
    if (result.code === 0) {
      finished = true;
      if (kills >= KILLS) break;
      assert.deepEqual(promisedBytes(out), expected); // finished under fire; begin again until enough kills were made
      rmSync(out, { recursive: true, force: true });
      finished = false;
    }
  }
  assert.ok(kills >= KILLS, `only ${kills} kills hit a living process`);
  if (!finished) {
    const last = await refine(['run', path, '--out', out, '--workers', '2']);
    assert.equal(last.code, 0, last.stderr);
  }
  assert.deepEqual(promisedBytes(out), expected);
  assert.deepEqual(partFiles(out), []);
});

test('a server that throttles and drops connections at random bytes gives the same bytes', async () => {
  const server = await startCrawlServer(
    files.map((file) => ({ path: `crawl-data/${basename(file)}`, bytes: readFileSync(file) })),
    { seed: 5, throttle: { every: 3, status: 503, retryAfter: '0' }, drop: { maxBytes: full ? 4_000_000 : 100_000, times: 8 } },
  );
  try {
    const urls = files.map((file) => `${server.base}/crawl-data/${basename(file)}`);
    const out = join(folder, 'throttled');
    const run = await refine(['run', manifest('throttled', `  warc: [${urls.join(', ')}]\n`), '--out', out, '--workers', '2']);
    assert.equal(run.code, 0, run.stderr);
    assert.deepEqual(promisedBytes(out), expected);
    assert.ok(
      server.log.some((answer) => answer.status === 503) && server.log.some((answer) => answer.status === 206),
      'the server refused some requests, and ranges went on where bodies were cut',
    );
  } finally {
    await server.close();
  }
});

function childrenOf(pid: number): number[] {
  try {
    return execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
      .split('\n')
      .map((line) => Number(line.trim()))
      .filter((child) => child > 0);
  } catch {
    return [];
  }
}
