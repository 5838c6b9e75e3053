// A reduced share of the fault campaign (infra/faults/campaign.ts, figures in infra/docs/faults.md): processes of a run are killed
// and stopped at drawn instants, and the same command again ends in the bytes of the undisturbed run.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { packagePath } from '../../native/package-root.js';
import { campaign } from '../../infra/faults/faults-run.js';

const work = mkdtempSync(join(tmpdir(), 'refine-campaign-'));
after(() => rmSync(work, { recursive: true, force: true }));

test('six kills at drawn instants of a run over the sample: all bytes equal', async (t) => {
  if (process.platform !== 'linux') return t.skip('workers are found through /proc');
  mkdirSync(join(work, 'in'));
  for (const name of ['0-sites', '1-languages']) copyFileSync(packagePath('manifests', 'sample', `${name}.warc.gz`), join(work, 'in', `${name}.warc.gz`));
  const manifest = join(work, 'kills.yaml');
  writeFileSync(
    manifest,
    `name: kills\nseed: 1\nsource: { warc: ['in/*.warc.gz'] }\nsteps:\n  - extract\n  - quality: { rules: gopher@paper }\n  - dedupe-exact\n  - tokenize\nsink: { text: { keep: true } }\n`,
  );
  const seed = Number(process.env.REFINE_SEED ?? 4);
  const kills = process.env.REFINE_FULL === '1' ? 40 : 6;
  const result = await campaign({ manifest, work: join(work, 'runs'), kills, seed, workers: 2, stall: '5s', everyCpuMs: 700 });
  assert.deepEqual(result.wrong, []);
  assert.ok(result.kills >= kills);
});
