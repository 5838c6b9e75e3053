// A run folder on S3 whose ledger is compacted at every level: other machines, with an empty work folder or one that knows only the
// loose objects, go on from it, do again what was lost, and end in the bytes of a local run, also where listings are late.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runManifest, type RunOptions } from '../../pipeline/runner.js';
import { S3Store } from '../../pipeline/storage/s3-store.js';
import { corpus, finalBytes, manifestOf, runOptions, type StepText, writeCorpus } from '../support/runner-world.js';
import { type S3World, startS3 } from '../support/s3-world.js';

const STEPS: readonly StepText[] = ['words', 'same-url', 'bytes'];
const OUT = 's3://bucket/compacted';
const folder = mkdtempSync(join(tmpdir(), 'refine-s3-compacted-'));
const input = join(folder, 'in');
const paths = writeCorpus(input, corpus(2, 20, 3));
const manifest = manifestOf(input, paths, STEPS);
let world: S3World;
let expected: Record<string, string>;

before(async () => {
  world = await startS3();
  await runManifest(manifest, runOptions(join(folder, 'local')));
  expected = finalBytes(join(folder, 'local'));
});
after(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

const storage = {
  limits: { baseDelayMs: 1, maxDelayMs: 8, bodyTimeoutMs: 400, headersTimeoutMs: 4000, idleTries: 40 },
  lease: { beatMs: 100, patienceMs: 700, settleMs: 50 },
};
const on = (machine: string, more: Partial<RunOptions> = {}): RunOptions => runOptions(OUT, { work: join(folder, machine), storage, ...more });

async function stored(): Promise<{ final: Record<string, string>; ledger: string[] }> {
  const store = await S3Store.at(OUT);
  const final: Record<string, string> = {};
  const ledger: string[] = [];
  for await (const { key } of store.list('')) {
    if (key.startsWith('ledger/')) ledger.push(key.slice('ledger/'.length));
    if (!/^(?:text|tokens|features|samples)\/|^index\.arrow$/.test(key)) continue;
    const hash = createHash('sha256');
    for await (const part of store.get(key)) hash.update(part);
    final[key] = hash.digest('hex');
  }
  return { final, ledger };
}
const loose = (names: readonly string[]): number => names.filter((name) => /^[0-9a-f]{64}\.(?:json|forgotten)$/.test(name)).length;

test('a machine that knows loose objects, one that compacts them, and one that has nothing see one ledger', async () => {
  const first = await runManifest(manifest, on('a'));
  assert.equal(loose((await stored()).ledger), first.tasks.ran);

  // b makes an output again that is gone, and compacts: its row was forgotten on the way.
  const store = await S3Store.at(OUT);
  await store.delete('text/000001.arrow');
  const again = await runManifest(manifest, on('b', { compactAt: 1 }));
  assert.ok(again.tasks.ran >= 1);
  const after = await stored();
  assert.deepEqual(after.final, expected);
  assert.ok(after.ledger.includes('ledger.arrow'));
  assert.ok(loose(after.ledger) < first.tasks.ran / 2, 'what b did again is too little to be compacted too');

  for (const machine of ['a', 'c', 'b']) {
    const { tasks } = await runManifest(manifest, on(machine, { compactAt: 1 }));
    assert.deepEqual(tasks, { ran: 0, reused: first.tasks.ran }, machine);
    assert.deepEqual(readdirSync(join(folder, machine, 'ledger')).sort(), (await stored()).ledger.sort(), 'what is compacted does not stay beside it here');
  }
});

test('with late listings, lost answers and cut bodies a compacted run goes on to the same bytes', async () => {
  const store = await S3Store.at(OUT);
  await store.delete('text/000000.arrow');
  await store.delete('index.arrow');
  world.faults = { seed: 2, slowDown: 0.05, internal: 0.03, reset: 0.03, lostAnswer: 0.05, cutBody: 0.05, shortBody: 0.03, staleBy: 6 };
  const summary = await runManifest(manifest, on('a', { compactAt: 1 }));
  world.faults = {};
  assert.ok(summary.tasks.ran >= 2);
  assert.deepEqual((await stored()).final, expected);
  assert.equal((await runManifest(manifest, on('d'))).tasks.ran, 0);
});
