// dedupe-minhash from map to verdicts: what verification keeps, what no setting of the machine may change, and when it alarms.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Batch, type Column, fixedColumn, native, utf8Column, validityOf } from '../../native/index.js';
import { dedupeMinhash } from '../support/minhash.js';
import { dropped, runPhases } from '../support/phase-driver.js';
import { randomFrom } from '../support/random.js';
import { jaccard } from '../support/slow-survivors.js';

interface Page {
  readonly text: string;
  readonly host?: string;
  readonly date?: number;
  readonly score?: number | null;
  readonly path?: string;
}

function batchOf(pages: readonly Page[]): Batch {
  const scores = pages.map(({ score }) => score ?? null);
  const columns: Record<string, Column> = {
    text: utf8Column(pages.map(({ text }) => text)),
    host: utf8Column(pages.map(({ host }) => host ?? null)),
    warc_path: utf8Column(pages.map(({ path }) => path ?? 'a.warc.gz')),
    date: { ...fixedColumn(BigInt64Array.from(pages, ({ date }) => BigInt(date ?? 0))), unit: 's' },
    score: fixedColumn(
      Float32Array.from(scores, (score) => score ?? 0),
      validityOf(scores.map((score) => score !== null)),
    ),
  };
  return { rows: pages.length, columns };
}

const words = (random: (n: number) => number, count: number, tag: string) => Array.from({ length: count }, () => `${tag}${random(100_000)}`).join(' ');

/** Families of pages by changed words, from few hosts; page i has its own last word, so a family is told by its text. */
function families(seed: number, count: number): Page[] {
  const random = randomFrom(seed);
  const pages: Page[] = [];
  for (let i = 0; i < count; i++) {
    const from = pages.length === 0 || random(3) === 0 ? words(random, 60 + random(200), 'w') : pages[random(pages.length)]!.text;
    const parts = from.split(' ');
    for (let changes = random(6); changes > 0; changes--) parts[random(parts.length)] = `c${random(1000)}`;
    pages.push({ text: parts.join(' '), host: `h${random(5)}.example`, date: random(50), score: random(4) === 0 ? null : random(9) / 4 });
  }
  return pages;
}

/** What is kept, by text, and how many stand behind it. */
async function keptTexts(pages: readonly Page[], options: object, cuts: readonly number[], settings = {}): Promise<string[]> {
  const inputs = cuts.map((from, i) => [batchOf(pages.slice(from, cuts[i + 1]))]);
  const result = await runPhases(dedupeMinhash, options, inputs, settings);
  const kept: string[] = [];
  cuts.forEach((from, input) => {
    pages.slice(from, cuts[input + 1]).forEach(({ text }, row) => {
      const verdict = result.verdicts.get((BigInt(input) << 32n) | BigInt(row));
      if (verdict === undefined || verdict.drop === 0) kept.push(`${verdict?.clusterSize ?? 1} ${verdict?.cluster ?? ''} ${text}`);
    });
  });
  return kept.sort();
}

test('5,000 pages of one long template with bodies of their own: verify: survivor loses none, and one page in a hundred that is a copy goes', async () => {
  const random = randomFrom(1);
  const template = words(random, 400, 't').split(' ');
  const pages: Page[] = [];
  for (let i = 0; i < 5000; i++) {
    const body = words(random, 60, `b${i}x`);
    pages.push({ text: [...template.slice(0, 200), body, ...template.slice(200)].join(' '), host: 'forum.example' });
  }
  const none = await runPhases(dedupeMinhash, { verify: 'none' }, [[batchOf(pages)]]);
  const lost = none.drops.filter((drop) => drop !== 0).length;
  assert.ok(lost > 4000, `verify: none drops ${lost} of 5,000`);
  const survivor = await runPhases(dedupeMinhash, {}, [[batchOf(pages)]]);
  assert.equal(survivor.rows.length, 0);
  assert.ok(survivor.notes.candidates! > 4000 && survivor.notes.compared! < 5000, JSON.stringify(survivor.notes));
  const [notice] = dedupeMinhash.notices!(dedupeMinhash.schema.parse({ verify: 'none' }), none.notes);
  assert.match(
    notice!,
    /^1 cluster takes more than 1 % of the run or 50 % of a host.* has \d+ documents; of one host \d+(\.\d)? % .*--cluster largest.*consider verify: survivor/s,
  );
  assert.deepEqual(dedupeMinhash.notices!(dedupeMinhash.schema.parse({}), survivor.notes), []);

  const copies = Array.from({ length: 50 }, (_, i) => ({ ...pages[i * 7]!, text: `${pages[i * 7]!.text} end${i}` }));
  const again = await runPhases(dedupeMinhash, { keep: 'first' }, [[batchOf(pages)], [batchOf(copies)]]);
  const at = (row: number) => String((1n << 32n) | BigInt(row));
  assert.deepEqual(dropped(again), Object.fromEntries(copies.map((_, i) => [at(i), String(i * 7)])));
});

test('every document that verify: survivor drops has the asked Jaccard similarity to the one kept, and its similarity says which', async () => {
  const pages = families(3, 600);
  const batch = batchOf(pages);
  const { values, offsets } = await native.shingles(batch.columns.text as never, { size: 5, normalise: 'default', words: 'white-space', hash: 'xxh64' });
  const set = (row: bigint) => [...(values as BigUint64Array).subarray(offsets[Number(row)]!, offsets[Number(row) + 1]!)];
  for (const minJaccard of [0.8, 0.5]) {
    const found = await runPhases(dedupeMinhash, { 'min-jaccard': minJaccard }, [[batch]]);
    let lowest = 1;
    for (const [row, { drop, kept, similarity, cluster }] of found.verdicts) {
      assert.equal(cluster, native.xxh3(new Uint8Array(BigUint64Array.from(set(kept)).buffer)), 'the cluster is named by the shingles of the kept document');
      if (drop === 0) continue;
      const exact = jaccard(set(row), set(kept));
      assert.ok(exact >= minJaccard);
      assert.ok(similarity! <= exact && exact - similarity! < 1 / 65534);
      lowest = Math.min(lowest, exact);
    }
    assert.ok(lowest < minJaccard + 0.1, `${lowest}: the threshold decides`);
  }
});

test('survivors, their clusters and sizes are the same for any partitions, rounds of bands and cuts into inputs', async () => {
  const pages = families(4, 250);
  for (const options of [{}, { verify: 'pair' }, { verify: 'none', keep: 'newest' }, { keep: { highest: 'score' } }, { bands: 20, rows: 6, family: 'dart' }]) {
    const whole = await keptTexts(pages, options, [0]);
    assert.ok(whole.length < 190, `${whole.length} kept`);
    for (const [partitions, spillBytes] of [
      [1, 700_000],
      [5, 1],
    ]) {
      assert.deepEqual(
        await keptTexts(pages, options, [0, 37, 37, 190], { partitions, spillBytes }),
        whole,
        JSON.stringify({ options, partitions, spillBytes }),
      );
    }
  }
});

test('rounds follow from the spill limit, and each writes what it says', () => {
  const options = dedupeMinhash.schema.parse({ preset: 'refinedweb' });
  const names = (spillBytes: number) =>
    dedupeMinhash
      .phases(options, { inputs: 2, documents: 1000, signed: 1000, shingles: 100_000 }, { spillBytes, memoryBytes: 1 << 28, partitions: 3 })
      .map(({ name }) => name);
  assert.deepEqual(names(20 * 2 ** 30), ['bands-0', 'pairs-0', 'components-0', 'hosts', 'members', 'survivors']);
  const few = names(8 * 100_000 + 40 * 1000 + 160 * 40 * 1000); // beside shingles and heads: 160 bands, so 150 whole ones of three groups
  assert.deepEqual(
    few.filter((name) => name.startsWith('bands')),
    ['bands-0', 'bands-1', 'bands-2'],
  );
  assert.equal(names(0).filter((name) => name.startsWith('bands')).length, 450);
  assert.ok(names(0).includes('components-449'));
});

test('order-free keep policies leave the same texts when the inputs come in reverse', async () => {
  const pages = families(5, 300).map((page, i) => ({ ...page, score: i, text: `${page.text}${' '.repeat(i)}` })); // no ties
  for (const keep of ['longest', { highest: 'score' }, { lowest: 'score' }]) {
    const forth = await keptTexts(pages, { keep }, [0, 100]);
    const back = await keptTexts([...pages].reverse(), { keep }, [0, 170]);
    assert.deepEqual(back, forth);
  }
});

test('keep by a column takes the highest or lowest value, documents without one last, and ties by row', async () => {
  const base = words(randomFrom(6), 80, 'w');
  const scores = [null, -0.5, 2, 2, null, -7];
  const batch = batchOf(scores.map((score) => ({ text: base, score })));
  const keptBy = async (keep: object) => {
    const result = await runPhases(dedupeMinhash, { keep }, [[batch]]);
    return Array.from(result.rows).filter((_, i) => result.drops[i] === 0);
  };
  assert.deepEqual(await keptBy({ highest: 'score' }), [2n]);
  assert.deepEqual(await keptBy({ lowest: 'score' }), [5n]);
  assert.deepEqual(dedupeMinhash.alsoReads!(dedupeMinhash.schema.parse({ keep: { highest: 'score' } }), { seed: 1n, baseDir: '.', device: 'cpu' }), ['score']);
});

test('scope: per-dump joins within a dump alone', async () => {
  const text = words(randomFrom(9), 80, 'w');
  const path = (dump: string) => `crawl-data/CC-MAIN-${dump}/segments/1.warc.gz`;
  const batch = batchOf([
    { text, path: path('2023-06') },
    { text, path: path('2023-14') },
    { text, path: path('2023-06') },
    { text, path: path('2023-14') },
  ]);
  assert.deepEqual(dropped(await runPhases(dedupeMinhash, { scope: 'per-dump' }, [[batch]])), { '2': '0', '3': '1' });
  assert.deepEqual(dropped(await runPhases(dedupeMinhash, {}, [[batch]])), { '1': '0', '2': '0', '3': '0' });
});

test('shingles of tokens, other forms, hashes and families join copies and keep others', async () => {
  const random = randomFrom(10);
  const letters = () => words(random, 100, 'w').replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)]!); // datatrove makes every number 0
  const [one, other] = [letters(), letters()];
  const batch = batchOf([{ text: one }, { text: other }, { text: `${one} more` }, { text: 'two words' }, { text: 'two words' }]);
  for (const options of [
    { shingle: 'tokens-5' },
    { shingle: 'tokens-13', tokenizer: 'gpt2' },
    { preset: 'datatrove' },
    { preset: 'datatrove', hash: 'sha1-64' },
    { hash: 'xxh32', family: 'datatrove-32', normalise: 'redpajama' },
    { words: 'uax29', shingle: 'words-3' },
  ]) {
    assert.deepEqual(dropped(await runPhases(dedupeMinhash, { keep: 'first', ...options }, [[batch]])), { '2': '0' }, JSON.stringify(options));
  }
  const env = { seed: 1n, baseDir: '.', device: 'cpu' as const };
  const problems = (raw: object) => dedupeMinhash.check!(dedupeMinhash.schema.parse(raw), env).map(({ path }) => path);
  assert.deepEqual(problems({ shingle: 'tokens-5', tokenizer: 'no-such', words: 'uax29' }), [['tokenizer'], ['words']]);
  assert.deepEqual(problems({ tokenizer: 'no-such' }), []);
});
