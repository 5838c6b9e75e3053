// The files of RUN/removals of a run in a store, brought into a folder here. They decide what a command may do with the run, so those
// that count are asked for by name: a listing that is late hides none of them.
// Invariant: afterwards the folder has the journal, the exclusions and the windows that the store has, and no others.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RefineError } from '../../native/errors.js';
import { makeFolder, replaceFile } from '../atomic-file.js';
import { removeScratch } from '../leftovers.js';
import { bytesIfThere } from '../read-if-there.js';
import { EXCLUSIONS, JOURNAL } from '../remove/exclusions.js';
import { recordPath, WINDOWS } from '../remove/removal-files.js';
import { type ObjectStore, readObject } from './object-store.js';

/** Marks of a crawl's worth of removed documents: 2^29 bytes are some ten million. */
const MAX_BYTES = 512 << 20;

/** Null where nothing was ever removed, or the bytes are no lock. */
function removalsOf(lock: Uint8Array | null): string | null {
  if (lock === null) return null;
  try {
    return (JSON.parse(Buffer.from(lock).toString()) as { removals?: string }).removals ?? null;
  } catch {
    return null;
  }
}

export async function bringRemovals(store: ObjectStore, folder: string): Promise<void> {
  await makeFolder(join(folder, 'removals'));
  const bring = async (key: string): Promise<boolean> => {
    const bytes = await readObject(store, key, MAX_BYTES);
    if (bytes === null) await rm(join(folder, key), { force: true });
    else await replaceFile(join(folder, key), bytes);
    return bytes !== null;
  };
  for (const key of [JOURNAL, EXCLUSIONS, WINDOWS]) await bring(key);
  // Records are counted up, and the next removal takes the next number: one beyond what a late listing shows is looked for.
  let last = 0;
  for await (const { key } of store.list('removals/')) {
    const number = /^removals\/(\d{6})\.json$/.exec(key)?.[1];
    if (number === undefined) continue;
    last = Math.max(last, Number(number));
    await bring(key);
  }
  while (await bring(recordPath(last + 1))) last++;
}

/** Refuses a run whose removal was interrupted: its shards and its ledger may disagree. */
export async function refuseHalfRemovedAt(store: ObjectStore): Promise<void> {
  if ((await readObject(store, JOURNAL, MAX_BYTES)) === null) return;
  throw new RefineError('ERR_REFINE_LEDGER', `a removal was interrupted here, so shards and ledger may disagree. Run: refine remove ${store.name} --resume`, {
    place: store.name,
  });
}

/**
 * A work folder of before a removal holds what was removed, and entries that count it: it begins anew. True where it did.
 * By the run's parent, once it holds the run.
 */
export async function forgetBeforeRemoval(lock: Uint8Array | null, folder: string): Promise<boolean> {
  const here = await bytesIfThere(join(folder, 'manifest.lock.json'));
  if (here === null || removalsOf(here) === removalsOf(lock)) return false;
  for (const name of ['ledger', 'text', 'tokens', 'features', 'samples', 'search', 'check', 'packing', 'index.arrow', 'holdout.arrow'])
    await rm(join(folder, name), { recursive: true, force: true });
  await removeScratch(folder);
  await makeFolder(join(folder, 'ledger'));
  return true;
}
