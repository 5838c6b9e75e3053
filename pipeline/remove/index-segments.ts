// Dedupe indexes that hold a run's documents, after some were removed: the run's segment is made anew from what is left and takes
// the old one's place under its name. Invariant: no record of the old segment stays, whatever was killed when.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RefineError } from '../../native/errors.js';
import type { StageEnv } from '../../stages/contract/stage.js';
import { openIndexRun, stepsOfIndex } from '../dedupe-index-run.js';
import { addRun } from '../dedupe-index-segment.js';
import { readCatalogue, segmentFolder } from '../index-files.js';
import type { RunState } from '../run-folder.js';
import type { Journal } from './removal-files.js';

const MEMORY_BYTES = 2 ** 29;

/** Refuses an index that does not hold the run as it is, before anything is changed. */
export function requireIndexed(indexes: readonly string[], content: string, folder: string): void {
  for (const index of indexes) {
    if (readCatalogue(index).segments.some((segment) => segment.content === content)) continue;
    throw new RefineError('ERR_REFINE_INDEX', `holds no documents of ${folder} as it is now. Leave --index out, or build the index anew: refine index build`, {
      place: index,
    });
  }
}

export async function mendIndexes(journal: Journal, run: RunState, content: string, signal: AbortSignal): Promise<void> {
  if (content === journal.content) return;
  for (const index of journal.indexes) {
    const { keys, segments } = readCatalogue(index);
    const old = segments.find((segment) => segment.content === journal.content);
    if (old !== undefined) {
      const env: StageEnv = { seed: 0n, baseDir: process.cwd(), device: 'cpu' };
      const steps = await stepsOfIndex(run, keys, {});
      const opened = await openIndexRun(run, steps, env, true);
      await addRun(index, opened, steps, env, { name: old.name, replaces: old.content, memoryBytes: MEMORY_BYTES, signal });
    }
    await rm(join(index, segmentFolder({ content: journal.content })), { recursive: true, force: true });
  }
}
