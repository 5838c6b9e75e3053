// Oracle: tests/support/slow-survivors.ts, every pair by Sets; equal in every field.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { native } from '../../native/index.js';
import type { Verify } from '../../native/survivors.js';
import { randomFrom } from '../support/random.js';
import { jaccard, type SlowDocument, type SlowVerdict, slowSurvivors } from '../support/slow-survivors.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-survivors-'));
after(() => rmSync(folder, { recursive: true }));

interface Setting {
  readonly verify: Verify;
  readonly minJaccard: number;
  readonly memoryBytes?: number;
  readonly few?: number;
}

async function found(documents: readonly SlowDocument[], { verify, minJaccard, memoryBytes = 1 << 26, few }: Setting) {
  const offsets = Int32Array.from({ length: documents.length + 1 }, (_, i) => documents.slice(0, i).reduce((sum, one) => sum + one.shingles.length, 0));
  const result = await native.clusterSurvivors(
    BigUint64Array.from(documents, ({ row }) => row),
    BigUint64Array.from(documents, ({ host }) => host),
    { kind: 'list', values: BigUint64Array.from(documents.flatMap(({ shingles }) => [...shingles])), offsets },
    { verify, minJaccard, memoryBytes, folder, ...(few === undefined ? {} : { few }) },
  );
  const verdicts: SlowVerdict[] = Array.from(result.rows, (row, i) => ({
    row,
    kept: result.kept[i]!,
    cluster: result.clusters[i]!,
    size: result.clusterSize[i]!,
    similarity: result.similarity[i]!,
    dropped: result.dropped[i] === 1,
  }));
  return { verdicts: verdicts.sort((a, b) => (a.row < b.row ? -1 : 1)), passes: result.passes, candidates: result.candidates };
}

const distinct = (shingles: Iterable<bigint>): bigint[] => [...new Set(shingles)].sort((a, b) => (a < b ? -1 : 1));

/** Families of sets, each made from one of its earlier members by changing a share of it; some of an index of earlier runs. */
function randomCluster(seed: number, count: number): SlowDocument[] {
  const random = randomFrom(seed);
  const token = () => (BigInt(random(2 ** 31)) << 33n) | (BigInt(random(2 ** 31)) << 2n) | BigInt(random(4));
  const pool = Array.from({ length: 60 }, token);
  const outside = random(3) === 0 ? random(4) : 0;
  const documents: SlowDocument[] = [];
  for (let i = 0; i < count; i++) {
    const from = documents.length === 0 || random(4) === 0 ? undefined : documents[random(documents.length)]!;
    const shingles = from === undefined ? Array.from({ length: 1 + random(80) }, () => (random(3) > 0 ? pool[random(60)]! : token())) : [...from.shingles];
    const changes = from === undefined ? 0 : random(1 + Math.ceil(shingles.length / 4));
    for (let c = 0; c < changes; c++) {
      if (random(2) === 0 && shingles.length > 1) shingles.splice(random(shingles.length), 1);
      else shingles.push(random(2) === 0 ? token() : pool[random(60)]!);
    }
    if (random(50) === 0) shingles.push(0n, 2n ** 64n - 1n);
    documents.push({ row: (i < outside ? 1n << 63n : 0n) | (BigInt(random(3)) << 32n) | BigInt(i), host: BigInt(random(3)), shingles: distinct(shingles) });
  }
  return documents;
}

for (const verify of ['survivor', 'pair', 'none'] as const) {
  test(`verify: ${verify} gives the verdicts of the reference on random clusters, with and without the index, in one pass and in many`, async () => {
    let dropped = 0;
    let most = 0;
    for (let seed = 1; seed <= 120; seed++) {
      const documents = randomCluster(seed, 1 + ((seed * 7) % 90));
      const minJaccard = [0.8, 0.5, 0.3, 0.9, 1, 0.05, 2 / 3][seed % 7]!;
      const expected = slowSurvivors(documents, verify, minJaccard);
      dropped += expected.filter((one) => one.dropped).length;
      for (const few of [0, 1000]) {
        for (const memoryBytes of [1 << 26, 20_000]) {
          const { verdicts, passes } = await found(documents, { verify, minJaccard, memoryBytes, few });
          most = Math.max(most, passes);
          assert.deepEqual(verdicts, expected, `seed ${seed}, min ${minJaccard}, few ${few}, ${memoryBytes} bytes`);
        }
      }
    }
    assert.ok(dropped > 500, `${dropped} dropped: too few to tell`);
    assert.ok(verify === 'none' || most > 3, `at most ${most} passes`);
    assert.deepEqual(readdirSync(folder), [], 'what memory did not hold is gone from the folder');
  });
}

test('a pair at exactly the threshold is joined, for thresholds and sizes where that is a whole number', async () => {
  for (const [minJaccard, whole] of [
    [0.8, 5],
    [0.3, 10],
    [0.7, 10],
    [0.9, 10],
    [0.55, 20],
    [0.99, 100],
  ] as const) {
    for (let times = 1; times <= 40; times++) {
      const union = whole * times;
      const both = Math.round(minJaccard * union);
      const all = Array.from({ length: union }, (_, i) => BigInt(i) * 977n + 3n);
      const documents = [
        { row: 0n, host: 0n, shingles: all },
        { row: 1n, host: 0n, shingles: all.slice(0, both) }, // at it
        { row: 2n, host: 0n, shingles: all.slice(0, both - 1) }, // below it, though near the second
      ];
      const { verdicts } = await found(documents, { verify: 'survivor', minJaccard, few: 0 });
      assert.deepEqual(verdicts, slowSurvivors(documents, 'survivor', minJaccard));
      assert.deepEqual(
        verdicts.map(({ row }) => row),
        [0n, 1n],
        `${both} of ${union} at ${minJaccard}`,
      );
    }
  }
});

test('a chain of documents that each resemble only the next: pair takes it for one cluster, survivor keeps every one that resembles none kept', async () => {
  const token = (i: number) => BigInt(i) * 7919n;
  const documents = Array.from({ length: 200 }, (_, i) => ({
    row: BigInt(i),
    host: 1n,
    shingles: distinct(Array.from({ length: 100 }, (_, k) => token(i * 6 + k))),
  }));
  assert.ok(jaccard(documents[0]!.shingles, documents[1]!.shingles) >= 0.8);
  assert.ok(jaccard(documents[0]!.shingles, documents[2]!.shingles) < 0.8);
  const pair = await found(documents, { verify: 'pair', minJaccard: 0.8 });
  assert.equal(pair.verdicts.filter(({ dropped }) => dropped).length, 199);
  const survivor = await found(documents, { verify: 'survivor', minJaccard: 0.8 });
  assert.equal(survivor.verdicts.filter(({ dropped }) => dropped).length, 100);
  for (const one of survivor.verdicts.filter(({ dropped }) => dropped)) {
    assert.ok(jaccard(documents[Number(one.row)]!.shingles, documents[Number(one.kept)]!.shingles) >= 0.8);
  }
});

test('pages of one template cost comparisons in proportion to the pages, wherever the bodies put them below the threshold', async () => {
  const random = randomFrom(7);
  const token = () => (BigInt(random(2 ** 31)) << 33n) | (BigInt(random(2 ** 31)) << 2n);
  const template = Array.from({ length: 160 }, token);
  for (const body of [25, 30, 60, 200]) {
    for (const verify of ['survivor', 'pair'] as const) {
      const documents = Array.from({ length: 1500 }, (_, i) => ({
        row: BigInt(i),
        host: 1n,
        shingles: distinct([...template, ...Array.from({ length: body }, token)]),
      }));
      const { verdicts, candidates } = await found(documents, { verify, minJaccard: 0.8 });
      assert.deepEqual(verdicts, [], 'none is lost');
      assert.ok(candidates <= documents.length, `${candidates} candidates of ${documents.length} pages with bodies of ${body}`);
    }
  }
});

test('a mass of near copies costs candidates in proportion to the pages', async () => {
  const random = randomFrom(8);
  const token = () => (BigInt(random(2 ** 31)) << 33n) | (BigInt(random(2 ** 31)) << 2n);
  const page = Array.from({ length: 200 }, token);
  const documents = Array.from({ length: 1500 }, (_, i) => ({ row: BigInt(i), host: 1n, shingles: distinct([...page.slice(i % 3), token(), token()]) }));
  for (const verify of ['survivor', 'pair'] as const) {
    const { verdicts, candidates } = await found(documents, { verify, minJaccard: 0.8 });
    assert.equal(verdicts.filter(({ dropped }) => dropped).length, 1499);
    assert.ok(candidates <= 20 * documents.length, `${verify}: ${candidates} candidates`);
  }
});
