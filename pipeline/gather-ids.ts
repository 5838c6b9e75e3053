// Ids of kept documents on their way to the rows that were dropped for them: read from the feature parts in the order of kept
// rows, sorted by dropped row (record files), joined in that order. Nowhere stands a map of all of them.
import { type Batch, type BytesColumn, column, stringAt } from '../native/batch.js';
import type { RecordBatch, RecordTails } from '../native/records.js';
import { type BarrierStep, stepMistake } from './segments.js';

/** Walks the ids of inputs in ascending order of global rows. */
export class IdReader {
  readonly #features: ReadonlyMap<number, string>;
  readonly #step: BarrierStep;
  #batches: AsyncGenerator<Batch> | undefined;
  #input = -1;
  #ids: BytesColumn | undefined;
  #first = 0;
  #end = 0;
  row = -1n;
  /** The id at `row`. */
  id: string | null = null;

  constructor(features: ReadonlyMap<number, string>, step: BarrierStep) {
    this.#features = features;
    this.#step = step;
  }

  /** Goes on to a row past the one before; a promise where something has to be read. */
  to(row: bigint): Promise<void> | undefined {
    const input = Number(row >> 32n);
    const record = Number(row & 0xffff_ffffn);
    if (input !== this.#input || record >= this.#end) return this.#read(row, input, record);
    this.#take(row, record);
    return undefined;
  }

  async close(): Promise<void> {
    await this.#batches?.return(undefined);
  }

  #take(row: bigint, record: number): void {
    this.row = row;
    this.id = stringAt(this.#ids!, record - this.#first);
  }

  async #read(row: bigint, input: number, record: number): Promise<void> {
    if (input !== this.#input) {
      await this.close();
      const path = this.#features.get(input);
      if (path === undefined) throw stepMistake(this.#step, `kept row ${record} of input ${input}, which has no part in the run`);
      this.#batches = (await import('./store.js')).readArrow(path, ['id']);
      this.#input = input;
      this.#first = 0;
      this.#end = 0;
    }
    while (record >= this.#end) {
      const { value, done } = await this.#batches!.next();
      if (done === true) throw stepMistake(this.#step, `kept row ${record} of input ${input}, which has ${this.#end} documents`);
      this.#first = this.#end;
      this.#end += value.rows;
      this.#ids = column(value, 'id', 'utf8');
    }
    this.#take(row, record);
  }
}

const NO_BYTES = new Uint8Array();

/** The id bytes of dropped rows, in row order. */
export class IdCursor {
  readonly #batches: AsyncIterator<RecordBatch>;
  #batch: RecordBatch | null | undefined;
  #at = 0;
  bytes: Uint8Array = NO_BYTES;

  constructor(batches: AsyncIterable<RecordBatch>) {
    this.#batches = batches[Symbol.asyncIterator]();
  }

  to(row: bigint): Promise<void> | undefined {
    for (;;) {
      const batch = this.#batch;
      if (batch === undefined || (batch !== null && this.#at === batch.rows)) return this.#next(row);
      this.bytes = NO_BYTES;
      if (batch === null || batch.keys[this.#at]! > row) return undefined;
      const { bytes, offsets } = batch.tails!;
      const at = this.#at++;
      if (batch.keys[at] !== row) continue;
      this.bytes = bytes.subarray(offsets[at]!, offsets[at + 1]!);
      return undefined;
    }
  }

  async #next(row: bigint): Promise<void> {
    const { value, done } = await this.#batches.next();
    this.#batch = done === true ? null : value;
    this.#at = 0;
    await this.to(row);
  }
}

/** Tails of a batch of records: ids. */
export class TailBuilder {
  readonly #offsets: Int32Array;
  #bytes = new Uint8Array(4096);
  #used = 0;
  #rows = 0;

  constructor(rows: number) {
    this.#offsets = new Int32Array(rows + 1);
  }

  add(id: string | null): void {
    if (id !== null) {
      this.#reserve(1 + 3 * id.length);
      this.#bytes[this.#used] = 1;
      this.#used += 1 + new TextEncoder().encodeInto(id, this.#bytes.subarray(this.#used + 1)).written;
    }
    this.#offsets[++this.#rows] = this.#used;
  }

  addBytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#used);
    this.#used += bytes.length;
    this.#offsets[++this.#rows] = this.#used;
  }

  take(): RecordTails {
    return { bytes: this.#bytes.subarray(0, this.#used), offsets: this.#offsets };
  }

  #reserve(more: number): void {
    if (this.#used + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#used + more));
    larger.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = larger;
  }
}
