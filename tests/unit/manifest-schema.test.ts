// manifests/schema.json is what editors read: it must say what the parser does.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { packagePath } from '../../native/package-root.js';
import { loadManifest } from '../../pipeline/manifest.js';
import { manifestJsonSchema } from '../../pipeline/manifest-schema.js';
import { steps } from '../../pipeline/registry.js';

test('the committed JSON Schema is the one the definitions make (else: node dist/infra/build/manifest-schema.js)', () => {
  assert.deepEqual(JSON.parse(readFileSync(packagePath('manifests', 'schema.json'), 'utf8')), JSON.parse(JSON.stringify(manifestJsonSchema(steps))));
});

test('every option of every step that ships has a default, so that the step can be written bare', () => {
  for (const [name, stage] of steps) {
    const parsed = stage.schema.safeParse({});
    assert.ok(parsed.success, `${name}: ${JSON.stringify(parsed.error?.issues)}`);
  }
});
test('every manifest that ships is valid', async () => {
  const names = readdirSync(packagePath('manifests')).filter((name) => name.endsWith('.yaml'));
  assert.ok(names.includes('cc-2023.yaml'));
  for (const name of names) assert.ok((await loadManifest(packagePath('manifests', name))).steps.length > 0);
});
