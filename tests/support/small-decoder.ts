// A Falcon of one layer with random weights and the shipped vocabulary of 4,096: nearly log 4,096 nats a token, so bits per byte
// say how many tokens a text takes. Enough to tell noise from words, and quick.
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packagePath } from '../../native/index.js';
import { randomModelFolder, type TensorShapes } from './model-folder.js';

const CHANNELS = 16;
const VOCAB = 4096;

const LAYER = 'transformer.h.0';
const TENSORS: TensorShapes = [
  ['transformer.word_embeddings.weight', [VOCAB, CHANNELS]],
  [`${LAYER}.input_layernorm.weight`, [CHANNELS]],
  [`${LAYER}.input_layernorm.bias`, [CHANNELS]],
  [`${LAYER}.self_attention.query_key_value.weight`, [CHANNELS + 2 * 8, CHANNELS]],
  [`${LAYER}.self_attention.dense.weight`, [CHANNELS, CHANNELS]],
  [`${LAYER}.mlp.dense_h_to_4h.weight`, [4 * CHANNELS, CHANNELS]],
  [`${LAYER}.mlp.dense_4h_to_h.weight`, [CHANNELS, 4 * CHANNELS]],
  ['transformer.ln_f.weight', [CHANNELS]],
  ['transformer.ln_f.bias', [CHANNELS]],
];

export function smallDecoder(folder: string, seed = 7): string {
  randomModelFolder(
    folder,
    {
      model_type: 'falcon',
      architectures: ['FalconForCausalLM'],
      vocab_size: VOCAB,
      hidden_size: CHANNELS,
      num_hidden_layers: 1,
      num_attention_heads: 2,
      multi_query: true,
      parallel_attn: true,
      new_decoder_architecture: false,
      bias: false,
      alibi: false,
      layer_norm_epsilon: 1e-5,
      max_position_embeddings: 256,
      bos_token_id: 0,
      eos_token_id: 0,
    },
    TENSORS,
    seed,
  );
  const shipped = packagePath('stages', 'perplexity', 'models', 'reference-small');
  for (const name of readdirSync(shipped).filter((file) => file.startsWith('tokenizer'))) cpSync(join(shipped, name), join(folder, name));
  return folder;
}

/** Makes one weight of the last tensor in the file NaN. */
export function spoilWeights(folder: string): void {
  const path = join(folder, readdirSync(folder).find((name) => name.endsWith('.safetensors'))!);
  const bytes = readFileSync(path);
  bytes.writeUInt32LE(0x7fc00000, bytes.length - 8);
  writeFileSync(path, bytes);
}
