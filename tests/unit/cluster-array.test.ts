// Which tasks of a running element are told as begun: it takes them in their order, as many at once as it has workers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterArray } from '../../pipeline/executors/cluster-array.js';
import type { TaskSpec } from '../../pipeline/tasks.js';

function arrayOf(tasks: number, chunk: number, workers: number): ClusterArray {
  const specs = Array.from({ length: tasks }, (_, number) => ({ kind: 'map', task: `t${number}`, number }) as unknown as TaskSpec);
  const note = { format: 1, level: '0001-map-0', name: 'map', tasks, chunk, workers, gpu: false, graceMs: 0, tried: [] } as const;
  return new ClusterArray({ job: '1', name: 'j', note, elements: Math.ceil(tasks / chunk), specs });
}
const begun = (array: ClusterArray, index: number): readonly string[] => array.begun(index).map(({ spec }) => spec.task);

test('the first open tasks of an element, as many as it has workers, each told once', () => {
  const array = arrayOf(7, 5, 2);
  assert.deepEqual(begun(array, 0), ['t0', 't1']);
  assert.deepEqual(begun(array, 0), []);
  array.finish('t1', 'done');
  assert.deepEqual(begun(array, 0), ['t2']);
  array.finish('t0', 'done');
  array.finish('t2', 'failed');
  assert.deepEqual(begun(array, 0), ['t3', 't4']);
  for (const task of ['t3', 't4']) array.finish(task, 'done');
  assert.deepEqual(begun(array, 0), []);
  assert.deepEqual(begun(array, 1), ['t5', 't6'], 'another element, shorter than the others');
});

test('an element that was requeued begins anew with what is open', () => {
  const array = arrayOf(4, 4, 1);
  assert.deepEqual(begun(array, 0), ['t0']);
  array.finish('t0', 'done');
  assert.deepEqual(begun(array, 0), ['t1']);
  array.requeued(0);
  assert.deepEqual(begun(array, 0), ['t1']);
});
