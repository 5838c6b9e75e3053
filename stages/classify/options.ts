// The options of `classify`, what they ask of a model's heads, and the drops that they make of scores.
import { z } from 'zod';
import { ENCODER_DTYPES } from '../contract/encoder.js';
import { type EncoderConfig, readEncoderConfig } from '../contract/encoder-config.js';
import { quantileSchema } from '../contract/ranks.js';
import { boundsOf, boundsProblem, type ScoreNames } from '../contract/score-bounds.js';
import type { OptionProblem, StageEnv } from '../contract/stage.js';
import { resolveModel } from '../contract/weights/shipped.js';
import { type ScoredHead, scoredHeads } from './scores.js';

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

/** What the bounds look at, without a look at the model: a head is named wherever there are several (`problemsOf` says so). */
export function namesOf({ score, head }: ClassifyOptions): ScoreNames {
  const name = `${score}${head === null ? '' : `_${head}`}`;
  return { score: `score_${name}`, label: `label_${name}` };
}

export const headsOf = (options: ClassifyOptions, config: EncoderConfig): readonly ScoredHead[] =>
  scoredHeads(config.heads, options.score, options.head, options.label);
export const decidingOf = (options: ClassifyOptions, heads: readonly ScoredHead[]): ScoredHead => heads.find(({ name }) => name === options.head) ?? heads[0]!;

export function runtimeOf({ runtime }: ClassifyOptions, config: EncoderConfig): 'refine' | 'onnx' {
  return runtime !== 'auto' ? runtime : config.safetensors || config.onnx === null ? 'refine' : 'onnx';
}

export function problemsOf(options: ClassifyOptions, env: StageEnv): readonly OptionProblem[] {
  const problems: OptionProblem[] = [];
  const say = (path: (string | number)[], message: string): number => problems.push({ path, message });
  const { head, label, keep } = options;
  const bounds = boundsProblem(options);
  if (bounds !== null) say(['max-score'], bounds);
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
