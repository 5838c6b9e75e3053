// The files that a map task wrote for barriers, made again from the documents it handed on: they are removed once they are read,
// and a barrier that has to decide anew (another option, an input less, an index that grew) needs them without the source.
// Invariant: the same records in the same order as the first time, so the same bytes.
import { join } from 'node:path';
import type { BarrierRun } from '../stages/contract/stage.js';
import type { DoneEntry } from './ledger.js';
import { BarrierMaps } from './map-barriers.js';
import type { BarrierStep, Segment } from './segments.js';
import { readArrow } from './store.js';
import { type MapSpec, scratchPath } from './tasks.js';

export async function runMapAgain(
  spec: MapSpec,
  before: DoneEntry,
  segment: Segment,
  runFolder: string,
  barrier: (step: BarrierStep) => Promise<BarrierRun>,
  progress: (documents: number, bytes: number) => void,
  signal: AbortSignal,
): Promise<DoneEntry> {
  const started = performance.now();
  const maps = new BarrierMaps(spec.number);
  try {
    await maps.open(spec, segment, runFolder, barrier, spec.again);
    for await (const batch of readArrow(join(runFolder, scratchPath(spec.segment, spec.task, 'arrow')))) {
      signal.throwIfAborted();
      await maps.add(batch, signal);
      progress(batch.rows, 0);
    }
    const made = new Map((await maps.commit()).map((shard) => [shard.path, shard]));
    const outputs = before.outputs.map((shard) => made.get(shard.path) ?? shard);
    return { ...before, outputs, wallMs: Math.round(performance.now() - started) };
  } catch (error) {
    await maps.abort();
    throw error;
  }
}
