// How usual is a document's language? Its perplexity under a 5-gram model (CCNet, Wenzek et al. 2020): 10^(-log10 p / words),
// and by it head, middle or tail: by quantiles of the run, or by perplexities that CCNet published.
// A text without a word, and one in a language without a model, has no perplexity (null) and is kept.
import { isAbsolute, resolve } from 'node:path';
import { z } from 'zod';
import { type Batch, type Column, column, type DictionaryColumn, fixedColumn, isValid, type NgramText, native, takeRows, valueAt } from '../../native/index.js';
import type { ExpressionColumns } from '../contract/expression.js';
import { quantileRanks, rankName } from '../contract/ranks.js';
import type { Limit, OptionProblem, Stage, StageEnv, StageRun } from '../contract/stage.js';
import { type Cutoff, readCutoffs } from './cutoffs.js';
import { loadNgramModel, type NgramHead, readHead } from './ngram-model.js';

const BUCKETS = ['head', 'middle', 'tail'] as const; // sorted by bytes, as dictionaries are
const PERPLEXITY = 'ngram_perplexity';
const BYTES_A_GRAM = 20; // as measured: kernels/ngram
const MAX_MODEL_BYTES = 700 * 1024 * 1024; // of the 1 GiB that a worker may use

const asModel = "; `model` is what the model's own file says where refine trained it";
const schema = z.strictObject({
  model: z
    .union([z.string(), z.record(z.string().min(1), z.string().min(1))])
    .default('')
    .describe(
      'a language model as ARPA text (plain or .gz), relative to the manifest, or one a language: { en: en.arpa, de: de.arpa }. `refine train-ngram` makes one. No model ships: it must be named',
    ),
  words: z
    .enum(['model', 'white-space', 'uax29', 'script-aware'])
    .default('model')
    .describe(`how text is cut into the model's words${asModel}, else white-space`),
  normalise: z
    .enum(['model', 'ccnet', 'none'])
    .default('model')
    .describe(`ccnet: lower case, no accents, digits to 0, plain punctuation, no control characters${asModel}, else ccnet`),
  unit: z
    .enum(['model', 'line', 'document'])
    .default('model')
    .describe(`what begins and ends as a sentence of the model${asModel}, else line; CCNet takes the document`),
  buckets: z
    .union([
      z.literal('off'),
      z.strictObject({
        head: z.number().positive().describe('where head ends: a share of the documents, or a perplexity where above 1; default 0.3'),
        middle: z.number().positive().describe('where middle ends and tail begins, as a share or perplexity not below `head`; default 0.6'),
      }),
    ])
    .default({ head: 0.3, middle: 0.6 })
    .describe('where head and middle end: shares of the run (below 1; CCNet has 0.3 and 0.6), or perplexities (above 1); off only scores'),
  by: z
    .enum(['auto', 'lang', 'run'])
    .default('auto')
    .describe('shares are of each language, or of the whole run; auto: of each language where `model` names several'),
  cutoffs: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe("a CSV of perplexities by language in place of `buckets`, as CCNet's cutoff.csv (rows 30 and 60)"),
  keep: z
    .array(z.enum(BUCKETS))
    .min(1)
    .default([...BUCKETS])
    .describe('the buckets to keep'),
});
export type NgramOptions = z.infer<typeof schema>;

const pathIn = (path: string, env: StageEnv): string => (isAbsolute(path) ? path : resolve(env.baseDir, path));
/** Paths by language; null is for every language. */
function modelPaths({ model }: NgramOptions, env: StageEnv): readonly (readonly [string | null, string])[] {
  if (typeof model === 'string') return model === '' ? [] : [[null, pathIn(model, env)]];
  return Object.entries(model).map(([lang, path]) => [lang, pathIn(path, env)] as const);
}
const byLang = ({ by, model }: NgramOptions): boolean => by === 'lang' || (by === 'auto' && typeof model !== 'string');
/** Shares of the run, where the buckets are such. */
function shares({ buckets, cutoffs }: NgramOptions): Cutoff | null {
  return cutoffs === null && buckets !== 'off' && buckets.middle <= 1 ? buckets : null;
}
function textOf(options: NgramOptions, head: NgramHead): NgramText {
  const pick = <K extends keyof NgramText>(key: K, otherwise: NgramText[K]): NgramText[K] =>
    options[key] === 'model' ? (head.text[key] ?? otherwise) : (options[key] as NgramText[K]);
  return { words: pick('words', 'white-space'), normalise: pick('normalise', 'ccnet'), unit: pick('unit', 'line') };
}

export const ngram: Stage<NgramOptions> = {
  kind: 'stage',
  name: 'ngram',
  version: 1,
  reads: ['text'],
  alsoReads: (options) => (typeof options.model !== 'string' || options.cutoffs !== null || (shares(options) !== null && byLang(options)) ? ['lang'] : []),
  writes: [PERPLEXITY, 'ngram_bucket'],
  reasons: BUCKETS,
  rules: true,
  schema: schema.describe('Scores documents with an n-gram language model and parts them into head, middle and tail, as CCNet does.'),

  check(options, env) {
    const paths = modelPaths(options, env);
    if (paths.length === 0)
      return [{ path: [], message: 'names no model: write `model: FILE` (ARPA text). Make one of good text: refine train-ngram TEXTS -o model.arpa' }];
    const problems: OptionProblem[] = [];
    let bytes = 0;
    for (const [lang, path] of paths) {
      try {
        bytes += BYTES_A_GRAM * readHead(path).grams.reduce((a, b) => a + b, 0);
      } catch (error) {
        problems.push({ path: lang === null ? ['model'] : ['model', lang], message: (error as Error).message });
      }
    }
    if (bytes > MAX_MODEL_BYTES)
      problems.push({
        path: ['model'],
        message: `takes about ${Math.round(bytes / 2 ** 20)} MiB of memory, a worker has ${MAX_MODEL_BYTES / 2 ** 20} MiB for it. Train a smaller one: refine train-ngram --prune 0,0,1,1,2, or a lower --order`,
      });
    const { buckets } = options;
    if (buckets !== 'off') {
      if (buckets.head > buckets.middle)
        problems.push({ path: ['buckets', 'head'], message: `${buckets.head} is above middle ${buckets.middle}: nothing would be in the middle` });
      else if (buckets.head < 1 !== buckets.middle <= 1)
        problems.push({ path: ['buckets'], message: `${buckets.head} is a share of the run and ${buckets.middle} a perplexity: write two of one kind` });
    }
    if (buckets === 'off' && options.cutoffs === null && options.keep.length < BUCKETS.length)
      problems.push({ path: ['keep'], message: 'needs buckets: give their shares, such as { head: 0.3, middle: 0.6 }' });
    if (options.cutoffs !== null) {
      try {
        readCutoffs(pathIn(options.cutoffs, env));
      } catch (error) {
        problems.push({ path: ['cutoffs'], message: (error as Error).message });
      }
    }
    return problems;
  },

  /** The perplexity above which documents leave, where `keep` is the lower buckets and they are perplexities. */
  limits(options, env): readonly Limit[] {
    const ends = { tail: 'middle', middle: 'head' } as const;
    const last = BUCKETS.findIndex((bucket) => !options.keep.includes(bucket));
    if (last < 1 || shares(options) !== null || BUCKETS.slice(last).some((bucket) => options.keep.includes(bucket))) return [];
    // the highest first: a document beyond both leaves as tail
    return [...BUCKETS.slice(last)].reverse().flatMap((reason): Limit[] => {
      const end = ends[reason as 'tail' | 'middle'];
      const limit = { column: PERPLEXITY, op: 'max' as const, reason };
      if (options.cutoffs !== null) {
        const languages = Object.fromEntries([...readCutoffs(pathIn(options.cutoffs, env))].map(([lang, cutoff]) => [lang, cutoff[end]]));
        return [{ ...limit, threshold: Number.POSITIVE_INFINITY, source: options.cutoffs, languages }];
      }
      return options.buckets === 'off' ? [] : [{ ...limit, threshold: options.buckets[end], source: 'manifest' }];
    });
  },

  ranks(options) {
    const of = shares(options);
    if (of === null) return [];
    const by = byLang(options) ? ({ by: 'lang' } as const) : {};
    return quantileRanks(
      [of.head, of.middle].map((quantile) => ({ column: PERPLEXITY, at: { quantile, ...by } })),
      true,
    );
  },
  decision: {
    options: ['keep', 'buckets'],
    columns(options) {
      if (options.cutoffs !== null) return ['ngram_bucket']; // its table is not at hand when it is decided again
      if (options.buckets === 'off') return [];
      return shares(options) === null ? [PERPLEXITY] : [PERPLEXITY, rankOf(options), ...(byLang(options) ? ['lang'] : [])];
    },
    drops(options, columns, rows) {
      if (options.cutoffs === null) return dropsOf(options, bucketsOf(options, columns, rows, null));
      const written = columns.ngram_bucket as Column;
      return dropsOf(
        options,
        Int8Array.from({ length: rows }, (_, row) => BUCKETS.indexOf(valueAt(written, row) as 'head')),
      );
    },
  },
  scoring: ({ model, words, normalise, unit }) => ({ model, words, normalise, unit }),

  assets: (options, env) => [...modelPaths(options, env).map(([, path]) => path), ...(options.cutoffs === null ? [] : [pathIn(options.cutoffs, env)])],

  async open(options, env): Promise<StageRun> {
    const models = new Map<string | null, { readonly handle: Awaited<ReturnType<typeof loadNgramModel>>['handle']; readonly how: NgramText }>();
    for (const [lang, path] of modelPaths(options, env)) {
      const head = readHead(path);
      models.set(lang, { handle: (await loadNgramModel(path)).handle, how: textOf(options, head) });
    }
    const of = shares(options);
    const cutoffs = options.cutoffs === null ? null : readCutoffs(pathIn(options.cutoffs, env));

    async function score(batch: Batch): Promise<Readonly<Record<string, Column>>> {
      const perplexity = new Float32Array(batch.rows);
      const validity = new Uint8Array((batch.rows + 7) >> 3);
      for (const [lang, { handle, how }] of models) {
        const rows = lang === null ? null : rowsIn(batch, lang);
        if (rows?.length === 0) continue;
        const text = column(batch, 'text', 'utf8');
        const of = rows === null ? text : column(takeRows({ rows: batch.rows, columns: { text } }, rows), 'text', 'utf8');
        const scored = await native.ngramScore(handle, of, how);
        for (let i = 0; i < scored.words.length; i++) {
          if (scored.words[i] === 0) continue;
          const row = rows === null ? i : rows[i]!;
          perplexity[row] = scored.perplexity[i]!;
          validity[row >> 3]! |= 1 << (row & 7);
        }
      }
      return { [PERPLEXITY]: fixedColumn(perplexity, validity) };
    }

    return {
      ...(of === null ? {} : { score }),
      async process(batch) {
        const scored = of === null ? (await score(batch))[PERPLEXITY]! : batch.columns[PERPLEXITY]!;
        const buckets = bucketsOf(options, { ...batch.columns, [PERPLEXITY]: scored }, batch.rows, cutoffs);
        const indices = new Uint16Array(batch.rows);
        const validity = new Uint8Array((batch.rows + 7) >> 3);
        buckets.forEach((bucket, row) => {
          if (bucket < 0) return;
          indices[row] = bucket;
          validity[row >> 3]! |= 1 << (row & 7);
        });
        const bucket: DictionaryColumn = { kind: 'dictionary', indices, labels: [...BUCKETS], validity };
        return { columns: { [PERPLEXITY]: scored, ngram_bucket: bucket }, drops: dropsOf(options, buckets) };
      },
      async close() {},
    };
  },
};

const rankOf = (options: NgramOptions): string => rankName(PERPLEXITY, byLang(options) ? 'lang' : undefined);

/** Indices into BUCKETS; -1 where there is none. */
function bucketsOf(options: NgramOptions, columns: ExpressionColumns, rows: number, cutoffs: ReadonlyMap<string, Cutoff> | null): Int8Array {
  const found = new Int8Array(rows).fill(-1);
  const of = shares(options);
  const name = of === null ? PERPLEXITY : rankOf(options);
  const values = columns[name] as Column | undefined;
  if (values?.kind !== 'fixed') return found;
  const lang = columns.lang as Column | undefined;
  for (let row = 0; row < rows; row++) {
    if (!isValid(values, row)) continue;
    const ends = of ?? (cutoffs === null ? (options.buckets === 'off' ? undefined : options.buckets) : cutoffs.get(String(valueAt(lang!, row))));
    const value = Number(values.values[row]!);
    if (ends === undefined || Number.isNaN(value)) continue;
    found[row] = value < ends.head ? 0 : value < ends.middle ? 1 : 2;
  }
  return found;
}

function dropsOf({ keep }: NgramOptions, buckets: Int8Array): Uint16Array {
  const codes = BUCKETS.map((bucket, at) => (keep.includes(bucket) ? 0 : at + 1));
  return Uint16Array.from(buckets, (bucket) => codes[bucket] ?? 0);
}

function rowsIn(batch: Batch, lang: string): Uint32Array {
  const languages = batch.columns.lang!;
  return Uint32Array.from({ length: batch.rows }, (_, row) => row).filter((row) => valueAt(languages, row) === lang);
}
