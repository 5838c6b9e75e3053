// Descriptions of the models that refine trains itself: the Falcon block (parallel attention and MLP behind one LayerNorm,
// multi-query, rotary, no linear biases) and the BERT block (post-norm, biases, learned positions).
import type { ModelConfig } from './model.js';

export interface ModelSize {
  readonly vocab: number;
  readonly channels: number;
  readonly layers: number;
  /** Divides `channels` in parts of an even number. */
  readonly heads: number;
  readonly context: number;
}

const FEW = {
  twoNorms: false,
  norm: 'layer',
  normAffine: true,
  activation: 'gelu',
  gated: false,
  rotaryFactor: 1,
  alibiSlope: [],
  alibiScale: 1,
  alibiBfloat16: false,
  clipQkv: 0,
  qkNorm: false,
  positionOffset: 0,
} as const;

export function falconConfig({ vocab, channels, layers, heads, context }: ModelSize): ModelConfig {
  const headDim = channels / heads;
  return {
    ...FEW,
    vocab,
    channels,
    layers,
    heads,
    kvHeads: 1,
    headDim,
    hidden: 4 * channels,
    context,
    layout: 'parallel',
    normEps: 1e-5,
    position: 'rotary',
    rotaryDim: headDim,
    rotaryFrequency: Array.from({ length: headDim / 2 }, (_, i) => Math.fround(1 / 10_000 ** ((2 * i) / headDim))),
    attentionScale: 1 / Math.sqrt(headDim),
    causal: true,
    segments: 0,
    embeddingNorm: false,
    finalNorm: true,
  };
}

export function bertConfig({ vocab, channels, layers, heads, context }: ModelSize): ModelConfig {
  const headDim = channels / heads;
  return {
    ...FEW,
    vocab,
    channels,
    layers,
    heads,
    kvHeads: heads,
    headDim,
    hidden: 4 * channels,
    context,
    layout: 'post-norm',
    normEps: 1e-12,
    position: 'learned',
    rotaryDim: 0,
    rotaryFrequency: [],
    attentionScale: 1 / Math.sqrt(headDim),
    causal: false,
    segments: 2,
    embeddingNorm: true,
    finalNorm: false,
  };
}
