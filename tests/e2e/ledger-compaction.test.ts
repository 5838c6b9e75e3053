// A run whose ledger is compacted at every level is resumed, updated, pruned and read as any other.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readRun } from '../../pipeline/run-folder.js';
import { runManifest } from '../../pipeline/runner.js';
import { ALL_STEPS, corpus, finalBytes, manifestOf, runOptions, writeCorpus } from '../support/runner-world.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-compacted-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const input = join(folder, 'in');
const paths = writeCorpus(input, corpus(3, 40, 5));
const manifest = manifestOf(input, paths, ALL_STEPS);

test('a compacted run has the bytes of another, does nothing again, and makes again what was lost', async () => {
  const plain = await runManifest(manifest, runOptions(join(folder, 'plain')));
  const expected = finalBytes(join(folder, 'plain'));
  const out = join(folder, 'compacted');
  const options = runOptions(out, { compactAt: 1 });
  const first = await runManifest(manifest, options);
  assert.deepEqual(finalBytes(out), expected);
  assert.deepEqual({ ...first, folder: '', wallMs: 0, steps: 0 }, { ...plain, folder: '', wallMs: 0, steps: 0 });
  assert.ok(readdirSync(join(out, 'ledger')).includes('ledger.arrow'));
  assert.ok(readdirSync(join(out, 'ledger')).length < first.tasks.ran / 2);
  const tasks = async (run: string): Promise<string[]> => (await readRun(run)).entries.map(({ task }) => task);
  assert.deepEqual(await tasks(out), await tasks(join(folder, 'plain')));

  assert.deepEqual((await runManifest(manifest, options)).tasks, { ran: 0, reused: first.tasks.ran });
  rmSync(join(out, 'scratch'), { recursive: true });
  unlinkSync(join(out, 'text', '000002.arrow')); // its chain of tasks is forgotten in the file and done anew
  assert.ok((await runManifest(manifest, options)).tasks.ran > 1);
  assert.deepEqual(finalBytes(out), expected);
  assert.deepEqual((await runManifest(manifest, runOptions(out))).tasks.ran, 0, 'and by a parent that does not compact');

  const fewer = manifestOf(input, paths.slice(0, 2), ALL_STEPS);
  await runManifest(fewer, { ...options, update: true });
  await runManifest(fewer, runOptions(join(folder, 'fewer')));
  assert.deepEqual(finalBytes(out), finalBytes(join(folder, 'fewer')));
  assert.deepEqual(await tasks(out), await tasks(join(folder, 'fewer')));
});
