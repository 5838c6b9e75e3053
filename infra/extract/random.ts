// Seeded randomness of training and resampling: SplitMix32, so that a run repeats to the byte on every machine.

/** A function that gives integers in [0, n), n at most 2^32. */
export function randomFrom(seed: number): (n: number) => number {
  let state = seed >>> 0;
  return (n) => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    z = (z ^ (z >>> 16)) >>> 0;
    return Math.floor((z / 4_294_967_296) * n);
  };
}

/** `wanted` of the integers [0, n) in ascending order, each set equally likely (selection sampling, Knuth 3.4.2 S). */
export function choose(n: number, wanted: number, random: (n: number) => number): Uint32Array {
  const out = new Uint32Array(Math.min(wanted, n));
  let taken = 0;
  for (let i = 0; i < n && taken < out.length; i++) if (random(n - i) < out.length - taken) out[taken++] = i;
  return out;
}
