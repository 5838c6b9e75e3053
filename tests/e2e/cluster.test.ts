// A run through an engine whose jobs are killed, lost, preempted and refused ends with the bytes of a run by worker processes here.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ClusterExecutor } from '../../pipeline/executors/cluster.js';
import type { ClusterSettings } from '../../pipeline/executors/cluster-world.js';
import type { MakeExecutor } from '../../pipeline/executors/executor.js';
import { type JobRecord, JobsLog, openLevels } from '../../pipeline/executors/jobs-log.js';
import { refineCommand, stepsOf } from '../../pipeline/executors/start.js';
import { runManifest } from '../../pipeline/runner.js';
import type { Manifest } from '../../pipeline/types.js';
import { CLUSTER, engineJobs, FakeEngine } from '../support/fake-engine.js';
import { corpus, finalBytes, leftovers, manifestOf, runOptions, writeCorpus } from '../support/runner-world.js';

// No part of the path is a word that a shell would leave alone.
const folder = mkdtempSync(join(tmpdir(), `refine it's "a" $(touch pwned) -`));
after(() => rmSync(folder, { recursive: true, force: true }));
const input = join(folder, 'in');
let paths: string[] = [];
/** With a barrier; and of two levels, for what one level shows. */
let manifest: Manifest;
let plain: Manifest;
let expected: Record<string, string> = {};
let expectedPlain: Record<string, string> = {};

before(async () => {
  paths = writeCorpus(input, corpus(4, 30, 5));
  manifest = manifestOf(input, paths, ['words', 'same-url', 'bytes']);
  await runManifest(manifest, runOptions(join(folder, 'here')));
  expected = finalBytes(join(folder, 'here'));
  plain = manifestOf(input, paths, ['words', 'bytes']);
  await runManifest(plain, runOptions(join(folder, 'plain')));
  expectedPlain = finalBytes(join(folder, 'plain'));
});

function executorOn(engine: FakeEngine, notices: string[] = [], more: Partial<ClusterSettings> = {}): MakeExecutor {
  const world = {
    engine,
    settings: { ...CLUSTER, ...more },
    stepsOf: stepsOf(manifest),
    refine: refineCommand(),
    notice: (sentence: string) => void notices.push(sentence),
  };
  return (context, _gate, events) => new ClusterExecutor(world, context, events);
}

const records = (out: string): Promise<readonly JobRecord[]> => new JobsLog(out).records();

test('elements killed, forgotten, preempted and said to be dead: the same bytes, and only what is missing is submitted again', async () => {
  const out = join(folder, 'mishaps');
  const mishaps = ['kill', undefined, 'forget', 'lie', undefined, 'preempt'] as const;
  let seen = 0;
  const engine = new FakeEngine({ mishap: (submission) => (submission < 4 ? mishaps[seen++ % mishaps.length] : undefined) });
  const retried: string[] = [];
  const begun: { readonly host: string; readonly attempt: number }[] = [];
  await runManifest(
    manifest,
    runOptions(out, {
      executor: executorOn(engine),
      engineJobs,
      progress: (event) => {
        if (event.type === 'task' && event.state === 'retried') retried.push(event.message!);
        if (event.type === 'begin') begun.push(event);
      },
    }),
  );
  assert.deepEqual(finalBytes(out), expected);
  assert.deepEqual(leftovers(out), []);
  assert.ok(begun.every(({ host }) => host === 'n1') && begun.some(({ attempt }) => attempt > 1), 'what runs is told, for stragglers');
  assert.match(retried.join('\n'), /died \(signal SIGKILL\) on n1/);
  assert.match(retried.join('\n'), /the engine has forgotten how/);
  const all = await records(out);
  assert.deepEqual(openLevels(all), []);
  const again = all.filter((record) => record.event === 'closed').reduce((sum, { again: count }) => sum + count, 0);
  assert.equal(again, retried.length);
  assert.ok(!existsSync('pwned') && !existsSync(join(folder, 'pwned')));
});

test('arrays stay below the limits: of an array, of the queue, and of a queue that says so only when it is full', async () => {
  const out = join(folder, 'limits');
  const engine = new FakeEngine({ maxElements: 3, refuseAbove: 1 });
  await runManifest(plain, runOptions(out, { executor: executorOn(engine, [], { tasksPerElement: 1 }), engineJobs }));
  assert.deepEqual(finalBytes(out), expectedPlain);
  assert.ok(engine.refusals > 0);
  assert.ok(engine.submitted.every(({ elements }) => elements === 1));
});

test('a job at its time limit: what is left gets jobs that begin all at once; a task that had the whole time is named', async () => {
  const out = join(folder, 'time');
  const engine = new FakeEngine({ mishap: (submission, index) => (submission < 2 && index === 0 ? 'time' : undefined) });
  await assert.rejects(runManifest(plain, runOptions(out, { executor: executorOn(engine), engineJobs })), (error: Error) => {
    assert.match(error.message, /ERR_REFINE_TIME_LIMIT map 000000 .*whole time.*executor\.slurm\.time/);
    return true;
  });
  assert.deepEqual(
    engine.submitted.slice(0, 2).map(({ elements }) => elements),
    [2, 2],
  );
  // Everything else is done: the next call does what is missing, which is one map.
  const next = new FakeEngine();
  await runManifest(plain, runOptions(out, { executor: executorOn(next), engineJobs }));
  assert.deepEqual(finalBytes(out), expectedPlain);
  assert.equal(next.submitted[0]!.elements, 1);
});

test('a parent that dies leaves its jobs to the next, which takes them over and submits nothing twice', async () => {
  const out = join(folder, 'dies');
  const engine = new FakeEngine({ slots: 1 });
  // The first parent stops looking without a word once its array is submitted, as one that was killed does.
  const gone = new Error('killed');
  const dying = new FakeEngine();
  Object.assign(dying, {
    submit: engine.submit.bind(engine),
    find: engine.find.bind(engine),
    states: async () => {
      throw gone;
    },
    cancel: async () => {
      throw gone;
    },
  });
  await assert.rejects(runManifest(plain, runOptions(out, { executor: executorOn(dying), engineJobs })), gone);
  assert.equal(openLevels(await records(out)).length, 1);
  const notices: string[] = [];
  await runManifest(plain, runOptions(out, { executor: executorOn(engine, notices), engineJobs }));
  assert.match(notices.join('\n'), /goes on with a job that an earlier call submitted: 1\./);
  assert.deepEqual(finalBytes(out), expectedPlain);
  assert.equal(engine.submitted.filter(({ name }) => /map-0/.test(name)).length, 1);
});

test('jobs that a person cancels end the run, which the same call goes on with', async () => {
  const out = join(folder, 'cancelled');
  const engine = new FakeEngine({ slots: 0 });
  const watch = setInterval(() => {
    if (engine.submitted.length > 0) void engine.cancelAll();
  }, 20);
  const first = runManifest(plain, runOptions(out, { executor: executorOn(engine), engineJobs }));
  await assert.rejects(first, /was cancelled by someone/).finally(() => clearInterval(watch));
  await runManifest(plain, runOptions(out, { executor: executorOn(new FakeEngine()), engineJobs }));
  assert.deepEqual(finalBytes(out), expectedPlain);
});

test('a job that a person cancelled and the engine has forgotten is no death of its tasks: they are submitted again as they were', async () => {
  const out = join(folder, 'forgotten');
  const gone = new Error('killed');
  const dying = new FakeEngine({ slots: 0 });
  Object.assign(dying, { states: async () => Promise.reject(gone), cancel: async () => Promise.reject(gone) });
  await assert.rejects(runManifest(plain, runOptions(out, { executor: executorOn(dying), engineJobs })), gone);
  await new JobsLog(out).add({ event: 'cancelled', level: '0001-map-0' });
  const engine = new FakeEngine();
  await runManifest(plain, runOptions(out, { executor: executorOn(engine), engineJobs }));
  assert.deepEqual(finalBytes(out), expectedPlain);
  assert.equal(engine.submitted[0]!.elements, 2, 'two tasks an element, none alone');
});

test('a job that dies each time is named after three, with what its log said last; logs of the others are gone', async () => {
  const out = join(folder, 'deaths');
  const engine = new FakeEngine({ mishap: (_, __, job) => (/map-0/.test(job.name) && job.elements === 1 ? 'kill' : undefined) });
  const bad = manifestOf(input, ['in-00.jsonl'], ['words', 'bytes']);
  await assert.rejects(runManifest(bad, runOptions(out, { executor: executorOn(engine), engineJobs })), /ERR_REFINE_WORKER map 000000 .*in each of 3 jobs/);
  assert.equal(engine.submitted.length, 3);
  const failed = readdirSync(join(out, 'ledger')).filter((name) => name.endsWith('.failed.json'));
  assert.equal(failed.length, 1);
  assert.match(readFileSync(join(out, 'ledger', failed[0]!), 'utf8'), /ERR_REFINE_WORKER/);
});
