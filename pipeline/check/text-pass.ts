// What needs every document's text, in one pass: which of a seeded sample have a near duplicate elsewhere in the run (all pairs
// from Jaccard .8 over word 5-grams, by the prefix filter of near-pairs.ts), and n-grams shared with benchmarks (the step
// decontaminate's own matching). Runs of more than MOST_BYTES are looked through in seeded whole shards up to that size.
import { basename } from 'node:path';
import { native, RefineError, type ShingleParams, valueAt } from '../../native/index.js';
import type { Stage, StageRun } from '../../stages/contract/stage.js';
import { loadStep } from '../registry.js';
import { RowHash } from '../samples.js';
import type { Shard } from '../types.js';
import { type Finding, percent, Rows } from './finding.js';
import { NearPairFinder, shingleSet } from './near-pairs.js';
import type { RunTexts, TextBatch } from './run-texts.js';
import { wilson } from './statistics.js';

const LEAST_JACCARD = 0.8;
const SHINGLES: ShingleParams = { size: 5, normalise: 'default', words: 'white-space', hash: 'xxh64' };
/** Sampled documents; at a share of 2 % the interval is 1.1 to 3.6 %. */
const SAMPLED = 512;
/** The lower end of the interval from which a run is told to deduplicate again. */
const WARN_SHARE = 0.02;
const MOST_BYTES = 4 * 2 ** 30;
const SHOWN_PAIRS = 10;

export interface NearFigures {
  readonly sampled: number;
  /** Documents each was compared with, and how many there are in the run. */
  readonly compared: number;
  readonly documents: number;
  /** Sampled documents with a near duplicate among those compared. */
  readonly near: number;
  /** Their share, and its interval at 95 % (Wilson); where not every document was compared, a lower bound of the run's. */
  readonly share: number;
  readonly low: number;
  readonly high: number;
  readonly examples: readonly { readonly id: string; readonly shard: string; readonly row: number; readonly near: string; readonly jaccard: number }[];
}

export interface ContaminationFigures {
  readonly documents: number;
  /** Documents that share an n-gram, by benchmark. */
  readonly benchmarks: Readonly<Record<string, number>>;
}

export interface TextPass {
  readonly findings: readonly Finding[];
  readonly near: NearFigures;
  readonly contamination: ContaminationFigures | null;
}

export async function passTexts(
  texts: RunTexts,
  options: { readonly seed: bigint; readonly benchmarks: readonly string[] },
  signal: AbortSignal,
  progress: (words: string) => void,
): Promise<TextPass> {
  const chosen = chooseShards(texts.shards, options.seed);
  const documents = texts.shards.reduce((sum, { rows }) => sum + rows, 0);
  const sample = new NearSample();
  const chance =
    SAMPLED /
    Math.max(
      1,
      chosen.reduce((sum, { rows }) => sum + rows, 0),
    );
  for (const shard of chosen) {
    progress(`near-duplicates: sampling ${shard.path}`);
    const hash = new RowHash(options.seed, shard.path);
    // a Bernoulli sample by hash: no second pass is needed to know whom to compare with whom
    for await (const batch of texts.batches(shard, signal)) await sample.add(batch, (row) => hash.of(row) < chance * 2 ** 53);
  }
  const overlap = options.benchmarks.length === 0 ? null : await Overlap.open(options.benchmarks);
  let compared = 0;
  for (const [number, shard] of chosen.entries()) {
    progress(`near-duplicates${overlap === null ? '' : ' and contamination'}: shard ${number + 1} of ${chosen.length}`);
    overlap?.beginShard(shard.path);
    for await (const batch of texts.batches(shard, signal)) {
      compared += batch.rows;
      await sample.compare(batch);
      await overlap?.add(batch, signal);
    }
  }
  await overlap?.close();
  const near = sample.figures(compared, documents);
  const findings: Finding[] = overlap?.findings() ?? [];
  if (near.low > WARN_SHARE)
    findings.push({
      check: 'near-duplicates',
      severity: 'warning',
      shard: null,
      rows: [],
      message: `${near.near} of ${near.sampled} sampled documents (${percent(near.share)}, at 95 % ${percent(near.low)} to ${percent(near.high)}) have a near duplicate of Jaccard ${LEAST_JACCARD} or more in the run, such as ${near.examples[0]!.id} and ${near.examples[0]!.near}`,
      next: 'Add dedupe-minhash before tokenize',
    });
  return { findings, near, contamination: overlap?.figures(compared) ?? null };
}

/** All shards, or as many in seeded order as MOST_BYTES holds; in their own order. */
function chooseShards(shards: readonly Shard[], seed: bigint): Shard[] {
  const order = shards.map((shard) => ({ shard, draw: new RowHash(seed, shard.path).of(0) })).sort((a, b) => a.draw - b.draw);
  const chosen = new Set<Shard>();
  let bytes = 0;
  for (const { shard } of order) {
    if (chosen.size > 0 && bytes + shard.bytes > MOST_BYTES) continue;
    chosen.add(shard);
    bytes += shard.bytes;
  }
  return shards.filter((shard) => chosen.has(shard));
}

class NearSample {
  readonly #finder = new NearPairFinder(LEAST_JACCARD);
  readonly #of: { readonly shard: string; readonly row: number; readonly id: string; near: { id: string; jaccard: number } | null }[] = [];
  readonly #places = new Map<string, number>();

  async add(batch: TextBatch, chosen: (row: number) => boolean): Promise<void> {
    const rows = Array.from({ length: batch.rows }, (_, row) => row).filter((row) => chosen(batch.first + row));
    if (rows.length === 0) return;
    const sets = await setsOf(batch);
    for (const row of rows) {
      const set = sets(row);
      if (set.length === 0) continue; // fewer words than a shingle: dedupe-minhash keeps it too
      const number = this.#finder.add(set);
      this.#of[number] = { shard: batch.shard, row: batch.first + row, id: batch.idOf(row), near: null };
      this.#places.set(`${batch.shard} ${batch.first + row}`, number);
    }
  }

  async compare(batch: TextBatch): Promise<void> {
    const sets = await setsOf(batch);
    for (let row = 0; row < batch.rows; row++) {
      const self = this.#places.get(`${batch.shard} ${batch.first + row}`);
      for (const { one, jaccard } of this.#finder.near(sets(row), 0)) {
        if (one === self) continue;
        const sampled = this.#of[one]!;
        sampled.near ??= { id: batch.idOf(row), jaccard };
      }
    }
  }

  figures(compared: number, documents: number): NearFigures {
    const found = this.#of.filter(({ near }) => near !== null);
    return {
      sampled: this.#of.length,
      compared,
      documents,
      near: found.length,
      share: this.#of.length === 0 ? 0 : found.length / this.#of.length,
      ...wilson(found.length, this.#of.length),
      examples: found
        .slice(0, SHOWN_PAIRS)
        .map(({ id, shard, row, near }) => ({ id, shard, row, near: near!.id, jaccard: Math.round(near!.jaccard * 1000) / 1000 })),
    };
  }
}

async function setsOf({ text }: TextBatch): Promise<(row: number) => Float64Array> {
  const shingles = await native.shingles(text, SHINGLES);
  const words = new Uint32Array(shingles.values.buffer, shingles.values.byteOffset, shingles.values.length * 2);
  return (row) => shingleSet(shingles, words, row);
}

/** The step decontaminate over the run's texts, which keeps every document and writes what it shares. */
class Overlap {
  readonly #run: StageRun;
  readonly #counts = new Map<string, number>();
  readonly #shards: { readonly path: string; documents: number; readonly byBenchmark: Map<string, { rows: Rows; item: number; longest: number }> }[] = [];

  private constructor(run: StageRun) {
    this.#run = run;
  }

  static async open(benchmarks: readonly string[]): Promise<Overlap> {
    const stage = (await loadStep('decontaminate')) as Stage<unknown>;
    const env = { seed: 0n, baseDir: process.cwd(), device: 'cpu' as const };
    const options = stage.schema.parse({ benchmarks, action: 'keep' });
    const problem = stage.check?.(options, env)[0];
    if (problem !== undefined)
      throw new RefineError('ERR_REFINE_USAGE', problem.message, { place: `--benchmarks ${basename(benchmarks[Number(problem.path[1] ?? 0)] ?? '')}` });
    return new Overlap(await stage.open(options, env));
  }

  beginShard(path: string): void {
    this.#shards.push({ path, documents: 0, byBenchmark: new Map() });
  }

  async add(batch: TextBatch, signal: AbortSignal): Promise<void> {
    const shard = this.#shards.at(-1)!;
    shard.documents += batch.rows;
    const { columns = {} } = await this.#run.process({ rows: batch.rows, columns: { text: batch.text } }, signal);
    for (let row = 0; row < batch.rows; row++) {
      const name = valueAt(columns.decontaminate_benchmark!, row) as string | null;
      if (name === null) continue;
      this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
      let known = shard.byBenchmark.get(name);
      if (known === undefined) {
        known = { rows: new Rows(), item: Number(valueAt(columns.decontaminate_item!, row)), longest: 0 };
        shard.byBenchmark.set(name, known);
      }
      known.rows.add(batch.first + row);
      known.longest = Math.max(known.longest, Number(valueAt(columns.decontaminate_match!, row)));
    }
  }

  figures(documents: number): ContaminationFigures {
    return { documents, benchmarks: Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1))) };
  }

  findings(): Finding[] {
    return this.#shards.flatMap(({ path, documents, byBenchmark }) =>
      [...byBenchmark]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, { rows, item, longest }]) => ({
          check: 'contamination' as const,
          severity: 'error' as const,
          shard: path,
          rows: rows.first,
          message: `${rows.count} of its ${documents} documents share an n-gram of 13 words with ${name} (the longest match is ${longest} words; first with its item ${item})`,
          next: 'Add decontaminate: { benchmarks: [...] } before tokenize',
        })),
    );
  }

  async close(): Promise<void> {
    await this.#run.close();
  }
}
