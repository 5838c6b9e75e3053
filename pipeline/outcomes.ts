// What became of each document of one map task: drop codes, the numeric columns of rule steps, and counts by step and reason.
// Invariant: in = out + sum(drops) for every step, by construction: a row leaves only through `drop`.
import { type Batch, type Column, type DictionaryColumn, type FixedColumn, type NumericArray, utf8Column } from '../native/batch.js';
import { type AnyStep, reasonsOf } from '../stages/contract/stage.js';
import { isFeature, type StepFeatures } from './feature-columns.js';
import { CRASH_REASONS, type CrashReason, type StepCounts } from './types.js';

/** All `step/reason` pairs of a manifest, in manifest order: code i + 1 is pair i, 0 is kept. */
export class DropCodes {
  readonly #base = new Map<string, number>();
  readonly pairs: { readonly step: string; readonly reason: string }[] = [];
  /** The pairs after those: every step with every way a document ends its worker. In dictionaries only where a file has one. */
  readonly crashes: { readonly step: string; readonly reason: string }[] = [];

  constructor(steps: readonly { readonly name: string; readonly stage: AnyStep; readonly options?: unknown }[]) {
    for (const { name, stage, options } of steps) {
      this.#base.set(name, this.pairs.length);
      for (const reason of reasonsOf(stage, options)) this.pairs.push({ step: name, reason });
      for (const reason of CRASH_REASONS) this.crashes.push({ step: name, reason });
    }
  }

  /** `drop` is the step's own code, from 1. */
  code(step: string, drop: number): number {
    return this.#base.get(step)! + drop;
  }

  crash(step: string, reason: CrashReason): number {
    return this.pairs.length + 1 + this.crashes.findIndex((pair) => pair.step === step && pair.reason === reason);
  }

  /** Codes as the columns `step` and `reason`: dictionaries with the manifest's names, null where kept. `crashes`: the file has such codes. */
  columns(codes: Uint16Array, crashes = false): { step: DictionaryColumn; reason: DictionaryColumn } {
    const pairs = crashes ? [...this.pairs, ...this.crashes] : this.pairs;
    return { step: dictionaryOf(pairs, codes, 'step'), reason: dictionaryOf(pairs, codes, 'reason') };
  }
}

function dictionaryOf(pairs: DropCodes['pairs'], codes: Uint16Array, key: 'step' | 'reason'): DictionaryColumn {
  const labels = [...new Set(pairs.map((pair) => pair[key]))].sort(); // ASCII names: code unit order is byte order
  const index = pairs.map((pair) => labels.indexOf(pair[key]));
  const indices = new Uint16Array(codes.length);
  const validity = new Uint8Array((codes.length + 7) >> 3);
  for (let row = 0; row < codes.length; row++) {
    if (codes[row] === 0) continue;
    indices[row] = index[codes[row]! - 1]!;
    validity[row >> 3]! |= 1 << (row & 7);
  }
  return { kind: 'dictionary', indices, labels, validity };
}

export class Counter {
  readonly step: string;
  readonly #reasons: readonly string[];
  readonly #drops: number[];
  readonly #crashes: Partial<Record<CrashReason, number>> = {};
  in = 0;
  wallMs = 0;
  readonly notes: Record<string, number> = {};

  constructor(step: string, reasons: readonly string[]) {
    this.step = step;
    this.#reasons = reasons;
    this.#drops = reasons.map(() => 0);
  }

  /**
   * Counts a batch and returns the rows that stay; null where all do. Throws on a code the step did not declare. `again`: rows that
   * the step let through a moment ago, and looks at once more.
   */
  count(rows: number, drops: Uint16Array | undefined, again = false): Uint32Array | null {
    if (!again) this.in += rows;
    if (drops === undefined) return null;
    if (drops.length !== rows) throw new RangeError(`step "${this.step}" returned ${drops.length} drops for ${rows} rows`);
    let kept = 0;
    for (let row = 0; row < rows; row++) {
      const drop = drops[row]!;
      if (drop === 0) kept++;
      else if (drop > this.#reasons.length)
        throw new RangeError(`step "${this.step}" dropped a row with code ${drop}, it declares ${this.#reasons.length} reasons`);
      else this.#drops[drop - 1]!++;
    }
    if (kept === rows) return null;
    const keep = new Uint32Array(kept);
    for (let row = 0, i = 0; row < rows; row++) if (drops[row] === 0) keep[i++] = row;
    return keep;
  }

  /** A document that came to the step and may not enter it. */
  crash(reason: CrashReason): void {
    this.in++;
    this.#crashes[reason] = (this.#crashes[reason] ?? 0) + 1;
  }

  counts(): StepCounts {
    const dropped = [...this.#drops, ...Object.values(this.#crashes)].reduce((a, b) => a + b, 0);
    const drops = Object.fromEntries(this.#reasons.map((reason, i) => [`${this.step}/${reason}`, this.#drops[i]!] as const).filter(([, n]) => n > 0));
    for (const reason of CRASH_REASONS) {
      const n = this.#crashes[reason];
      if (n !== undefined) drops[`${this.step}/${reason}`] = (drops[`${this.step}/${reason}`] ?? 0) + n;
    }
    return {
      step: this.step,
      in: this.in,
      out: this.in - dropped,
      drops,
      ...(Object.keys(this.notes).length === 0 ? {} : { notes: this.notes }),
      wallMs: Math.round(this.wallMs),
    };
  }
}

/**
 * The features of one batch of a segment, row by row of the batch as it arrived. Rows are addressed by `positions`: the
 * arrival position of each row that is still there.
 */
export class BatchOutcomes {
  readonly rows: number;
  readonly codes: Uint16Array;
  readonly keptIds: (string | null)[] | null;
  /** By label (feature-columns.ts). */
  readonly features: Record<string, FeatureColumn> = {};

  constructor(rows: number, withKeptIds: boolean) {
    this.rows = rows;
    this.codes = new Uint16Array(rows);
    this.keptIds = withKeptIds ? new Array<string | null>(rows).fill(null) : null;
  }

  /** How like the document that stays a barrier found the rows it drops: NaN or null where not known. */
  addSimilarity(values: Float32Array | null, positions: Uint32Array): void {
    const validity = new Uint8Array((positions.length + 7) >> 3);
    values?.forEach((value, i) => {
      if (!Number.isNaN(value)) validity[i >> 3]! |= 1 << (i & 7);
    });
    const scattered = scatter({ kind: 'fixed', values: values ?? new Float32Array(positions.length), width: 1, validity }, positions, this.rows);
    const before = this.features.similarity;
    this.features.similarity = before === undefined ? scattered : overlaid(before, scattered, positions);
  }

  /** Records the numbers and labels that the plan names of one step; rows that did not reach it stay null. */
  addFeatures(plan: StepFeatures, columns: Readonly<Record<string, Column>>, positions: Uint32Array): void {
    for (const [name, label] of plan.recorded) {
      const column = columns[name];
      if (column === undefined || !isFeature(column)) continue;
      const before = this.features[label];
      this.features[label] = before === undefined ? scatter(column, positions, this.rows) : overlaid(before, scatter(column, positions, this.rows), positions);
    }
  }
}

export type FeatureColumn = FixedColumn | DictionaryColumn;

/** A column of `rows` rows with column's row i at positions[i], null elsewhere. */
export function scatter(column: FeatureColumn, positions: Uint32Array, rows: number): FeatureColumn {
  const source = featureValues(column);
  const values = new (source.constructor as new (length: number) => NumericArray)(rows);
  const validity = new Uint8Array((rows + 7) >> 3);
  const bits = column.validity;
  for (let i = 0; i < positions.length; i++) {
    if (bits !== undefined && ((bits[i >> 3]! >> (i & 7)) & 1) === 0) continue;
    const row = positions[i]!;
    values[row] = source[i]!;
    validity[row >> 3]! |= 1 << (row & 7);
  }
  return withFeatureValues(column, values, validity);
}

/** `base` with the rows of `piece` at `positions` in its place, as far as they are not null. Changes `base`. */
export function overlaid(base: FeatureColumn, piece: FeatureColumn, positions: Uint32Array): FeatureColumn {
  const [into, from] = [featureValues(base), featureValues(piece)];
  const validity = base.validity as Uint8Array; // of a scattered column
  for (const row of positions) {
    if (((piece.validity![row >> 3]! >> (row & 7)) & 1) === 0) continue;
    into[row] = from[row]!;
    validity[row >> 3]! |= 1 << (row & 7);
  }
  return base;
}

export function featureValues(column: FeatureColumn): NumericArray {
  return column.kind === 'dictionary' ? column.indices : column.values;
}

export function withFeatureValues(like: FeatureColumn, values: NumericArray, validity: Uint8Array): FeatureColumn {
  if (like.kind === 'dictionary') return { kind: 'dictionary', indices: values as Uint16Array, labels: like.labels, validity };
  return { kind: 'fixed', values, width: 1, validity };
}

/** A column of nulls of the model's kind. */
export function nullsLike(model: Column, rows: number): Column {
  if (!isFeature(model)) return utf8Column(new Array(rows).fill(null));
  const values = new (featureValues(model).constructor as new (length: number) => NumericArray)(rows);
  return withFeatureValues(model, values, new Uint8Array((rows + 7) >> 3));
}

/** A batch with columns added or replaced. */
export function withColumns(batch: Batch, columns: Readonly<Record<string, Column>>): Batch {
  return { rows: batch.rows, columns: { ...batch.columns, ...columns } };
}

export function withoutColumns(batch: Batch, names: readonly string[]): Batch {
  return { rows: batch.rows, columns: Object.fromEntries(Object.entries(batch.columns).filter(([name]) => !names.includes(name))) };
}
