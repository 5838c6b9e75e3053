// A trained encoder as the files of a HuggingFace folder: config.json (BertForSequenceClassification; or FalconModel and a head of
// our own over the mean of its positions), model.safetensors, and a tokenizer.json whose post_processor puts the token before a text that the head reads.
// Storage `int8`: every matrix as I8 with one F32 scale a row in `<tensor>.scale`; transformers reads bf16 and f32.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBfloat16, toBfloat16 } from '../native/bfloat16.js';
import { type ModelConfig, native, RefineError, type TrainerHandle, type TrainerWeights } from '../native/index.js';
import { type FusedTensor, falconTensors } from '../stages/contract/weights/falcon-tensors.js';
import { type TensorToWrite, writeSafetensors } from '../stages/contract/weights/write-safetensors.js';

export type EncoderStorage = 'f32' | 'bf16' | 'int8';

export interface EncoderFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

interface Tokenizer {
  readonly path: string;
  readonly file: {
    readonly template?: { readonly before: readonly number[]; readonly after: readonly number[] };
    readonly specials: readonly { readonly id: number; readonly content: string }[];
  };
}

export interface EncoderFiles {
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** `base`: config.json of the decoder that the training went on from; null: a BERT of one's own. */
  write(config: ModelConfig, labels: readonly string[], weights: readonly StoredWeights[], storage: EncoderStorage, base: Json | null): EncoderFile[];
}

export type Json = Readonly<Record<string, unknown>>;

/** The tokenizer's own template where it has one; else its first special token before each text. */
export function encoderFiles({ path, file }: Tokenizer): EncoderFiles {
  const refuse = (message: string): never => {
    throw new RefineError('ERR_REFINE_ASSET', message, { place: path });
  };
  if (!path.endsWith('.json')) refuse('is no tokenizer.json, which the encoder folder needs. Give --tokenizer a folder that holds one');
  const json = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  let { before, after } = file.template ?? { before: [], after: [] };
  if (before.length === 0) {
    const first = file.specials[0] ?? refuse('has no special token to stand before a text. Train one: refine tokenizer train');
    before = [first.id];
    after = [];
    json.post_processor = {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: first.content, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [{ SpecialToken: { id: first.content, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
      special_tokens: { [first.content]: { id: first.content, ids: [first.id], tokens: [first.content] } },
    };
  }
  return {
    before,
    after,
    write: (config, labels, weights, storage, base) => [
      text('config.json', {
        ...(base === null ? bertFields(config, before[0]!) : { ...base, architectures: ['FalconModel'], classifier_input: 'mean' }),
        problem_type: 'single_label_classification',
        id2label: Object.fromEntries(labels.map((label, id) => [String(id), label])),
        label2id: Object.fromEntries(labels.map((label, id) => [label, id])),
        torch_dtype: storage === 'bf16' ? 'bfloat16' : 'float32',
      }),
      {
        name: 'model.safetensors',
        bytes: safetensors(
          base === null ? weights.map((one) => ({ name: tensorName(one.role), shape: one.shape, parts: [one] })) : falconTensors(weights),
          storage,
        ),
      },
      { name: 'tokenizer.json', bytes: new TextEncoder().encode(JSON.stringify(json)) },
      text('tokenizer_config.json', { tokenizer_class: 'PreTrainedTokenizerFast', model_max_length: config.context }),
    ],
  };
}

export interface StoredWeights extends TrainerWeights {
  /** int8: one a row; else absent. */
  readonly scales?: Float32Array;
  /** int8: 127ths of a row's largest number; else absent. */
  readonly steps?: Int8Array;
}

/** The trainer's weights as `storage` keeps them, put back into it, so that what is measured is what is written. */
export function storedWeights(trainer: TrainerHandle, storage: EncoderStorage): StoredWeights[] {
  return native.trainerWeights(trainer).map((one): StoredWeights => {
    if (storage === 'f32') return one;
    const { role, shape, values } = one;
    const kept = new Float32Array(values.length);
    if (storage === 'bf16' || shape.length === 1) {
      if (storage === 'bf16') kept.set(fromBfloat16(toBfloat16(values)));
      else kept.set(values);
      native.trainerPut(trainer, role, kept);
      return { role, shape, values: kept };
    }
    const [rows, columns] = shape as readonly [number, number];
    const scales = new Float32Array(rows);
    const steps = new Int8Array(values.length);
    for (let row = 0; row < rows; row++) {
      let most = 0;
      for (let i = row * columns; i < (row + 1) * columns; i++) most = Math.max(most, Math.abs(values[i]!));
      const scale = Math.fround(most / 127);
      scales[row] = scale;
      for (let i = row * columns; i < (row + 1) * columns; i++) {
        steps[i] = scale === 0 ? 0 : Math.max(-127, Math.min(127, Math.round(values[i]! / scale)));
        kept[i] = steps[i]! * scale;
      }
    }
    native.trainerPut(trainer, role, kept);
    return { role, shape, values: kept, scales, steps };
  });
}

const NAMES: Readonly<Record<string, string>> = {
  embed: 'bert.embeddings.word_embeddings.weight',
  positions: 'bert.embeddings.position_embeddings.weight',
  segments: 'bert.embeddings.token_type_embeddings.weight',
  embed_norm: 'bert.embeddings.LayerNorm',
  pooler: 'bert.pooler.dense',
  classifier: 'classifier',
};
const IN_LAYER: Readonly<Record<string, string>> = {
  q: 'attention.self.query',
  k: 'attention.self.key',
  v: 'attention.self.value',
  o: 'attention.output.dense',
  norm1: 'attention.output.LayerNorm',
  up: 'intermediate.dense',
  down: 'output.dense',
  norm2: 'output.LayerNorm',
};

function tensorName(role: string): string {
  const [, layer, local, part] = /^layers\.(\d+)\.(\w+)\.(weight|bias)$/.exec(role) ?? [];
  if (layer !== undefined) return `bert.encoder.layer.${layer}.${IN_LAYER[local!]}.${part}`;
  const [, stem, tail] = /^(\w+)(\.(?:weight|bias))?$/.exec(role)!;
  return `${NAMES[stem!]}${tail ?? ''}`;
}

function safetensors(stored: readonly FusedTensor<StoredWeights>[], storage: EncoderStorage): Uint8Array {
  const tensors: TensorToWrite[] = stored.flatMap(({ name, shape, parts }): TensorToWrite[] => {
    const joined = (of: (part: StoredWeights) => Int8Array | Uint16Array | Float32Array) => () =>
      Buffer.concat(
        parts.map((part) => {
          const { buffer, byteOffset, byteLength } = of(part);
          return new Uint8Array(buffer, byteOffset, byteLength);
        }),
      );
    if (parts[0]!.steps !== undefined)
      return [
        { name, dtype: 'I8', shape, bytes: joined(({ steps }) => steps!) },
        { name: `${name}.scale`, dtype: 'F32', shape: [shape[0]!], bytes: joined(({ scales }) => scales!) },
      ];
    return storage === 'bf16'
      ? [{ name, dtype: 'BF16', shape, bytes: joined(({ values }) => toBfloat16(values)) }]
      : [{ name, dtype: 'F32', shape, bytes: joined(({ values }) => values) }];
  });
  const folder = mkdtempSync(join(tmpdir(), 'refine-encoder-'));
  try {
    mkdirSync(folder, { recursive: true });
    writeSafetensors(folder, tensors, Number.POSITIVE_INFINITY);
    return readFileSync(join(folder, 'model.safetensors'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function bertFields(config: ModelConfig, first: number): Json {
  return {
    architectures: ['BertForSequenceClassification'],
    model_type: 'bert',
    vocab_size: config.vocab,
    hidden_size: config.channels,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    intermediate_size: config.hidden,
    max_position_embeddings: config.context,
    type_vocab_size: config.segments,
    hidden_act: 'gelu',
    layer_norm_eps: config.normEps,
    hidden_dropout_prob: 0,
    attention_probs_dropout_prob: 0,
    pad_token_id: first,
  };
}

const text = (name: string, value: object): EncoderFile => ({ name, bytes: new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`) });
