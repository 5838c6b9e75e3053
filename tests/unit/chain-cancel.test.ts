// refine submit over and --cancel of a run that drivers work on, with an engine of this process that ends jobs when the test says so.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { cancelRun, submitRun } from '../../pipeline/executors/chain.js';
import type { ClusterSettings } from '../../pipeline/executors/cluster-world.js';
import type { ArrayJob, ElementState, Engine } from '../../pipeline/executors/engine.js';
import { JobsLog, openLevels } from '../../pipeline/executors/jobs-log.js';
import { lockRunFolder } from '../../pipeline/parent-lock.js';
import type { Manifest } from '../../pipeline/types.js';

const base = mkdtempSync(join(tmpdir(), 'refine-chain-'));
after(() => rmSync(base, { recursive: true, force: true }));

const settings: ClusterSettings = {
  maxQueued: Infinity,
  pollMs: 5,
  settleMs: 0,
  graceMs: 0,
  resources: () => ({ cpus: 1, memoryBytes: 2 ** 30, gpus: 0, extra: [] }),
  workers: () => 1,
};

class JobsHere implements Engine {
  readonly name = 'here';
  readonly maxElements = 10;
  readonly maxQueued = 10;
  readonly jobs: Map<string, ElementState>;
  readonly cancelled: string[] = [];
  /** At the nth question since the first cancellation, from 1. */
  readonly onAsked: (asked: number) => Promise<void> | void;
  #asked = 0;

  constructor(jobs: Readonly<Record<string, ElementState>>, onAsked: (asked: number) => Promise<void> | void = () => undefined) {
    this.jobs = new Map(Object.entries(jobs));
    this.onAsked = onAsked;
  }

  async submit(): Promise<string> {
    throw new Error('nothing may be submitted here');
  }

  async find(): Promise<string | null> {
    return null;
  }

  async states(jobs: readonly string[]) {
    if (this.cancelled.length > 0) await this.onAsked(++this.#asked);
    return new Map(jobs.flatMap((job) => (this.jobs.has(job) ? [[job, new Map([[0, { state: this.jobs.get(job)! }]])] as const] : [])));
  }

  async cancel(jobs: readonly string[]): Promise<void> {
    for (const job of jobs) {
      this.cancelled.push(job);
      if (this.jobs.get(job) === 'waiting') this.jobs.set(job, 'cancelled');
    }
  }
}

/** Takes what is submitted, and who submitted it is killed before the answer comes. */
class Unanswered extends JobsHere {
  readonly names: string[] = [];

  override async submit(job?: ArrayJob): Promise<string> {
    const id = String(this.names.push(job!.name) + 10);
    this.jobs.set(id, 'waiting');
    throw new Error('killed');
  }

  override async find(name?: string): Promise<string | null> {
    const at = this.names.lastIndexOf(name!);
    return at < 0 ? null : String(at + 11);
  }
}

const level = (of: string) => ({ engine: 'here', name: `refine-1-${of}`, level: of, of: 'map of segment 1', elements: 1, tasks: 1 });

function folder(name: string): { out: string; log: JobsLog } {
  const out = join(base, name);
  mkdirSync(out);
  return { out, log: new JobsLog(out) };
}

test('--cancel waits for the driver, which was submitting an array, and ends that too; each job is signalled once', async () => {
  const { out, log } = folder('submitting');
  await log.add({ event: 'chain', engine: 'here' });
  await log.add({ event: 'driver', job: '1', state: 'submitted' });
  await log.add({ event: 'driver', job: '1', state: 'begin', next: '2' });
  await log.add({ event: 'submitted', job: '3', ...level('0001-map-0') });
  const engine = new JobsHere({ 1: 'running', 2: 'waiting', 3: 'running' }, async (asked) => {
    if (asked !== 3) return;
    await log.add({ event: 'submitted', job: '4', ...level('0002-map-0') });
    await log.add({ event: 'driver', job: '1', state: 'stopped', next: '2' });
    engine.jobs.set('4', 'waiting').set('1', 'failed');
  });
  const jobs = await cancelRun(out, {}, async () => ({ engine, settings }));
  assert.deepEqual(jobs, ['1', '2', '3', '4']);
  assert.deepEqual(engine.cancelled, ['1', '2', '3', '4']);
  assert.ok(
    openLevels(await log.records()).every(({ cancelled }) => cancelled),
    'a later submit knows that a person ended them',
  );
  assert.equal((await log.records()).at(-1)!.event, 'driver');
});

test('a driver that ends by itself and lets its successor begin: the successor of that one is ended too', async () => {
  const { out, log } = folder('successor');
  await log.add({ event: 'driver', job: '1', state: 'begin', next: '2' });
  const engine = new JobsHere({ 1: 'running', 2: 'running' }, async (asked) => {
    if (asked === 1) {
      engine.jobs.set('1', 'done').set('5', 'waiting');
      await log.add({ event: 'driver', job: '2', state: 'begin', next: '5' });
    }
    if (asked === 3) engine.jobs.set('2', 'failed');
  });
  assert.deepEqual(await cancelRun(out, {}, async () => ({ engine, settings })), ['1', '2', '5']);
  assert.deepEqual(engine.cancelled, ['1', '2', '5']);
});

test('submit while a driver holds the lock of the folder names its job, not the process on some node', async () => {
  const { out, log } = folder('driven');
  await log.add({ event: 'driver', job: '7', state: 'begin', next: '8' });
  const held = await lockRunFolder(out);
  const options = { out, sets: [], block: {}, allowFailed: 0, update: false, device: 'auto' } as const;
  const engine = new JobsHere({ 7: 'running', 8: 'waiting' });
  const submit = submitRun({ text: '', path: 'x.yaml' } as Manifest, options, async () => ({ engine, settings }));
  await assert.rejects(submit, { code: 'ERR_REFINE_RUN_LOCKED', message: /^job 7 of here already drives this run/ }).finally(() => held.release());
});

test('a submit that is killed before it noted its driver: the next submit is refused by that job, and --cancel ends it', async () => {
  const { out, log } = folder('unnoted');
  // A chain whose drivers a person ended by hand: the log has 2 as the one to come.
  await log.add({ event: 'chain', engine: 'here' });
  await log.add({ event: 'driver', job: '1', state: 'begin', next: '2' });
  const engine = new Unanswered({ 1: 'cancelled', 2: 'cancelled' });
  const submit = (): Promise<string> =>
    submitRun({ text: '', path: 'x.yaml' } as Manifest, { out, sets: [], block: {}, allowFailed: 0, update: false, device: 'auto' }, async () => ({
      engine,
      settings,
    }));
  for (const job of ['11', '12']) {
    await assert.rejects(submit(), /^Error: killed$/);
    await assert.rejects(submit(), { code: 'ERR_REFINE_RUN_LOCKED', message: new RegExp(`^job ${job} of here already drives this run`) });
    assert.deepEqual(await cancelRun(out, {}, async () => ({ engine, settings })), [job]);
  }
  assert.deepEqual(engine.cancelled, ['11', '12']);
  assert.equal(new Set(engine.names).size, 1, 'both have the name of a first driver');
});
