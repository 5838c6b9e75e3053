// What `refine check` says of a finished run. DESIGN section 6, "refine check --json"; what each check means: infra/docs/readiness.md.

/** In the order of the answer. */
export const CHECKS = [
  'contract',
  'shard-digest',
  'ids',
  'eos',
  'lengths',
  'empty',
  'duplicates',
  'near-duplicates',
  'contamination',
  'language',
  'loss-outlier',
  'model',
  'holdout',
] as const;
export type CheckName = (typeof CHECKS)[number];

export interface Finding {
  readonly check: CheckName;
  /** An error is a run that must not be trained on as it is. */
  readonly severity: 'error' | 'warning';
  /** Relative to the run; null for the run itself. */
  readonly shard: string | null;
  /** Rows of that shard, the first MAX_ROWS of them; empty where it concerns no rows. */
  readonly rows: readonly number[];
  readonly message: string;
  readonly next: string;
}

/** A check that was not made, or only of a part, and why. */
export interface Skipped {
  readonly check: CheckName;
  readonly why: string;
}

export const MAX_ROWS = 20;
/** Findings of one check of one shard's rows are one finding, so a run with a thousand bad rows is still read by people. */
export const MAX_PAIRS = 1000;

export const AGAIN = 'Delete the shard and run `refine run` again: it writes it anew';

export const percent = (share: number): string => `${(100 * share).toFixed(share > 0 && share < 0.01 ? 2 : 1)} %`;

/** Rows with a fault of one kind: how many, and the first of them. */
export class Rows {
  count = 0;
  readonly first: number[] = [];

  add(row: number): void {
    this.count++;
    if (this.first.length < MAX_ROWS) this.first.push(row);
  }
}
