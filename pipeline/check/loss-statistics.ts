// Which groups of documents lie apart in loss. A group (a block of a shard's sampled documents, or a source's) is compared with all
// others' within one language, by two robust statistics of bits per byte x:
//   level   z = (median(group) - m) / sqrt((1.2533 s)^2 / n + t^2)
//   tail    z = (p - q) / sqrt(q' (1 - q') / n), p and q the shares of documents beyond m +- 4 s, q' = max(q, 1 / n)
// m, s: median and robust deviation of the others' documents; t: robust deviation of the others' group medians times 1 + 8 / groups (of
// few, it is often too small), so that groups that differ by nature widen it; 1.2533 s / sqrt(n): the error of a median of n normal values. A group is named where |z| passes Z and the
// effect is large (level: APART s; tail: a tenth of its documents).
// False alarms: were documents exchangeable, a block's level passes 6 with probability 2e-9 (normal law) whatever t adds; by
// simulation with skewed and heavy-tailed losses none of 2,000 runs of 8 blocks,
// and where block levels differ by nature as much as documents do, under 1 % of runs (tests/unit/readiness-loss.test.ts).
import { median, robustDeviation } from './statistics.js';

const Z = 6;
const APART = 1;
const TAIL = 4;
const TAIL_SHARE = 0.1;
/** Of few groups, a median deviation is often much too small: of seven, under half of the true one in one case of five. */
const FEW = 8;
/** Of one language, in a group: fewer say nothing. */
export const LEAST_DOCUMENTS = 12;
/** A deviation below it (bits per byte) is not believed: equal texts would make any other an outlier. */
const LEAST_DEVIATION = 0.02;

export interface Group {
  readonly name: string;
  readonly values: Float64Array;
}

export interface Outlier {
  readonly name: string;
  readonly kind: 'level' | 'tail';
  readonly z: number;
  readonly median: number;
  /** Of the others. */
  readonly usual: number;
  readonly deviation: number;
  /** tail: its documents beyond the usual range, and the others'. */
  readonly beyond: number;
  readonly usuallyBeyond: number;
}

/** Groups of one language; those of fewer than LEAST_DOCUMENTS are compared with, not judged. */
export function outliersAmong(groups: readonly Group[]): Outlier[] {
  const outliers: Outlier[] = [];
  for (const group of groups) {
    const n = group.values.length;
    const others = groups.filter((other) => other !== group);
    const rest = concat(others.map(({ values }) => values));
    if (n < LEAST_DOCUMENTS || rest.length < 4 * LEAST_DOCUMENTS) continue;
    const usual = median(rest);
    const deviation = Math.max(LEAST_DEVIATION, robustDeviation(rest, usual));
    const own = median(group.values);
    const medians = others.filter(({ values }) => values.length >= LEAST_DOCUMENTS).map(({ values }) => median(values));
    const between = medians.length < 3 ? 0 : robustDeviation(medians) * (1 + FEW / medians.length);
    const level = (own - usual) / Math.hypot((1.2533 * deviation) / Math.sqrt(n), between);
    const isBeyond = (value: number): boolean => Math.abs(value - usual) > TAIL * deviation;
    const beyond = shareOf(group.values, isBeyond);
    const usuallyBeyond = shareOf(rest, isBeyond);
    const q = Math.max(usuallyBeyond, 1 / n);
    const tail = (beyond - usuallyBeyond) / Math.sqrt((q * (1 - q)) / n);
    const found = { name: group.name, median: own, usual, deviation, beyond, usuallyBeyond };
    if (Math.abs(level) > Z && Math.abs(own - usual) > APART * deviation) outliers.push({ ...found, kind: 'level', z: level });
    else if (tail > Z && beyond - usuallyBeyond > TAIL_SHARE) outliers.push({ ...found, kind: 'tail', z: tail });
  }
  return outliers;
}

function shareOf(values: Float64Array, is: (value: number) => boolean): number {
  let count = 0;
  for (const value of values) if (is(value)) count++;
  return values.length === 0 ? 0 : count / values.length;
}

function concat(parts: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
