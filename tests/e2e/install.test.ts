// What a user meets when a machine lacks something: one line that names the place and the next move.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { packagePath } from '../../native/package-root.js';

test('the build names the apt, dnf and brew package of each missing tool', () => {
  const bin = mkdtempSync(join(tmpdir(), 'refine-path-'));
  try {
    for (const tool of ['cmake']) {
      const found = ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'].map((folder) => join(folder, tool)).find(existsSync);
      if (found !== undefined) symlinkSync(found, join(bin, tool));
    }
    const env = { ...process.env, PATH: bin };
    delete (env as Record<string, string | undefined>).CXX;
    const result = spawnSync(process.execPath, [packagePath('infra', 'build', 'native.mjs')], { env, encoding: 'utf8' });
    assert.equal(result.status, 1);
    assert.equal(
      result.stderr.trim(),
      'refine: cannot build its native core: g++, make not found. Install: apt-get install g++ make | dnf install gcc-c++ make | brew install gcc make; then run npm ci again.',
    );
  } finally {
    rmSync(bin, { recursive: true });
  }
});

test('a checkout installed with --ignore-scripts says how to build it', () => {
  const checkout = mkdtempSync(join(tmpdir(), 'refine-unbuilt-'));
  try {
    mkdirSync(join(checkout, 'pipeline', 'cli'), { recursive: true });
    copyFileSync(packagePath('pipeline', 'cli', 'refine.mjs'), join(checkout, 'pipeline', 'cli', 'refine.mjs'));
    const result = spawnSync(process.execPath, [join(checkout, 'pipeline', 'cli', 'refine.mjs'), 'run', 'manifests/sample.yaml'], { encoding: 'utf8' });
    assert.equal(result.status, 1);
    assert.match(result.stderr, /^ERR_REFINE_NATIVE .* refine is not built: .*--ignore-scripts.* Run: npm run build\n$/);
  } finally {
    rmSync(checkout, { recursive: true });
  }
});

interface LockedPackage {
  readonly version: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly optional?: boolean;
  readonly engines?: { readonly node?: string };
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

test('the lock file names a hash and no registry for every package of every platform, and runs no install script but ours', () => {
  const { packages } = JSON.parse(readFileSync(packagePath('package-lock.json'), 'utf8')) as { packages: Readonly<Record<string, LockedPackage>> };
  for (const [path, entry] of Object.entries(packages)) {
    if (path === '') continue;
    assert.equal(entry.resolved, undefined, path);
    assert.match(entry.integrity ?? '', /^sha512-/, path);
    assert.equal(entry.hasInstallScript, undefined, path);
    // npm skips an optional package that asks for a newer Node without a word, and what needs it fails later.
    const least = Number(/\d+/.exec((entry.optional && entry.engines?.node) || '')?.[0] ?? 0);
    assert.ok(least <= 20, `${path} needs Node ${entry.engines?.node}`);
    // npm leaves a platform's package out when the registry it asked lacked it; npm 11 then refuses the whole lock file.
    for (const name of Object.keys(entry.optionalDependencies ?? {}))
      assert.ok(packages[`${path}/node_modules/${name}`] ?? packages[`node_modules/${name}`], `${path} needs ${name}`);
  }
});
