// Weights for tests and benches from a counter: number i of a tensor is a hash of (seed, tensor's name, i) and nothing else,
// so any part of any model can be made anywhere. Never for a model that is to say something.
// Invariant: bit for bit what infra/model/random_weights.py gives; tests/fixtures/model/random-weights.json binds both.
// The hash is MurmurHash3's 32-bit finaliser, twice; keys are FNV-1a of `seed/name`.

const GOLDEN = 0x9e3779b9;

function finalise(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function keyOf(text: string, basis: number): number {
  let hash = basis;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** Number `i` of stream `name`: 32 even bits. */
export function randomWords(seed: number, name: string): (i: number) => number {
  const first = keyOf(`${seed}/${name}`, 0x811c9dc5);
  const second = keyOf(`${seed}/${name}`, 0x01234567);
  return (i) => finalise((finalise((Math.imul(i, GOLDEN) + first) | 0) ^ second) | 0);
}

/** A tensor in [-amplitude, amplitude) around 0, or around 1 for the weights of norms; the amplitude by its kind. */
export function randomTensor(seed: number, name: string, shape: readonly number[]): Float32Array {
  const word = randomWords(seed, name);
  const values = new Float32Array(shape.reduce((product, dimension) => product * dimension, 1));
  const isNorm = /(norm|ln_\w+|LayerNorm)\.weight$/i.test(name);
  const amplitude = shape.length > 1 || isNorm ? 0.25 : 0.125;
  for (let i = 0; i < values.length; i++) {
    const even = ((word(i) >>> 8) - 2 ** 23) / 2 ** 23; // 24 bits: exact in float32, and so is the product
    values[i] = isNorm ? 1 + amplitude * even : amplitude * even;
  }
  return values;
}

/** Token ids in [least, vocab). */
export function randomIds(seed: number, name: string, count: number, least: number, vocab: number): Uint32Array {
  const word = randomWords(seed, name);
  return Uint32Array.from({ length: count }, (_, i) => least + (word(i) % (vocab - least)));
}
