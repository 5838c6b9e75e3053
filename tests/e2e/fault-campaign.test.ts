// Reduced shares of the fault campaigns (infra/faults/campaign.ts, figures in infra/docs/faults.md): processes of a run are killed and
// stopped at drawn instants, and jobs and parents of one on a cluster; the same command again ends in the bytes of the undisturbed run.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { packagePath } from '../../native/package-root.js';
import { clusterCampaign } from '../../infra/faults/cluster-faults.js';
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

test('four kills of jobs and parents of a run on a cluster: all bytes equal', async () => {
  mkdirSync(join(work, 'few'));
  copyFileSync(packagePath('manifests', 'sample', '0-sites.warc.gz'), join(work, 'few', 'sites.warc.gz'));
  const manifest = join(work, 'jobs.yaml');
  writeFileSync(manifest, `name: jobs\nseed: 1\nsource: { warc: ['few/*.warc.gz'] }\nsteps:\n  - extract\n  - tokenize\nsink: { text: { keep: true } }\n`);
  const seed = Number(process.env.REFINE_SEED ?? 3);
  const kills = process.env.REFINE_FULL === '1' ? 40 : 4;
  const result = await clusterCampaign({ manifest, work: join(work, 'c'), kills, seed, share: 0.7, parentsKilled: 1, parentMs: 3000 });
  assert.deepEqual(result.wrong, []);
  assert.ok(result.kills >= kills && result.files > 3);
  const elements = Object.entries(result.byKind).filter(([kind]) => kind.startsWith('job ') && kind !== 'job late');
  assert.ok((result.byKind['parent SIGKILL'] ?? 0) >= 1 && elements.length >= 1, JSON.stringify(result.byKind));
});
