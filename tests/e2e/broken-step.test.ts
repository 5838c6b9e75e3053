// A step that throws, or ends its worker, on every document that comes to it: its inputs fail by name. Dropped as crashed one by one,
// they would leave an empty corpus and exit 0. One document alone may be the page, and is dropped.
// Oracle: the run without trouble, byte for byte.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runManifest, type RunOptions } from '../../pipeline/runner.js';
import { ALL_STEPS, corpus, type Doc, finalBytes, leftovers, manifestOf, runOptions, type StepText, writeCorpus } from '../support/runner-world.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-broken-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Every text long enough for the other steps, every URL another. */
function documents(counts: readonly number[]): Map<string, Doc[]> {
  const out = new Map<string, Doc[]>();
  for (const [file, each] of counts.entries()) {
    const rows = Array.from({ length: each }, (_, i) => ({
      id: `f${file}-${i}`,
      url: `http://h${file}.example/${i}`,
      text: `document ${i} of file ${file} says something of its own about number ${file * 1000 + i}`,
    }));
    out.set(`in-${String(file).padStart(2, '0')}.jsonl`, rows);
  }
  return out;
}

interface World {
  readonly input: string;
  readonly paths: string[];
}
function world(name: string, counts: readonly number[]): World {
  const input = join(folder, name);
  return { input, paths: writeCorpus(input, documents(counts)) };
}
const run = ({ input, paths }: World, steps: readonly StepText[], out: string, more: Partial<RunOptions> = {}) =>
  runManifest(manifestOf(input, paths, steps), runOptions(join(folder, out), more));
const broken = (on: string, more: Record<string, unknown> = {}): StepText => ['trouble', { 'throw-on': on, ...more }];
const failed = (out: string): number => readdirSync(join(folder, out, 'ledger')).filter((name) => name.endsWith('.failed.json')).length;

test('a step that throws on every document of an input fails that input by name, and --allow-failed goes on without it', async () => {
  const few = world('few', [3, 20]);
  const steps = [broken('f0-'), 'words', 'bytes'];
  await assert.rejects(run(few, steps, 'few-out'), (error: Error & { code: string }) => {
    assert.equal(error.code, 'ERR_REFINE_TASKS_FAILED');
    assert.match(error.message, /1 task failed/);
    assert.match(
      error.message,
      /ERR_REFINE_BROKEN_STEP map 000000 in-00\.jsonl {2}each of the 3 documents that came to step "trouble" ended its worker or threw/,
    );
    assert.match(error.message, /\(Error: a stage is broken\)/);
    return true;
  });
  const summary = await run(few, steps, 'few-out', { allowFailed: 1 });
  assert.deepEqual([summary.failed.map(({ input, code }) => [input, code]), summary.documents.in], [[['in-00.jsonl', 'ERR_REFINE_BROKEN_STEP']], 20]);
  assert.deepEqual(leftovers(join(folder, 'few-out')), []);
  await run(few, [broken('none'), 'words', 'bytes'], 'few-oracle');
  const text = (out: string): string | undefined => finalBytes(join(folder, out))['text/000001.arrow'];
  assert.notEqual(text('few-out'), undefined);
  assert.equal(text('few-out'), text('few-oracle'));
});

test('one document of one input that ends its step is the page: dropped, told, exit 0', async () => {
  const summary = await run(world('one', [1, 4]), [broken('f0-'), 'bytes'], 'one-out');
  assert.deepEqual(summary.steps[0]!.drops, { 'trouble/crashed': 1 });
  assert.deepEqual(summary.documents, { in: 5, out: 4 });
  assert.match(summary.notices.join('\n'), /1 document ended its worker and was dropped as trouble\/crashed/);
  const alone = await run(world('alone', [1]), [broken('f0-'), 'bytes'], 'alone-out');
  assert.deepEqual(alone.documents, { in: 1, out: 0 });
  assert.match(alone.warnings.join('\n'), /trouble dropped all 1 documents that came to it, 1 as trouble\/crashed/);
});

test('inputs of one document each, all lost in the same step, fail by name; the same command tries them again once the step works', async () => {
  const in3 = world('ones', [1, 1, 1]);
  const cause = join(folder, 'cause');
  writeFileSync(cause, '');
  const steps = [broken('f', { while: cause }), 'bytes'] as const;
  const failing = (error: Error & { code: string }): boolean => {
    assert.equal(error.code, 'ERR_REFINE_TASKS_FAILED');
    assert.match(error.message, /3 tasks failed.*in-00\.jsonl {2}each of the 3 documents that came to step "trouble" in 3 inputs ended its worker or threw/s);
    return true;
  };
  await assert.rejects(run(in3, steps, 'ones-out'), failing);
  assert.equal(failed('ones-out'), 3);
  await assert.rejects(run(in3, steps, 'ones-out', { allowFailed: 3 }), failing, 'nothing is left to go on with');
  rmSync(cause);
  const summary = await run(in3, steps, 'ones-out');
  assert.deepEqual([summary.documents.out, summary.tasks.ran, failed('ones-out')], [3, 4, 0]);
  await run(in3, steps, 'ones-oracle');
  assert.deepEqual(finalBytes(join(folder, 'ones-out')), finalBytes(join(folder, 'ones-oracle')));
});

test('a page let go when it was alone counts once an added input loses its only page in the same step', async () => {
  const in2 = world('grown', [1, 1]);
  const steps = [broken('f'), 'bytes'] as const;
  const first = await run({ ...in2, paths: in2.paths.slice(0, 1) }, steps, 'grown-out');
  assert.deepEqual(first.steps[0]!.drops, { 'trouble/crashed': 1 });
  await assert.rejects(run(in2, steps, 'grown-out', { update: true }), /2 tasks failed.*each of the 2 documents that came to step "trouble" in 2 inputs/s);
  assert.equal(failed('grown-out'), 2);
});

test("a barrier's map, and a step after barriers, that lose every document fail their input as the first step does", async () => {
  const in3 = world('late', [2, 20]);
  process.env.REFINE_TEST_POISON = 'f0-*';
  try {
    await assert.rejects(
      run(in3, ALL_STEPS, 'late-map'),
      /ERR_REFINE_BROKEN_STEP map 000000 in-00\.jsonl .*each of the 2 documents that came to step "same-url"/,
    );
  } finally {
    delete process.env.REFINE_TEST_POISON;
  }
  const after = [...ALL_STEPS.slice(0, 3), broken('f0-'), ...ALL_STEPS.slice(3)];
  await assert.rejects(run(in3, after, 'late-after'), /ERR_REFINE_BROKEN_STEP map 000000 in-00\.jsonl .*each of the 2 documents that came to step "trouble"/);
  const without = await run(in3, after, 'late-after', { allowFailed: 1 });
  assert.deepEqual([without.documents.in, without.failed.length], [20, 1]);
});

test('a step that lets one document of its input through is not broken, whatever the others do', async () => {
  const rows = corpus(1, 1).get('in-00.jsonl')!;
  const texts = documents([2])
    .get('in-00.jsonl')!
    .map((doc) => ({ ...doc, id: `bad-${doc.id}` }));
  const input = join(folder, 'mixed');
  const paths = writeCorpus(input, new Map([['in-00.jsonl', [...texts, { ...rows[0]!, text: 'a good document of some words' }]]]));
  const summary = await run({ input, paths }, [broken('bad-'), 'bytes'], 'mixed-out');
  assert.deepEqual([summary.steps[0]!.drops, summary.documents.out], [{ 'trouble/crashed': 2 }, 1]);
});
