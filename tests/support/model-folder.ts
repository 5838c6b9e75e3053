// Model folders for tests: weights from the counter-based generator, written as safetensors beside a config.json.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomTensor } from '../../stages/contract/weights/random-weights.js';
import { type TensorToWrite, writeSafetensors } from '../../stages/contract/weights/write-safetensors.js';

export type TensorShapes = readonly (readonly [string, readonly number[]])[];

export function temporaryFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `refine-${name}-`));
}

export function f32Tensor(name: string, shape: readonly number[], values: Float32Array): TensorToWrite {
  return { name, dtype: 'F32', shape, bytes: () => new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };
}

/** A folder with `config` and random weights of those names and shapes. */
export function randomModelFolder(folder: string, config: object, tensors: TensorShapes, seed: number, maxShard?: number): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  writeSafetensors(
    folder,
    tensors.map(([name, shape]) => f32Tensor(name, shape, randomTensor(seed, name, shape))),
    maxShard,
  );
  return folder;
}
