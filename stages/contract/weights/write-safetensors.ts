// Writes safetensors: one file, or shards of a bounded size with an index. Tensors follow in the order given, streamed: one
// tensor at a time is in memory. Invariant: the same tensors give the same bytes; readSafetensorsHeader accepts every file.
import { closeSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { RefineError } from '../../../native/index.js';

export interface TensorToWrite {
  readonly name: string;
  readonly dtype: 'F32' | 'BF16' | 'F16' | 'F64' | 'I8';
  readonly shape: readonly number[];
  /** Little-endian, row-major; called once, when its turn comes. */
  bytes(): Uint8Array;
}

const WIDTH = { F64: 8, F32: 4, BF16: 2, F16: 2, I8: 1 } as const;
export const MAX_SHARD_BYTES = 16 * 2 ** 20;

export const tensorBytes = ({ dtype, shape }: Pick<TensorToWrite, 'dtype' | 'shape'>): number =>
  shape.reduce((product, dimension) => product * dimension, WIDTH[dtype]);

/** The header with its length, padded with spaces to a multiple of 8. */
function header(tensors: readonly TensorToWrite[]): Uint8Array {
  const entries: [string, unknown][] = [['__metadata__', { format: 'pt' }]];
  let at = 0;
  for (const tensor of tensors) {
    const end = at + tensorBytes(tensor);
    entries.push([tensor.name, { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [at, end] }]);
    at = end;
  }
  const json = new TextEncoder().encode(`{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`);
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  return bytes;
}

function writeOne(path: string, tensors: readonly TensorToWrite[]): void {
  const part = `${path}.part`;
  const file = openSync(part, 'w');
  const put = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at);
  };
  try {
    put(header(tensors));
    for (const tensor of tensors) {
      const bytes = tensor.bytes();
      if (bytes.length !== tensorBytes(tensor))
        throw new RefineError('ERR_REFINE_INTERNAL', `tensor ${tensor.name} has ${bytes.length} bytes, its shape ${tensorBytes(tensor)}`);
      put(bytes);
    }
  } finally {
    closeSync(file);
  }
  renameSync(part, path);
}

/** Writes `model.safetensors`, or shards and `model.safetensors.index.json` where the tensors pass `maxShard`; file names in order. */
export function writeSafetensors(folder: string, tensors: readonly TensorToWrite[], maxShard: number = MAX_SHARD_BYTES): string[] {
  const shards: TensorToWrite[][] = [[]];
  let room = maxShard;
  for (const tensor of tensors) {
    const size = tensorBytes(tensor) + 256 + 2 * tensor.name.length; // its line in the header, about
    if (size > room && shards.at(-1)!.length > 0) {
      shards.push([]);
      room = maxShard;
    }
    shards.at(-1)!.push(tensor);
    room -= size;
  }
  if (shards.length === 1) {
    writeOne(join(folder, 'model.safetensors'), tensors);
    return ['model.safetensors'];
  }
  const number = (at: number): string => String(at).padStart(5, '0');
  const names = shards.map((_, at) => `model-${number(at + 1)}-of-${number(shards.length)}.safetensors`);
  for (const [at, shard] of shards.entries()) writeOne(join(folder, names[at]!), shard);
  const map = Object.fromEntries(shards.flatMap((shard, at) => shard.map((tensor) => [tensor.name, names[at]!] as const)));
  const total = tensors.reduce((sum, tensor) => sum + tensorBytes(tensor), 0);
  writeFileSync(join(folder, 'model.safetensors.index.json'), `${JSON.stringify({ metadata: { total_size: total }, weight_map: map }, null, 2)}\n`);
  return names;
}
