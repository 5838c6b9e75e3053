// The planted corpus of the scale bench, held against brute force: what its formulas say of a document is what its text is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { binomialAtLeast, binomialPValue, foundProbability } from '../../infra/bench/binomial.js';
import { exponent } from '../../infra/bench/dedupe-scale.js';
import { Planted, SHINGLE, WORDS } from '../../infra/bench/planted.js';
import { listInputs, openInput, plantedPaths } from '../../infra/bench/planted-inputs.js';
import { plantedText, plantedTexts, spanStart } from '../../infra/bench/planted-text.js';
import { column, stringAt } from '../../native/batch.js';

function shingles(text: string): Set<string> {
  const words = text.split(/\s/);
  return new Set(Array.from({ length: words.length - SHINGLE + 1 }, (_, i) => words.slice(i, i + SHINGLE).join(' ')));
}

function jaccard(a: string, b: string): number {
  const left = shingles(a);
  const right = shingles(b);
  let common = 0;
  for (const shingle of left) if (right.has(shingle)) common++;
  return common / (left.size + right.size - common);
}

/** Documents of each cluster of two or more. */
function clustersOf(planted: Planted): number[][] {
  const clusters = new Map<number, number[]>();
  for (let document = 0; document < planted.documents; document++) {
    const { cluster } = planted.place(document);
    const members = clusters.get(cluster);
    if (members === undefined) clusters.set(cluster, [document]);
    else members.push(document);
  }
  return [...clusters.values()].filter((members) => members.length > 1);
}

for (const mix of ['near', 'spans'] as const) {
  test(`planted pairs (${mix}) have the Jaccard similarity of word 5-grams that the formula names, and no others are alike`, () => {
    const planted = new Planted(20_000, mix, 5);
    const sections = new Set<string>();
    let pairs = 0;
    let exact = 0;
    for (const members of clustersOf(planted)) {
      const [first] = members;
      for (const other of members.slice(1, 4)) {
        const found = jaccard(plantedText(planted, first!), plantedText(planted, other));
        const off = Math.abs(found - planted.jaccard(first!, other));
        assert.ok(off < 0.012, `${planted.place(first!).section.name}: ${found}`); // a neighbouring word is equal by chance: a shingle or two more
        pairs++;
        if (off < 1e-12) exact++;
      }
      sections.add(planted.place(first!).section.name);
    }
    assert.ok(exact > 0.99 * pairs, `${exact} of ${pairs} exact`);
    assert.equal(sections.size, planted.sections.length - 1); // every section but the unique ones was seen
    const seen = new Map<string, number>();
    for (let document = 0; document < 4000; document++)
      for (const shingle of shingles(plantedText(planted, document))) {
        const before = seen.get(shingle);
        if (before === undefined) seen.set(shingle, document);
        else assert.equal(planted.place(before).cluster, planted.place(document).cluster);
      }
  });
}

test('sections fill the layout without overlap, clusters are whole, and every number has its own place', () => {
  for (const documents of [1, 2, 17, 1000, 4099, 100_003]) {
    for (const mix of ['near', 'spans', 'unique'] as const) {
      const planted = new Planted(documents, mix, 3);
      let start = 0;
      for (const section of planted.sections) {
        assert.equal(section.start, start);
        assert.equal(section.documents % section.size, 0);
        start += section.documents;
      }
      assert.equal(start, documents);
    }
    const planted = new Planted(documents, 'near', 3);
    const places = new Set(Array.from({ length: documents }, (_, document) => planted.place(document)).map(({ cluster, member }) => cluster + member));
    assert.equal(places.size, documents);
  }
});

test('a document is the same made alone, among others, in another batch and by another seed another', () => {
  const planted = new Planted(1_000_000_007, 'near', 9);
  const from = 987_654_321;
  const texts = plantedTexts(planted, from, from + 300);
  for (let row = 0; row < 300; row += 7) {
    const text = stringAt(texts, row)!;
    assert.equal(text, plantedText(planted, from + row));
    assert.equal(text.split(/\s/).length, WORDS);
    assert.equal(text, text.trim());
  }
  assert.notEqual(plantedText(planted, 5), plantedText(new Planted(1_000_000_007, 'near', 10), 5));
});

test('members of a cluster of spans share the planned words and not their neighbours', () => {
  const planted = new Planted(20_000, 'spans');
  for (const members of clustersOf(planted)) {
    const { section } = planted.place(members[0]!);
    if (section.kind !== 'span') continue;
    const parts = members.slice(0, 3).map((document) => {
      const words = plantedText(planted, document).split(/\s/);
      const at = spanStart(planted, document, section.words);
      return { span: words.slice(at, at + section.words).join(' '), before: words.slice(0, at).join(' '), after: words.slice(at + section.words).join(' ') };
    });
    assert.equal(new Set(parts.map(({ span }) => span)).size, 1);
    assert.equal(new Set(parts.map(({ before, after }) => `${before}|${after}`)).size, parts.length);
  }
});

test('inputs give every document once, with its number as id', async () => {
  const planted = new Planted(1000, 'near');
  const inputs = await listInputs({ kind: 'jsonl', paths: plantedPaths(planted, 300).reverse(), textField: 'text' });
  assert.equal(inputs.length, 4);
  const ids: string[] = [];
  for (const input of inputs) {
    const reader = openInput(input);
    for await (const batch of reader.batches(new AbortController().signal)) {
      const text = column(batch, 'text', 'utf8');
      for (let row = 0; row < batch.rows; row++) {
        ids.push(stringAt(column(batch, 'id', 'utf8'), row)!);
        assert.equal(stringAt(text, row), plantedText(planted, Number(ids.at(-1))));
      }
    }
    assert.equal(reader.counts().sha256, 'planted');
  }
  assert.deepEqual(
    ids,
    Array.from({ length: 1000 }, (_, document) => String(document)),
  );
});

test('binomial tails agree with sums of exact probabilities', () => {
  const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n, k - 1) * (n - k + 1)) / k);
  for (const [n, p] of [
    [10, 0.5],
    [60, 0.92],
    [40, 0.03],
  ] as const) {
    const mass = Array.from({ length: n + 1 }, (_, k) => choose(n, k) * p ** k * (1 - p) ** (n - k));
    for (let k = 0; k <= n; k++) {
      const two = mass.filter((value) => value <= mass[k]! * (1 + 1e-9)).reduce((a, b) => a + b, 0);
      assert.ok(Math.abs(binomialPValue(k, n, p) - two) < 1e-9, `${k} of ${n}`);
      const upper = mass.slice(k).reduce((a, b) => a + b, 0);
      assert.ok(Math.abs(binomialAtLeast(k, n, p) - upper) < 1e-9, `at least ${k} of ${n}`);
    }
  }
  assert.equal(binomialPValue(3, 3, 1), 1);
  assert.equal(binomialPValue(2, 3, 1), 0);
  assert.ok(binomialPValue(930_000, 1_000_000, 0.92) < 1e-15);
});

test('a pair is found with 1 - (1 - s^r)^b', () => {
  assert.ok(Math.abs(foundProbability(0.8, 14, 8) - (1 - (1 - 0.8 ** 8) ** 14)) < 1e-12);
  assert.ok(Math.abs(foundProbability(0.8, 450, 20) - 0.9946) < 5e-4);
});

test('the exponent of a power law is its exponent', () => {
  const law = (power: number) => [1e5, 1e6, 1e7].map((documents) => ({ documents, cpuSeconds: 3 * documents ** power }));
  assert.equal(exponent(law(1.07)), 1.07);
  assert.equal(exponent(law(1).slice(1, 2)), null);
});
