// The area under a ROC curve against the count of pairs, and what its interval covers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fc } from '../support/properties.js';
import { area, areaUnder } from '../../infra/model/auc.js';
import { randomFrom } from '../../infra/extract/random.js';

test('the area is the share of pairs in which the bad text scores higher, ties half', () => {
  const scores = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(scores, scores, (good, bad) => {
      let wins = 0;
      for (const a of good) for (const b of bad) wins += b > a ? 1 : b === a ? 0.5 : 0;
      assert.ok(Math.abs(areaUnder(good, bad) - wins / (good.length * bad.length)) < 1e-12);
    }),
  );
});

test('the interval holds the area, is wider for fewer sites, and repeats to the bit', () => {
  const random = randomFrom(3);
  const texts = (n: number, sites: number, shift: number) =>
    Array.from({ length: n }, (_, at) => ({ score: shift + (random(1000) + random(1000)) / 1000, site: `s${at % sites}` }));
  const of = (sites: number) => area(texts(200, sites, 0), texts(200, sites, 0.4));
  const [few, many] = [of(4), of(200)];
  for (const found of [few, many]) assert.ok(found.low <= found.auc && found.auc <= found.high && found.low > 0.5);
  const again = [texts(50, 9, 0), texts(50, 9, 0.2)] as const;
  assert.deepEqual(area(...again), area(...again));
  assert.deepEqual(area(texts(5, 2, 0), texts(5, 2, 9)).auc, 1);
});
