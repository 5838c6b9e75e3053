// Looks up documents of a run: what became of one and why, samples of what a reason dropped, what stands for what among
// duplicates. Reads features/ (a row for every document), samples/ and text/; writes nothing.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Batch, stringAt, valueAt } from '../native/batch.js';
import { RefineError } from '../native/errors.js';
import { shortestFloat32 } from './json-lines.js';
import type { RunState } from './run-folder.js';
import { ArrowFile } from './store.js';

export interface Inspected {
  readonly id: string;
  readonly url: string | null;
  readonly warcPath: string | null;
  readonly warcOffset: string | null;
  /** null where kept. */
  readonly step: string | null;
  readonly reason: string | null;
  readonly keptId: string | null;
  /** The numeric columns that were reached. */
  readonly metrics: Readonly<Record<string, number | bigint>>;
  /** Other columns of a kept or sampled document that are words: title, lang, charset, ...; lists of them as JSON. */
  readonly words: Readonly<Record<string, string>>;
  readonly text: string | null;
}

const PLACE_COLUMNS = ['id', 'url', 'warc_path', 'warc_offset', 'step', 'reason', 'kept_id', 'text'];

/** Every document with this id (ids of WARC records are unique in practice, those of JSONL need not be). */
export async function findDocuments(run: RunState, id: string): Promise<Inspected[]> {
  const found: Inspected[] = [];
  for (const shard of need(run, 'features')) {
    for await (const { file, index, rows } of matching(shard, 'id', id)) {
      const batch = await file.readBatch(index);
      for (const row of rows) found.push(inspected(batch, row));
    }
  }
  if (found.length === 0) {
    throw new RefineError(
      'ERR_REFINE_INPUT',
      `the run has no document with id ${JSON.stringify(id)}. Ids stand in column "id" of text/ and features/; see some with: refine inspect ${run.folder}`,
      { place: run.folder },
    );
  }
  const documents: Inspected[] = [];
  for (const one of found) documents.push(await withText(run, one));
  return documents;
}

/** Up to `most` sampled documents that `reason` (step/reason) dropped. */
export async function sampledDocuments(run: RunState, reason: string, most: number): Promise<Inspected[]> {
  const reasons = await sampledReasons(run);
  const [step, ...rest] = reason.split('/');
  const path = join(run.folder, 'samples', `${step}.arrow`);
  if (!reasons.some((one) => one.reason === reason) || !existsSync(path)) {
    const known = reasons.map((one) => one.reason);
    throw new RefineError('ERR_REFINE_USAGE', `the run has no samples for reason "${reason}"; it has ${known.length === 0 ? 'none' : known.join(', ')}.`, {
      place: '--reason',
    });
  }
  const found: Inspected[] = [];
  const file = await ArrowFile.open(path);
  try {
    for await (const batch of file.batches()) {
      for (let row = 0; row < batch.rows && found.length < most; row++) {
        if (wordAt(batch, 'reason', row) !== rest.join('/')) continue;
        const one = inspected(batch, row);
        found.push({ ...one, step: step!, reason: rest.join('/') });
      }
    }
  } finally {
    await file.close();
  }
  return found;
}

/** Reasons that have samples, with how many, in the order of the steps. */
export async function sampledReasons(run: RunState): Promise<{ reason: string; samples: number; example: string }[]> {
  const found: { reason: string; samples: number; example: string }[] = [];
  for (const { step } of run.lock.steps) {
    const path = join(run.folder, 'samples', `${step}.arrow`);
    if (!existsSync(path)) continue;
    const file = await ArrowFile.open(path);
    try {
      const counts = new Map<string, { samples: number; example: string }>();
      for await (const batch of file.batches(['id', 'reason'])) {
        for (let row = 0; row < batch.rows; row++) {
          const reason = wordAt(batch, 'reason', row) ?? '';
          const seen = counts.get(reason);
          if (seen === undefined) counts.set(reason, { samples: 1, example: wordAt(batch, 'id', row) ?? '' });
          else seen.samples++;
        }
      }
      for (const [reason, seen] of counts) found.push({ reason: `${step}/${reason}`, ...seen });
    } finally {
      await file.close();
    }
  }
  return found;
}

/** The parts of a `kept_id` that names a document of an earlier run, by a dedupe index; null where it names one of this run. */
export function inIndex(keptId: string): { readonly run: string; readonly id: string } | null {
  const found = /^index:([A-Za-z0-9._-]+):(.*)$/s.exec(keptId);
  return found === null ? null : { run: found[1]!, id: found[2]! };
}

/** A `kept_id` as people read it. */
export function keptWords(keptId: string): string {
  const found = inIndex(keptId);
  return found === null ? keptId : `${found.id} of run ${found.run} in the index`;
}

export function need(run: RunState, part: 'features' | 'text'): string[] {
  const shards = run[part].map((shard) => join(run.folder, shard.path));
  if (shards.length > 0) return shards;
  throw new RefineError('ERR_REFINE_INPUT', `has no ${part}/ yet${run.finished ? '' : ': the run is not finished. Run the same command again to go on'}.`, {
    place: run.folder,
  });
}

/** Rows of a file whose column `name` is `value`, batch by batch. */
export async function* matching(path: string, name: string, value: string): AsyncGenerator<{ file: ArrowFile; index: number; rows: number[] }> {
  const file = await ArrowFile.open(path);
  try {
    const wanted = Buffer.from(value, 'utf8');
    for (let index = 0; index < file.batchCount; index++) {
      const batch = await file.readBatch(index, [name]);
      const column = batch.columns[name];
      if (column?.kind !== 'utf8') continue;
      const rows: number[] = [];
      for (let row = 0; row < batch.rows; row++) {
        const [from, to] = [column.offsets[row]!, column.offsets[row + 1]!];
        if (to - from === wanted.length && wanted.equals(column.data.subarray(from, to))) rows.push(row);
      }
      if (rows.length > 0) yield { file, index, rows };
    }
  } finally {
    await file.close();
  }
}

/** A kept document's text stands in text/, that of a dropped one in samples/ if it was drawn. */
async function withText(run: RunState, one: Inspected): Promise<Inspected> {
  const places = one.step === null ? run.text.map((shard) => join(run.folder, shard.path)) : [join(run.folder, 'samples', `${one.step}.arrow`)];
  for (const path of places) {
    if (!existsSync(path)) continue;
    for await (const { file, index, rows } of matching(path, 'id', one.id)) {
      const batch = await file.readBatch(index);
      for (const row of rows) {
        if (String(cell(batch, 'warc_offset', row) ?? '') !== (one.warcOffset ?? '') || wordAt(batch, 'warc_path', row) !== one.warcPath) continue;
        const full = inspected(batch, row);
        return { ...one, words: { ...one.words, ...full.words }, metrics: { ...one.metrics, ...full.metrics }, text: full.text };
      }
    }
  }
  return one;
}

/** One row of samples/, text/ or features/. */
export function inspected(batch: Batch, row: number): Inspected {
  const metrics: Record<string, number | bigint> = {};
  const words: Record<string, string> = {};
  for (const [name, column] of Object.entries(batch.columns)) {
    if (PLACE_COLUMNS.includes(name) || name.startsWith('_')) continue;
    const value = valueAt(column, row);
    if (typeof value === 'number') metrics[name] = column.kind === 'fixed' && column.values instanceof Float32Array ? shortestFloat32(value) : value;
    else if (typeof value === 'bigint') metrics[name] = value;
    else if (typeof value === 'string') words[name] = value;
    else if (Array.isArray(value) && value.length > 0 && column.kind !== 'list' && column.kind !== 'fixed') words[name] = JSON.stringify(value);
  }
  const date = metrics.date;
  if (typeof date === 'bigint') {
    delete metrics.date;
    words.date = new Date(Number(date) * 1000).toISOString();
  }
  const offset = cell(batch, 'warc_offset', row);
  return {
    id: wordAt(batch, 'id', row) ?? '',
    url: wordAt(batch, 'url', row),
    warcPath: wordAt(batch, 'warc_path', row),
    warcOffset: offset === null ? null : String(offset),
    step: wordAt(batch, 'step', row),
    reason: wordAt(batch, 'reason', row),
    keptId: wordAt(batch, 'kept_id', row),
    metrics,
    words,
    text: wordAt(batch, 'text', row),
  };
}

export function cell(batch: Batch, name: string, row: number): unknown {
  const column = batch.columns[name];
  return column === undefined ? null : valueAt(column, row);
}

export function wordAt(batch: Batch, name: string, row: number): string | null {
  const column = batch.columns[name];
  if (column === undefined) return null;
  if (column.kind === 'utf8') return stringAt(column, row);
  const value = valueAt(column, row);
  return typeof value === 'string' ? value : null;
}
