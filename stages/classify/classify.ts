// Scores each document with a text encoder and its heads: our own runtime for safetensors, onnxruntime-node for ONNX. FineWeb-Edu's
// and NVIDIA Curator's classifiers are such models (infra/docs/classifiers.md). A text is its first tokens, or several windows.
// A text without tokens, and one in a language that the model's card does not state, has no score (null) and is kept.
import { type Batch, type Column, column, isValid, RefineError, takeColumn, valueAt } from '../../native/index.js';
import { NativeEncoder } from '../contract/encoder.js';
import { encoderAssets, readEncoderConfig } from '../contract/encoder-config.js';
import type { LoadEncoderTokenizer } from '../contract/encoder-tokens.js';
import { cardLanguages } from '../contract/model-score.js';
import { boundedByQuantile, columnsOfScore, dropsByScore, limitsOfScore, ranksOfScore, SCORE_REASONS } from '../contract/score-bounds.js';
import type { Stage, StageRun } from '../contract/stage.js';
import { resolveModel } from '../contract/weights/shipped.js';
import { OnnxEncoder } from './onnx.js';
import { type ClassifyOptions, decidingOf, headsOf, namesOf, problemsOf, runtimeOf, schema } from './options.js';
import { columnsOf, probabilities, type ScoredHead } from './scores.js';

export type { ClassifyOptions } from './options.js';

const isScored = (label: unknown, languages: readonly string[]): boolean =>
  typeof label === 'string' && (languages.includes(label) || languages.includes(label.split(/[-_]/)[0]!));
const columnNames = (heads: readonly ScoredHead[]): string[] => heads.flatMap(({ score, label }) => (label === null ? [score] : [score, label]));

/** The step, with the tokenizers of stages/tokenize, which a stage may not import. */
export function classifyWith(loadTokenizer: LoadEncoderTokenizer): Stage<ClassifyOptions> {
  return {
    kind: 'stage',
    name: 'classify',
    version: 2,
    reads: ['text'],
    alsoReads: ({ languages }) => (Array.isArray(languages) ? ['lang'] : []),
    writes: [],
    alsoWrites(options, env) {
      try {
        return columnNames(headsOf(options, readEncoderConfig(resolveModel(options.model, env.baseDir))));
      } catch {
        return []; // `check` says why
      }
    },
    reasons: SCORE_REASONS,
    rules: true,
    schema: schema.describe(
      'Scores documents with an encoder model (a shipped one, or a folder as HuggingFace writes it), and drops by bound, label or quantile.',
    ),
    neural: () => true,
    check: problemsOf,

    limits: (options) => limitsOfScore(options, namesOf(options)),
    ranks: (options) => ranksOfScore(options, namesOf(options)),
    scoring: ({ 'min-score': _, 'max-score': __, keep: ___, ...scored }) => scored,
    decision: {
      options: ['min-score', 'max-score', 'keep'],
      columns: (options) => columnsOfScore(options, namesOf(options)),
      drops: (options, columns, rows) => dropsByScore(options, namesOf(options), columns as Readonly<Record<string, Column>>, rows),
    },
    assets: ({ model }, env) => encoderAssets(resolveModel(model, env.baseDir)),
    notices: (_, { unscored = 0 }) =>
      unscored === 0 ? [] : [`${unscored} documents were kept unscored: their language is none of the model's, or they have no token.`],

    async open(options, env): Promise<StageRun> {
      const folder = resolveModel(options.model, env.baseDir);
      const config = readEncoderConfig(folder);
      const heads = headsOf(options, config);
      const languages = options.languages === 'all' ? null : options.languages === 'model' ? cardLanguages(folder) : options.languages;
      const wanted = { loadTokenizer, windows: options.windows, dtype: options.dtype, place: env, maxLength: options['max-length'] ?? undefined };
      const model = runtimeOf(options, config) === 'onnx' ? await OnnxEncoder.open(config, wanted) : await NativeEncoder.open(folder, wanted, true);

      async function score(batch: Batch, signal?: AbortSignal): Promise<Readonly<Record<string, Column>>> {
        const lang = batch.columns.lang;
        const all = Array.from({ length: batch.rows }, (_, row) => row);
        const rows = languages === null || lang === undefined ? all : all.filter((row) => isScored(valueAt(lang, row), languages));
        const whole = column(batch, 'text', 'utf8');
        const text = rows.length === batch.rows ? whole : takeColumn(whole, rows);
        if (text.kind !== 'utf8') throw new TypeError('rows of a text are text');
        const inputs = await model.inputs(text);
        const logits = await model.logits(inputs, signal);
        const columns: Record<string, Column> = {};
        for (const [at, head] of heads.entries()) {
          checkLogits(head, logits[at]!, inputs.rows.length, options.model);
          Object.assign(columns, columnsOf(head, probabilities(head, logits[at]!, inputs, rows.length), rows, batch.rows));
        }
        return columns;
      }

      const quantiles = boundedByQuantile(options);
      const deciding = decidingOf(options, heads).score;
      return {
        ...(quantiles ? { score } : {}),
        async process(batch, signal) {
          const columns = quantiles ? Object.fromEntries(columnNames(heads).map((name) => [name, batch.columns[name]!])) : await score(batch, signal);
          let unscored = 0;
          for (let row = 0; row < batch.rows; row++) if (!isValid(columns[deciding]!, row)) unscored++;
          return {
            columns,
            drops: dropsByScore(options, namesOf(options), { ...batch.columns, ...columns }, batch.rows),
            notes: unscored === 0 ? {} : { unscored },
          };
        },
        async close() {
          if (model instanceof OnnxEncoder) await model.close();
        },
      };
    },
  };
}

function checkLogits(head: ScoredHead, logits: Float32Array, inputs: number, place: string): void {
  if (logits.length !== inputs * head.labels.length)
    throw new RefineError('ERR_REFINE_ASSET', `its head "${head.name}" has not the ${head.labels.length} labels of config.json. Correct id2label`, { place });
  if (logits.some(Number.isNaN))
    throw new RefineError(
      'ERR_REFINE_ASSET',
      'gives scores that are no numbers, so its weights are damaged or too large for the dtype. Try dtype: f32, or another model',
      { place },
    );
}
