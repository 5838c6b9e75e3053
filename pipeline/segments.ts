// A manifest's steps cut at its barriers and before its steps with ranks. A segment is what one map task does: stages, then the
// keys of every barrier that follows them at once, or the values that the next segment's first step wants ranked. The last
// segment has neither and writes the final shards.
import type { KeyedBarrier } from '../stages/contract/keyed.js';
import type { RankRequest, Stage } from '../stages/contract/stage.js';
import type { Step } from './types.js';

export interface StageStep extends Step {
  // biome-ignore lint/suspicious/noExplicitAny: options were parsed by the stage's own schema
  readonly stage: Stage<any>;
}

export interface BarrierStep extends Step {
  // biome-ignore lint/suspicious/noExplicitAny: options were parsed by the barrier's own schema
  readonly stage: KeyedBarrier<any>;
}

export interface Segment {
  readonly index: number;
  readonly stages: readonly StageStep[];
  /** Their keys are computed by this segment's map tasks; they decide one after another. Empty in the last segment. */
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
    if (step.stage.kind === 'keyed') {
      segment.barriers.push(step as BarrierStep);
      continue;
    }
    if (segment.barriers.length > 0) segment = begin();
    const requests = ranksOf(step);
    if (requests.length > 0) {
      segment.ranked = { step: step as StageStep, requests };
      segment = begin();
    }
    if (step.stage.kind === 'barrier') throw new TypeError(`barrier "${step.name}" has phases, which this engine cannot run yet`);
    segment.stages.push(step as StageStep);
  }
  if (segment.barriers.length > 0) begin();
  return segments;
}

const PARTITION_INPUT_BYTES = 256 * 1024 * 1024; // a gzipped crawl file's 40,000 documents x 14 bands are 13 MB of keys: 3 MB a partition
const MAX_PARTITIONS = 4096;

/** Partitions of a barrier's keys: by input bytes alone, so a partition fits in memory; results do not depend on it. */
export function partitionCount(inputBytes: number): number {
  return Math.max(1, Math.min(MAX_PARTITIONS, Math.ceil(inputBytes / PARTITION_INPUT_BYTES)));
}
