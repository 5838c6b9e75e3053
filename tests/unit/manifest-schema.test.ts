// manifests/schema.json is what editors read: it must say what the parser does.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { packagePath } from '../../native/package-root.js';
import { loadManifest } from '../../pipeline/manifest.js';
import { manifestJsonSchema } from '../../pipeline/manifest-schema.js';
import { loadSteps } from '../../pipeline/registry.js';

const steps = await loadSteps();

test('the committed JSON Schema is the one the definitions make (else: node dist/infra/build/manifest-schema.js)', () => {
  assert.deepEqual(JSON.parse(readFileSync(packagePath('manifests', 'schema.json'), 'utf8')), JSON.parse(JSON.stringify(manifestJsonSchema(steps))));
});

test('every key of a manifest has words for editors to show, at any depth', () => {
  const silent: string[] = [];
  let keys = 0;
  const visit = (node: unknown, path: string): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [name, value] of Object.entries(node)) {
      if (name !== 'properties' || Array.isArray(node)) {
        visit(value, path);
        continue;
      }
      for (const [key, schema] of Object.entries(value as Record<string, { description?: unknown }>)) {
        keys++;
        const at = `${path}.${key}`;
        if (typeof schema.description !== 'string' || schema.description.length < 15) silent.push(`${at}: ${JSON.stringify(schema.description)}`);
        visit(schema, at);
      }
    }
  };
  visit(manifestJsonSchema(steps), '');
  assert.ok(keys > 1000, `${keys} keys`);
  assert.deepEqual(silent, []);
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
