// refine run over Kubernetes' engine, with a kubectl that starts the workers for real and kills some: the bytes are those of a local run.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { packagePath } from '../../native/package-root.js';
import { refine } from '../support/cli.js';
import { finalBytes } from '../support/runner-world.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-kubernetes-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const sample = packagePath('manifests', 'sample.yaml');
const profile = join(folder, 'profile.yaml');
writeFileSync(
  profile,
  `executor:\n  tasks-per-element: 1\n  kubernetes: { image: "refine:test", kubectl: ${JSON.stringify(packagePath('tests', 'fixtures', 'kubernetes', 'kubectl.mjs'))}, poll: 500ms, settle: 1s, volume: { claim: runs } }\n`,
);

test('submit --dry-run prints the driver with manifest and profile, and the first Indexed Job, and makes nothing', async () => {
  const { code, stdout, stderr } = await refine(['submit', sample, '--executor', 'kubernetes', '--profile', profile, '--dry-run', '--set', 'seed=9']);
  assert.equal(code, 0, stderr);
  // biome-ignore lint/suspicious/noExplicitAny: objects as YAML has them
  const [map, driver, array] = parseAllDocuments(stdout, { version: '1.1' }).map((document) => document.toJS() as any);
  assert.deepEqual(Object.keys(map.data), ['sample.yaml', 'refine-profile.yaml']);
  assert.equal(map.data['sample.yaml'], readFileSync(sample, 'utf8'));
  assert.deepEqual(driver.spec.template.spec.containers[0].command.slice(0, 5), ['refine', 'run', '/etc/refine/sample.yaml', '--executor', 'kubernetes']);
  assert.equal(array.spec.completionMode, 'Indexed');
  assert.equal(array.spec.completions, 3);
});

test('a run through kubectl whose first pods are killed has the bytes of a local run', async () => {
  // Two levels by default: each costs some processes. The sample itself has barriers and some twenty levels.
  const manifest = process.env.REFINE_FULL === '1' ? sample : join(folder, 'short.yaml');
  writeFileSync(
    join(folder, 'short.yaml'),
    `name: short\nsource: { warc: [${JSON.stringify(packagePath('manifests', 'sample', '*.warc.gz'))}] }\nsteps: [extract, langid, tokenize]\n`,
  );
  const local = await refine(['run', manifest, '--out', join(folder, 'local'), '--workers', '1']);
  assert.equal(local.code, 0, local.stderr);
  const state = join(folder, 'cluster');
  mkdirSync(state);
  const env = { FAKE_KUBERNETES: state, FAKE_KILL: '1' };
  const out = join(folder, 'cluster-run');
  const run = await refine(['run', manifest, '--out', out, '--executor', 'kubernetes', '--profile', profile], { env });
  assert.equal(run.code, 0, run.stderr);
  assert.deepEqual(finalBytes(out), finalBytes(join(folder, 'local')));
  const pods = readFileSync(join(state, 'pods'), 'utf8');
  assert.match(pods, /\t0\tFailed\tnode-1\t\tError\t137\t/, 'a pod was killed');
});
