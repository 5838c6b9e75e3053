// PyPI's kubernetes-validate holds the objects that refine sends, and the roles it ships, to the schemas of the API itself, strictly:
// no property that a version does not know. `node infra/kubernetes/validate.mjs` runs this file alone.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { packagePath } from '../../native/package-root.js';
import { arrayObject, driverObjects } from '../../pipeline/executors/kubernetes/job.js';
import { yamlOf } from '../../pipeline/executors/kubernetes/kubernetes-engine.js';
import { kubernetesSchema } from '../../pipeline/executors/kubernetes/options.js';

const python = process.env.REFINE_PYTHON ?? 'python3';
/** 1.29 is the first with backoffLimitPerIndex on by default. */
const VERSIONS = ['1.29', '1.31', '1.33', '1.37'];
const folder = mkdtempSync(join(tmpdir(), 'refine-kubernetes-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const validate = (path: string, version: string) => spawnSync(python, ['-m', 'kubernetes_validate', '--strict', '-k', version, path], { encoding: 'utf8' });

/** Every option has a value in one of these. */
const OPTIONS = [
  { image: 'registry.example/refine:0.1.0' },
  {
    image: 'registry.example/refine@sha256:00',
    namespace: 'crawl',
    'image-pull-policy': 'IfNotPresent',
    'image-pull-secrets': ['registry'],
    secrets: ['s3'],
    'config-maps': ['settings'],
    env: { AWS_REGION: 'us-east-1' },
    volume: { claim: 'runs' },
    claims: [{ claim: 'lists', mount: '/lists' }],
    scratch: '500GiB',
    'node-selector': { arch: 'amd64' },
    tolerations: [{ key: 'spot', operator: 'Equal', value: 'yes', effect: 'NoSchedule' }],
    'priority-class': 'batch',
    gpu: { 'node-selector': { pool: 'gpu' } },
    labels: { team: 'data' },
    annotations: { 'example.com/note': 'x' },
    parallelism: 7,
  },
] as const;

for (const version of VERSIONS)
  test(`Kubernetes ${version} knows every property of the jobs and roles, with few options and with all`, () => {
    for (const [at, given] of OPTIONS.entries()) {
      const options = kubernetesSchema.parse(given);
      const resources = { cpus: 4, memoryBytes: 8 * 2 ** 30, gpus: at, gpuKind: 'H100', timeMs: 3_600_000, extra: [] };
      const common = { name: 'Crawl 2023/06', runFolder: '/runs/cc', resources };
      const driver = { ...common, arguments: ['--out', '/runs/cc'], program: ['refine'], manifest: 'name: cc\n', manifestPath: 'manifest.yaml' };
      const array = { ...common, folder: '/runs/cc/scratch/executor/0001', command: ['refine', 'worker'], elements: 20_000 };
      const path = join(folder, `${version}-${at}.yaml`);
      writeFileSync(path, yamlOf([...driverObjects(driver, options), arrayObject(array, options)]));
      const { status, stdout, stderr } = validate(path, version);
      assert.equal(status, 0, `${stdout}${stderr}`);
      assert.equal(`${stdout}${stderr}`.match(/ passed for resource /g)?.length, 3);
    }
    assert.equal(validate(packagePath('infra', 'kubernetes', 'rbac.yaml'), version).status, 0);
  });

test('a property that no version knows is refused, so that the check can fail', () => {
  const path = join(folder, 'wrong.yaml');
  writeFileSync(path, readFileSync(join(folder, '1.33-0.yaml'), 'utf8').replace('backoffLimitPerIndex', 'backoffLimitForIndex'));
  assert.notEqual(validate(path, '1.33').status, 0);
});
