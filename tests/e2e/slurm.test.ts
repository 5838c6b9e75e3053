// refine run through Slurm's command lines, on a Slurm of our own (support/fake-slurm.ts) that kills, preempts,
// forgets and does not answer. Oracle: the bytes of a run by worker processes here.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import type { JobRecord } from '../../pipeline/executors/jobs-log.js';
import { type CliResult, refine } from '../support/cli.js';
import { FakeSlurm, type FakeSlurmSettings, type SlurmMishap } from '../support/fake-slurm.js';
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
  // Waits as long as a file of the name stands.
  writeFileSync(
    join(folder, 'slow.mjs'),
    `import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
const schema = { safeParse: (value) => ({ success: true, data: value ?? {} }), parse: (value) => value ?? {} };
export const slow = { kind: 'stage', name: 'slow', version: 1, reads: [], writes: [], reasons: [], schema,
  async open() { return { async process() { while (existsSync(${JSON.stringify(join(folder, 'wait'))})) await sleep(50); return {}; }, async close() {} }; } };
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

function checkRun(out: string, bytes: Record<string, string>): void {
  assert.deepEqual(finalBytes(join(folder, out)), bytes);
  assert.deepEqual(leftovers(join(folder, out)), []);
  assert.ok(!existsSync('pwned') && !existsSync(join(folder, 'pwned')));
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
  };
  let lost = false;
  const slurm = await cluster({
    maxArraySize: 3, // the four maps are two arrays
    mishap({ id, name }, index, restarts) {
      if (restarts > 0) return undefined;
      if (name.includes('index-and-samples') && !lost) {
        lost = true; // whatever number it has: how often a map is submitted again depends on when its end is seen
        return 'lost';
      }
      return mishaps[`${id}:${index}`];
    },
  });
  const { stderr } = await done(run(slurm, 'mishaps'));
  checkRun('mishaps', expected);
  assert.deepEqual([...slurm.happened].sort(), [...Object.values(mishaps), 'lost'].sort());
  for (const said of [/was killed for its memory \(OUT_OF_MEMORY\) on n[12]/, /died \(signal 11\)/, /the engine has forgotten how/]) assert.match(stderr, said);
  const levels = [...slurm.jobs.values()].map(({ name, elements }) => `${name.replace(/^refine-[0-9a-f]{8}-/, '')} ${elements}`);
  // What Slurm requeued came back by itself; what died was submitted again, alone.
  assert.deepEqual(levels.slice(0, 2), ['0001-map-0 3', '0002-map-0 1']);
  const again = levels.slice(2);
  assert.ok(again.length >= 4 && again.every((level) => /^000\d-(map-0|index-and-samples) 1$/.test(level)), again.join());
  assert.equal(again.filter((level) => level.includes('index-and-samples')).length, 2);
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
      if (command === 'sbatch') return nth === 0 ? 'lost-answer' : undefined;
      if (!args.some((word) => word.startsWith('--jobs=')) || !existsSync(join(folder, 'wait'))) return undefined;
      if (++held > 9) rmSync(join(folder, 'wait'));
      return held > 6 ? undefined : bad[nth % 3]; // for longer than `settle`
    },
  });
  const { stderr } = await done(run(slurm, 'answers'));
  checkRun('answers', expected);
  assert.match(stderr, /It is asked again/);
  assert.equal(mapsOf(slurm), 1);
  assert.equal(
    records('answers').reduce((sum, record) => sum + (record.event === 'closed' ? record.again : 0), 0),
    0,
  );
});
