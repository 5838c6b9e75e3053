// `refine index build --signatures`: a run against datatrove's stage-1 folder of an earlier corpus, as written by
// `refine export --format minhash-sig` (held against datatrove itself in tests/peers). Oracle: the same corpus, indexed from its run.
import assert from 'node:assert/strict';
import { cpSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { column, stringAt, valueAt } from '../../native/index.js';
import { openRun } from '../../pipeline/library.js';
import { readArrow } from '../../pipeline/store.js';
import { refine } from '../support/cli.js';
import { IndexRuns } from '../support/index-runs.js';
import { CRAWLS } from '../support/three-crawls.js';

const [A, B] = CRAWLS;
const runs = new IndexRuns(3, 16);
const near = (options: string): string[] => [`dedupe-minhash: { preset: datatrove, keep: first${options} }`];

before(async () => {
  await runs.done('a', [A], near(''));
  const { code, stderr } = await refine(['export', runs.in('a'), '--format', 'minhash-sig', '-o', runs.in('sig')]);
  assert.equal(code, 0, stderr);
});

async function fates(name: string): Promise<string[]> {
  const found: string[] = [];
  for (const shard of (await openRun(runs.in(name))).features)
    for await (const batch of readArrow(join(runs.in(name), shard.path))) {
      const [ids, kept] = [column(batch, 'id', 'utf8'), column(batch, 'kept_id', 'utf8')];
      for (let row = 0; row < batch.rows; row++)
        if (valueAt(batch.columns.reason!, row) === 'in-index') found.push(`${stringAt(ids, row)} ${stringAt(kept, row)}`);
    }
  return found.sort();
}

test('a run against signatures drops what a run against the index of their documents drops, and names rank and index', async () => {
  assert.match(
    await runs.index('build', '--signatures', 'sig', '-o', 'from-sig'),
    /^from-sig: sig, \d+ documents, [\d,]+ bytes a document \(bands \d+, ids \d+\)\n$/,
  );
  await runs.index('build', 'a', '-o', 'from-run', '--keep', 'minhash');
  assert.match(await runs.index('verify', 'from-sig'), /as its catalogue says\n$/);
  const kept = await runs.done('b', [B], near(', against: from-sig'));
  assert.deepEqual(kept, await runs.done('b-run', [B], near(', against: from-run')));
  const bySignatures = await fates('b');
  assert.ok(bySignatures.length > 5, String(bySignatures.length));

  // Rank and index are those of the kept documents of run a, shard by shard.
  const shards: string[][] = [];
  for (const shard of (await openRun(runs.in('a'))).text) {
    const ids: string[] = [];
    for await (const batch of readArrow(join(runs.in('a'), shard.path)))
      for (let row = 0; row < batch.rows; row++) ids.push(stringAt(column(batch, 'id', 'utf8'), row)!);
    shards.push(ids);
  }
  assert.equal(shards.length, 3);
  const named = bySignatures.map((line) => line.replace(/index:sig:(\d+):(\d+)$/, (_, rank, index) => `index:a:${shards[Number(rank)]![Number(index)]}`));
  assert.deepEqual(named, await fates('b-run'));
});

test('signatures are added to an index once, in any order with runs, and never to one that holds shingle sets', async () => {
  assert.equal(await runs.index('add', 'from-sig', '--signatures', 'sig', '--name', 'again'), 'from-sig: again is in it already\n');
  await runs.index('build', 'a', '-o', 'runs-first', '--keep', 'minhash', '--name', 'run-a');
  await runs.index('add', 'runs-first', '--signatures', 'sig');
  await runs.index('build', '--signatures', 'sig', '-o', 'sig-first');
  await runs.index('add', 'sig-first', 'a', '--name', 'run-a');
  assert.ok(readFileSync(runs.in('runs-first/index.json')).equals(readFileSync(runs.in('sig-first/index.json'))));
  await runs.index('build', 'a', '-o', 'whole');
  const { code, stderr } = await refine(['index', 'add', 'whole', '--signatures', 'sig'], { cwd: runs.folder });
  assert.equal(code, 1);
  assert.match(stderr, /ERR_REFINE_INDEX \S*whole {2}holds shingles of each document, which signatures do not give/);
});

test('a step that verifies, or has another geometry, is refused by name', async () => {
  await runs.refused('v', [B], near(', against: from-sig, verify: survivor'), /dedupe-minhash\.against: from-sig holds no shingle sets/);
  await runs.refused('g', [B], ['dedupe-minhash: { against: from-sig, verify: none }'], /was made with normalise datatrove, this step has default/);
});

const flaws: readonly (readonly [string, (folder: string) => void, RegExp])[] = [
  ['no folder', (folder) => rmSync(folder, { recursive: true }), /ERR_REFINE_INPUT .*cannot be listed/],
  ['a missing bucket', (folder) => rmSync(join(folder, 'bucket_007'), { recursive: true }), /holds 13 buckets, the step has 14 bands/],
  ['a bucket by another name', (folder) => renameSync(join(folder, 'bucket_007'), join(folder, 'bucket_099')), /bucket_007 {2}is not there/],
  ['a missing rank', (folder) => rmSync(join(folder, 'bucket_003/00001.minhash.sig')), /bucket_003 {2}lacks rank 00001, unlike bucket_000/],
  ['a cut record', (folder) => truncateSync(join(folder, 'bucket_000/00000.minhash.sig'), 67), /has 67 bytes, no multiple of 68/],
  [
    'an empty bucket beside full ones',
    (folder) => truncateSync(join(folder, 'bucket_004/00002.minhash.sig'), 0),
    /names documents up to 0, bucket_000 up to \d+/,
  ],
  ['records that fall', (folder) => turn(join(folder, 'bucket_001/00001.minhash.sig')), /record \d+ is less than the one before it/],
];

for (const [flaw, make, message] of flaws)
  test(`${flaw} is named with the place, and leaves no index entry`, async () => {
    const folder = runs.in('flawed');
    rmSync(folder, { recursive: true, force: true });
    rmSync(runs.in('never'), { recursive: true, force: true });
    cpSync(runs.in('sig'), folder, { recursive: true });
    make(folder);
    const { code, stderr } = await refine(['index', 'build', '--signatures', 'flawed', '-o', 'never'], { cwd: runs.folder });
    assert.equal(code, 1);
    assert.match(stderr, message);
    assert.match(await runs.index('show', 'never'), /^0 documents of 0 runs/m);
  });

function turn(path: string): void {
  const bytes = readFileSync(path);
  writeFileSync(path, Buffer.concat([bytes.subarray(68), bytes.subarray(0, 68)]));
}
