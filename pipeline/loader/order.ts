// The order of samples: position -> sample, a permutation that is a pure function of (seed, epoch, samples, position),
// computed in O(1), so a stream resumes anywhere without a shuffled list. Checked against tests/fixtures/loader-order.json.
//
// Definition, in full, for other implementations:
//   keys: sha256 of the ASCII text "refine-order/1 seed=<seed> epoch=<epoch> samples=<n>" (decimal numbers), read as eight
//         little-endian uint32 k[0..7].
//   b:    the least integer >= 1 with 4^b >= n; mask = 2^b - 1.
//   mix:  MurmurHash3's 32-bit finaliser: x ^= x>>>16; x *= 0x85ebca6b; x ^= x>>>13; x *= 0xc2b2ae35; x ^= x>>>16 (mod 2^32).
//   walk: start at x = position; repeat { L = x div 2^b; R = x mod 2^b; eight rounds i = 0..7 of
//         (L, R) <- (R, L xor (mix(R xor k[i]) >>> (32 - b))); x = L * 2^b + R } until x < n. The result is x.
// A balanced Feistel network over 2b bits with cycle walking (Black & Rogaway 2002): fewer than four rounds of walking on average.
import { createHash } from 'node:crypto';

/** 4^26: the largest count whose halves fit the arithmetic; 2^52 samples are more than any corpus has. */
const MAX_SAMPLES = 2 ** 52;

export class SampleOrder {
  readonly samples: number;
  readonly #keys: Uint32Array;
  readonly #bits: number;

  constructor(seed: bigint, epoch: number, samples: number) {
    if (!Number.isInteger(samples) || samples < 0 || samples > MAX_SAMPLES) throw new RangeError(`SampleOrder: samples is ${samples}, expected 0..2^52`);
    const digest = createHash('sha256').update(`refine-order/1 seed=${seed} epoch=${epoch} samples=${samples}`, 'latin1').digest();
    this.samples = samples;
    this.#keys = Uint32Array.from({ length: 8 }, (_, i) => digest.readUInt32LE(4 * i));
    let bits = 1;
    while (4 ** bits < samples) bits++;
    this.#bits = bits;
  }

  /** The sample at a position of the shuffled order; each of 0..samples-1 stands at exactly one. */
  at(position: number): number {
    if (!(position >= 0 && position < this.samples)) throw new RangeError(`SampleOrder: position ${position} is outside 0..${this.samples - 1}`);
    const half = 2 ** this.#bits;
    let x = position;
    do {
      let left = Math.floor(x / half);
      let right = x % half;
      for (let round = 0; round < 8; round++) {
        const next = (left ^ (mix((right ^ this.#keys[round]!) >>> 0) >>> (32 - this.#bits))) >>> 0;
        left = right;
        right = next;
      }
      x = left * half + right;
    } while (x >= this.samples);
    return x;
  }
}

function mix(value: number): number {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
