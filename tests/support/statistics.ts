// Tail probabilities for tests that compare counts with a formula. Sources: Lanczos 1964 (log gamma, g = 7, 9 terms),
// Numerical Recipes 6.2 (regularised incomplete gamma).

const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905, -0.13857109526572012,
  9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;

/** ln Gamma(x) for x > 0, to about 1e-13. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const z = x - 1;
  const sum = LANCZOS.slice(1).reduce((total, c, i) => total + c / (z + i + 1), LANCZOS[0] as number);
  const t = z + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum);
}

/** P(X = 0..n) of a binomial count; p of 0 and 1 included. */
export function binomialMass(n: number, p: number): Float64Array {
  const mass = new Float64Array(n + 1);
  if (p <= 0) mass[0] = 1;
  else if (p >= 1) mass[n] = 1;
  else
    for (let k = 0; k <= n; k++) {
      mass[k] = Math.exp(logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1) + k * Math.log(p) + (n - k) * Math.log1p(-p));
    }
  return mass;
}

/** The exact two-sided p of an observed count: what no count more likely than it adds up to. */
export function twoSided(mass: Float64Array, observed: number): number {
  const limit = mass[observed]! * (1 + 1e-7);
  return Math.min(
    1,
    mass.reduce((sum, p) => (p <= limit ? sum + p : sum), 0),
  );
}

/** Masses of the sum of two independent counts; tails below 1e-18 are cut to nothing. */
export function sumMass(a: Float64Array, b: Float64Array): Float64Array {
  const out = new Float64Array(a.length + b.length - 1);
  const first = b.findIndex((p) => p > 1e-18);
  const last = b.findLastIndex((p) => p > 1e-18);
  for (let i = 0; i < a.length; i++) {
    if (a[i]! <= 1e-18) continue;
    for (let j = first; j <= last; j++) out[i + j]! += a[i]! * b[j]!;
  }
  return out;
}

/** P(chi-square with `degrees` > x). */
export function chiSquareTail(x: number, degrees: number): number {
  const a = degrees / 2;
  const y = x / 2;
  if (y <= 0) return 1;
  const front = Math.exp(-y + a * Math.log(y) - logGamma(a));
  if (y < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < 100_000 && term > sum * 1e-15; n++) {
      term *= y / (a + n);
      sum += term;
    }
    return 1 - sum * front;
  }
  let b = y + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let h = d;
  for (let i = 1; i < 100_000; i++) {
    const an = -i * (i - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    const step = d * c;
    h *= step;
    if (Math.abs(step - 1) < 1e-15) break;
  }
  return front * h;
}
