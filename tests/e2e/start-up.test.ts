// What a command loads before it can answer. Modules are counted, never time: a package of a hundred files that an import lets in
// again would double the start of every command, and nothing else would tell.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { packagePath } from '../../native/package-root.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-start-up-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Packages and own files that `node args` loads, and how it ended. */
function start(args: readonly string[]): { readonly packages: readonly string[]; readonly own: readonly string[]; readonly status: number | null } {
  const list = join(folder, 'loaded');
  rmSync(list, { force: true });
  const { status } = spawnSync(process.execPath, ['--import', packagePath('tests', 'support', 'loaded-modules.mjs'), ...args], {
    env: { ...process.env, LOADED_MODULES: list },
  });
  const urls = readFileSync(list, 'utf8').trimEnd().split('\n');
  const packages = urls.flatMap((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? []);
  return { packages: [...new Set(packages)], own: urls.flatMap((url) => /\/dist\/(.*)$/.exec(url)?.[1] ?? []), status };
}
const refine = (...args: string[]) => start([packagePath('pipeline', 'cli', 'refine.mjs'), ...args]);

for (const command of [
  'run',
  'plan',
  'status',
  'validate',
  'stats',
  'report',
  'sample',
  'search',
  'worker',
  'submit',
  'load',
  'generate',
  'train-ngram',
  'url',
  'clean',
  'explain',
  'doctor',
])
  test(`refine ${command} --help and a mistyped option load commander and no other package`, () => {
    for (const [option, code] of [
      ['--help', 0],
      ['--no-such-option', 2],
    ] as const) {
      const { packages, own, status } = refine(command, option);
      assert.equal(status, code);
      assert.deepEqual(packages, ['commander']);
      assert.ok(own.includes('pipeline/cli/main.js') && !own.includes('pipeline/registry.js'), own.join(' '));
    }
  });

test('refine status of a folder without a compacted ledger loads no package but commander, and no native core', () => {
  const { packages, own, status } = refine('status', folder);
  assert.equal(status, 1); // no run folder
  assert.deepEqual(packages, ['commander']);
  assert.ok(own.includes('pipeline/status.js') && !own.includes('native/index.js'), own.join(' '));
});

test('a worker process, its steps and its inputs load neither the HTTP client nor the decompressors of Parquet before a task needs them', () => {
  const modules = ['worker.js', 'registry.js', 'inputs.js'].map((name) => `await import(${JSON.stringify(packagePath('dist', 'pipeline', name))});`);
  const { packages, own, status } = start(['--input-type=module', '-e', `${modules.join('')} process.exit(0)`]);
  assert.equal(status, 0);
  assert.ok(own.includes('pipeline/worker.js') && packages.includes('apache-arrow'), 'the list is of a worker');
  assert.deepEqual(
    packages.filter((name) => ['undici', 'hyparquet-compressors', 'hyparquet-writer', 'cli-progress', '@aws-sdk/client-s3'].includes(name)),
    [],
  );
});
