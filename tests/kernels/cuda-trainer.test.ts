// The trainer on an emulated GPU from JavaScript: gradients, steps and evaluation of the CPU's trainer, the proxy run over it, and what it refuses.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { falconConfig } from '../../native/model-shapes.js';
import { type CudaTrainerPlace, native, type TrainerOptions } from '../../native/index.js';
import { proxyTrain } from '../../pipeline/proxy-train.js';
import { emulatedLibrary, needsEmulator } from '../support/cuda-emulator.js';
import { randomFrom } from '../support/random.js';

const library = emulatedLibrary();
const skip = library === null ? needsEmulator : false;
const place = (dtype: CudaTrainerPlace['dtype']): CudaTrainerPlace => ({ library: library!, dtype, batchTokens: 64 });
const SIZE = { vocab: 53, channels: 64, layers: 1, heads: 2, context: 32 } as const;
const OPTIONS: TrainerOptions = {
  goal: 'next-token',
  labels: 0,
  linearBias: false,
  tiedHead: true,
  rate: 5e-3,
  finalShare: 0.1,
  warmup: 2,
  total: 8,
  decay: 0.1,
  betas: [0.9, 0.95],
  epsilon: 1e-8,
  clip: 1,
  slices: 1,
  threads: 1,
  seed: 11,
};
/** Of the norm. */
function relativeError(found: ArrayLike<number>, wanted: readonly number[]): number {
  const norm = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return norm(wanted.map((value, at) => value - found[at]!)) / norm(wanted);
}
const random = randomFrom(4);
const ids = Uint32Array.from({ length: 70 }, () => random(SIZE.vocab));
const offsets = Int32Array.of(0, 20, 21, 53, 70);

test("a trainer on the GPU has the CPU's first weights, gradients to 1e-5 in fp32 and 3e-2 in bf16, and its losses after steps", { skip }, async () => {
  const cpu = native.trainerNew(falconConfig(SIZE), OPTIONS);
  const wanted = await native.trainerGradient(cpu, ids, offsets, null);
  for (const [dtype, most] of [
    ['f32', 1e-5],
    ['bf16', 3e-2],
  ] as const) {
    const gpu = await native.cudaTrainerNew(falconConfig(SIZE), OPTIONS, place(dtype));
    assert.deepEqual(await native.cudaTrainerWeights(gpu), native.trainerWeights(cpu));
    const found = await native.cudaTrainerGradient(gpu, ids, offsets);
    assert.equal(found.targets, wanted.targets);
    const off = relativeError(found.gradient, [...wanted.gradient]);
    assert.ok(off <= most, `${dtype}: ${off}`);
    assert.ok(Math.abs(found.loss / wanted.loss - 1) <= most, `${dtype}: ${found.loss} and ${wanted.loss}`);
  }
  const gpu = await native.cudaTrainerNew(falconConfig(SIZE), OPTIONS, place('f32'));
  for (let step = 0; step < 3; step++) {
    const [a, b] = [await native.trainerStep(cpu, ids, offsets, null), await native.cudaTrainerStep(gpu, ids, offsets)];
    assert.deepEqual([b.rate, b.updated], [a.rate, true]);
    assert.ok(Math.abs(b.loss / a.loss - 1) <= 1e-4, `step ${step}: ${b.loss} and ${a.loss}`);
  }
  const [a, b] = [await native.trainerEvaluate(cpu, ids, offsets), await native.cudaTrainerEvaluate(gpu, ids, offsets)];
  assert.deepEqual([...b].map(Number.isNaN), [...a].map(Number.isNaN));
  const told = (values: Float32Array): number[] => [...values].filter((value) => !Number.isNaN(value));
  assert.ok(relativeError(told(b), told(a)) <= 1e-3);
});

test('a proxy learns on the GPU in bf16 what it learns on the CPU, the same numbers twice', { skip }, async () => {
  const document = (at: number): number[] => Array.from({ length: 30 }, (_, i) => (7 * i + at * (i % 3)) % 41);
  const list = Array.from({ length: 6 }, (_, at) => document(at));
  const sample = { ids: Uint32Array.from(list.flat()), offsets: Int32Array.from({ length: 7 }, (_, at) => 30 * at) };
  const heldOut = [{ name: 'own', ids: Uint32Array.from(document(9)), offsets: Int32Array.of(0, 30), bytes: 60 }];
  const request = { sample, heldOut, vocab: 41, steps: 2, seed: 3, threads: 1, batch: 48 };
  const learn = (cuda?: CudaTrainerPlace) => proxyTrain({ ...request, ...(cuda === undefined ? {} : { cuda }) }, new AbortController().signal, () => undefined);
  const cpu = await learn();
  const gpu = await learn(place('bf16'));
  assert.deepEqual(await learn(place('bf16')), gpu);
  assert.deepEqual([gpu.tokens, gpu.epochs, gpu.parameters, gpu.verdict], [cpu.tokens, cpu.epochs, cpu.parameters, cpu.verdict]);
  for (const [step, loss] of gpu.losses.entries()) assert.ok(Math.abs(loss / cpu.losses[step]! - 1) <= 0.01, `${step}: ${loss} and ${cpu.losses[step]}`);
  assert.ok(Math.abs(gpu.heldOut[0]!.bitsPerByte / cpu.heldOut[0]!.bitsPerByte - 1) <= 0.01);
});

test('what a GPU cannot train is refused by name', { skip }, async () => {
  await assert.rejects(native.cudaTrainerNew(falconConfig(SIZE), { ...OPTIONS, linearBias: true }, place('bf16')), {
    code: 'ERR_REFINE_DEVICE',
    message: /a bias of a linear layer has no backward pass there\. Train on the CPU/,
  });
  await assert.rejects(native.cudaTrainerNew(falconConfig({ ...SIZE, heads: 4 }), OPTIONS, place('bf16')), { message: /a head of 16 numbers/ });
  assert.throws(() => native.cudaTrainerNew(falconConfig(SIZE), { ...OPTIONS, goal: 'classify', labels: 2 }, place('bf16')), { code: 'ERR_REFINE_DEVICE' });
  const gpu = await native.cudaTrainerNew(falconConfig(SIZE), OPTIONS, place('bf16'));
  await assert.rejects(native.cudaTrainerStep(gpu, Uint32Array.of(1, SIZE.vocab), Int32Array.of(0, 2)), {
    code: 'ERR_REFINE_INPUT',
    message: /outside the vocabulary/,
  });
});
