// A run folder that lives in an object store, with a work folder here that everything else reads and writes. Outputs go up when
// their task is done, before its ledger entry does; what is not here comes down, its sha256 compared, before it is read.
// Invariant: a ledger entry in the store means that its published outputs stand there whole; the store, not the folder, is the truth.
import { createHash } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RefineError } from '../../native/errors.js';
import { AtomicFile, makeFolder, replaceFile } from '../atomic-file.js';
import type { LedgerStore } from '../ledger-store.js';
import { bytesIfThere, listIfThere, readIfThere, statIfThere } from '../read-if-there.js';
import type { Shard } from '../types.js';
import { MirroredLedger } from './mirrored-ledger.js';
import { FETCH_TRIES, MissingObject, type ObjectInfo, type ObjectStore, readObject, replacedMeanwhile } from './object-store.js';
import { bringRemovals, forgetBeforeRemoval } from './stored-removals.js';
import type { S3Options } from './s3-store.js';

/** What a worker is told. No secret: credentials come by its own environment. */
export interface StorageSpec {
  /** s3://bucket/prefix. */
  readonly address: string;
  /** Whether the store knows If-None-Match. */
  readonly conditional: boolean;
  readonly limits?: S3Options['limits'];
  readonly partBytes?: number;
}

/** In the work folder: whose it is. */
const MARK = 'storage.json';
const TASK = /^ledger\/[0-9a-f]{64}\.json$/;
/** Requests under way at once, of one process. */
const AT_ONCE = 8;
/** A lock file names every input and asset: a hundred million bytes are a million of them. */
const MAX_JSON_BYTES = 512 << 20;

/** Final files, and the samples that the last task merges: without them a machine that lost its work folder would make every map again. */
export function isPublished(path: string): boolean {
  return !path.startsWith('scratch/') || /\.samples-[^/]+\.arrow$/.test(path);
}

export class RunStorage {
  readonly address: string;
  readonly folder: string;
  readonly spec: StorageSpec;
  readonly store: ObjectStore;
  /** What the listing at the start found, and what came since. */
  readonly #known = new Map<string, number>();

  private constructor(spec: StorageSpec, folder: string, store: ObjectStore) {
    this.address = spec.address;
    this.spec = spec;
    this.folder = folder;
    this.store = store;
  }

  static async open(spec: Omit<StorageSpec, 'conditional'> & { readonly conditional?: boolean }, folder: string, signal?: AbortSignal): Promise<RunStorage> {
    const { S3Store } = await import('./s3-store.js');
    const address = spec.address.replace(/\/+$/, '');
    const store = await S3Store.at(address, { ...(spec as S3Options), ...(signal === undefined ? {} : { signal }) });
    return new RunStorage({ ...spec, address, conditional: spec.conditional ?? (await store.conditional()) }, folder, store);
  }

  ledger(): LedgerStore {
    return new MirroredLedger(join(this.folder, 'ledger'), this.store);
  }

  /** Of a finished task, before its ledger entry is put. */
  async publish(outputs: readonly Shard[], sent?: (bytes: number) => void): Promise<void> {
    await lanes(
      outputs.filter(({ path }) => isPublished(path)),
      async ({ path, sha256 }) => {
        await this.store.putFile(path, join(this.folder, path), { sha256, ...(sent === undefined ? {} : { sent }) });
      },
    );
    for (const { path, bytes } of outputs) if (isPublished(path)) this.#known.set(path, bytes);
  }

  /** Files that the parent writes beside the ledger; those that are not there are left out. */
  async publishFiles(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      const bytes = await bytesIfThere(join(this.folder, path));
      if (bytes !== null) await this.store.put(path, bytes);
    }
  }

  /** The folder is this run's from now on; one that is another's is refused. */
  async claim(): Promise<void> {
    await makeFolder(this.folder);
    const mark = await workFolderOf(this.folder);
    if (mark === this.address) return;
    const move = 'Choose another --work, or none for one of its own.';
    if (mark !== null)
      throw new RefineError('ERR_REFINE_RUN_DIFFERS', `is the work folder of ${mark}, not of ${this.address}. ${move}`, { place: this.folder });
    if ((await statIfThere(join(this.folder, 'manifest.lock.json'))) !== null)
      throw new RefineError('ERR_REFINE_RUN_DIFFERS', `holds a run of its own. ${move}`, { place: this.folder });
    await replaceFile(join(this.folder, MARK), `${JSON.stringify({ format: 1, address: this.address })}\n`);
  }

  /** Brings lock, plan, ledger and removals of the work folder to what the store has. By the parent, once it holds the run. */
  async pull(): Promise<void> {
    this.#known.clear();
    await forgetBeforeRemoval(await readObject(this.store, 'manifest.lock.json', MAX_JSON_BYTES), this.folder);
    await bringRemovals(this.store, this.folder);
    for await (const { key, bytes } of this.store.list('')) this.#known.set(key, bytes);
    const here = await sizesOf(join(this.folder, 'ledger'));
    const named = ['manifest.yaml', 'manifest.lock.json', ...[...this.#known.keys()].filter((key) => /^ledger\/[^/]+$/.test(key))];
    const wanted = named.filter((key) => !TASK.test(key) || here.get(key.slice('ledger/'.length)) !== this.#known.get(key));
    await lanes(wanted, async (key) => {
      const whole = key === 'ledger/ledger.arrow' ? await downloadObject(this.store, key, join(this.folder, key), null) : await this.#small(key);
      if (!whole) await rm(join(this.folder, key), { force: true });
    });
    // A listing may be late: what it does not have is asked for by name before it is taken for gone. Failures that jobs of a cluster
    // noted in the work folder stay: they are notes, and the store has none of them.
    const extra = [...here.keys()].filter((name) => !name.endsWith('.failed.json') && !this.#known.has(`ledger/${name}`));
    await lanes(extra, async (name) => {
      if ((await this.store.head(`ledger/${name}`)) === null) await rm(join(this.folder, 'ledger', name), { force: true });
    });
  }

  /** Paths of those outputs that do not stand in the store; `full`: with the digests that their entries have. */
  async missing(outputs: readonly Shard[], full: boolean): Promise<Set<string>> {
    const missing = new Set<string>();
    const unsure = full ? outputs : outputs.filter(({ path, bytes }) => this.#known.get(path) !== bytes);
    await lanes(unsure, async ({ path, bytes, sha256 }) => {
      const found = await this.store.head(path); // a listing may be late
      if (found === null || found.bytes !== bytes || (full && (found.sha256 ?? (await objectDigest(this.store, path))) !== sha256)) missing.add(path);
      else this.#known.set(path, bytes);
    });
    return missing;
  }

  /** Fetches those of the outputs that are published and not here; what the store does not have with that digest stays away. */
  async bring(outputs: readonly Shard[]): Promise<void> {
    await lanes(
      outputs.filter(({ path }) => isPublished(path)),
      async (shard) => {
        const path = join(this.folder, shard.path);
        // What cannot be looked at is fetched, which says what is wrong with its place.
        if ((await stat(path).catch(() => null))?.size !== shard.bytes) await downloadObject(this.store, shard.path, path, shard);
      },
    );
  }

  /** Removes published files that nobody names, as prune does here. */
  async prune(named: ReadonlySet<string>): Promise<void> {
    await this.#delete(['text/', 'tokens/', 'features/', 'samples/', 'scratch/', 'index.arrow', 'holdout.arrow'], named);
  }

  /** Removes what was published below scratch/; how much that was. A finished run needs none of it. */
  async clean(): Promise<{ readonly files: number; readonly bytes: number }> {
    return await this.#delete(['scratch/'], new Set());
  }

  async #delete(prefixes: readonly string[], keep: ReadonlySet<string>): Promise<{ readonly files: number; readonly bytes: number }> {
    const found: ObjectInfo[] = [];
    for (const prefix of prefixes) for await (const object of this.store.list(prefix)) if (!keep.has(object.key)) found.push(object);
    await lanes(found, async ({ key }) => {
      await this.store.delete(key);
      this.#known.delete(key);
    });
    return { files: found.length, bytes: found.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  async #small(key: string): Promise<boolean> {
    const bytes = await readObject(this.store, key, MAX_JSON_BYTES);
    if (bytes === null) return false;
    await replaceFile(join(this.folder, key), bytes);
    return true;
  }
}

/** sha256 of an object as it is read back; null where there is none. */
export async function objectDigest(store: ObjectStore, key: string): Promise<string | null> {
  for (let tries = 1; ; tries++) {
    const hash = createHash('sha256');
    try {
      for await (const part of store.get(key)) hash.update(part);
      return hash.digest('hex');
    } catch (error) {
      if (error instanceof MissingObject) return null;
      if (!replacedMeanwhile(error) || tries === FETCH_TRIES) throw error;
    }
  }
}

/** An object as a local file that appears whole; false where there is none, or none of the shard's digest. */
export async function downloadObject(store: ObjectStore, key: string, path: string, shard: Pick<Shard, 'bytes' | 'sha256'> | null): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    const file = await AtomicFile.create(path);
    const hash = createHash('sha256');
    let bytes = 0;
    try {
      for await (const part of store.get(key)) {
        bytes += part.length;
        if (shard !== null && bytes > shard.bytes) break;
        hash.update(part);
        await file.write([part]);
      }
      if (shard === null || (bytes === shard.bytes && hash.digest('hex') === shard.sha256)) {
        await file.commit();
        return true;
      }
    } catch (error) {
      if (error instanceof MissingObject) return await file.abort().then(() => false);
      if (!replacedMeanwhile(error) || tries === FETCH_TRIES) {
        await file.abort();
        throw error;
      }
    }
    await file.abort();
    if (tries === FETCH_TRIES) return false;
  }
}

/** The address that a folder is the work folder of; null where it is none. */
export async function workFolderOf(folder: string): Promise<string | null> {
  const text = await readIfThere(join(folder, MARK));
  if (text === null) return null;
  try {
    return String((JSON.parse(text) as { address?: unknown }).address);
  } catch {
    return 'another run';
  }
}

async function sizesOf(folder: string): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  const entries = (await listIfThere(folder)) ?? [];
  await lanes(
    entries.filter((entry) => entry.isFile()),
    async ({ name }) => void sizes.set(name, (await stat(join(folder, name))).size),
  );
  return sizes;
}

/** `work` on every item, a few at once; the first error ends it. */
export async function lanes<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  let next = 0;
  let failed = false;
  const lane = async (): Promise<void> => {
    while (next < items.length && !failed) {
      try {
        await work(items[next++]!);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.min(AT_ONCE, items.length) }, lane));
  const bad = ends.find((end) => end.status === 'rejected');
  if (bad !== undefined) throw (bad as PromiseRejectedResult).reason;
}
