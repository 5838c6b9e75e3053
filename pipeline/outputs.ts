// The output files of one task: opened as they are needed, committed together in the order they were opened, or all removed.
import { join } from 'node:path';
import type { Batch } from '../native/batch.js';
import { KeysWriter } from './barrier-keys.js';
import { Rebatcher } from './rebatch.js';
import { type ArrowOptions, ArrowWriter } from './store.js';
import type { Shard } from './types.js';

export interface ArrowOutput {
  readonly path: string;
  /** Joined with its neighbours before it is written. */
  add(batch: Batch): Promise<void>;
  readonly rows: number;
}

export class TaskOutputs {
  readonly #runFolder: string;
  readonly #open: { commit(): Promise<Shard>; abort(): Promise<void> }[] = [];

  constructor(runFolder: string) {
    this.#runFolder = runFolder;
  }

  /** `path` is relative to the run folder. `tokens` gives the number of tokens for the shard's entry. */
  async arrow(path: string, options: ArrowOptions = {}, tokens?: () => number): Promise<ArrowOutput> {
    const writer = await ArrowWriter.create(join(this.#runFolder, path), options);
    const rebatcher = new Rebatcher((batch) => writer.write(batch));
    let rows = 0;
    this.#open.push({
      async commit() {
        await rebatcher.end();
        const written = await writer.commit();
        return { path, ...written, ...(tokens === undefined ? {} : { tokens: tokens() }) };
      },
      abort: () => writer.abort(),
    });
    return {
      path,
      async add(batch) {
        rows += batch.rows;
        await rebatcher.add(batch);
      },
      get rows() {
        return rows;
      },
    };
  }

  keys(path: string, payloadBytes: number, memoryBytes: number): KeysWriter {
    const writer = new KeysWriter(join(this.#runFolder, path), payloadBytes, memoryBytes);
    this.#open.push({
      async commit() {
        const written = await writer.commit();
        return { path, rows: writer.entries, ...written };
      },
      abort: () => writer.abort(),
    });
    return writer;
  }

  async commit(): Promise<Shard[]> {
    const shards: Shard[] = [];
    for (const output of this.#open) shards.push(await output.commit());
    return shards;
  }

  async abort(): Promise<void> {
    for (const output of this.#open) await output.abort();
  }
}
