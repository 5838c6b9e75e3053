// bfloat16: a float32's upper half.

/** Rounded to the nearest, ties to even; finite numbers. */
export function toBfloat16(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < words.length; i++) out[i] = (words[i]! + 0x7fff + ((words[i]! >>> 16) & 1)) >>> 16;
  return out;
}

export function fromBfloat16(values: Uint16Array): Float32Array {
  const words = new Uint32Array(values.length);
  for (let i = 0; i < words.length; i++) words[i] = values[i]! << 16;
  return new Float32Array(words.buffer);
}
