// stories260K, a LLaMA of 260,000 weights, against HuggingFace's LlamaForCausalLM in float64: tests/peers/stories_golden.py made the
// fixture.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type ModelHandle, native, packagePath } from '../../native/index.js';
import { readModelFolder } from '../../stages/contract/weights/read-model-folder.js';
import { needsShared, sharedPath } from '../support/shared.js';

interface Golden {
  readonly cases: readonly { readonly ids: number[]; readonly losses: number[]; readonly places: [number, number][]; readonly logits: number[] }[];
  readonly greedy: number[];
}

const folder = sharedPath('data', 'models', 'stories260K');
const skip = folder === null ? needsShared : false;
const golden = JSON.parse(readFileSync(packagePath('tests', 'fixtures', 'model', 'stories-float64.json'), 'utf8')) as Golden;
const model = async (): Promise<ModelHandle> => native.modelLoad(await readModelFolder(folder!), { runtime: 'reference' });

const farthest = (found: ArrayLike<number>, expected: ArrayLike<number>): number => {
  assert.equal(found.length, expected.length);
  let most = 0;
  for (let i = 0; i < expected.length; i++) most = Math.max(most, Math.abs(found[i]! - expected[i]!));
  return most;
};

for (const { ids, losses, places, logits } of golden.cases) {
  test(`stories260K has HuggingFace's losses and logits to 1.6e-5 at T = ${ids.length}`, { skip }, async () => {
    const handle = await model();
    const all = await native.modelLosses(handle, Uint32Array.from(ids), Int32Array.of(0, ids.length));
    assert.ok(Number.isNaN(all[0]));
    assert.ok(farthest(all.subarray(1), losses) <= 1.6e-5);
    const rows = await native.modelLogits(
      handle,
      Uint32Array.from(ids),
      Uint32Array.from(places, ([t]) => t),
    );
    assert.ok(
      farthest(
        Float32Array.from(places, ([, v], i) => rows[i * 512 + v]!),
        logits,
      ) <= 1.6e-5,
    );
  });
}

test('greedy tokens of stories260K are those that transformers generates, read one by one through the cache', { skip }, async () => {
  const generation = native.modelGenerate(await model(), { temperature: 0, topK: 0, topP: 1, seed: 0n });
  const tokens = [golden.greedy[0]!];
  while (tokens.length < golden.greedy.length) tokens.push(await native.modelNext(generation, Uint32Array.of(tokens.at(-1)!)));
  assert.deepEqual(tokens, golden.greedy);
});

test('documents of one call do not see each other, and a beginning token gives the first its loss', { skip }, async () => {
  const handle = await model();
  const ids = Uint32Array.from(golden.greedy.slice(1, 41));
  const apart = await native.modelLosses(handle, ids, Int32Array.of(0, 15, 15, 40), 1);
  const first = await native.modelLosses(handle, ids.subarray(0, 15), Int32Array.of(0, 15), 1);
  const second = await native.modelLosses(handle, ids.subarray(15), Int32Array.of(0, 25), 1);
  assert.deepEqual([...apart], [...first, ...second]);
  const begun = await native.modelLosses(handle, Uint32Array.of(1, ...ids.subarray(0, 15)), Int32Array.of(0, 16));
  assert.deepEqual([...first], [...begun.subarray(1)]);
});

test('ids outside the vocabulary, positions outside the text and wrong handles are refused', { skip }, async () => {
  const handle = await model();
  await assert.rejects(native.modelLosses(handle, Uint32Array.of(1, 512), Int32Array.of(0, 2)), { code: 'ERR_REFINE_INPUT' });
  assert.throws(() => native.modelLosses(handle, Uint32Array.of(1, 2), Int32Array.of(0, 1)), /offsets must end with the ids/);
  assert.throws(() => native.modelLosses(handle, Uint32Array.of(1), Int32Array.of(0, 1), 512), /bos is outside the vocabulary/);
  assert.throws(() => native.modelLogits(handle, Uint32Array.of(1, 2), Uint32Array.of(2)), /position 2 of 2 ids/);
  assert.throws(() => native.modelLogits({} as ModelHandle, Uint32Array.of(1), Uint32Array.of(0)), TypeError);
  const generation = native.modelGenerate(handle, { temperature: 0, topK: 0, topP: 1, seed: 0n });
  assert.throws(() => native.modelNext(generation, new Uint32Array(0)), /no ids/);
  assert.throws(() => native.modelGenerate(handle, { temperature: -1, topK: 0, topP: 1, seed: 0n }), /temperature is out of range/);
});
