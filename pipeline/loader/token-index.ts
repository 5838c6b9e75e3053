// index.arrow as the loader sees it: the token shards in order, their contract, and a bounded set of open shards.
// Invariant: token t of the run lies in the shard s with starts[s] <= t < starts[s + 1].
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { column, stringAt } from '../../native/batch.js';
import { RefineError } from '../../native/errors.js';
import { ArrowFile } from '../store.js';
import { type ShardEntry, TokenShard } from './token-shard.js';

export interface LoaderContract {
  readonly format: number;
  readonly sha256: string;
  readonly vocab_size: number;
  readonly eos_id: number | null;
  readonly bos_id: number | null;
  readonly dtype: 'uint16' | 'uint32';
}

/** Bounds of what open shards hold: descriptors, and document offsets at 4 bytes each (64 MiB). */
const MAX_OPEN_SHARDS = 128;
const MAX_OPEN_ROWS = 16 << 20;

export class TokenIndex {
  readonly shards: readonly ShardEntry[];
  readonly starts: Float64Array;
  readonly contract: LoaderContract;
  readonly contractText: string;
  /** The manifest's seed. */
  readonly seed: bigint;
  readonly #open = new Map<number, TokenShard>(); // least recently used first
  readonly #verified = new Set<string>();
  #openRows = 0;

  private constructor(shards: readonly ShardEntry[], contractText: string, contract: LoaderContract, seed: bigint) {
    this.shards = shards;
    this.contract = contract;
    this.contractText = contractText;
    this.seed = seed;
    this.starts = new Float64Array(shards.length + 1);
    shards.forEach((shard, i) => {
      this.starts[i + 1] = this.starts[i]! + shard.tokens;
    });
  }

  static async open(run: string): Promise<TokenIndex> {
    const path = join(run, 'index.arrow');
    if (!existsSync(path)) {
      throw new RefineError('ERR_REFINE_LOADER', 'has no index.arrow: the run is not finished, or has no step "tokenize". Run `refine run` to its end first.', {
        place: run,
      });
    }
    const file = await ArrowFile.open(path);
    try {
      const place = path;
      const contractText = file.metadata['refine.contract'];
      if (contractText === undefined)
        throw new RefineError('ERR_REFINE_LOADER', 'has no "refine.contract" in its metadata: it was not written by `refine run`', { place });
      const contract = parseContract(contractText, place);
      const shards: ShardEntry[] = [];
      for await (const batch of file.batches(['path', 'rows', 'tokens', 'bytes', 'sha256'])) {
        const paths = column(batch, 'path', 'utf8');
        const digests = column(batch, 'sha256', 'utf8');
        const number = (name: string, row: number): number => {
          const value = Number(column(batch, name, 'fixed').values[row]);
          if (!Number.isSafeInteger(value) || value < 0) throw new RefineError('ERR_REFINE_SHARD', `row ${row} has ${name} ${value}`, { place });
          return value;
        };
        for (let row = 0; row < batch.rows; row++) {
          const name = stringAt(paths, row) ?? '';
          if (name === '' || name.startsWith('/') || name.split('/').includes('..'))
            throw new RefineError('ERR_REFINE_SHARD', `row ${row} names the shard ${JSON.stringify(name)}, which is not below the run folder`, { place });
          shards.push({
            path: name,
            file: join(run, name),
            rows: number('rows', row),
            tokens: number('tokens', row),
            bytes: number('bytes', row),
            sha256: stringAt(digests, row) ?? '',
          });
        }
      }
      const seed = file.metadata['refine.seed'] ?? '0';
      if (!/^-?\d+$/.test(seed)) throw new RefineError('ERR_REFINE_LOADER', `has refine.seed ${JSON.stringify(seed)}, expected an integer`, { place });
      return new TokenIndex(shards, contractText, contract, BigInt(seed));
    } finally {
      await file.close();
    }
  }

  get tokens(): number {
    return this.starts[this.shards.length]!;
  }

  shard(index: number): TokenShard {
    let shard = this.#open.get(index);
    if (shard === undefined) {
      shard = TokenShard.open(this.shards[index]!, this.#verified);
      this.#openRows += shard.entry.rows;
    }
    this.#open.delete(index);
    this.#open.set(index, shard);
    while (this.#open.size > MAX_OPEN_SHARDS || (this.#openRows > MAX_OPEN_ROWS && this.#open.size > 1)) {
      const [oldest, gone] = this.#open.entries().next().value!;
      this.#open.delete(oldest);
      this.#openRows -= gone.entry.rows;
      gone.close();
    }
    return shard;
  }

  close(): void {
    for (const shard of this.#open.values()) shard.close();
    this.#open.clear();
    this.#openRows = 0;
  }
}

function parseContract(text: string, place: string): LoaderContract {
  let contract: LoaderContract | undefined;
  try {
    contract = JSON.parse(text) as LoaderContract;
  } catch {}
  if (typeof contract !== 'object' || contract === null) throw new RefineError('ERR_REFINE_LOADER', 'has a "refine.contract" that is not JSON', { place });
  if (contract.format !== 1)
    throw new RefineError(
      'ERR_REFINE_LOADER',
      `has a contract of format ${contract.format}; this refine reads format 1. Use the refine that wrote it, or a newer one`,
      { place },
    );
  if (!Number.isInteger(contract.vocab_size) || contract.vocab_size > 2 ** 31)
    throw new RefineError('ERR_REFINE_LOADER', `has vocab_size ${contract.vocab_size}, expected at most 2^31 (ids are int32)`, { place });
  return contract;
}

/** The greatest i with starts[i] <= value; entries without extent are passed over. */
export function intervalOf(starts: Float64Array, value: number): number {
  let low = 0;
  let high = starts.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
