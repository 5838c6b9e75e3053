// The options of `classify`, what they ask of a model's heads, and the drops that they make of scores.
import { z } from 'zod';
import { type Batch, type Column, column, isValid, valueAt } from '../../native/index.js';
import { ENCODER_DTYPES } from '../contract/encoder.js';
import { type EncoderConfig, readEncoderConfig } from '../contract/encoder-config.js';
import { beyondQuantile, isQuantile, type Quantile, quantileSchema, rankName, ranksIn } from '../contract/ranks.js';
import type { OptionProblem, StageEnv } from '../contract/stage.js';
import { resolveModel } from '../contract/weights/shipped.js';
import { type ScoredHead, scoredHeads } from './scores.js';

export const REASONS = ['low-score', 'high-score', 'wrong-label'];
const LOW_SCORE = 1;
const HIGH_SCORE = 2;
const WRONG_LABEL = 3;
const MAX_WINDOWS = 64;

const bound = z.union([z.number(), quantileSchema]).nullable();
export const schema = z.strictObject({
  model: z
    .string()
    .min(1)
    .default('quality')
    .describe(
      'a model the package ships (quality) or a HuggingFace folder of an encoder with a classification or regression head: config.json, safetensors or model.onnx, tokenizer',
    ),
  runtime: z
    .enum(['auto', 'refine', 'onnx'])
    .default('auto')
    .describe("auto: refine's own kernels where the folder has safetensors, else ONNX through onnxruntime-node"),
  dtype: z.enum(ENCODER_DTYPES).default('f32').describe("how refine's own kernels hold and multiply weights; an ONNX model has its own"),
  head: z.string().min(1).nullable().default(null).describe('of several heads the one that the bounds and `keep` are for; null where the model has one'),
  label: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('the label whose probability is the score; null: of two labels the second, of more the best, which then has a column of its own'),
  score: z
    .string()
    .regex(/^[a-z][a-z0-9_]*$/)
    .default('classify')
    .describe('the name of the score: column score_<name>, of several heads score_<name>_<head>, and label_<name> where no label is given'),
  'min-score': bound
    .default(null)
    .describe('drop documents with a lower score: a number (a probability, or what a regression gives), or { quantile: 0.9 } of the run'),
  'max-score': bound.default(null).describe('drop documents with a higher score'),
  keep: z.array(z.string().min(1)).default([]).describe('labels to keep, of a head with more than two; the empty list keeps all'),
  languages: z
    .union([z.enum(['model', 'all']), z.array(z.string().min(1)).min(1)])
    .default('model')
    .describe("the values of `lang` that are scored, where a step wrote it: those that the model's card states, all, or a list"),
  'max-length': z.int().min(3).nullable().default(null).describe("tokens of one input, [CLS] and [SEP] included; null: the model's own limit"),
  windows: z
    .int()
    .min(1)
    .max(MAX_WINDOWS)
    .default(1)
    .describe('a longer text is so many inputs at most, one behind another, and its score their mean by tokens; 1: its beginning'),
});
export type ClassifyOptions = z.infer<typeof schema>;

/** In the order of their reasons. */
export function boundsOf({ 'min-score': min, 'max-score': max }: ClassifyOptions): readonly { op: 'min' | 'max'; at: number | Quantile; reason: string }[] {
  return [
    ...(min === null ? [] : [{ op: 'min' as const, at: min, reason: 'low-score' }]),
    ...(max === null ? [] : [{ op: 'max' as const, at: max, reason: 'high-score' }]),
  ];
}

/** What the bounds look at, without a look at the model: a head is named wherever there are several (`problemsOf` says so). */
export const scoreOf = ({ score, head }: ClassifyOptions): string => `score_${score}${head === null ? '' : `_${head}`}`;
export const labelOf = ({ score, head }: ClassifyOptions): string => `label_${score}${head === null ? '' : `_${head}`}`;

export const headsOf = (options: ClassifyOptions, config: EncoderConfig): readonly ScoredHead[] =>
  scoredHeads(config.heads, options.score, options.head, options.label);
export const decidingOf = (options: ClassifyOptions, heads: readonly ScoredHead[]): ScoredHead => heads.find(({ name }) => name === options.head) ?? heads[0]!;

export function runtimeOf({ runtime }: ClassifyOptions, config: EncoderConfig): 'refine' | 'onnx' {
  return runtime !== 'auto' ? runtime : config.safetensors || config.onnx === null ? 'refine' : 'onnx';
}

export function problemsOf(options: ClassifyOptions, env: StageEnv): readonly OptionProblem[] {
  const problems: OptionProblem[] = [];
  const say = (path: (string | number)[], message: string): number => problems.push({ path, message });
  const { 'min-score': min, 'max-score': max, head, label, keep } = options;
  if (typeof min === 'number' && typeof max === 'number' && min > max) say(['max-score'], `${max} is below min-score ${min}: no document would be kept`);
  let config: EncoderConfig;
  try {
    config = readEncoderConfig(resolveModel(options.model, env.baseDir));
  } catch (error) {
    return [...problems, { path: ['model'], message: (error as Error).message }];
  }
  const runtime = runtimeOf(options, config);
  if (runtime === 'onnx' ? config.onnx === null : !config.safetensors)
    say(['model'], `the folder has no ${runtime === 'onnx' ? 'model.onnx' : 'safetensors'}, which runtime: ${runtime} reads`);
  const names = config.heads.map(({ name }) => name);
  const decides = boundsOf(options).length > 0 || keep.length > 0 || label !== null;
  if (head === null && names.length > 1 && decides) say(['head'], `the model has the heads ${names.join(', ')}; name the one that decides`);
  if (head !== null && names.length === 1) say(['head'], 'the model has one head, which needs no name');
  else if (head !== null && !names.includes(head)) say(['head'], `the model has no head "${head}". It has ${names.join(', ')}`);
  const { labels, label: best } = decidingOf(options, headsOf(options, config));
  const unknown = (name: string, path: (string | number)[]): void => {
    if (!labels.includes(name))
      say(path, `the model has no label "${name}". It has ${labels.length}: ${labels.slice(0, 10).join(', ')}${labels.length > 10 ? ', ...' : ''}`);
  };
  if (label !== null) unknown(label, ['label']);
  if (keep.length > 0 && best === null) say(['keep'], 'is for the best label of more than two; here the bounds are min-score and max-score');
  for (const [at, name] of keep.entries()) unknown(name, ['keep', at]);
  const most = options['max-length'];
  if (most !== null && most > config.maxLength) say(['max-length'], `the model reads ${config.maxLength} tokens at most. Lower it, or set windows`);
  return problems;
}

export function dropsOf(options: ClassifyOptions, columns: Readonly<Record<string, Column>>, rows: number): Uint16Array {
  const drops = new Uint16Array(rows);
  const batch: Batch = { rows, columns };
  for (const { op, at } of boundsOf(options)) {
    const scores = column(batch, scoreOf(options), 'fixed');
    const ranks = isQuantile(at) ? ranksIn(batch, rankName(scoreOf(options), at.by)) : null;
    const threshold = isQuantile(at) ? 0 : Math.fround(at);
    for (let row = 0; row < rows; row++) {
      if (drops[row] !== 0 || !isValid(scores, row)) continue;
      const value = scores.values[row] as number;
      const beyond = ranks !== null ? beyondQuantile(op, at as Quantile, ranks[row]!) : op === 'min' ? value < threshold : value > threshold;
      if (beyond) drops[row] = op === 'min' ? LOW_SCORE : HIGH_SCORE;
    }
  }
  if (options.keep.length === 0) return drops;
  const kept = new Set(options.keep);
  const labels = columns[labelOf(options)]!;
  for (let row = 0; row < rows; row++) if (drops[row] === 0 && isValid(labels, row) && !kept.has(valueAt(labels, row) as string)) drops[row] = WRONG_LABEL;
  return drops;
}
