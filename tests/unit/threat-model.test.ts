// The threat model names a test for every threat; each of them must be there, under that name, in that file.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { packagePath } from '../../native/package-root.js';

test('every threat has a defence and tests that exist by the names it gives', () => {
  const page = readFileSync(packagePath('infra', 'docs', 'threat-model.md'), 'utf8');
  const table = page.slice(page.indexOf('## Threats'), page.indexOf('## Shared deployments'));
  const rows = table.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| ---') && !line.startsWith('| threat '));
  assert.ok(rows.length >= 18, `${rows.length} threats`);
  for (const row of rows) {
    const [threat, by, defence, tests] = row.slice(2, -2).split(' | ');
    assert.ok(by !== undefined && (defence ?? '').length > 20, `${threat} has no defence`);
    const named = (tests ?? '').split('; ');
    assert.ok(named.length > 0 && named[0] !== '', `${threat} has no test`);
    for (const one of named) {
      const [file, name] = one.split(': ') as [string, string | undefined];
      const path = packagePath('tests', `${file}.test.ts`);
      assert.ok(existsSync(path), `${threat}: there is no ${file}.test.ts`);
      assert.ok(name !== undefined && readFileSync(path, 'utf8').includes(`test('${name}`), `${threat}: ${file} has no test that begins "${name}"`);
    }
  }
});
