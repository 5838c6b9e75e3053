// What a model asks of memory, from its config alone, so that a folder is refused before a byte of its weights is read.
// Invariant: sums are exact in doubles (a plan with more than 2^53 bytes is refused by its size all the same).
import { totalmem } from 'node:os';
import type { ModelConfig } from '../../../native/index.js';
import type { NamedRole } from './plan.js';

export type WeightDtype = 'f32' | 'bf16' | 'int8';

export interface MemoryPlan {
  readonly parameters: number;
  /** Weights as they would be held in each type, and what is computed of weights alone (DeBERTa's places), as float32. */
  readonly f32: number;
  readonly bf16: number;
  /** A byte a number and a float32 a row of each matrix; vectors stay float32. */
  readonly int8: number;
  /** Keys and values of one position in float32; 0 for encoders. */
  readonly cachePerToken: number;
  /** Buffers of one position on its way through a block and the head, about. */
  readonly activationsPerToken: number;
}

export function memoryPlan(config: ModelConfig, roles: Iterable<NamedRole>): MemoryPlan {
  let parameters = 0;
  let vectors = 0;
  let rows = 0;
  for (const { shape } of roles) {
    const [first, second] = shape;
    parameters += first * (second ?? 1);
    if (second === undefined) vectors += first;
    else rows += first;
  }
  const { channels, heads, kvHeads, headDim, hidden, layers, vocab, gated, causal } = config;
  const places = 4 * placesOf(config);
  return {
    parameters,
    f32: 4 * parameters + places,
    bf16: 2 * (parameters - vectors) + 4 * vectors + places,
    int8: parameters - vectors + 4 * rows + 4 * vectors + places,
    cachePerToken: causal ? 4 * layers * 2 * kvHeads * headDim : 0,
    activationsPerToken: 4 * (4 * channels + 2 * (heads + kvHeads) * headDim + hidden * (gated ? 3 : 2) + (causal ? vocab : 0)),
  };
}

/** Numbers of DeBERTa's keys and queries of places, which every layer holds ready beside its weights (kernels/model/disentangled.h). */
function placesOf({ relativeSpan = 0, contentToPosition, positionToContent, layers, heads, headDim }: ModelConfig): number {
  return 2 * relativeSpan * heads * headDim * layers * (Number(contentToPosition === true) + Number(positionToContent === true));
}

/** Tokens whose buffers a plan counts: what one call of a scorer holds at least. */
const TOKENS = 1024;

export function neededBytes(plan: MemoryPlan, dtype: WeightDtype): number {
  return plan[dtype] + TOKENS * (plan.cachePerToken + plan.activationsPerToken);
}

/** Four fifths of what this process may have: the machine's memory, or its container's where that is less. */
export function memoryLimit(): number {
  const contained = process.constrainedMemory();
  return Math.floor(0.8 * (contained > 0 ? Math.min(contained, totalmem()) : totalmem()));
}

export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];
  const unit = Math.max(0, Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const value = bytes / 2 ** (10 * unit);
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** The plan in one sentence, for a refusal. */
export function memorySentence(plan: MemoryPlan, dtype: WeightDtype): string {
  const rest = TOKENS * (plan.cachePerToken + plan.activationsPerToken);
  return (
    `${plan.parameters.toLocaleString('en-US')} parameters: ${bytesText(plan.f32)} as f32, ${bytesText(plan.bf16)} as bf16, ${bytesText(plan.int8)} as int8, ` +
    `and ${bytesText(rest)} for ${TOKENS} tokens; ${bytesText(neededBytes(plan, dtype))} with ${dtype}`
  );
}
