// A trained Falcon block's roles as the tensors of a HuggingFace folder: q, k and v of a layer are one there.
import type { TrainerWeights } from '../../../native/index.js';

const NAMES: Readonly<Record<string, string>> = {
  embed: 'transformer.word_embeddings.weight',
  'final_norm.weight': 'transformer.ln_f.weight',
  'final_norm.bias': 'transformer.ln_f.bias',
  'classifier.weight': 'classifier.weight',
  'classifier.bias': 'classifier.bias',
};
const IN_LAYER: Readonly<Record<string, string>> = {
  'norm1.weight': 'input_layernorm.weight',
  'norm1.bias': 'input_layernorm.bias',
  'q.weight': 'self_attention.query_key_value.weight',
  'o.weight': 'self_attention.dense.weight',
  'up.weight': 'mlp.dense_h_to_4h.weight',
  'down.weight': 'mlp.dense_4h_to_h.weight',
};

export interface FusedTensor<T extends TrainerWeights> {
  readonly name: string;
  readonly shape: readonly number[];
  /** Rows of one behind rows of another: q, k, v; else one part. */
  readonly parts: readonly T[];
}

/** Under their names in the files; `classifier` is refine's own head. */
export function falconTensors<T extends TrainerWeights>(weights: readonly T[]): readonly FusedTensor<T>[] {
  const out: FusedTensor<T>[] = [];
  for (let i = 0; i < weights.length; i++) {
    const { role, shape } = weights[i]!;
    const [, layer, local] = /^layers\.(\d+)\.(.*)$/.exec(role) ?? [];
    const name = layer === undefined ? NAMES[role]! : `transformer.h.${layer}.${IN_LAYER[local!]}`;
    const parts = weights.slice(i, local === 'q.weight' ? i + 3 : i + 1);
    i += parts.length - 1;
    out.push({ name, shape: [parts.reduce((rows, part) => rows + part.shape[0], 0), ...shape.slice(1)], parts });
  }
  return out;
}
