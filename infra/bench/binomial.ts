// Exact binomial tails, for statements such as "62 of 80 pairs were found where the formula says .92".
// Sums probabilities outwards from the mode by their ratios, so nothing underflows that matters.

/** P(X = k) over P(X = mode) for every k where it is above 1e-18, with the sum: relative weights are enough for tails. */
function weights(n: number, p: number): { from: number; values: number[]; sum: number } {
  const mode = Math.min(n, Math.floor((n + 1) * p));
  const up: number[] = [1];
  for (let k = mode; k < n && up.at(-1)! > 1e-18; k++) up.push((up.at(-1)! * (n - k) * p) / ((k + 1) * (1 - p)));
  const down: number[] = [];
  for (let k = mode, weight = 1; k > 0 && weight > 1e-18; k--) down.push((weight = (weight * k * (1 - p)) / ((n - k + 1) * p)));
  const values = [...down.reverse(), ...up];
  return { from: mode - down.length, values, sum: values.reduce((a, b) => a + b, 0) };
}

/** The two-sided p-value of `k` successes in `n` trials: the probability of every outcome that is no likelier. */
export function binomialPValue(k: number, n: number, p: number): number {
  if (p <= 0) return k === 0 ? 1 : 0;
  if (p >= 1) return k === n ? 1 : 0;
  const { from, values, sum } = weights(n, p);
  const own = values[k - from] ?? 0;
  return Math.min(1, values.reduce((total, weight) => total + (weight <= own * (1 + 1e-9) ? weight : 0), 0) / sum);
}

/** P(X >= k) of `n` trials. */
export function binomialAtLeast(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  if (p <= 0) return 0;
  if (p >= 1) return k <= n ? 1 : 0;
  const { from, values, sum } = weights(n, p);
  return values.reduce((total, weight, i) => total + (from + i >= k ? weight : 0), 0) / sum;
}

/** The probability that a pair of similarity `jaccard` shares a band: 1 - (1 - s^rows)^bands. */
export function foundProbability(jaccard: number, bands: number, rows: number): number {
  return -Math.expm1(bands * Math.log1p(-(jaccard ** rows)));
}
