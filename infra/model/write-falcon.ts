// A trained Falcon block as HuggingFace's FalconForCausalLM: config.json and model.safetensors in bfloat16.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toBfloat16 } from '../../native/bfloat16.js';
import type { TrainerWeights } from '../../native/index.js';
import type { ModelSize } from '../../native/model-shapes.js';
import { falconTensors } from '../../stages/contract/weights/falcon-tensors.js';
import { type TensorToWrite, writeSafetensors } from '../../stages/contract/weights/write-safetensors.js';

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
  writeSafetensors(
    folder,
    falconTensors(weights).map(
      ({ name, shape, parts }): TensorToWrite => ({
        name,
        dtype: 'BF16',
        shape,
        bytes: () => Buffer.concat(parts.map(({ values }) => new Uint8Array(toBfloat16(values).buffer))),
      }),
    ),
  );
}
