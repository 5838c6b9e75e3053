// What a barrier decided about one input, applied to its documents in row order: read from the group's record files as the rows
// come, so memory is a block of records. Invariant: rows ascend; a row without a verdict stays and is a cluster of its own.
import { type Batch, type Column, column, fixedColumn } from '../native/batch.js';
import { mergeRecords, type RecordBatch } from '../native/records.js';
import { VERDICT_SHAPE } from '../stages/contract/barrier.js';
import type { Edits } from '../stages/contract/stage.js';
import { VERDICT_AT } from './gather.js';
import { inputRows } from './input-groups.js';

const READ_BYTES = 8 * 1024 * 1024;

export interface Applied {
  readonly drops: Uint16Array;
  readonly keptIds: (string | null)[];
  readonly columns: Record<string, Column>;
  /** Of dropped documents to the ones that stay; NaN where not known, null where none of the batch is. */
  readonly similarity: Float32Array | null;
}

/** A barrier's verdicts on one input. */
export class VerdictCursor {
  readonly #records: RecordCursor | null;
  readonly #number: bigint;

  constructor(path: string | null, number: number) {
    this.#records = path === null ? null : new RecordCursor(path, number, 1);
    this.#number = BigInt(number) << 32n;
  }

  async apply(batch: Batch, writes: readonly string[]): Promise<Applied> {
    const rowIds = column(batch, '_row', 'fixed').values as Uint32Array;
    const drops = new Uint16Array(batch.rows);
    const keptIds = new Array<string | null>(batch.rows).fill(null);
    const cluster = BigUint64Array.from(rowIds, (row) => this.#number | BigInt(row));
    const size = new Uint32Array(batch.rows).fill(1);
    let similarity: Float32Array | null = null;
    for (let row = 0; this.#records !== null && row < batch.rows; row++) {
      const moved = this.#records.to(rowIds[row]!);
      if (moved !== undefined) await moved;
      if (this.#records.row !== rowIds[row]) continue;
      const { values, at, tails } = this.#records.record();
      const start = at * VERDICT_SHAPE.valueBytes;
      drops[row] = values.getUint16(start + VERDICT_AT.drop, true);
      cluster[row] = values.getBigUint64(start + VERDICT_AT.cluster, true);
      size[row] = values.getUint32(start + VERDICT_AT.clusterSize, true);
      if (drops[row] === 0) continue;
      keptIds[row] = idOf(tails!.bytes.subarray(tails!.offsets[at]!, tails!.offsets[at + 1]!));
      const similar = values.getUint16(start + VERDICT_AT.similarity, true);
      if (similar === 0) continue;
      similarity ??= new Float32Array(batch.rows).fill(Number.NaN);
      similarity[row] = (similar - 1) / 65534;
    }
    return { drops, keptIds, columns: clusterColumns(writes, cluster, size), similarity };
  }
}

/** A barrier's edits of one input's texts. */
export class EditCursor {
  readonly #records: RecordCursor;

  constructor(path: string, number: number) {
    this.#records = new RecordCursor(path, number, 3);
  }

  async edits(batch: Batch): Promise<Edits> {
    const rowIds = column(batch, '_row', 'fixed').values as Uint32Array;
    const offsets = new Int32Array(batch.rows + 1);
    const [start, end]: [number[], number[]] = [[], []];
    for (let row = 0; row < batch.rows; row++) {
      for (;;) {
        const moved = this.#records.to(rowIds[row]!);
        if (moved !== undefined) await moved;
        if (this.#records.row !== rowIds[row]) break;
        const { words, at } = this.#records.record();
        start.push(words[6 * at + 2]!);
        end.push(words[6 * at + 4]!);
        this.#records.next();
      }
      offsets[row + 1] = start.length;
    }
    return { offsets, start: Uint32Array.from(start), end: Uint32Array.from(end) };
  }
}

/** Records of one input whose first key word is the global row. */
class RecordCursor {
  readonly #batches: AsyncIterator<RecordBatch>;
  readonly #keyWords: number;
  #batch: RecordBatch | null | undefined;
  #words: Uint32Array = new Uint32Array();
  #values: DataView = new DataView(new ArrayBuffer(0));
  #at = 0;

  constructor(path: string, number: number, keyWords: number) {
    this.#batches = mergeRecords([path], inputRows(number), READ_BYTES)[Symbol.asyncIterator]();
    this.#keyWords = keyWords;
  }

  /** The record row at hand; null past the last. */
  get row(): number | null {
    return this.#batch === null || this.#batch === undefined ? null : this.#words[2 * this.#keyWords * this.#at]!;
  }

  record(): { readonly values: DataView; readonly words: Uint32Array; readonly at: number; readonly tails: RecordBatch['tails'] } {
    return { values: this.#values, words: this.#words, at: this.#at, tails: this.#batch!.tails };
  }

  next(): void {
    this.#at++;
  }

  /** Goes on to the first record at `row` or past it; a promise where something has to be read. */
  to(row: number): Promise<void> | undefined {
    for (;;) {
      const batch = this.#batch;
      if (batch === null) return undefined;
      if (batch === undefined || this.#at === batch.rows) return this.#read(row);
      if (this.#words[2 * this.#keyWords * this.#at]! >= row) return undefined;
      this.#at++;
    }
  }

  async #read(row: number): Promise<void> {
    const { value, done } = await this.#batches.next();
    this.#batch = done === true ? null : value;
    this.#at = 0;
    if (this.#batch !== null) {
      const { keys, values } = this.#batch;
      this.#words = new Uint32Array(keys.buffer, keys.byteOffset, 2 * keys.length);
      this.#values = new DataView(values.buffer, values.byteOffset, values.byteLength);
    }
    await this.to(row);
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** An id as gather.ts writes it. */
function idOf(bytes: Uint8Array): string | null {
  return bytes.length === 0 ? null : decoder.decode(bytes.subarray(1));
}

export function clusterColumns(writes: readonly string[], cluster: BigUint64Array, size: Uint32Array): Record<string, Column> {
  const all: Record<string, Column> = { cluster: fixedColumn(cluster), cluster_size: fixedColumn(size) };
  return Object.fromEntries(Object.entries(all).filter(([name]) => writes.includes(name)));
}
