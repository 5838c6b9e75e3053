// Documents of a run for proxy runs: those with the lowest keys of (seed, id), so that documents which two runs share are drawn for
// both or for neither, whatever shards and order they stand in. Ids are of one tokenizer for all runs that are compared: another's
// are decoded and encoded again. Runs of more than MOST_BYTES are drawn from in seeded whole shards.
import { join } from 'node:path';
import { type BytesColumn, column, type ListColumn, native, stringAt, takeRows } from '../../native/index.js';
import { documentKey } from '../document-key.js';
import { HOLDOUT_PREFIX } from '../final-shards.js';
import type { LoadedTokenizer } from '../tokenizers.js';
import type { RunState } from '../run-folder.js';
import { readArrow } from '../store.js';
import type { Shard } from '../types.js';
import { decodedTexts } from './run-texts.js';

const MOST_BYTES = 4 * 2 ** 30;
/** Of a document, so many tokens: one long document is no sample. */
const MOST_TOKENS = 8192;

export interface Drawn {
  readonly key: number;
  /** Less BOS and EOS. */
  readonly ids: Uint32Array;
}

/** A list a seed: documents of about `tokens` tokens by ascending key; all there are where there are fewer. */
export async function proxySamples(
  run: RunState,
  own: LoadedTokenizer,
  common: LoadedTokenizer,
  tokens: number,
  seeds: readonly number[],
  damaged: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<(readonly Drawn[])[]> {
  const shards = shardsOf(run, damaged);
  const lowest = seeds.map(() => new Lowest(tokens));
  for (const [number, { path }] of shards.entries()) {
    let first = 0;
    for await (const batch of readArrow(join(run.folder, path), ['id', 'token_count'])) {
      signal.throwIfAborted();
      const id = batch.columns.id;
      const counts = column(batch, 'token_count', 'fixed').values;
      for (let row = 0; row < batch.rows; row++) {
        const name = (id?.kind === 'utf8' ? stringAt(id, row) : null) ?? `${path} ${first + row}`;
        const count = Math.min(MOST_TOKENS, Number(counts[row]));
        if (count > 0) for (const [at, seed] of seeds.entries()) lowest[at]!.add({ key: documentKey(seed, name), shard: number, row: first + row, count });
      }
      first += batch.rows;
    }
  }
  const drawn: Drawn[][] = seeds.map(() => []);
  const chosen = lowest.map((one) => one.chosen());
  for (const [number, { path }] of shards.entries()) {
    const wanted = chosen.map((places) => new Map(places.filter(({ shard }) => shard === number).map(({ row, key }) => [row, key])));
    if (wanted.every(({ size }) => size === 0)) continue;
    let first = 0;
    for await (const batch of readArrow(join(run.folder, path), ['tokens'])) {
      signal.throwIfAborted();
      const rows = Array.from({ length: batch.rows }, (_, row) => row).filter((row) => wanted.some((keys) => keys.has(first + row)));
      if (rows.length > 0) {
        const some = takeRows(batch, rows);
        const lists = own.contract.sha256 === common.contract.sha256 ? column(some, 'tokens', 'list') : await encodedAgain(decodedTexts(some, own), common);
        for (const [at, row] of rows.entries()) {
          const ids = documentIds(lists, at, common);
          for (const [seed, keys] of wanted.entries()) {
            const key = keys.get(first + row);
            if (key !== undefined && ids.length > 0) drawn[seed]!.push({ key, ids });
          }
        }
      }
      first += batch.rows;
    }
  }
  return drawn.map((documents) => documents.sort((a, b) => a.key - b.key || compared(a.ids, b.ids)));
}

function shardsOf(run: RunState, damaged: ReadonlySet<string>): Shard[] {
  let held = 0;
  return run.tokens
    .filter(({ path }) => !damaged.has(path) && !path.startsWith(`tokens/${HOLDOUT_PREFIX}`))
    .map((shard) => ({ shard, key: documentKey(0, shard.path) }))
    .sort((a, b) => a.key - b.key)
    .map(({ shard }) => shard)
    .filter(({ bytes }) => {
      const wanted = held < MOST_BYTES;
      if (wanted) held += bytes;
      return wanted;
    });
}

interface Place {
  readonly key: number;
  readonly shard: number;
  readonly row: number;
  readonly count: number;
}

/** The documents of the lowest keys that hold `tokens` tokens, in memory of about twice as many. */
class Lowest {
  #places: Place[] = [];
  #held = 0;
  /** Of the kept, the highest key that was needed; those above it never are. */
  #bound = Number.POSITIVE_INFINITY;
  readonly #tokens: number;

  constructor(tokens: number) {
    this.#tokens = tokens;
  }

  add(place: Place): void {
    if (place.key > this.#bound) return;
    this.#places.push(place);
    this.#held += place.count;
    if (this.#held > 2 * this.#tokens + MOST_TOKENS) this.#cut();
  }

  chosen(): readonly Place[] {
    this.#cut();
    return this.#places;
  }

  #cut(): void {
    this.#places.sort((a, b) => a.key - b.key);
    let held = 0;
    let most = 0;
    while (most < this.#places.length && held < this.#tokens) held += this.#places[most++]!.count;
    // a document that stands twice has one key: both or none, so that no order decides
    while (most > 0 && most < this.#places.length && this.#places[most]!.key === this.#places[most - 1]!.key) held += this.#places[most++]!.count;
    if (held >= this.#tokens && most > 0) this.#bound = this.#places[most - 1]!.key;
    this.#places.length = most;
    this.#held = held;
  }
}

function compared(a: Uint32Array, b: Uint32Array): number {
  for (let at = 0; at < a.length && at < b.length; at++) if (a[at] !== b[at]) return a[at]! - b[at]!;
  return a.length - b.length;
}

async function encodedAgain(texts: BytesColumn, { handle }: LoadedTokenizer): Promise<ListColumn> {
  return (await native.bpeEncode(handle, texts, { parseSpecial: false, eos: null, bos: null })).tokens;
}

function documentIds({ values, offsets }: ListColumn, row: number, { contract }: LoadedTokenizer): Uint32Array {
  const ids = (values as Uint16Array).subarray(offsets[row]!, offsets[row + 1]!);
  const from = ids.length > 0 && ids[0] === contract.bos_id ? 1 : 0;
  const to = ids.length > from && ids.at(-1) === contract.eos_id ? ids.length - 1 : ids.length;
  return Uint32Array.from(ids.subarray(from, Math.min(to, from + MOST_TOKENS)));
}
