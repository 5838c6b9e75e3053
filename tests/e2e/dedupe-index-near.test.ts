// Near duplicates over three crawls, one after another against the index of those before: as one run over all where the theory
// says so (infra/docs/dedupe-index.md), each dropped document verified by brute force against the indexed one that stands for it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { column, stringAt, valueAt } from '../../native/index.js';
import { readArrow } from '../../pipeline/store.js';
import { openRun } from '../../pipeline/library.js';
import { IndexRuns } from '../support/index-runs.js';
import { CRAWLS } from '../support/three-crawls.js';

const [A, B, C] = CRAWLS;
const runs = new IndexRuns(1, 40);
const near = (options: string): string[] => [`dedupe-minhash: { ${options} }`];
let first: string[];
let global: string[];

before(async () => {
  first = await runs.done('a', [A], near('keep: first'));
  global = await runs.done('all', [A, B, C], near('keep: first'));
  assert.match(await runs.index('build', 'a', '-o', 'chain'), /^chain: a, \d+ documents, [\d,]+ bytes a document \(bands \d+, ids \d+, shingles [\d,]+\)\n$/);
});

test('crawl after crawl with keep: first keeps what one run over all keeps, each dropped document near the indexed one that stands for it', async () => {
  const second = await runs.done('b', [B], near('keep: first, against: chain'));
  await runs.index('add', 'chain', 'b');
  const third = await runs.done('c', [C], near('keep: first, against: chain'));
  assert.deepEqual([...first, ...second, ...third].sort(), global);

  const indexed = await fates('c', 'in-index');
  assert.ok(indexed.length > 5, String(indexed.length));
  for (const { id, keptId } of indexed) {
    const [, run, kept] = /^index:([ab]):(.*)$/.exec(keptId)!;
    assert.ok((run === 'a' ? first : second).includes(kept!));
    assert.ok(jaccard(runs.pages.get(id)!.text, runs.pages.get(kept!)!.text) >= 0.8, `${id} for ${kept}`);
  }
  assert.ok((await fates('c', 'near-duplicate')).every(({ keptId }) => third.includes(keptId)));
});

test('an index without shingle sets serves verify: none, and is refused to a step that verifies', async () => {
  assert.match(await runs.index('build', 'a', '-o', 'bare', '--keep', 'minhash'), /\(bands \d+, ids \d+\)\n$/);
  const kept = await runs.done('b-none', [B], near('keep: first, against: bare, verify: none'));
  assert.deepEqual(kept, await runs.survivors('b')); // in these crawls being near duplicates is transitive
  await runs.refused(
    'b-verified',
    [B],
    near('against: bare'),
    /dedupe-minhash\.against: bare holds no shingle sets.*Set verify: none, or build it with --keep/,
  );
});

test('another geometry, shingle or normal form than that of the index is refused by name', async () => {
  await runs.refused('g', [B], near('against: chain, preset: refinedweb'), /dedupe-minhash\.against: chain was made with bands 14, this step has 450/);
  await runs.refused('s', [B], near('against: chain, shingle: words-4'), /was made with shingle words-5, this step has words-4/);
  await runs.refused('n', [B], near('against: chain, normalise: none'), /was made with normalise default, this step has none/);
  await runs.refused('p', [B], near('against: chain, scope: { parts: 9 }'), /goes with scope: global alone/);
});

test('with keep: longest the indexed document stays though a longer one comes, which one run over all would have kept', async () => {
  await runs.index('build', 'a', '-o', 'only-a');
  const second = await runs.done('b-long', [B], near('against: only-a'));
  const both = await runs.done('ab-long', [A, B], near('keep: longest'));
  const clusters = (ids: readonly string[]): number[] => ids.map((id) => runs.pages.get(id)!.cluster).sort((a, b) => a - b);
  assert.deepEqual(clusters([...first, ...second]), clusters(both));
  assert.notDeepEqual([...first, ...second].sort(), both);
});

test('scope: per-dump gives each crawl what a run over it alone gives', async () => {
  const alone = [first, await runs.done('b-alone', [B], near('keep: first')), await runs.done('c-alone', [C], near('keep: first'))];
  assert.deepEqual(await runs.done('dumps', [A, B, C], near('keep: first, scope: per-dump')), alone.flat().sort());
});

async function fates(name: string, reason: string): Promise<{ id: string; keptId: string }[]> {
  const found: { id: string; keptId: string }[] = [];
  for (const shard of (await openRun(runs.in(name))).features) {
    for await (const batch of readArrow(join(runs.in(name), shard.path))) {
      const [ids, kept] = [column(batch, 'id', 'utf8'), column(batch, 'kept_id', 'utf8')];
      for (let row = 0; row < batch.rows; row++) {
        const said = valueAt(batch.columns.reason!, row);
        if (said === reason && stringAt(kept, row) !== null) found.push({ id: stringAt(ids, row)!, keptId: stringAt(kept, row)! });
      }
    }
  }
  return found;
}

/** Of sets of five words in a row. */
function jaccard(left: string, right: string): number {
  const setOf = (text: string): Set<string> => {
    const words = text.toLowerCase().split(' ');
    return new Set(words.slice(4).map((_, at) => words.slice(at, at + 5).join(' ')));
  };
  const [a, b] = [setOf(left), setOf(right)];
  const shared = [...a].filter((shingle) => b.has(shingle)).length;
  return shared / (a.size + b.size - shared);
}
