// What `keep` of the step perplexity says: bounds on bits per byte or loss, by number, by language or by quantile of the run.
// A decision looks at stored columns alone, so what-if makes it again.
import { z } from 'zod';
import { type Batch, type Column, isValid, valueAt } from '../../native/index.js';
import type { ExpressionColumns } from '../contract/expression.js';
import { beyondQuantile, isQuantile, type Quantile, quantileRanks, quantileSchema, rankName, ranksIn } from '../contract/ranks.js';
import type { Limit, OptionProblem, RankRequest } from '../contract/stage.js';

export const METRICS = ['bits-per-byte', 'loss'] as const;
export type Metric = (typeof METRICS)[number];
/** Above a maximum, below a minimum: a drop code is an index here plus one. */
export const REASONS = ['bits-per-byte', 'bits-per-byte-low', 'loss', 'loss-low'] as const;
const columnOf = (metric: Metric): string => metric.replaceAll('-', '_');

type ByLang = { readonly 'by-lang': Readonly<Record<string, number>>; readonly otherwise?: number | null | undefined };
export type Bound = number | Quantile | ByLang;
const positive = z.number().min(0);
const bound: z.ZodType<Bound> = z.union([
  positive,
  quantileSchema,
  z.strictObject({
    'by-lang': z.record(z.string().min(1), positive).describe('a bound for each value of `lang`'),
    otherwise: positive.nullable().optional().describe('for other languages; none where absent'),
  }),
]);
const pair = (most: z.ZodType<number>, what: string) => z.tuple([most, most]).describe(what);
const range = z.union([
  quantileSchema, // { quantile: 0.9 }: the usual 90 %
  z.strictObject({
    band: z
      .union([
        pair(positive, 'the lowest and the highest value to keep'),
        z.strictObject({
          quantile: pair(z.number().min(0).max(1), 'shares of the run: [0.05, 0.9] keeps what lies between'),
          by: z.enum(['lang']).optional().describe('lang: documents of each language are ranked among themselves'),
        }),
      ])
      .describe('what lies between two values stays: [1.5, 3], or shares of the run, { quantile: [0.05, 0.9] }'),
  }),
  z.strictObject({ min: bound.optional().describe('smaller values are dropped'), max: bound.optional().describe('larger values are dropped') }),
]);
export const keepSchema = z
  .strictObject({
    'bits-per-byte': range.optional().describe('bits a byte of text: comparable between tokenizers and lengths'),
    loss: range.optional().describe("mean nats a token of the model's own tokenizer"),
  })
  .default({})
  .describe(
    'which documents stay: { bits-per-byte: { quantile: 0.9 } } the 90 % that surprise the model least, { band: [1.5, 3] } or { band: { quantile: [0.05, 0.9] } } a band, { min, max } bounds, each a number, a quantile or by language. Nothing is dropped where it is absent; documents without a score are always kept',
  );
export type Keep = z.infer<typeof keepSchema>;

/** One bound as it is decided by. */
export interface KeepRule {
  readonly metric: Metric;
  readonly op: 'min' | 'max';
  readonly at: Bound;
  /** Index into REASONS. */
  readonly reason: number;
}

/** In the order of REASONS; a document leaves for the first that it breaks. */
export function keepRules(keep: Keep): KeepRule[] {
  return METRICS.flatMap((metric, index): KeepRule[] => {
    const given = keep[metric];
    if (given === undefined) return [];
    const bounds: { min?: Bound | undefined; max?: Bound | undefined } = 'quantile' in given ? { max: given } : 'band' in given ? banded(given.band) : given;
    return (['max', 'min'] as const).flatMap((op, below): KeepRule[] => {
      const at = bounds[op];
      return at === undefined ? [] : [{ metric, op, at, reason: 2 * index + below }];
    });
  });
}

type Band = Extract<NonNullable<Keep['loss']>, { band: unknown }>['band'];
function banded(band: Band): { min: Bound; max: Bound } {
  if (Array.isArray(band)) return { min: band[0], max: band[1] };
  const { quantile, by } = band;
  return { min: { quantile: quantile[0], by }, max: { quantile: quantile[1], by } };
}

export function keepProblems(keep: Keep): OptionProblem[] {
  return METRICS.flatMap((metric): OptionProblem[] => {
    const rules = keepRules(keep).filter((rule) => rule.metric === metric);
    const [max, min] = ['max', 'min'].map((op) => rules.find((rule) => rule.op === op)?.at);
    const path = ['keep', metric];
    if (typeof min === 'number' && typeof max === 'number' && min > max)
      return [{ path, message: `its least value ${min} is above its greatest ${max}: no document would be kept` }];
    if (isQuantile(min) && isQuantile(max) && min.by === max.by && min.quantile > max.quantile)
      return [{ path, message: `quantile ${min.quantile} is above ${max.quantile}: no document would be kept` }];
    return [];
  });
}

export const ranksOfKeep = (keep: Keep): readonly RankRequest[] =>
  quantileRanks(
    keepRules(keep).flatMap(({ metric, at }) => (isQuantile(at) ? [{ column: columnOf(metric), at }] : [])),
    true,
  );

const byLanguage = (at: Bound): at is ByLang => typeof at === 'object' && 'by-lang' in at;
export const needsLang = (keep: Keep): boolean => keepRules(keep).some(({ at }) => byLanguage(at));

export function limitsOfKeep(keep: Keep): Limit[] {
  return keepRules(keep).flatMap(({ metric, op, at, reason }): Limit[] => {
    if (isQuantile(at)) return [];
    const none = op === 'max' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    const languages = byLanguage(at) ? { languages: at['by-lang'] } : {};
    const threshold = byLanguage(at) ? (at.otherwise ?? none) : at;
    return [{ column: columnOf(metric), op, threshold, reason: REASONS[reason]!, source: 'manifest', ...languages }];
  });
}

/** Columns a decision looks at. */
export function columnsOfKeep(keep: Keep): readonly string[] {
  const rules = keepRules(keep);
  const named = rules.map(({ metric, at }) => (isQuantile(at) ? rankName(columnOf(metric), at.by) : columnOf(metric)));
  return [...new Set([...named, ...(needsLang(keep) ? ['lang'] : [])])];
}

/** Drop codes; `near` is called with rows whose value lies within `band` (a share) of a bound that decided on it. */
export function dropsOfKeep(keep: Keep, columns: ExpressionColumns, rows: number, band = 0, near?: (row: number) => void): Uint16Array {
  const drops = new Uint16Array(rows);
  for (const { metric, op, at, reason } of keepRules(keep)) {
    if (isQuantile(at)) {
      const ranks = ranksIn({ rows, columns } as Batch, rankName(columnOf(metric), at.by));
      for (let row = 0; row < rows; row++) if (drops[row] === 0 && beyondQuantile(op, at, ranks[row]!)) drops[row] = reason + 1;
      continue;
    }
    const values = columns[columnOf(metric)] as Column | undefined;
    if (values?.kind !== 'fixed') continue;
    for (let row = 0; row < rows; row++) {
      if (!isValid(values, row)) continue;
      const limit = limitAt(at, columns, row);
      if (limit === null) continue;
      const value = Number(values.values[row]);
      if (Math.abs(value - limit) <= band * limit) near?.(row);
      if (drops[row] === 0 && (op === 'max' ? value > limit : value < limit)) drops[row] = reason + 1;
    }
  }
  return drops;
}

function limitAt(at: number | ByLang, columns: ExpressionColumns, row: number): number | null {
  if (typeof at === 'number') return at;
  const lang = columns.lang as Column | undefined;
  const label = lang === undefined ? null : valueAt(lang, row);
  const own = typeof label === 'string' ? at['by-lang'][label] : undefined;
  return own ?? at.otherwise ?? null;
}
