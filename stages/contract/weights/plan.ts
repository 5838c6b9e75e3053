// A model folder as a plan: what the transformer is, where each weight lies, how much memory it asks for.
// Invariant: every shape in a plan was compared with the config and with the file before the plan was handed out.
import type { ModelConfig, RoleTensor, TensorSource, WeightsPlan } from '../../../native/index.js';
import type { MemoryPlan } from './memory-plan.js';

export type { ModelConfig, RoleTensor, TensorSource };

export interface ModelHead {
  /** `classifier`, or NAME of `heads.NAME`. */
  readonly name: string;
  readonly kind: 'classification' | 'regression' | 'multi-label';
  readonly labels: readonly string[];
}

export interface ModelPlan extends WeightsPlan {
  readonly folder: string;
  /** model_type of config.json, such as `falcon`. */
  readonly modelType: string;
  /** The folder, or a file in it, that loadTokenizer opens; null where there is none. */
  readonly tokenizer: string | null;
  readonly special: { readonly bos: number | null; readonly eos: number | null; readonly pad: number | null };
  readonly heads: readonly ModelHead[];
  /** How a sentence encoder says its vectors are pooled (1_Pooling/config.json); null where it does not say. */
  readonly pooling: 'mean' | 'cls' | 'max' | null;
  /** Tensors of the files that no role takes, such as masks kept as buffers. */
  readonly unused: readonly string[];
  /** Numbers in all roles. */
  readonly parameters: number;
  readonly bytes: MemoryPlan;
}

/** A linear layer or norm as an architecture names it in its files, and what it is for. */
export interface NamedRole {
  readonly role: string;
  readonly tensor: string;
  /** (rows, columns) of the role, or a vector's length. */
  readonly shape: readonly [number, number] | readonly [number];
  /** (start, count) pairs of the tensor's rows after its transpose; all of them where absent. */
  readonly rows?: readonly number[];
  /** The tensor's own rows after its transpose, where `rows` takes some. */
  readonly of?: number;
  readonly transpose?: boolean;
  /** Left out where the files have no such tensor. */
  readonly optional?: boolean;
}

/** What an architecture's reader makes of config.json. */
export interface Architecture {
  readonly config: ModelConfig;
  /** The weights under the names of the files; `prefixes` may stand before each, the first that fits. */
  roles(): Iterable<NamedRole>;
  /** Prefixes to try, longest first; '' where the folder holds a bare model. */
  readonly prefixes: readonly string[];
  /** A tensor that is always there, to tell the prefix by. */
  readonly probe: string;
  /** A head of the causal model, named without prefix, where it is not tied. */
  readonly heads?: readonly ModelHead[];
}

/** What every architecture begins with. */
export const PLAIN: Omit<ModelConfig, 'vocab' | 'channels' | 'layers' | 'heads' | 'kvHeads' | 'headDim' | 'hidden' | 'context' | 'attentionScale'> = {
  layout: 'sequential',
  twoNorms: true,
  norm: 'layer',
  normEps: 1e-5,
  normAffine: true,
  activation: 'gelu',
  gated: false,
  position: 'none',
  rotaryDim: 0,
  rotaryFrequency: [],
  rotaryFactor: 1,
  alibiSlope: [],
  alibiScale: 1,
  alibiBfloat16: false,
  clipQkv: 0,
  qkNorm: false,
  causal: true,
  positionOffset: 0,
  segments: 0,
  embeddingNorm: false,
  finalNorm: true,
};
