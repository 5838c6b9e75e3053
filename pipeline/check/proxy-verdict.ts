// Two runs compared by small decoders that learnt from each, on texts that neither holds. The rule, fixed before anything is
// measured: for seeds s = 1 .. n, d_s = bits per byte of the run less bits per byte of the other (each text counting alike; the
// same seed gives both the same first weights). The verdict is `better` (d < 0) or `worse` (d > 0) where
//   all d_s have one sign,   |mean d| >= LEAST,   and   |mean d| > t(n - 1, .975) sd(d) / sqrt(n)   (Student's paired t at 95 %),
// else `undecided`. Seeds choose documents too, so the spread holds what another sample would have changed.

export type Verdict = 'better' | 'worse' | 'undecided';

/** Bits per byte: less is of no use to anyone, however sure. */
const LEAST = 0.005;
/** Student's t, two-sided 5 %, by degrees of freedom from 1. */
const T = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];

export const VERDICT_RULE = `better or worse where all seeds agree in sign, the mean difference is at least ${LEAST} bits a byte and passes Student's paired t at 95 %; else undecided`;

export interface Compared {
  readonly verdict: Verdict;
  /** Of the run less the other, bits per byte. */
  readonly mean: number;
  /** Half of the interval at 95 %. */
  readonly margin: number;
  readonly t: number;
  readonly differences: readonly number[];
}

export function compareSeeds(differences: readonly number[]): Compared {
  const n = differences.length;
  const mean = differences.reduce((sum, d) => sum + d, 0) / n;
  const deviation = n < 2 ? Number.POSITIVE_INFINITY : Math.sqrt(differences.reduce((sum, d) => sum + (d - mean) ** 2, 0) / (n - 1));
  const error = deviation / Math.sqrt(n);
  const margin = (T[Math.min(n - 2, T.length - 1)] ?? Number.POSITIVE_INFINITY) * error;
  const agree = differences.every((d) => Math.sign(d) === Math.sign(mean));
  const decided = n > 1 && agree && Math.abs(mean) >= LEAST && Math.abs(mean) > margin;
  return {
    verdict: !decided ? 'undecided' : mean < 0 ? 'better' : 'worse',
    mean,
    margin,
    t: error === 0 ? Math.sign(mean) * Number.MAX_VALUE : mean / error,
    differences,
  };
}
