// refine run over Kubernetes' engine, with a kubectl that starts the workers for real and kills some: the bytes are those of a local run.
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { packagePath } from '../../native/package-root.js';
import { refine, startRefine } from '../support/cli.js';
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

test('an API server that does not answer, or loses an answer, is asked again: nothing is submitted twice, and the bytes are those of a local run', async () => {
  const manifest = join(folder, 'blips.yaml');
  writeFileSync(manifest, `name: blips\nsource: { warc: [${JSON.stringify(packagePath('manifests', 'sample', '0-sites.warc.gz'))}] }\nsteps: [extract]\n`);
  const local = await refine(['run', manifest, '--out', join(folder, 'blips-local'), '--workers', '1']);
  assert.equal(local.code, 0, local.stderr);
  const state = join(folder, 'blips-cluster');
  mkdirSync(state);
  const answers = {
    get: [
      'The connection to the server 10.0.0.1:6443 was refused - did you specify the right host or port?', // as it begins
      null,
      'Unable to connect to the server: net/http: TLS handshake timeout', // of a Job that was not created
      null,
      'Error from server (TooManyRequests): Too many requests, please try again later.', // of one that was
      null,
      'Error from server: etcdserver: leader changed', // as it runs
      'cut',
    ],
    create: [
      'Unable to connect to the server: dial tcp 10.0.0.1:6443: i/o timeout',
      'taken: Error from server (ServiceUnavailable): error when creating "STDIN": the server is currently unable to handle the request',
      'taken: Error from server (AlreadyExists): error when creating "STDIN": jobs.batch "refine-0002" already exists',
    ],
  };
  const out = join(folder, 'blips-run');
  const run = await refine(['run', manifest, '--out', out, '--executor', 'kubernetes', '--profile', profile], {
    env: { FAKE_KUBERNETES: state, FAKE_ANSWERS: JSON.stringify(answers) },
  });
  assert.equal(run.code, 0, run.stderr);
  assert.deepEqual(finalBytes(out), finalBytes(join(folder, 'blips-local')));
  for (const said of [/was refused .* It is asked again/, /i\/o timeout .* It is asked again/, /leader changed .* It is asked again/])
    assert.match(run.stderr, said);
  const jobs = readdirSync(state).filter((name) => name.endsWith('.json'));
  const levels = [...new Set(jobs.map((name) => /-(\d{4})-/.exec(name)?.[1]))];
  assert.equal(jobs.length, levels.length, `a Job a level: ${jobs.join(' ')}`);
  const calls = readFileSync(join(state, 'calls'), 'utf8').split('\n');
  assert.ok(calls.filter((line) => line.startsWith('create ')).length >= 3, 'every answer of create was given');
});

test('a refusal of the API server in the middle of a run ends it at once, with its words', async () => {
  const state = join(folder, 'refused-cluster');
  mkdirSync(state);
  const forbidden = 'Error from server (Forbidden): jobs.batch is forbidden: User "lab" cannot get resource "jobs": connection refused by policy';
  const { child, done } = startRefine(
    ['run', join(folder, 'blips.yaml'), '--out', join(folder, 'refused-run'), '--executor', 'kubernetes', '--profile', profile],
    { env: { FAKE_KUBERNETES: state, FAKE_ANSWERS: JSON.stringify({ get: [null, forbidden] }) } },
  );
  child.stderr!.on('data', (chunk: string) => chunk.includes('asked again') && child.kill('SIGKILL')); // for half an hour
  const { code, stderr } = await done;
  assert.equal(code, 1, stderr);
  assert.match(stderr, /ERR_REFINE_ENGINE .*User "lab" cannot get resource "jobs"/);
});
