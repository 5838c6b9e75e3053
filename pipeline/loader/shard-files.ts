// Where a run's files lie: a folder on this machine, or a URL whose shards come into a disk cache. The loader sees only this.
// Invariant: between `ensure` and the next `ensure` or `close`, path(shard) of every shard ensured is a whole, checked file
// that nobody writes to, whatever other processes do with the cache.
import { join } from 'node:path';
import { RefineError } from '../../native/errors.js';
import { statIfThere } from '../read-if-there.js';
import type { Split } from './splits.js';
import { ShardVerifier, type Verify } from './verify.js';

/** A shard as index.arrow says it; `path` is relative to the run. */
export interface ShardIdentity {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface ShardFiles {
  /** Resolves once these shards may be opened; those of earlier calls may go, unless hinted. Fetches in the given order. */
  ensure(shards: readonly number[]): Promise<void>;
  /** Where the shard is opened; fixed for the life of this object. */
  path(shard: number): string;
  /** The shards that come next, soonest first: fetched ahead as the cache has room. Replaces the hint before. */
  hint(shards: readonly number[]): void;
  close(): Promise<void>;
}

export interface RunPlace {
  /** As people know it; without credentials. */
  readonly name: string;
  /** index.arrow or holdout.arrow on this machine's disk. */
  readonly indexFile: string;
  /** The run folder where it lies on this machine; null for a remote run, whose plans go to a cache folder. */
  readonly folder: string | null;
  /** Another file of the run by its relative path, on this machine's disk; null where the run has none. */
  file(path: string): Promise<string | null>;
  /** `released` hears of shards that were dropped: whoever holds them open closes them, so that their disk space comes free. */
  shardFiles(shards: readonly ShardIdentity[], released: (shards: readonly number[]) => void): ShardFiles;
  close(): Promise<void>;
}

export function isRemote(run: string): boolean {
  return /^(?:https?|s3):\/\//.test(run);
}

const INDEX_OF: Readonly<Record<Split, string>> = { train: 'index.arrow', holdout: 'holdout.arrow' };

/** The index file of a split, found by `find`; refused where the run has none. */
export async function indexOf(split: Split, place: string, find: (path: string) => Promise<string | null>): Promise<string> {
  const file = await find(INDEX_OF[split]);
  if (file !== null) return file;
  const why =
    split === 'train'
      ? 'the run is not finished, has no step "tokenize", or was not copied whole. Run `refine run` to its end first.'
      : 'its manifest says no sink.holdout, or no document fell on that side. Leave out --split holdout.';
  throw new RefineError('ERR_REFINE_LOADER', `has no ${INDEX_OF[split]}: ${why}`, { place });
}

/** A run folder on this machine: files are where they are. `verify`: how their bytes are held against the index (verify.ts). */
export async function localRun(folder: string, verify: Verify = 'stamp', split: Split = 'train'): Promise<RunPlace> {
  const find = async (path: string): Promise<string | null> => {
    const file = join(folder, path);
    return (await statIfThere(file)) === null ? null : file;
  };
  const indexFile = await indexOf(split, folder, find);
  const verifier = new ShardVerifier(verify);
  const check = async (shards: readonly ShardIdentity[], wanted: readonly number[]): Promise<void> => {
    await Promise.all(wanted.map((shard) => verifier.check(join(folder, shards[shard]!.path), shards[shard]!)));
  };
  return {
    name: folder,
    indexFile,
    folder,
    file: find,
    shardFiles: (shards) => ({
      ensure: (wanted) => check(shards, wanted),
      path: (shard) => join(folder, shards[shard]!.path),
      hint: (wanted) => {
        check(shards, wanted).catch(() => undefined); // said when it is ensured
      },
      async close() {},
    }),
    async close() {},
  };
}
