// The gate on a clock that only moves when told: order, distance, pauses and aborts, by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../stages/fetch/clock.js';
import { localGate } from '../../stages/fetch/gate.js';
import { retryAfterMs } from '../../stages/fetch/retry.js';

function manualClock() {
  let now = 0;
  let timers: { at: number; then: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    after(ms, then) {
      const timer = { at: now + ms, then };
      timers.push(timer);
      return () => (timers = timers.filter((other) => other !== timer));
    },
    random: () => 0,
    wallMs: () => Date.UTC(2024, 5, 1),
  };
  const advance = async (to: number) => {
    await new Promise(setImmediate); // what may start now does, before time moves
    for (;;) {
      const next = timers.filter(({ at }) => at <= to).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      timers = timers.filter((timer) => timer !== next);
      now = next.at;
      next.then();
      await new Promise(setImmediate);
    }
    now = to;
    await new Promise(setImmediate);
  };
  return { clock, advance, pending: () => timers.length };
}

const never = new AbortController().signal;

test('requests start in order, so far apart, and never more than the limit at once', async () => {
  const { clock, advance } = manualClock();
  const gate = localGate({ maxConcurrent: 2, minIntervalMs: 100 }, clock);
  const started: [number, number][] = [];
  const releases: (() => void)[] = [];
  for (let n = 0; n < 4; n++) {
    void gate.acquire('a', never).then((release) => {
      started.push([n, clock.now()]);
      releases.push(release);
    });
  }
  await advance(1000);
  assert.deepEqual(started, [
    [0, 0],
    [1, 100],
  ]);
  releases[0]!();
  releases[0]!(); // giving a place back twice gives one place
  await advance(2000);
  assert.deepEqual(started.slice(2), [[2, 1000]]);
});

test('a pause holds one host, the longest asked for wins, and another host goes on', async () => {
  const { clock, advance } = manualClock();
  const gate = localGate({ maxConcurrent: 5, minIntervalMs: 0 }, clock);
  gate.pause('a', 5000);
  gate.pause('a', 1000);
  const started: [string, number][] = [];
  void gate.acquire('a', never).then(() => started.push(['a', clock.now()]));
  void gate.acquire('b', never).then(() => started.push(['b', clock.now()]));
  await advance(4999);
  assert.deepEqual(started, [['b', 0]]);
  await advance(5000);
  assert.deepEqual(started, [
    ['b', 0],
    ['a', 5000],
  ]);
});

test('who aborts while waiting leaves the queue and no timer behind', async () => {
  const { clock, advance, pending } = manualClock();
  const gate = localGate({ maxConcurrent: 1, minIntervalMs: 0 }, clock);
  gate.pause('a', 60_000);
  const stop = new AbortController();
  const waiting = assert.rejects(gate.acquire('a', stop.signal), { message: 'enough' });
  assert.equal(pending(), 1);
  stop.abort(new Error('enough'));
  await waiting;
  assert.equal(pending(), 0);
  await assert.rejects(gate.acquire('a', stop.signal), { message: 'enough' });
  await advance(60_000);
  const release = await gate.acquire('a', never);
  release();
});

test('Retry-After is seconds or an HTTP date, and nothing else', () => {
  const { clock } = manualClock();
  assert.equal(retryAfterMs('120', clock), 120_000);
  assert.equal(retryAfterMs('0', clock), 0);
  assert.equal(retryAfterMs('Sat, 01 Jun 2024 00:01:00 GMT', clock), 60_000);
  assert.equal(retryAfterMs('Sat, 01 Jun 2023 00:01:00 GMT', clock), 0);
  for (const nonsense of [null, '', '-5', '1.5', 'soon', '99999999999']) assert.equal(retryAfterMs(nonsense, clock), null);
});
