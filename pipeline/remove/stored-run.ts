// `refine remove` on a run in an object store. Its parent's lease is held, all final files come into the work folder, documents are
// taken out of them there, and every file that changes goes up before the next one changes (removal-place.ts).
// Invariant: the proof is of bytes that the store gave back: every object below the prefix is read, those a late listing hides too.
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RefineError } from '../../native/errors.js';
import { refuseLiveJobs } from '../executors/live-jobs.js';
import { fileSha256 } from '../identity.js';
import { PROGRESS } from '../progress-file.js';
import { readRun } from '../run-folder.js';
import { openPlace, type PlaceSettings } from '../run-place.js';
import { localCopy, readCopy } from '../storage/read-run.js';
import { downloadObject, isPublished, lanes, objectDigest, type RunStorage } from '../storage/run-storage.js';
import type { Shard } from '../types.js';
import { EXCLUSIONS, JOURNAL } from './exclusions.js';
import type { Proof } from './proof.js';
import type { RemovalPlace, Twin } from './removal-place.js';
import { type Journal, readRecords, recordPath, WINDOWS } from './removal-files.js';
import { proveHere, type RemovalAnswer, type RemoveOptions, removeHeld, wouldRemove } from './remove.js';
import type { RemovalRequest } from './request.js';
import { finalShards } from './scan.js';

export interface StoredRemoveOptions extends RemoveOptions {
  /** The work folder; the run's own below the cache folder where absent. */
  readonly work?: string;
  readonly notice?: (sentence: string) => void;
  /** Tests: retries, times of the lease. */
  readonly storage?: PlaceSettings;
}

/** As removeFromRun, of a run at s3://BUCKET/PREFIX. `request` null resumes a removal that was interrupted, on this machine or another. */
export async function removeFromStore(address: string, request: RemovalRequest | null, options: StoredRemoveOptions): Promise<RemovalAnswer> {
  if (options.dryRun === true) {
    const folder = await localCopy(address, ['text', 'tokens', 'features', 'samples', 'index', 'removals'], options.notice, options.signal);
    return await wouldRemove({ folder, named: address }, request!, options.signal);
  }
  return await held(address, options, async (place, signal) => {
    const answer = await removeHeld(place, request, { ...options, signal });
    await rm(readCopy(address), { recursive: true, force: true }); // what other commands read here, of before
    return answer;
  });
}

/** Repeats the proof over what the store gives back. Holds the run, so that nothing changes meanwhile. */
export async function verifyStored(address: string, indexes: readonly string[], options: StoredRemoveOptions): Promise<Proof> {
  return await held(address, options, (place, signal) => proveHere(place, indexes, signal), false);
}

async function held<Answer>(
  address: string,
  { work, signal, notice, storage }: StoredRemoveOptions,
  body: (place: RemovalPlace, signal: AbortSignal) => Promise<Answer>,
  removing = true,
): Promise<Answer> {
  const place = await openPlace({
    out: address,
    signal,
    removing,
    ...(work === undefined ? {} : { work }),
    ...(notice === undefined ? {} : { notice }),
    ...(storage === undefined ? {} : { storage }),
  });
  try {
    await refuseLiveJobs(place.folder); // what they write would bring documents back
    const twin = new StoredTwin(place.storage!, place.signal);
    return await body({ folder: place.folder, named: place.storage!.address, twin }, place.signal);
  } catch (error) {
    if (place.lost.aborted) throw place.lost.reason;
    throw error;
  } finally {
    await place.release();
  }
}

class StoredTwin implements Twin {
  readonly ledger;
  readonly #storage: RunStorage;
  readonly #signal: AbortSignal;

  constructor(storage: RunStorage, signal: AbortSignal) {
    this.#storage = storage;
    this.#signal = signal;
    this.ledger = storage.ledger();
  }

  async begin(): Promise<boolean> {
    const { store, folder } = this.#storage;
    return (await store.put(JOURNAL, await readFile(join(folder, JOURNAL)), { ifNoneMatch: true })) === 'written';
  }

  async fetch(journal: Journal | null): Promise<void> {
    const { store, folder } = this.#storage;
    const half = new Set(journal?.files.map(({ path }) => path));
    await lanes(finalShards(await readRun(folder, { removing: true })), async (shard) => {
      this.#signal.throwIfAborted();
      const path = join(folder, shard.path);
      // One that the journal names is as the ledger says or as it will say: applying exclusions twice changes nothing.
      const wanted = half.has(shard.path) ? ((await store.head(shard.path))?.sha256 ?? null) : shard.sha256;
      if (wanted !== null && (await digestHere(path)) === wanted) return;
      if (await downloadObject(store, shard.path, path, half.has(shard.path) ? null : shard)) return;
      throw this.#gone(shard.path);
    });
  }

  async changed(path: string, shard?: Shard): Promise<void> {
    this.#signal.throwIfAborted();
    const { store, folder } = this.#storage;
    const here = shard?.sha256 ?? (await digestHere(join(folder, path)));
    if (here === null) return await store.delete(path);
    const there = shard === undefined ? null : await store.head(path);
    if (there !== null && there.bytes === shard?.bytes && there.sha256 === here) return; // put by a try that was killed
    await store.putFile(path, join(folder, path), { sha256: here });
  }

  async removeBelow(name: string): Promise<boolean> {
    const { store, folder } = this.#storage;
    const keys = new Set((await namedKeys(folder)).filter((key) => key.startsWith(`${name}/`)));
    for await (const { key } of store.list(`${name}/`)) keys.add(key);
    let found = false;
    await lanes([...keys], async (key) => {
      if (!found && (await store.head(key)) !== null) found = true;
      await store.delete(key);
    });
    return found;
  }

  async readBack(): Promise<void> {
    const { store, folder } = this.#storage;
    const run = await readRun(folder, { removing: true });
    const promised = new Set(finalShards(run).map(({ path }) => path));
    const keys = new Set([...(await namedKeys(folder)), ...promised]);
    for await (const { key, bytes } of store.list('')) if (!(key.endsWith('/') && bytes === 0)) keys.add(key);
    await lanes(
      [...keys].filter((key) => !NO_DOCUMENTS.test(key)),
      async (key) => {
        this.#signal.throwIfAborted();
        if (key.split('/').some((part) => part === '' || part === '.' || part === '..' || /[\\\0]/.test(part)))
          throw new RefineError('ERR_REFINE_STORE', 'is no path of a run, so what it holds was not looked at. Delete it, then: refine remove RUN --verify', {
            place: `${store.name}/${key}`,
          });
        const path = join(folder, key);
        const there = await objectDigest(store, key);
        if (there === null && promised.has(key)) throw this.#gone(key);
        if (there === null) await rm(path, { force: true });
        else if ((await digestHere(path)) !== there) await downloadObject(store, key, path, null);
      },
    );
  }

  async keepsVersions(): Promise<boolean | null> {
    return (await this.#storage.store.keepsVersions?.()) ?? null;
  }

  #gone(path: string): RefineError {
    return new RefineError('ERR_REFINE_SHARD', 'is not there with the digest that the ledger has. Run `refine run` on it again, which makes it anew', {
      place: `${this.#storage.address}/${path}`,
    });
  }
}

/** Leases change while they are read, probes come and go; neither ever holds a word of a document. */
const NO_DOCUMENTS = /^(?:lease\/\d{6,9}\.json|\.probe-[0-9a-f-]+)$/;

/** Keys that a run has besides its final shards, as far as the folder knows: a listing that is late may not show them. */
async function namedKeys(folder: string): Promise<string[]> {
  const run = await readRun(folder, { removing: true });
  const outputs = run.entries.flatMap((entry) => (entry.state === 'done' ? entry.outputs : [])).filter(({ path }) => isPublished(path));
  const ledger = await readdir(join(folder, 'ledger')).catch(() => [] as string[]);
  const records = await readRecords(folder);
  return [
    ...outputs.map(({ path }) => path),
    ...ledger.filter((name) => !name.endsWith('.part')).map((name) => `ledger/${name}`),
    ...records.map(({ number }) => recordPath(number)),
    ...['manifest.yaml', 'manifest.lock.json', 'check/check.json', PROGRESS, JOURNAL, EXCLUSIONS, WINDOWS],
  ];
}

async function digestHere(path: string): Promise<string | null> {
  return (await stat(path).catch(() => null))?.isFile() === true ? await fileSha256(path) : null;
}
