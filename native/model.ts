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
  /** DeBERTa-v2: rows of `relative` to each side; the four stand together. */
  readonly relativeSpan?: number;
  /** The row of each distance from 0 on: `context` entries. */
  readonly relativeBucket?: Int32Array;
  readonly contentToPosition?: boolean;
  readonly positionToContent?: boolean;
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

declare const model: unique symbol;
/** A model ready to run; its files stay mapped until the handle is collected. */
export type ModelHandle = { readonly [model]: true };

export interface ModelOptions {
  /** What the fast runtime multiplies (default f32); the reference always takes float32. int8: weights by output channel, rows as they come. */
  readonly dtype?: 'f32' | 'bf16' | 'int8';
  /** The instruction set, which fixes every bit; absent: the best this machine has. */
  readonly isa?: string;
  /** Default `fast`. `reference`: the readable forward, slow, the oracle of the other. */
  readonly runtime?: 'fast' | 'reference';
  /** Runs on the GPU, with the kernels of this library (native/cuda.ts); `isa` and `runtime` mean nothing then. */
  readonly cuda?: {
    readonly library: string;
    /** Tokens of a packed batch; chosen by the model's size where absent. */
    readonly batchTokens?: number;
    /** Bytes of the device that all models of this process may take. */
    readonly memoryLimit?: number;
  };
}

/** How the next token is chosen: kernels/include/refine/sample.h. */
export interface SampleOptions {
  /** 0 takes the likeliest. */
  readonly temperature: number;
  /** 0: no limit. */
  readonly topK: number;
  readonly topP: number;
  /** 64 bits. */
  readonly seed: bigint;
}

declare const generation: unique symbol;
/** A text being written: what was read, as keys and values. */
export type GenerationHandle = { readonly [generation]: true };

/** How an encoder's rows become one vector, and the linear heads over it: kernels/include/refine/model_encode.h. */
export interface EncodeOptions {
  readonly pooling: 'cls' | 'mean' | 'max' | 'pooler';
  /** Of the pooler: BERT's tanh, DeBERTa's gelu. */
  readonly activation: 'tanh' | 'gelu';
  /** Roles with .weight (L, C) and perhaps .bias: `classifier`, `heads.NAME`. */
  readonly heads: readonly string[];
}

export interface ModelBinding {
  /** The instruction sets models run on here, the best first; a name fixes every bit of a dtype: scalar, neon, avx2, avx512, avx512-bf16, amx. */
  modelIsas(): readonly string[];
  /** Multiplies and adds a second that this core does in registers alone, measured now (20 ms); 0 where it has no such instruction. */
  modelPeak(dtype: 'f32' | 'bf16' | 'int8', isa?: string): number;
  /**
   * Vectors (documents, C) and per head logits (documents, L); documents lie back to back and do not see each other. One without ids
   * has a vector of zeros and logits of NaN.
   */
  modelEncode(
    model: ModelHandle,
    ids: Uint32Array,
    offsets: Int32Array,
    options: EncodeOptions,
  ): Promise<{ readonly vectors: Float32Array; readonly logits: readonly Float32Array[] }>;
  /** Maps the files, checks every shape against the config; throws ERR_REFINE_WEIGHTS. */
  modelLoad(plan: WeightsPlan, options?: ModelOptions): ModelHandle;
  /**
   * Nats a token: -ln p(token | those before it in its document). A document's first is NaN, unless `bos` is given: a token that is
   * read before each document. Documents lie back to back; they do not see each other.
   */
  modelLosses(model: ModelHandle, ids: Uint32Array, offsets: Int32Array, bos?: number): Promise<Float32Array>;
  /** The scores of what follows each of `positions` of one document: (positions, V). */
  modelLogits(model: ModelHandle, ids: Uint32Array, positions: Uint32Array): Promise<Float32Array>;
  modelGenerate(model: ModelHandle, options: SampleOptions): GenerationHandle;
  /** Reads one token or more and chooses the one after them. Calls for one text run one after another. */
  modelNext(generation: GenerationHandle, ids: Uint32Array): Promise<number>;
}
