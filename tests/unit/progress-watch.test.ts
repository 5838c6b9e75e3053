// Deadlines by progress on a clock that jumps: a made-up clock, no waiting.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProgressWatch, type Watched } from '../../pipeline/executors/local/progress-watch.js';

const TICK = 1000;
const STALL = 60_000;

function world() {
  const clock = { now: 5_000_000 };
  const watch = new ProgressWatch(STALL, TICK, () => clock.now);
  const pass = (ticks: number, each = TICK): void => {
    for (let i = 0; i < ticks; i++) {
      clock.now += each;
      watch.tick();
    }
  };
  return { clock, watch, pass };
}

function worker(): Watched & { count: number | null; late: number[] } {
  const late: number[] = [];
  return {
    count: 0,
    late,
    work() {
      return this.count === null ? null : String(this.count);
    },
    stalled: (ms) => void late.push(ms),
  };
}

test('a worker without progress for the whole time is told once, one that moves or waits for others never', () => {
  const { watch, pass } = world();
  const [still, moving, waiting] = [worker(), worker(), worker()];
  waiting.count = null;
  for (const one of [still, moving, waiting]) watch.begin(one);
  for (let second = 0; second < 200; second++) {
    if (second % 50 === 0) moving.count!++;
    pass(1);
  }
  assert.deepEqual([still.late, moving.late, waiting.late], [[STALL], [], []]);
});

test('a machine that sleeps for hours, a stopped process group, a clock that goes back: nobody is late for time in which nobody looked', () => {
  for (const jump of [8 * 3600_000, 61_000, -3600_000]) {
    const { clock, watch, pass } = world();
    const one = worker();
    watch.begin(one);
    pass(30);
    clock.now += jump;
    watch.tick();
    pass(25);
    assert.deepEqual(one.late, [], `after a jump of ${jump} ms`);
    pass(10);
    assert.equal(one.late.length, 1, 'and one that stays silent is late all the same');
  }
});

test('jumps again and again charge at most two ticks each', () => {
  const { watch, pass } = world();
  const one = worker();
  watch.begin(one);
  pass(STALL / TICK / 2 - 1, 3600_000);
  assert.deepEqual(one.late, []);
});

test('a worker that begins another task begins anew', () => {
  const { watch, pass } = world();
  const one = worker();
  watch.begin(one);
  pass(50);
  watch.end(one);
  watch.begin(one);
  pass(50);
  assert.deepEqual(one.late, []);
});
