// The embedded crawl, run once: what the library, stats, inspect and try say about it must agree with one another.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { packagePath } from '../../native/package-root.js';
import { documents, openLoader, openRun, type RunState } from '../../pipeline/library.js';
import { collectStats } from '../../pipeline/stats.js';
import { readArrow } from '../../pipeline/store.js';
import { column, stringAt, valueAt } from '../../native/batch.js';
import { refine } from '../support/cli.js';

let folder: string;
let run: RunState;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'refine-sample-'));
  const result = await refine(['run', 'manifests/sample.yaml', '--out', join(folder, 'run'), '--workers', '1']);
  assert.equal(result.code, 0, result.stderr);
  run = await openRun(join(folder, 'run'));
});
after(() => rm(folder, { recursive: true, force: true }));

/** `warc path:offset` to `step/reason` or kept, from features/. */
async function fates(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const shard of run.features) {
    for await (const batch of readArrow(join(run.folder, shard.path), ['id', 'step', 'reason'])) {
      for (let row = 0; row < batch.rows; row++) {
        const [step, reason] = [valueAt(batch.columns.step!, row), valueAt(batch.columns.reason!, row)];
        found.set(stringAt(column(batch, 'id', 'utf8'), row)!, step === null ? 'kept' : `${step}/${reason}`);
      }
    }
  }
  return found;
}

/** What dedupe-minhash dropped, and for what. */
async function nearDuplicates(): Promise<{ id: string; keptId: string }[]> {
  const found: { id: string; keptId: string }[] = [];
  for (const shard of run.features) {
    for await (const batch of readArrow(join(run.folder, shard.path), ['id', 'kept_id', 'step'])) {
      for (let row = 0; row < batch.rows; row++) {
        const keptId = stringAt(column(batch, 'kept_id', 'utf8'), row);
        if (keptId !== null && valueAt(batch.columns.step!, row) === 'dedupe-minhash') found.push({ id: stringAt(column(batch, 'id', 'utf8'), row)!, keptId });
      }
    }
  }
  return found;
}

test('try over the same files drops the same documents for the same reasons as the run, and makes the same tokens', async () => {
  const names = run.lock.steps.map((step) => step.step).join(',');
  const options = JSON.stringify({ url: { lists: ['sample/blocked-hosts.txt'] }, langid: { keep: ['en'], 'min-prob': 0.65 } });
  const files = run.lock.inputs.map((input) => input.path);
  const result = await refine(['try', names, '--with', options, ...files], { cwd: packagePath('manifests') });
  assert.equal(result.code, 0, result.stderr);
  const lines = result.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; reason: string | null; token_count?: number });
  const expected = await fates();
  assert.equal(lines.length, expected.size);
  assert.deepEqual(new Map(lines.map(({ id, reason }) => [id, reason ?? 'kept'])), expected);
  const tokens = lines.filter((line) => line.reason === null).reduce((sum, line) => sum + line.token_count!, 0);
  assert.equal(tokens, (await collectStats(run.folder)).tokens);
});

test('stats counts what features/ and text/ hold', async () => {
  const stats = await collectStats(run.folder);
  const all = await fates();
  assert.equal(all.size, stats.documents.in);
  for (const step of stats.steps!)
    for (const [reason, count] of Object.entries(step.drops)) assert.equal([...all.values()].filter((fate) => fate === reason).length, count, reason);
  let kept = 0;
  const needs = { bytes: 0, tokens: 0 };
  for await (const document of documents(run, ['id', 'text', 'lang', 'token_count'])) {
    kept++;
    needs.bytes += Buffer.byteLength(document.text as string);
    needs.tokens += document.token_count as number;
    assert.equal(all.get(document.id as string), 'kept');
    assert.ok((document.text as string).length > 0);
    assert.equal(document.lang, 'en');
  }
  assert.equal(kept, stats.documents.out);
  assert.deepEqual(stats.fertility, { en: { ...needs, bytes_per_token: Math.round((1e4 * needs.bytes) / needs.tokens) / 1e4 } });
  const sizes = new Map<string, number>();
  for (const { keptId } of await nearDuplicates()) sizes.set(keptId, (sizes.get(keptId) ?? 1) + 1);
  assert.ok(sizes.size > 0);
  assert.deepEqual([stats.duplicates!.clusters, stats.duplicates!.largest], [sizes.size, Math.max(...sizes.values())]);
});

test('inspect --cluster starts at the survivor from any of its duplicates and names them all', async () => {
  const all = await nearDuplicates();
  const duplicate = all[0]!;
  const size = 1 + all.filter((one) => one.keptId === duplicate.keptId).length;
  const result = await refine(['inspect', run.folder, '--cluster', duplicate.id]);
  assert.equal(result.code, 0, result.stderr);
  const lines = result.stdout.trim().split('\n');
  assert.ok(lines[0]!.startsWith(`${duplicate.keptId}  kept`));
  const own = lines.find((line) => line.startsWith(`${duplicate.id}  dropped: dedupe-minhash/near-duplicate, kept ${duplicate.keptId}, Jaccard `));
  const alike = Number(/Jaccard ([01]\.\d{4})/.exec(own ?? '')?.[1]);
  assert.ok(alike >= 0.8 && alike <= 1, own);
  assert.match(result.stderr, /"keep: longest" ranks first; others go whose shingles have a Jaccard similarity of at least 0\.8/);
  assert.ok(lines.length >= size);
  const largest = await refine(['inspect', run.folder, '--cluster', 'largest']);
  assert.match(largest.stdout, new RegExp(`^${duplicate.keptId} +stands for [1-9]\\d* dropped, [1-9]\\d* of them of `, 'm'));
  for await (const one of documents(await openRun(run.folder))) {
    if (one.id !== duplicate.keptId) continue;
    assert.equal((await refine(['inspect', run.folder, '--cluster', String(one.cluster)])).stdout, result.stdout);
    return;
  }
  assert.fail('the kept document is not there');
});

test('the library opens the loader over the run', async () => {
  const loader = await openLoader(run.folder, { seqLen: 64, batchSize: 4 });
  try {
    let rows = 0;
    for await (const batch of loader.batches()) rows += batch.rows;
    assert.equal(rows, loader.samples);
  } finally {
    loader.close();
  }
});

test('the package exports the library under its own name', async () => {
  const library = (await import('refine')) as Record<string, unknown>;
  for (const name of ['openRun', 'openLoader', 'documents', 'RefineError', 'documentAt', 'loadManifest', 'size'])
    assert.equal(typeof library[name], 'function', name);
});
