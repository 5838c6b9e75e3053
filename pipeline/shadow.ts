// `features: all`: documents that a step dropped go on through the rule steps to be measured, beside those that are left and
// never among them: the batches that decide, and so the final bytes, are the same as without.
// Invariant: a shadow row is counted nowhere, sampled nowhere and emitted nowhere; it only fills its row of features/.
import { type Batch, type Column, takeRows } from '../native/batch.js';
import type { StageRun } from '../stages/contract/stage.js';
import type { StepFeatures } from './feature-columns.js';
import { type BatchOutcomes, nullsLike, withColumns, withoutColumns } from './outcomes.js';
import { concatBatches } from './rebatch.js';
import type { Segment, StageStep } from './segments.js';
import type { Step } from './types.js';

/** Which dropped documents are followed, and how far. */
export class Shadowing {
  readonly #segments: readonly Segment[];
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #first: number;
  readonly #last: number;

  constructor(segments: readonly Segment[]) {
    const steps: readonly Step[] = segments.flatMap(({ stages, barriers }) => [...stages, ...barriers]);
    const rules = steps.map(({ stage }) => stage.kind === 'stage' && stage.rules === true);
    this.#segments = segments;
    this.#numbers = new Map(steps.map(({ name }, at) => [name, at]));
    this.#first = rules.indexOf(true);
    this.#last = rules.lastIndexOf(true);
  }

  /** Whether documents that this step drops are followed: the first rule step has seen them, a later one has not. */
  begins(step: Step): boolean {
    const at = this.#numbers.get(step.name)!;
    return this.#first >= 0 && at >= this.#first && at < this.#last;
  }

  /** Whether they go through this step: a rule step, or one before a later rule step, whose columns that one may read. */
  passes(step: Step): boolean {
    return this.#numbers.get(step.name)! <= this.#last;
  }

  /** Whether a later segment still has a rule step. */
  outlives(segment: number): boolean {
    return this.#segments.slice(segment + 1).some(({ stages }) => stages.some(({ stage }) => stage.rules === true));
  }
}

/** The shadow rows beside one batch; row i is the arrival position `positions[i]`. */
export class Shadow {
  #batch: Batch | null = null;
  #positions: Uint32Array = new Uint32Array();

  constructor(batch: Batch | null = null) {
    this.#batch = batch;
    if (batch !== null) this.#positions = Uint32Array.from({ length: batch.rows }, (_, row) => row);
  }

  /** null where nothing is followed. */
  get batch(): Batch | null {
    return this.#batch;
  }

  /** The rows that a step dropped, with the columns it left them. */
  add(batch: Batch, positions: Uint32Array, drops: Uint16Array): void {
    const dropped = Uint32Array.from({ length: batch.rows }, (_, row) => row).filter((row) => drops[row] !== 0);
    const taken = takeRows(batch, dropped);
    this.#batch = this.#batch === null ? taken : concatBatches([this.#batch, taken]);
    const joined = new Uint32Array(this.#positions.length + dropped.length);
    joined.set(this.#positions);
    joined.set(
      dropped.map((row) => positions[row]!),
      this.#positions.length,
    );
    this.#positions = joined;
  }

  /** Columns that only documents still in the run have: null here. `edited`: those the shadow rows have stay as they are. */
  addNulls(columns: Readonly<Record<string, Column>>, edited = false): void {
    if (this.#batch === null) return;
    const { rows } = this.#batch;
    const has = this.#batch.columns;
    const missing = Object.entries(columns).filter(([name]) => !edited || has[name] === undefined);
    this.#batch = withColumns(this.#batch, Object.fromEntries(missing.map(([name, column]) => [name, nullsLike(column, rows)])));
  }

  /** Documents that may not enter a step are measured no further. */
  remove(barred: readonly unknown[]): void {
    const keep = Uint32Array.from(barred.keys()).filter((at) => barred[at] === undefined);
    this.#positions = keep.map((at) => this.#positions[at]!);
    this.#batch = takeRows(this.#batch!, keep);
  }

  /** Through one step: its columns, its features, none of its drops. `passing` names columns that are for this step alone. */
  async follow(
    step: StageStep,
    run: Pick<StageRun, 'process'>,
    features: StepFeatures | undefined,
    outcomes: BatchOutcomes,
    passing: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    if (this.#batch === null) return;
    const { columns = {} } = await run.process(this.#batch, signal);
    const whole = withColumns(this.#batch, columns);
    if (features !== undefined) outcomes.addFeatures(features, whole.columns, this.#positions);
    this.#batch = withoutColumns(whole, [...(step.stage.consumes ?? []), ...passing.filter((name) => columns[name] === undefined)]);
  }

  end(): void {
    this.#batch = null;
    this.#positions = new Uint32Array();
  }
}
