// Is a plan right? Plans a manifest, runs it, and prints what was planned beside what was: documents, tokens, processor seconds of
// tasks, disk and memory.  node dist/infra/plan/verify.js MANIFEST... [--workers N] [--rounds N] [--sample SIZE]
// Prints a JSON object a manifest and a table at the end. Processor time, since wall time on a shared machine says nothing; the
// plan and the run of a round go one after the other, and the round whose two figures are least (the quietest) counts.
import { readdirSync, rmSync, statSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadManifest } from '../../pipeline/manifest.js';
import { planRun } from '../../pipeline/plan.js';
import { readRun } from '../../pipeline/run-folder.js';
import { runManifest } from '../../pipeline/runner.js';
import { size } from '../../stages/contract/units.js';

interface Figures {
  readonly documents: number;
  readonly kept: number;
  readonly tokens: number;
  readonly cpuSeconds: number;
  readonly finalBytes: number;
  readonly peakBytes: number;
  readonly workerBytes: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    workers: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '1' },
    sample: { type: 'string' },
    set: { type: 'string', multiple: true },
  },
});

function folderBytes(folder: string, scratch: boolean): number {
  let sum = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) sum += entry.name === 'scratch' && !scratch ? 0 : folderBytes(path, scratch);
    else if (entry.isFile()) {
      try {
        sum += statSync(path).blocks * 512;
      } catch {
        // removed meanwhile
      }
    }
  }
  return sum;
}

async function round(path: string, workers: number): Promise<{ planned: Figures; ran: Figures }> {
  const out = await mkdtemp(join(tmpdir(), 'refine-verify-'));
  const signal = new AbortController().signal;
  const manifest = await loadManifest(path, { sets: values.set ?? [] });
  try {
    const plan = await planRun(manifest, out, { workers, ...(values.sample === undefined ? {} : { sampleBytes: size().parse(values.sample) }) }, signal);
    const estimate = plan.estimate;
    if (estimate === null) throw new Error(`${path}: no estimate`);
    let peakBytes = 0;
    const look = (): void => {
      peakBytes = Math.max(peakBytes, folderBytes(out, true));
    };
    const timer = setInterval(look, 2000);
    // A level's end is where most lies on disk: before what it read is removed.
    await runManifest(manifest, { out, workers, progress: (event) => event.type === 'phase' && look() });
    clearInterval(timer);
    look();
    const { entries, tokens } = await readRun(out);
    const done = entries.filter((entry) => entry.state === 'done');
    const last = Math.max(...done.map(({ segment }) => segment));
    const maps = done.filter(({ kind }) => kind === 'map');
    return {
      planned: {
        documents: estimate.documents.likely,
        kept: estimate.kept.likely,
        tokens: estimate.tokens.likely,
        cpuSeconds: estimate.cpuSeconds.likely,
        finalBytes: estimate.disk.finalBytes.likely,
        peakBytes: estimate.disk.peakBytes.likely,
        workerBytes: estimate.workerBytes.likely,
      },
      ran: {
        documents: maps.filter(({ segment }) => segment === 0).reduce((sum, { rowsIn }) => sum + rowsIn, 0),
        kept: maps.filter(({ segment }) => segment === last).reduce((sum, { rowsOut }) => sum + rowsOut, 0),
        tokens: tokens.reduce((sum, shard) => sum + (shard.tokens ?? 0), 0),
        cpuSeconds: done.reduce((sum, { cpuMs }) => sum + (cpuMs ?? 0), 0) / 1000,
        finalBytes: folderBytes(out, false),
        peakBytes,
        workerBytes: Math.max(...done.map(({ peakBytes: bytes }) => bytes ?? 0)),
      },
    };
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

const UNITS: Readonly<Record<keyof Figures, readonly [number, string]>> = {
  documents: [1, 'documents'],
  kept: [1, 'kept'],
  tokens: [1e6, 'M tokens'],
  cpuSeconds: [1, 'CPU s of tasks'],
  finalBytes: [1e6, 'MB in the end'],
  peakBytes: [1e6, 'MB at most'],
  workerBytes: [1 << 20, 'MiB a worker'],
};

const lines = ['| manifest | figure | planned | ran | off |', '| --- | --- | --- | --- | --- |'];
let worst = 0;
for (const path of positionals) {
  const rounds = [];
  for (let i = 0; i < Number(values.rounds); i++) rounds.push(await round(path, Number(values.workers)));
  const best = rounds.reduce((a, b) => (b.planned.cpuSeconds + b.ran.cpuSeconds < a.planned.cpuSeconds + a.ran.cpuSeconds ? b : a));
  console.log(JSON.stringify({ manifest: path, rounds }));
  for (const [key, [unit, name]] of Object.entries(UNITS) as [keyof Figures, readonly [number, string]][]) {
    const [planned, ran] = [best.planned[key], best.ran[key]];
    const off = ran === 0 ? 0 : planned / ran - 1;
    worst = Math.max(worst, Math.abs(off));
    const short = (value: number): string => (value / unit >= 100 ? Math.round(value / unit).toLocaleString('en-US') : (value / unit).toPrecision(3));
    lines.push(`| ${path.split('/').at(-1)} | ${name} | ${short(planned)} | ${short(ran)} | ${(100 * off).toFixed(0)} % |`);
  }
}
console.log(lines.join('\n'));
if (worst > 0.25) process.exitCode = 1;
