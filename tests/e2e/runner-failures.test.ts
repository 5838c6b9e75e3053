// What a failing task does to a run: it fails by name, everything else is tried, and nothing final is made unless allowed.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readRun } from '../../pipeline/run-folder.js';
import { runManifest } from '../../pipeline/runner.js';
import { ALL_STEPS, corpus, finalBytes, manifestOf, runOptions, type StepText, writeCorpus } from '../support/runner-world.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-failures-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const input = join(folder, 'in');
let paths: string[] = [];
let expected: Record<string, string> = {};

before(async () => {
  paths = writeCorpus(input, corpus(4, 60, 11));
  await runManifest(manifestOf(input, paths, ALL_STEPS), runOptions(join(folder, 'undisturbed')));
  expected = finalBytes(join(folder, 'undisturbed'));
});

test('a worker that dies once loses one try of its task', async () => {
  const steps: StepText[] = [['trouble', { 'crash-at': 'f2-30', once: join(folder, 'once') }], ...ALL_STEPS];
  const events: string[] = [];
  const out = join(folder, 'crash-once');
  await runManifest(
    manifestOf(input, paths, steps),
    runOptions(out, { progress: (event) => event.type === 'task' && event.state === 'retried' && events.push(event.label) }),
  );
  assert.deepEqual(events, ['map 000002 in-02.jsonl']);
  assert.deepEqual(finalBytes(out), expected);
});

test('a reader that dies at every try fails its input by name; all other inputs are tried, and no final shard is made', async () => {
  const out = join(folder, 'crash-always');
  const manifest = manifestOf(input, paths, ALL_STEPS);
  process.env.REFINE_TEST_DIE_READING = 'in-01.jsonl';
  try {
    await assert.rejects(runManifest(manifest, runOptions(out)), {
      code: 'ERR_REFINE_TASKS_FAILED',
      message: /1 task failed.*\n {2}ERR_REFINE_WORKER map 000001 in-01\.jsonl {2}its worker ended with signal SIGKILL while it read, in each of 3 tries/s,
    });
    assert.deepEqual(finalBytes(out), {});
    const state = await readRun(out);
    assert.deepEqual(
      state.entries.map((entry) => [entry.input, entry.state]).sort(),
      paths.map((path) => [path, path === 'in-01.jsonl' ? 'failed' : 'done']),
    );
    const summary = await runManifest(manifest, runOptions(out, { allowFailed: 1 }));
    assert.deepEqual(
      summary.failed.map(({ input: path, code }) => [path, code]),
      [['in-01.jsonl', 'ERR_REFINE_WORKER']],
    );
  } finally {
    delete process.env.REFINE_TEST_DIE_READING;
  }
  assert.deepEqual(
    Object.keys(finalBytes(out)).filter((path) => path.startsWith('tokens/')),
    ['tokens/000000.arrow', 'tokens/000002.arrow', 'tokens/000003.arrow'],
  );
});

test('a step that refuses by name fails its input by name at once', async () => {
  const steps: StepText[] = [['trouble', { 'refuse-at': 'f3-1' }], ...ALL_STEPS];
  await assert.rejects(runManifest(manifestOf(input, paths, steps), runOptions(join(folder, 'throws'))), {
    code: 'ERR_REFINE_TASKS_FAILED',
    message: /ERR_REFINE_ASSET map 000003 in-03\.jsonl {2}a model is not what it says/,
  });
});

test('a failure after the barrier leaves its input out and makes the barrier again', async () => {
  const steps: StepText[] = [...ALL_STEPS.slice(0, 3), ['trouble', { 'refuse-at': 'f1-4' }], ...ALL_STEPS.slice(3)];
  const manifest = manifestOf(input, paths, steps);
  const out = join(folder, 'late');
  const kept = [...Array(60).keys()].map((i) => `f1-${i}`);
  const failing = {
    ...manifest,
    steps: manifest.steps.map((step) => (step.name === 'trouble' ? { ...step, options: { 'refuse-at': kept.find((id) => survivors().has(id))! } } : step)),
  };
  await assert.rejects(runManifest(failing, runOptions(out)), { code: 'ERR_REFINE_TASKS_FAILED', message: /in-01\.jsonl \(segment 2\)/ });
  const summary = await runManifest(failing, runOptions(out, { allowFailed: 1 }));
  assert.equal(summary.failed.length, 1);
  const without = paths.filter((path) => path !== 'in-01.jsonl');
  const three = await runManifest(manifestOf(input, without, ALL_STEPS), runOptions(join(folder, 'three')));
  const counts = (list: typeof three.steps) => list.filter((step) => step.step !== 'trouble').map((step) => [step.step, step.in, step.out, step.drops]);
  assert.deepEqual(counts(summary.steps), counts(three.steps));
});

function survivors(): Set<string> {
  const text = readFileSync(join(folder, 'undisturbed', 'text', '000001.arrow')).toString('latin1');
  return new Set(text.match(/f1-\d+/g)?.flat() ?? []);
}

test('all workers share one gate in the parent, and one that dies gives back what it held', async () => {
  const { gateSeen } = await import('../support/runner-inputs.js');
  Object.assign(gateSeen, { hosts: [], paused: [], most: 0 });
  process.env.REFINE_TEST_DIE_HOLDING = 'in-01.jsonl';
  try {
    await runManifest(manifestOf(input, paths, ALL_STEPS), runOptions(join(folder, 'gate'), { workers: 3 }));
  } finally {
    delete process.env.REFINE_TEST_DIE_HOLDING;
  }
  assert.deepEqual(
    [...new Set(gateSeen.hosts)].sort(),
    paths.map((path) => `host-of-${path}`),
  );
  assert.equal(gateSeen.hosts.length, paths.length + 1, 'the killed try asked too');
  assert.deepEqual({ most: gateSeen.most, open: gateSeen.open }, { most: 1, open: 0 });
  assert.equal(new Set(gateSeen.paused).size, paths.length);
  assert.deepEqual(finalBytes(join(folder, 'gate')), expected);
});
