// The registry's table says names without loading steps, so what it says is held against the steps themselves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadStep, loadSteps, STEP_NAMES } from '../../pipeline/registry.js';

test('every step stands under its own name, in the order of the table, and is the same object each time', async () => {
  const all = await loadSteps();
  assert.deepEqual([...all.keys()], STEP_NAMES);
  for (const [name, step] of all) {
    assert.equal(step.name, name);
    assert.equal(await loadStep(name), step);
  }
});

test('steps are found by name in the order of the table, whatever the order of the question; unknown names are left out', async () => {
  const [first, second] = STEP_NAMES as [string, string];
  assert.deepEqual([...(await loadSteps([second, 'no-such-step', first, 'constructor', second])).keys()], [first, second]);
  assert.equal(await loadStep('no-such-step'), undefined);
  assert.equal(await loadStep('constructor'), undefined);
});
