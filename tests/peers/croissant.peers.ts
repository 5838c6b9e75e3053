// mlcroissant, the reference implementation of Croissant, takes what `refine report --croissant` writes, without an error or a warning.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { packagePath } from '../../native/package-root.js';
import { refine } from '../support/cli.js';

const python = process.env.REFINE_PYTHON ?? 'python3';

test('mlcroissant validates the Croissant file of the sample run', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'refine-croissant-peer-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const out = join(folder, 'run');
  const ran = await refine(['run', packagePath('manifests', 'sample.yaml'), '--out', out, '--workers', '2']);
  assert.equal(ran.code, 0, ran.stderr);
  assert.equal((await refine(['report', out, '--croissant', join(out, 'croissant.json')])).code, 0);
  const said = execFileSync(python, [packagePath('tests', 'peers', 'read_croissant.py'), join(out, 'croissant.json')], { encoding: 'utf8' });
  const seen = JSON.parse(said) as { errors: string[]; warnings: string[]; records: string[]; fields: number };
  assert.deepEqual([seen.errors, seen.records], [[], ['documents', 'tokens']]);
  assert.ok(seen.fields > 20);
  // What it may warn of: properties that only whoever publishes can fill.
  for (const warning of seen.warnings) assert.match(warning, /recommended/);
});
