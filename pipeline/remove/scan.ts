// What a request would take out of a finished run, read from its final shards and nothing written: the documents, the windows of
// their texts and tokens, the files that change. Invariant: a file is named exactly where applying the exclusions changes it.
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Batch, bytesAt, isValid, type ListColumn, stringAt } from '../../native/batch.js';
import { RefineError } from '../../native/errors.js';
import type { DoneEntry } from '../ledger.js';
import { loadSteps } from '../registry.js';
import type { RunState } from '../run-folder.js';
import { readArrow } from '../store.js';
import type { Shard } from '../types.js';
import { type ExclusionFile, Exclusions, mark } from './exclusions.js';
import type { Counts, WindowFile } from './removal-files.js';
import { documentsBefore } from './removed-counts.js';
import type { RemovalRequest } from './request.js';
import { drawWindows } from './windows.js';

export interface Scanned {
  readonly exclusions: ExclusionFile;
  readonly windows: WindowFile;
  readonly counts: Counts;
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  readonly tasks: Readonly<Record<string, { readonly in: number; readonly out: number }>>;
}

export function finalShards(run: RunState): readonly Shard[] {
  return [...run.text, ...run.tokens, ...run.features, ...run.samples];
}

/** Map tasks of the last segment, which wrote the final shards, in order. */
export function lastMaps(run: RunState): readonly DoneEntry[] {
  const maps = run.entries.filter((entry): entry is DoneEntry => entry.state === 'done' && entry.kind === 'map');
  const last = Math.max(...maps.map((entry) => entry.segment));
  return maps.filter((entry) => entry.segment === last);
}

/** `before`: what earlier removals left out, of which this one is a part from now on. */
export async function scanRun(run: RunState, request: RemovalRequest, before: ExclusionFile, signal: AbortSignal): Promise<Scanned> {
  const asked: ExclusionFile = {
    ...before,
    urls: union(
      before.urls,
      [...request.urls].map((url) => mark('url', url)),
    ),
    hosts: union(
      before.hosts,
      [...request.hosts].map((host) => mark('host', host)),
    ),
    ids: union(
      before.ids,
      [...request.ids].map((id) => mark('id', id)),
    ),
  };
  const matcher = new Exclusions(asked);
  const removed = new Set(before.removed);
  const fewer = new Map<string, number>();
  const tasks: Record<string, { in: number; out: number }> = {};
  const counting = await lastCounting(run);
  let features = 0;
  for (const entry of lastMaps(run)) {
    let kept = 0;
    for (const shard of entry.outputs.filter(({ path }) => path.startsWith('features/'))) {
      for await (const [batch, rows] of matched(run, shard, matcher, ['id', 'url', 'kept_id', 'step'], signal)) {
        features += rows.length;
        for (const row of rows) {
          removed.add(mark('id', word(batch, 'id', row) ?? ''));
          const { step } = batch.columns;
          if (step === undefined || !isValid(step, row)) kept++;
          else if (step.kind === 'dictionary' && step.labels[step.indices[row]!] === counting) {
            const name = word(batch, 'kept_id', row);
            if (name !== null) fewer.set(mark('id', name), (fewer.get(mark('id', name)) ?? 0) + 1);
          }
        }
      }
    }
    tasks[entry.task] = { in: documentsBefore(entry), out: entry.rowsOut - kept };
  }
  const text: string[][] = [];
  const tokens: string[][] = [];
  const shrink: Record<string, number> = { ...before.shrink };
  let documents = 0;
  for (const shard of run.text) {
    for await (const [batch, rows, all] of matched(run, shard, matcher, ['id', 'url', 'text', 'cluster_size'], signal)) {
      const column = batch.columns.text;
      documents += rows.length;
      for (const row of rows) {
        removed.add(mark('id', word(batch, 'id', row) ?? ''));
        if (column?.kind === 'utf8') text.push(drawWindows('text', bytesAt(column, row)).map(({ roll, mark: name }) => `${roll.toString(36)}.${name}`));
      }
      if (fewer.size > 0) noteSizes(all, fewer, shrink);
    }
  }
  let tokenCount = 0;
  let tokenDocuments = 0;
  for (const shard of run.tokens) {
    for await (const [batch, rows] of matched(run, shard, matcher, ['id', 'url', 'tokens'], signal)) {
      const column = batch.columns.tokens as ListColumn;
      tokenDocuments += rows.length;
      for (const row of rows) {
        const ids = column.values.subarray(column.offsets[row]!, column.offsets[row + 1]!) as Uint16Array | Uint32Array;
        tokenCount += ids.length;
        tokens.push(drawWindows('tokens', ids).map(({ roll, mark: name }) => `${roll.toString(36)}.${name}`));
      }
    }
  }
  const exclusions: ExclusionFile = {
    ...asked,
    removed: [...removed].sort(),
    shrink: Object.fromEntries(Object.entries(shrink).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
  const changes = await changedFiles(run, new Exclusions(exclusions), signal);
  return {
    exclusions,
    windows: { format: 1, text, tokens },
    counts: { documents: run.text.length > 0 ? documents : tokenDocuments, tokens: tokenCount, features, ...changes.counts },
    files: changes.files,
    tasks,
  };
}

/** Final files that applying the exclusions changes. */
async function changedFiles(run: RunState, exclusions: Exclusions, signal: AbortSignal) {
  const files: { path: string; sha256: string }[] = [];
  let samples = 0;
  let names = 0;
  let clusters = 0;
  for (const shard of finalShards(run)) {
    const path = join(run.folder, shard.path);
    const found = await lstat(path);
    // A rename would replace the link and leave the file it points to, with everything in it.
    if (!found.isFile())
      throw new RefineError('ERR_REFINE_SHARD', 'is a link or no plain file, so what it points to would stay. Put the file itself there.', { place: path });
    let changed = false;
    for await (const batch of readArrow(path, [...Exclusions.COLUMNS])) {
      signal.throwIfAborted();
      const applied = exclusions.apply(batch);
      changed ||= applied.changed;
      if (shard.path.startsWith('samples/')) samples += applied.rows;
      names += applied.names;
      clusters += applied.clusters;
    }
    if (changed) files.push({ path: shard.path, sha256: shard.sha256 });
  }
  return { files, counts: { samples, names, clusters } };
}

/** The step whose clusters `cluster_size` counts: the last one that writes it. */
async function lastCounting(run: RunState): Promise<string | null> {
  const registry = await loadSteps(run.lock.steps.map(({ stage }) => stage));
  return run.lock.steps.findLast(({ stage }) => registry.get(stage)?.writes.includes('cluster_size') === true)?.step ?? null;
}

function noteSizes(batch: Batch, fewer: ReadonlyMap<string, number>, shrink: Record<string, number>): void {
  const sizes = batch.columns.cluster_size;
  if (sizes?.kind !== 'fixed') return;
  for (let row = 0; row < batch.rows; row++) {
    const name = mark('id', word(batch, 'id', row) ?? '');
    const less = fewer.get(name);
    if (less !== undefined) shrink[name] = Math.max(1, Number(sizes.values[row]!) - less);
  }
}

async function* matched(
  run: RunState,
  shard: Shard,
  matcher: Exclusions,
  columns: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<readonly [batch: Batch, rows: readonly number[], all: Batch]> {
  for await (const batch of readArrow(join(run.folder, shard.path), columns)) {
    signal.throwIfAborted();
    const rows: number[] = [];
    for (let row = 0; row < batch.rows; row++) if (matcher.matches(word(batch, 'id', row), word(batch, 'url', row))) rows.push(row);
    yield [batch, rows, batch];
  }
}

function word(batch: Batch, name: string, row: number): string | null {
  const column = batch.columns[name];
  return column?.kind === 'utf8' ? stringAt(column, row) : null;
}

function union(a: readonly string[], b: readonly string[]): string[] {
  return [...new Set([...a, ...b])].sort();
}
