// Gradients of Falcon, LLaMA and BERT blocks against torch autograd through transformers' own models in float64
// (infra/model/train_gradients.py made the fixture; weights come from the counter-based generator on both sides).
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { native, packageRoot, type TrainerHandle, type TrainerOptions } from '../../native/index.js';
import { randomIds } from '../../stages/contract/weights/random-weights.js';
import { readModelFolder } from '../../stages/contract/weights/read-model-folder.js';
import { randomModelFolder, type TensorShapes, temporaryFolder } from '../support/model-folder.js';

interface Case {
  readonly config: Record<string, unknown>;
  readonly tensors: TensorShapes;
  readonly seed: number;
  readonly lengths: readonly number[];
  readonly labels: readonly number[];
  readonly loss: number;
  readonly gradients: Readonly<Record<string, { readonly norm: number; readonly at: readonly number[]; readonly values: readonly number[] }>>;
}

const cases = JSON.parse(readFileSync(join(packageRoot, 'tests', 'fixtures', 'model', 'train-gradients.json'), 'utf8')) as Record<string, Case>;

const options = (over: Partial<TrainerOptions>): TrainerOptions => ({
  goal: 'next-token',
  labels: 0,
  linearBias: false,
  tiedHead: true,
  rate: 1e-3,
  finalShare: 0.1,
  warmup: 1,
  total: 10,
  decay: 0,
  betas: [0.9, 0.95],
  epsilon: 1e-8,
  clip: 0,
  slices: 3,
  threads: 2,
  seed: 0,
  ...over,
});
const FORMS: Readonly<Record<string, Partial<TrainerOptions>>> = {
  falcon: {},
  llama: { tiedHead: false },
  bert: { goal: 'classify', labels: 3, linearBias: true },
};

async function trainerOf(folder: string, form: Partial<TrainerOptions>): Promise<TrainerHandle> {
  const plan = await readModelFolder(folder);
  const weights = native.weightsOpen(plan);
  const trainer = native.trainerNew(plan.config, options(form));
  for (const { role } of native.trainerWeights(trainer)) {
    const held = native.weightsRead(weights, role);
    assert.ok(held, `the folder has no ${role}`);
    native.trainerPut(trainer, role, held.values);
  }
  return trainer;
}

for (const [kind, golden] of Object.entries(cases)) {
  test(`loss and gradients of ${kind} equal torch autograd's to 1e-4 of each tensor's norm`, async () => {
    const folder = randomModelFolder(temporaryFolder('train'), golden.config, golden.tensors, golden.seed);
    try {
      const trainer = await trainerOf(folder, FORMS[kind]!);
      const offsets = [0];
      for (const length of golden.lengths) offsets.push(offsets.at(-1)! + length);
      const ids = randomIds(golden.seed, 'ids', offsets.at(-1)!, 1, 97);
      const done = await native.trainerGradient(trainer, ids, Int32Array.from(offsets), golden.labels.length > 0 ? Int32Array.from(golden.labels) : null);
      assert.ok(Math.abs(done.loss - golden.loss) < 1e-5 * golden.loss, `loss ${done.loss}, torch ${golden.loss}`);
      let begin = 0;
      const roles: string[] = [];
      for (const { role, values } of native.trainerWeights(trainer)) {
        const mine = done.gradient.subarray(begin, begin + values.length);
        begin += values.length;
        const theirs = golden.gradients[role];
        assert.ok(theirs, `torch has no ${role}`);
        roles.push(role);
        const norm = Math.sqrt(mine.reduce((sum, x) => sum + x * x, 0));
        const near = 1e-4 * theirs.norm + 1e-7; // a key's bias has no gradient at all
        assert.ok(Math.abs(norm - theirs.norm) <= near, `${role}: norm ${norm}, torch ${theirs.norm}`);
        theirs.at.forEach((at, i) => {
          assert.ok(Math.abs(mine[at]! - theirs.values[i]!) <= near, `${role}[${at}]: ${mine[at]}, torch ${theirs.values[i]}`);
        });
      }
      assert.deepEqual(roles.sort(), Object.keys(golden.gradients).sort());
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
