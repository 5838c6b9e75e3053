// The native half of CUDA: what the library of kernels says of this machine, and work that is no model's. Twins: kernels/cuda/library.h,
// native/src/bind_cuda.cpp. Models on the device are `modelLoad` with `cuda`.
import { existsSync } from 'node:fs';
import type { ListColumn } from './batch.js';
import type { ModelHandle } from './model.js';
import { packagePath } from './package-root.js';
import type { SketchParams } from './sketch.js';

export interface CudaProbe {
  /** `ok`, or why no device can be used. */
  readonly reason: 'ok' | 'no-driver' | 'no-device' | 'too-old';
  /** The runtime's number behind the reason, 0 where there is none. */
  readonly error: number;
  /** A sentence behind a reason that is not ok. */
  readonly detail: string;
  readonly name: string;
  /** Bytes. */
  readonly memory: number;
  readonly multiprocessors: number;
  /** Compute capability, `9.0`. */
  readonly capability: string;
  /** 13000 is CUDA 13.0; 0: no driver answers. */
  readonly driver: number;
  readonly runtime: number;
  /** Which family of kernels runs. */
  readonly path: 'hopper' | 'ampere';
}

/** What a model on the device holds and has done. */
export interface CudaFacts {
  /** How often its batch was halved for want of memory. */
  readonly halvings: number;
  readonly batchTokens: number;
  readonly weightBytes: number;
  readonly arenaBytes: number;
  /** Of all models of this process. */
  readonly heldBytes: number;
  readonly batches: number;
  readonly tokens: number;
  /** From each batch's first kernel to its last, where the environment has REFINE_CUDA_TIMING=1. */
  readonly gpuSeconds: number;
  /** Forwards of small batches kept as CUDA graphs, at most 16; REFINE_CUDA_GRAPHS=0: none. */
  readonly graphs: number;
  /** Batches whose forward was replayed. */
  readonly replays: number;
  /** Kernels of the forward kept last. */
  readonly launches: number;
}

export interface CudaBinding {
  /** Opens the library once and asks the driver; throws ERR_REFINE_DEVICE where the file is no library of this checkout. */
  cudaProbe(library: string): CudaProbe;
  /** Minima of the affine family of each row's shingles: (rows, hashes), all 64 bits, all ones where a row has none. */
  cudaMinhash(library: string, shingles: ListColumn, hashes: number): Promise<BigUint64Array>;
  /** Keys of the affine family's bands from .. to - 1, as bandKeysOf's of native/sketch.ts: (rows, to - from, 2), high then low half. */
  cudaBandKeys(library: string, shingles: ListColumn, sketch: Pick<SketchParams, 'bands' | 'rows'>, from: number, to: number): Promise<BigUint64Array>;
  /** Null for a model on the CPU. */
  modelFacts(model: ModelHandle): CudaFacts | null;
}

/** The library of kernels: the file that REFINE_CUDA_LIBRARY names, else the one that the build makes; null where there is none. */
export function cudaLibrary(named: string | undefined = process.env.REFINE_CUDA_LIBRARY): string | null {
  const path = named === undefined || named === '' ? packagePath('build', 'cuda', 'librefine_cuda.so') : named;
  return existsSync(path) ? path : null;
}
