// Takes scratch/ out of a finished run: intermediate shards that nothing reads any more. What is promised (text, tokens, features,
// samples, index, ledger, lock) stays, so stats, report, check, load and a resume work as before.
// Invariant: under the run's lock, so never beside a live parent; an unfinished run is left alone unless forced.
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { RefineError } from '../native/errors.js';
import { diskError } from './atomic-file.js';
import { refuseLiveJobs } from './executors/live-jobs.js';
import { removeScratch } from './leftovers.js';
import { lockRunFolder } from './parent-lock.js';
import { readRun, type RunState } from './run-folder.js';

export interface Cleaned {
  readonly files: number;
  readonly bytes: number;
}

export async function cleanRun(folder: string, options: { readonly force?: boolean; readonly dryRun?: boolean } = {}): Promise<Cleaned> {
  refuseUnfinished(await readRun(folder), folder, options.force === true);
  const scratch = join(folder, 'scratch');
  if (options.dryRun === true) return measured(scratch);
  const held = await lockRunFolder(folder);
  try {
    await refuseLiveJobs(folder); // they read what stands there
    const found = await measured(scratch);
    await removeScratch(folder);
    const kept = await measured(scratch); // the list of cluster jobs
    return { files: found.files - kept.files, bytes: found.bytes - kept.bytes };
  } finally {
    await held.release();
  }
}

export function refuseUnfinished({ finished }: RunState, named: string, force: boolean): void {
  if (finished || force) return;
  throw new RefineError(
    'ERR_REFINE_LEDGER',
    'is not finished: its scratch/ holds what the same `refine run` goes on from. Finish it first, or add --force and the work in there is done again.',
    { place: named },
  );
}

/** Files below a folder and their bytes, links as links. */
export async function measured(folder: string): Promise<Cleaned> {
  let files = 0;
  let bytes = 0;
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return [];
    throw diskError(cause, folder, 'list it');
  });
  for (const entry of entries) {
    if (entry.isDirectory()) continue;
    files++;
    bytes += (await lstat(join(entry.parentPath, entry.name)).catch(() => ({ size: 0 }))).size;
  }
  return { files, bytes };
}
