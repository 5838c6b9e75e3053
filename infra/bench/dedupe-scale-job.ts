// One run of the real engine over planted documents, in a process of its own, so that its memory is the parent's alone.
// argv[2]: JSON of Job. stdout: JSON of JobResult.
import { mkdirSync } from 'node:fs';
import { parseManifest } from '../../pipeline/manifest.js';
import { runManifest } from '../../pipeline/runner.js';
import { RefineError } from '../../native/errors.js';
import { type Mix, Planted } from './planted.js';
import { plantedPaths } from './planted-inputs.js';

export interface Job {
  readonly documents: number;
  readonly mix: Mix;
  readonly perInput: number;
  /** Steps as a manifest writes them. */
  readonly steps: readonly Readonly<Record<string, unknown>>[];
  /** The manifest's `spill`. */
  readonly spill?: string;
  readonly out: string;
  readonly workers: number;
  readonly workerBytes: number;
}

export interface JobResult {
  readonly wallSeconds: number;
  /** Of this process: planning, task lists, messages. */
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

const job = JSON.parse(process.argv[2]!) as Job;
mkdirSync(job.out, { recursive: true });
const planted = new Planted(job.documents, job.mix);
const started = performance.now();
const begin = process.cpuUsage();
try {
  const text = JSON.stringify({
    name: 'dedupe-scale',
    seed: 1,
    source: { jsonl: plantedPaths(planted, job.perInput) },
    steps: job.steps,
    sink: { 'samples-per-reason': 0 },
    ...(job.spill === undefined ? {} : { spill: job.spill }),
  });
  const module = (name: string): string => new URL(name, import.meta.url).href;
  const { steps } = (await import(module('./planted-steps.js'))) as typeof import('./planted-steps.js');
  const manifest = await parseManifest(text, { path: 'dedupe-scale.yaml', registry: steps });
  // A manifest that keeps neither text nor tokens is refused, with reason; here verdicts are the result, and texts are not stored.
  const sink = { ...manifest.sink, text: { keep: false } };
  await runManifest(
    { ...manifest, sink },
    {
      out: job.out,
      workers: job.workers,
      workerBytes: job.workerBytes,
      modules: { steps: module('./planted-steps.js'), inputs: module('./planted-inputs.js') },
    },
  );
} catch (error) {
  console.error(error instanceof RefineError ? error.format() : error);
  process.exit(1);
}
const cpu = process.cpuUsage(begin);
const result: JobResult = {
  wallSeconds: (performance.now() - started) / 1000,
  cpuSeconds: (cpu.user + cpu.system) / 1e6,
  peakBytes: process.resourceUsage().maxRSS * 1024,
};
console.log(JSON.stringify(result));
