// A model where the run computes: on this process's CPU, on the GPU in this process, or in the run's one GPU process, to which workers send
// tokens and which sends numbers back. Steps ask for losses and vectors and never see which it is.
// Invariant: a document's numbers depend on its ids, the weights, dtype and the device's kind alone.
import { cudaLibrary, type EncodeOptions, type ModelOptions, native, RefineError, type WeightsPlan } from '../../native/index.js';
import { GpuClient } from './gpu-client.js';
import { instructionSets } from './instruction-sets.js';
import type { StageEnv } from './stage.js';

export interface Encoded {
  readonly vectors: Float32Array;
  readonly logits: readonly Float32Array[];
}

export interface RunningModel {
  /** As `modelLosses` of native/model.ts. */
  losses(ids: Uint32Array, offsets: Int32Array): Promise<Float32Array>;
  /** As `modelEncode`. */
  encode(ids: Uint32Array, offsets: Int32Array, options: EncodeOptions): Promise<Encoded>;
  /** Tokens of one call that keep the device busy and an abort short. */
  readonly callTokens: number;
}

/** Where a step's model runs: what StageEnv says of it. */
export type ModelPlace = Partial<Pick<StageEnv, 'device' | 'isa' | 'gpu'>>;

export interface RunningModelOptions {
  readonly dtype?: ModelOptions['dtype'] | undefined;
  readonly runtime?: ModelOptions['runtime'] | undefined;
  /** Tokens of one call on the CPU. */
  readonly callTokens: number;
}

/** Many batches of a GPU: tokenizing the next call's texts must not leave it idle. */
const GPU_CALL_TOKENS = 1 << 18;

export async function openRunningModel(plan: WeightsPlan, options: RunningModelOptions, place: ModelPlace): Promise<RunningModel> {
  const dtype = options.dtype ?? 'f32';
  // DeBERTa's attention has no kernels for the GPU: such a model stays on the CPU in a run of the GPU too.
  if (place.device === 'cuda' && options.runtime !== 'reference' && (plan.config.relativeSpan ?? 0) === 0) {
    if (place.gpu !== undefined) return await remote(place.gpu, plan, dtype);
    const library = cudaLibrary();
    if (library === null) throw new RefineError('ERR_REFINE_DEVICE', 'the library of CUDA kernels is gone. Build it: npm run build:cuda');
    return local(plan, { dtype, cuda: { library } }, GPU_CALL_TOKENS);
  }
  const { runtime } = options;
  const isa = place.device === 'cuda' ? besideGpu() : (place.isa ?? instructionSets()[0]!);
  return local(plan, { dtype, isa, ...(runtime === undefined ? {} : { runtime }) }, options.callTokens);
}

/** A run of the GPU locks no set of the CPU, and its hosts may differ: the one that every x86 host of a GPU has keeps their bytes alike. */
function besideGpu(): string {
  const sets = instructionSets();
  return sets.find((set) => set === 'avx2') ?? sets[0]!;
}

function local(plan: WeightsPlan, options: ModelOptions, callTokens: number): RunningModel {
  const handle = native.modelLoad(plan, options);
  return {
    losses: (ids, offsets) => native.modelLosses(handle, ids, offsets),
    encode: (ids, offsets, how) => native.modelEncode(handle, ids, offsets, how),
    callTokens,
  };
}

async function remote(address: string, plan: WeightsPlan, dtype: NonNullable<ModelOptions['dtype']>): Promise<RunningModel> {
  const client = GpuClient.at(address);
  const { config, files, sources, tensors } = plan; // a plan read from a folder has more, which the kernels do not need
  const model = await client.ask<number>({ op: 'open', plan: { config, files, sources, tensors }, dtype });
  return {
    losses: (ids, offsets) => client.ask({ op: 'losses', model, ids, offsets }),
    encode: (ids, offsets, encode) => client.ask({ op: 'encode', model, ids, offsets, encode }),
    callTokens: GPU_CALL_TOKENS,
  };
}
