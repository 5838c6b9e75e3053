// The trainer of infra/extract: against exhaustive search, closed formulas and itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boost, type BoostRules, defaultRules, predict } from '../../infra/extract/gbdt.js';
import { binFeatures, binOf, type Matrix } from '../../infra/extract/gbdt-bins.js';
import { exp, logistic } from '../../infra/extract/logistic.js';
import { decodeModel, encodeModel, hashOfNames, modelBytes, modelInc } from '../../infra/extract/model-file.js';
import { trainAll } from '../../infra/extract/pool.js';
import { choose, randomFrom } from '../../infra/extract/random.js';

/** Random rows: few values, many values, a constant, and missing ones; the label follows a product of two features. */
function madeUp(rows: number, seed: number): { matrix: Matrix; labels: Uint8Array; weights: Float64Array } {
  const random = randomFrom(seed);
  const features = 6;
  const values = new Float32Array(rows * features);
  const labels = new Uint8Array(rows);
  const weights = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const a = random(1 << 24) / (1 << 24);
    const b = random(1 << 24) / (1 << 24);
    values.set([a, random(5), random(10) === 0 ? Number.NaN : b, 7, random(1000) - 500, random(2)], row * features);
    labels[row] = a * b + 0.1 * (random(1000) / 1000) > 0.3 ? 1 : 0;
    weights[row] = 0.5 + random(3);
  }
  return { matrix: { rows, features, values }, labels, weights };
}

test('a value lies in a bin at or below b exactly where it is at or below cut b, and NaN lies lowest', () => {
  const { matrix } = madeUp(3000, 1);
  for (const most of [2, 3, 17, 255]) {
    const bins = binFeatures(matrix, most);
    for (let f = 0; f < matrix.features; f++) {
      const cuts = bins.cuts[f]!;
      assert.ok(cuts.length < most);
      assert.ok(cuts.every((cut, i) => i === 0 || cut > cuts[i - 1]!));
      for (let row = 0; row < matrix.rows; row++) {
        const value = matrix.values[row * matrix.features + f]!;
        const bin = bins.columns[f]![row]!;
        if (Number.isNaN(value)) assert.equal(bin, 0);
        cuts.forEach((cut, b) => {
          assert.equal(!(value > cut), bin <= b);
        });
      }
    }
  }
});

test('few values get a bin each, and many get bins of like size', () => {
  const few = binFeatures({ rows: 6, features: 1, values: Float32Array.of(3, 1, 2, 3, 1, 3) });
  assert.deepEqual([...few.cuts[0]!], [1.5, 2.5]);
  const random = randomFrom(5);
  const values = Float32Array.from({ length: 10_000 }, () => random(1 << 30));
  const many = binFeatures({ rows: values.length, features: 1, values }, 100);
  const sizes = new Array<number>(100).fill(0);
  for (const bin of many.columns[0]!) sizes[bin] = sizes[bin]! + 1;
  assert.ok(Math.min(...sizes) >= 90 && Math.max(...sizes) <= 110, `${sizes}`);
  assert.equal(binOf(many.cuts[0]!, Number.NEGATIVE_INFINITY), 0);
  assert.equal(binOf(many.cuts[0]!, Number.POSITIVE_INFINITY), 99);
});

/** Every cut between two neighbours of every feature, with sums taken anew for each: no bins, no subtraction. */
function exhaustive(data: ReturnType<typeof madeUp>, rules: BoostRules): { gain: number; feature: number; cut: number } {
  const { matrix, labels, weights } = data;
  let positive = 0;
  let total = 0;
  for (let row = 0; row < matrix.rows; row++) {
    positive += weights[row]! * labels[row]!;
    total += weights[row]!;
  }
  const p = positive / total;
  let best = { gain: 0, feature: -1, cut: 0 };
  for (let f = 0; f < matrix.features; f++) {
    const of = (row: number) => (Number.isNaN(matrix.values[row * matrix.features + f]!) ? -Infinity : matrix.values[row * matrix.features + f]!);
    const distinct = [...new Set(Array.from({ length: matrix.rows }, (_, row) => of(row)))].sort((a, b) => a - b);
    for (const cut of distinct.slice(0, -1)) {
      const sums = [
        { g: 0, h: 0, n: 0 },
        { g: 0, h: 0, n: 0 },
      ];
      for (let row = 0; row < matrix.rows; row++) {
        const side = sums[of(row) <= cut ? 0 : 1]!;
        side.g += weights[row]! * (p - labels[row]!);
        side.h += weights[row]! * p * (1 - p);
        side.n++;
      }
      const [l, r] = sums as [(typeof sums)[0], (typeof sums)[0]];
      if (Math.min(l.n, r.n) < rules.minRows || Math.min(l.h, r.h) < rules.minHessian) continue;
      const gain = l.g ** 2 / (l.h + rules.l2) + r.g ** 2 / (r.h + rules.l2) - (l.g + r.g) ** 2 / (l.h + r.h + rules.l2);
      if (gain > best.gain + 1e-9) best = { gain, feature: f, cut };
    }
  }
  return best;
}

test('the first split is the one that exhaustive search finds', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const data = madeUp(20 + seed * 8, seed);
    const rules = { ...defaultRules, trees: 1, leaves: 2, minRows: 5, minHessian: 1, l2: seed % 3 };
    const wanted = exhaustive(data, rules);
    const tree = boost(data.matrix, data.labels, data.weights, rules).trees[0]!;
    assert.equal(tree.feature[0], wanted.feature, `seed ${seed}`);
    const column = Array.from({ length: data.matrix.rows }, (_, row) => data.matrix.values[row * data.matrix.features + wanted.feature]!);
    const above = Math.min(...column.filter((value) => value > wanted.cut));
    assert.ok(wanted.cut <= tree.cut[0]! && tree.cut[0]! < above, `seed ${seed}: ${wanted.cut} <= ${tree.cut[0]} < ${above}`);
  }
});

test('a leaf is minus the learning rate times G / (H + l2), from the log odds of the labels', () => {
  const matrix = { rows: 8, features: 1, values: Float32Array.of(0, 0, 0, 0, 1, 1, 1, 1) };
  const labels = Uint8Array.of(0, 0, 0, 1, 1, 1, 1, 0);
  const weights = Float64Array.of(1, 1, 1, 1, 1, 1, 1, 1);
  const forest = boost(matrix, labels, weights, { ...defaultRules, trees: 1, leaves: 2, minRows: 1, minHessian: 0, l2: 3, learningRate: 0.5 });
  assert.equal(forest.bias, 0);
  // p = 1/2 everywhere: G is +-1 and H is 1 on either side
  assert.deepEqual([...forest.trees[0]!.leaf], [Math.fround((0.5 * -1) / 4), Math.fround((0.5 * 1) / 4)]);
});

test('rows of weight 0 change no byte, and a weight of 2 is worth two rows', () => {
  const data = madeUp(200, 3); // fewer rows than bins: cuts do not depend on how often a value occurs;
  const rules = { ...defaultRules, trees: 10, leaves: 8, minRows: 1, minHessian: 0 };
  const doubled: number[] = [];
  for (let row = 0; row < 200; row++) for (let n = 0; n < data.weights[row]! + 0.5; n++) doubled.push(row); // weights are 0.5, 1.5, 2.5
  const take = (rows: readonly number[]) => Float32Array.from(rows.flatMap((row) => [...data.matrix.values.subarray(row * 6, row * 6 + 6)]));
  const counts = Float64Array.from(data.weights, (weight) => weight + 0.5);
  const weighted = boost(data.matrix, data.labels, counts, rules);
  const repeated = boost(
    { rows: doubled.length, features: 6, values: take(doubled) },
    Uint8Array.from(doubled, (row) => data.labels[row]!),
    new Float64Array(doubled.length).fill(1),
    rules,
  );
  const a = predict(weighted, data.matrix);
  const b = predict(repeated, data.matrix);
  a.forEach((value, row) => {
    assert.ok(Math.abs(value - b[row]!) < 1e-4, `row ${row}: ${value} and ${b[row]}`);
  });
  const extended = boost(
    { rows: 201, features: 6, values: Float32Array.from([...data.matrix.values, 9, 9, 9, 9, 9, 9]) },
    Uint8Array.from([...data.labels, 1]),
    Float64Array.from([...counts, 0]),
    rules,
  );
  assert.deepEqual(extended, weighted);
});

test('a forest learns a product of two features, and stops early on rows it did not see', () => {
  const train = madeUp(4000, 7);
  const other = madeUp(2000, 8);
  const rules = { ...defaultRules, trees: 400, leaves: 8, learningRate: 0.3, featureShare: 0.7, rowShare: 0.8 };
  const forest = boost(train.matrix, train.labels, train.weights, rules, { ...other, patience: 10 });
  assert.ok(forest.trees.length > 5 && forest.trees.length < 300, `${forest.trees.length} trees`);
  const right = predict(forest, other.matrix).reduce((sum, score, row) => sum + Number(score > 0 === (other.labels[row] === 1)), 0);
  assert.ok(right > 1800, `${right} of 2000`);
});

test('the same data give the same model to the byte, alone or in threads; another seed gives another', async () => {
  const data = madeUp(500, 9);
  const rules = { ...defaultRules, trees: 12, leaves: 6, minRows: 5, featureShare: 0.5, rowShare: 0.7 };
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const words = (forest: ReturnType<typeof boost>) => [...encodeModel([{ forest, featureNames: names }])];
  const alone = words(boost(data.matrix, data.labels, data.weights, rules));
  assert.deepEqual(words(boost(data.matrix, data.labels, data.weights, rules)), alone);
  assert.notDeepEqual(words(boost(data.matrix, data.labels, data.weights, { ...rules, seed: 2 })), alone);
  const task = { ...data, folds: new Uint8Array(500), without: [1], rules };
  for (const forest of await trainAll([task, task, task], 2)) assert.deepEqual(words(forest), alone);
});

test('a forest reads back from its words, in both stages, and says what its features were called', () => {
  const data = madeUp(300, 11);
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const forest = boost(data.matrix, data.labels, data.weights, { ...defaultRules, trees: 5, leaves: 4 });
  const constant = {
    features: 6,
    bias: -1.5,
    trees: [{ feature: new Uint16Array(0), cut: new Float32Array(0), left: new Int16Array(0), right: new Int16Array(0), leaf: Float32Array.of(0.25) }],
  };
  const words = encodeModel([
    { forest, featureNames: names },
    { forest: constant, featureNames: names },
  ]);
  const [first, second] = decodeModel(words);
  assert.deepEqual(first!.forest, forest);
  assert.equal(first!.hash, hashOfNames(names));
  assert.deepEqual([...predict(second!.forest, data.matrix)], new Array(300).fill(-1.25));
  assert.equal(modelBytes(words).length, words.length * 4);
  const read = modelInc(words, 'A test.')
    .split('\n')
    .filter((line) => !line.startsWith('//'))
    .join('')
    .split(',')
    .filter(Boolean)
    .map(Number);
  assert.deepEqual(read, [...words]);
  assert.throws(() => encodeModel([{ forest, featureNames: names.slice(1) }]), /6 features and 5 names/);
});

test("the hash of feature names is FNV-1a's", () => {
  // the published vector of "foobar" is 0x85944171f73967e8; a line feed follows each name here
  assert.equal(hashOfNames([]), 0xcbf29ce484222325n);
  assert.equal(
    hashOfNames(['a']),
    BigInt.asUintN(64, ((BigInt.asUintN(64, (0xcbf29ce484222325n ^ 0x61n) * 0x100000001b3n) ^ 0x0an) as bigint) * 0x100000001b3n),
  );
  assert.notEqual(hashOfNames(['ab', 'c']), hashOfNames(['a', 'bc']));
});

test("the exponential is within two ulps of the engine's", () => {
  for (let i = -70_000; i <= 70_000; i += 7) {
    const x = i / 100;
    const got = exp(x);
    assert.ok(Math.abs(got - Math.exp(x)) <= 4.5e-16 * Math.exp(x), `exp(${x}) = ${got}`);
  }
  assert.equal(logistic(0), 0.5);
  assert.equal(logistic(-800), 0);
  assert.equal(logistic(800), 1);
});

test('a choice has the wanted number of integers, ascending, each as often as another', () => {
  const random = randomFrom(4);
  const seen = new Array<number>(10).fill(0);
  for (let i = 0; i < 3000; i++) {
    const chosen = choose(10, 3, random);
    assert.equal(chosen.length, 3);
    assert.ok(chosen[0]! < chosen[1]! && chosen[1]! < chosen[2]! && chosen[2]! < 10);
    for (const k of chosen) seen[k] = seen[k]! + 1;
  }
  assert.ok(Math.min(...seen) > 780 && Math.max(...seen) < 1020, `${seen}`); // 900 +- 5 sigma
});
