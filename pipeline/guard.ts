// Every call of a step from a map task goes through here: the journal says which documents are in which step, documents that end
// their worker do not enter, and a search for one of them (isolation.ts) lets the suspects in one by one.
// Invariant: without crashed documents and without a search a call passes through unchanged, so results are as if this were not.
import { type Batch, column, takeRows } from '../native/batch.js';
import type { JournalWriter } from './journal.js';
import type { CrashedPage, CrashReason } from './types.js';
import type { Suspect } from './tasks.js';

/** Ends a search whose suspects all came through alone: none of them is to blame. */
export class NoneToBlame extends Error {}

export class Guard {
  readonly #journal: JournalWriter;
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #crashed = new Map<string, Map<number, CrashReason>>();
  readonly #search: Suspect | undefined;

  /** `steps`: names of the manifest's steps, in order. */
  constructor(journal: JournalWriter, steps: ReadonlyMap<string, number>, crashed: readonly CrashedPage[] = [], search?: Suspect) {
    this.#journal = journal;
    this.#numbers = steps;
    this.#search = search;
    for (const { step, row, reason } of crashed) {
      let rows = this.#crashed.get(step);
      if (rows === undefined) this.#crashed.set(step, (rows = new Map()));
      rows.set(row, reason);
    }
  }

  get searches(): boolean {
    return this.#search !== undefined;
  }

  get any(): boolean {
    return this.#crashed.size > 0;
  }

  /** The rows of a batch as it arrives that a search needs; the whole batch where nothing is searched. */
  arriving(batch: Batch): Batch {
    if (this.#search === undefined) return batch;
    const { first, last } = this.#search;
    const rows = rowIds(batch);
    return takeRows(
      batch,
      Uint32Array.from(rows.keys()).filter((at) => rows[at]! >= first && rows[at]! <= last),
    );
  }

  /** Why each document of a batch may not enter a step; null where all may. */
  barred(step: string, batch: Batch): (CrashReason | undefined)[] | null {
    const rows = this.#crashed.get(step);
    if (rows === undefined) return null;
    const barred = Array.from(rowIds(batch), (row) => rows.get(row));
    return barred.some((reason) => reason !== undefined) ? barred : null;
  }

  /** Calls a step with a batch. Its documents stand in the journal meanwhile. */
  async call<T>(step: string, batch: Batch, run: (batch: Batch) => Promise<T>, shadow = false): Promise<T> {
    const number = this.#numbers.get(step)!;
    const rows = rowIds(batch);
    const search = this.#search;
    if (search?.step === step && search.shadow === shadow) {
      for (let at = 0; at < batch.rows; at++) {
        this.#journal.step(number, rows[at]!, rows[at]!, shadow);
        await run(takeRows(batch, Uint32Array.of(at)));
      }
      throw new NoneToBlame();
    }
    if (batch.rows > 0) this.#journal.step(number, rows[0]!, rows[batch.rows - 1]!, shadow);
    const result = await run(batch);
    if (batch.rows > 0) this.#journal.at('reading');
    return result;
  }
}

function rowIds(batch: Batch): Uint32Array {
  return batch.rows === 0 ? new Uint32Array() : (column(batch, '_row', 'fixed').values as Uint32Array);
}
