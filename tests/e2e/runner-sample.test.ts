// The real steps on the embedded crawl: the promised bytes do not depend on workers, listing order or kills, and every document is counted.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { packagePath } from '../../native/package-root.js';
import { loadManifest } from '../../pipeline/manifest.js';
import { readRun } from '../../pipeline/run-folder.js';
import { runManifest } from '../../pipeline/runner.js';
import type { Manifest } from '../../pipeline/types.js';
import { finalBytes, leftovers } from '../support/runner-world.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-sample-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('the sample crawl gives the same bytes with one worker, with three and its files listed in reverse, and after workers are killed', async () => {
  const manifest = await loadManifest(packagePath('manifests', 'sample.yaml'));
  const summary = await runManifest(manifest, { out: join(folder, 'one'), workers: 1 });
  const expected = finalBytes(join(folder, 'one'));
  assert.ok(summary.tokens > 1000 && Object.keys(expected).length > 10);

  const names = readdirSync(packagePath('manifests', 'sample')).filter((name) => name.endsWith('.warc.gz'));
  const reversed: Manifest = {
    ...manifest,
    source: {
      kind: 'warc',
      paths: names
        .sort()
        .reverse()
        .map((name) => `sample/${name}`),
    },
  };
  let killed = 0;
  await runManifest(reversed, {
    out: join(folder, 'three'),
    workers: 3,
    partitions: 5,
    progress: (event) => {
      if (event.type === 'task' && event.state === 'done' && killed < 3) killed += killOneWorker();
    },
  });
  assert.ok(killed > 0, 'a worker was killed');
  assert.deepEqual(finalBytes(join(folder, 'three')), expected);
  assert.deepEqual(leftovers(join(folder, 'three')), []);

  for (const step of summary.steps) assert.equal(step.in, step.out + Object.values(step.drops).reduce((a, b) => a + b, 0), step.step);
  const state = await readRun(join(folder, 'one'));
  const features = state.features.reduce((sum, shard) => sum + shard.rows, 0);
  let documents = 0;
  for (const entry of state.entries) {
    if (entry.state !== 'done' || entry.source === undefined) continue;
    const { records, documents: here, skips } = entry.source;
    assert.equal(records, here + Object.values(skips).reduce((a, b) => a + b, 0), entry.label);
    assert.ok(entry.peakBytes! < 1024 ** 3, `${entry.label} held ${entry.peakBytes} bytes`);
    documents += here;
  }
  assert.equal(documents, summary.documents.in);
  assert.equal(features, documents);
});

/** Kills a child process of this one that runs the worker module; 1 if there was one. */
function killOneWorker(): number {
  const handles = (process as unknown as { _getActiveHandles(): { pid?: number; spawnargs?: string[]; kill?(signal: string): boolean }[] })._getActiveHandles();
  const worker = handles.find((handle) => handle.spawnargs?.some((argument) => argument.endsWith('worker.js')) === true);
  return worker?.kill?.('SIGKILL') === true ? 1 : 0;
}
