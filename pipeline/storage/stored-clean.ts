// `refine clean` of a run in a store: what was published below scratch/, and scratch/ of the work folder on this machine.
// Invariant: under the run's lease, so never beside a live parent; an unfinished run is left alone unless forced.
import { join } from 'node:path';
import { type Cleaned, measured, refuseUnfinished } from '../clean-run.js';
import { refuseLiveJobs } from '../executors/live-jobs.js';
import { removeScratch } from '../leftovers.js';
import { readRun } from '../run-folder.js';
import { openPlace, type PlaceSettings, workFolder } from '../run-place.js';
import { openStore } from './object-store.js';
import { localCopy } from './read-run.js';

export interface StoredCleanOptions {
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly work?: string;
  readonly notice?: (sentence: string) => void;
  readonly signal?: AbortSignal;
  /** Tests: retries, times of the lease. */
  readonly storage?: PlaceSettings;
}

/** `here` is of the work folder, `there` of the store. */
export async function cleanStored(
  address: string,
  { force = false, dryRun = false, ...asked }: StoredCleanOptions,
): Promise<{ readonly here: Cleaned; readonly there: Cleaned }> {
  if (dryRun) {
    refuseUnfinished(await readRun(await localCopy(address, [])), address, force);
    const there = { files: 0, bytes: 0 };
    for await (const { bytes } of (await openStore(address)).list('scratch/')) {
      there.files++;
      there.bytes += bytes;
    }
    return { here: await measured(join(asked.work ?? workFolder(address), 'scratch')), there };
  }
  const place = await openPlace({ out: address, ...asked });
  try {
    refuseUnfinished(await readRun(place.folder), address, force);
    const scratch = join(place.folder, 'scratch');
    await refuseLiveJobs(place.folder); // they read what stands there
    const found = await measured(scratch);
    await removeScratch(place.folder);
    const kept = await measured(scratch); // the list of cluster jobs
    return { here: { files: found.files - kept.files, bytes: found.bytes - kept.bytes }, there: await place.storage!.clean() };
  } finally {
    await place.release();
  }
}
