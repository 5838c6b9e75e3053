// Figures with how far off they may be. A plan never says a point alone: low and high are where the real run is expected 19 times
// of 20 as far as the sample tells, widened by what no sample tells (MODEL_SHARE).

export interface Spread {
  readonly low: number;
  readonly likely: number;
  readonly high: number;
}

/** The machine's own noise and what the model leaves out, as a share of each figure. */
export const MODEL_SHARE = 0.1;

export const exactly = (value: number): Spread => ({ low: value, likely: value, high: value });

export function sum(...parts: readonly Spread[]): Spread {
  return parts.reduce((a, b) => ({ low: a.low + b.low, likely: a.likely + b.likely, high: a.high + b.high }), exactly(0));
}

export function times(a: Spread, b: Spread | number): Spread {
  return typeof b === 'number'
    ? { low: a.low * b, likely: a.likely * b, high: a.high * b }
    : { low: a.low * b.low, likely: a.likely * b.likely, high: a.high * b.high };
}

export function widened(a: Spread, share = MODEL_SHARE): Spread {
  return { low: a.low * (1 - share), likely: a.likely, high: a.high * (1 + share) };
}

/**
 * The ratio of two sums over pieces of a sample, with its standard error as of a ratio estimator (Cochran 1977, 6.4), twice to
 * either side. One piece says nothing of a spread: then half to twice.
 */
export function ratio(tops: readonly number[], bottoms: readonly number[], whole: boolean): Spread {
  const top = tops.reduce((a, b) => a + b, 0);
  const bottom = bottoms.reduce((a, b) => a + b, 0);
  if (bottom === 0) return exactly(0);
  const likely = top / bottom;
  if (whole) return exactly(likely);
  const n = tops.length;
  if (n < 2) return { low: likely / 2, likely, high: likely * 2 };
  const squares = tops.reduce((total, value, i) => total + (value - likely * bottoms[i]!) ** 2, 0);
  const error = Math.sqrt((squares * n) / (n - 1)) / bottom;
  return { low: Math.max(0, likely - 2 * error), likely, high: likely + 2 * error };
}
