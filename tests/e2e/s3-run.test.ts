// A run folder on S3 (npm s3rver behind the fault proxy): the same final bytes as a local run, whatever the store does, whoever is
// killed, and with the work folder gone.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { RefineError } from '../../native/errors.js';
import { runManifest, type RunOptions } from '../../pipeline/runner.js';
import { S3Store } from '../../pipeline/storage/s3-store.js';
import { ALL_STEPS, corpus, finalBytes, manifestOf, runOptions, type StepText, writeCorpus } from '../support/runner-world.js';
import { type S3World, startS3 } from '../support/s3-world.js';

const limits = { baseDelayMs: 1, maxDelayMs: 8, bodyTimeoutMs: 400, headersTimeoutMs: 4000, idleTries: 40 };
const lease = { beatMs: 100, patienceMs: 700, settleMs: 50 };
const folder = mkdtempSync(join(tmpdir(), 'refine-s3-run-'));
const input = join(folder, 'in');
const parent = fileURLToPath(new URL('../support/runner-parent.js', import.meta.url));
let paths: string[] = [];
const expected = new Map<string, Record<string, string>>();
let world: S3World;

const ONE_SEGMENT: readonly StepText[] = ['words', 'bytes'];
const FULL = process.env.REFINE_FULL === '1';
const recipes = { all: ALL_STEPS, maps: ONE_SEGMENT };

before(async () => {
  world = await startS3();
  paths = writeCorpus(input, corpus(4, 30, 11));
  for (const [name, steps] of Object.entries(recipes)) {
    await runManifest(manifestOf(input, paths, steps), runOptions(join(folder, name)));
    expected.set(name, finalBytes(join(folder, name)));
  }
});
after(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

const options = (out: string, work: string, more: Partial<RunOptions> = {}): RunOptions =>
  runOptions(out, { work: join(folder, work), storage: { limits, lease, partBytes: 5 << 20 }, ...more });

/** sha256 of every final object below a prefix. */
async function storedBytes(address: string): Promise<Record<string, string>> {
  const store = await S3Store.at(address);
  const files: Record<string, string> = {};
  for await (const { key } of store.list('')) {
    if (!/^(?:text|tokens|features|samples)\/|^index\.arrow$/.test(key)) continue;
    const hash = createHash('sha256');
    for await (const part of store.get(key)) hash.update(part);
    files[key] = hash.digest('hex');
  }
  return files;
}

test('a run to S3 leaves the final bytes of a local run there, its ledger and its lock', async () => {
  const summary = await runManifest(manifestOf(input, paths, ALL_STEPS), options('s3://bucket/plain', 'plain-work'));
  assert.equal(summary.folder, 's3://bucket/plain');
  assert.deepEqual(await storedBytes('s3://bucket/plain'), expected.get('all'));
  const store = await S3Store.at('s3://bucket/plain');
  assert.notEqual(await store.head('manifest.lock.json'), null);
  assert.notEqual(await store.head('ledger/plan.json'), null);
  const again = await runManifest(manifestOf(input, paths, ALL_STEPS), options('s3://bucket/plain', 'plain-work'));
  assert.equal(again.tasks.ran, 0);
});

test('with the store refusing, resetting, stalling and cutting by a seed the bytes are the same', async () => {
  for (const seed of FULL ? [1, 2, 3, 4, 5, 6] : [1]) {
    world.faults = { seed, slowDown: 0.05, internal: 0.03, reset: 0.03, lostAnswer: 0.05, cutBody: 0.05, shortBody: 0.03, stall: 0.02, staleBy: 6 };
    const out = `s3://bucket/faults-${seed}`;
    await runManifest(manifestOf(input, paths, ALL_STEPS), options(out, `faults-${seed}`));
    world.faults = {};
    assert.deepEqual(await storedBytes(out), expected.get('all'));
  }
  assert.ok(world.log.filter(({ fault }) => fault !== '').length > 20);
});

test('a machine that lost its work folder goes on from S3 alone, and does only what is missing', async () => {
  const out = 's3://bucket/lost';
  await runManifest(manifestOf(input, paths, ONE_SEGMENT), options(out, 'lost-1'));
  const store = await S3Store.at(out);
  // As if killed before the last map and the finalize task were done.
  const entries: { key: string; kind: string; label: string }[] = [];
  for await (const { key } of store.list('ledger/')) {
    if (!/[0-9a-f]{64}\.json$/.test(key)) continue;
    const parts: Uint8Array[] = [];
    for await (const part of store.get(key)) parts.push(part);
    entries.push({ key, ...(JSON.parse(Buffer.concat(parts).toString()) as { kind: string; label: string }) });
  }
  for (const { key } of entries.filter(({ kind, label }) => kind === 'finalize' || label.includes('in-02'))) await store.delete(key);
  await store.delete('text/000002.arrow');
  await store.delete('index.arrow');
  const from = world.log.length;
  const summary = await runManifest(manifestOf(input, paths, ONE_SEGMENT), options(out, 'lost-2'));
  assert.equal(summary.tasks.ran, 2);
  const fetched = world.log.slice(from).filter(({ method, path }) => method === 'GET' && /\/(?:text|features)\/\d/.test(path));
  assert.deepEqual(fetched, [], 'final files are not fetched');
  assert.deepEqual(await storedBytes(out), expected.get('maps'));
  const nothing = await runManifest(manifestOf(input, paths, ONE_SEGMENT), options(out, 'lost-3'));
  assert.equal(nothing.tasks.ran, 0);
});

test('a final object that was removed from the store is made again', async () => {
  const out = 's3://bucket/removed';
  await runManifest(manifestOf(input, paths, ONE_SEGMENT), options(out, 'removed'));
  const store = await S3Store.at(out);
  await store.delete('text/000001.arrow');
  const summary = await runManifest(manifestOf(input, paths, ONE_SEGMENT), options(out, 'removed'));
  assert.ok(summary.tasks.ran > 0);
  assert.deepEqual(await storedBytes(out), expected.get('maps'));
});

/** The parent in a process of its own. */
function run(out: string, work: string, killAfterMs?: number): Promise<{ code: number | null; text: string }> {
  const job = { folder: input, paths, steps: ALL_STEPS, out, options: { work: join(folder, work), storage: { limits, lease } } };
  const child = spawn(process.execPath, [parent, JSON.stringify(job)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  child.stderr.on('data', (chunk) => (text += chunk));
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  return new Promise((resolve) =>
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, text });
    }),
  );
}

test('a parent that is killed at any moment is gone on from, with its work folder and without', async () => {
  const out = 's3://bucket/killed';
  world.faults = { seed: 5, slowDown: 0.05, lostAnswer: 0.05 };
  for (const [i, ms] of (FULL ? [700, 900, 1200, 1500, 1800, 2100, 2500] : [900, 1500]).entries()) await run(out, i === 1 ? 'killed-other' : 'killed', ms);
  const last = await run(out, 'killed-third');
  world.faults = {};
  assert.equal(last.code, 0, last.text);
  assert.deepEqual(await storedBytes(out), expected.get('all'));
});

test('of two parents on two machines one runs, the other is told who does', async () => {
  const out = 's3://bucket/two';
  const results = await Promise.allSettled([
    runManifest(manifestOf(input, paths, ONE_SEGMENT), options(out, 'two-a')),
    runManifest(manifestOf(input, paths, ONE_SEGMENT), options(out, 'two-b')),
  ]);
  const refused = results.filter((one) => one.status === 'rejected') as PromiseRejectedResult[];
  assert.equal(refused.length, 1);
  assert.ok(refused[0]!.reason instanceof RefineError && refused[0]!.reason.code === 'ERR_REFINE_RUN_LOCKED');
  assert.deepEqual(await storedBytes(out), expected.get('maps'));
});

test('a store without If-None-Match gives the same bytes', async () => {
  world.enforce = false;
  try {
    const out = 's3://bucket/unconditional';
    await runManifest(manifestOf(input, paths, ONE_SEGMENT), options(out, 'unconditional'));
    assert.deepEqual(await storedBytes(out), expected.get('maps'));
  } finally {
    world.enforce = true;
  }
});

test('no secret stands in the run, here or there', () => {
  for (const name of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!name.isFile() || !/work|faults|killed/.test(name.parentPath)) continue;
    assert.ok(!readFileSync(join(name.parentPath, name.name)).includes('S3RVER'), name.name);
  }
});

test('a work folder belongs to one run, and is no run folder of its own', async () => {
  await assert.rejects(
    runManifest(manifestOf(input, paths, ALL_STEPS), options('s3://bucket/other', 'plain-work')),
    /is the work folder of s3:\/\/bucket\/plain/,
  );
  await assert.rejects(runManifest(manifestOf(input, paths, ALL_STEPS), runOptions(join(folder, 'plain-work'))), /is the work folder of s3:\/\/bucket\/plain/);
  await assert.rejects(runManifest(manifestOf(input, paths, ALL_STEPS), options('s3://bucket/other', 'all')), /holds a run of its own/);
});
