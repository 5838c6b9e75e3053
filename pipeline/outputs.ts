// The output files of one task: opened as they are needed, committed together in the order they were opened, or all removed.
import { join } from 'node:path';
import type { Batch } from '../native/batch.js';
import { KeysWriter } from './barrier-keys.js';
import type { Exclusions } from './remove/exclusions.js';
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
  readonly #exclusions: Exclusions | null;
  /** Kept documents that were left out of features/ because they were removed from the run. */
  removed = 0;

  /** `exclusions`: what was removed from the run and no final shard may hold again. */
  constructor(runFolder: string, exclusions: Exclusions | null = null) {
    this.#runFolder = runFolder;
    this.#exclusions = exclusions;
  }

  /** `path` is relative to the run folder. `tokens` gives the number of tokens for the shard's entry. */
  async arrow(path: string, options: ArrowOptions = {}, tokens?: () => number): Promise<ArrowOutput> {
    const writer = await ArrowWriter.create(join(this.#runFolder, path), options);
    const exclusions = /^(?:text|tokens|features|samples)\//.test(path) ? this.#exclusions : null;
    let removedTokens = 0;
    const rebatcher = new Rebatcher(async (batch) => {
      if (exclusions === null) return await writer.write(batch);
      const applied = exclusions.apply(batch);
      removedTokens += applied.tokens;
      if (path.startsWith('features/')) this.removed += applied.kept;
      await writer.write(applied.batch);
    });
    let rows = 0;
    this.#open.push({
      async commit() {
        await rebatcher.end();
        const written = await writer.commit();
        return { path, ...written, ...(tokens === undefined ? {} : { tokens: tokens() - removedTokens }) };
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
