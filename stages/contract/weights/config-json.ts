// What all architectures read from config.json alike: sizes within the core's bounds, activations by their HuggingFace names.
// Twin of the bounds: kernels/model/model_config.cpp.
import type { ModelConfig } from '../../../native/index.js';
import { type Fields, refuse, shown } from './json-file.js';

export const BOUNDS = { vocab: 2 ** 24, channels: 2 ** 17, layers: 4096, heads: 4096, headDim: 4096, hidden: 2 ** 20, context: 2 ** 27 } as const;

const ACTIVATIONS: Readonly<Record<string, ModelConfig['activation']>> = {
  gelu: 'gelu',
  gelu_python: 'gelu',
  gelu_new: 'gelu-tanh',
  gelu_fast: 'gelu-tanh',
  gelu_pytorch_tanh: 'gelu-tanh',
  silu: 'silu',
  swish: 'silu',
  relu: 'relu',
};

export function activation(config: Fields, names: string | readonly string[], otherwise: string): ModelConfig['activation'] {
  const name = config.text(names, otherwise);
  const known = Object.hasOwn(ACTIVATIONS, name) ? ACTIVATIONS[name] : undefined;
  return known ?? refuse(config.place, `${typeof names === 'string' ? names : names[0]} is ${shown(name)}; known: ${Object.keys(ACTIVATIONS).join(', ')}`);
}

export interface Sizes {
  readonly vocab: number;
  readonly channels: number;
  readonly layers: number;
  readonly heads: number;
  readonly headDim: number;
}

export interface SizeNames {
  readonly vocab: number;
  readonly channels: readonly [readonly string[], number];
  readonly layers: readonly [readonly string[], number];
  readonly heads: readonly [readonly string[], number];
}

/** `defaults`: what the architecture's config class has where config.json is silent. */
export function sizes(config: Fields, names: SizeNames): Sizes {
  const channels = config.whole(names.channels[0], 1, BOUNDS.channels, names.channels[1]);
  const heads = config.whole(names.heads[0], 1, BOUNDS.heads, names.heads[1]);
  const named = config.get('head_dim');
  if (named === undefined && channels % heads !== 0)
    refuse(config.place, `${names.channels[0][0]} is ${channels} and ${names.heads[0][0]} ${heads}; expected a multiple of the heads`);
  return {
    vocab: config.whole('vocab_size', 1, BOUNDS.vocab, names.vocab),
    channels,
    layers: config.whole(names.layers[0], 0, BOUNDS.layers, names.layers[1]),
    heads,
    headDim: config.whole('head_dim', 1, BOUNDS.headDim, Math.trunc(channels / heads)),
  };
}

/** Heads of keys and values, which the query heads share evenly. */
export function kvHeads(config: Fields, names: readonly string[], heads: number, otherwise: number): number {
  const count = config.whole(names, 1, BOUNDS.heads, otherwise);
  if (heads % count !== 0) refuse(config.place, `${names[0]} is ${count}; expected a divisor of the ${heads} heads`);
  return count;
}

export function contextOf(config: Fields, names: readonly string[], otherwise: number): number {
  return config.whole(names, 1, BOUNDS.context, otherwise);
}

export function hiddenOf(config: Fields, names: readonly string[], otherwise: number): number {
  return config.whole(names, 1, BOUNDS.hidden, otherwise);
}

/** A flag that changes the mathematics and is not read. */
export function refuseFlag(config: Fields, name: string, allowed: boolean): void {
  if (config.flag(name, allowed) !== allowed) refuse(config.place, `${name} is ${String(!allowed)}, which is not computed here; expected ${String(allowed)}`);
}
