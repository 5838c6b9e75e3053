// Cuts paragraphs, and drops documents, whose word n-grams mostly stood before: the deduplication of DCLM (Li et al. 2024; dclm
// 77e7bf5b dedup/bff, "old-both"), independent of order. The first paragraph by (path, offset) that has an n-gram owns it; everyone
// else's copy of it counts. Exactly, by sorted n-grams, or by Bloom filters of a given false-positive rate. Work: kernels/repeats.
import { z } from 'zod';
import { type Batch, column, native } from '../../../native/index.js';
import { RecordWriter } from '../../../native/records.js';
import type { Barrier, BarrierMap, Phase, PhaseTask, TaskFiles } from '../../contract/barrier.js';
import { type Scope, Scopes, scopeOption } from '../index-scope.js';
import { LazyMap, rangeOf, scopeWords } from '../repeats.js';

const TOO_SHORT = 2; // reason 1, copied-paragraphs, is the verdicts'

const schema = z.strictObject({
  ngram: z.int().min(1).max(1000).default(13).describe('words of an n-gram; punctuation marks are words here, as in DCLM'),
  'min-ngram': z
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe('a paragraph of fewer words than ngram but at least so many is one n-gram of its own, shorter ones are left alone; default: ngram, as in DCLM'),
  'paragraph-threshold': z.number().min(0).max(1).default(0.8).describe('a paragraph with a larger share of its n-grams copied is cut; 1: none is'),
  'document-threshold': z.number().min(0).max(1).default(0.8).describe('a document with a larger share of its n-grams copied is dropped; 1: none is'),
  filter: z
    .enum(['exact', 'bloom'])
    .default('exact')
    .describe(
      'how n-grams that stood before are found: by sorting all of them (exact: right, 20 bytes of temporary files a word), or by Bloom filters (bloom: as DCLM does, wrong at a known rate, no sort of single n-grams)',
    ),
  'false-positive-rate': z.number().min(1e-6).max(0.5).default(0.01).describe('of the Bloom filters, when they are full'),
  normalise: z
    .enum(['none', 'default'])
    .default('none')
    .describe('words are compared as they stand (none, as in DCLM), or in lower case, without marks and punctuation (default)'),
  scope: scopeOption,
});
export type DedupeBffOptions = z.infer<typeof schema>;

const BLOOM_PARTITIONS = 256; // a filter's n-grams share the first byte of their hash

const PARAGRAPH_SHAPE = { keyWords: 2, valueBytes: 12, tail: false } as const;
const GRAM_SHAPE = { keyWords: 2, valueBytes: 4, tail: false } as const;
const LIST_SHAPE = { keyWords: 2, valueBytes: 0, tail: true } as const;

class GramMap implements BarrierMap {
  readonly #options: DedupeBffOptions;
  readonly #scopes: Scopes;
  readonly #grams: RecordWriter;
  readonly #paragraphs: RecordWriter;
  #count = 0;

  private constructor(options: DedupeBffOptions, grams: RecordWriter, paragraphs: RecordWriter) {
    this.#options = options;
    this.#scopes = new Scopes(options.scope as Scope);
    this.#grams = grams;
    this.#paragraphs = paragraphs;
  }

  static async open(options: DedupeBffOptions, files: TaskFiles): Promise<GramMap> {
    const memory = Math.floor(files.memoryBytes / 4);
    const grams = await RecordWriter.open(files.path('grams'), options.filter === 'bloom' ? LIST_SHAPE : GRAM_SHAPE, 3 * memory);
    return new GramMap(options, grams, await RecordWriter.open(files.path('paragraphs'), PARAGRAPH_SHAPE, memory));
  }

  async add(batch: Batch, rows: BigUint64Array): Promise<void> {
    const lists = this.#options.filter === 'bloom';
    const most = this.#options.ngram;
    const params = { most, least: this.#options['min-ngram'] ?? most, normalise: this.#options.normalise === 'default', lists };
    const records = await native.paragraphGrams(column(batch, 'text', 'utf8'), rows, params, await scopeWords(this.#scopes, batch));
    this.#count += records.grams;
    await this.#grams.add(records.keys, records.values, lists ? { bytes: records.tails, offsets: records.tailOffsets } : undefined);
    await this.#paragraphs.add(records.paragraphKeys, records.paragraphValues);
  }

  async finish(): Promise<Readonly<Record<string, number>>> {
    await this.#grams.finish();
    await this.#paragraphs.finish();
    return { grams: this.#count };
  }

  async abort(): Promise<void> {
    await this.#grams.abort();
    await this.#paragraphs.abort();
  }
}

function findHeld(totalGrams: number) {
  return async (options: DedupeBffOptions, task: PhaseTask) => {
    const work = {
      files: task.files('map', 'grams').map((file) => file.path),
      ...rangeOf(task.number, task.count),
      dropped: task.dropped(),
      out: task.path('held'),
      scratch: await task.folder(),
      memoryBytes: task.memoryBytes,
    };
    const counts =
      options.filter === 'exact' ? await native.heldGrams(work) : await native.heldGramsBloom({ ...work, totalGrams, rate: options['false-positive-rate'] });
    const notes = { grams: counts.grams, copied_grams: counts.held };
    if (options.filter === 'exact') return { rowsIn: counts.grams, rowsOut: counts.held, notes };
    const bloom = { filter_bytes: counts.filterBytes, absent_asked: counts.asked, absent_wrong: counts.wrong };
    return { rowsIn: counts.grams, rowsOut: counts.held, notes: { ...notes, ...bloom } };
  };
}

/** Rows of a stretch of the inputs, as bounds of the first key word; an empty range where the task has none. */
function rowsOfTask(task: PhaseTask): { first: bigint; last: bigint } {
  const at = (number: number) => Math.floor((number * task.inputs.length) / task.count);
  const mine = task.inputs.slice(at(task.number), at(task.number + 1));
  if (mine.length === 0) return { first: 1n, last: 0n };
  return { first: BigInt(mine[0]!) << 32n, last: (BigInt(mine.at(-1)!) << 32n) | 0xffffffffn };
}

async function cutParagraphs(options: DedupeBffOptions, task: PhaseTask) {
  const rows = rowsOfTask(task);
  const counts = await native.cutParagraphs({
    paragraphs: task.files('map', 'paragraphs').map((file) => file.path),
    held: task.files('held', 'held').map((file) => file.path),
    ...rows,
    paragraphThreshold: options['paragraph-threshold'],
    documentThreshold: options['document-threshold'],
    edits: task.path('edits'),
    verdicts: task.path('verdicts'),
    scratch: await task.folder(),
    memoryBytes: task.memoryBytes,
  });
  return { rowsIn: counts.paragraphs, rowsOut: counts.paragraphs - counts.cut, notes: { paragraphs: counts.paragraphs, copied_paragraphs: counts.cut } };
}

export const dedupeBff: Barrier<DedupeBffOptions> = {
  kind: 'barrier',
  name: 'dedupe-bff',
  version: 1,
  reads: ['text'],
  writes: ['text'],
  reasons: ['copied-paragraphs', 'too-short'],
  schema: schema.describe('Cuts paragraphs, and drops documents, whose n-grams mostly stood in documents before, as DCLM does.'),

  alsoReads: (options) => (options.scope === 'global' ? [] : ['warc_path']),

  check(options) {
    const least = options['min-ngram'];
    if (least === undefined || least <= options.ngram) return [];
    return [
      {
        path: ['min-ngram'],
        message: `min-ngram is ${least}, ngram ${options.ngram}: an n-gram of a short paragraph is no longer than the others. Lower min-ngram.`,
      },
    ];
  },

  async open(options) {
    return { map: (files) => new LazyMap(() => GramMap.open(options, files)), async close() {} };
  },

  phases(options, totals, limits): readonly Phase<DedupeBffOptions>[] {
    // Ranges of filters begin and end with a first byte, so that every n-gram meets the same filter whatever the count.
    const bloomCount = Math.min(BLOOM_PARTITIONS, 2 ** Math.ceil(Math.log2(Math.max(1, limits.partitions))));
    return [
      {
        name: 'held',
        over: 'partitions',
        count: options.filter === 'exact' ? limits.partitions : bloomCount,
        reads: [{ from: 'map', role: 'grams', match: 'all' }],
        writes: ['held'],
        run: findHeld(totals.grams ?? 0),
      },
      {
        name: 'cut',
        over: 'partitions',
        count: Math.max(1, Math.min(limits.partitions, totals.inputs ?? 1)),
        reads: [
          { from: 'map', role: 'paragraphs', match: 'all' },
          { from: 'held', role: 'held', match: 'all' },
        ],
        writes: ['edits', 'verdicts'],
        run: cutParagraphs,
      },
    ];
  },

  async apply(_options, batch, edits) {
    if (edits.start.length === 0) return {};
    const cut = await native.cutLines(column(batch, 'text', 'utf8'), edits, false);
    return { columns: { text: cut.text }, drops: Uint16Array.from(cut.left, (left, row) => (left === 0 && cut.lines[row]! > 0 ? TOO_SHORT : 0)) };
  },

  notices(options, notes) {
    const { grams = 0, copied_grams: copied = 0, paragraphs = 0, copied_paragraphs: cut = 0 } = notes;
    if (grams === 0) return [];
    const said = [`${copied} of ${grams} n-grams stood before (${((100 * copied) / grams).toFixed(1)} %); ${cut} of ${paragraphs} paragraphs were cut`];
    const { absent_asked: asked = 0, absent_wrong: wrong = 0, filter_bytes: bytes = 0 } = notes;
    if (asked > 0) {
      const rate = (100 * wrong) / asked;
      said.push(
        `the full Bloom filters (${(bytes / 2 ** 20).toPrecision(3)} MiB) claimed to know ${rate.toPrecision(3)} % of ${asked} n-grams that no document has; asked for was at most ${100 * options['false-positive-rate']} %`,
      );
    }
    return said;
  },
};
