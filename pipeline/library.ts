// refine as a library: `import { openRun, openLoader, documents } from 'refine'`. Types of the stage contract for steps of your
// own, a run's documents as readable objects, its batches as columns, and the loader. infra/docs/library.md tells of it by example.
import { join } from 'node:path';
import { type Batch, type Document, documentAt } from '../native/batch.js';
import { RefineError } from '../native/errors.js';
import { nearest } from '../stages/contract/suggest.js';
import { HOLDOUT_PREFIX } from './final-shards.js';
import { readRun, type RunState } from './run-folder.js';
import { ArrowFile } from './store.js';
import type { Shard } from './types.js';

export * from '../native/batch.js';
export { type ErrorCode, RefineError } from '../native/errors.js';
export type * from '../stages/contract/stage.js';
export { duration, size } from '../stages/contract/units.js';
export { type ExportOptions, type ExportResult, exportRun } from './export/export.js';
export * from './loader/library.js';
export { loadManifest, ManifestErrors, parseManifest } from './manifest.js';
export type { RunState } from './run-folder.js';
export { type RunOptions, type RunSummary, runManifest } from './runner.js';
export { collectStats, type Stats } from './stats.js';
export type { LedgerEntry, Manifest, Shard, Sink, Step, StepCounts } from './types.js';
/** The zod that refine's own stages are written with: a stage outside needs no copy of its own. */
export { z } from 'zod';

export interface ReadOptions {
  /** Only these columns; a name that the run has not is ERR_REFINE_USAGE. Absent: all. */
  readonly columns?: readonly string[];
  /** Documents for training, those that sink.holdout keeps apart, or both (the default). */
  readonly split?: 'train' | 'holdout' | 'all';
  /** Ends the reading: the iteration then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A run folder as its lock file and ledger describe it. */
export async function openRun(folder: string): Promise<RunState> {
  return readRun(folder);
}

/** The kept documents in the run's order, as columns, a batch in memory at a time. `run`: of openRun, or its folder. */
export async function* batches(run: RunState | string, options: ReadOptions | readonly string[] = {}): AsyncGenerator<Batch> {
  const { columns, split = 'all', signal }: ReadOptions = isNames(options) ? { columns: options } : options;
  const state = typeof run === 'string' ? await readRun(run) : run;
  for (const shard of textOf(state, split)) {
    signal?.throwIfAborted();
    const file = await ArrowFile.open(join(state.folder, shard.path));
    try {
      if (columns !== undefined) checkColumns(columns, file.columns, shard.path);
      for await (const batch of file.batches(columns)) {
        signal?.throwIfAborted();
        yield batch;
      }
    } finally {
      await file.close();
    }
  }
}

/** The kept documents one by one, as readable objects: to look at, not for work over millions (use `batches`). */
export async function* documents(run: RunState | string, options: ReadOptions | readonly string[] = {}): AsyncGenerator<Document> {
  for await (const batch of batches(run, options)) for (let row = 0; row < batch.rows; row++) yield documentAt(batch, row);
}

function isNames(options: ReadOptions | readonly string[]): options is readonly string[] {
  return Array.isArray(options);
}

function textOf(run: RunState, split: 'train' | 'holdout' | 'all'): readonly Shard[] {
  if (!run.finished) {
    throw new RefineError('ERR_REFINE_LEDGER', 'is not finished, so its documents are not all there. Run `refine run` to its end first', { place: run.folder });
  }
  if (run.text.length === 0) {
    const message = 'keeps no text: its manifest says sink.text.keep: false. Run it with text, or read its tokens by openLoader';
    throw new RefineError('ERR_REFINE_LEDGER', message, { place: run.folder });
  }
  if (split === 'all') return run.text;
  return run.text.filter(({ path }) => path.startsWith(`text/${HOLDOUT_PREFIX}`) === (split === 'holdout'));
}

function checkColumns(wanted: readonly string[], held: readonly string[], place: string): void {
  for (const name of wanted) {
    if (held.includes(name)) continue;
    const meant = nearest(name, held);
    const hint = meant === null ? '' : ` Did you mean "${meant}"?`;
    throw new RefineError('ERR_REFINE_USAGE', `has no column "${name}", expected one of ${held.join(', ')}.${hint} Name those it has`, { place });
  }
}
