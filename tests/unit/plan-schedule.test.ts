// What a plan reckons with: wall time of tasks on workers, ranges of figures, the ranges that a sample is cut from. Expectations are
// closed formulas and a slow scheduler that looks at every worker.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fc } from '../support/properties.js';
import { chooseRanges, SAMPLE_RANGES } from '../../pipeline/plan-sample.js';
import { makespan } from '../../pipeline/plan-schedule.js';
import { exactly, ratio, sum, times } from '../../pipeline/plan-spread.js';
import type { Input } from '../../stages/contract/source.js';

test('the time of a list of tasks is that of giving each to the worker that is free first', () => {
  const slow = (tasks: readonly number[], workers: number, start: number): number => {
    const free = new Array<number>(Math.min(workers, tasks.length)).fill(start);
    for (const task of tasks) free[free.indexOf(Math.min(...free))]! += task;
    return tasks.length === 0 ? 0 : Math.max(...free);
  };
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 17 }),
      fc.integer({ min: 0, max: 9 }),
      (tasks, workers, start) => {
        assert.equal(makespan(tasks, workers, start), slow(tasks, workers, start));
      },
    ),
  );
});

test('one long task at the end is a tail that more workers do not shorten', () => {
  assert.equal(makespan([...new Array<number>(99).fill(1), 100], 10), 109);
  assert.equal(makespan([...new Array<number>(99).fill(1), 100], 1000), 100);
});

test('a ratio is exact over a whole, between its neighbours with pieces, and half to twice with one piece', () => {
  assert.deepEqual(ratio([2, 4], [1, 2], true), exactly(2));
  assert.deepEqual(ratio([2, 4], [1, 2], false), exactly(2)); // pieces agree
  assert.deepEqual(ratio([6], [3], false), { low: 1, likely: 2, high: 4 });
  const spread = ratio([1, 3], [1, 1], false); // residuals -1 and 1: error = sqrt(2 * 2 / 1) / 2 = 1
  assert.deepEqual(spread, { low: 0, likely: 2, high: 4 });
  assert.deepEqual(ratio([], [], false), exactly(0));
  assert.deepEqual(sum(spread, exactly(1)), { low: 1, likely: 3, high: 5 });
  assert.deepEqual(times(spread, 3), { low: 0, likely: 6, high: 12 });
});

const input = (path: string, bytes: number | null): Input => ({ path, location: `/data/${path}`, format: 'warc', bytes, identity: 'x' });

test('ranges lie inside their files, apart from each other, and the choice is the seed’s alone', () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 1_000_000, max: 2_000_000_000 })), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 50_000_000 }), fc.bigInt({ min: 0n, max: 1000n }), (bytes, budget, seed) => {
      const inputs = bytes.map((size, i) => input(`f${i}`, size));
      const ranges = chooseRanges(inputs, budget, seed);
      assert.ok(ranges.length <= SAMPLE_RANGES);
      const ends = new Map<Input, number>();
      for (const { input: of, start, length } of ranges) {
        assert.ok(start >= (ends.get(of) ?? 0), 'no byte twice');
        assert.ok(length > 0 && start + length <= of.bytes!);
        ends.set(of, start + length);
      }
      assert.deepEqual(chooseRanges([...inputs].reverse(), budget, seed), ranges);
    }),
  );
});

test('a file of nine tenths of the bytes gives nine tenths of the ranges, and not only its head', () => {
  const ranges = chooseRanges([input('small', 100_000_000), input('large', 1_100_000_000)], 12_000_000, 7n);
  const large = ranges.filter(({ input: of }) => of.path === 'large');
  assert.equal(ranges.length, 12);
  assert.equal(large.length, 11);
  assert.ok(large.at(-1)!.start > 900_000_000);
});
