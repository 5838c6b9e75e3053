// Keeps one of the documents that mean the same, as far as embeddings can tell: SemDeDup (Abbas et al. 2023, arXiv 2303.09540).
// k-means over unit vectors of a sample, every document to its nearest centre, then greedily inside each cluster: a document is
// dropped where its cosine to a kept one reaches min-similarity. Off unless a manifest names it; what it removes, and what it should
// not be trusted with, stands in infra/docs/dedupe-semantic.md. Invariant: the same survivors for any workers, partitions, memory.
import { z } from 'zod';
import { type Batch, type Column, column, isValid, native, RefineError } from '../../../native/index.js';
import { RecordWriter } from '../../../native/records.js';
import type { Barrier, BarrierMap, Phase, PhaseTask, TaskFiles } from '../../contract/barrier.js';
import { ENCODER_DTYPES, NativeEncoder } from '../../contract/encoder.js';
import { encoderAssets, readEncoderConfig } from '../../contract/encoder-config.js';
import type { LoadEncoderTokenizer } from '../../contract/encoder-tokens.js';
import { resolveModel } from '../../contract/weights/shipped.js';
import { LazyMap, rangeOf } from '../repeats.js';

const MAX_CLUSTERS = 50_000; // SemDeDup's own, for 440 million images
/** Points of the sample for each centre: k-means needs some dozens. */
const POINTS_PER_CLUSTER = 128;
/** What the sample and the centres may hold in memory. */
const SAMPLE_BYTES = 256 * 1024 * 1024;
const CENTRE_BYTES = 128 * 1024 * 1024;

const schema = z.strictObject({
  model: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      'an encoder that embeds the texts: a shipped name or a HuggingFace folder (all-MiniLM, BERT, RoBERTa, DeBERTa-v2); null: the vectors of `embedding`',
    ),
  dtype: z.enum(ENCODER_DTYPES).default('f32').describe("how the encoder's weights are held and multiplied"),
  'max-length': z.int().min(3).nullable().default(null).describe("tokens of a text that the encoder reads, from its beginning; null: the model's own limit"),
  embedding: z
    .string()
    .min(1)
    .default('embedding')
    .describe('the column of vectors, one a document: a list of float32 or float64 of one length; documents without one are kept'),
  'min-similarity': z
    .number()
    .min(0)
    .max(1)
    .default(0.95)
    .describe('a document is dropped where the cosine of its vector to a kept one in its cluster is at least so much'),
  clusters: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe('clusters of k-means; pairs in different ones are never compared. Default: the square root of the number of vectors, at most 50,000'),
  iterations: z.int().min(0).max(1000).default(20).describe('of k-means, at most; it ends when nothing moves'),
  keep: z
    .enum(['hard', 'easy', 'first'])
    .default('hard')
    .describe(
      "who stays first: the document farthest from its cluster's centre (hard, SemDeDup's choice), nearest to it (easy), or the smallest (path, offset) (first); ties by (path, offset)",
    ),
});
export type DedupeSemanticOptions = z.infer<typeof schema>;

const VECTOR_SHAPE = { keyWords: 1, valueBytes: 0, tail: true } as const;

type VectorColumn = Extract<Column, { kind: 'list' | 'fixed' }>;

function vectorColumn(batch: Batch, name: string): VectorColumn {
  const found = batch.columns[name];
  const kind = found?.kind === 'list' || (found?.kind === 'fixed' && found.width > 1);
  if (kind && (found.values instanceof Float32Array || found.values instanceof Float64Array)) return found;
  const is =
    found === undefined ? 'absent' : found.kind === 'fixed' ? `a column of ${found.width === 1 ? 'single numbers' : 'integers'}` : `a ${found.kind} column`;
  throw new RefineError(
    'ERR_REFINE_INPUT',
    `column "${name}" is ${is}, expected lists of float32 or float64. Name the column of embeddings (dedupe-semantic.embedding), or add a step that writes it`,
  );
}

type VectorsOf = (batch: Batch) => Promise<VectorColumn>;

/** The batch's texts by an encoder; one without tokens has a vector of zeros, of which nothing can be said. */
async function encoded(encoder: NativeEncoder, batch: Batch): Promise<VectorColumn> {
  const inputs = await encoder.inputs(column(batch, 'text', 'utf8'));
  const vectors = await encoder.vectors(inputs);
  const values = new Float32Array(batch.rows * encoder.channels);
  for (const [input, row] of inputs.rows.entries())
    values.set(vectors.subarray(input * encoder.channels, (input + 1) * encoder.channels), row * encoder.channels);
  return { kind: 'fixed', values, width: encoder.channels };
}

/** Vectors of length 1 as records; sums run over the numbers in their order, in double precision. */
class VectorMap implements BarrierMap {
  readonly #vectorsOf: VectorsOf;
  readonly #writer: RecordWriter;
  #vectors = 0;
  #numbers = 0;
  #without = 0;

  private constructor(vectorsOf: VectorsOf, writer: RecordWriter) {
    this.#vectorsOf = vectorsOf;
    this.#writer = writer;
  }

  static async open(vectorsOf: VectorsOf, files: TaskFiles): Promise<VectorMap> {
    return new VectorMap(vectorsOf, await RecordWriter.open(files.path('vectors'), VECTOR_SHAPE, files.memoryBytes));
  }

  async add(batch: Batch, rows: BigUint64Array): Promise<void> {
    const vectors = await this.#vectorsOf(batch);
    const values = vectors.values as Float32Array | Float64Array;
    const keys: bigint[] = [];
    const offsets = [0];
    const unit = new Float32Array(values.length);
    let end = 0;
    for (let row = 0; row < batch.rows; row++) {
      const [from, to] = vectors.kind === 'list' ? [vectors.offsets[row]!, vectors.offsets[row + 1]!] : [row * vectors.width, (row + 1) * vectors.width];
      let square = 0;
      for (let i = from; i < to; i++) square += values[i]! * values[i]!;
      if (!isValid(vectors, row) || !(square > 0 && square < Number.POSITIVE_INFINITY)) {
        this.#without++; // null, empty, all zeros, or with numbers that are none: nothing can be said of it
        continue;
      }
      const length = Math.sqrt(square);
      for (let i = from; i < to; i++) unit[end++] = values[i]! / length;
      keys.push(rows[row]!);
      offsets.push(4 * end);
    }
    this.#vectors += keys.length;
    this.#numbers += end;
    await this.#writer.add(BigUint64Array.from(keys), new Uint8Array(0), { bytes: new Uint8Array(unit.buffer, 0, 4 * end), offsets: Int32Array.from(offsets) });
  }

  async finish(): Promise<Readonly<Record<string, number>>> {
    await this.#writer.finish();
    return { vectors: this.#vectors, numbers: this.#numbers, without: this.#without };
  }

  abort(): Promise<void> {
    return this.#writer.abort();
  }
}

async function workOf(task: PhaseTask, from: string, role: string, out: string) {
  return {
    files: task.files(from, role).map((file) => file.path),
    first: 0n,
    last: 2n ** 64n - 1n,
    dropped: task.dropped(),
    out: task.path(out),
    scratch: await task.folder(),
    memoryBytes: task.memoryBytes,
  };
}

const seedOf = (task: PhaseTask): bigint => BigInt.asUintN(64, task.env.seed);

/** Clusters of k-means, and the share of vectors that it sees: one of 2^bits. */
export function plan(options: DedupeSemanticOptions, totals: Readonly<Record<string, number>>): { clusters: number; bits: number } {
  const vectors = Math.max(1, totals.vectors ?? 0);
  const bytes = Math.max(4, (4 * (totals.numbers ?? 0)) / vectors);
  const wanted = options.clusters ?? Math.min(MAX_CLUSTERS, Math.ceil(Math.sqrt(vectors)));
  const clusters = Math.max(1, Math.min(wanted, Math.floor(CENTRE_BYTES / bytes)));
  const points = Math.min(clusters * POINTS_PER_CLUSTER, SAMPLE_BYTES / bytes / 2);
  return { clusters, bits: Math.max(0, Math.floor(Math.log2(vectors / points))) };
}

/** The step, with the tokenizers of stages/tokenize, which a stage may not import. */
export const dedupeSemanticWith = (loadTokenizer: LoadEncoderTokenizer): Barrier<DedupeSemanticOptions> => ({
  kind: 'barrier',
  name: 'dedupe-semantic',
  version: 2,
  reads: [],
  writes: [],
  reasons: ['semantic-duplicate'],
  schema: schema.describe('Of documents whose embeddings point the same way, keeps one (SemDeDup).'),
  similarity: true,

  alsoReads: ({ model, embedding }) => (model === null ? [embedding] : ['text']),
  neural: ({ model }) => model !== null,
  assets: ({ model }, env) => (model === null ? [] : encoderAssets(resolveModel(model, env.baseDir))),

  check({ model, 'max-length': most }, env) {
    if (model === null) return [];
    try {
      const { maxLength, safetensors } = readEncoderConfig(resolveModel(model, env.baseDir));
      if (!safetensors) return [{ path: ['model'], message: 'the folder has no safetensors; expected an encoder such as all-MiniLM-L6-v2' }];
      return most !== null && most > maxLength ? [{ path: ['max-length'], message: `the model reads ${maxLength} tokens at most. Lower it` }] : [];
    } catch (error) {
      return [{ path: ['model'], message: (error as Error).message }];
    }
  },

  async open(options, env) {
    const { model, embedding, dtype, 'max-length': most } = options;
    let encoder: Promise<NativeEncoder> | undefined; // loaded with the first batch: phases after the map need none
    const load = (name: string): Promise<NativeEncoder> =>
      NativeEncoder.open(resolveModel(name, env.baseDir), { loadTokenizer, dtype, place: env, maxLength: most ?? undefined }, false);
    const vectorsOf: VectorsOf = async (batch) => {
      if (model === null) return vectorColumn(batch, embedding);
      encoder ??= load(model);
      return encoded(await encoder, batch);
    };
    return { map: (files) => new LazyMap(() => VectorMap.open(vectorsOf, files)), async close() {} };
  },

  phases(options, totals, limits): readonly Phase<DedupeSemanticOptions>[] {
    const { clusters, bits } = plan(options, totals);
    // Named by what the totals decided: a task's identity must change with the sample.
    const sample = `sample-${bits}`;
    const centres = `centres-${clusters}`;
    return [
      {
        name: sample,
        over: 'inputs',
        reads: [{ from: 'map', role: 'vectors', match: 'own' }],
        writes: ['sample'],
        async run(_options, task) {
          const { vectors, written } = await native.semanticSample({ ...(await workOf(task, 'map', 'vectors', 'sample')), bits, seed: seedOf(task) });
          return { rowsIn: vectors, rowsOut: written };
        },
      },
      {
        name: centres,
        over: 'run',
        reads: [{ from: sample, role: 'sample', match: 'all' }],
        writes: ['centres'],
        async run(_options, task) {
          const work = await workOf(task, sample, 'sample', 'centres');
          const counts = await native.semanticCentres({ ...work, clusters, iterations: options.iterations, seed: seedOf(task) });
          return { rowsIn: counts.vectors, rowsOut: counts.clusters, notes: { clusters: counts.clusters, iterations: counts.iterations } };
        },
      },
      {
        name: 'members',
        over: 'inputs',
        reads: [
          { from: 'map', role: 'vectors', match: 'own' },
          { from: centres, role: 'centres', match: 'all' },
        ],
        writes: ['members'],
        async run(_options, task) {
          const work = await workOf(task, 'map', 'vectors', 'members');
          const counts = await native.semanticMembers({ ...work, centres: task.files(centres, 'centres').map((file) => file.path), keep: options.keep });
          return { rowsIn: counts.vectors, rowsOut: counts.written };
        },
      },
      {
        name: 'survivors',
        over: 'partitions',
        count: limits.partitions,
        reads: [{ from: 'members', role: 'members', match: 'all' }],
        writes: ['verdicts'],
        async run(_options, task) {
          const counts = await native.semanticSurvivors({
            ...(await workOf(task, 'members', 'members', 'verdicts')),
            ...rangeOf(task.number, task.count),
            minSimilarity: options['min-similarity'],
          });
          const notes = { vectors: counts.vectors, semantic_duplicates: counts.written, comparisons: counts.comparisons, max_cluster: counts.largestCluster };
          return { rowsIn: counts.vectors, rowsOut: counts.vectors - counts.written, notes };
        },
      },
    ];
  },

  notices(options, notes) {
    const { vectors = 0, semantic_duplicates: dropped = 0, clusters = 0, max_cluster: largest = 0 } = notes;
    if (vectors === 0)
      return [
        options.model === null
          ? `no document has a vector in column "${options.embedding}": nothing was compared`
          : 'no document has a text: nothing was compared',
      ];
    const said = [
      `${dropped} of ${vectors} documents have a cosine of ${options['min-similarity']} or more to one that stays (${((100 * dropped) / vectors).toFixed(1)} %), in ${clusters} clusters; the largest has ${largest}`,
    ];
    if (vectors >= 1000 && dropped > vectors / 2)
      said.push('more than half of the documents were dropped: look at them before you trust the threshold (infra/docs/dedupe-semantic.md)');
    return said;
  },
});
