// The law MinHash rests on, for every family of ours: components agree with probability exactly the Jaccard similarity, each
// for itself and independently of each other; so pairs of similarity s are found with 1 - (1 - s^rows)^bands.
// The seeds below were written down before the first run and never change.
import assert from 'node:assert/strict';
import test from 'node:test';
import { native, type SketchParams } from '../../native/index.js';
import { pairsOf, wordsFrom } from '../support/jaccard-pairs.js';
import { binomialMass, chiSquareTail, sumMass, twoSided } from '../support/statistics.js';

const SEEDS = [20261122, 314159265, 1618033988] as const;
const FULL = process.env.REFINE_FULL === '1';

test('tail probabilities are the tables’ and R’s', () => {
  assert.ok(Math.abs(chiSquareTail(3.841458820694124, 1) - 0.05) < 1e-12);
  assert.ok(Math.abs(chiSquareTail(124.342, 100) - 0.05) < 1e-5);
  assert.ok(Math.abs(chiSquareTail(1000, 1000) - 0.494052) < 1e-5);
  // binom.test(7, 20, 0.3)$p.value, binom.test(15, 20, .5)$p.value
  assert.ok(Math.abs(twoSided(binomialMass(20, 0.3), 7) - 0.6294979666766771) < 1e-9);
  assert.ok(Math.abs(twoSided(binomialMass(20, 0.5), 15) - 0.04138947) < 1e-8);
  const two = [...sumMass(binomialMass(1, 0.5), binomialMass(1, 0.5))];
  assert.equal(two.length, 3);
  for (const [i, mass] of [0.25, 0.5, 0.25].entries()) assert.ok(Math.abs(two[i]! - mass) < 1e-12, `${two}`);
});

/** Which minima of each pair agree: pairs x components. */
async function agreements(params: SketchParams, shape: { common: number; own: number }, pairs: number, seed: number): Promise<Uint8Array> {
  const components = params.bands * params.rows;
  const word = wordsFrom(seed);
  const out = new Uint8Array(pairs * components);
  const most = Math.max(1, Math.min(pairs, Math.floor(4e6 / Math.max(components, shape.common + shape.own))));
  for (let done = 0; done < pairs; done += most) {
    const count = Math.min(most, pairs - done);
    const minima = await native.sketchMinima(pairsOf(new Array(count).fill(shape), word), params, 0, params.bands);
    const halves = new Uint32Array(minima.buffer);
    for (let pair = 0; pair < count; pair++) {
      const left = 4 * pair * components;
      const right = left + 2 * components;
      for (let k = 0; k < 2 * components; k += 2) {
        const same = halves[left + k] === halves[right + k] && halves[left + k + 1] === halves[right + k + 1];
        out[(done + pair) * components + k / 2] = Number(same);
      }
    }
  }
  return out;
}

/** Shapes from a union of 4 shingles to one of 4,000. */
const SHAPES = [
  { common: 2, own: 1, pairs: 4000 },
  { common: 30, own: 35, pairs: 3000 },
  { common: 160, own: 20, pairs: 3000 },
  { common: 2000, own: 1000, pairs: 500 },
] as const;
const FAMILIES: readonly SketchParams[] = [
  { bands: 14, rows: 8, family: 'affine' },
  { bands: 14, rows: 8, family: 'dart' },
  { bands: 100, rows: 20, family: 'dart' }, // two groups
];

for (const params of FAMILIES) {
  test(`${params.family} ${params.bands} x ${params.rows}: every component agrees with probability s, independently of the others`, async () => {
    const components = params.bands * params.rows;
    for (const [i, shape] of SHAPES.entries()) {
      const pairs = components > 200 ? Math.ceil(shape.pairs / 4) : shape.pairs;
      const s = shape.common / (shape.common + 2 * shape.own);
      const agree = await agreements(params, shape, pairs, SEEDS[0] + i);
      const label = `s ${s} of ${shape.common + 2 * shape.own} shingles`;
      const spread = s * (1 - s);
      const perComponent = new Float64Array(components);
      let perPair = 0; // sum of squared deviations of a pair's count: components that agree together would widen it
      let all = 0;
      for (let pair = 0; pair < pairs; pair++) {
        let count = 0;
        for (let k = 0; k < components; k++) {
          const same = agree[pair * components + k]!;
          count += same;
          perComponent[k]! += same;
        }
        all += count;
        perPair += (count - components * s) ** 2 / (components * spread);
      }
      const z = (all - pairs * components * s) / Math.sqrt(pairs * components * spread);
      assert.ok(Math.abs(z) < 4, `${label}: ${z} sigma off over all components`);
      const each = perComponent.reduce((sum, count) => sum + (count - pairs * s) ** 2 / (pairs * spread), 0);
      for (const [what, value, degrees] of [
        ['each component', each, components],
        ['pairs’ counts', perPair, pairs],
      ] as const) {
        const p = chiSquareTail(value, degrees);
        assert.ok(p > 1e-4 && p < 1 - 1e-4, `${label}: ${what} p ${p}`);
      }
      // Two components at a distance: the covariance of their agreements is 0, its variance (s (1 - s))^2 / pairs.
      for (const distance of [1, 2, params.rows, Math.floor(components / 2)]) {
        let squares = 0;
        for (let k = 0; k + distance < components; k++) {
          let product = 0;
          for (let pair = 0; pair < pairs; pair++) product += (agree[pair * components + k]! - s) * (agree[pair * components + k + distance]! - s);
          squares += product ** 2 / (pairs * spread ** 2);
        }
        const p = chiSquareTail(squares, components - distance);
        assert.ok(p > 1e-4 && p < 1 - 1e-4, `${label}: components ${distance} apart p ${p}`);
      }
    }
  });
}

/** Pairs at each step of .05 that share a band key, of `pairs` generated ones with 40 to 320 shingles between them. */
async function found(params: SketchParams, step: number, pairs: number, word: () => number): Promise<number> {
  let count = 0;
  for (let done = 0; done < pairs; done += 100) {
    const shapes = Array.from({ length: Math.min(100, pairs - done) }, () => {
      const scale = 1 + (word() % 8);
      return { common: 2 * step * scale, own: (20 - step) * scale };
    });
    const { keys } = await native.bandKeysOf(pairsOf(shapes, word), params, 0, params.bands);
    const words = new Uint32Array(keys.buffer);
    const width = params.bands * 4;
    for (let pair = 0; pair < shapes.length; pair++) {
      const left = 2 * pair * width;
      for (let at = left; at < left + width; at += 4) {
        if (words[at] !== words[at + width] || words[at + 1] !== words[at + width + 1] || words[at + 2] !== words[at + width + 2]) continue;
        if (words[at + 3] !== words[at + width + 3]) continue;
        count++;
        break;
      }
    }
  }
  return count;
}

/** Which pairs a machine can afford by default; all 2,000 a step at all three seeds with REFINE_FULL=1. */
const GEOMETRIES: readonly (SketchParams & { readonly usual: number })[] = [
  { bands: 14, rows: 8, family: 'affine', usual: 2000 },
  { bands: 14, rows: 8, family: 'dart', usual: 1000 },
  { bands: 9, rows: 13, family: 'affine', usual: 2000 },
  { bands: 9, rows: 13, family: 'dart', usual: 1000 },
  { bands: 450, rows: 20, family: 'affine', usual: 60 },
  { bands: 450, rows: 20, family: 'dart', usual: 200 },
];

for (const { usual, ...params } of GEOMETRIES) {
  const pairs = FULL ? 2000 : usual;
  test(`${params.family}: found pairs follow 1-(1-s^${params.rows})^${params.bands} at every step of .05, ${pairs} pairs each`, async () => {
    for (const seed of FULL || usual === 2000 ? SEEDS : SEEDS.slice(0, 1)) {
      const word = wordsFrom(seed);
      let total = 0;
      let mass: Float64Array = Float64Array.of(1);
      let squares = 0;
      let cells = 0;
      for (let step = 1; step < 20; step++) {
        const expected = 1 - (1 - (step / 20) ** params.rows) ** params.bands;
        const count = await found(params, step, pairs, word);
        const cell = binomialMass(pairs, expected);
        const p = twoSided(cell, count);
        assert.ok(p > 1e-5, `seed ${seed}, s ${step / 20}: ${count} of ${pairs} found, formula ${pairs * expected}, p ${p}`);
        total += count;
        mass = sumMass(mass, cell);
        const variance = pairs * expected * (1 - expected);
        if (variance >= 5) {
          squares += (count - pairs * expected) ** 2 / variance;
          cells++;
        }
      }
      assert.ok(twoSided(mass, total) > 0.001, `seed ${seed}: ${total} found in all, p ${twoSided(mass, total)}`);
      assert.ok(chiSquareTail(squares, cells) > 0.001, `seed ${seed}: ${cells} cells together p ${chiSquareTail(squares, cells)}`);
    }
  });
}
