// What dedupe-line and dedupe-bff share.
import { partitionStart } from '../../native/records.js';
import type { Batch } from '../../native/index.js';
import type { BarrierMap } from '../contract/barrier.js';
import type { Scopes } from './index-scope.js';

/** Inclusive bounds of the first key word of partition `number` of `count`. */
export function rangeOf(number: number, count: number): { first: bigint; last: bigint } {
  return { first: partitionStart(number, count), last: number + 1 === count ? 2n ** 64n - 1n : partitionStart(number + 1, count) - 1n };
}

/** The scope's two words of each row, as native calls mix them into keys; undefined where there is nothing to mix. */
export async function scopeWords(scopes: Scopes, batch: Batch): Promise<BigUint64Array | undefined> {
  if (scopes.isGlobal) return undefined;
  const words = new BigUint64Array(2 * batch.rows);
  (await scopes.of(batch)).forEach(({ high, low }, row) => {
    words[2 * row] = high;
    words[2 * row + 1] = low;
  });
  return words;
}

/** A map whose files are opened when its first batch comes or it ends: `BarrierRun.map` gives one at once. */
export class LazyMap implements BarrierMap {
  readonly #open: () => Promise<BarrierMap>;
  #map: Promise<BarrierMap> | undefined;

  constructor(open: () => Promise<BarrierMap>) {
    this.#open = open;
  }

  async add(batch: Batch, rows: BigUint64Array, signal: AbortSignal): Promise<void> {
    this.#map ??= this.#open();
    await (await this.#map).add(batch, rows, signal);
  }

  async finish(): Promise<Readonly<Record<string, number>>> {
    this.#map ??= this.#open();
    return await (await this.#map).finish();
  }

  async abort(): Promise<void> {
    await (await this.#map?.catch(() => undefined))?.abort();
  }
}
