// LightGBM on the same made-up rows: the log loss of unseen rows must be within a few percent of its.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { boost, defaultRules, predict } from '../../infra/extract/gbdt.js';
import { logLoss } from '../../infra/extract/logistic.js';
import { randomFrom } from '../../infra/extract/random.js';
import { packagePath } from '../../native/package-root.js';

const python = process.env.REFINE_PYTHON ?? 'python3';

test('log loss on unseen rows is within 3 % of LightGBM with the same parameters', () => {
  const random = randomFrom(21);
  const uniform = () => random(1 << 24) / (1 << 24);
  const features = 20;
  const make = (rows: number) => {
    const values = new Float32Array(rows * features);
    const labels = new Uint8Array(rows);
    const weights = new Float64Array(rows);
    for (let row = 0; row < rows; row++) {
      for (let f = 0; f < features; f++) values[row * features + f] = f < 5 ? random(6) : f === 5 && random(4) === 0 ? Number.NaN : uniform();
      const at = row * features;
      const x = values[at + 6]! * values[at + 7]! + 0.1 * values[at]! * (values[at + 8]! > 0.5 ? 1 : -1) + (Number.isNaN(values[at + 5]!) ? 0.2 : 0);
      labels[row] = x + 0.5 * (uniform() - 0.5) > 0.3 ? 1 : 0;
      weights[row] = 0.5 + random(3);
    }
    return { matrix: { rows, features, values }, labels, weights };
  };
  const train = make(20_000);
  const unseen = make(10_000);
  const folder = mkdtempSync(join(tmpdir(), 'refine-gbdt-'));
  try {
    for (const [name, part] of Object.entries({ train, unseen })) {
      writeFileSync(join(folder, `${name}.values`), part.matrix.values);
      writeFileSync(join(folder, `${name}.labels`), part.labels);
      writeFileSync(join(folder, `${name}.weights`), part.weights);
    }
    const rules = { ...defaultRules, trees: 120, leaves: 24, learningRate: 0.08, minRows: 20, minHessian: 2, l2: 5 };
    const theirs = JSON.parse(
      execFileSync(python, [packagePath('tests', 'peers', 'lightgbm_loss.py'), folder, JSON.stringify({ ...rules, features })], { encoding: 'utf8' }),
    ) as { loss: number };
    const ours = logLoss(predict(boost(train.matrix, train.labels, train.weights, rules), unseen.matrix), unseen.labels, unseen.weights);
    console.log(`log loss: ours ${ours.toFixed(5)}, LightGBM ${theirs.loss.toFixed(5)}`);
    assert.ok(ours < theirs.loss * 1.03, `ours ${ours}, LightGBM ${theirs.loss}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
