// How hard is a document to predict? Its loss and bits per byte under a decoder, which reads it in windows (infra/docs/perplexity.md),
// and by them which documents stay. An empty text, and one in a language that the model's card does not state, has no score and is kept.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import {
  type Batch,
  bytesAt,
  type Column,
  column,
  fixedColumn,
  isValid,
  type ListColumn,
  RefineError,
  takeColumn,
  validityOf,
  valueAt,
} from '../../native/index.js';
import { cardLanguages, type LoadTokenizer, LOSS_DTYPES, type LossDtype, openScorer, type Scorer } from '../contract/model-score.js';
import { lineBits } from '../contract/line-bits.js';
import type { OptionProblem, Stage, StageEnv, StageRun } from '../contract/stage.js';
import { resolveModel } from '../contract/weights/shipped.js';
import { columnsOfKeep, dropsOfKeep, keepProblems, keepSchema, limitsOfKeep, needsLang, ranksOfKeep, REASONS } from './keep.js';

/** Below this share of a bound two devices may decide otherwise: what is measured, with a margin (infra/docs/perplexity.md). */
export const DEVICE_BAND: Readonly<Record<LossDtype, number>> = { f32: 0.0002, bf16: 0.005, int8: 0.005 };
const LINES = 'line_bits_per_byte';

const schema = z.strictObject({
  model: z
    .string()
    .min(1)
    .default('reference-small')
    .describe('a model the package ships (reference, reference-small) or a HuggingFace folder of a decoder: config.json, safetensors and its tokenizer'),
  keep: keepSchema,
  languages: z
    .union([z.enum(['model', 'all']), z.array(z.string().min(1)).min(1)])
    .default('model')
    .describe("the values of `lang` that are scored, where a step wrote it: those that the model's card states, all, or a list"),
  dtype: z
    .enum(LOSS_DTYPES)
    .default('f32')
    .describe('how weights are held and multiplied: bf16 is half as fast again as f32 and int8 twice as fast; int8 moves bits per byte by some .2 %'),
  'max-tokens': z
    .union([z.int().min(1), z.literal('all')])
    .default(8192)
    .describe("so many tokens from a document's beginning are scored and stand for it; all scores every one"),
  lines: z.boolean().default(false).describe(`also write ${LINES}: bits per byte of every line`),
});
export type PerplexityOptions = z.infer<typeof schema>;

const isScored = (label: unknown, languages: readonly string[]): boolean =>
  typeof label === 'string' && (languages.includes(label) || languages.includes(label.split(/[-_]/)[0]!));

/** The step, with the tokenizers of stages/tokenize, which a stage may not import. */
export function perplexityWith(loadTokenizer: LoadTokenizer): Stage<PerplexityOptions> {
  return {
    kind: 'stage',
    name: 'perplexity',
    version: 1,
    reads: ['text'],
    alsoReads: ({ keep, languages }) => (needsLang(keep) || Array.isArray(languages) ? ['lang'] : []),
    writes: ['loss', 'bits_per_byte'],
    alsoWrites: ({ lines }) => (lines ? [LINES] : []),
    reasons: REASONS,
    rules: true,
    schema: schema.describe('Scores documents by the loss of a decoder model, and keeps by bound, band or quantile.'),
    neural: () => true,

    check(options, env) {
      const problems: OptionProblem[] = keepProblems(options.keep);
      try {
        resolveModel(options.model, env.baseDir);
      } catch (error) {
        problems.push({ path: ['model'], message: (error as Error).message });
      }
      return problems;
    },
    limits: ({ keep }) => limitsOfKeep(keep),
    ranks: ({ keep }) => ranksOfKeep(keep),
    scoring: ({ keep: _, ...scored }) => scored,
    decision: {
      options: ['keep'],
      columns: ({ keep }) => columnsOfKeep(keep),
      drops: ({ keep }, columns, rows) => dropsOfKeep(keep, columns, rows),
    },
    assets: modelAssets,

    notices: (options, { unscored = 0, near = 0 }) => [
      ...(unscored === 0 ? [] : [`${unscored} documents were kept unscored: their language is none of the model's, or they have no token.`]),
      ...(near === 0
        ? []
        : [`${near} decisions lie within ${100 * DEVICE_BAND[options.dtype]} % of a bound: another device or instruction set may decide them otherwise.`]),
    ],

    async open(options, env): Promise<StageRun> {
      const scorer = await openScorer(options.model, env.baseDir, {
        loadTokenizer,
        dtype: options.dtype,
        device: env.device,
        ...(env.isa === undefined ? {} : { isa: env.isa }),
        ...(env.gpu === undefined ? {} : { gpu: env.gpu }),
        ...(options['max-tokens'] === 'all' ? {} : { maxTokens: options['max-tokens'] }),
      });
      const languages = languagesOf(options, env);
      const score = (batch: Batch, signal: AbortSignal | undefined): Promise<Readonly<Record<string, Column>>> =>
        scoreBatch(batch, scorer, languages, options, signal);
      const ranked = ranksOfKeep(options.keep).length > 0;
      const own = ['loss', 'bits_per_byte', ...(options.lines ? [LINES] : [])];
      return {
        ...(ranked ? { score } : {}),
        async process(batch, signal) {
          const columns = ranked ? Object.fromEntries(own.map((name) => [name, batch.columns[name]!])) : await score(batch, signal);
          let near = 0;
          const drops = dropsOfKeep(options.keep, { ...batch.columns, ...columns }, batch.rows, DEVICE_BAND[options.dtype], () => near++);
          let unscored = 0;
          for (let row = 0; row < batch.rows; row++) if (!isValid(columns.loss!, row)) unscored++;
          return { columns, drops, notes: { ...(unscored === 0 ? {} : { unscored }), ...(near === 0 ? {} : { near }) } };
        },
        async close() {
          scorer.close();
        },
      };
    },
  };
}

/** null: every document. */
function languagesOf({ languages, model }: PerplexityOptions, env: StageEnv): readonly string[] | null {
  if (languages === 'all') return null;
  return languages === 'model' ? cardLanguages(resolveModel(model, env.baseDir)) : languages;
}

/** Files of the model's folder that may decide a score: config, weights, tokenizer and the card with its languages. */
function modelAssets({ model }: PerplexityOptions, env: StageEnv): readonly string[] {
  const folder = resolveModel(model, env.baseDir);
  return readdirSync(folder)
    .filter((name) => /\.(json|json\.gz|safetensors|model|tiktoken)$|^tok\w*\.bin$|^README\.md$/.test(name))
    .sort()
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

async function scoreBatch(
  batch: Batch,
  scorer: Scorer,
  languages: readonly string[] | null,
  options: PerplexityOptions,
  signal: AbortSignal | undefined,
): Promise<Readonly<Record<string, Column>>> {
  const lang = batch.columns.lang;
  const all = Array.from({ length: batch.rows }, (_, row) => row);
  const rows = languages === null || lang === undefined ? all : all.filter((row) => isScored(valueAt(lang, row), languages));
  const whole = column(batch, 'text', 'utf8');
  const text = rows.length === batch.rows ? whole : takeColumn(whole, rows);
  if (text.kind !== 'utf8') throw new TypeError('rows of a text are text');
  const { nats, tokens, bytes, nan } = await scorer.score(text, signal);
  if (nan > 0)
    throw new RefineError(
      'ERR_REFINE_ASSET',
      'gives losses that are no finite numbers, so its weights are damaged or too large for the dtype. Try dtype: f32, or another model',
      {
        place: options.model,
      },
    );
  const loss = new Float32Array(batch.rows);
  const bits = new Float32Array(batch.rows);
  const scored = new Array<boolean>(batch.rows).fill(false);
  rows.forEach((row, at) => {
    if (tokens[at] === 0 || bytes[at] === 0) return;
    loss[row] = nats[at]! / tokens[at]!;
    bits[row] = nats[at]! / Math.LN2 / bytes[at]!;
    scored[row] = true;
  });
  const validity = validityOf(scored);
  const columns = { loss: fixedColumn(loss, validity), bits_per_byte: fixedColumn(bits, validity) };
  return options.lines ? { ...columns, [LINES]: await linesOf(batch.rows, text, rows, scorer, signal) } : columns;
}

/** A list of each scored row's lines; null where the row has no score or its tokens do not spell it. */
async function linesOf(all: number, text: Parameters<Scorer['tokens']>[0], rows: readonly number[], scorer: Scorer, signal?: AbortSignal): Promise<ListColumn> {
  const { ids, offsets, nats } = await scorer.tokens(text, signal);
  const found = new Array<Float32Array | null>(all).fill(null);
  rows.forEach((row, at) => {
    const part = [offsets[at]!, offsets[at + 1]!] as const;
    found[row] = lineBits(bytesAt(text, at), ids.subarray(...part), nats.subarray(...part), scorer.tokenBytes);
  });
  const ends = new Int32Array(all + 1);
  found.forEach((lines, row) => {
    ends[row + 1] = ends[row]! + (lines?.length ?? 0);
  });
  const values = new Float32Array(ends[all]!);
  found.forEach((lines, row) => {
    if (lines !== null) values.set(lines, ends[row]!);
  });
  return { kind: 'list', values, offsets: ends, validity: validityOf(found.map((lines) => lines !== null)) };
}
