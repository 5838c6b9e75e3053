// Where a run lies and who holds it: a folder, or an object store with a work folder here. What opens is held until it is released.
// Invariant: a run's parent holds the folder, and in a store the lease besides, before it reads a byte of the run; the work folder's
// ledger is the store's from then on.
import { createHash } from 'node:crypto';
import { basename, resolve } from 'node:path';
import { RefineError } from '../native/errors.js';
import { holdFolder } from './held-folder.js';
import { Ledger } from './ledger.js';
import { cacheFolder } from './loader/cache-folder.js';
import { type LockSettings, lockRunFolder } from './parent-lock.js';
import { refuseHalfRemoved } from './remove/exclusions.js';
import type { Lease as HeldLease, LeaseTimes } from './storage/lease.js';
import { isAddress, isS3 } from './storage/object-store.js';
import { RunStorage, type StorageSpec, workFolderOf } from './storage/run-storage.js';

export interface PlaceSettings extends Pick<StorageSpec, 'limits' | 'partBytes'> {
  readonly lease?: Partial<LeaseTimes>;
}

export interface RunPlace {
  readonly folder: string;
  readonly ledger: Ledger;
  readonly storage: RunStorage | undefined;
  /** Aborts with the caller's, and with `lost`. */
  readonly signal: AbortSignal;
  /** Aborts, with the reason, where another parent took the run over. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

interface Asked {
  readonly out: string;
  readonly work?: string;
  readonly signal?: AbortSignal;
  readonly storage?: PlaceSettings;
  readonly lock?: LockSettings;
  readonly notice?: (sentence: string) => void;
  /** Takes a run whose removal was interrupted, to end it. */
  readonly removing?: boolean;
}

/** The folder that stands for an address on this machine: one each, named so that people find it. */
export function workFolder(address: string): string {
  const plain = address.replace(/[?#].*$/s, '').replace(/\/+$/, '');
  return cacheFolder('runs', `${basename(plain).replace(/[^\w.-]/g, '_')}-${createHash('sha256').update(plain).digest('hex').slice(0, 16)}`);
}

export async function openPlace({
  out,
  work,
  signal = new AbortController().signal,
  storage: settings = {},
  lock,
  notice,
  removing = false,
}: Asked): Promise<RunPlace> {
  const locking = { ...lock, ...(notice === undefined ? {} : { notice }) };
  if (!isAddress(out)) {
    if (work !== undefined)
      throw new RefineError('ERR_REFINE_USAGE', 'goes with --out s3://BUCKET/PREFIX alone: the tasks of a run in a folder work there.', { place: '--work' });
    const owner = await workFolderOf(out);
    if (owner !== null)
      throw new RefineError('ERR_REFINE_RUN_DIFFERS', `is the work folder of ${owner}. Run with --out ${owner} --work ${out}, or choose another --out.`, {
        place: out,
      });
    const ledger = new Ledger(out);
    await ledger.open();
    const held = await lockRunFolder(out, locking);
    const kept = holdFolder(out);
    const release = async (): Promise<void> => {
      kept.release();
      await held.release();
    };
    return { folder: out, ledger, storage: undefined, signal: AbortSignal.any([signal, held.lost]), lost: held.lost, release };
  }
  if (!isS3(out)) throw new RefineError('ERR_REFINE_USAGE', 'is read only. Write into a folder or s3://BUCKET/PREFIX', { place: out.replace(/[?#].*$/s, '') });
  const { Lease } = await import('./storage/lease.js');
  const taken = new AbortController();
  const folder = resolve(work ?? workFolder(out));
  const { limits, partBytes } = settings;
  const storage = await RunStorage.open({ address: out, ...(limits && { limits }), ...(partBytes !== undefined && { partBytes }) }, folder);
  await storage.claim();
  const ledger = new Ledger(folder, storage.ledger());
  await ledger.open();
  const held = await lockRunFolder(folder, locking);
  const kept = holdFolder(folder);
  const lost = AbortSignal.any([held.lost, taken.signal]);
  const both = AbortSignal.any([signal, lost]);
  let lease: HeldLease | undefined;
  try {
    lease = await Lease.acquire(storage.store, { signal: both, ...(settings.lease && { times: settings.lease }), ...(notice && { notice }) });
    lease.keep((error) => taken.abort(error));
    await storage.pull();
    if (!removing) await refuseHalfRemoved(folder, storage.address);
    return {
      folder,
      ledger,
      storage,
      signal: both,
      lost,
      async release() {
        kept.release();
        await lease?.release();
        await held.release();
      },
    };
  } catch (error) {
    kept.release();
    await lease?.release();
    await held.release();
    throw error;
  }
}
