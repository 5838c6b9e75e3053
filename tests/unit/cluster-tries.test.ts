// When a task whose job ended without it is tried again, and when it is given up by name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterJob, type EndedElement } from '../../pipeline/executors/cluster-tries.js';
import { UNTRIED } from '../../pipeline/executors/level-folder.js';

const element = (more: Partial<EndedElement>): EndedElement => ({
  state: 'failed',
  label: 'element 3 of job 17',
  lastWords: null,
  log: '3.log',
  allAtOnce: false,
  ...more,
});

function tries(ended: EndedElement, most = 50): { jobs: number; last: string } {
  let tried = UNTRIED;
  for (let jobs = 1; jobs <= most; jobs++) {
    const verdict = afterJob(tried, ended);
    if (!('again' in verdict)) return { jobs, last: `${verdict.code} ${verdict.message}` };
    tried = verdict.again;
  }
  return { jobs: Infinity, last: '' };
}

test('a task whose job dies is given up after three jobs, with the last words of the third', () => {
  const { jobs, last } = tries(element({ reason: 'signal 11', node: 'n1', lastWords: 'Segmentation fault' }));
  assert.equal(jobs, 3);
  assert.match(last, /^ERR_REFINE_WORKER element 3 of job 17 died \(signal 11\) on n1, in each of 3 jobs\. Its last words: Segmentation fault/);
});

test('memory is named as such, with the option to raise', () => {
  assert.match(tries(element({ state: 'memory' })).last, /^ERR_REFINE_MEMORY .*executor\.slurm\.memory/);
});

test('a task that had the whole time limit is named at once; one that shared a worker is given a job whose tasks all begin at once', () => {
  const late = afterJob(UNTRIED, element({ state: 'time', allAtOnce: false }));
  assert.ok('again' in late && late.again.late === 1 && late.again.died === 0);
  const { jobs, last } = tries(element({ state: 'time', allAtOnce: true, timeMs: 600_000 }));
  assert.equal(jobs, 1);
  assert.match(last, /^ERR_REFINE_TIME_LIMIT .*\(10m00s\).*Raise the time limit/);
});

test('what the cluster does is not charged to the task as a death, and is not tried for ever', () => {
  const verdict = afterJob({ died: 2, taken: 0, late: 0 }, element({ state: 'taken' }));
  assert.ok('again' in verdict && verdict.again.died === 2);
  assert.equal(tries(element({ state: 'taken' })).jobs, 10);
});

test('a job that a person cancelled before charges its tasks with nothing', () => {
  const tried = { died: 2, taken: 9, late: 1 };
  assert.deepEqual(afterJob(tried, element({ state: 'cancelled', reason: 'CANCELLED' })), {
    again: tried,
    reason: 'element 3 of job 17 was cancelled (CANCELLED)',
  });
});
