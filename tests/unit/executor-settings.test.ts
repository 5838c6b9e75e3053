// The executor block of a manifest and a profile file over it; neither is part of what a run is.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readProfile, withProfile } from '../../pipeline/executors/settings.js';
import { parseManifest } from '../../pipeline/manifest.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-profile-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const MANIFEST = 'name: x\nsource: { warc: [a.warc] }\nsteps: [extract]\n';
const BLOCK = 'executor:\n  kind: slurm\n  workers: 3\n  slurm: { partition: main, time: 2h, steps: { extract: { cpus: 4 } } }\n';

test('the block is read, and no part of what the lock compares and identities hash', async () => {
  const bare = await parseManifest(MANIFEST, { path: join(folder, 'm.yaml') });
  const with_ = await parseManifest(MANIFEST + BLOCK, { path: join(folder, 'm.yaml') });
  assert.deepEqual(with_.resolved, bare.resolved);
  assert.equal(with_.executor?.slurm?.time, 7_200_000);
  assert.equal(bare.executor, undefined);
});

test('a mistyped key, a bare number of seconds and a step that is none are named with line and column', async () => {
  const error = await parseManifest(`${MANIFEST}executor:\n  kind: slrum\n  slurm: { partion: main, time: 60, steps: { extrac: { cpus: 1 } } }\n`, {
    path: 'm.yaml',
  }).catch((e) => e);
  assert.match(error.message, /m\.yaml:5:9 .*slrum/);
  assert.match(error.message, /partion.*partition/);
  assert.match(error.message, /m\.yaml:6:\d+ .*time/);
  const step = await parseManifest(`${MANIFEST}executor: { slurm: { steps: { extrac: { cpus: 1 } } } }\n`, { path: 'm.yaml' }).catch((e) => e);
  assert.match(step.message, /m\.yaml:4:\d+ .*executor\.slurm\.steps\.extrac is no step.*extract/);
});

test('a profile goes over the manifest key by key, by itself or under `executor:`', async () => {
  const path = join(folder, 'site.yaml');
  writeFileSync(path, 'slurm: { partition: big, account: lab, steps: { classify: { gres: "gpu:1" } } }\n');
  const { executor } = await parseManifest(MANIFEST + BLOCK, { path: join(folder, 'm.yaml') });
  assert.deepEqual(withProfile(executor, readProfile(path)), {
    kind: 'slurm',
    workers: 3,
    slurm: { partition: 'big', account: 'lab', time: 7_200_000, steps: { extract: { cpus: 4 }, classify: { gres: 'gpu:1' } } },
  });
  writeFileSync(path, 'executor: { kind: local }\n');
  assert.deepEqual(readProfile(path), { kind: 'local' });
  writeFileSync(path, 'kind: cloud\n');
  assert.throws(() => readProfile(path), /site\.yaml:1:7 /);
  assert.throws(() => readProfile(join(folder, 'none.yaml')), /Check --profile/);
});
