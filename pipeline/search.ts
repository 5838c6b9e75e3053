// Exact strings in a run's kept texts: how often, in which documents, where those came from. With files in `search/` (one a text shard, derived
// and deletable; infra/decisions/0012-search-by-sampled-grams.md) only batches are read that can hold a string; without them all are.
// Invariant: the answer is the same with an index, without one, and with one that is damaged or of other texts.
import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Batch, type BytesColumn, native, SEARCH_LEAST, type StringSearchHandle, utf8Column, valueAt } from '../native/index.js';
import { RefineError } from '../native/errors.js';
import { adoptFile, makeFolder } from './atomic-file.js';
import type { RunState } from './run-folder.js';
import { ArrowFile } from './store.js';
import type { Shard } from './types.js';

export interface SearchMatch {
  readonly id: string | null;
  readonly url: string | null;
  readonly warc_path: string | null;
  /** Of the gzip member in the WARC file. */
  readonly warc_offset: number | null;
  readonly warc_length: number | null;
  /** Times the string stands in the document, overlaps counted. */
  readonly count: number;
  /** Where the text is: a shard of the run, and the row in it. */
  readonly shard: string;
  readonly row: number;
}

export interface StringFound {
  readonly string: string;
  readonly count: number;
  readonly documents: number;
  /** The first ones, in the order of the shards. */
  readonly matches: readonly SearchMatch[];
}

export interface SearchAnswer {
  /** Kept documents of the run, all of which were looked at or ruled out. */
  readonly documents: number;
  readonly strings: readonly StringFound[];
  readonly shards: number;
  readonly shards_indexed: number;
  readonly batches_read: number;
  /** Index files that could not be used, and why. */
  readonly warnings: readonly string[];
}

export interface SearchSettings {
  /** Matches given for each string. */
  readonly limit: number;
  readonly signal: AbortSignal;
}

const PLACES = ['id', 'url', 'warc_path', 'warc_offset', 'warc_length'] as const;

export async function searchRun(run: RunState, strings: readonly string[], { limit, signal }: SearchSettings): Promise<SearchAnswer> {
  needTexts(run);
  const asked = native.searchStrings(utf8Column(strings));
  const indexable = strings.every((string) => Buffer.byteLength(string) >= SEARCH_LEAST);
  const found = strings.map((string) => ({ string, count: 0, documents: 0, matches: [] as SearchMatch[] }));
  const warnings: string[] = [];
  let read = 0;
  let indexed = 0;
  for (const shard of run.text) {
    const file = await ArrowFile.open(join(run.folder, shard.path));
    try {
      const named = indexable ? await candidates(run, shard, asked, warnings) : null;
      if (named !== null) indexed++;
      const batches = named?.batches ?? Uint32Array.from({ length: file.batchCount }, (_, index) => index);
      let first = 0;
      for (const [i, index] of batches.entries()) {
        signal.throwIfAborted();
        const batch = await file.readBatch(index, ['text', ...PLACES]);
        read++;
        if (named !== null) first = named.firstRows[i]!;
        const matches = await native.searchTexts(asked, textOf(batch, shard));
        for (const [at, row] of matches.rows.entries()) {
          const one = found[matches.strings[at]!]!;
          const count = matches.counts[at]!;
          one.count += count;
          one.documents++;
          if (one.matches.length < limit) one.matches.push(matchOf(batch, row, count, shard.path, first + row));
        }
        first += batch.rows;
      }
    } finally {
      await file.close();
    }
  }
  const documents = run.text.reduce((sum, shard) => sum + shard.rows, 0);
  return { documents, strings: found, shards: run.text.length, shards_indexed: indexed, batches_read: read, warnings };
}

/** Makes the index files that are missing, damaged or of other texts; gives how many, and the bytes of all. */
export async function indexRun(run: RunState, signal: AbortSignal): Promise<{ readonly built: number; readonly bytes: number; readonly textBytes: number }> {
  needTexts(run);
  await makeFolder(join(run.folder, 'search'));
  let built = 0;
  let bytes = 0;
  let textBytes = 0;
  const nothing = native.searchStrings(utf8Column([]));
  for (const shard of run.text) {
    const path = indexPath(run, shard);
    textBytes += shard.bytes;
    const stands =
      existsSync(path) &&
      (await native.searchIndexBatches(path, shard.sha256, nothing).then(
        () => true,
        () => false,
      ));
    if (!stands) {
      await buildIndex(run, shard, path, signal);
      built++;
    }
    bytes += statSync(path).size;
  }
  return { built, bytes, textBytes };
}

async function buildIndex(run: RunState, shard: Shard, path: string, signal: AbortSignal): Promise<void> {
  const file = await ArrowFile.open(join(run.folder, shard.path));
  try {
    const indexer = native.searchIndexer();
    for await (const batch of file.batches(['text'])) {
      signal.throwIfAborted();
      await native.searchIndexerAdd(indexer, textOf(batch, shard));
    }
    await native.searchIndexerWrite(indexer, `${path}.part`, shard.sha256);
    await adoptFile(`${path}.part`, path);
  } finally {
    await file.close();
  }
}

/** The batches that can hold a string; null where there is no index to ask. */
async function candidates(run: RunState, shard: Shard, asked: StringSearchHandle, warnings: string[]) {
  const path = indexPath(run, shard);
  if (!existsSync(path)) return null;
  try {
    return await native.searchIndexBatches(path, shard.sha256, asked);
  } catch (error) {
    warnings.push((error as Error).message);
    return null;
  }
}

function indexPath(run: RunState, shard: Shard): string {
  return join(run.folder, 'search', `${basename(shard.path, '.arrow')}.search`);
}

function needTexts(run: RunState): void {
  if (!run.finished)
    throw new RefineError('ERR_REFINE_LEDGER', 'is not finished: what is kept is not known yet. Run the same command again to finish it.', {
      place: run.folder,
    });
  if (run.text.length === 0)
    throw new RefineError('ERR_REFINE_INPUT', 'keeps no texts (sink.text.keep: false), so there is nothing to search.', { place: run.folder });
}

function textOf(batch: Batch, shard: Shard): BytesColumn {
  const text = batch.columns.text;
  if (text?.kind !== 'utf8') throw new RefineError('ERR_REFINE_SHARD', 'has no column "text"', { place: shard.path });
  return text;
}

function matchOf(batch: Batch, row: number, count: number, shard: string, shardRow: number): SearchMatch {
  const value = (name: (typeof PLACES)[number]): unknown => {
    const column = batch.columns[name];
    return column === undefined ? null : valueAt(column, row);
  };
  const word = (name: (typeof PLACES)[number]): string | null => value(name) as string | null;
  const number = (name: (typeof PLACES)[number]): number | null => {
    const found = value(name);
    return found === null ? null : Number(found);
  };
  return {
    id: word('id'),
    url: word('url'),
    warc_path: word('warc_path'),
    warc_offset: number('warc_offset'),
    warc_length: number('warc_length'),
    count,
    shard,
    row: shardRow,
  };
}
