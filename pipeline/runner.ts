// Runs a manifest into a run folder, or resumes it: lock, inputs, tasks level by level through worker processes, final shards.
// Invariant: whatever is killed at whatever instant, the same call again ends with the same final bytes; a finished task is
// never redone, a failed one is tried again, and barriers see only inputs whose maps are done.
import { RefineError } from '../native/errors.js';
import { goneFolder } from './held-folder.js';
import { tellAll } from './progress-events.js';
import { ProgressFile } from './progress-file.js';
import { holdRemovals } from './remove/removed-counts.js';
import type { RunOptions } from './run-options.js';
import { Run } from './run-passes.js';
import { openPlace } from './run-place.js';
import { prepareRun } from './run-prepare.js';
import { type RunSummary, summarise } from './run-summary.js';
import { shareProgress } from './storage/stored-status.js';
import type { Manifest } from './types.js';

export type { RunModules, RunOptions } from './run-options.js';
export type { RunSummary } from './run-summary.js';

export async function runManifest(manifest: Manifest, asked: RunOptions): Promise<RunSummary> {
  const started = performance.now();
  const job = asked.engineJobs?.job;
  const place = await openPlace(job === undefined ? asked : { ...asked, lock: { ...asked.lock, job } });
  const { folder, ledger, storage, signal } = place;
  const options = { ...asked, out: folder };
  const file = new ProgressFile(folder);
  const shared = storage === undefined ? null : shareProgress(storage);
  const progress = tellAll([...(options.progress === undefined ? [] : [options.progress]), (event) => file.take(event)]);
  let code: string | undefined = 'ERR_REFINE_INTERNAL';
  try {
    await holdRemovals(folder);
    const run = new Run(await prepareRun(manifest, options, ledger, storage, signal));
    const state = await run.toTheEnd(progress, signal);
    const summary = await summarise(folder, manifest, { ...state, wallMs: Math.round(performance.now() - started) });
    for (const message of summary.warnings) progress({ type: 'warning', message });
    code = undefined;
    return { ...summary, folder: storage?.address ?? folder };
  } catch (error) {
    if (error instanceof RefineError) code = error.code;
    const gone = await goneFolder(folder);
    if (gone !== null) {
      code = gone.code;
      throw gone; // its lock went with it
    }
    if (place.lost.aborted) throw place.lost.reason;
    if (signal.aborted && !(error instanceof RefineError && error.code === 'ERR_REFINE_TASKS_FAILED')) {
      code = 'ERR_REFINE_INTERRUPTED';
      throw new RefineError('ERR_REFINE_INTERRUPTED', 'interrupted; finished tasks are kept. Run the same command again to go on.', {
        place: asked.out,
        cause: error,
      });
    }
    throw error;
  } finally {
    progress(code === undefined ? { type: 'end' } : { type: 'end', code });
    if (!place.lost.aborted) {
      await file.close(); // else the progress is another parent's
      await shared?.end();
    }
    await place.release();
  }
}
