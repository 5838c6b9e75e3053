// What the barriers before a segment decided, applied to its documents as they come: verdicts drop and name, edits change the
// texts of what is left. Both are the barrier's: counted, sampled and dropped under its name.
import { join } from 'node:path';
import { type Batch, type Column, takeRows } from '../native/batch.js';
import type { Edits } from '../stages/contract/stage.js';
import type { BarrierStep } from './segments.js';
import type { MapSpec } from './tasks.js';
import { type Applied, clusterColumns, EditCursor, VerdictCursor } from './verdicts.js';

export class Decisions {
  readonly step: BarrierStep;
  readonly #verdicts: VerdictCursor;
  readonly #edits: EditCursor | null;

  constructor(step: BarrierStep, runFolder: string, spec: MapSpec, files: { readonly verdicts: string | null; readonly edits: string | null }) {
    this.step = step;
    this.#verdicts = new VerdictCursor(files.verdicts === null ? null : join(runFolder, files.verdicts), spec.number);
    this.#edits = files.edits === null ? null : new EditCursor(join(runFolder, files.edits), spec.number);
  }

  verdicts(batch: Batch): Promise<Applied> {
    return this.#verdicts.apply(batch, this.step.stage.writes);
  }

  /** The columns and drops of the edits; null where the barrier edits nothing. */
  async edits(batch: Batch): Promise<{ columns: Readonly<Record<string, Column>>; drops: Uint16Array | undefined } | null> {
    if (this.#edits === null) return null;
    const { columns = {}, drops } = await this.step.stage.apply!(this.step.options, batch, await this.#edits.edits(batch));
    return { columns, drops };
  }

  /** Columns that documents still in the run have after the verdicts; none of their rows. */
  clusterModels(): Readonly<Record<string, Column>> {
    return clusterColumns(this.step.stage.writes, new BigUint64Array(), new Uint32Array());
  }

  /** The same after the edits. */
  async editModels(batch: Batch): Promise<Readonly<Record<string, Column>>> {
    if (this.#edits === null) return {};
    const none: Edits = { offsets: new Int32Array(1), start: new Uint32Array(), end: new Uint32Array() };
    return (await this.step.stage.apply!(this.step.options, takeRows(batch, []), none)).columns ?? {};
  }
}
