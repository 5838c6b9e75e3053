// The native half of training: one decoder or classifier, one batch a step. Twin: kernels/include/refine/model_train.h.
import type { ModelConfig } from './model.js';

export interface TrainerOptions {
  /** 'next-token': n ids give n - 1 losses. 'classify': a label a document from tanh(pooler(first position)), as BertForSequenceClassification. */
  readonly goal: 'next-token' | 'classify';
  /** classify: 2 or more; else 0. */
  readonly labels: number;
  /** Biases on every linear map but the head (BERT, GPT-2). */
  readonly linearBias: boolean;
  readonly tiedHead: boolean;
  /** Peak learning rate: a linear rise over `warmup` steps, a cosine to finalShare * rate at step `total`, constant after it. */
  readonly rate: number;
  readonly finalShare: number;
  readonly warmup: number;
  readonly total: number;
  /** Decoupled weight decay, on matrices only. */
  readonly decay: number;
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  /** Of the gradient's global norm; 0: not clipped. */
  readonly clip: number;
  /** Parts of a batch whose gradients are added in order: part of the result. */
  readonly slices: number;
  /** No part of the result. */
  readonly threads: number;
  /** 0 .. 2^53 - 1. */
  readonly seed: number;
}

export interface TrainerStep {
  /** Mean nats a target. */
  readonly loss: number;
  /** Global norm before clipping. */
  readonly gradNorm: number;
  readonly targets: number;
  readonly rate: number;
  /** False where loss or gradient is not finite: the weights stayed as they were. */
  readonly updated: boolean;
}

declare const trainer: unique symbol;
/** Weights, moments and scratch memory, freed with the handle. One call at a time. */
export type TrainerHandle = { readonly [trainer]: true };

export interface TrainerWeights {
  readonly role: string;
  readonly shape: readonly [number, number] | readonly [number];
  readonly values: Float32Array;
}

declare const cudaTrainer: unique symbol;
/** Weights, moments and activations of a GPU, freed with the handle. One call at a time. */
export type CudaTrainerHandle = { readonly [cudaTrainer]: true };

export interface CudaTrainerPlace {
  /** The library of kernels (cudaLibrary of native/cuda.ts). */
  readonly library: string;
  /** Of products: bf16 with fp32 sums, or fp32 throughout (for comparison; slow). Weights, moments and gradients are fp32. */
  readonly dtype: 'f32' | 'bf16';
  /** Positions whose activations are held at once: part of the result, as gradients are added part by part; default 16,384. */
  readonly batchTokens?: number;
}

/** The trainer on a GPU: the same parameters, first values, schedule and answers; sums in another order. */
export interface CudaTrainerBinding {
  /** ERR_REFINE_DEVICE where the shape has no backward pass there (biases of linear layers, learned positions, encoders), ERR_REFINE_MEMORY with the plan. */
  cudaTrainerNew(config: ModelConfig, options: TrainerOptions, place: CudaTrainerPlace): Promise<CudaTrainerHandle>;
  cudaTrainerStep(trainer: CudaTrainerHandle, ids: Uint32Array, offsets: Int32Array): Promise<TrainerStep>;
  cudaTrainerGradient(trainer: CudaTrainerHandle, ids: Uint32Array, offsets: Int32Array): Promise<TrainerStep & { readonly gradient: Float32Array }>;
  cudaTrainerEvaluate(trainer: CudaTrainerHandle, ids: Uint32Array, offsets: Int32Array): Promise<Float32Array>;
  cudaTrainerWeights(trainer: CudaTrainerHandle): Promise<TrainerWeights[]>;
}

export interface TrainerBinding extends CudaTrainerBinding {
  /** Weights from the seed; throws ERR_REFINE_WEIGHTS where the shape has no backward pass, ERR_REFINE_MEMORY where it passes the limit. */
  trainerNew(config: ModelConfig, options: TrainerOptions): TrainerHandle;
  /** Replaces one role's weights. */
  trainerPut(trainer: TrainerHandle, role: string, values: Float32Array): void;
  /** Documents back to back; document d has ids[offsets[d] .. offsets[d+1]). `labels`: classify, one a document; else null. */
  trainerStep(trainer: TrainerHandle, ids: Uint32Array, offsets: Int32Array, labels: Int32Array | null): Promise<TrainerStep>;
  /** The batch's gradient, flat in the order of trainerWeights; no update. */
  trainerGradient(
    trainer: TrainerHandle,
    ids: Uint32Array,
    offsets: Int32Array,
    labels: Int32Array | null,
  ): Promise<TrainerStep & { readonly gradient: Float32Array }>;
  /** next-token: nats of each id, NaN for the first of a document. classify: (documents, labels) logits. */
  trainerEvaluate(trainer: TrainerHandle, ids: Uint32Array, offsets: Int32Array): Promise<Float32Array>;
  /** Copies. */
  trainerWeights(trainer: TrainerHandle): TrainerWeights[];
  /** Weights, moments and step: what trainerRestore takes, in a trainer of the same shape and options, to go on as if it had never stopped. */
  trainerState(trainer: TrainerHandle): Uint8Array;
  trainerRestore(trainer: TrainerHandle, state: Uint8Array): void;
  trainerSteps(trainer: TrainerHandle): number;
  /** Bytes for weights, moments and the activations of `positions` in flight. */
  trainerBytes(config: ModelConfig, options: TrainerOptions, positions: number): number;
}
