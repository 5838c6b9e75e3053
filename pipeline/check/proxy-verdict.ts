// Two runs compared by small decoders that learnt from each, on texts that neither holds. The rule, fixed before anything is
// measured: for seeds s = 1 .. n, d_s = bits per byte of the run less bits per byte of the other (each text counting alike; a seed
// gives both the same first weights, and documents that both hold the same place in line). The verdict is `better` (d < 0) or
// `worse` (d > 0) where all d_s have one sign, |mean d| >= LEAST, and |mean d| passes two half intervals at 95 %:
//   over seeds       t(n - 1, .975) sd(d) / sqrt(n)                                  Student's paired t: another seed, another sample
//   over documents   t(f, .975) sqrt(sum over texts of v_t) / texts                  another text of the same kind
//     v_t = m / (m - 1) sum_i (x_i - r b_i)^2 / (sum_i b_i)^2                        m documents of b_i bytes and x_i bits of difference (mean of
//     r = sum x_i / sum b_i                                                          the seeds): the ratio of sums, linearised (Cochran 1977, 6.4)
//     f = (sum v_t)^2 / sum v_t^2 / (m_t - 1)                                        Welch 1947
// else `undecided`.

export type Verdict = 'better' | 'worse' | 'undecided';

/** Bits per byte: less is of no use to anyone, however sure. */
const LEAST = 0.005;
/** Student's t, two-sided 5 %, by degrees of freedom from 1. */
const T = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];

export const VERDICT_RULE = `better or worse where all seeds agree in sign and the mean difference is at least ${LEAST} bits a byte and passes two intervals at 95 %: Student's paired t over the seeds, and over the documents of the texts; else undecided`;

/** A document of a third text, or a part of a long one. */
export interface Measured {
  readonly bytes: number;
  /** The run's nats less the other's, one a seed. */
  readonly nats: readonly number[];
}

export interface Compared {
  readonly verdict: Verdict;
  /** Of the run less the other, bits per byte. */
  readonly mean: number;
  /** Half of the interval over seeds at 95 %. */
  readonly margin: number;
  readonly differences: readonly number[];
  /** `margin`: half of the interval over documents at 95 %; null where a text has but one. */
  readonly documents: { readonly count: number; readonly margin: number | null };
}

/** One verdict over all texts, and one of each. */
export function compareTexts(texts: ReadonlyMap<string, readonly Measured[]>): Compared & { readonly texts: Readonly<Record<string, Compared>> } {
  const each = new Map([...texts].map(([name, documents]) => [name, moments(documents)]));
  return { ...compared([...each.values()]), texts: Object.fromEntries([...each].map(([name, one]) => [name, compared([one])])) };
}

interface Moments {
  readonly differences: readonly number[];
  readonly count: number;
  /** Of the ratio, by documents. */
  readonly variance: number;
}

function moments(documents: readonly Measured[]): Moments {
  const seeds = documents[0]?.nats.length ?? 0;
  const bytes = documents.reduce((sum, one) => sum + one.bytes, 0);
  const differences = Array.from({ length: seeds }, (_, seed) => documents.reduce((sum, { nats }) => sum + nats[seed]!, 0) / Math.LN2 / bytes);
  const ratio = mean(differences);
  const squares = documents.reduce((sum, one) => sum + (mean(one.nats) / Math.LN2 - ratio * one.bytes) ** 2, 0);
  const m = documents.length;
  return { differences, count: m, variance: m < 2 ? Number.POSITIVE_INFINITY : (m / (m - 1)) * (squares / bytes ** 2) };
}

function compared(texts: readonly Moments[]): Compared {
  const n = texts[0]?.differences.length ?? 0;
  const differences = Array.from({ length: n }, (_, seed) => mean(texts.map((one) => one.differences[seed]!)));
  const found = mean(differences);
  const deviation = n < 2 ? Number.POSITIVE_INFINITY : Math.sqrt(differences.reduce((sum, d) => sum + (d - found) ** 2, 0) / (n - 1));
  const margin = student(n - 1) * (deviation / Math.sqrt(n));
  const variance = texts.reduce((sum, one) => sum + one.variance, 0);
  const freedom = variance === 0 ? Number.POSITIVE_INFINITY : variance ** 2 / texts.reduce((sum, one) => sum + one.variance ** 2 / (one.count - 1), 0);
  const documents = Number.isFinite(variance) ? (student(freedom) * Math.sqrt(variance)) / texts.length : null;
  const size = Math.abs(found);
  const agree = differences.every((d) => Math.sign(d) === Math.sign(found));
  const decided = n > 1 && agree && size >= LEAST && size > margin && documents !== null && size > documents;
  return {
    verdict: !decided ? 'undecided' : found < 0 ? 'better' : 'worse',
    mean: found,
    margin,
    differences,
    documents: { count: texts.reduce((sum, one) => sum + one.count, 0), margin: documents },
  };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Student's t, two-sided 5 %: the table, of the whole degrees below; from 10 on by the series in 1 / f (Abramowitz & Stegun 26.7.5). */
export function student(freedom: number): number {
  if (!(freedom >= 1)) return Number.POSITIVE_INFINITY;
  if (freedom < 10) return T[Math.floor(freedom) - 1]!;
  const z = 1.959963984540054;
  return (
    z +
    (z ** 3 + z) / (4 * freedom) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * freedom ** 3)
  );
}
