// What a folder of an encoder says of itself without its weights: heads and labels, how texts become one vector, how long a text
// may be, and whether it holds safetensors or ONNX. Cheap and synchronous, for checks before a run.
// Source: transformers' config.json and tokenizer_config.json, sentence-transformers' 1_Pooling and sentence_bert_config.json.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type EncodeOptions, RefineError } from '../../native/index.js';
import type { ModelHead } from './weights/plan.js';

const MAX_JSON_BYTES = 16 * 2 ** 20;
const MAX_LABELS = 100_000;
/** Where transformers.js and optimum put an ONNX model, in this order. */
const ONNX_FILES = ['model.onnx', 'onnx/model.onnx', 'onnx/model_quantized.onnx', 'model_quantized.onnx'];

export interface EncoderConfig {
  readonly folder: string;
  readonly modelType: string;
  /** One head named `classifier`, or several of `classifier_heads`; none where the folder is a bare encoder. */
  readonly heads: readonly ModelHead[];
  readonly several: boolean;
  /** Tokens of one input, those around the text included. */
  readonly maxLength: number;
  /** As 1_Pooling says; null where it does not. */
  readonly pooling: 'mean' | 'cls' | 'max' | null;
  /** What the head reads where the weights have no pooler. */
  readonly input: 'mean' | 'cls';
  readonly activation: EncodeOptions['activation'];
  readonly safetensors: boolean;
  readonly onnx: string | null;
}

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

export function readEncoderConfig(folder: string): EncoderConfig {
  const config = fieldsOf(folder, 'config.json');
  if (config === null) return refuse(folder, 'has no config.json; expected a model folder as transformers writes it');
  const several = isFields(config.classifier_heads);
  const kind = config.classifier_input ?? 'cls';
  if (kind !== 'cls' && kind !== 'mean') refuse(folder, `classifier_input of config.json is ${shown(kind)}; expected "cls" or "mean"`);
  const names = readdirSync(folder);
  const modelType = typeof config.model_type === 'string' ? config.model_type : '';
  return {
    folder,
    modelType,
    heads: isFields(config.classifier_heads)
      ? Object.entries(config.classifier_heads).map(([name, head]) => headOf(name, isFields(head) ? head : {}, folder))
      : [headOf('classifier', config, folder)],
    several,
    maxLength: maxLengthOf(folder, config, modelType),
    pooling: poolingOf(folder),
    input: kind === 'mean' ? 'mean' : 'cls',
    activation: modelType.startsWith('deberta') ? 'gelu' : 'tanh',
    safetensors: names.some((name) => name.endsWith('.safetensors')),
    onnx: ONNX_FILES.map((name) => join(folder, name)).find((path) => existsSync(path)) ?? null,
  };
}

/** Files of the folder that may decide a score: configs, weights, tokenizer and the card with its languages. */
export function encoderAssets(folder: string): readonly string[] {
  const found: string[] = [];
  for (const at of [folder, join(folder, '1_Pooling'), join(folder, 'onnx')]) {
    if (!existsSync(at) || !statSync(at).isDirectory()) continue;
    for (const name of readdirSync(at).sort())
      if (/\.(json|json\.gz|safetensors|model|onnx|onnx_data|data)$|^vocab\.txt$|^README\.md$/.test(name) && statSync(join(at, name)).isFile())
        found.push(join(at, name));
  }
  return found;
}

function headOf(name: string, head: Fields, folder: string): ModelHead {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) refuse(folder, `classifier_heads of config.json names ${shown(name)}; expected lower-case letters, digits and _`);
  const named = isFields(head.id2label) ? Object.entries(head.id2label) : [];
  const given = head.num_labels ?? (named.length === 0 ? 2 : named.length);
  const count =
    typeof given === 'number' && Number.isInteger(given) && given >= 1 && given <= MAX_LABELS
      ? given
      : refuse(folder, `num_labels is ${shown(given)}; expected 1 to ${MAX_LABELS}`);
  const labels = Array.from({ length: count }, (_, id) => String(named.find(([key]) => key === String(id))?.[1] ?? `LABEL_${id}`));
  const problem = head.problem_type ?? (count === 1 ? 'regression' : 'single_label_classification');
  const kinds: Readonly<Record<string, ModelHead['kind']>> = {
    regression: 'regression',
    single_label_classification: 'classification',
    multi_label_classification: 'multi-label',
  };
  const kind =
    typeof problem === 'string' && Object.hasOwn(kinds, problem)
      ? kinds[problem]!
      : refuse(folder, `problem_type is ${shown(problem)}; known: ${Object.keys(kinds).join(', ')}`);
  return { name, kind, labels };
}

/** The smallest of what config.json, tokenizer_config.json and sentence_bert_config.json allow. */
function maxLengthOf(folder: string, config: Fields, modelType: string): number {
  const pad = typeof config.pad_token_id === 'number' ? config.pad_token_id : 1;
  const learned = typeof config.max_position_embeddings === 'number' ? config.max_position_embeddings : 512;
  const limits = [/roberta|camembert/.test(modelType) ? learned - pad - 1 : learned];
  const stated = [fieldsOf(folder, 'tokenizer_config.json')?.model_max_length, fieldsOf(folder, 'sentence_bert_config.json')?.max_seq_length];
  for (const value of stated) if (typeof value === 'number' && value >= 1 && value < 1e6) limits.push(Math.floor(value));
  return Math.max(1, Math.min(...limits));
}

function poolingOf(folder: string): EncoderConfig['pooling'] {
  const json = fieldsOf(folder, join('1_Pooling', 'config.json'));
  if (json === null) return null;
  const modes = { pooling_mode_mean_tokens: 'mean', pooling_mode_cls_token: 'cls', pooling_mode_max_tokens: 'max' } as const;
  const named = Object.entries(modes).filter(([key]) => json[key] === true);
  return named.length === 1 ? named[0]![1] : null;
}

/** A JSON object of the folder; null where there is no such file. */
function fieldsOf(folder: string, name: string): Fields | null {
  const path = join(folder, name);
  if (!existsSync(path)) return null;
  if (statSync(path).size > MAX_JSON_BYTES) refuse(folder, `${name} has more than ${MAX_JSON_BYTES} bytes; expected a config`);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    return refuse(folder, `${name} is not JSON: ${(cause as Error).message}`);
  }
  return isFields(value) ? value : refuse(folder, `${name} is ${shown(value)}; expected an object`);
}

function refuse(place: string, message: string): never {
  throw new RefineError('ERR_REFINE_ASSET', message, { place });
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
