// How a task goes on after its worker ended: decisions alone, no process.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Attempts, type Death, MOST_CRASHED, TRIES } from '../../pipeline/executors/local/isolation.js';
import type { Position } from '../../pipeline/journal.js';
import type { MapSpec, TaskSpec } from '../../pipeline/tasks.js';

const STEPS = ['extract', 'langid'];
const map = { kind: 'map', task: 'a'.repeat(64), label: 'map', segment: 0, number: 0, previous: null } as unknown as MapSpec;
const phase = { kind: 'phase', task: 'b'.repeat(64), label: 'phase', segment: 0, number: 0 } as unknown as TaskSpec;
const inStep = (first: number, last: number, step = 0): Position => ({ at: 'step', step, first, last, shadow: false });
const died = (at: Position, signal = 'SIGSEGV'): Death => ({ kind: 'died', how: `signal ${signal}`, signal, at });
const specOf = (next: ReturnType<Attempts['ended']>): MapSpec => {
  assert.equal(next.do, 'run');
  return (next as { spec: MapSpec }).spec;
};

test('a page is left out after it ended its worker twice while alone: among its batch, then by itself', () => {
  const attempts = new Attempts(map, STEPS);
  assert.deepEqual(specOf(attempts.ended(died(inStep(256, 511)))).isolate, { step: 'extract', first: 256, last: 511, shadow: false });
  assert.deepEqual(specOf(attempts.ended(died(inStep(300, 300)))).isolate, { step: 'extract', first: 300, last: 300, shadow: false });
  const on = specOf(attempts.ended(died(inStep(300, 300))));
  assert.equal(on.isolate, undefined);
  assert.deepEqual(on.crashed, [{ step: 'extract', row: 300, reason: 'crashed', how: 'signal SIGSEGV' }]);
});

test('the last way it ended names the reason', () => {
  for (const [kind, reason] of [
    ['stalled', 'stalled'],
    ['memory', 'out-of-memory'],
    ['threw', 'crashed'],
  ] as const) {
    const attempts = new Attempts(map, STEPS);
    const death: Death = { kind, how: 'how', at: inStep(7, 7, 1) };
    attempts.ended(death);
    assert.deepEqual(specOf(attempts.ended(death)).crashed, [{ step: 'langid', row: 7, reason, how: 'how' }]);
  }
});

test('a worker killed from outside is tried again first, and no page is left out for kills that hit different places', () => {
  const attempts = new Attempts(map, STEPS);
  const first = attempts.ended(died(inStep(0, 255), 'SIGKILL'));
  assert.deepEqual([specOf(first).isolate, (first as { soon: boolean }).soon], [undefined, false]);
  assert.equal(specOf(attempts.ended(died(inStep(512, 600), 'SIGKILL'))).isolate, undefined);
  const last = attempts.ended(died({ at: 'reading' }, 'SIGKILL'));
  assert.deepEqual(last, { do: 'fail', why: 'signal SIGKILL', tries: TRIES });
});

test('a search whose documents all come through clears them: the next death there is no search again, and says what grows', () => {
  const attempts = new Attempts(map, STEPS);
  const death: Death = { kind: 'memory', how: 'used too much', at: inStep(0, 99) };
  assert.notEqual(specOf(attempts.ended(death)).isolate, undefined);
  assert.equal(specOf(attempts.cameThrough()).isolate, undefined);
  assert.equal(specOf(attempts.ended(death)).isolate, undefined);
  const end = attempts.ended(death);
  assert.equal(end.do, 'fail');
  assert.match(end.why, /used too much, though every document there comes through alone: what grows is the worker over the task/);
});

test("a kill from outside in the middle of a search is no page's doing", () => {
  const attempts = new Attempts(map, STEPS);
  attempts.ended(died(inStep(0, 9)));
  const again = specOf(attempts.ended(died({ at: 'reading' }, 'SIGKILL')));
  assert.deepEqual([again.isolate, again.crashed], [{ step: 'extract', first: 0, last: 9, shadow: false }, undefined]);
});

test('tasks without documents, and maps made again, are tried three times and fail', () => {
  for (const spec of [phase, { ...map, again: ['dedupe'] } as MapSpec]) {
    const attempts = new Attempts(spec, STEPS);
    assert.equal(attempts.ended(died({ at: 'none' })).do, 'run');
    assert.equal(attempts.ended(died(inStep(3, 3))).do, 'run');
    assert.equal(attempts.ended(died({ at: 'none' })).do, 'fail');
  }
});

test('a step that ends its worker on every page fails its input after a bounded number of tries', () => {
  const attempts = new Attempts(map, STEPS);
  let tries = 0;
  for (let row = 0; ; row++) {
    tries += 2;
    attempts.ended(died(inStep(row, row)));
    const next = attempts.ended(died(inStep(row, row)));
    if (next.do === 'run') continue;
    assert.match(next.why, /17 documents end their worker when each is alone in it, so it is the step "extract" that is broken/);
    assert.equal(next.broken, true, 'the error names the step and not the worker');
    break;
  }
  assert.equal(tries, 2 * (MOST_CRASHED + 1));
});
