// `refine status` of a run in a store: what its parent left there, wherever that works. The parent puts its progress beside the lease.
// Invariant: reads only, and one listing tells all names, so a look costs a request per thousand objects and a handful more.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RefineError } from '../../native/errors.js';
import { replaceFile } from '../atomic-file.js';
import { Ledger } from '../ledger.js';
import { PROGRESS, readProgress } from '../progress-file.js';
import { readLock, readPlan } from '../run-folder.js';
import type { RunLook } from '../status.js';
import { readHolderAt } from './lease.js';
import { isS3, openStore, readObject } from './object-store.js';
import { readCopy } from './read-run.js';
import type { RunStorage } from './run-storage.js';
import { StoredLedger } from './stored-ledger.js';

const MAX_JSON_BYTES = 512 << 20;
/** As often as the lease beats: one request more. */
const SHARE_MS = 20_000;

export async function lookAtStore(address: string, signal?: AbortSignal): Promise<RunLook> {
  if (!isS3(address))
    throw new RefineError('ERR_REFINE_USAGE', 'cannot be listed, so nobody can tell from here how far it is. Name the run folder or s3://BUCKET/PREFIX', {
      place: address.replace(/[?#].*$/s, ''),
    });
  const store = await openStore(address, signal);
  const folder = join(readCopy(store.name), 'status');
  for (const name of ['manifest.lock.json', 'ledger/plan.json', PROGRESS]) {
    const bytes = await readObject(store, name, MAX_JSON_BYTES);
    if (bytes === null) await rm(join(folder, name), { force: true });
    else await replaceFile(join(folder, name), bytes);
  }
  const names: string[] = [];
  const disk = { files: 0, bytes: 0, scratchBytes: 0, whole: true };
  for await (const { key, bytes } of store.list('')) {
    disk.files++;
    disk.bytes += bytes;
    if (key.startsWith('scratch/')) disk.scratchBytes += bytes;
    const [, name] = /^ledger\/([^/]+)$/.exec(key) ?? [];
    if (name !== undefined) names.push(name);
  }
  return {
    folder: store.name,
    lock: await readLock(folder),
    plan: await readPlan(folder),
    holder: await readHolderAt(store),
    progress: await readProgress(folder),
    ledger: new Ledger(folder, new StoredLedger(store, names, join(folder, 'compacted'))),
    jobs: null,
    disk,
  };
}

/** Puts the parent's progress into the store now and then; `end` leaves what the run left in its folder. Progress is not worth an error. */
export function shareProgress(storage: RunStorage, everyMs = SHARE_MS): { end(): Promise<void> } {
  let sharing: Promise<void> = Promise.resolve();
  const share = (): void => {
    sharing = sharing.then(() => storage.publishFiles([PROGRESS])).catch(() => undefined);
  };
  const timer = setInterval(share, everyMs);
  timer.unref();
  return {
    async end() {
      clearInterval(timer);
      await sharing;
      const ended = await readProgress(storage.folder);
      await (ended === null ? storage.store.delete(PROGRESS) : storage.publishFiles([PROGRESS])).catch(() => undefined);
    },
  };
}
