// A trained Falcon block as HuggingFace's FalconForCausalLM: config.json and model.safetensors in bfloat16.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toBfloat16 } from '../../native/bfloat16.js';
import type { TrainerWeights } from '../../native/index.js';
import type { ModelSize } from '../../native/model-shapes.js';
import { type TensorToWrite, writeSafetensors } from '../../stages/contract/weights/write-safetensors.js';

const NAMES: Readonly<Record<string, string>> = {
  embed: 'transformer.word_embeddings.weight',
  'final_norm.weight': 'transformer.ln_f.weight',
  'final_norm.bias': 'transformer.ln_f.bias',
};
const IN_LAYER: Readonly<Record<string, string>> = {
  'norm1.weight': 'input_layernorm.weight',
  'norm1.bias': 'input_layernorm.bias',
  'q.weight': 'self_attention.query_key_value.weight',
  'o.weight': 'self_attention.dense.weight',
  'up.weight': 'mlp.dense_h_to_4h.weight',
  'down.weight': 'mlp.dense_4h_to_h.weight',
};

export function writeFalcon(folder: string, size: ModelSize, weights: readonly TrainerWeights[]): void {
  const config = {
    architectures: ['FalconForCausalLM'],
    model_type: 'falcon',
    vocab_size: size.vocab,
    hidden_size: size.channels,
    num_hidden_layers: size.layers,
    num_attention_heads: size.heads,
    ffn_hidden_size: 4 * size.channels,
    max_position_embeddings: size.context,
    multi_query: true,
    new_decoder_architecture: false,
    parallel_attn: true,
    bias: false,
    alibi: false,
    activation: 'gelu',
    layer_norm_epsilon: 1e-5,
    rope_theta: 10000,
    tie_word_embeddings: true,
    hidden_dropout: 0,
    attention_dropout: 0,
    bos_token_id: 0,
    eos_token_id: 0,
    torch_dtype: 'bfloat16',
  };
  writeFileSync(join(folder, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
  const tensors: TensorToWrite[] = [];
  for (let i = 0; i < weights.length; i++) {
    const { role, shape, values } = weights[i]!;
    const [, layer, local] = /^layers\.(\d+)\.(.*)$/.exec(role) ?? [];
    const name = layer === undefined ? NAMES[role]! : `transformer.h.${layer}.${IN_LAYER[local!]}`;
    if (local !== 'q.weight') {
      tensors.push({ name, dtype: 'BF16', shape, bytes: () => bytesOf(values) });
      continue;
    }
    const parts = [weights[i]!, weights[i + 1]!, weights[i + 2]!]; // q, k, v in one tensor
    i += 2;
    const joined = new Float32Array(parts.reduce((sum, part) => sum + part.values.length, 0));
    let at = 0;
    for (const part of parts) {
      joined.set(part.values, at);
      at += part.values.length;
    }
    tensors.push({ name, dtype: 'BF16', shape: [joined.length / size.channels, size.channels], bytes: () => bytesOf(joined) });
  }
  writeSafetensors(folder, tensors);
}

const bytesOf = (values: Float32Array): Uint8Array => new Uint8Array(toBfloat16(values).buffer);
