// refine run, submit, status and --cancel through Slurm's command lines, on a Slurm of our own (support/fake-slurm.ts) that kills, preempts,
// forgets and does not answer. Oracle: the bytes of a run by worker processes here.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobRecord } from '../../pipeline/executors/jobs-log.js';
import { type CliResult, refine, startRefine } from '../support/cli.js';
import { FakeSlurm, type FakeSlurmSettings, type SlurmMishap } from '../support/fake-slurm.js';
import type { FakeJob } from '../support/fake-slurm-jobs.js';
import { corpus, finalBytes, leftovers, writeCorpus } from '../support/runner-world.js';

const base = mkdtempSync(join(tmpdir(), 'refine-slurm-'));
// No part of the runs' path is a word that a shell, or sbatch's patterns, would leave alone.
const folder = join(base, `it's "a" $(touch pwned) %a`);
const clusters: FakeSlurm[] = [];
let started = 0;
after(async () => {
  rmSync(base, { recursive: true, force: true });
});

// What a test that failed left behind is not the next one's.
afterEach(async () => {
  rmSync(join(folder, 'wait'), { force: true });
  for (const slurm of clusters.splice(0)) await slurm.stop();
});

const BLOCK = `executor: { kind: slurm, tasks-per-element: 1, slurm: { cpus: 1, memory: 900MiB, time: 10m, stop-before: 4s, poll: 200ms, settle: 1s, driver: { memory: 600MiB, stay: 1s } } }\n`;
let expected: Record<string, string> = {};
let expectedDeduped: Record<string, string> = {};

before(async () => {
  mkdirSync(folder, { recursive: true });
  writeCorpus(join(folder, 'in'), corpus(4, 30, 5));
  writeFileSync(join(folder, 'plain.yaml'), `name: plain\nsource: { jsonl: ["in/*.jsonl"] }\nsteps: [./slow.mjs]\n${BLOCK}`);
  writeFileSync(join(folder, 'deduped.yaml'), `name: deduped\nsource: { jsonl: ["in/*.jsonl"] }\nsteps: [dedupe-exact]\n${BLOCK}`);
  // Waits as long as a file of the name stands, or that of the fake Slurm until it did to this element what it will.
  writeFileSync(
    join(folder, 'slow.mjs'),
    `import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
const schema = { safeParse: (value) => ({ success: true, data: value ?? {} }), parse: (value) => value ?? {} };
const holds = [${JSON.stringify(join(folder, 'wait'))}, process.env.FAKE_SLURM_HOLD];
export const slow = { kind: 'stage', name: 'slow', version: 1, reads: [], writes: [], reasons: [], schema,
  async open() { return { async process() { while (holds.some((path) => path !== undefined && existsSync(path))) await sleep(50); return {}; }, async close() {} }; } };
`,
  );
  for (const name of ['plain', 'deduped'])
    await done(refine(['run', join(folder, `${name}.yaml`), '--executor', 'local', '--workers', '1', '--out', join(folder, name)]));
  expected = finalBytes(join(folder, 'plain'));
  expectedDeduped = finalBytes(join(folder, 'deduped'));
  assert.ok(Object.keys(expected).length > 5 && Object.keys(expectedDeduped).length > 5);
});

async function done(result: Promise<CliResult>): Promise<CliResult> {
  const { code, stdout, stderr, signal } = await result;
  assert.equal(code, 0, `${signal ?? code}: ${stdout}${stderr}`);
  return { code, stdout, stderr, signal };
}

async function cluster(settings: FakeSlurmSettings = {}): Promise<FakeSlurm> {
  const slurm = await FakeSlurm.start(join(base, `s${++started}`), settings);
  clusters.push(slurm);
  return slurm;
}

function run(slurm: FakeSlurm, out: string, more: readonly string[] = [], manifest = 'plain'): Promise<CliResult> {
  return refine(['run', join(folder, `${manifest}.yaml`), '--out', join(folder, out), ...more], { env: slurm.env });
}

function records(out: string): readonly JobRecord[] {
  const path = join(folder, out, 'scratch', 'executor', 'jobs.jsonl');
  if (!existsSync(path)) return [];
  const text = readFileSync(path, 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as JobRecord);
}

/** Ten minutes, for a busy machine; what can be told to be over by itself is told by `holds`. */
async function until(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    assert.ok(tries < 12_000, `waited for ${what} in vain`);
    await sleep(50);
  }
}

function checkRun(out: string, bytes: Record<string, string>): void {
  assert.deepEqual(finalBytes(join(folder, out)), bytes);
  assert.deepEqual(leftovers(join(folder, out)), []);
  assert.ok(!existsSync('pwned') && !existsSync(join(folder, 'pwned')));
}

function isOver({ states }: FakeJob): boolean {
  return [...states.values()].every(({ word }) => word !== 'PENDING' && word !== 'RUNNING');
}

/** Levels of the map that were submitted. */
function mapsOf(slurm: FakeSlurm): number {
  return [...slurm.jobs.values()].filter(({ name }) => name.includes('map')).length;
}

test('elements whose nodes fail, that are preempted, die, are lost or end late: the bytes of a local run', async () => {
  const mishaps: Readonly<Record<string, SlurmMishap>> = {
    '1:0': 'node-fail',
    '1:1': 'preempt',
    '1:2': 'out-of-memory',
    '2:0': 'late',
    '3:0': 'segfault',
    '5:0': 'lost',
  };
  const slurm = await cluster({
    maxArraySize: 3, // the four maps are two arrays
    mishap: ({ id }, index, restarts) => (restarts > 0 ? undefined : mishaps[`${id}:${index}`]),
  });
  const { stderr } = await done(run(slurm, 'mishaps'));
  checkRun('mishaps', expected);
  assert.deepEqual([...slurm.happened].sort(), Object.values(mishaps).sort());
  for (const said of [/was killed for its memory \(OUT_OF_MEMORY\) on n[12]/, /died \(signal 11\)/, /the engine has forgotten how/]) assert.match(stderr, said);
  const levels = [...slurm.jobs.values()].map(({ name, elements }) => `${name.replace(/^refine-[0-9a-f]{8}-/, '')} ${elements}`);
  // What Slurm requeued came back by itself; what died was submitted again, alone.
  assert.deepEqual(levels, ['0001-map-0 3', '0002-map-0 1', '0003-map-0 1', '0004-map-0 1', '0005-index-and-samples 1', '0006-index-and-samples 1']);
  assert.equal(slurm.jobs.get('1')!.restarts.size, 2);
  assert.ok(!slurm.calls.some(([command]) => command === 'sacct'), 'sacct is not there on every cluster');
});

test('answers that are lost, late, cut or of something else, and a state that no documentation has: nothing is submitted twice', async () => {
  writeFileSync(join(folder, 'wait'), '');
  const bad = ['garbled', 'cut', 'silent'] as const;
  let held = 0;
  const slurm = await cluster({
    maxSubmit: 4,
    mishap: ({ name }, index) => (name.includes('map') && index === 0 ? 'strange' : undefined),
    answer: (command, nth, args) => {
      if (command === 'scontrol') return (['silent', 'garbled', 'cut'] as const)[nth];
      if (command === 'sbatch') return (['lost-answer', 'garbled'] as const)[nth];
      if (!args.some((word) => word.startsWith('--jobs=')) || !existsSync(join(folder, 'wait'))) return undefined;
      if (++held > 9) rmSync(join(folder, 'wait'));
      return held > 6 ? undefined : bad[nth % 3]; // for longer than `settle`
    },
  });
  const { stderr } = await done(run(slurm, 'answers'));
  checkRun('answers', expected);
  assert.match(stderr, /It is asked again/);
  assert.equal(mapsOf(slurm), 1);
  const submitted = records('answers').flatMap((record) => (record.event === 'submitted' ? [record.job] : []));
  assert.deepEqual(submitted, [...slurm.jobs.keys()]);
  assert.ok(submitted.length >= 2, `of ${submitted.length} submissions two have a bad answer`);
  assert.equal(
    records('answers').reduce((sum, record) => sum + (record.event === 'closed' ? record.again : 0), 0),
    0,
  );
});

test('a queue that takes no more: smaller arrays, and the rest later', async () => {
  const slurm = await cluster({ maxSubmit: 1 });
  await done(run(slurm, 'full'));
  checkRun('full', expected);
  assert.ok(slurm.calls.filter(([command]) => command === 'sbatch').length > slurm.jobs.size, 'sbatch refused some');
});

test('a job killed hard at its time limit: its other tasks are submitted again, a task that had it all is named, the next call ends the run', async () => {
  const slurm = await cluster({
    mishap: ({ id }, index) => (index === 0 && (id === '1' || id === '2') ? 'timeout' : id === '1' && index === 1 ? 'warned' : undefined),
  });
  const profile = join(folder, 'two.yaml');
  writeFileSync(profile, 'executor: { tasks-per-element: 2 }\n');
  const { code, stderr } = await run(slurm, 'time', ['--profile', profile]);
  assert.equal(code, 1);
  assert.match(stderr, /reached its time limit \(TIMEOUT\) on n[12]/);
  assert.match(stderr, /ERR_REFINE_TIME_LIMIT map 00000\d .*whole time \(10m00s\)/);
  assert.ok(slurm.happened.includes('warned'));
  await done(run(slurm, 'time', ['--profile', profile]));
  checkRun('time', expected);
});

test('a parent that is killed: the folder is refused to a local run, and the same command takes its jobs over', async (t) => {
  writeFileSync(join(folder, 'wait'), '');
  let silent = 0; // answers of squeue that are still to be missing
  const slurm = await cluster({ answer: (command) => (command === 'squeue' && silent > 0 && silent-- > 0 ? 'silent' : undefined) });
  const parent = startRefine(['run', join(folder, 'plain.yaml'), '--out', join(folder, 'killed')], { env: slurm.env });
  await until('running jobs', () => [...slurm.jobs.values()].some(({ running }) => running.size === 2));
  parent.child.kill('SIGKILL');
  await parent.done;
  const second = startRefine(['run', join(folder, 'plain.yaml'), '--out', join(folder, 'killed'), '--executor', 'local'], { env: slurm.env });
  const bound = setTimeout(() => second.child.kill(), 180_000); // one that is let in waits as the jobs do
  const local = await second.done;
  clearTimeout(bound);
  assert.equal(local.code, 1, local.stderr);
  assert.match(local.stderr, /ERR_REFINE_RUN_LOCKED .*jobs 1 of slurm work in this run folder/);
  silent = 2;
  const next = startRefine(['run', join(folder, 'plain.yaml'), '--out', join(folder, 'killed')], { env: slurm.env });
  t.after(() => void next.child.kill('SIGKILL'));
  let said = '';
  next.child.stderr!.on('data', (chunk: string) => (said += chunk));
  await until('the take-over', () => said.includes('goes on with') || next.child.exitCode !== null || mapsOf(slurm) > 1);
  assert.match(said, /squeue does not answer.* It is asked again[\s\S]*goes on with a job that an earlier call submitted: 1/);
  rmSync(join(folder, 'wait')); // not before: what is done when it begins is not taken over
  await done(next.done);
  assert.equal(mapsOf(slurm), 1);
  checkRun('killed', expected);
});

test('submit: nothing stays here; a driver that is killed has a successor; status tells; the bytes are those of a local run', async () => {
  // The first driver's last word, to let its successor wait for the array, is not answered: it is at work until it is killed.
  // Before, it hears nothing where it asks for Slurm's limits, something else where it looks for a successor, and asks again.
  let [shown, garbled, handsOver] = [0, false, false];
  const slurm = await cluster({
    mishap: ({ name }, index, restarts) => (name.includes('map') && index === 1 && restarts === 0 ? 'node-fail' : undefined),
    answer: (command, _, args) => {
      const [verb] = args;
      if (verb === 'show' && ++shown === 2) return 'silent';
      if (!garbled && args.some((word) => word.endsWith('-driver-after-1') && word.startsWith('--name='))) {
        garbled = true;
        return 'garbled';
      }
      if (command !== 'scontrol' || verb !== 'update' || handsOver) return undefined;
      handsOver = true;
      return new Promise(() => undefined);
    },
  });
  const out = join(folder, 'chain');
  const submit = ['submit', join(folder, 'deduped.yaml'), '--out', out];
  const { stdout } = await done(refine(submit, { env: slurm.env }));
  const driver = stdout.trim();
  assert.equal(driver, '1');
  await until('a driver that hands over', () => handsOver || [...slurm.jobs.values()].every(isOver));
  assert.ok(garbled && handsOver);
  const again = await refine(submit, { env: slurm.env });
  assert.match(again.stderr, /ERR_REFINE_RUN_LOCKED .*job 1 of slurm already drives this run/);
  const { stdout: status } = await refine(['status', out], { env: slurm.env });
  assert.match(status, /cluster +slurm: 1 jobs open/);
  assert.ok(slurm.kill(driver));
  await until('the end of the chain', () => [...slurm.jobs.values()].every(isOver));
  assert.equal(records('chain').at(-1)!.event, 'driver');
  const drivers = records('chain').flatMap((record) => (record.event === 'driver' ? [`${record.job} ${record.state}`] : []));
  assert.deepEqual(drivers.slice(0, 3), ['1 submitted', '1 begin', '2 begin'], 'the second took over from one that was killed');
  assert.equal(drivers.filter((words) => words.endsWith('finished')).length, 1);
  checkRun('chain', expectedDeduped);
  assert.equal((await refine(['status', out], { env: slurm.env })).code, 0);
});

test('submit --cancel ends the driver and every job; what is done stays, and submit goes on', async () => {
  writeFileSync(join(folder, 'wait'), '');
  const slurm = await cluster();
  const submit = ['submit', join(folder, 'plain.yaml'), '--out', join(folder, 'cancel')];
  await done(refine(submit, { env: slurm.env }));
  const running = (): FakeJob | undefined => [...slurm.jobs.values()].find((job) => job.name.includes('map') && job.running.size > 0);
  await until('a running map', () => running() !== undefined);
  const { id } = running()!;
  const { stderr } = await done(refine([...submit, '--cancel'], { env: slurm.env }));
  assert.match(stderr, new RegExp(`cancelled jobs [\\d, ]*\\b${id}\\b`));
  await until('the end of all jobs', () => [...slurm.jobs.values()].every(isOver));
  assert.match((await done(refine([...submit, '--cancel'], { env: slurm.env }))).stderr, /no job of this run is alive/);
  rmSync(join(folder, 'wait'));
  await done(refine(submit, { env: slurm.env }));
  await until('the end of the chain', () => [...slurm.jobs.values()].every(isOver));
  assert.ok(records('cancel').some((record) => record.event === 'driver' && record.state === 'finished'));
  checkRun('cancel', expected);
});

test('a driver that is killed before it noted its successor: --cancel and a second submit see the job before it begins', async () => {
  // sbatch's answer with the successor's id is lost, and the look for it by name is not answered: the driver is there until it is killed.
  let waits = false;
  const slurm = await cluster({
    answer: (command, nth, args) => {
      if (command === 'sbatch') return nth === 1 ? 'lost-answer' : undefined;
      if (waits || slurm.jobs.size < 2 || !args.some((word) => word.startsWith('--name='))) return undefined;
      waits = true;
      return new Promise(() => undefined);
    },
  });
  const submit = ['submit', join(folder, 'plain.yaml'), '--out', join(folder, 'unnoted')];
  await done(refine(submit, { env: slurm.env }));
  await until('a successor that is not noted', () => waits);
  slurm.drain(); // it stays in the queue
  assert.ok(slurm.kill('1'));
  await until('the end of the driver', () => isOver(slurm.jobs.get('1')!));
  assert.deepEqual(
    records('unnoted').map(({ event }) => event),
    ['chain', 'driver'],
  );
  const { code, stderr } = await refine(submit, { env: slurm.env });
  assert.match(stderr, /ERR_REFINE_RUN_LOCKED .*job 2 of slurm already drives this run/);
  assert.equal(code, 1);
  assert.match((await done(refine([...submit, '--cancel'], { env: slurm.env }))).stderr, /cancelled jobs 2;/);
  assert.ok([...slurm.jobs.values()].every(isOver));
});

test('a partition that is not there ends the run with what sbatch said, and leaves nothing behind', async () => {
  const slurm = await cluster();
  const { code, stderr } = await run(slurm, 'nowhere', ['--set', 'executor.slurm.partition=nowhere']);
  assert.equal(code, 1);
  assert.match(stderr, /ERR_REFINE_ENGINE .*sbatch refuses 4 jobs .*Invalid partition name specified/);
  assert.deepEqual(
    readdirSync(join(folder, 'nowhere', 'scratch', 'executor')).filter((name) => name.startsWith('0')),
    [],
  );
});
