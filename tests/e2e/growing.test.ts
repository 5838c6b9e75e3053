// Files added to a finished run (--update): the bytes of a fresh run, and only what the new files touch is done again.
// The counts are those that infra/docs/growing.md tells.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { cleanRun } from '../../pipeline/clean-run.js';
import { type RunSummary, runManifest } from '../../pipeline/runner.js';
import { ALL_STEPS, corpus, finalBytes, manifestOf, runOptions, type StepText, writeCorpus } from '../support/runner-world.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-growing-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const input = join(folder, 'in');
const paths = writeCorpus(input, corpus(4, 40, 5));

/** A run over `first`, then an update to all files. */
async function grown(out: string, first: readonly string[], steps: readonly StepText[], between?: () => Promise<unknown>) {
  const before = await runManifest(manifestOf(input, first, steps), runOptions(out));
  await between?.();
  let bytes = 0;
  const labels: string[] = [];
  const update: RunSummary = await runManifest(
    manifestOf(input, paths, steps),
    runOptions(out, {
      update: true,
      progress: (event) => {
        if (event.type === 'work') bytes += event.bytes;
        if (event.type === 'task') labels.push(event.label);
      },
    }),
  );
  return { before, update, bytes, labels: labels.sort() };
}

test('without a barrier a file that sorts last costs its own task and the index; one in the middle those behind it too', async () => {
  const steps: readonly StepText[] = ['words', 'bytes'];
  await runManifest(manifestOf(input, paths, steps), runOptions(join(folder, 'fresh')));
  const expected = finalBytes(join(folder, 'fresh'));
  const last = await grown(join(folder, 'last'), paths.slice(0, 3), steps);
  assert.deepEqual(last.labels, ['finalize', 'map 000003 in-03.jsonl']);
  assert.deepEqual(last.update.tasks, { ran: 2, reused: 3 });
  assert.deepEqual(finalBytes(join(folder, 'last')), expected);
  const middle = await grown(join(folder, 'middle'), [paths[0]!, paths[1]!, paths[3]!], steps);
  assert.deepEqual(middle.labels, ['finalize', 'map 000002 in-02.jsonl', 'map 000003 in-03.jsonl']);
  assert.deepEqual(finalBytes(join(folder, 'middle')), expected);
});

test('with barriers old inputs are not read again while scratch/ is there; after clean they are, to the same bytes', async () => {
  await runManifest(manifestOf(input, paths, ALL_STEPS), runOptions(join(folder, 'fresh-barriers')));
  const expected = finalBytes(join(folder, 'fresh-barriers'));
  const [kept, cleaned] = [join(folder, 'kept'), join(folder, 'cleaned')];
  const first = paths.slice(0, 3);
  const warm = await grown(kept, first, ALL_STEPS);
  const cold = await grown(cleaned, first, ALL_STEPS, () => cleanRun(cleaned));
  const old = first.reduce((sum, path) => sum + statSync(join(input, path)).size, 0);
  assert.equal(cold.bytes - warm.bytes, old, 'bytes of the old inputs');
  assert.equal(warm.labels.filter((label) => label === 'map 000003 in-03.jsonl').length, 1);
  assert.ok(warm.labels.filter((label) => label.endsWith('(segment 2)')).length < paths.length, 'files whose documents stay the same are not written again');
  assert.deepEqual(finalBytes(kept), expected);
  assert.deepEqual(finalBytes(cleaned), expected);
});
