// The fault campaign: node dist/infra/faults/campaign.js [--pages 5000] [--kills 200] [--seed 1] [--workers 2] [--every-cpu-ms N]
// [--warc FILE]... [--work DIR] [--json FILE]. Makes a crawl, runs it undisturbed, then disturbs it (faults-run.ts) and prints
// a table; exit 1 where a byte differs. As root the run folder is a tmpfs, and the disk fills up too. With --cluster [--share 0.4] what
// dies are jobs of a fake Slurm and the parents that submitted them (cluster-faults.ts).
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { clusterCampaign } from './cluster-faults.js';
import { campaignManifest, makeCrawl } from './crawl.js';
import { campaign } from './faults-run.js';

const { values } = parseArgs({
  options: {
    pages: { type: 'string', default: '5000' },
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    workers: { type: 'string', default: '2' },
    stall: { type: 'string', default: '5s' },
    'every-cpu-ms': { type: 'string' },
    warc: { type: 'string', multiple: true },
    work: { type: 'string' },
    json: { type: 'string' },
    cluster: { type: 'boolean', default: false },
    share: { type: 'string', default: '0.4' },
  },
});
const work = values.work ?? mkdtempSync(join(tmpdir(), 'refine-campaign-'));
const crawl = await makeCrawl(join(work, 'in'), Number(values.pages), values.warc);
console.error(`${crawl.pages} pages in ${crawl.files.length} files`);
const manifest = join(work, 'campaign.yaml');
writeFileSync(manifest, campaignManifest(join(work, 'in')));
const common = { manifest, work: join(work, 'runs'), kills: Number(values.kills), seed: Number(values.seed), say: (line: string) => console.error(line) };
const result = values.cluster
  ? await clusterCampaign({ ...common, share: Number(values.share) })
  : await campaign({
      ...common,
      workers: Number(values.workers),
      stall: values.stall,
      ...(values['every-cpu-ms'] === undefined ? {} : { everyCpuMs: Number(values['every-cpu-ms']) }),
    });
const report = {
  machine: { cpu: cpus()[0]?.model, cores: cpus().length, os: `${platform()} ${arch()}`, node: process.version },
  seed: Number(values.seed),
  pages: crawl.pages,
  inputs: crawl.files.length,
  ...result,
};
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 1)}\n`);
console.log(JSON.stringify(report));
console.error('');
for (const [kind, count] of Object.entries(result.byKind).sort(([, a], [, b]) => b - a)) console.error(`| ${kind.padEnd(32)} | ${String(count).padStart(5)} |`);
for (const [end, count] of Object.entries(result.ends).sort(([, a], [, b]) => b - a))
  console.error(`| ended with ${end.padEnd(20)} | ${String(count).padStart(5)} |`);
console.error(
  `${result.kills} processes ended in ${result.rounds} runs and ${result.restarts} restarts: ${result.wrong.length === 0 ? 'all bytes equal' : result.wrong.join('\n')}`,
);
if (values.work === undefined) rmSync(work, { recursive: true, force: true });
process.exitCode = result.wrong.length === 0 ? 0 : 1;
