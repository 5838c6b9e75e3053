// The trainer through its native face: equal bytes for any number of threads and after a resume; bad batches are named.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { native, type TrainerHandle, type TrainerOptions } from '../../native/index.js';
import { falconConfig } from '../../native/model-shapes.js';
import { WindowBatches, windowsOf } from '../../native/train-windows.js';
import { PROXY_SIZE, proxyTrain } from '../../pipeline/proxy-train.js';
import { randomWords } from '../../stages/contract/weights/random-weights.js';

const SIZE = { vocab: 61, channels: 48, layers: 2, heads: 3, context: 32 };
const options = (threads: number): TrainerOptions => ({
  goal: 'next-token',
  labels: 0,
  linearBias: false,
  tiedHead: true,
  rate: 1e-2,
  finalShare: 0.1,
  warmup: 2,
  total: 12,
  decay: 0.1,
  betas: [0.9, 0.95],
  epsilon: 1e-8,
  clip: 1,
  slices: 4,
  threads,
  seed: 3,
});

/** Documents in which the next id mostly follows from the one before. */
function chain(count: number, vocab: number, noise: number): { ids: Uint32Array; offsets: Int32Array } {
  const word = randomWords(1, `chain ${noise}`);
  const ids: number[] = [];
  const offsets = [0];
  let at = 0;
  for (let d = 0; d < count; d++) {
    let id = word(at++) % vocab;
    for (let i = 0, length = 2 + (word(at++) % 90); i < length; i++) {
      ids.push(id);
      id = word(at++) % 100 < noise ? word(at++) % vocab : (id * 5 + 3) % vocab;
    }
    offsets.push(ids.length);
  }
  return { ids: Uint32Array.from(ids), offsets: Int32Array.from(offsets) };
}

const bytesOf = (trainer: TrainerHandle): string =>
  native.trainerWeights(trainer).reduce((all, { values }) => all + Buffer.from(values.buffer).toString('hex'), '');

test('any number of threads gives the same weights, and so does a resume from a state', async () => {
  const documents = chain(40, SIZE.vocab, 20);
  const run = async (threads: number, from: number, to: number, state?: Uint8Array): Promise<TrainerHandle> => {
    const trainer = native.trainerNew(falconConfig(SIZE), options(threads));
    const batches = new WindowBatches(documents, SIZE.context, 300, 5);
    if (state !== undefined) native.trainerRestore(trainer, state);
    for (let step = 0; step < to; step++) {
      const { ids, offsets } = batches.next();
      assert.equal(ids.length - offsets.length + 1, 300);
      if (step >= from) assert.equal((await native.trainerStep(trainer, ids, offsets, null)).updated, true);
    }
    return trainer;
  };
  const whole = bytesOf(await run(1, 0, 6));
  assert.equal(bytesOf(await run(3, 0, 6)), whole);
  const half = native.trainerState(await run(2, 0, 3));
  const resumed = await run(1, 3, 6, half);
  assert.equal(bytesOf(resumed), whole);
  assert.equal(native.trainerSteps(resumed), 6);
  assert.throws(() => native.trainerRestore(resumed, half.subarray(1)), { code: 'ERR_REFINE_WEIGHTS' });
});

test('windows teach each id but the first of a document once', () => {
  assert.deepEqual(windowsOf({ ids: new Uint32Array(12), offsets: Int32Array.of(0, 1, 1, 3, 12) }, 4), [1, 3, 3, 8, 7, 12]);
});

test('ids outside the vocabulary, long documents and unknown shapes are named', async () => {
  const trainer = native.trainerNew(falconConfig(SIZE), options(1));
  const step = (ids: number[]) => native.trainerStep(trainer, Uint32Array.from(ids), Int32Array.of(0, ids.length), null);
  await assert.rejects(step([1, 61]), { code: 'ERR_REFINE_INPUT', message: /id 61 at 1 is outside the vocabulary of 61/ });
  await assert.rejects(step(new Array<number>(34).fill(1)), { code: 'ERR_REFINE_INPUT', message: /needs 33 positions, the model has 32/ });
  assert.equal((await step(new Array<number>(33).fill(1))).targets, 32);
  assert.throws(() => native.trainerNew({ ...falconConfig(SIZE), position: 'none', layout: 'norm-after' }, options(1)), { code: 'ERR_REFINE_WEIGHTS' });
  assert.throws(() => native.trainerNew({ ...falconConfig(SIZE), vocab: 2 ** 30, channels: 3 * 2 ** 13, headDim: 2 ** 13 }, options(1)));
});

test('a proxy run learns text with a pattern, scores a third text, and says the same with two threads', async () => {
  const vocab = 127;
  const request = {
    sample: chain(120, vocab, 5),
    heldOut: [{ name: 'third', bytes: 5000, ...chain(20, vocab, 5) }],
    vocab,
    steps: 30,
    seed: 1,
    threads: 1,
    batch: 512,
  };
  const signal = new AbortController().signal;
  const steps: number[] = [];
  const one = await proxyTrain(request, signal, (step) => steps.push(step));
  assert.equal(one.verdict.kind, 'trained');
  assert.equal(one.tokens, 30 * 512);
  assert.equal(steps.length, 30);
  assert.ok(one.losses[0]! > 4.5 && one.losses.at(-1)! < 3, `${one.losses[0]} to ${one.losses.at(-1)}`);
  const [third] = one.heldOut;
  assert.ok(Math.abs(third!.bitsPerByte - third!.nats / Math.LN2 / 5000) < 1e-12);
  assert.ok(third!.nats / third!.tokens < 4);
  assert.deepEqual(await proxyTrain({ ...request, threads: 2 }, signal, () => {}), one);
  const mess = await proxyTrain({ ...request, sample: chain(120, vocab, 100) }, signal, () => {});
  assert.ok(mess.losses.at(-1)! > one.losses.at(-1)! + 1);
});

test('a proxy run that blows up says so and is no exception', async () => {
  const request = { sample: chain(120, 127, 50), heldOut: [], vocab: 127, steps: 25, seed: 1, threads: 1, batch: 512, rate: 3 };
  const { signal } = new AbortController();
  const far = await proxyTrain(request, signal, () => {});
  assert.equal(far.verdict.kind, 'diverged');
  assert.equal(far.losses.length, 25);
  const { verdict, losses } = await proxyTrain({ ...request, steps: 40, rate: 100 }, signal, () => {});
  assert.ok(verdict.kind === 'not-finite' && verdict.step < 39 && losses.length === verdict.step + 1, JSON.stringify(verdict));
  assert.match(verdict.words, /is no finite number at step \d+/);
  await assert.rejects(
    proxyTrain({ ...request, sample: { ids: Uint32Array.of(1), offsets: Int32Array.of(0, 1) } }, new AbortController().signal, () => {}),
    {
      code: 'ERR_REFINE_INPUT',
    },
  );
  assert.equal(PROXY_SIZE.context, 256);
});
