// ALiBi's slopes as HuggingFace's Falcon and BLOOM make them: powers of a base for the largest power of two of heads, every
// other power of the next base for the rest. Falcon rounds them to bfloat16. Source: Press et al. 2022; modeling_falcon.py.

export function alibiSlopes(heads: number): number[] {
  const closest = 2 ** Math.floor(Math.log2(heads));
  const base = (count: number): number => Math.fround(2 ** -(2 ** -(Math.log2(count) - 3)));
  const slopes = Array.from({ length: closest }, (_, i) => Math.fround(base(closest) ** (i + 1)));
  const rest = Math.min(closest, heads - closest);
  return [...slopes, ...Array.from({ length: rest }, (_, i) => Math.fround(base(2 * closest) ** (2 * i + 1)))];
}

const bits = new DataView(new ArrayBuffer(4));
/** The nearest bfloat16 of a finite number, ties to even. */
export function bfloat16(value: number): number {
  bits.setFloat32(0, value);
  const word = bits.getUint32(0);
  bits.setUint32(0, ((word + 0x7fff + ((word >>> 16) & 1)) & 0xffff0000) >>> 0);
  return bits.getFloat32(0);
}
