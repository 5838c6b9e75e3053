// A run at s3:// whose tasks are jobs of a cluster: they work in a folder that all nodes share, what they finish goes to the store before
// its ledger entry does, and the bytes there are those of a run in a folder. Jobs are killed, lost and preempted meanwhile.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { registerRun } from '../../pipeline/cli/run.js';
import { registerSubmit } from '../../pipeline/cli/submit.js';
import { registerWorker } from '../../pipeline/cli/worker.js';
import { driveRun, submitRun } from '../../pipeline/executors/chain.js';
import { ClusterExecutor } from '../../pipeline/executors/cluster.js';
import type { MakeExecutor } from '../../pipeline/executors/executor.js';
import { refineCommand, stepsOf } from '../../pipeline/executors/start.js';
import { loadManifest } from '../../pipeline/manifest.js';
import { runManifest } from '../../pipeline/runner.js';
import { CLUSTER, engineJobs, FakeEngine } from '../support/fake-engine.js';
import { corpus, finalBytes, manifestOf, runOptions, writeCorpus } from '../support/runner-world.js';
import { type S3World, startS3, tidyS3 } from '../support/s3-world.js';
import { call, folderFiles, makeRun, STORE_TIMES, storedFiles } from '../support/stored-runs.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-s3-cluster-'));
let world: S3World;
before(async () => {
  world = await startS3();
});
tidyS3(() => world, folder);

const final = (files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).filter(([key]) => /^(?:text|tokens|features|samples)\/|^(?:index|holdout)\.arrow$/.test(key)));

test('elements that are killed, forgotten and preempted leave the bytes of a local run in the store, and no secret anywhere', async () => {
  const input = join(folder, 'in');
  const paths = writeCorpus(input, corpus(4, 30, 5));
  const manifest = manifestOf(input, paths, ['words', 'same-url', 'bytes']);
  await runManifest(manifest, runOptions(join(folder, 'here')));
  const mishaps = ['kill', undefined, 'forget', undefined, 'preempt'] as const;
  let seen = 0;
  const engine = new FakeEngine({ mishap: (submission) => (submission < 3 ? mishaps[seen++ % mishaps.length] : undefined) });
  const executor: MakeExecutor = (context, _gate, events) =>
    new ClusterExecutor({ engine, settings: CLUSTER, stepsOf: stepsOf(manifest), refine: refineCommand(), notice: () => undefined }, context, events);
  const work = join(folder, 'shared');
  const options = { executor, engineJobs, work, storage: { ...STORE_TIMES, partBytes: 5 << 20 } };
  world.faults = { seed: 5, slowDown: 0.03, lostAnswer: 0.03, reset: 0.02 };
  const summary = await runManifest(manifest, runOptions('s3://bucket/cluster', options));
  world.faults = {};
  assert.equal(summary.folder, 's3://bucket/cluster');
  assert.deepEqual(final(await storedFiles('s3://bucket/cluster')), finalBytes(join(folder, 'here')));
  assert.ok(engine.submitted.length >= 3 && seen > 3);
  assert.ok(engine.submitted.every(({ runFolder, command }) => runFolder === work && command.includes(work)));
  // Another machine, without the shared folder, finds nothing left to do.
  const again = await runManifest(manifest, runOptions('s3://bucket/cluster', { work: join(folder, 'elsewhere'), storage: STORE_TIMES }));
  assert.equal(again.tasks.ran, 0);
  for (const name of readdirSync(work, { recursive: true, withFileTypes: true }))
    if (name.isFile()) assert.ok(!readFileSync(join(name.parentPath, name.name)).includes('S3RVER'), name.name);
});

test('a submitted run: every driver goes on in the store from the shared folder, where a folder of another run is refused', async () => {
  const made = await makeRun(join(folder, 'made'));
  const manifest = await loadManifest(made.manifest);
  const engine = Object.assign(new FakeEngine(), { chains: { ownJob: () => '1', setAfter: async () => undefined } });
  const submit = engine.submit.bind(engine);
  // Drivers are this process: their jobs are noted, and end at once.
  engine.submit = (job) => submit(job.single === true ? { ...job, command: [process.execPath, '-e', ''] } : job);
  const open = async () => ({ engine, settings: { ...CLUSTER, tasksPerElement: 1 } });
  const work = join(folder, 'chain');
  const options = { sets: [], block: {}, allowFailed: 0, update: false, device: 'cpu' } as const;
  await submitRun(manifest, { ...options, out: work, address: 's3://bucket/chain' }, open);
  const summary = await driveRun(work, { signal: new AbortController().signal, progress: () => undefined, notice: () => undefined }, open);
  assert.equal(summary?.folder, 's3://bucket/chain');
  assert.deepEqual(final(await storedFiles('s3://bucket/chain')), final(folderFiles(made.run)));
  assert.ok(engine.submitted.filter(({ single }) => single !== true).length >= 3);
  await assert.rejects(submitRun(manifest, { ...options, out: work, address: 's3://bucket/other' }, open), /is the work folder of s3:\/\/bucket\/chain/);
  await assert.rejects(submitRun(manifest, { ...options, out: work }, open), /is the work folder of s3:\/\/bucket\/chain/);
});

test('without a shared work folder jobs are refused before anything is submitted, a run of this machine is not; a worker names the folder it wants', async () => {
  const manifest = join(folder, 'made', 'm.yaml');
  const submitted = await call(registerSubmit, ['submit', manifest, '--executor', 'slurm', '--out', 's3://bucket/x']);
  assert.equal(submitted.code, 2);
  assert.match(submitted.stderr, /ERR_REFINE_USAGE --work .*work folder that all nodes share/);
  const profile = ['--executor', 'kubernetes', '--out', 's3://bucket/x', '--set', 'executor.kubernetes.image=refine:test'];
  const run = await call(registerRun, ['run', manifest, ...profile]);
  assert.match(run.stderr, /ERR_REFINE_USAGE --work .*work folder that all nodes share/);
  const local = await call(registerRun, ['run', manifest, '--out', 's3://bucket/local', '--workers', '1']);
  assert.equal(local.code, 0, local.stderr); // worker processes of this machine need no shared folder
  const worker = await call(registerWorker, ['worker', 's3://bucket/x', '--level', '0001-map-0', '--index', '0']);
  assert.equal(worker.code, 2);
  assert.match(worker.stderr, /ERR_REFINE_USAGE s3:\/\/bucket\/x .*work folder/);
  const dry = await call(registerSubmit, ['submit', manifest, ...profile, '--set', 'executor.kubernetes.secrets=[crawl-s3]', '--dry-run']);
  assert.equal(dry.code, 0, dry.stderr);
  assert.match(dry.stdout, /- --out\n\s+- s3:\/\/bucket\/x\n\s+- --work\n\s+- \/runs\/stored\n/);
  assert.match(dry.stdout, /secretRef:\n\s+name: crawl-s3/);
  assert.match(dry.stdout, /- worker\n\s+- \/runs\/stored\n/);
});
