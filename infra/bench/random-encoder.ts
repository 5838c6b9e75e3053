// Encoders of random weights for benches, whose values do not change the work: shapes of the parts that all have, and the folder.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomTensor } from '../../stages/contract/weights/random-weights.js';
import { writeSafetensors } from '../../stages/contract/weights/write-safetensors.js';

/** A tensor's name and shape, as in the model's file. */
export type NamedShape = [name: string, shape: number[]];

export const linear = (name: string, out: number, into: number): NamedShape[] => [
  [`${name}.weight`, [out, into]],
  [`${name}.bias`, [out]],
];

export const norm = (name: string, width: number): NamedShape[] => [
  [`${name}.weight`, [width]],
  [`${name}.bias`, [width]],
];

/** Writes config.json and float32 weights of `shapes` (seed 1) into `folder`, and gives it back. */
export function writeRandomEncoder(folder: string, config: object, shapes: readonly NamedShape[]): string {
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  const tensors = shapes.map(([name, shape]) => ({ name, dtype: 'F32' as const, shape, bytes: () => new Uint8Array(randomTensor(1, name, shape).buffer) }));
  writeSafetensors(folder, tensors, 2 ** 30);
  return folder;
}
