// How a ledger counts removed documents: as a step `remove` after the manifest's own, in the entries of the last maps. And the check
// that a run's removals are still there before anything of it is done again.
import { join } from 'node:path';
import { RefineError } from '../../native/errors.js';
import { fileSha256 } from '../identity.js';
import type { DoneEntry } from '../ledger.js';
import { statIfThere } from '../read-if-there.js';
import { readLock } from '../run-folder.js';
import { EXCLUSIONS, REMOVE_REASON, REMOVE_STEP, refuseHalfRemoved } from './exclusions.js';

/** `removed` of the documents that the last step let out. */
export function withRemoved(entry: DoneEntry, removed: number): DoneEntry {
  const before = documentsBefore(entry);
  const counts = { step: REMOVE_STEP, in: before, out: before - removed, drops: removed === 0 ? {} : { [REMOVE_REASON]: removed }, wallMs: 0 };
  return { ...entry, rowsOut: before - removed, steps: [...entry.steps.filter(({ step }) => step !== REMOVE_STEP), counts] };
}

/** Documents that the last step of the manifest let out. */
export function documentsBefore(entry: DoneEntry): number {
  return entry.steps.find(({ step }) => step === REMOVE_STEP)?.in ?? entry.rowsOut;
}

/** Refuses a folder whose removals were not ended, or whose list of them was changed: a task done again would bring documents back. */
export async function holdRemovals(folder: string): Promise<void> {
  await refuseHalfRemoved(folder);
  const lock = await readLock(folder);
  if (lock?.removals === undefined) return;
  const path = join(folder, EXCLUSIONS);
  if ((await statIfThere(path)) !== null && (await fileSha256(path)) === lock.removals) return;
  throw new RefineError(
    'ERR_REFINE_LEDGER',
    'is not the list of removals that the lock file names, and without it tasks that are done again would bring documents back. Restore it from a copy, or run into another --out.',
    { place: path },
  );
}
