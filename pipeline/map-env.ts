// What a worker gives its map tasks: the run folder, the manifest's segments, open stages, and ways to say how far they are.
// Invariant: one of them serves all tasks of a worker; nothing in it is a task's own.
import type { Batch } from '../native/batch.js';
import type { FetchGate, Input, SourceReader } from '../stages/contract/source.js';
import type { BarrierRun, StageEnv, StageRun } from '../stages/contract/stage.js';
import type { StepFeatures } from './feature-columns.js';
import type { JournalWriter } from './journal.js';
import type { DropCodes } from './outcomes.js';
import type { BarrierStep, Segment, StageStep } from './segments.js';
import type { Sink } from './types.js';

export type OpenInput = (input: Input, env: { gate: FetchGate; readShard?: (path: string) => AsyncIterable<Batch> }) => SourceReader;

export interface MapEnv {
  readonly runFolder: string;
  readonly seed: bigint;
  readonly sink: Sink;
  readonly segments: readonly Segment[];
  readonly codes: DropCodes;
  readonly features: ReadonlyMap<string, StepFeatures>;
  readonly openInput: OpenInput;
  readonly gate: FetchGate;
  readonly stageEnv: StageEnv;
  /** Open stages and barriers; the worker keeps them between tasks. */
  stage(step: StageStep): Promise<StageRun>;
  barrier(step: BarrierStep): Promise<BarrierRun>;
  progress(documents: number, bytes: number): void;
  readonly journal: JournalWriter;
}
