// A submission that the engine does not answer: taken once, whatever it says when.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefineError } from '../../native/errors.js';
import { type ArrayJob, type Engine, EngineSilent } from '../../pipeline/executors/engine.js';
import { SILENCE_MS, submitPatiently } from '../../pipeline/executors/patience.js';

type Answer = 'taken' | 'taken, not answered' | 'not answered' | 'refused' | 'found or not';

/** Answers in their order, the last for ever; its clock goes on as it is waited for. */
function asked(answers: readonly Answer[], signal?: AbortSignal) {
  const seen: string[] = [];
  const notices: string[] = [];
  let [taken, clock] = [0, 0];
  const answer = (what: string): string | null => {
    const now = answers[Math.min(seen.length, answers.length - 1)]!;
    seen.push(what);
    if (now.startsWith('taken')) taken++;
    if (now.endsWith('not answered')) throw new EngineSilent('here', 'does not answer.');
    if (now === 'refused') throw new RefineError('ERR_REFINE_ENGINE', 'says no.', { place: 'here' });
    return taken > 0 ? 'j' : null;
  };
  const engine = { submit: async () => answer('submit')!, find: async () => answer('find') } as unknown as Engine;
  const done = submitPatiently(engine, { name: 'j' } as ArrayJob, {
    now: () => clock,
    sleep: async (milliseconds) => void (clock += milliseconds),
    pauseMs: 15_000,
    notice: (sentence) => void notices.push(sentence),
    ...(signal === undefined ? {} : { signal }),
  });
  return { done, seen, notices, taken: () => taken, clock: () => clock };
}

test('an engine that was away: the job is looked for by name, and submitted again once it is said not to be there', async () => {
  const { done, seen, notices, taken } = asked(['not answered', 'not answered', 'found or not', 'taken']);
  assert.equal(await done, 'j');
  assert.deepEqual(seen, ['submit', 'find', 'find', 'submit']);
  assert.equal(taken(), 1);
  assert.deepEqual(notices, ['does not answer. It is asked again.']);
});

test('a submission whose answer was lost is not made twice', async () => {
  const { done, seen, taken } = asked(['taken, not answered', 'not answered', 'found or not']);
  assert.equal(await done, 'j');
  assert.deepEqual(seen, ['submit', 'find', 'find']);
  assert.equal(taken(), 1);
});

test('silence ends the call after half an hour, a refusal at once, and a signal while it waits', async () => {
  const silent = asked(['not answered']);
  await assert.rejects(silent.done, EngineSilent);
  assert.ok(silent.clock() > SILENCE_MS && silent.clock() < SILENCE_MS + 60_000);
  assert.equal(silent.seen.filter((what) => what === 'submit').length, 1);
  const refused = asked(['refused']);
  await assert.rejects(refused.done, /says no/);
  assert.deepEqual(refused.seen, ['submit']);
  await assert.rejects(asked(['not answered'], AbortSignal.abort(new Error('stop'))).done, /^Error: stop$/);
});
