// The statistics of `refine check`: intervals against their law, and how often thresholds speak of shards that are alike.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { farFrom } from '../../pipeline/check/language-check.js';
import { median, robustDeviation, wilson } from '../../pipeline/check/statistics.js';
import { randomFrom } from '../support/random.js';
import { binomialMass } from '../support/statistics.js';

test('the interval of a share holds the true one in 95 % of binomial draws, give or take 3', () => {
  for (const [n, p] of [
    [512, 0.02],
    [512, 0.3],
    [81, 0.1],
  ] as const) {
    const covered = binomialMass(n, p).reduce((sum, mass, hits) => {
      const { low, high } = wilson(hits, n);
      return low <= p && p <= high ? sum + mass : sum;
    }, 0);
    assert.ok(Math.abs(covered - 0.95) < 0.03, `${n} ${p}: ${covered}`);
  }
  assert.deepEqual(wilson(0, 0), { low: 0, high: 1 });
});

test('the median and the robust deviation ignore what lies far out', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.equal(median([1, 2, 3, 4, 1e9]), 3);
  assert.equal(robustDeviation([1, 2, 3, 4, 1e9]), 1.4826);
});

test('shards alike in languages are never told apart in 2,700 drawn runs, and a language moved in one is', () => {
  const random = randomFrom(77);
  const uniform = () => random(2 ** 30) / 2 ** 30;
  for (const languages of [1, 3, 30])
    for (const documents of [12, 40, 128]) {
      const weights = Array.from({ length: languages }, (_, i) => 1 / (i + 1));
      const total = weights.reduce((a, b) => a + b);
      let alarms = 0;
      let found = 0;
      for (let run = 0; run < 300; run++) {
        const shards = Array.from({ length: 8 }, () => {
          const counts = new Map<string, number>();
          for (let i = 0; i < documents; i++) {
            let draw = uniform() * total;
            const label = weights.findIndex((weight) => (draw -= weight) < 0);
            counts.set(`l${label}`, (counts.get(`l${label}`) ?? 0) + 1 / documents);
          }
          return { documents, shares: counts };
        });
        if (farFrom(shards).length > 0) alarms++;
        const moved = new Map(shards[5]!.shares);
        moved.set('other', moved.get('l0') ?? 0);
        moved.delete('l0');
        if (
          farFrom(shards.map((shard, at) => (at === 5 ? { ...shard, shares: moved } : shard)))
            .map(({ shard, label }) => `${shard} ${label}`)
            .join() === '5 other'
        )
          found++;
      }
      assert.equal(alarms, 0, `${languages} languages, ${documents} documents: ${alarms} false alarms`);
      if (documents === 128) assert.ok(found >= (languages === 30 ? 280 : 300), `${languages} languages: found ${found} of 300`);
    }
});
