// The counter-based generator in TypeScript against its twin in Python (infra/model/random_weights.py), which wrote the vector.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../native/package-root.js';
import { randomIds, randomTensor, randomWords } from '../../stages/contract/weights/random-weights.js';

const vector = JSON.parse(readFileSync(join(packageRoot, 'tests', 'fixtures', 'model', 'random-weights.json'), 'utf8')) as {
  readonly tensors: readonly { readonly seed: number; readonly name: string; readonly shape: number[]; readonly values: number[] }[];
  readonly words: readonly number[];
  readonly ids: readonly number[];
};

test('tensors, words and ids are those of the Python twin, bit for bit', () => {
  for (const { seed, name, shape, values } of vector.tensors) assert.deepEqual([...randomTensor(seed, name, shape)], values, name);
  const word = randomWords(1, 'far');
  const last = 2 ** 20;
  assert.deepEqual(
    [4, 3, 2, 1].map((back) => word(last - back)),
    vector.words,
  );
  assert.deepEqual([...randomIds(3, 'ids', 6, 4, 509)], vector.ids);
});

test('words are even: every byte value about as often as any other', () => {
  const word = randomWords(1, 'evenness');
  const counts = [0, 8, 16, 24].map(() => new Uint32Array(256));
  const n = 1 << 16;
  for (let i = 0; i < n; i++) for (const [part, shift] of [0, 8, 16, 24].entries()) counts[part]![(word(i) >>> shift) & 255]!++;
  for (const bytes of counts) {
    const chi = bytes.reduce((sum, count) => sum + (count - n / 256) ** 2 / (n / 256), 0);
    assert.ok(chi > 150 && chi < 370, `chi-square with 255 degrees of freedom is ${chi}`); // 6 sigma about 255
  }
});
