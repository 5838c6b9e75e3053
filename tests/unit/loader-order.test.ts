// Expectations: tests/fixtures/loader-order.json, computed by a separate implementation (Python) of the definition in order.ts.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { packagePath } from '../../native/package-root.js';
import { SampleOrder } from '../../pipeline/loader/order.js';

interface Case {
  readonly seed: string;
  readonly epoch: number;
  readonly samples: number;
  readonly positions: readonly number[];
  readonly expected: readonly number[];
}
const { cases } = JSON.parse(readFileSync(packagePath('tests', 'fixtures', 'loader-order.json'), 'utf8')) as { cases: readonly Case[] };

test('the order of samples is the committed one', () => {
  assert.ok(cases.length >= 10);
  for (const { seed, epoch, samples, positions, expected } of cases) {
    const order = new SampleOrder(BigInt(seed), epoch, samples);
    assert.deepEqual(
      positions.map((position) => order.at(position)),
      expected,
      `seed ${seed}, epoch ${epoch}, ${samples} samples`,
    );
  }
});

test('every sample stands at exactly one position, whatever the count', () => {
  for (const samples of [1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 65, 255, 256, 257, 10_007]) {
    const order = new SampleOrder(3n, 0, samples);
    const seen = new Uint8Array(samples);
    for (let position = 0; position < samples; position++) seen[order.at(position)]!++;
    assert.ok(
      seen.every((times) => times === 1),
      `${samples} samples`,
    );
  }
});

test('other seeds and epochs give other orders, and positions are spread evenly over samples', () => {
  const samples = 20_000;
  const orders = [new SampleOrder(1n, 0, samples), new SampleOrder(2n, 0, samples), new SampleOrder(1n, 1, samples)];
  const lists = orders.map((order) => Array.from({ length: samples }, (_, position) => order.at(position)));
  for (const [a, b] of [
    [0, 1],
    [0, 2],
    [1, 2],
  ] as const) {
    const equal = lists[a]!.filter((sample, position) => sample === lists[b]![position]).length;
    assert.ok(equal < 12, `${equal} positions in common; a fresh permutation has about 1`);
  }
  // closed formula: counts of (position tenth, sample tenth) pairs are about 200 each; chi-square with 81 degrees of freedom, p = 1e-6 at 153
  for (const list of lists) {
    const counts = new Float64Array(100);
    list.forEach((sample, position) => {
      counts[Math.floor(position / 2000) * 10 + Math.floor(sample / 2000)]!++;
    });
    const chi = counts.reduce((sum, count) => sum + (count - 200) ** 2 / 200, 0);
    assert.ok(chi < 153, `chi-square ${chi}`);
  }
});
