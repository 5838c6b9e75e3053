// What a command loads before it can answer. Modules are counted, never time: a package of a hundred files that an import lets in
// again would double the start of every command, and nothing else would tell.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { packagePath } from '../../native/package-root.js';
import { STEP_NAMES } from '../../pipeline/registry.js';

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
  'init',
  'inspect',
  'try',
  'export',
  'index',
  'fetch',
  'tokenizer',
  'model',
  'remove',
  'train-classifier',
])
  test(`refine ${command} --help and a mistyped option load commander and no other package, and no native core but for load`, () => {
    for (const [option, code] of [
      ['--help', 0],
      ['--no-such-option', 2],
    ] as const) {
      const { packages, own, status } = refine(command, option);
      assert.equal(status, code);
      assert.deepEqual(packages, ['commander']);
      assert.ok(
        own.includes('pipeline/cli/main.js') && !own.includes('pipeline/registry.js') && (command === 'load' || !own.includes('native/index.js')),
        own.join(' '),
      ); // `load` reads its first batch while the rest is loaded
    }
  });

test('refine status of a folder without a compacted ledger loads no package but commander, and no native core', () => {
  const { packages, own, status } = refine('status', folder);
  assert.equal(status, 1); // no run folder
  assert.deepEqual(packages, ['commander']);
  assert.ok(own.includes('pipeline/status.js') && !own.includes('native/index.js'), own.join(' '));
});

/** What a worker with these steps loads before its first task. */
function worker(steps: readonly string[]) {
  const url = (name: string) => JSON.stringify(packagePath('dist', 'pipeline', name));
  const program = `await import(${url('worker.js')}); await (await import(${url('registry.js')})).loadSteps(${JSON.stringify(steps)}); await import(${url('inputs.js')});`;
  return start(['--input-type=module', '-e', `${program} process.exit(0)`]);
}

test('a worker process, its steps and its inputs load neither Arrow, the HTTP client, a reader of inputs nor the decompressors of Parquet before a task needs them', () => {
  const { packages, own, status } = worker(STEP_NAMES);
  assert.equal(status, 0);
  assert.ok(own.includes('pipeline/worker.js') && packages.includes('zod'), 'the list is of a worker');
  const late = ['pipeline/arrow.js', 'pipeline/map-task.js', 'stages/fetch/list-inputs.js', 'stages/fetch/read-parquet.js', 'stages/fetch/warc-reader.js'];
  assert.deepEqual(
    own.filter((name) => late.includes(name)),
    [],
  );
  assert.deepEqual(
    packages.filter((name) => ['undici', 'hyparquet-compressors', 'hyparquet-writer', 'cli-progress', '@aws-sdk/client-s3'].includes(name)),
    [],
  );
});

test('a worker process loads the steps of its run and no others', () => {
  const rooms = (steps: readonly string[]) => {
    const found = worker(steps).own.flatMap((path) => /^stages\/([^/]+)\//.exec(path)?.[1] ?? []);
    return [...new Set(found)].filter((room) => room !== 'contract' && room !== 'fetch').sort();
  };
  assert.deepEqual(rooms(['extract', 'langid', 'quality']), ['extract', 'langid', 'quality']);
  assert.deepEqual(rooms(['dedupe-exact', 'no-such-step']), ['dedupe']);
});

/** `refine args` in a shell that allows so many open files. */
const within = (files: number, ...args: string[]) =>
  spawnSync('bash', ['-c', `ulimit -n ${files} && exec "$0" "$@"`, process.execPath, packagePath('pipeline', 'cli', 'refine.mjs'), ...args], {
    encoding: 'utf8',
  });

test('128 open files are enough for a run', () => {
  const { status, stderr } = within(128, 'run', packagePath('manifests', 'sample.yaml'), '--out', join(folder, 'run'), '--workers', '1');
  assert.equal(status, 0, stderr);
});

test('where fewer are not enough to start, the error says so in words', () => {
  const { status, stderr } = within(64, 'validate', packagePath('manifests', 'sample.yaml'));
  if (status === 0) return; // a Node that opens one module after another
  assert.match(stderr, /^ERR_REFINE_DISK .* cannot be opened: EMFILE, too many open files\. `ulimit -n` says .* raise it \(ulimit -n 1024\)/);
  assert.doesNotMatch(stderr, /\n {4}at /);
});
