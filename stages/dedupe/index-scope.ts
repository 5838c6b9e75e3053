// The part of the documents among which a dedupe step looks for duplicates: all, those of one dump, or one of N parts.
// Invariant: a scope's hash is mixed into finished keys, so keys of two scopes never meet and each scope's groups are those of a
// run over it alone. RefinedWeb deduplicated each of 100 parts of its crawls by itself (Penedo et al. 2023, appendix G).
import { z } from 'zod';
import { type Batch, column, native, stringAt, utf8Column } from '../../native/index.js';

export const scopeOption = z
  .union([
    z.enum(['global', 'per-dump']),
    z.strictObject({
      parts: z
        .int()
        .min(2)
        .max(1_000_000)
        .describe('how many parts the inputs are cut into by the hash of their path, 2 to 1,000,000; duplicates in two parts are not found'),
    }),
  ])
  .default('global')
  .describe(
    'among which documents duplicates are looked for: all of the run (global), those of one crawl, named by the folder CC-MAIN-YYYY-WW in warc_path or else by its first folder (per-dump), or those of one of N parts, chosen by the hash of the path of the input ({ parts: 100 })',
  );
export type Scope = z.infer<typeof scopeOption>;

const DUMP = /(?:^|\/)(CC-MAIN-\d{4}(?:-\d{2}|-\d{4})?)\//; // 2008-2009, 2009-2010 and 2012 are names of dumps too

/** The dump that a `warc_path` is of; '' for a path without a folder. */
export function dumpOf(path: string): string {
  const dump = DUMP.exec(path)?.[1];
  if (dump !== undefined) return dump;
  const below = path.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '').replace(/^\/+/, '');
  const slash = below.indexOf('/');
  return slash === -1 ? '' : below.slice(0, slash);
}

/** What to mix into a document's keys: two words, zero for the global scope alone. */
export interface ScopeHash {
  readonly high: bigint;
  readonly low: bigint;
}

const GLOBAL: ScopeHash = { high: 0n, low: 0n };

/** The scopes of documents, by their `warc_path`; hashes are remembered by path, of which an input has one. */
export class Scopes {
  readonly #scope: Scope;
  readonly #known = new Map<string, ScopeHash>();

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  get isGlobal(): boolean {
    return this.#scope === 'global';
  }

  /** One a row. */
  async of(batch: Batch): Promise<ScopeHash[]> {
    if (this.#scope === 'global') return new Array<ScopeHash>(batch.rows).fill(GLOBAL);
    const paths = column(batch, 'warc_path', 'utf8');
    const hashes: ScopeHash[] = [];
    for (let row = 0; row < batch.rows; row++) {
      const path = stringAt(paths, row) ?? '';
      let hash = this.#known.get(path);
      if (hash === undefined) this.#known.set(path, (hash = await this.#hash(path)));
      hashes.push(hash);
    }
    return hashes;
  }

  /** Mixes the scopes into 128-bit keys (high, low), entry i of row `rows[i]`, in place. */
  async mix(batch: Batch, keys: BigUint64Array, rows: ArrayLike<number>): Promise<void> {
    if (this.#scope === 'global') return;
    const hashes = await this.of(batch);
    for (let entry = 0; entry < rows.length; entry++) {
      const { high, low } = hashes[rows[entry]!]!;
      keys[2 * entry]! ^= high;
      keys[2 * entry + 1]! ^= low;
    }
  }

  async #hash(path: string): Promise<ScopeHash> {
    const scope = this.#scope as Exclude<Scope, 'global'>;
    if (scope === 'per-dump') return hashOf(`dump ${dumpOf(path)}`);
    const { high } = await hashOf(path);
    return hashOf(`part ${high % BigInt(scope.parts)} of ${scope.parts}`);
  }
}

async function hashOf(name: string): Promise<ScopeHash> {
  const [high, low] = await native.contentHash(utf8Column([name]), 'none');
  return { high: high! === 0n ? 1n : high!, low: low! };
}
