// A step that decides by numeric features alone: one native call a batch for the metrics of all its rule sets, then the rules.
// Invariant: a column carries its metric's bare name where the step uses one definition of it, else `name_at_definition`.
import type { z } from 'zod';
import { type Batch, type BytesColumn, type Column, column, type FixedColumn, fixedColumn, native, takeColumn } from '../../native/index.js';
import { type MetricDefinition, metricKey } from './metrics.js';
import { type Expression, type ExpressionColumns, type ExpressionValues, isTrue, parseCondition } from './expression.js';
import { isQuantile, type Quantile, quantileRanks, rankName, ranksIn } from './ranks.js';
import { applyRules, rowsByLanguage } from './rule-apply.js';
import { definitionFor, type RuleOptions, resolveRules, ruleSchema, setNames, thresholdProblems } from './rule-options.js';
import { isLanguageTable, keyOf, loadRuleSets, optionOf, type Rule, type RuleSet, type StopWords, type WordMethod } from './rules.js';
import type { Limit, OptionProblem, RankRequest, Stage } from './stage.js';

export interface RuleStage {
  readonly name: string;
  /** What it does, in a sentence: for the manifest's JSON Schema. */
  readonly about: string;
  readonly version: number;
  /** Metrics its rules may speak of, every definition of each. Drop codes follow their order. */
  readonly metrics: readonly MetricDefinition[];
  /** The folder of the rule sets, from the package's root, and the set used where the manifest names none. */
  readonly folder: string;
  readonly defaultSet: string;
  /** Options beside those of every rule step; `stop-words` and `bad-words` are known here. */
  readonly extra?: Readonly<Record<string, z.ZodType>>;
}

type Values = Float32Array | Uint32Array;

/** What a step with these options measures and decides. */
interface Resolved {
  readonly rules: readonly Rule[];
  /** NAME@DEFINITION and the column it is written to, in the catalogue's order. */
  readonly measured: readonly { readonly key: string; readonly column: string }[];
  readonly stopWords: StopWords | undefined;
  readonly wordMethod: WordMethod;
  readonly badWords: readonly string[] | undefined;
  /** Conditions of the rules' `unless`, by their text, and the step's own. */
  readonly conditions: ReadonlyMap<string, Expression>;
  readonly unless: Expression | undefined;
}

export function ruleStage(of: RuleStage): Stage<RuleOptions> {
  const sets = loadRuleSets(of.folder, of.metrics);
  const reasons = [...new Set(of.metrics.map((metric) => metric.name))];
  const known = new WeakMap<RuleOptions, Resolved>(); // options are parsed once and asked often
  const resolve = (options: RuleOptions): Resolved => {
    let found = known.get(options);
    if (found === undefined) known.set(options, (found = resolveStep(of.metrics, chosen(sets, options), options)));
    return found;
  };
  return {
    kind: 'stage',
    name: of.name,
    version: of.version,
    reads: ['text'],
    writes: [],
    alsoReads: (options) => readsOfStep(resolve(options)),
    alsoWrites: (options) => resolve(options).measured.map(({ column }) => column),
    reasons: reasons.map(optionOf),
    rules: true,
    schema: ruleSchema(sets, of.metrics, of.defaultSet, of.extra).describe(of.about),
    limits: (options) => limitsOf(resolve(options)),
    check: (options) => [...thresholdProblems(chosen(sets, options), of.metrics, options), ...conditionProblems(options)],

    decision: {
      options: ['unless', ...reasons.map(optionOf)],
      columns: (options) => decidedBy(resolve(options)),
      drops: (options, columns, rows) => decide(resolve(options), reasons, columns, rows),
    },

    ranks: (options) => ranksOf(resolve(options)),
    scoring: (options) => {
      const { measured, stopWords, wordMethod, badWords } = resolve(options);
      return { measured, stopWords, wordMethod, badWords };
    },

    async open(options) {
      const resolved = resolve(options);
      const score = async (batch: Batch): Promise<Readonly<Record<string, Column>>> => {
        const values = await measure(batch, resolved);
        return Object.fromEntries(resolved.measured.map(({ key, column }) => [column, fixedColumn(values[key]!)]));
      };
      const scored = ranksOf(resolved).length > 0; // the engine had the metrics measured to rank them
      return {
        ...(scored ? { score } : {}),
        async process(batch) {
          const columns = scored ? Object.fromEntries(resolved.measured.map(({ column: name }) => [name, batch.columns[name]!])) : await score(batch);
          return { columns, drops: decide(resolved, reasons, { ...batch.columns, ...columns }, batch.rows) };
        },
        async close() {},
      };
    },
  };
}

/** What the rules and their conditions look at. */
function decidedBy(resolved: Resolved): readonly string[] {
  const columns = new Set(
    resolved.rules.map((rule) => (isQuantile(rule.threshold) ? rankName(columnOf(resolved, rule), rule.threshold.by) : columnOf(resolved, rule))),
  );
  for (const name of conditionColumns(resolved)) columns.add(name);
  if (resolved.rules.some((rule) => isLanguageTable(rule.threshold))) columns.add('lang');
  return [...columns];
}

const columnOf = ({ measured }: Resolved, rule: Rule): string => measured.find(({ key }) => key === keyOf(rule))!.column;

function decide(resolved: Resolved, reasons: readonly string[], columns: ExpressionColumns, rows: number): Uint16Array {
  const compared = resolved.rules.filter((rule) => !isQuantile(rule.threshold));
  const values = Object.fromEntries(compared.map((rule) => [keyOf(rule), numbersOf(columns[columnOf(resolved, rule)]!)]));
  const lang = needsLanguage(resolved) ? (columns.lang as Column | undefined) : undefined;
  const exempt = new Map([...resolved.conditions].map(([source, condition]) => [source, isTrue(condition.evaluate(columns, rows))]));
  const exemptFromAll = resolved.unless === undefined ? undefined : isTrue(resolved.unless.evaluate(columns, rows));
  const batch = { rows, columns: columns as Readonly<Record<string, Column>> };
  const ranksOfRule = (rule: Rule): Float64Array => ranksIn(batch, rankName(columnOf(resolved, rule), (rule.threshold as Quantile).by));
  return applyRules(resolved.rules, reasons, { rows, values, lang, exempt, exemptFromAll, ranksOf: ranksOfRule });
}

/** The orders over the run that thresholds as quantiles need. */
const ranksOf = (resolved: Resolved): readonly RankRequest[] =>
  quantileRanks(
    resolved.rules.flatMap((rule) => (isQuantile(rule.threshold) ? [{ column: columnOf(resolved, rule), at: rule.threshold }] : [])),
    true,
  );

const conditionColumns = ({ conditions, unless }: Resolved): readonly string[] =>
  [...conditions.values(), ...(unless === undefined ? [] : [unless])].flatMap((condition) => condition.columns);

const numbersOf = (column: ExpressionValues): ArrayLike<number> => (column as FixedColumn).values as Values;

const chosen = (sets: ReadonlyMap<string, RuleSet>, options: RuleOptions): readonly RuleSet[] => setNames(options).map((name) => sets.get(name)!);

function resolveStep(metrics: readonly MetricDefinition[], sets: readonly RuleSet[], options: RuleOptions): Resolved {
  const rules = resolveRules(sets, metrics, options);
  const asked = (options.measure ?? []).map((name) => (name.includes('@') ? name : `${name}@${definitionFor(name, sets, metrics)}`));
  // Rules that the manifest switched off are measured still: their columns tell what they would have done.
  const wanted = new Set([...sets.flatMap((set) => set.rules.map(keyOf)), ...rules.map(keyOf), ...asked]);
  const used = metrics.filter((metric) => wanted.has(metricKey(metric)));
  const definitions = (name: string): number => used.filter((metric) => metric.name === name).length;
  const measured = used.map((metric) => ({
    key: metricKey(metric),
    column: definitions(metric.name) === 1 ? metric.name : `${metric.name}_at_${metric.definition}`,
  }));
  const stopWords = (options['stop-words'] as StopWords | undefined) ?? sets.find((set) => set.stopWords !== undefined)?.stopWords;
  const wordMethod = (options.words as WordMethod | undefined) ?? sets.find((set) => set.words !== undefined)?.words ?? 'white-space';
  const conditions = new Map<string, Expression>();
  for (const { unless } of rules) {
    const condition = conditionOf(unless);
    if (condition !== undefined) conditions.set(unless!, condition);
  }
  return {
    rules,
    measured,
    stopWords,
    wordMethod,
    badWords: options['bad-words'] as readonly string[] | undefined,
    conditions,
    unless: conditionOf(options.unless),
  };
}

/** Undefined where the text is no condition: `check` has said so, and a manifest with mistakes is never run. */
function conditionOf(source: string | undefined): Expression | undefined {
  if (source === undefined) return undefined;
  try {
    return parseCondition(source);
  } catch {
    return undefined;
  }
}

function conditionProblems(options: RuleOptions): OptionProblem[] {
  const written = Object.entries(options).flatMap(([name, value]): [readonly string[], unknown][] =>
    name === 'unless' ? [[['unless'], value]] : typeof value === 'object' && value !== null && 'unless' in value ? [[[name, 'unless'], value.unless]] : [],
  );
  return written.flatMap(([path, source]): OptionProblem[] => {
    if (typeof source !== 'string') return [];
    try {
      if (parseCondition(source).ranks.length === 0) return [];
      return [{ path, message: 'rank() and quantile() are for the step "rules": a document’s rank is not known here' }];
    } catch (error) {
      return [{ path, message: (error as Error).message }];
    }
  });
}

/** Columns from before the step: what conditions name and the step does not write itself, and `lang` for thresholds by language. */
function readsOfStep(resolved: Resolved): readonly string[] {
  const own = new Set(resolved.measured.map(({ column }) => column));
  const named = conditionColumns(resolved).filter((name) => !own.has(name));
  return needsLanguage(resolved) ? [...new Set([...named, 'lang'])] : [...new Set(named)];
}

const countsStopWords = (key: string): boolean => key.startsWith('stop_word_count@');
const isList = (words: StopWords): words is readonly string[] => Array.isArray(words);

const needsLanguage = (resolved: Resolved): boolean =>
  resolved.rules.some((rule) => isLanguageTable(rule.threshold)) ||
  (resolved.stopWords !== undefined && !isList(resolved.stopWords) && resolved.measured.some(({ key }) => countsStopWords(key)));

async function measure(batch: Batch, { measured, stopWords, wordMethod, badWords }: Resolved): Promise<Readonly<Record<string, Values>>> {
  const text = column(batch, 'text', 'utf8');
  const keys = measured.map(({ key }) => key);
  const options = { wordMethod, ...(badWords === undefined ? {} : { badWords }) };
  if (stopWords === undefined) return native.measure(text, keys, options);
  if (isList(stopWords)) return native.measure(text, keys, { ...options, stopWords });
  const values = {
    ...(await native.measure(
      text,
      keys.filter((key) => !countsStopWords(key)),
      options,
    )),
  }; // prettier-ignore
  for (const key of keys.filter(countsStopWords)) values[key] = await countByLanguage(batch, text, key, stopWords, wordMethod);
  return values;
}

/** Stop words of each document's language; 0 where the language has no list. */
async function countByLanguage(
  batch: Batch,
  text: BytesColumn,
  key: string,
  lists: Readonly<Record<string, readonly string[]>>,
  wordMethod: WordMethod,
): Promise<Uint32Array> {
  const counts = new Uint32Array(batch.rows);
  for (const [lang, rows] of rowsByLanguage(batch.columns.lang)) {
    const stopWords = lists[lang];
    if (stopWords === undefined) continue;
    const found = await native.measure(takeColumn(text, rows) as BytesColumn, [key], { stopWords, wordMethod });
    rows.forEach((row, i) => {
      counts[row] = found[key]![i]!;
    });
  }
  return counts;
}

function limitsOf(resolved: Resolved): Limit[] {
  return resolved.rules.flatMap((rule): Limit[] => {
    if (isQuantile(rule.threshold)) return [];
    const base = { column: columnOf(resolved, rule), op: rule.op, reason: optionOf(rule.metric), source: rule.source };
    if (!isLanguageTable(rule.threshold)) return [{ ...base, threshold: rule.threshold }];
    const { languages, otherwise } = rule.threshold;
    const keepsAll = rule.op === 'min' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    const table = Object.fromEntries(Object.entries(languages).map(([lang, threshold]) => [lang, threshold ?? keepsAll]));
    return [{ ...base, threshold: otherwise ?? keepsAll, languages: table }];
  });
}
