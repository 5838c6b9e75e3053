// A run in a process of its own, so that tests can kill the parent. argv[2]: JSON of what manifestOf and runOptions take.
import { RefineError } from '../../native/errors.js';
import { runManifest } from '../../pipeline/runner.js';
import { manifestOf, runOptions, type StepText } from './runner-world.js';

interface Job {
  readonly folder: string;
  readonly paths: readonly string[];
  readonly steps: readonly StepText[];
  readonly out: string;
  readonly options?: object;
}

const job = JSON.parse(process.argv[2]!) as Job;
const abort = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => abort.abort());
try {
  const summary = await runManifest(manifestOf(job.folder, job.paths, job.steps), runOptions(job.out, { signal: abort.signal, ...job.options }));
  console.log(JSON.stringify({ tasks: summary.tasks }));
} catch (error) {
  console.log(error instanceof RefineError ? error.format() : String((error as Error).stack));
  process.exitCode = error instanceof RefineError && error.code === 'ERR_REFINE_INTERRUPTED' ? 130 : 1;
}
