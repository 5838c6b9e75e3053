// Seeded samples of dropped documents: for every step and reason the N rows with the lowest hash of (seed, path, row).
// Invariant: the choice depends on those three alone, so merging the parts of all inputs gives the same sample whatever ran where.
import { createHash } from 'node:crypto';
import { type Batch, fixedColumn, takeRows, utf8Column } from '../native/batch.js';
import { withoutColumns } from './outcomes.js';
import { concatUneven } from './rebatch.js';
import { CRASH_REASONS } from './types.js';

const UNSAMPLED = ['html', 'tokens'];

interface Sample {
  readonly code: number;
  readonly hash: number;
  readonly row: number;
  readonly document: Batch;
}

/** A 53-bit hash of a row, uniform over inputs and rows: two murmur3 finalisers over the input's own seed. */
export class RowHash {
  readonly #a: number;
  readonly #b: number;

  constructor(seed: bigint, path: string) {
    const bytes = createHash('sha256').update(`refine sample ${seed} ${path}`).digest();
    this.#a = bytes.readUInt32LE(0);
    this.#b = bytes.readUInt32LE(4);
  }

  of(row: number): number {
    const high = finalise(this.#a ^ finalise(row));
    const low = finalise(this.#b ^ finalise(row ^ 0x9e37_79b9));
    return high * 0x20_0000 + (low >>> 11);
  }
}

function finalise(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The samples of one step of one map task. */
export class Sampler {
  readonly #limit: number;
  readonly #hash: RowHash;
  readonly #byCode = new Map<number, Sample[]>();

  constructor(limit: number, hash: RowHash) {
    this.#limit = limit;
    this.#hash = hash;
  }

  /** `batch` is as the step left it; `rowIds` its record rows, `drops` the step's codes. */
  add(batch: Batch, rowIds: Uint32Array, drops: Uint16Array, reasons: readonly string[], keptIds: readonly (string | null)[] | null): void {
    if (this.#limit === 0) return;
    for (let row = 0; row < batch.rows; row++) {
      const code = drops[row]!;
      if (code === 0) continue;
      let held = this.#byCode.get(code);
      if (held === undefined) this.#byCode.set(code, (held = []));
      const hash = this.#hash.of(rowIds[row]!);
      if (held.length === this.#limit && hash >= held[held.length - 1]!.hash) continue;
      const one = takeRows(withoutColumns(batch, [...UNSAMPLED, ...Object.keys(batch.columns).filter((name) => name.startsWith('_'))]), [row]);
      const columns = {
        reason: utf8Column([reasons[code - 1]!]),
        kept_id: utf8Column([keptIds?.[row] ?? null]),
        _code: fixedColumn(Uint16Array.of(code)),
        _hash: fixedColumn(Float64Array.of(hash)),
      };
      held.push({ code, hash, row: rowIds[row]!, document: { rows: 1, columns: { ...columns, ...one.columns } } });
      held.sort((a, b) => a.hash - b.hash || a.row - b.row);
      if (held.length > this.#limit) held.pop();
    }
  }

  /** Documents that may not enter the step (guard.ts); `reasons` is how many the step has itself. They lack its columns: null. */
  addCrashed(batch: Batch, rowIds: Uint32Array, drops: Uint16Array, reasons: number): void {
    const own = new Array<string>(reasons).fill('');
    const codes = drops.map((code) => (code === 0 ? 0 : reasons + code));
    this.add(batch, rowIds, codes, [...own, ...CRASH_REASONS], null);
  }

  /** All samples by reason, then hash; null where nothing was dropped. */
  batch(): Batch | null {
    const all = [...this.#byCode.values()].flat().sort((a, b) => a.code - b.code || a.hash - b.hash || a.row - b.row);
    return all.length === 0 ? null : concatUneven(all.map((sample) => sample.document));
  }
}
