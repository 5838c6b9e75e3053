// Runs a barrier's map and phases in this process, over batches in memory: what unit tests of dedupe steps need.
import type { Batch } from '../../native/index.js';
import { decideHere, type LocalDecision, type LocalSettings, type Verdict } from '../../pipeline/barrier-local.js';
import type { Barrier, StageEnv } from '../../stages/contract/stage.js';

const env: StageEnv = { seed: 1n, baseDir: '.', device: 'cpu' };

export interface PhaseResult extends LocalDecision {
  /** Verdicts as arrays, ascending by row. */
  readonly rows: BigUint64Array;
  readonly drops: Uint16Array;
  readonly kept: BigUint64Array;
  readonly clusterSize: Uint32Array;
}

/** `inputs[i]` are the batches of input number i; a global row is (i << 32 | row within the input). */
export async function runPhases<Options>(
  barrier: Barrier<Options>,
  raw: object,
  inputs: readonly (readonly Batch[])[],
  settings: LocalSettings = {},
): Promise<PhaseResult> {
  const options = barrier.schema.parse(raw);
  const run = await barrier.open(options, env);
  try {
    const held = inputs.flatMap((batches, input) => {
      let base = 0;
      return batches.map((batch) => {
        const rows = Uint32Array.from({ length: batch.rows }, (_, row) => base + row);
        base += batch.rows;
        return { input, rows, batch };
      });
    });
    const decision = await decideHere({ name: barrier.name, stage: barrier, options }, run, held, env, new AbortController().signal, settings);
    const all = [...decision.verdicts];
    return {
      ...decision,
      rows: BigUint64Array.from(all, ([row]) => row),
      drops: Uint16Array.from(all, ([, { drop }]) => drop),
      kept: BigUint64Array.from(all, ([, { kept }]) => kept),
      clusterSize: Uint32Array.from(all, ([, { clusterSize }]) => clusterSize),
    };
  } finally {
    await run.close();
  }
}

/** Rows dropped, as `row -> the row kept in its stead`, for small expectations. */
export function dropped({ verdicts }: { readonly verdicts: ReadonlyMap<bigint, Verdict> }): Record<string, string> {
  return Object.fromEntries([...verdicts].filter(([, { drop }]) => drop !== 0).map(([row, { kept }]) => [String(row), String(kept)]));
}
