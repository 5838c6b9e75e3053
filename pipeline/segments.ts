// A manifest's steps cut at its barriers and before its steps with ranks. A segment is what one map task does: stages, then the
// keys of every barrier that follows them at once, or the values that the next segment's first step wants ranked. The last
// segment has neither and writes the final shards.
import { RefineError } from '../native/errors.js';
import { type Barrier, type RankRequest, readsOf, type Stage, type StageEnv, writesOf } from '../stages/contract/stage.js';
import type { Step } from './types.js';

export interface StageStep extends Step {
  // biome-ignore lint/suspicious/noExplicitAny: options were parsed by the stage's own schema
  readonly stage: Stage<any>;
}

export interface BarrierStep extends Step {
  // biome-ignore lint/suspicious/noExplicitAny: options were parsed by the barrier's own schema
  readonly stage: Barrier<any>;
}

export interface Segment {
  readonly index: number;
  readonly stages: readonly StageStep[];
  /** Their files are written by this segment's map tasks; they decide one after another. Empty in the last segment. */
  readonly barriers: readonly BarrierStep[];
  /** The next segment's first step, where it needs ranks; then there are no barriers. */
  readonly ranked: RankedStep | null;
}

export interface RankedStep {
  readonly step: StageStep;
  readonly requests: readonly RankRequest[];
}

/** The orders over the run that a step needs before it. */
export function ranksOf(step: Step): readonly RankRequest[] {
  return step.stage.kind === 'stage' ? (step.stage.ranks?.(step.options) ?? []) : [];
}

export function segmentsOf(steps: readonly Step[]): readonly Segment[] {
  type Growing = { index: number; stages: StageStep[]; barriers: BarrierStep[]; ranked: RankedStep | null };
  const segments: Growing[] = [];
  const begin = (): Growing => {
    const segment: Growing = { index: segments.length, stages: [], barriers: [], ranked: null };
    segments.push(segment);
    return segment;
  };
  let segment = begin();
  for (const step of steps) {
    if (step.stage.kind === 'barrier') {
      if (segment.barriers.some((earlier) => changesWhat(earlier, step as BarrierStep))) segment = begin();
      segment.barriers.push(step as BarrierStep);
      continue;
    }
    if (segment.barriers.length > 0) segment = begin();
    const requests = ranksOf(step);
    if (requests.length > 0) {
      segment.ranked = { step: step as StageStep, requests };
      segment = begin();
    }
    segment.stages.push(step as StageStep);
  }
  if (segment.barriers.length > 0) begin();
  return segments;
}

/** Whether a barrier must have decided before another one looks: it edits texts, or writes a column that the other reads. */
function changesWhat(earlier: BarrierStep, later: BarrierStep): boolean {
  if (earlier.stage.apply !== undefined) return true;
  const reads = readsOf(later.stage, later.options, NO_ENV);
  return writesOf(earlier.stage, earlier.options, NO_ENV).some((column) => reads.includes(column));
}

/** Columns depend on options; where a run stands and its seed decide none. */
const NO_ENV: StageEnv = { seed: 0n, baseDir: '.', device: 'cpu' };

/** A barrier that breaks the contract of stages/contract/barrier.ts. */
export function stepMistake(step: BarrierStep, what: string): RefineError {
  return new RefineError('ERR_REFINE_INTERNAL', `step "${step.name}" ${what}: a mistake of the step "${step.stage.name}". Report it.`);
}
