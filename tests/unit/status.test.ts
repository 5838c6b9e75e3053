// A run's state from planted folders: running, finished, dead, failed, elsewhere; rates, stragglers and groups of failures by hand.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { processStart } from '../../pipeline/platform.js';
import { ProgressFile, type ProgressState, readProgress } from '../../pipeline/progress-file.js';
import { patternOf, runStatus } from '../../pipeline/status.js';
import { statusText } from '../../pipeline/status-text.js';
import { mapEntry, someEvents } from '../support/run-events.js';

let base: string;
let run: string;
let number = 0;
before(async () => {
  base = await mkdtemp(join(tmpdir(), 'refine-status-'));
});
beforeEach(async () => {
  run = join(base, `run-${number++}`);
  await mkdir(join(run, 'ledger'), { recursive: true });
  await mkdir(join(run, 'scratch'));
  await put('manifest.lock.json', { format: 1, resolved: { name: 'cc' }, inputs: [{}, {}, {}] });
});
after(() => rm(base, { recursive: true, force: true }));

const put = (path: string, value: unknown): Promise<void> => writeFile(join(run, path), typeof value === 'string' ? value : JSON.stringify(value));
const id = (n: number): string => n.toString(16).padStart(64, '0');
const NOW = 1_700_000_000_000;
const world = { now: () => NOW, host: hostname() };
const plan = (finished: boolean, tasks: readonly number[]): Promise<void> => put('ledger/plan.json', { format: 1, tasks: tasks.map(id), failed: [], finished });
const done = (n: number): Promise<void> => put(`ledger/${id(n)}.json`, { ...mapEntry(id(n), { in: 1, out: 1, drops: {} }) });
const failed = (n: number, code: string, label: string, message: string): Promise<void> =>
  put(`ledger/${id(n)}.failed.json`, { format: 1, state: 'failed', task: id(n), kind: 'map', label, segment: 0, number: n, code, message });
const holder = (host: string, pid: number, start: string | null): Promise<void> => put('run.lock', { format: 1, pid, host, start });

function progress(more: Partial<ProgressState> = {}): ProgressState {
  return {
    format: 1,
    pid: process.pid,
    host: hostname(),
    start: null,
    at: NOW - 1000,
    startedAt: NOW - 200_000,
    workers: 2,
    inputs: 3,
    bytes: 3000e6,
    documents: 5000,
    bytesRead: 1000e6,
    retries: 1,
    failed: 0,
    level: {
      name: 'map 1/2',
      unit: 'files',
      level: 1,
      levels: 20,
      tasks: 12,
      doneBefore: 2,
      done: 4,
      failed: 0,
      documents: 5000,
      bytes: 1000e6,
      bytesTotal: 2500e6,
      started: NOW - 101_000,
      ahead: { taskMs: 20_000, documentMs: 1 },
    },
    running: [
      { task: 'a', label: 'map 000006 x', kind: 'map', worker: 0, pid: 71, host: 'node-1', attempt: 1, since: NOW - 31_000 },
      { task: 'b', label: 'map 000007 y', kind: 'map', worker: 1, pid: 72, host: 'node-1', attempt: 2, since: NOW - 20_000 },
    ],
    marks: [
      { at: NOW - 101_000, documents: 0, bytes: 0, tasks: 0 },
      { at: NOW - 71_000, documents: 1000, bytes: 200e6, tasks: 1 },
      { at: NOW - 11_000, documents: 4500, bytes: 900e6, tasks: 3 },
    ],
    medianMs: 10_000,
    ended: null,
    ...more,
  };
}

test('a run that goes on: level, tasks, rates of the last minute and overall, ETA with a range, the straggler', async () => {
  await plan(false, [1, 2, 3, 4, 5, 6]);
  for (const n of [1, 2, 3]) await done(n);
  await holder(hostname(), process.pid, processStart(process.pid));
  await put('scratch/progress.json', progress());
  const status = await runStatus(run, world);
  assert.equal(status.state, 'running');
  assert.deepEqual(status.tasks, { done: 3, failed: 0, known: 6 });
  assert.deepEqual(status.level, { name: 'map 1/2', number: 1, of: 20, done: 6, failed: 0, tasks: 12 });
  // from the mark at -71 s to -1 s: 4,000 documents, 800 MB, 3 tasks in 70 s; overall 5,000 in 100 s
  assert.deepEqual(status.now, { documents: 4000 / 70, bytes: 800e6 / 70, tasks: 3 / 70, seconds: 70 });
  assert.deepEqual(status.overall, { documents: 50, bytes: 10e6, tasks: 0.04, seconds: 100 });
  // share = 1000/2500 = .4 after 101 s: 151.5 s of the level; behind it (20 s + 1 ms x 5000/.4 documents) / 2 workers
  assert.equal(Math.round(10 * status.eta!.level!), 1515);
  assert.equal(Math.round(10 * status.eta!.run!), Math.round(10 * (151.5 + (20 + 12.5) / 2)));
  assert.ok(status.eta!.low! < status.eta!.run! && status.eta!.run! < status.eta!.high!);
  // the median is 10 s: 31 s is more than three times of it, 20 s is not
  assert.deepEqual(
    status.stragglers.map(({ label, seconds, times, host, pid }) => [label, seconds, times, host, pid]),
    [['map 000006 x', 31, 3.1, 'node-1', 71]],
  );
  const text = statusText(status);
  assert.match(text, /1 of 20: map 1\/2, 6 of 12 tasks done, 2 running/);
  assert.match(text, /57 documents\/s, 11\.4 MB\/s, 2\.6 tasks\/min \(1m10s\) now; 50 documents\/s/);
  assert.match(text, /ETA +2m31s for the level; all levels about 2m47s/);
  assert.match(text, /31s {2}3\.1 x {2}map 000006 x {2}on node-1, worker 0 \(pid 71\)/);
});

test('finished, stopped, interrupted, failed: by the plan, the lock and what the parent left', async () => {
  const of = async (): Promise<[string, string]> => {
    const { state, because } = await runStatus(run, world);
    return [state, because];
  };
  await plan(false, [1]);
  assert.deepEqual(await of(), ['stopped', 'no process works on it; the same command goes on']);
  await holder(hostname(), 2 ** 22 + 5, 'x'); // beyond what Linux gives out
  assert.match((await of())[1], /its process 4194309 is gone; the same command goes on/);
  await rm(join(run, 'run.lock'));
  await put('scratch/progress.json', progress({ ended: { at: NOW, code: 'ERR_REFINE_INTERRUPTED' } }));
  assert.match((await of()).join(), /^stopped,it was interrupted/);
  await put('scratch/progress.json', progress({ ended: { at: NOW, code: 'ERR_REFINE_DISK' } }));
  assert.match((await of()).join(), /^failed,it ended with ERR_REFINE_DISK/);
  assert.equal((await runStatus(run, world)).lastError, 'ERR_REFINE_DISK');
  await plan(true, [1]);
  assert.deepEqual((await of())[0], 'finished');
  await put('scratch/progress.json', '{"format":1, "pid'); // half written by something that is not us
  assert.deepEqual((await of())[0], 'finished');
  await assert.rejects(runStatus(join(run, 'scratch'), world), { code: 'ERR_REFINE_LEDGER' });
});

test('from another machine a run goes on while its progress is fresh', async () => {
  await plan(false, [1]);
  await holder('node-9', 1, null);
  await put('scratch/progress.json', progress({ pid: 1, host: 'node-9', at: NOW - 30_000 }));
  assert.equal((await runStatus(run, world)).state, 'running');
  await put('scratch/progress.json', progress({ pid: 1, host: 'node-9', at: NOW - 300_000 }));
  const { state, because, stragglers } = await runStatus(run, world);
  assert.deepEqual([state, because], ['stopped', 'its process 1 on node-9 wrote nothing for 300 s; the same command goes on']);
  assert.deepEqual(stragglers, []);
});

test('failures are grouped by code and shape, with a sample and the next move; a task done since is none; no secrets', async () => {
  await plan(false, [1]);
  for (let n = 1; n <= 12; n++)
    await failed(n, 'ERR_REFINE_FETCH', `map ${String(n).padStart(6, '0')} crawl-data/x-${n}.warc.gz`, `https://u:p@h/x?sig=abc: gave up ${n}`);
  await failed(13, 'ERR_REFINE_INPUT', 'map 000013 other/y.warc.gz', 'is empty\nmore');
  await done(1);
  const { failures, tasks, state } = await runStatus(run, world);
  assert.deepEqual(tasks, { done: 1, failed: 12, known: 13 });
  assert.equal(state, 'failed');
  assert.deepEqual(
    failures.map(({ code, pattern, count, sample }) => [code, pattern, count, sample.message.replace(/\d+$/, 'n')]),
    [
      ['ERR_REFINE_FETCH', 'map * crawl-data/x-*.warc.gz', 11, 'https://h/x gave up n'],
      ['ERR_REFINE_INPUT', 'map * other/y.warc.gz', 1, 'is empty'],
    ],
  );
  for (const { next } of failures) assert.ok(next.length > 20);
});

test('labels with other numbers and hashes have one shape, other words have others', () => {
  assert.equal(patternOf('map 000012 crawl-data/CC-MAIN-2023-50/x-20231203-00012.warc.gz'), 'map * crawl-data/CC-MAIN-*/x-*.warc.gz');
  assert.equal(patternOf(`dedupe ${'ab12'.repeat(10)}`), 'dedupe *');
  assert.notEqual(patternOf('map 1 a'), patternOf('map 1 b'));
});

test('open jobs of a cluster are those submitted and not closed; a torn last line, and what is no record, are left out', async () => {
  await plan(false, [1]);
  await mkdir(join(run, 'scratch', 'executor'));
  const lines = [
    { at: 't0', event: 'submitting', engine: 'slurm', name: 'n', level: 'l1', of: 'map 1/2', elements: 4, tasks: 40 },
    { at: 't1', event: 'submitted', engine: 'slurm', job: '17', name: 'n', level: 'l1', of: 'map 1/2', elements: 4, tasks: 40 },
    { at: 't2', event: 'closed', level: 'l1', job: '17', done: 40, failed: [], again: 0 },
    { at: 't3', event: 'submitted', engine: 'slurm', job: '18', name: 'm', level: 'l2', of: 'dedupe-url 1/4 groups', elements: 1, tasks: 3 },
  ];
  await put('scratch/executor/jobs.jsonl', `null\n3\n${lines.map((line) => JSON.stringify(line)).join('\n')}\n{"event":"subm`);
  const { jobs } = await runStatus(run, world);
  assert.deepEqual(jobs, { engine: 'slurm', open: [{ job: '18', level: 'dedupe-url 1/4 groups', elements: 1, tasks: 3, since: 't3' }], closed: 1 });
});

test('the progress file says what runs since when, and goes with a run that came to its end', async () => {
  let now = NOW;
  const file = new ProgressFile(run, () => now);
  const events = someEvents();
  for (const event of events.slice(0, 7)) file.take(event); // two tasks are running
  const state = file.state(now);
  assert.deepEqual(
    state.running.map(({ label, attempt, since }) => [label, attempt, since]),
    [
      ['map 000000 a.warc.gz', 1, NOW],
      ['map 000001 b.warc.gz', 1, NOW],
    ],
  );
  now += 4000;
  for (const event of events.slice(7)) file.take(event);
  assert.equal(file.state(now).medianMs, 0); // begun anew after its retry, at this clock
  assert.deepEqual([file.state(now).running.length, file.state(now).retries, file.state(now).failed], [0, 1, 1]);
  file.take({ type: 'end', code: 'ERR_REFINE_TASKS_FAILED' });
  await file.close();
  assert.equal((await readProgress(run))!.ended!.code, 'ERR_REFINE_TASKS_FAILED');

  const again = new ProgressFile(run, () => now);
  for (const event of events) again.take(event);
  again.take({ type: 'end' });
  await again.close();
  assert.equal(await readProgress(run), null);
});
