// Steps that score a document by a classifier drop by the same three options: min-score, max-score (a number or a quantile of the
// run) and keep, a list of labels. Invariant: a document without a score is kept; the first reason that holds is the one given.
import { type Batch, type Column, column, isValid, valueAt } from '../../native/index.js';
import { beyondQuantile, isQuantile, type Quantile, quantileRanks, rankName, ranksIn } from './ranks.js';
import type { Limit, RankRequest } from './stage.js';

export const SCORE_REASONS = ['low-score', 'high-score', 'wrong-label'];
const LOW_SCORE = 1;
const HIGH_SCORE = 2;
const WRONG_LABEL = 3;

export interface ScoreBounds {
  readonly 'min-score': number | Quantile | null;
  readonly 'max-score': number | Quantile | null;
  /** The empty list keeps all. */
  readonly keep: readonly string[];
}

/** The columns that a step's options name. */
export interface ScoreNames {
  readonly score: string;
  readonly label: string;
}

interface Bound {
  readonly op: 'min' | 'max';
  readonly at: number | Quantile;
  readonly reason: string;
}

/** In the order of their reasons. */
export function boundsOf({ 'min-score': min, 'max-score': max }: ScoreBounds): readonly Bound[] {
  return [
    ...(min === null ? [] : [{ op: 'min' as const, at: min, reason: 'low-score' }]),
    ...(max === null ? [] : [{ op: 'max' as const, at: max, reason: 'high-score' }]),
  ];
}

export const boundedByQuantile = (options: ScoreBounds): boolean => boundsOf(options).some(({ at }) => isQuantile(at));

/** What a manifest's check says of the two. */
export function boundsProblem({ 'min-score': min, 'max-score': max }: ScoreBounds): string | null {
  return typeof min === 'number' && typeof max === 'number' && min > max ? `${max} is below min-score ${min}: no document would be kept` : null;
}

export function limitsOfScore(options: ScoreBounds, { score }: ScoreNames): readonly Limit[] {
  return boundsOf(options).flatMap(({ op, at, reason }) => (isQuantile(at) ? [] : [{ column: score, op, threshold: at, reason, source: 'manifest' }]));
}

export function ranksOfScore(options: ScoreBounds, { score }: ScoreNames): readonly RankRequest[] {
  return quantileRanks(
    boundsOf(options).flatMap(({ at }) => (isQuantile(at) ? [{ column: score, at }] : [])),
    true,
  );
}

/** What the decision reads. */
export function columnsOfScore(options: ScoreBounds, { score, label }: ScoreNames): readonly string[] {
  const ranks = boundsOf(options).flatMap(({ at }) => (isQuantile(at) ? [rankName(score, at.by)] : []));
  return [score, ...(options.keep.length > 0 ? [label] : []), ...new Set(ranks)];
}

export function dropsByScore(options: ScoreBounds, names: ScoreNames, columns: Readonly<Record<string, Column>>, rows: number): Uint16Array {
  const drops = new Uint16Array(rows);
  const batch: Batch = { rows, columns };
  for (const { op, at } of boundsOf(options)) {
    const scores = column(batch, names.score, 'fixed');
    const ranks = isQuantile(at) ? ranksIn(batch, rankName(names.score, at.by)) : null;
    const threshold = isQuantile(at) ? 0 : Math.fround(at);
    for (let row = 0; row < rows; row++) {
      if (drops[row] !== 0 || !isValid(scores, row)) continue;
      const value = scores.values[row] as number;
      const beyond = ranks !== null ? beyondQuantile(op, at as Quantile, ranks[row]!) : op === 'min' ? value < threshold : value > threshold;
      if (beyond) drops[row] = op === 'min' ? LOW_SCORE : HIGH_SCORE;
    }
  }
  if (options.keep.length === 0) return drops;
  const kept = new Set(options.keep);
  const labels = columns[names.label]!;
  for (let row = 0; row < rows; row++) if (drops[row] === 0 && isValid(labels, row) && !kept.has(valueAt(labels, row) as string)) drops[row] = WRONG_LABEL;
  return drops;
}
