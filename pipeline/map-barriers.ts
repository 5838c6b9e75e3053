// The map side of the barriers that end a segment: each sees every batch that is left and writes files of its own, beside the
// documents, for its phases. Invariant: rows are global (input number << 32 | record row) and ascend over the whole input.
import { type Batch, column } from '../native/batch.js';
import type { Guard } from './guard.js';
import type { BarrierMap, BarrierRun } from '../stages/contract/stage.js';
import type { BarrierStep, Segment } from './segments.js';
import { ScratchFiles } from './task-files.js';
import { type MapSpec, mapRole, scratchPath } from './tasks.js';
import type { Shard } from './types.js';

/** What waits in memory to be sorted, over all barriers of a segment. */
const MAP_MEMORY_BYTES = 128 * 1024 * 1024;

interface Open {
  readonly step: BarrierStep;
  readonly files: ScratchFiles;
  readonly map: BarrierMap;
}

export class BarrierMaps {
  readonly #number: bigint;
  readonly #open: Open[] = [];
  readonly totals: Record<string, Readonly<Record<string, number>>> = {};

  constructor(number: number) {
    this.#number = BigInt(number) << 32n;
  }

  /** `only`: names of barriers; all of the segment where absent. */
  async open(spec: MapSpec, segment: Segment, runFolder: string, barrier: (step: BarrierStep) => Promise<BarrierRun>, only?: readonly string[]): Promise<void> {
    const memory = Math.floor(MAP_MEMORY_BYTES / Math.max(1, segment.barriers.length));
    for (const step of segment.barriers) {
      if (only?.includes(step.name) === false) continue;
      const run = await barrier(step);
      const files = await ScratchFiles.open(runFolder, (role) => scratchPath(segment.index, spec.task, mapRole(step.name, role)), memory);
      this.#open.push({ step, files, map: run.map(files) });
    }
  }

  /** `batch` has `_row`. */
  async add(batch: Batch, signal: AbortSignal, guard?: Guard): Promise<void> {
    if (this.#open.length === 0 || batch.rows === 0) return;
    for (const { step, map } of this.#open) {
      const add = (some: Batch): Promise<void> => map.add(some, this.#globalRows(some), signal);
      await (guard === undefined ? add(batch) : guard.call(step.name, batch, add));
    }
  }

  #globalRows(batch: Batch): BigUint64Array {
    return BigUint64Array.from(column(batch, '_row', 'fixed').values as Uint32Array, (row) => this.#number | BigInt(row));
  }

  /** Ends every file; then all are final. */
  async commit(): Promise<Shard[]> {
    for (const { step, map } of this.#open) this.totals[step.name] = await map.finish();
    const shards: Shard[] = [];
    for (const { files } of this.#open) shards.push(...(await files.commit()));
    return shards;
  }

  async abort(): Promise<void> {
    for (const { map, files } of this.#open) {
      await map.abort().catch(() => undefined); // the error that led here is the one to tell
      await files.abort();
    }
  }
}
