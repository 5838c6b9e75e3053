// dedupe-semantic on planted groups of vectors, against cosines of all pairs by brute force.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Batch, type Column, fixedColumn, RefineError, utf8Column, validityOf } from '../../native/index.js';
import { dedupeSemanticWith, plan } from '../../stages/dedupe/semantic/dedupe-semantic.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packagePath } from '../../native/index.js';
import { loadTokenizer } from '../../stages/tokenize/load-tokenizer.js';
import { dropped, runPhases } from '../support/phase-driver.js';
import { randomFrom } from '../support/random.js';

const dedupeSemantic = dedupeSemanticWith(loadTokenizer);
const DIM = 32;
type Vector = readonly number[];

function gauss(random: (n: number) => number): number {
  const uniform = () => (random(2 ** 32) + 0.5) / 2 ** 32;
  return Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** `groups` directions, `each` vectors around every one of them (cosines near 1 / (1 + noise^2)), in mixed order. */
function planted(groups: number, each: number, noise: number, seed: number): { vectors: Vector[]; group: number[] } {
  const random = randomFrom(seed);
  const draw = () => Array.from({ length: DIM }, () => gauss(random));
  const centres = Array.from({ length: groups }, draw);
  const group = Array.from({ length: groups * each }, (_, i) => i % groups);
  for (let i = group.length - 1; i > 0; i--) {
    const j = random(i + 1);
    [group[i], group[j]] = [group[j]!, group[i]!];
  }
  return { group, vectors: group.map((of) => centres[of]!.map((x) => 3 * (x + noise * gauss(random)))) };
}

const cosine = (a: Vector, b: Vector): number => {
  const dot = (x: Vector, y: Vector) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
};

function batchOf(vectors: readonly (Vector | null)[]): Batch {
  const offsets = new Int32Array(vectors.length + 1);
  vectors.forEach((vector, row) => {
    offsets[row + 1] = offsets[row]! + (vector?.length ?? 0);
  });
  const embedding: Column = {
    kind: 'list',
    values: Float32Array.from(vectors.flatMap((vector) => vector ?? [])),
    offsets,
    validity: validityOf(vectors.map((vector) => vector !== null)),
  };
  return { rows: vectors.length, columns: { text: utf8Column(vectors.map((_, row) => `${row}`)), embedding } };
}
const cutUp = (vectors: readonly Vector[], inputs: number, size: number): Batch[][] => {
  const each = Math.ceil(vectors.length / inputs);
  return Array.from({ length: inputs }, (_, input) => {
    const mine = vectors.slice(input * each, (input + 1) * each);
    return Array.from({ length: Math.ceil(mine.length / size) }, (_, i) => batchOf(mine.slice(i * size, (i + 1) * size)));
  });
};

test('of each planted group one document stays, whatever the batches, partitions and policy', async () => {
  const { vectors, group } = planted(60, 6, 0.12, 1);
  for (const keep of ['hard', 'easy', 'first'] as const) {
    const raw = { 'min-similarity': 0.9, keep };
    const found = await runPhases(dedupeSemantic, raw, cutUp(vectors, 3, 50), { partitions: 1 });
    const again = await runPhases(dedupeSemantic, raw, cutUp(vectors, 3, 7), { partitions: 5 });
    assert.deepEqual(dropped(again), dropped(found));
    const each = Math.ceil(vectors.length / 3);
    const at = (row: bigint) => Number(row >> 32n) * each + Number(row & 0xffffffffn);
    assert.ok(found.rows.length >= 300 - 10, `${found.rows.length} of 300 copies dropped`); // a group on the border of two clusters may keep two
    const gone = new Set(Array.from(found.rows, at));
    for (const [row, { kept, similarity }] of found.verdicts) {
      const exact = cosine(vectors[at(row)]!, vectors[at(kept)]!);
      assert.equal(group[at(row)], group[at(kept)]);
      assert.ok(!gone.has(at(kept)), 'a document is dropped for one that stays');
      assert.ok(exact >= 0.9 - 1e-6 && Math.abs(exact - similarity!) < 2e-4, `${exact} ${similarity}`);
    }
    const left = vectors.map((_, i) => i).filter((i) => !gone.has(i));
    assert.deepEqual([...new Set(left.map((i) => group[i]))].length, 60, 'no group is lost');
  }
});

test('with one cluster and keep first, it is the greedy loop over all pairs', async () => {
  const { vectors } = planted(40, 5, 0.35, 2);
  const expected: Record<string, string> = {};
  const kept: number[] = [];
  vectors.forEach((vector, i) => {
    const keeper = kept.find((k) => cosine(vector, vectors[k]!) >= 0.85);
    if (keeper === undefined) kept.push(i);
    else expected[String(i)] = String(keeper);
  });
  const raw = { 'min-similarity': 0.85, keep: 'first', clusters: 1 };
  assert.deepEqual(dropped(await runPhases(dedupeSemantic, raw, [[batchOf(vectors)]])), expected);
  assert.ok(Object.keys(expected).length > 40 && kept.length > 40);
});

test('pairs in different clusters are all that is missed', async () => {
  const { vectors } = planted(50, 6, 0.2, 3);
  const one = await runPhases(dedupeSemantic, { 'min-similarity': 0.9, clusters: 1, keep: 'first' }, [[batchOf(vectors)]]);
  const many = await runPhases(dedupeSemantic, { 'min-similarity': 0.9, clusters: 10, keep: 'first' }, [[batchOf(vectors)]]);
  assert.ok(many.rows.length <= one.rows.length && many.rows.length > 0.9 * one.rows.length, `${many.rows.length} of ${one.rows.length}`);
  assert.ok(many.notes.comparisons! < one.notes.comparisons! / 3, 'and clusters are what makes it cheap');
});

test('documents without a vector, or with one of zeros or of what is no number, are kept', async () => {
  const vector = [1, 2, 3];
  const batch = batchOf([vector, null, [0, 0, 0], [], [1, Number.NaN, 2], [Number.POSITIVE_INFINITY, 0, 0], [2, 4, 6]]);
  assert.deepEqual(dropped(await runPhases(dedupeSemantic, {}, [[batch]])), { '6': '0' });
  const none = await runPhases(dedupeSemantic, {}, [[batchOf([null, null])]]);
  assert.deepEqual(dropped(none), {});
  assert.deepEqual(dedupeSemantic.notices!(dedupeSemantic.schema.parse({}), none.notes), [
    'no document has a vector in column "embedding": nothing was compared',
  ]);
});

test('fixed-size lists and doubles do as lists of floats; other columns and other lengths are refused by name', async () => {
  const { vectors } = planted(10, 3, 0.1, 4);
  const lists = dropped(await runPhases(dedupeSemantic, { 'min-similarity': 0.9 }, [[batchOf(vectors)]]));
  const wide: Column = { ...fixedColumn(Float64Array.from(vectors.flat().map(Math.fround))), width: DIM };
  const fixed = await runPhases(dedupeSemantic, { 'min-similarity': 0.9, embedding: 'v' }, [[{ rows: vectors.length, columns: { v: wide } }]]);
  assert.deepEqual(dropped(fixed), lists);
  const coded = (code: string, message: RegExp) => (error: Error & { code?: string }) => error.code === code && message.test(error.message);
  await assert.rejects(
    runPhases(dedupeSemantic, { embedding: 'text' }, [[batchOf(vectors)]]),
    (error) => error instanceof RefineError && /column "text" is a utf8 column/.test(error.message),
  );
  await assert.rejects(runPhases(dedupeSemantic, { embedding: 'none' }, [[batchOf(vectors)]]), /column "none" is absent/);
  await assert.rejects(
    runPhases(dedupeSemantic, {}, [
      [
        batchOf([
          [1, 2],
          [1, 2, 3],
        ]),
      ],
    ]),
    coded('ERR_REFINE_INPUT', /has [23] numbers, others have [23]/),
  );
});

test('the plan: as many clusters as the square root of the vectors, and a sample that k-means holds in memory', () => {
  const options = dedupeSemantic.schema.parse({});
  assert.deepEqual(plan(options, { vectors: 100, numbers: 6400 }), { clusters: 10, bits: 0 });
  assert.deepEqual(plan(options, { vectors: 1_000_000, numbers: 384_000_000 }), { clusters: 1000, bits: 3 }); // 125,000 of about 87,381 wanted
  assert.deepEqual(plan(options, {}), { clusters: 1, bits: 0 });
  const { clusters, bits } = plan(options, { vectors: 1e10, numbers: 768e10 });
  assert.equal(clusters, Math.floor((128 * 2 ** 20) / 3072));
  assert.ok((1e10 / 2 ** bits) * 3072 <= 256 * 2 ** 20);
});

// With random weights nearly all texts are near each other; equal ones are at 1, and that is enough to see the encoder at work.
test('an encoder embeds the texts itself: equal texts are one, whatever the batches', async () => {
  const model = packagePath('tests', 'fixtures', 'model', 'tiny-onnx');
  const { cases } = JSON.parse(readFileSync(join(model, 'golden.json'), 'utf8')) as { cases: { text: string }[] };
  const texts = [...cases.map(({ text }) => text), '', ...cases.map(({ text }) => text), ''];
  const batches = (size: number) =>
    Array.from({ length: Math.ceil(texts.length / size) }, (_, i) => {
      const part = texts.slice(i * size, (i + 1) * size);
      return { rows: part.length, columns: { text: utf8Column(part) } };
    });
  const raw = { model, 'min-similarity': 0.9999999, keep: 'first', clusters: 1 };
  const expected = Object.fromEntries(cases.map((_, i) => [String(i + cases.length + 1), String(i)]));
  for (const size of [3, 100]) {
    const found = await runPhases(dedupeSemantic, raw, [batches(size)]);
    assert.deepEqual(dropped(found), expected);
  }
  const problems = (given: object) => dedupeSemantic.check!(dedupeSemantic.schema.parse({ model, ...given }), { seed: 1n, baseDir: '/', device: 'cpu' });
  assert.deepEqual(problems({}), []);
  assert.match(problems({ 'max-length': 100 })[0]!.message, /reads 64 tokens at most/);
  assert.match(problems({ model: '/nowhere' })[0]!.message, /no such model/);
});
