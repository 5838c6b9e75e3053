// ETags that are another object's, where data is read: run, load and export either give the bytes that they give without, since
// sha256 decides what a file is, or they end by the name of the object, and nothing half-read stands under a final name.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { registerExport } from '../../pipeline/cli/export.js';
import { runManifest, type RunOptions } from '../../pipeline/runner.js';
import { readCopy } from '../../pipeline/storage/read-run.js';
import { S3Store } from '../../pipeline/storage/s3-store.js';
import { startRefine } from '../support/cli.js';
import { corpus, manifestOf, runOptions, writeCorpus } from '../support/runner-world.js';
import { type S3Faults, type S3World, tidyS3 } from '../support/s3-world.js';
import { call, folderFiles, startStored, STORE_TIMES, storedFiles } from '../support/stored-runs.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-s3-etag-'));
const address = 's3://bucket/made';
/** One answer in six has another's ETag, and one body in six breaks off, so that the rest is asked for by the ETag. */
const SOMETIMES: S3Faults = { seed: 6, wrongEtag: 0.16, cutBody: 0.16 };
/** Hardly a body arrives whole, and every other answer has another's ETag. Listings have none and come through. */
const ALWAYS: S3Faults = { seed: 1, wrongEtag: 0.5, cutBody: 0.9 };
let run: string;
let world: S3World;

before(async () => {
  ({ world, run } = await startStored(folder, address));
});
tidyS3(() => world, folder);

/** What the proxy did since the log had so many lines. */
const done = (fault: string, from: number): number => world.log.slice(from).filter((one) => one.fault === fault).length;

test('export gives the same files, or ends by name and leaves none', async () => {
  const files = async (of: string, name: string, faults: S3Faults): Promise<Record<string, string>> => {
    rmSync(readCopy(address), { recursive: true, force: true });
    world.faults = faults;
    const { code, stderr } = await call(registerExport, ['export', of, '--format', 'jsonl', '-o', join(folder, name)]);
    world.faults = {};
    assert.equal(code, 0, stderr);
    const { 'export.json': _, ...rest } = folderFiles(join(folder, name)); // names the run
    return rest;
  };
  const expected = await files(run, 'here', {});
  assert.ok(Object.keys(expected).length > 0);
  const from = world.log.length;
  assert.deepEqual(await files(address, 'there', SOMETIMES), expected);
  assert.ok(done('wrong ETag', from) + done('cut body', from) > 5);
  assert.deepEqual(await files(address, 'all-wrong', { wrongEtag: 1 }), expected, 'one wrong ETag for all is no harm');
  rmSync(readCopy(address), { recursive: true, force: true });
  world.faults = ALWAYS;
  const refused = await call(registerExport, ['export', address, '--format', 'jsonl', '-o', join(folder, 'none')]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^ERR_REFINE_INPUT_CHANGED s3:\/\/bucket\/made\/\S/m);
  assert.equal(existsSync(join(folder, 'none')), false);
});

test('load gives the same batches, or ends by name', async () => {
  let caches = 0;
  const load = async (of: string, faults: S3Faults): Promise<{ code: number | null; stdout: string; stderr: string }> => {
    world.faults = faults;
    const words = ['load', of, '--seq-len', '64', '--batch-size', '4', '--seed', '3', ...(of === run ? [] : ['--cache', join(folder, `cache-${caches++}`)])];
    const answer = await startRefine(words).done;
    world.faults = {};
    return answer;
  };
  const here = await load(run, {});
  assert.equal(here.code, 0, here.stderr);
  assert.ok(here.stdout.length > 1000);
  for (const faults of [SOMETIMES, { wrongEtag: 1 }]) {
    const there = await load(address, faults);
    assert.equal(there.code, 0, there.stderr);
    assert.equal(there.stdout, here.stdout);
  }
  const lied = await load(address, ALWAYS);
  assert.equal(lied.code, 1);
  assert.match(lied.stderr, /ERR_REFINE_(?:SHARD|INPUT_CHANGED) s3:\/\/bucket\/made\/\S/);
  for (const name of readdirSync(join(folder, `cache-${caches - 1}`), { recursive: true }).map(String)) assert.doesNotMatch(name, /[0-9a-f]{64}\.arrow$/);
});

test('a run and the machine that goes on with it from the store alone leave the bytes of a local run, or end by name', async () => {
  const input = join(folder, 'in');
  const manifest = manifestOf(input, writeCorpus(input, corpus(3, 20, 11)), ['words', 'bytes']);
  await runManifest(manifest, runOptions(join(folder, 'local')));
  const final = (files: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(files).filter(([key]) => /^(?:text|tokens|features|samples)\/|^index\.arrow$/.test(key)));
  const expected = final(folderFiles(join(folder, 'local')));
  const out = 's3://bucket/run';
  const options = (work: string): RunOptions => runOptions(out, { work: join(folder, work), storage: STORE_TIMES });
  world.faults = SOMETIMES;
  await runManifest(manifest, options('first'));
  world.faults = {};
  assert.deepEqual(final(await storedFiles(out)), expected);
  const store = await S3Store.at(out);
  await store.delete('index.arrow');
  world.faults = ALWAYS;
  await assert.rejects(runManifest(manifest, options('second')), (error: Error & { code?: string; place?: string }) => {
    assert.match(error.code ?? error.message, /^ERR_REFINE_INPUT_CHANGED$/);
    assert.match(error.place ?? '', /^s3:\/\/bucket\/run/);
    return true;
  });
  world.faults = SOMETIMES;
  const again = await runManifest(manifest, options('third'));
  world.faults = {};
  assert.equal(again.tasks.ran, 1);
  assert.deepEqual(final(await storedFiles(out)), expected);
});
