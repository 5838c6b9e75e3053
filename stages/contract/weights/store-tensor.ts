// float32 numbers as stored tensors: bf16 by rounding to even, int8 with one factor an output row: q = round(x / s), s the row's
// largest magnitude / 127, so x = q * s to half a step. A shipped model's matrices are stored so; `<tensor>.scale` holds the factors.
// Invariant: storing again what was read from int8 gives the same bytes.
import { refuse } from './json-file.js';
import type { TensorToWrite } from './write-safetensors.js';

export type StoredDtype = 'f32' | 'bf16' | 'int8';

export interface NumbersToStore {
  readonly name: string;
  readonly shape: readonly number[];
  /** Row-major; called for each tensor that is made of them. */
  values(): Float32Array;
  /** Whether int8 may hold it: matrices of linear layers and embeddings. */
  readonly matrix: boolean;
  /** The axis that output rows run along: 1 for GPT-2's Conv1D, else 0. */
  readonly axis?: 0 | 1;
}

/** One tensor, or with int8 a matrix and its factors. */
export function storeTensor(tensor: NumbersToStore, dtype: StoredDtype): TensorToWrite[] {
  const { name, shape } = tensor;
  if (dtype === 'bf16') return [{ name, shape, dtype: 'BF16', bytes: () => bf16Bytes(tensor.values()) }];
  if (dtype === 'f32' || !tensor.matrix || shape.length !== 2) return [{ name, shape, dtype: 'F32', bytes: () => bytesOf(tensor.values()) }];
  const rows = shape[tensor.axis ?? 0]!;
  // The matrix and its factors are asked for one after the other: the second is kept, so that numbers are read once.
  let factors: Float32Array | undefined;
  const quantised = (): { readonly bytes: Uint8Array; readonly factors: Float32Array } => quantise(tensor, rows);
  return [
    {
      name,
      shape,
      dtype: 'I8',
      bytes: () => {
        const made = quantised();
        factors = made.factors;
        return made.bytes;
      },
    },
    { name: `${name}.scale`, shape: [rows], dtype: 'F32', bytes: () => bytesOf(factors ?? quantised().factors) },
  ];
}

function quantise({ name, shape, values, axis }: NumbersToStore, rows: number): { bytes: Uint8Array; factors: Float32Array } {
  const numbers = values();
  const columns = shape[1]!;
  const rowOf = axis === 1 ? (at: number) => at % columns : (at: number) => Math.floor(at / columns);
  const factors = new Float32Array(rows);
  for (let at = 0; at < numbers.length; at++) {
    const size = Math.abs(numbers[at]!);
    const row = rowOf(at);
    if (!(size < Number.POSITIVE_INFINITY)) refuse(name, `number ${at} is ${numbers[at]}; int8 needs finite ones`);
    if (size > factors[row]!) factors[row] = size;
  }
  for (let row = 0; row < rows; row++) factors[row] = factors[row]! / 127;
  const bytes = new Int8Array(numbers.length);
  for (let at = 0; at < numbers.length; at++) {
    const factor = factors[rowOf(at)]!;
    // A factor below float32's normal range is too coarse to divide by: such a row is zero for every use.
    bytes[at] = factor < 1.2e-38 ? 0 : Math.max(-127, Math.min(127, Math.round(numbers[at]! / factor)));
  }
  return { bytes: bytesOf(bytes), factors };
}

const bytesOf = (values: Float32Array | Int8Array | Uint16Array): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

function bf16Bytes(values: Float32Array): Uint8Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let at = 0; at < out.length; at++) {
    const word = words[at]!;
    const nan = (word & 0x7fffffff) > 0x7f800000;
    out[at] = nan ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return bytesOf(out);
}
