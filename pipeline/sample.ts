// `refine sample`: documents of a run to label, drawn by stratum, so that rare kinds are labelled too. Each carries its weight, the
// number of the run's documents it stands for, so that means over the sample, weighted, are unbiased for the run:
//   strata: the values of the columns named; a column of numbers is cut at its quantiles (BINS of them, over all documents)
//   places: n over the strata alike; a stratum with fewer documents than its part gives them all, and the others share the rest
//   within a stratum: the documents with the lowest hash of (seed, shard, row); weight = documents of the stratum / drawn of it
// Two passes over the text shards: the first for quantiles and counts, the second draws. Memory: the sample and 100,000 values a column.
import { join } from 'node:path';
import { type Batch, type Column, documentAt, isValid, RefineError, takeRows, valueAt } from '../native/index.js';
import { HOLDOUT_PREFIX } from './final-shards.js';
import type { RunState } from './run-folder.js';
import { RowHash } from './samples.js';
import { readArrow } from './store.js';
import type { Shard } from './types.js';

/** Strata of a column of numbers: fifths. */
const BINS = 5;
/** Values whose quantiles cut a column; of more documents, those of the lowest hashes. */
const MOST_VALUES = 100_000;
const MOST_STRATA = 10_000;
const NONE = 'null';

export interface SampleRequest {
  readonly columns: readonly string[];
  readonly n: number;
  readonly seed: bigint;
}

export interface Stratum {
  readonly name: string;
  readonly documents: number;
  readonly drawn: number;
}

export interface SampledRun {
  /** In the order of shard and row. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  readonly strata: readonly Stratum[];
  readonly documents: number;
}

interface Drawn {
  readonly hash: number;
  readonly order: readonly [number, number];
  readonly line: Readonly<Record<string, unknown>>;
}

export async function sampleRun(run: RunState, request: SampleRequest, signal: AbortSignal): Promise<SampledRun> {
  const shards = run.text.filter(({ path }) => !path.startsWith(`text/${HOLDOUT_PREFIX}`));
  if (shards.length === 0)
    throw new RefineError('ERR_REFINE_LEDGER', 'keeps no text, so there is nothing to label. Run its manifest with `sink: { text: { keep: true } }`', {
      place: run.folder,
    });
  const cuts = await cutsOf(run, shards, request, signal);
  const counts = new Map<string, number>();
  let documents = 0;
  for await (const { batch } of batchesOf(run, shards, request.columns, signal)) {
    documents += batch.rows;
    for (let row = 0; row < batch.rows; row++) {
      const name = stratumOf(batch, row, request.columns, cuts);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    if (counts.size > MOST_STRATA)
      throw new RefineError('ERR_REFINE_USAGE', `the columns have more than ${MOST_STRATA} strata. Name columns of few values, such as lang`, {
        place: `--stratify ${request.columns.join(',')}`,
      });
  }
  const places = placesOf(counts, request.n);
  const held = new Map<string, { readonly drawn: Drawn[]; bound: number }>(
    [...places.keys()].map((name) => [name, { drawn: [], bound: Number.POSITIVE_INFINITY }]),
  );
  for await (const { batch, shard, number, first } of batchesOf(run, shards, null, signal)) {
    const hash = new RowHash(request.seed, shard.path);
    for (let row = 0; row < batch.rows; row++) {
      const name = stratumOf(batch, row, request.columns, cuts);
      const wanted = places.get(name)!;
      const stratum = held.get(name)!;
      const draw = hash.of(first + row);
      if (wanted === 0 || draw > stratum.bound) continue;
      const line = { weight: counts.get(name)! / wanted, stratum: name, ...plain(documentAt(takeRows(batch, [row]), 0)) };
      stratum.drawn.push({ hash: draw, order: [number, first + row], line });
      if (stratum.drawn.length < 2 * wanted + 16) continue;
      stratum.drawn.sort(byHash).splice(wanted);
      stratum.bound = stratum.drawn.at(-1)!.hash;
    }
  }
  const chosen = [...held].flatMap(([name, { drawn }]) => drawn.sort(byHash).slice(0, places.get(name)!));
  const lines = chosen.sort((a, b) => a.order[0] - b.order[0] || a.order[1] - b.order[1]).map(({ line }) => line);
  const strata = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => ({ name, documents: count, drawn: places.get(name)! }));
  return { lines, strata, documents };
}

const byHash = (a: Drawn, b: Drawn): number => a.hash - b.hash || a.order[0] - b.order[0] || a.order[1] - b.order[1];

async function* batchesOf(
  run: RunState,
  shards: readonly Shard[],
  columns: readonly string[] | null,
  signal: AbortSignal,
): AsyncGenerator<{ readonly batch: Batch; readonly shard: Shard; readonly number: number; readonly first: number }> {
  for (const [number, shard] of shards.entries()) {
    let first = 0;
    for await (const batch of readArrow(join(run.folder, shard.path), columns === null ? undefined : columns)) {
      signal.throwIfAborted();
      yield { batch, shard, number, first };
      first += batch.rows;
    }
  }
}

/** The cuts of each column of numbers: values at 1/BINS, 2/BINS, ..., each once; columns of words have none. */
async function cutsOf(
  run: RunState,
  shards: readonly Shard[],
  { columns, seed }: SampleRequest,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const values = new Map<string, { hash: number; value: number }[]>();
  if (columns.length === 0) return new Map();
  for await (const { batch, shard, first } of batchesOf(run, shards, columns, signal)) {
    const hash = new RowHash(seed, `quantiles ${shard.path}`);
    for (const name of columns) {
      const column: Column | undefined = batch.columns[name];
      if (column === undefined)
        throw new RefineError('ERR_REFINE_USAGE', `the run's text has no column "${name}"; a step that writes it must stand in its manifest`, {
          place: `--stratify ${name}`,
        });
      if (column.kind !== 'fixed' && column.kind !== 'dictionary' && column.kind !== 'utf8')
        throw new RefineError('ERR_REFINE_USAGE', `the column "${name}" holds ${column.kind}s, which have no strata. Name one of numbers or words`, {
          place: `--stratify ${name}`,
        });
      if (column.kind !== 'fixed') continue;
      let known = values.get(name);
      if (known === undefined) values.set(name, (known = []));
      for (let row = 0; row < batch.rows; row++) {
        const value = Number(column.values[row * column.width]);
        if (isValid(column, row) && !Number.isNaN(value)) known.push({ hash: hash.of(first + row), value });
      }
      if (known.length > 2 * MOST_VALUES) known.sort((a, b) => a.hash - b.hash).splice(MOST_VALUES);
    }
  }
  return new Map(
    [...values].map(([name, known]) => {
      const sorted = known.map(({ value }) => value).sort((a, b) => a - b);
      const at = Array.from({ length: BINS - 1 }, (_, i) => sorted[Math.floor((sorted.length * (i + 1)) / BINS)]!);
      return [name, sorted.length === 0 ? [] : [...new Set(at)]] as const;
    }),
  );
}

function stratumOf(batch: Batch, row: number, columns: readonly string[], cuts: ReadonlyMap<string, readonly number[]>): string {
  return columns
    .map((name) => {
      const value = valueAt(batch.columns[name]!, row);
      if (value === null) return `${name}=${NONE}`;
      const edges = cuts.get(name);
      if (edges === undefined) return `${name}=${String(value)}`;
      if (Number.isNaN(Number(value))) return `${name}=${NONE}`;
      const bin = edges.filter((edge) => Number(value) >= edge).length;
      const edge = (at: number, other: string): string => (edges[at] === undefined ? other : String(Number(edges[at]!.toPrecision(4))));
      return `${name}=${edge(bin - 1, '-inf')}..${edge(bin, 'inf')}`;
    })
    .join(' ');
}

/** Equal parts, filled from the smallest stratum up; ties and the remainder by name. */
export function placesOf(counts: ReadonlyMap<string, number>, n: number): Map<string, number> {
  const order = [...counts].sort(([a, m], [b, k]) => m - k || (a < b ? -1 : 1));
  const places = new Map<string, number>();
  let left = n;
  order.forEach(([name, count], at) => {
    const part = Math.min(count, Math.floor(left / (order.length - at)));
    places.set(name, part);
    left -= part;
  });
  for (const [name, count] of [...order].reverse()) {
    const more = Math.min(left, count - places.get(name)!);
    places.set(name, places.get(name)! + more);
    left -= more;
  }
  return places;
}

/** What JSON can hold: 64-bit whole numbers as numbers. */
function plain(document: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(document)
      .filter(([, value]) => value !== null && !(value instanceof Uint8Array))
      .map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value]),
  );
}
