// The bill of materials and the list of licences are those of the lock file; nothing that runs has a licence with terms on the whole.
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { packagePath } from '../../native/package-root.js';

interface Made {
  billOfMaterials(): Record<string, string>;
  packages(lock: unknown): { name: string; version: string; licence: string; use: string }[];
  isFree(expression: string): boolean;
}
const { billOfMaterials, isFree, packages } = (await import(pathToFileURL(packagePath('infra', 'build', 'sbom.mjs')).href)) as Made;

test('the SBOM and the list of licences are those of the lock file (npm run sbom writes them)', () => {
  for (const [path, text] of Object.entries(billOfMaterials())) {
    assert.ok(statSync(packagePath(path)).size < 1e6, path);
    assert.ok(readFileSync(packagePath(path), 'utf8') === text, `${path} is stale: npm run sbom`);
  }
  const bom = JSON.parse(billOfMaterials()['infra/docs/sbom.cdx.json']!) as {
    components: { 'bom-ref': string }[];
    dependencies: { ref: string; dependsOn: string[] }[];
  };
  const refs = new Set(['refine', ...bom.components.map((one) => one['bom-ref'])]);
  assert.equal(refs.size, bom.components.length + 1);
  for (const { ref, dependsOn } of bom.dependencies) for (const one of [ref, ...dependsOn]) assert.ok(refs.has(one), one);
  const manifest = JSON.parse(readFileSync(packagePath('package.json'), 'utf8')) as { dependencies: object; devDependencies: object };
  const direct = bom.dependencies
    .find(({ ref }) => ref === 'refine')!
    .dependsOn.map((one) => decodeURIComponent(one.slice('pkg:npm/'.length)).replace(/@[^@]+$/, ''));
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })) assert.ok(direct.includes(name), name);
});

test('what runs has licences without terms on the whole; an expression is free if one way through it is', () => {
  for (const [expression, free] of [
    ['MIT', true],
    ['(MIT OR GPL-3.0)', true],
    ['MIT AND GPL-3.0', false],
    ['GPL-2.0', false],
    ['not stated', false],
  ] as const)
    assert.equal(isFree(expression), free, expression);
  const lock: unknown = JSON.parse(readFileSync(packagePath('package-lock.json'), 'utf8'));
  const bad = packages(lock).filter(({ use, licence }) => use === 'run' && !isFree(licence));
  assert.deepEqual(
    bad.map(({ name, version, licence }) => `${name}@${version} ${licence}`),
    [],
  );
});
