// A user's own rules: expressions over any column of earlier steps. `drop` names a reason for each condition, and the first in
// the manifest's order that is true of a document drops it; `mark` writes a column for each expression and drops nothing.
// Invariant: reads columns alone, never text it could change; unknown (null) never drops. Semantics: contract/expression-evaluate.ts.
import { z } from 'zod';
import { type Column, fixedColumn } from '../../native/index.js';
import { FIXED_COLUMNS, LIST_COLUMNS, noNumber, WORD_COLUMNS } from '../contract/columns.js';
import {
  type Expression,
  type ExpressionColumns,
  ExpressionError,
  MAX_EXPRESSION_LENGTH,
  parseCondition,
  parseExpression,
  rankName,
} from '../contract/expression.js';
import type { OptionProblem, Stage } from '../contract/stage.js';

const MAX_RULES = 200;

interface NamedExpression {
  readonly name: string;
  readonly expression: string;
}

/** A list, not a mapping, once parsed: the order is part of the meaning, and so of a task's identity. */
const named = (about: string) =>
  z
    .record(
      z
        .string()
        .max(64)
        .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'a name in lower case with "-", such as too-dense'),
      z.string().min(1).max(MAX_EXPRESSION_LENGTH),
    )
    .default({})
    .transform((entries): NamedExpression[] => Object.entries(entries).map(([name, expression]) => ({ name, expression })))
    .describe(about);

const schema = z.strictObject({
  mark: named(
    'New columns by name, each an expression over columns of earlier steps and marks before it: a condition gives 1 and 0, a sum its number. Drops nothing.',
  ),
  drop: named(
    'Conditions by the reason they drop for, as too-dense: "token_count / character_count > 0.6 unless score_quality > 0.9". The first that is true decides; null is never true.',
  ),
});
export type RulesOptions = z.infer<typeof schema>;

const columnOf = (name: string): string => name.replaceAll('-', '_');

const asMapping = (list: readonly NamedExpression[]): unknown => Object.fromEntries(list.map(({ name, expression }) => [name, expression]));

interface Compiled {
  readonly marks: readonly { readonly column: string; readonly expression: Expression }[];
  readonly drops: readonly Expression[];
}

const compiled = new WeakMap<RulesOptions, Compiled>();

function compile(options: RulesOptions): Compiled {
  let found = compiled.get(options);
  if (found === undefined) {
    found = {
      marks: options.mark.map(({ name, expression }) => ({ column: columnOf(name), expression: parseExpression(expression) })),
      drops: options.drop.map(({ expression }) => parseCondition(expression)),
    };
    compiled.set(options, found);
  }
  return found;
}

/** Columns inside rank() and quantile(): the engine sorts the run by them before the step. */
function ranksOf(options: RulesOptions): readonly string[] {
  const { marks, drops } = compile(options);
  return [...new Set([...marks.map(({ expression }) => expression), ...drops].flatMap((expression) => expression.ranks))];
}

/** Columns that the expressions read and the step does not make itself; of those that can be read. */
function readsOf(options: RulesOptions): readonly string[] {
  const own = new Set<string>();
  const reads = new Set<string>();
  const read = (source: string): void => {
    try {
      for (const name of parseExpression(source).columns) if (!own.has(name)) reads.add(name);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error; // `check` tells it
    }
  };
  for (const { name, expression } of options.mark) {
    read(expression);
    own.add(columnOf(name));
  }
  for (const { expression } of options.drop) read(expression);
  return [...reads];
}

function problemsOf(options: RulesOptions): readonly OptionProblem[] {
  const problems: OptionProblem[] = [];
  const given = [...options.mark.map((one) => ({ ...one, kind: 'mark' as const })), ...options.drop.map((one) => ({ ...one, kind: 'drop' as const }))];
  if (given.length > MAX_RULES) problems.push({ path: [], message: `has ${given.length} rules, expected at most ${MAX_RULES}` });
  const own = new Set<string>();
  for (const { name, expression: source, kind } of given) {
    const report = (message: string) => problems.push({ path: [kind, name], message });
    if (kind === 'mark' && [...WORD_COLUMNS, ...LIST_COLUMNS, ...FIXED_COLUMNS].includes(columnOf(name)))
      report(`column "${columnOf(name)}" has a meaning for other steps. Choose another name`);
    try {
      const expression = kind === 'drop' ? parseCondition(source) : parseExpression(source);
      for (const ranked of expression.ranks)
        if (own.has(ranked)) report(`rank(${ranked}) wants a column of an earlier step. Put the mark into a step "rules" before this one`);
      for (const { name: column, kind: wanted, at } of expression.uses) {
        const holds = own.has(column) ? null : noNumber(column);
        if (wanted === 'number' && holds !== null) report(new ExpressionError(source, at, `column "${column}" holds ${holds}, expected numbers.`).message);
      }
      if (expression.kind === 'text' || (expression.kind === 'column' && noNumber(expression.columns[0]!) !== null))
        report('column 1: a mark is a number or a condition, found a text.');
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      report(error.message);
    }
    if (kind === 'mark') own.add(columnOf(name));
  }
  return problems;
}

function dropsOf(options: RulesOptions, columns: ExpressionColumns, rows: number): Uint16Array {
  const codes = new Uint16Array(rows);
  for (const [index, expression] of compile(options).drops.entries()) {
    const fires = expression.evaluate(columns, rows);
    for (let row = 0; row < rows; row++) if (codes[row] === 0 && fires[row] === 1) codes[row] = index + 1;
  }
  return codes;
}

export const rules: Stage<RulesOptions> = {
  kind: 'stage',
  name: 'rules',
  version: 1,
  reads: [],
  writes: [],
  reasons: [],
  rules: true,
  schema: schema.describe(
    'Conditions of your own over columns of earlier steps: documents are dropped, each condition a reason, or new columns written.',
  ) as unknown as z.ZodType<RulesOptions>,
  alsoReads: readsOf,
  alsoWrites: (options) => options.mark.map(({ name }) => columnOf(name)),
  ranks: (options) => (problemsOf(options).length > 0 ? [] : ranksOf(options).map((column) => ({ name: rankName(column), column }))),
  alsoReasons: (options) => options.drop.map(({ name }) => name),
  check: problemsOf,
  warnings: (options) => (options.drop.length + options.mark.length === 0 ? [{ path: [], message: 'has neither drop nor mark: it does nothing' }] : []),
  decision: {
    options: ['drop'],
    written: ({ mark, drop }) => ({ mark: asMapping(mark), drop: asMapping(drop) }),
    columns: (options) => [
      ...new Set(compile(options).drops.flatMap((expression) => [...expression.columns, ...expression.ranks.map((name) => rankName(name))])),
    ],
    drops: dropsOf,
  },

  async open(options) {
    const { marks } = compile(options);
    return {
      async process(batch) {
        const columns: Record<string, Column> = {};
        for (const { column, expression } of marks) {
          const values = expression.evaluate({ ...batch.columns, ...columns }, batch.rows);
          columns[column] = markColumn(values, expression.kind === 'condition');
        }
        return { columns, drops: dropsOf(options, { ...batch.columns, ...columns }, batch.rows) };
      },
      async close() {},
    };
  },
};

/** uint8 for conditions, else float64: what is compared later is what was computed. */
function markColumn(values: Float64Array, condition: boolean): Column {
  const validity = new Uint8Array((values.length + 7) >> 3);
  let nulls = 0;
  for (let row = 0; row < values.length; row++) {
    if (Number.isNaN(values[row])) {
      values[row] = 0;
      nulls++;
    } else validity[row >> 3]! |= 1 << (row & 7);
  }
  const numbers = condition ? Uint8Array.from(values) : values;
  return nulls === 0 ? fixedColumn(numbers) : fixedColumn(numbers, validity);
}
