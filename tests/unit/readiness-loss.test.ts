// Outliers in loss: how often exchangeable blocks are named, and what is found. Expectations: simulation with known laws.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Group, outliersAmong } from '../../pipeline/check/loss-statistics.js';
import { randomFrom } from '../support/random.js';

const random = randomFrom(31);
const uniform = (): number => (random(2 ** 30) + 0.5) / 2 ** 30;
const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
/** Bits per byte of documents: log-normal, as measured on pages, or with tails of Student's t with 3 degrees. */
const LAWS: Readonly<Record<string, () => number>> = {
  'log-normal': () => 1.9 * Math.exp(0.18 * normal()),
  'heavy-tailed': () => 1.9 + (0.3 * normal()) / Math.sqrt((normal() ** 2 + normal() ** 2 + normal() ** 2) / 3),
};
const block = (name: string, n: number, draw: () => number): Group => ({ name, values: Float64Array.from({ length: n }, draw) });

test('no block is named among exchangeable ones, in 2,000 runs of 8 blocks of 12 to 256 documents', () => {
  for (const [law, draw] of Object.entries(LAWS))
    for (const [n, runs] of [
      [12, 450],
      [24, 300],
      [64, 200],
      [256, 50],
    ] as const)
      for (let run = 0; run < runs; run++) {
        const found = outliersAmong(Array.from({ length: 8 }, (_, i) => block(String(i), n, draw)));
        assert.deepEqual(found, [], `${law}, ${n} documents, run ${run}`);
      }
});

test('a block is named in less than 1 % of runs where blocks differ by nature as much as their documents', () => {
  let named = 0;
  for (let run = 0; run < 500; run++) {
    const groups = Array.from({ length: 8 }, (_, i) => {
      const shift = 0.3 * normal();
      return block(String(i), 64, () => 1.9 + shift + 0.3 * normal());
    });
    const found = outliersAmong(groups).filter(({ kind }) => kind === 'level');
    if (found.length > 0) named++;
  }
  assert.ok(named < 5, `${named} of 500 runs`);
});

test('a block of noise is named for its level, one with a fifth of noise for its tail, one of repeated text for its low level', () => {
  for (let run = 0; run < 25; run++) {
    const others = Array.from({ length: 7 }, (_, i) => block(String(i), 256, LAWS['log-normal']!));
    const of = (draw: (i: number) => number): string[] =>
      outliersAmong([...others, { name: 'odd', values: Float64Array.from({ length: 256 }, (_, i) => draw(i)) }]).map(
        ({ name, kind, z }) => `${name} ${kind} ${Math.sign(z)}`,
      );
    assert.deepEqual(
      of(() => 4.5 + 0.3 * normal()),
      ['odd level 1'],
    );
    assert.deepEqual(
      of((i) => (i % 5 === 0 ? 4.5 : LAWS['log-normal']!())),
      ['odd tail 1'],
    );
    assert.deepEqual(
      of(() => 0.6 + 0.1 * normal()),
      ['odd level -1'],
    );
  }
});
