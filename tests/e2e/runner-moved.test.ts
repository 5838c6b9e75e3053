// A run folder that is moved or removed while the run works in it: said by name, and never made again half-way under its old name.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { ProgressEvent } from '../../pipeline/progress-events.js';
import { runManifest } from '../../pipeline/runner.js';
import { ALL_STEPS, corpus, finalBytes, leftovers, manifestOf, runOptions, writeCorpus } from '../support/runner-world.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-moved-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const input = join(folder, 'in');
let paths: string[] = [];
let expected: Record<string, string> = {};
let events = 0;

before(async () => {
  paths = writeCorpus(input, corpus(3, 40, 11));
  const progress = (): void => void events++;
  await runManifest(manifestOf(input, paths, ALL_STEPS), runOptions(join(folder, 'undisturbed'), { progress }));
  expected = finalBytes(join(folder, 'undisturbed'));
});

/** Runs until the `at`th thing that the run tells, then does `what` to its folder; the error it ends with. */
async function disturbed(out: string, at: number, what: () => void): Promise<{ readonly code?: string; readonly place?: string; readonly message?: string }> {
  let told = 0;
  const progress = (event: ProgressEvent): void => {
    if (event.type !== 'end' && ++told === at) what();
  };
  return await runManifest(manifestOf(input, paths, ALL_STEPS), runOptions(out, { progress })).then(
    () => assert.fail('it ended'),
    (error: unknown) => error as object,
  );
}

test('moved at four instants of a run: ERR_REFINE_DISK names it, no folder comes up in its place, and moved back it goes on to the same bytes', async () => {
  const out = join(folder, 'run');
  const moved = join(folder, 'elsewhere');
  for (let part = 1; part <= 8; part += 2) {
    const error = await disturbed(out, Math.max(2, Math.floor((events * part) / 10)), () => renameSync(out, moved));
    assert.equal(error.code, 'ERR_REFINE_DISK', `${part}: ${String(error)}`);
    assert.equal(error.place, out);
    assert.match(
      error.message!,
      /is gone: the folder was moved or removed .*Move it back and run the same command again, or name it where it lies now \(--out\)/,
    );
    assert.equal(existsSync(out), false, `${part}`);
    renameSync(moved, out);
    rmSync(join(out, 'run.lock')); // void once its process has ended, and this one goes on
    await runManifest(manifestOf(input, paths, ALL_STEPS), runOptions(out));
    assert.deepEqual(finalBytes(out), expected);
    assert.deepEqual(leftovers(out), []);
    rmSync(out, { recursive: true });
  }
});

test('removed under way: the same words, nothing comes up again, and the same call begins anew', async () => {
  const out = join(folder, 'removed');
  const error = await disturbed(out, Math.floor(events / 3), () => {
    renameSync(out, `${out}-old`); // tasks go on writing, so that removing it in place may not come to an end
    rmSync(`${out}-old`, { recursive: true });
  });
  assert.deepEqual([error.code, error.place], ['ERR_REFINE_DISK', out], String(error));
  assert.equal(existsSync(out), false);
  await runManifest(manifestOf(input, paths, ALL_STEPS), runOptions(out));
  assert.deepEqual(finalBytes(out), expected);
});
