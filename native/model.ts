// The native half of models: plans of weights and the description of a transformer. Twins: kernels/include/refine/model_config.h
// and model_weights.h; native/src/model_args.h reads what stands here. Plans are made in stages/contract/weights.

/** Twin of ModelConfig, field for field; axis letters: V vocabulary, C channels, H heads, G key-value heads, D a head, F hidden, T positions. */
export interface ModelConfig {
  readonly vocab: number;
  readonly channels: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly hidden: number;
  readonly context: number;
  readonly layout: 'sequential' | 'parallel' | 'post-norm' | 'norm-after';
  readonly twoNorms: boolean;
  readonly norm: 'layer' | 'rms';
  readonly normEps: number;
  readonly normAffine: boolean;
  readonly activation: 'gelu' | 'gelu-tanh' | 'silu' | 'relu';
  readonly gated: boolean;
  readonly position: 'rotary' | 'alibi' | 'learned' | 'none';
  readonly rotaryDim: number;
  /** rotaryDim / 2 radians a position, after rope scaling. */
  readonly rotaryFrequency: readonly number[];
  readonly rotaryFactor: number;
  /** H slopes before alibiScale. */
  readonly alibiSlope: readonly number[];
  readonly alibiScale: number;
  /** HuggingFace's Falcon: position and product are rounded to bfloat16. */
  readonly alibiBfloat16: boolean;
  readonly attentionScale: number;
  readonly clipQkv: number;
  readonly qkNorm: boolean;
  readonly causal: boolean;
  readonly positionOffset: number;
  readonly segments: number;
  readonly embeddingNorm: boolean;
  readonly finalNorm: boolean;
}

export type WeightType = 'F32' | 'BF16' | 'F16' | 'F64' | 'I8';

/** Where a tensor's numbers lie in a file. */
export interface TensorSource {
  readonly file: number;
  /** Byte offset in the file. */
  readonly begin: number;
  readonly bytes: number;
  readonly dtype: WeightType;
  /** One or two numbers. */
  readonly shape: readonly number[];
  /** I8 only: the source of one float32 factor an output row. */
  readonly scales?: number;
}

/** What a model asks for: rows of a source, in order, after its transpose. */
export interface RoleTensor {
  readonly role: string;
  readonly source: number;
  /** (start, count) pairs. */
  readonly rows: Uint32Array;
  readonly transpose: boolean;
  readonly shape: readonly [number, number] | readonly [number];
}

/** What native code needs of a plan. */
export interface WeightsPlan {
  readonly config: ModelConfig;
  readonly files: readonly string[];
  readonly sources: readonly TensorSource[];
  readonly tensors: readonly RoleTensor[];
}

declare const modelWeights: unique symbol;
/** Mapped files, freed with the handle. */
export type ModelWeightsHandle = { readonly [modelWeights]: true };

export interface ModelWeightsBinding {
  /** Maps the files and checks every range against them; throws ERR_REFINE_WEIGHTS. */
  weightsOpen(plan: WeightsPlan): ModelWeightsHandle;
  /** A role as float32, row-major; a vector has one row. Null where the plan has no such role. */
  weightsRead(weights: ModelWeightsHandle, role: string): { readonly rows: number; readonly columns: number; readonly values: Float32Array } | null;
  /** Roles that hold NaN or infinite numbers: how many, and the first one's index. Reads every weight once. */
  weightsNonFinite(weights: ModelWeightsHandle): Promise<readonly { readonly role: string; readonly count: number; readonly first: number }[]>;
}
