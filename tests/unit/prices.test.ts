// Price files, and sums by them: every expectation is worked out by hand here.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { packagePath } from '../../native/package-root.js';
import type { RunEstimate } from '../../pipeline/plan-model.js';
import { exactly } from '../../pipeline/plan-spread.js';
import { costOf, readPrices } from '../../pipeline/prices.js';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'refine-prices-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const estimate = {
  workers: 10,
  seconds: { low: 1800, likely: 3600, high: 7200 },
  disk: { finalBytes: exactly(100e9), peakBytes: exactly(500e9), scratchBytes: exactly(0), peakAt: 'map', objects: 3 },
} as RunEstimate;
const transfer = { ingressBytes: 50e9, egressBytes: 0, gets: 2000, puts: 0 };

test('the shipped file is an example, says so, and is dated', async () => {
  const prices = await readPrices(packagePath('infra', 'prices', 'example.yaml'));
  assert.equal(prices.example, true);
  assert.match(prices.date, /^\d{4}-\d{2}-\d{2}$/);
  const cost = costOf(estimate, transfer, 0, prices);
  assert.equal(cost.example, true);
});

test('core hours are workers by wall time, disk by the month, and a range stays a range', async () => {
  const path = join(folder, 'p.yaml');
  await writeFile(
    path,
    'format: 1\nname: ours\ndate: 2026-01-02\ncurrency: EUR\ncore-hour: { on-demand: 0.1, spot: 0.04 }\nstorage-gb-month: 0.02\ningress-gb: 0.01\nrequests-per-1000: { get: 0.5 }\n',
  );
  const cost = costOf(estimate, transfer, null, await readPrices(path));
  // 10 workers for an hour at .1; 100 GB at .02; 50 GB in at .01; 2,000 requests at .5 a thousand
  assert.deepEqual(
    cost.lines.map(({ what, cost: { likely } }) => [what, Number(likely.toFixed(6))]),
    [
      ['core hours, on-demand', 1],
      ['core hours, spot', 0.4],
      ['final shards, first month', 2],
      ['ingress', 0.5],
      ['requests, get', 1],
    ],
  );
  assert.deepEqual(cost.onDemand && [cost.onDemand.low, cost.onDemand.likely, cost.onDemand.high].map((x) => Number(x.toFixed(6))), [4, 4.5, 5.5]);
  assert.deepEqual(cost.without, ['scratch while it runs (no price)', 'GPU hours (not measured)']);
  assert.equal(cost.prices, 'ours, 2026-01-02');
});

test('a file with an unknown key or without YAML is refused by name', async () => {
  const path = join(folder, 'bad.yaml');
  for (const [text, found] of [
    ['format: 1\nname: x\ndate: 2026-01-01\ncurrency: EUR\ncore-hour: {}\nmoon-hour: 3\n', /moon-hour/],
    ['format: 2\n', /format/],
    [': :\n  - {', /no YAML/],
  ] as const) {
    await writeFile(path, text);
    await assert.rejects(readPrices(path), (error: { code: string; message: string; place: string }) => {
      assert.equal(error.code, 'ERR_REFINE_USAGE');
      assert.match(error.message, found);
      return error.place === path;
    });
  }
  await assert.rejects(readPrices(join(folder, 'none.yaml')), { code: 'ERR_REFINE_USAGE' });
});
