// Scores each document with a fastText classifier: DCLM's quality filter (arXiv 2406.11794, section 4.4), topics, adult
// content. With `label` the score is that label's probability, else the best label's, which then has a column of its own.
// A text without a word that the model knows has no score (null) and is kept.
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { type Batch, type Column, column, type DictionaryColumn, fixedColumn, native } from '../../native/index.js';
import { quantileSchema } from '../contract/ranks.js';
import {
  boundedByQuantile,
  boundsProblem,
  columnsOfScore,
  dropsByScore,
  limitsOfScore,
  ranksOfScore,
  SCORE_REASONS,
  type ScoreNames,
} from '../contract/score-bounds.js';
import { shippedModels } from '../contract/weights/shipped.js';
import type { OptionProblem, Stage, StageEnv, StageRun } from '../contract/stage.js';
import { loadClassifier } from './classifier.js';

/** In a folder of stages/fasttext/models. */
const SHIPPED_FILE = 'model.ftz';

/** Memory for all probabilities of a batch; a model of more labels is asked for its best only. */
const MAX_LABELS = 1000;

const bound = z.union([z.number().min(0).max(1), quantileSchema]).nullable();
const schema = z.strictObject({
  model: z
    .string()
    .default('')
    .describe(
      'a fastText classifier: a shipped one by name (quality, format, topic), or a file (.bin or .ftz), relative to the manifest; `refine train-classifier --fasttext` makes one',
    ),
  label: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe("the label whose probability is the score, as the model spells it without __label__; null: the best label's"),
  score: z
    .string()
    .regex(/^[a-z][a-z0-9_]*$/)
    .default('fasttext')
    .describe('the name of the score: column score_<name>, and label_<name> where no label is given'),
  'min-score': bound
    .default(null)
    .describe("drop documents with a lower score: a number (DCLM's 0.018112 for its model's hq), or { quantile: 0.9 } of the run"),
  'max-score': bound.default(null).describe('drop documents with a higher score, as of adult content'),
  keep: z.array(z.string().min(1)).default([]).describe('labels to keep, where no label is given; the empty list keeps all'),
});
export type FasttextStepOptions = z.infer<typeof schema>;

/** The file of a shipped model by its name, else the file that the option names. */
function pathOf({ model }: FasttextStepOptions, env: StageEnv): string {
  const shipped = shippedModels().find((one) => one.kind === 'fasttext' && one.name === model);
  return shipped === undefined ? resolve(env.baseDir, model) : join(shipped.folder, SHIPPED_FILE);
}
const namesOf = ({ score }: FasttextStepOptions): ScoreNames => ({ score: `score_${score}`, label: `label_${score}` });

const columnNames = (options: FasttextStepOptions): string[] =>
  options.label === null ? [namesOf(options).score, namesOf(options).label] : [namesOf(options).score];

export const fasttext: Stage<FasttextStepOptions> = {
  kind: 'stage',
  name: 'fasttext',
  version: 1,
  reads: ['text'],
  writes: [],
  alsoWrites: columnNames,
  reasons: SCORE_REASONS,
  rules: true,
  schema: schema.describe('Scores, labels and drops documents with a fastText classifier, a shipped one or a file.'),

  check(options, env) {
    if (options.model === '')
      return [{ path: [], message: 'names no model: write `model: FILE` (.bin or .ftz). Make one of labelled texts: refine train-classifier --fasttext' }];
    const problems: OptionProblem[] = [];
    const bounds = boundsProblem(options);
    if (bounds !== null) problems.push({ path: ['max-score'], message: bounds });
    if (options.label !== null && options.keep.length > 0)
      problems.push({ path: ['keep'], message: 'is for the best label; with `label` the bounds are min-score and max-score' });
    try {
      const { labels } = loadClassifier(pathOf(options, env));
      const unknown = (label: string, path: (string | number)[]): void => {
        if (!labels.includes(label))
          problems.push({
            path,
            message: `the model has no label "${label}". It has ${labels.length}: ${labels.slice(0, 10).join(', ')}${labels.length > 10 ? ', ...' : ''}`,
          });
      };
      if (options.label !== null) {
        unknown(options.label, ['label']);
        if (labels.length > MAX_LABELS)
          problems.push({ path: ['label'], message: `the model has ${labels.length} labels, one of at most ${MAX_LABELS} can be asked for` });
      }
      for (const [at, label] of options.keep.entries()) unknown(label, ['keep', at]);
    } catch (error) {
      problems.push({ path: ['model'], message: (error as Error).message });
    }
    return problems;
  },

  limits: (options) => limitsOfScore(options, namesOf(options)),
  ranks: (options) => ranksOfScore(options, namesOf(options)),
  scoring: ({ model, label, score }) => ({ model, label, score }),

  decision: {
    options: ['min-score', 'max-score', 'keep'],
    columns: (options) => columnsOfScore(options, namesOf(options)),
    drops: (options, columns, rows) => dropsByScore(options, namesOf(options), columns as Readonly<Record<string, Column>>, rows),
  },

  assets: (options, env) => (options.model === '' ? [] : [pathOf(options, env)]),

  async open(options, env): Promise<StageRun> {
    const model = loadClassifier(pathOf(options, env));
    const wanted = options.label === null ? -1 : model.labels.indexOf(options.label);
    const k = options.label === null ? 1 : model.labels.length;
    const names = namesOf(options);
    const quantiles = boundedByQuantile(options);
    const sorted = [...model.labels].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const indexOf = model.labels.map((label) => sorted.indexOf(label));

    async function score(batch: Batch): Promise<Readonly<Record<string, Column>>> {
      const { labels, probs } = await native.fasttextPredict(model, column(batch, 'text', 'utf8'), k);
      const scores = new Float32Array(batch.rows);
      const indices = new Uint16Array(batch.rows);
      const validity = new Uint8Array((batch.rows + 7) >> 3);
      for (let row = 0; row < batch.rows; row++) {
        if (labels[row * k]! < 0) continue;
        let at = row * k;
        while (wanted >= 0 && at < (row + 1) * k && labels[at] !== wanted) at++;
        validity[row >> 3]! |= 1 << (row & 7);
        indices[row] = indexOf[labels[row * k]!]!;
        scores[row] = at === (row + 1) * k ? 0 : Math.min(1, Math.max(0, probs[at]!)); // fastText leaves out what is below 1e-5
      }
      const scored = { [names.score]: fixedColumn(scores, validity) };
      if (options.label !== null) return scored;
      const label: DictionaryColumn = { kind: 'dictionary', indices, labels: sorted, validity };
      return { ...scored, [names.label]: label };
    }

    return {
      ...(quantiles ? { score } : {}),
      async process(batch: Batch) {
        const columns = quantiles ? Object.fromEntries(columnNames(options).map((name) => [name, batch.columns[name]!])) : await score(batch);
        return { columns, drops: dropsByScore(options, names, { ...batch.columns, ...columns }, batch.rows) };
      },
      async close() {},
    };
  },
};
