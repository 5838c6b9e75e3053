// refine run over Kubernetes' engine, with a kubectl that starts the workers for real and kills some: the bytes are those of a local run.
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

test('submit --dry-run prints the driver with manifest and profile, and an Indexed Job for every level, and makes nothing', async () => {
  const { code, stdout, stderr } = await refine(['submit', sample, '--executor', 'kubernetes', '--profile', profile, '--dry-run', '--set', 'seed=9']);
  assert.equal(code, 0, stderr);
  // biome-ignore lint/suspicious/noExplicitAny: objects as YAML has them
  const [map, driver, array, ...later] = parseAllDocuments(stdout, { version: '1.1' }).map((document) => document.toJS() as any);
  assert.deepEqual(Object.keys(map.data), ['sample.yaml', 'refine-profile.yaml']);
  assert.equal(map.data['sample.yaml'], readFileSync(sample, 'utf8'));
  assert.deepEqual(driver.spec.template.spec.containers[0].command.slice(0, 5), ['refine', 'run', '/etc/refine/sample.yaml', '--executor', 'kubernetes']);
  assert.equal(array.spec.completionMode, 'Indexed');
  assert.equal(array.spec.completions, 3);
  const levels = [...stdout.matchAll(/^# (\d{4}-\S+): (.*)$/gm)].map(([, level, what]) => `${level}: ${what}`);
  assert.equal(levels.length, 1 + later.length);
  assert.equal(levels[0], '0001-map-0: map of segment 1, 3 tasks');
  assert.match(levels.at(-1)!, /index-and-samples: index and samples, 1 task$/);
  assert.ok(
    levels.some((level) => /dedupe.* 1 or more tasks, known once the maps of segment 1 have counted/.test(level)),
    levels.join('\n'),
  );
  assert.deepEqual(
    later.map(({ kind }) => kind),
    levels.slice(1).map(() => 'Job'),
  );
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

  // The folder as a parent that died left it: a local run asks kubectl whether the Job is alive.
  const record = {
    at: '2026-11-22T00:00:00Z',
    event: 'submitted',
    engine: 'kubernetes',
    where: { namespace: 'lab' },
    job: 'refine-left',
    name: 'left',
    level: '0009-map-0',
    of: 'map',
    elements: 1,
    tasks: 1,
  };
  appendFileSync(join(out, 'scratch', 'executor', 'jobs.jsonl'), `${JSON.stringify(record)}\n`);
  const left = { metadata: { name: 'refine-left' }, spec: { completions: 1 }, status: {} };
  writeFileSync(join(state, 'refine-left.json'), JSON.stringify(left));
  const again = ['run', manifest, '--out', out, '--executor', 'local', '--workers', '1', '--profile', profile];
  const refused = await refine(again, { env });
  assert.match(refused.stderr, /ERR_REFINE_RUN_LOCKED .*jobs refine-left of kubernetes work in this run folder/);
  assert.match(readFileSync(join(state, 'calls'), 'utf8'), /^--namespace lab get jobs refine-left /m);
  writeFileSync(join(state, 'refine-left.json'), JSON.stringify({ ...left, status: { conditions: [{ type: 'Failed', status: 'True' }] } }));
  const allowed = await refine(again, { env });
  assert.equal(allowed.code, 0, allowed.stderr);
});
