// No result and no decision of a run comes from the wall clock: with one that jumps by years at every reading, in the parent and in
// every worker, a run takes the same way and ends in the same bytes. REFINE_FAKETIME=/path/to/libfaketime.so.1 does it below Node too.
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { packagePath } from '../../native/package-root.js';
import { partFiles, promisedBytes, refine } from '../support/cli.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-clock-'));
after(() => rmSync(folder, { recursive: true, force: true }));
copyFileSync(packagePath('manifests', 'sample', '0-sites.warc.gz'), join(folder, 'sites.warc.gz'));
const manifest = join(folder, 'clock.yaml');
const steps = ['extract', 'langid', 'quality: { rules: gopher@paper, word-count: { max: { quantile: 0.9 } } }', 'dedupe-url', 'dedupe-minhash', 'tokenize'];
writeFileSync(
  manifest,
  `name: clock\nseed: 3\nsource: { warc: [sites.warc.gz] }\nsteps:\n${steps.map((step) => `  - ${step}\n`).join('')}sink: { text: { keep: true } }\n`,
);

async function bytes(name: string, env: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const out = join(folder, name);
  const { code, stderr } = await refine(['run', manifest, '--out', out, '--workers', '2', '--stall', '60s'], { env });
  assert.equal(code, 0, stderr);
  assert.ok(!stderr.includes('retried'), stderr);
  assert.deepEqual(partFiles(out), []);
  return promisedBytes(out);
}

test('a wall clock that jumps by years at every reading changes no byte and ends no worker', async () => {
  const still = await bytes('still', {});
  const jumping = pathToFileURL(packagePath('tests', 'support', 'jumping-date.mjs')).href;
  assert.deepEqual(await bytes('jumping', { NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import=${jumping}` }), still);
  const library = process.env.REFINE_FAKETIME;
  if (library === undefined) return;
  // Monotonic clocks stay real: libfaketime would stop the event loop's timers with them.
  const faked = { LD_PRELOAD: library, FAKETIME: '@2041-03-01 12:00:00 x5000', DONT_FAKE_MONOTONIC: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' };
  assert.deepEqual(await bytes('faked', faked), still);
});
