// The logistic function by operations that IEEE 754 defines (+ * / and exact scaling), because Math.exp may differ by an
// ulp between engines and a model must come out the same to the byte.

const LOWEST = 1022;
/** 2^-1022 .. 2^1023, each twice the one before. */
const powers = new Float64Array(2 * LOWEST + 2).fill(1);
for (let k = 1; k <= LOWEST + 1; k++) powers[LOWEST + k] = 2 * powers[LOWEST + k - 1]!;
for (let k = 1; k <= LOWEST; k++) powers[LOWEST - k] = powers[LOWEST - k + 1]! / 2;

/** e^x: x = k ln 2 + r with |r| <= ln 2 / 2, Taylor's series to r^13 (its rest is below 2^-53 there), times 2^k. */
export function exp(x: number): number {
  if (x < -708) return 0;
  if (x > 709) return Infinity;
  const k = Math.round(x / Math.LN2);
  const r = x - k * 0.6931471803691238 - k * 1.9082149292705877e-10; // ln 2 in two parts: the first times k is exact
  let sum = 1;
  for (let n = 13; n > 0; n--) sum = 1 + (r / n) * sum;
  return sum * powers[k + LOWEST]!;
}

export const logistic = (x: number): number => (x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)));

/** Mean of -log p(label), weighted; `raw` are log odds. */
export function logLoss(raw: ArrayLike<number>, labels: ArrayLike<number>, weights: ArrayLike<number>): number {
  let loss = 0;
  let total = 0;
  for (let row = 0; row < raw.length; row++) {
    const margin = labels[row]! > 0 ? raw[row]! : -raw[row]!;
    loss += weights[row]! * (margin > 0 ? Math.log1p(Math.exp(-margin)) : Math.log1p(Math.exp(margin)) - margin);
    total += weights[row]!;
  }
  return loss / total;
}
