// Rules as data: a metric, a bound, a threshold, where it was published and why it stands. C++ computes the metrics, rules
// read only numbers, and the first rule of a set's order that a document fails is its drop reason.
// Invariant: a metric's column (`word_count`), option (`word-count`) and drop reason (`quality/word-count`) carry one name.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { packagePath, RefineError } from '../../native/index.js';
import type { OptionProblem } from './stage.js';

/** fraction: 0..1; ratio: 0 and up; length: code points, 0 and up; count: whole numbers. */
export interface Metric {
  readonly name: string;
  readonly kind: 'fraction' | 'ratio' | 'length' | 'count';
  readonly about: string;
}

export interface Rule {
  readonly metric: string;
  /** min: smaller values are dropped; max: larger ones are. A value equal to the threshold is kept. */
  readonly op: 'min' | 'max';
  readonly threshold: number;
  /** Paper and table, or the code the number stands in. */
  readonly source: string;
  readonly reason: string;
}

export interface RuleSet {
  /** `gopher@paper`: whose rules, and by whose definitions. */
  readonly name: string;
  readonly source: string;
  readonly rules: readonly Rule[];
}

/** How a manifest overrides a metric's thresholds: a number, bounds, or `off` (also null). */
export type Threshold = number | 'off' | null | { readonly min?: number | null; readonly max?: number | null };
export type RuleOptions = { readonly rules: string } & Readonly<Record<string, unknown>>;

/** `word_count` as a manifest and a drop reason write it. */
export const optionOf = (metric: string): string => metric.replaceAll('_', '-');

const ruleSetSchema = z.strictObject({
  name: z.string(),
  source: z.string(),
  rules: z.array(z.strictObject({ metric: z.string(), op: z.enum(['min', 'max']), threshold: z.number(), source: z.string(), reason: z.string() })),
});

/** The rule sets beside a stage: every JSON file of its folder, by name. A set that names an unknown metric is refused. */
export function loadRuleSets(folder: string, metrics: readonly Metric[]): ReadonlyMap<string, RuleSet> {
  const sets = new Map<string, RuleSet>();
  for (const file of readdirSync(packagePath(folder)).sort()) {
    if (!file.endsWith('.json')) continue;
    const place = join(folder, file);
    const parsed = ruleSetSchema.safeParse(JSON.parse(readFileSync(packagePath(place), 'utf8')));
    if (!parsed.success) throw new RefineError('ERR_REFINE_ASSET', `is no rule set: ${z.prettifyError(parsed.error)}`, { place });
    for (const rule of parsed.data.rules) {
      if (!metrics.some((metric) => metric.name === rule.metric)) {
        throw new RefineError('ERR_REFINE_ASSET', `rule set names metric "${rule.metric}", which the step does not compute`, { place });
      }
    }
    sets.set(parsed.data.name, parsed.data);
  }
  return sets;
}

const bound = z.number().nullable();
const threshold = z.union([z.number(), z.null(), z.literal('off'), z.strictObject({ min: bound.optional(), max: bound.optional() })]);

/** Options `rules` and one a metric; `extra` are the stage's own. Strict, so a misspelt metric is an error (manifests add the likely name). */
export function ruleSchema(
  sets: ReadonlyMap<string, RuleSet>,
  metrics: readonly Metric[],
  defaultSet: string,
  extra: Record<string, z.ZodType> = {},
): z.ZodType<RuleOptions> {
  const shape: Record<string, z.ZodType> = {
    rules: z
      .enum([...sets.keys()] as [string, ...string[]])
      .default(defaultSet)
      .describe('The published rule set, as name@definition.'),
    ...extra,
  };
  for (const metric of metrics) {
    shape[optionOf(metric.name)] = threshold
      .optional()
      .describe(`${metric.about} A number or {min, max} overrides the rule set's threshold; off drops the rule.`);
  }
  return z.strictObject(shape) as unknown as z.ZodType<RuleOptions>;
}

function boundsOf(given: Threshold, rules: readonly Rule[]): { min?: number | null; max?: number | null } | 'ambiguous' {
  if (given === null || given === 'off') return { min: null, max: null };
  if (typeof given === 'object') return given;
  return rules.length === 1 ? { [rules[0]!.op]: given } : 'ambiguous';
}

/** The set's rules in their order with the manifest's thresholds. Call after `thresholdProblems` found none. */
export function resolveRules(set: RuleSet, options: RuleOptions): readonly Rule[] {
  return set.rules.flatMap((rule) => {
    const given = options[optionOf(rule.metric)] as Threshold | undefined;
    if (given === undefined) return [rule];
    const bounds = boundsOf(given, rulesOf(set, rule.metric));
    if (bounds === 'ambiguous') throw new RefineError('ERR_REFINE_MANIFEST', `${optionOf(rule.metric)} has two bounds; say {min: ...} or {max: ...}`);
    const threshold = bounds[rule.op];
    if (threshold === undefined) return [rule];
    return threshold === null ? [] : [{ ...rule, threshold, source: 'manifest' }];
  });
}

const rulesOf = (set: RuleSet, metric: string): readonly Rule[] => set.rules.filter((rule) => rule.metric === metric);

/** Thresholds that cannot be meant: out of the metric's range, the wrong way round, or bounds that keep nothing. */
export function thresholdProblems(set: RuleSet, metrics: readonly Metric[], options: RuleOptions): readonly OptionProblem[] {
  const problems: OptionProblem[] = [];
  for (const metric of metrics) {
    const option = optionOf(metric.name);
    const given = options[option] as Threshold | undefined;
    if (given === undefined) continue;
    const rules = rulesOf(set, metric.name);
    const report = (message: string, ...path: string[]) => problems.push({ path: [option, ...path], message });
    const published = rules.map((rule) => `${rule.op} ${rule.threshold}`).join(', ');
    const bounds = boundsOf(given, rules);
    if (bounds === 'ambiguous') {
      report(
        rules.length === 0 ? `${set.name} has no rule on ${option}` : `${option} has two bounds in ${set.name} (${published}): write {min: ...} or {max: ...}`,
      );
      continue;
    }
    const path = typeof given === 'object' && given !== null;
    let impossible = false;
    for (const op of ['min', 'max'] as const) {
      const value = bounds[op];
      if (value === undefined || value === null) continue;
      const at = path ? [op] : [];
      const wrong = outOfRange(metric, value);
      if (wrong !== null) {
        impossible = true;
        report(`${value} is impossible for ${option}, which is ${wrong}`, ...at);
      } else if (!rules.some((rule) => rule.op === op)) {
        report(
          rules.length === 0
            ? `${set.name} has no rule on ${option}`
            : `${option} is bounded the other way in ${set.name} (${published}): ${op} would drop what the rule keeps`,
          ...at,
        );
      }
    }
    const resolved = (op: 'min' | 'max') => (bounds[op] === undefined ? rules.find((rule) => rule.op === op)?.threshold : (bounds[op] ?? undefined));
    const min = resolved('min');
    const max = resolved('max');
    if (!impossible && min !== undefined && max !== undefined && min > max) report(`min ${min} is above max ${max}: no document would be kept`);
  }
  return problems;
}

function outOfRange(metric: Metric, value: number): string | null {
  if (metric.kind === 'fraction') return value >= 0 && value <= 1 ? null : 'a fraction from 0 to 1';
  if (metric.kind === 'count') return Number.isInteger(value) && value >= 0 ? null : 'a count: a whole number from 0';
  return value >= 0 && Number.isFinite(value) ? null : 'never negative';
}

/** Drop codes (index into `metrics` plus one, 0 keeps): the first rule a row fails decides. */
export function applyRules(
  rules: readonly Rule[],
  metrics: readonly Metric[],
  columns: Readonly<Record<string, ArrayLike<number>>>,
  rows: number,
): Uint16Array {
  const drops = new Uint16Array(rows);
  for (const rule of rules) {
    const values = columns[rule.metric]!;
    const code = metrics.findIndex((metric) => metric.name === rule.metric) + 1;
    const threshold = values instanceof Float32Array ? Math.fround(rule.threshold) : rule.threshold; // 0.3 as a float32 is above 0.3 as a double
    for (let row = 0; row < rows; row++) {
      if (drops[row] === 0 && (rule.op === 'min' ? values[row]! < threshold : values[row]! > threshold)) drops[row] = code;
    }
  }
  return drops;
}
