// The engine end to end on test steps, against a slow reference that follows DESIGN with arrays and loops.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { documentAt } from '../../native/batch.js';
import { readRun } from '../../pipeline/run-folder.js';
import { runManifest } from '../../pipeline/runner.js';
import { ArrowFile, readArrow } from '../../pipeline/store.js';
import { ALL_STEPS, corpus, type Doc, finalBytes, leftovers, manifestOf, runOptions, writeCorpus } from '../support/runner-world.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-runner-'));
after(() => rmSync(folder, { recursive: true, force: true }));

async function rowsOf(path: string): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  for await (const batch of readArrow(path)) for (let row = 0; row < batch.rows; row++) rows.push(documentAt(batch, row));
  return rows;
}

interface Fate {
  readonly doc: Doc;
  readonly file: string;
  step: string | null;
  reason: string | null;
  keptId: string | null;
  size: number;
}

/** What ALL_STEPS should do: words (3), same-url, near-text (transitive), words-again (4). */
function reference(documents: ReadonlyMap<string, readonly Doc[]>): Fate[] {
  const fates: Fate[] = [...documents]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([file, docs]) => docs.map((doc) => ({ doc, file, step: null, reason: null, keptId: null, size: 1 })));
  const count = (text: string): number => text.split(' ').filter((word) => word !== '').length;
  const drop = (fate: Fate, step: string, reason: string, keptId: string | null = null): void => {
    Object.assign(fate, { step, reason, keptId });
  };
  const alive = (): Fate[] => fates.filter((fate) => fate.step === null);
  for (const fate of alive()) {
    if (count(fate.doc.text) < 3) drop(fate, 'words', 'min-words');
    else if (fate.doc.text.includes('spam')) drop(fate, 'words', 'spam');
  }
  const urls = new Map<string, Fate>();
  for (const fate of alive()) {
    const first = urls.get(fate.doc.url);
    if (first === undefined) urls.set(fate.doc.url, fate);
    else drop(fate, 'same-url', 'duplicate', first.doc.id);
  }
  const pool = alive();
  const cluster = pool.map((_, i) => i);
  const keys = pool.map(({ doc }) => {
    const words = doc.text.split(' ');
    return words.length < 4 ? [] : [words.slice(0, 2).join(' '), words.slice(-2).join(' ')];
  });
  for (let changed = true; changed; ) {
    changed = false;
    for (let i = 0; i < pool.length; i++) {
      for (let j = i + 1; j < pool.length; j++) {
        if (cluster[i] === cluster[j] || keys[i]!.length === 0 || keys[j]!.length === 0) continue;
        if (keys[i]![0] !== keys[j]![0] && keys[i]![1] !== keys[j]![1]) continue;
        const [low, high] = [Math.min(cluster[i]!, cluster[j]!), Math.max(cluster[i]!, cluster[j]!)];
        for (let k = 0; k < pool.length; k++) if (cluster[k] === high) cluster[k] = low;
        changed = true;
      }
    }
  }
  pool.forEach((fate, i) => {
    fate.size = cluster.filter((id) => id === cluster[i]).length;
    if (cluster[i] !== i) drop(fate, 'near-text', 'duplicate', pool[cluster[i]!]!.doc.id);
  });
  for (const fate of alive()) if (count(fate.doc.text) < 4) drop(fate, 'words-again', 'min-words');
  return fates;
}

test('every document meets the fate that the reference gives it, with its reason, its survivor and its tokens', async () => {
  const documents = corpus(5, 120);
  const paths = writeCorpus(join(folder, 'in'), documents);
  const out = join(folder, 'reference');
  const summary = await runManifest(manifestOf(join(folder, 'in'), paths, ALL_STEPS), runOptions(out));
  const fates = reference(documents);
  const names = [...documents.keys()].sort();
  assert.ok(fates.some((fate) => fate.step === 'near-text') && fates.some((fate) => fate.step === 'same-url'), 'the corpus has duplicates of both kinds');

  for (const [number, name] of names.entries()) {
    const shard = `${String(number).padStart(6, '0')}.arrow`;
    const here = fates.filter((fate) => fate.file === name);
    const features = await rowsOf(join(out, 'features', shard));
    assert.deepEqual(
      features.map(({ id, step, reason, kept_id }) => ({ id, step, reason, kept_id })),
      here.map(({ doc, step, reason, keptId }) => ({ id: doc.id, step, reason, kept_id: keptId })),
    );
    const reached = (fate: Fate): boolean => fate.step === null || fate.step === 'words-again';
    assert.deepEqual(
      features.map((row) => [row.word_count, row['word_count.2']]),
      here.map((fate) => {
        const count = fate.doc.text.split(' ').filter((word) => word !== '').length;
        return [count, reached(fate) ? count : null];
      }),
    );
    const kept = here.filter((fate) => fate.step === null);
    const text = await rowsOf(join(out, 'text', shard));
    assert.deepEqual(
      text.map((row) => [row.id, row.text, row.cluster_size]),
      kept.map((fate) => [fate.doc.id, fate.doc.text, fate.size]),
    );
    assert.ok(!('html' in (text[0] ?? {})) && !('_row' in (text[0] ?? {})) && !('tokens' in (text[0] ?? {})));
    const tokens = await rowsOf(join(out, 'tokens', shard));
    assert.deepEqual(
      tokens.map((row) => [row.id, row.tokens, row.token_count]),
      kept.map(({ doc }) => [doc.id, [...Buffer.from(doc.text), 256], Buffer.byteLength(doc.text) + 1]),
    );
  }
  const state = await readRun(out);
  assert.equal(state.finished, true);
  for (const step of summary.steps) assert.equal(step.in, step.out + Object.values(step.drops).reduce((a, b) => a + b, 0), step.step);
  for (const [i, step] of summary.steps.slice(1).entries()) assert.equal(step.in, summary.steps[i]!.out);
  assert.equal(summary.steps[0]!.in, fates.length);
  assert.equal(summary.documents.out, fates.filter((fate) => fate.step === null).length);

  const index = await rowsOf(join(out, 'index.arrow'));
  assert.deepEqual(
    index.map((row) => [row.path, row.rows, row.tokens, row.bytes, row.sha256]),
    state.tokens.map((shard) => [shard.path, BigInt(shard.rows), BigInt(shard.tokens!), BigInt(shard.bytes), shard.sha256]),
  );
  const file = await ArrowFile.open(join(out, 'index.arrow'));
  assert.equal(JSON.parse(file.metadata['refine.contract']!).vocab_size, 257);
  assert.equal(file.metadata['refine.seed'], '7');
  await file.close();
  const samples = await rowsOf(join(out, 'samples', 'words.arrow'));
  assert.equal(samples.length, 10);
  for (const sample of samples) assert.equal(fates.find((fate) => fate.doc.id === sample.id)!.reason, sample.reason);
  for (const sample of await rowsOf(join(out, 'samples', 'near-text.arrow')))
    assert.equal(fates.find((fate) => fate.doc.id === sample.id)!.keptId, sample.kept_id);
  assert.deepEqual(leftovers(out), []);
});

test('bytes are the same for 1, 2 and 4 workers, any partition count, inputs listed in reverse and another folder', async () => {
  const documents = corpus(5, 60, 3);
  const paths = writeCorpus(join(folder, 'in2'), documents);
  writeCorpus(join(folder, 'elsewhere'), documents);
  const expected = await bytesOf('w1', join(folder, 'in2'), paths, { workers: 1, partitions: 1 });
  assert.ok(Object.keys(expected).length > 15);
  assert.deepEqual(await bytesOf('w2', join(folder, 'in2'), paths, { workers: 2, partitions: 7 }), expected);
  assert.deepEqual(await bytesOf('w4', join(folder, 'elsewhere'), [...paths].reverse(), { workers: 4, partitions: 64 }), expected);
});

async function bytesOf(name: string, input: string, paths: readonly string[], options: object): Promise<Record<string, string>> {
  await runManifest(manifestOf(input, paths, ALL_STEPS), runOptions(join(folder, name), options));
  return finalBytes(join(folder, name));
}

test('a manifest without barriers, without tokens or without documents gives whole shards too', async () => {
  const documents = new Map([
    ['a.jsonl', [{ id: 'a', url: '', text: 'one two three four' }]],
    ['b.jsonl', []],
    ['c.jsonl', [{ id: 'c', url: '', text: 'short' }]],
  ]);
  const paths = writeCorpus(join(folder, 'in3'), documents);
  for (const [name, steps] of [
    ['plain', ['words']],
    ['ends', ['words', 'near-text']],
    ['starts', ['same-url', 'words', 'bytes']],
  ] as const) {
    const out = join(folder, name);
    const summary = await runManifest(manifestOf(join(folder, 'in3'), paths, steps), runOptions(out));
    assert.deepEqual(summary.documents, { in: 2, out: 1 });
    const columns = [];
    for (const shard of ['000000', '000001', '000002']) {
      const file = await ArrowFile.open(join(out, 'text', `${shard}.arrow`));
      columns.push(file.columns.filter((column) => column === 'word_count' || column === 'cluster').join());
      await file.close();
      assert.equal((await rowsOf(join(out, 'features', `${shard}.arrow`))).length, documents.get(paths[Number(shard)]!)!.length);
    }
    assert.deepEqual(columns, new Array(3).fill(name === 'ends' ? 'word_count,cluster' : 'word_count'), name);
  }
});

test('token shards split above the cap, text shards do not', async () => {
  const documents = new Map([['a.jsonl', Array.from({ length: 20 }, (_, i) => ({ id: `d${i}`, url: '', text: `one two three ${'x'.repeat(i)}` }))]]);
  const paths = writeCorpus(join(folder, 'in4'), documents);
  const out = join(folder, 'split');
  const summary = await runManifest(manifestOf(join(folder, 'in4'), paths, ['words', 'bytes'], { tokens: { perShard: 60 } }), runOptions(out));
  const state = await readRun(out);
  assert.equal(state.text.length, 1);
  assert.deepEqual(
    state.tokens.slice(0, 3).map((shard) => shard.path),
    ['tokens/000000.arrow', 'tokens/000000-1.arrow', 'tokens/000000-2.arrow'],
  );
  assert.ok(state.tokens.every((shard) => shard.tokens! <= 60 || shard.rows === 1));
  const ids = [];
  for (const shard of state.tokens) ids.push(...(await rowsOf(join(out, shard.path))).map((row) => row.id));
  assert.deepEqual(
    ids,
    documents.get('a.jsonl')!.map((doc) => doc.id),
  );
  assert.equal(
    summary.tokens,
    documents.get('a.jsonl')!.reduce((sum, doc) => sum + doc.text.length + 1, 0),
  );
});
