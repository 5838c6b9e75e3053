// Files that are derived from a run and cost time to make (packing plans, lists of a partition's documents): made once, kept in
// RUN/packing/, or in the cache folder where the run cannot be written or lies elsewhere, and found by all later readers.
// Invariant: <name>.json is written last and says what belongs to it, so what has none does not exist.
import { access, constants, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RefineError } from '../../native/errors.js';
import { replaceFile } from '../atomic-file.js';
import { readIfThere, statIfThere } from '../read-if-there.js';
import { BuildLock } from './build-lock.js';
import { cacheFolder } from './cache-folder.js';
import type { RunPlace } from './shard-files.js';
import type { TokenIndex } from './token-index.js';
import { ShardVerifier, type Verify } from './verify.js';

/** Where derived files of a run are looked for, and made. */
export interface DerivedPlace {
  /** The file of the run with this name on this machine's disk, whether from the run folder or from the cache; null where there is none. */
  find(name: string): Promise<string | null>;
  /** The folder to make it in. */
  folder(): Promise<string>;
}

export function derivedPlace(place: RunPlace, index: TokenIndex): DerivedPlace {
  const cache = cacheFolder('packing', index.digest.slice(0, 20));
  return {
    async find(name) {
      const file = join(cache, name);
      return (await place.file(`packing/${name}`)) ?? ((await statIfThere(file))?.isFile() === true ? file : null);
    },
    async folder() {
      if (place.folder === null) return cache;
      const own = join(place.folder, 'packing');
      const there = (await stat(own).catch(() => null))?.isDirectory() === true ? own : place.folder;
      return await access(there, constants.W_OK).then(
        () => own,
        () => cache,
      );
    },
  };
}

/** What every <name>.json holds besides its own facts; equal in what made it, or it is refused. */
export type Key = Readonly<Record<string, string | number | readonly string[]>>;

export interface Derived<Facts> {
  readonly facts: Facts;
  /** Where a file of it lies, its bytes checked once. */
  file(name: string, identity: { readonly bytes: number; readonly sha256: string }): Promise<string>;
}

/** Finds the derived files `name`, or makes them. One process makes them, others on the same disk wait. */
export async function derive<Facts extends { readonly kind: string }>(
  name: string,
  kind: string,
  key: Key,
  place: DerivedPlace,
  verify: Verify,
  make: (folder: string) => Promise<Omit<Facts, 'format' | 'kind' | keyof Key>>,
): Promise<Derived<Facts>> {
  const verifier = new ShardVerifier(verify, { nextMove: 'Delete it: it is made again.' });
  const file: Derived<Facts>['file'] = async (of, identity) => {
    const path = await place.find(of);
    if (path === null)
      throw new RefineError('ERR_REFINE_LOADER', `is named by ${name}.json but is not there. Delete ${name}.json: both are made again`, { place: of });
    await verifier.check(path, { path, ...identity });
    return path;
  };
  const look = async (): Promise<Facts | null> => {
    const json = await place.find(`${name}.json`);
    return json === null ? null : readFacts<Facts>(json, kind, key);
  };
  const found = await look();
  if (found !== null) return { facts: found, file };
  const folder = await place.folder();
  const lock = await BuildLock.take(join(folder, `${name}.building`), async () => (await look()) !== null);
  try {
    const other = lock === null ? await look() : null;
    if (other !== null) return { facts: other, file };
    const facts = { format: 1, kind, ...key, ...(await make(folder)) };
    await replaceFile(join(folder, `${name}.json`), `${JSON.stringify(facts)}\n`);
    return { facts: facts as unknown as Facts, file };
  } finally {
    await lock?.release();
  }
}

async function readFacts<Facts extends { readonly kind: string }>(json: string, kind: string, key: Key): Promise<Facts> {
  const refuse = (found: string): never => {
    throw new RefineError('ERR_REFINE_LOADER', `${found}. Delete it: it is made again`, { place: json });
  };
  let facts: (Facts & Key) | undefined;
  const text = (await readIfThere(json)) ?? '';
  try {
    facts = JSON.parse(text) as Facts & Key;
  } catch {}
  if (typeof facts !== 'object' || facts === null || facts.kind !== kind) return refuse(`is not a ${kind}`);
  for (const [part, value] of Object.entries(key))
    if (JSON.stringify(facts[part]) !== JSON.stringify(value)) refuse(`is made for ${part} ${JSON.stringify(facts[part])}, not ${JSON.stringify(value)}`);
  return facts;
}
