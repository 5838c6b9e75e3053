// A ledger of a whole crawl's size, as loose objects and compacted: what reading it costs. The entries are those of the sample run, over
// and over under other identities, written without their syncs. `npm run bench -- ledger` (REFINE_BENCH_ENTRIES, default 300,000).
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packagePath } from '../../native/package-root.js';
import { digest } from '../../pipeline/identity.js';
import { Ledger } from '../../pipeline/ledger.js';
import { parseManifest } from '../../pipeline/manifest.js';
import { readRun } from '../../pipeline/run-folder.js';
import { runManifest } from '../../pipeline/runner.js';
import type { Figure } from './main.js';

const ASKED = Number(process.env.REFINE_BENCH_ENTRIES ?? 300_000);

interface Measured {
  readonly cpuSeconds: number;
  readonly peakMiB: number;
}

/** The sample run's ledger, repeated. Bytes are of JSON. */
async function grown(small: string, out: string): Promise<{ readonly entries: number; readonly bytes: number }> {
  const run = await readRun(small);
  mkdirSync(join(out, 'ledger'), { recursive: true });
  writeFileSync(join(out, 'manifest.lock.json'), readFileSync(join(small, 'manifest.lock.json')));
  const entries = run.entries.filter(({ kind }) => kind === 'map' || kind === 'phase');
  const tasks: string[] = [];
  let bytes = 0;
  const count = Math.ceil(ASKED / entries.length) * entries.length; // whole copies: stats checks that the counts of steps add up
  for (let number = 0; number < count; number++) {
    const task = digest(['entry', number]);
    const text = `${JSON.stringify({ ...entries[number % entries.length]!, task, number })}\n`;
    bytes += Buffer.byteLength(text);
    writeFileSync(join(out, 'ledger', `${task}.json`), text);
    tasks.push(task);
  }
  writeFileSync(join(out, 'ledger', 'plan.json'), JSON.stringify({ format: 1, tasks, failed: [], finished: true }));
  return { entries: count, bytes };
}

/** In a process of its own, so that memory is its own. */
function measured(code: string, ...words: readonly string[]): Measured {
  const tail =
    'const u = process.cpuUsage(); console.log(JSON.stringify({ cpuSeconds: (u.user + u.system) / 1e6, peakMiB: Math.round(process.resourceUsage().maxRSS / 1024) }));';
  const { stdout, status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', `${code}\n${tail}`, ...words], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Measured;
}

export async function figures(): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'refine-ledger-'));
  try {
    const path = packagePath('manifests', 'sample.yaml');
    await runManifest(await parseManifest(readFileSync(path, 'utf8'), { path }), { out: join(folder, 'small'), workers: 1 });
    const out = join(folder, 'run');
    const { entries, bytes } = await grown(join(folder, 'small'), out);
    const module = (name: string): string => JSON.stringify(fileURLToPath(new URL(`../../pipeline/${name}.js`, import.meta.url)));
    const reading = `import { readRun } from ${module('run-folder')}; await readRun(process.argv[1]);`;
    const stats = `import { readRun } from ${module('run-folder')}; import { ledgerStats } from ${module('stats')}; await ledgerStats(await readRun(process.argv[1]));`;
    const note = `${entries.toLocaleString('en-US')} entries, ${Math.round(bytes / 1e6)} MB of JSON`;
    const found: Figure[] = [];
    const add = (what: string, { cpuSeconds, peakMiB }: Measured, more = ''): void => {
      found.push({ bench: 'ledger', what, unit: 's', value: cpuSeconds, note: `CPU; ${peakMiB} MiB at most; ${note}${more}` });
    };
    add('readRun, loose objects', measured(reading, out));
    add('stats, loose objects', measured(stats, out));
    add('compaction', measured(`import { Ledger } from ${module('ledger')}; await new Ledger(process.argv[1]).compact(1);`, out));
    const size = `; ledger.arrow has ${Math.round(statSync(join(out, 'ledger', 'ledger.arrow')).size / 1e6)} MB`;
    add('readRun, compacted', measured(reading, out), size);
    add('stats, compacted', measured(stats, out), size);
    const names = (await new Ledger(out).tasks()).size;
    if (names !== entries) throw new Error(`${names} entries after the compaction`);
    return found;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
