// A manifest's steps cut at its barriers. A segment is what one map task does: stages, then the keys of every barrier that
// follows them at once. The last segment has no barriers and writes the final shards.
import type { Barrier, Stage } from '../stages/contract/stage.js';
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
  /** Their keys are computed by this segment's map tasks; they decide one after another. Empty in the last segment. */
  readonly barriers: readonly BarrierStep[];
}

export function segmentsOf(steps: readonly Step[]): readonly Segment[] {
  const segments: { index: number; stages: StageStep[]; barriers: BarrierStep[] }[] = [{ index: 0, stages: [], barriers: [] }];
  for (const step of steps) {
    let segment = segments[segments.length - 1]!;
    if (step.stage.kind === 'barrier') {
      segment.barriers.push(step as BarrierStep);
      continue;
    }
    if (segment.barriers.length > 0) {
      segment = { index: segments.length, stages: [], barriers: [] };
      segments.push(segment);
    }
    segment.stages.push(step as StageStep);
  }
  if (segments[segments.length - 1]!.barriers.length > 0) segments.push({ index: segments.length, stages: [], barriers: [] });
  return segments;
}

const PARTITION_INPUT_BYTES = 256 * 1024 * 1024; // a gzipped crawl file's 40,000 documents x 14 bands are 13 MB of keys: 3 MB a partition
const MAX_PARTITIONS = 4096;

/** Partitions of a barrier's keys: by input bytes alone, so a partition fits in memory; results do not depend on it. */
export function partitionCount(inputBytes: number): number {
  return Math.max(1, Math.min(MAX_PARTITIONS, Math.ceil(inputBytes / PARTITION_INPUT_BYTES)));
}
