// Many ledger entries in one Arrow file: columns `task` (hex, sorted), `label` and `entry`, the entry's JSON as it was put.
// Invariant: rows are sorted by task and each task has one, so the file's bytes depend on the entries alone; reading one row
// costs one record batch, reading all one pass with one batch in memory.
import type { Batch, BytesColumn } from '../native/batch.js';
import { RefineError } from '../native/errors.js';
import type { LedgerStore } from './ledger-store.js';
import type { ArrowFile } from './store.js';

export const COMPACTED = 'ledger.arrow';
const METADATA = 'refine.ledger';
const BATCH_ROWS = 1024;
const BATCH_BYTES = 4 * 1024 * 1024;
const TASK_CHARACTERS = 64;

export interface LedgerRow {
  readonly task: string;
  readonly label: string;
  readonly text: string;
}

/** One version of the file. Holds no descriptor between calls. */
export class Compacted {
  readonly version: string;
  readonly #path: string;
  readonly #place: string;
  /** Tasks in order, 64 characters each, and the first row of every batch. */
  #index: { readonly tasks: Buffer; readonly firsts: readonly number[] } | undefined;
  #last: { readonly batch: number; readonly rows: Batch } | undefined;

  private constructor(version: string, path: string, place: string) {
    this.version = version;
    this.#path = path;
    this.#place = place;
  }

  /** The file as it stands now, `held` where that is still it; null where there is none. */
  static async current(store: LedgerStore, held: Compacted | null): Promise<Compacted | null> {
    const version = await store.version(COMPACTED);
    if (version === null) return null;
    return held?.version === version ? held : new Compacted(version, await store.local(COMPACTED), store.place(COMPACTED));
  }

  async has(task: string): Promise<boolean> {
    return (await this.#rowOf(task)) !== null;
  }

  /** The entry's JSON; null where the task has no row. */
  async text(task: string): Promise<string | null> {
    const row = await this.#rowOf(task);
    if (row === null) return null;
    const { firsts } = this.#index!;
    let batch = firsts.length - 1;
    while (firsts[batch]! > row) batch--;
    if (this.#last?.batch !== batch) {
      const file = await this.#open();
      try {
        this.#last = { batch, rows: await file.readBatch(batch, ['entry']) };
      } finally {
        await file.close();
      }
    }
    return textAt(this.#last!.rows.columns.entry as BytesColumn, row - firsts[batch]!);
  }

  async tasks(): Promise<string[]> {
    const { tasks } = await this.#indexed();
    return Array.from({ length: tasks.length / TASK_CHARACTERS }, (_, row) => taskAt(tasks, row));
  }

  async count(): Promise<number> {
    return (await this.#indexed()).tasks.length / TASK_CHARACTERS;
  }

  /** Rows in the order of their tasks; only of tasks that `wanted` takes. */
  async *rows(wanted: (task: string) => boolean): AsyncGenerator<LedgerRow> {
    const file = await this.#open();
    try {
      for await (const { rows, columns } of file.batches()) {
        const [tasks, labels, entries] = [columns.task, columns.label, columns.entry] as BytesColumn[];
        for (let row = 0; row < rows; row++) {
          const task = textAt(tasks!, row);
          if (wanted(task)) yield { task, label: textAt(labels!, row), text: textAt(entries!, row) };
        }
      }
    } finally {
      await file.close();
    }
  }

  async #rowOf(task: string): Promise<number | null> {
    const { tasks } = await this.#indexed();
    let [low, high] = [0, tasks.length / TASK_CHARACTERS];
    while (low < high) {
      const middle = (low + high) >> 1;
      const found = taskAt(tasks, middle);
      if (found === task) return middle;
      if (found < task) low = middle + 1;
      else high = middle;
    }
    return null;
  }

  async #indexed(): Promise<{ readonly tasks: Buffer; readonly firsts: readonly number[] }> {
    if (this.#index !== undefined) return this.#index;
    const file = await this.#open();
    try {
      const parts: Uint8Array[] = [];
      const firsts: number[] = [];
      let row = 0;
      for await (const { rows, columns } of file.batches(['task'])) {
        const { data, offsets } = columns.task as BytesColumn;
        if (offsets[rows]! - offsets[0]! !== rows * TASK_CHARACTERS) throw damaged(this.#place, `the tasks of rows ${row} to ${row + rows} are no digests`);
        parts.push(data.slice(offsets[0]!, offsets[rows]!));
        firsts.push(row);
        row += rows;
      }
      return (this.#index = { tasks: Buffer.concat(parts), firsts });
    } finally {
      await file.close();
    }
  }

  async #open(): Promise<ArrowFile> {
    const { ArrowFile } = await import('./store.js'); // most run folders have no such file, and Arrow is half of what a command loads
    const file = await ArrowFile.open(this.#path).catch((cause: RefineError) => {
      if (cause.code === 'ERR_REFINE_SHARD') throw damaged(this.#place, cause.message.replace(/\. Delete the file.*$/s, ''), cause);
      throw cause;
    });
    const format = file.metadata[METADATA];
    if (format === '{"format":1}' && ['task', 'label', 'entry'].every((name) => file.columns.includes(name))) return file;
    await file.close();
    throw new RefineError(
      'ERR_REFINE_LEDGER',
      `says ${METADATA} ${format ?? 'nothing'}, this refine reads {"format":1}. Use the refine that wrote it, or another --out.`,
      { place: this.#place },
    );
  }
}

/** Writes rows that come sorted by task; memory is one batch of them. */
export async function writeCompacted(path: string, rows: AsyncIterable<LedgerRow>): Promise<number> {
  const { ArrowWriter } = await import('./store.js');
  const writer = await ArrowWriter.create(path, { columns: ['task', 'label', 'entry'], metadata: { [METADATA]: '{"format":1}' } });
  try {
    let held: LedgerRow[] = [];
    let bytes = 0;
    const flush = async (): Promise<void> => {
      await writer.write({
        rows: held.length,
        columns: { task: strings(held.map(({ task }) => task)), label: strings(held.map(({ label }) => label)), entry: strings(held.map(({ text }) => text)) },
      });
      held = [];
      bytes = 0;
    };
    for await (const row of rows) {
      held.push(row);
      bytes += row.text.length;
      if (held.length === BATCH_ROWS || bytes >= BATCH_BYTES) await flush();
    }
    await flush();
    return (await writer.commit()).rows;
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

function strings(values: readonly string[]): BytesColumn {
  const parts = values.map((value) => Buffer.from(value));
  const offsets = new Int32Array(values.length + 1);
  for (const [row, part] of parts.entries()) offsets[row + 1] = offsets[row]! + part.length;
  return { kind: 'utf8', data: Buffer.concat(parts), offsets };
}

function textAt({ data, offsets }: BytesColumn, row: number): string {
  return Buffer.from(data.buffer, data.byteOffset + offsets[row]!, offsets[row + 1]! - offsets[row]!).toString();
}

function taskAt(tasks: Buffer, row: number): string {
  return tasks.toString('latin1', row * TASK_CHARACTERS, (row + 1) * TASK_CHARACTERS);
}

function damaged(place: string, found: string, cause?: unknown): RefineError {
  return new RefineError('ERR_REFINE_LEDGER', `${found}: it was changed after it was written. Restore it, or delete it and run again: its tasks are redone.`, {
    place,
    cause,
  });
}
