// Any expression over any columns gives what a naive evaluator gives, which walks its own tree row by row with JavaScript's null.
import assert from 'node:assert/strict';
import test from 'node:test';
import { fc } from '../support/properties.js';
import { type Column, fixedColumn, utf8Column, validityOf } from '../../native/index.js';
import { ExpressionError, parseExpression } from '../../stages/contract/expression.js';

type Cell = number | string | null;
interface Made {
  readonly source: string;
  readonly value: (row: Readonly<Record<string, Cell>>) => number | boolean | null;
}
const number = (made: Made, row: Readonly<Record<string, Cell>>): number | null => made.value(row) as number | null;

const literal: fc.Arbitrary<Made> = fc
  .oneof(fc.integer({ min: 0, max: 9 }), fc.constantFrom(0.5, 0.1, 1e-3, 2.5e6))
  .map((value) => ({ source: `${value}`, value: () => value }));
// Values of the float64 column only: the rule for float32 has its own test.
const column: fc.Arbitrary<Made> = fc.constantFrom('a', 'b', 'c').map((name) => ({ source: name, value: (row) => row[name] as number | null }));
const both = (f: (x: number, y: number) => number | null) => (x: number | null, y: number | null) => (x === null || y === null ? null : f(x, y));
const nan = (x: number): number | null => (Number.isNaN(x) ? null : x);
const SUMS = {
  '+': both((x, y) => nan(x + y)),
  '-': both((x, y) => nan(x - y)),
  '*': both((x, y) => nan(x * y)),
  '/': both((x, y) => (y === 0 ? null : nan(x / y))),
};
const TESTS: Record<string, (x: number, y: number) => boolean> = {
  '<': (x, y) => x < y,
  '<=': (x, y) => x <= y,
  '>': (x, y) => x > y,
  '>=': (x, y) => x >= y,
  '==': (x, y) => x === y,
  '!=': (x, y) => x !== y,
};

const { condition } = fc.letrec<{ sum: Made; condition: Made }>((tie) => ({
  sum: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    literal,
    column,
    fc
      .tuple(fc.constantFrom('+', '-', '*', '/'), tie('sum'), tie('sum'))
      .map(([sign, a, b]): Made => ({ source: `(${a.source} ${sign} ${b.source})`, value: (row) => SUMS[sign as '+'](number(a, row), number(b, row)) })),
    tie('sum').map((a): Made => ({ source: `-(${a.source})`, value: (row) => (number(a, row) === null ? null : -number(a, row)!) })),
    tie('sum').map((a): Made => ({ source: `abs(${a.source})`, value: (row) => (number(a, row) === null ? null : Math.abs(number(a, row)!)) })),
    tie('sum').map(
      (a): Made => ({ source: `log(${a.source})`, value: (row) => (number(a, row) === null || number(a, row)! <= 0 ? null : Math.log(number(a, row)!)) }),
    ),
    fc.tuple(fc.constantFrom('max', 'min'), fc.array(tie('sum'), { minLength: 1, maxLength: 3 })).map(
      ([name, of]): Made => ({
        source: `${name}(${of.map((one) => one.source).join(', ')})`,
        value: (row) => {
          const known = of.map((one) => number(one, row)).filter((value) => value !== null);
          return known.length === 0 ? null : known.reduce((x, y) => (name === 'max' ? (x >= y ? x : y) : x <= y ? x : y));
        },
      }),
    ),
  ),
  condition: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.tuple(fc.constantFrom(...Object.keys(TESTS)), tie('sum'), tie('sum')).map(
      ([sign, a, b]): Made => ({
        source: `${a.source} ${sign} ${b.source}`,
        value: (row) => {
          const [x, y] = [number(a, row), number(b, row)];
          return x === null || y === null ? null : TESTS[sign]!(x, y);
        },
      }),
    ),
    fc.tuple(fc.constantFrom('u', 'v'), fc.constantFrom('==', '!='), fc.constantFrom('x', 'é', '')).map(
      ([name, sign, text]): Made => ({
        source: `${name} ${sign} "${text}"`,
        value: (row) => (row[name] === null ? null : (row[name] === text) === (sign === '==')),
      }),
    ),
    fc.tuple(fc.constantFrom('u', 'v'), fc.array(fc.constantFrom('x', 'é', '', 'long text'), { minLength: 1, maxLength: 3 })).map(
      ([name, texts]): Made => ({
        source: `${name} not in [${texts.map((text) => `'${text}'`).join(',')}]`,
        value: (row) => (row[name] === null ? null : !(texts as readonly string[]).includes(row[name] as string)),
      }),
    ),
    fc.constantFrom('a', 'b', 'u', 'v').map((name): Made => ({ source: `${name} is null`, value: (row) => row[name] === null })),
    tie('condition').map((a): Made => ({ source: `not (${a.source})`, value: (row) => (a.value(row) === null ? null : !a.value(row)) })),
    fc.tuple(fc.constantFrom('and', 'or'), fc.array(tie('condition'), { minLength: 2, maxLength: 3 })).map(
      ([word, of]): Made => ({
        source: of.map((one) => `(${one.source})`).join(` ${word} `),
        value: (row) => {
          const values = of.map((one) => one.value(row));
          if (values.includes(word === 'or')) return word === 'or';
          return values.includes(null) ? null : word === 'and';
        },
      }),
    ),
    fc
      .tuple(tie('condition'), tie('condition'))
      .map(([a, b]): Made => ({ source: `(${a.source} unless ${b.source})`, value: (row) => (b.value(row) === true ? false : a.value(row)) })),
  ),
}));

const numeric = fc.option(fc.oneof(fc.integer({ min: -3, max: 9 }), fc.double({ noNaN: true, min: -1e6, max: 1e6 })), { freq: 4 });
const text = fc.option(fc.constantFrom('x', 'é', '', 'xx', 'long text'), { freq: 4 });
const table = fc.array(fc.record({ a: numeric, b: numeric, c: fc.integer({ min: 0, max: 5 }), u: text, v: text }), { minLength: 0, maxLength: 40 });

const LABELS = ['', 'long text', 'x', 'xx', 'é'];
function columnsOf(rows: readonly Record<string, Cell>[]): Record<string, Column | (number | null)[]> {
  const present = (name: string) => validityOf(rows.map((row) => row[name] !== null));
  return {
    a: fixedColumn(
      Float64Array.from(rows, (row) => (row.a as number | null) ?? 7),
      present('a'),
    ),
    b: rows.map((row) => row.b as number | null),
    c: fixedColumn(Uint32Array.from(rows, (row) => row.c as number)),
    u: utf8Column(rows.map((row) => row.u as string | null)),
    v: { kind: 'dictionary', indices: Uint16Array.from(rows, (row) => Math.max(0, LABELS.indexOf(row.v as string))), labels: LABELS, validity: present('v') },
  };
}

test('any condition over any columns is what a naive evaluator says, row by row', () => {
  fc.assert(
    fc.property(condition, table, (made, rows) => {
      const found = parseExpression(made.source).evaluate(columnsOf(rows), rows.length);
      const expected = rows.map((row) => {
        const value = made.value(row);
        return value === null ? Number.NaN : Number(value);
      });
      assert.deepEqual([...found], expected, made.source);
    }),
    { numRuns: 2000 },
  );
});

test('rows past a block of the evaluator are worth what they are worth alone', () => {
  const rows = Array.from({ length: 5000 }, (_, i) => ({ a: i % 7 === 0 ? null : i, b: (i * 31) % 101, c: i % 6, u: i % 3 === 0 ? 'x' : null, v: 'é' }));
  const expression = parseExpression('a / b > 20 and u == "x" or c == 5 and v != "x" unless a is null');
  const whole = expression.evaluate(columnsOf(rows), rows.length);
  const alone = rows.map((row) => expression.evaluate(columnsOf([row]), 1)[0]!);
  assert.deepEqual([...whole], alone);
});

test('no text crashes the parser: it is an expression or an error with a column inside it', () => {
  const word = fc.constantFrom(
    'a',
    'word-count',
    '1',
    '.5',
    '"x"',
    "'",
    '`b`',
    '(',
    ')',
    '[',
    ']',
    ',',
    '+',
    '-',
    '*',
    '/',
    '<',
    '<=',
    '==',
    'and',
    'or',
    'not',
    'in',
    'is',
    'null',
    'unless',
    'max(',
    'len(',
    'rank(',
    'quantile(',
    '\\',
    '=',
    '€',
    '\u{1f600}',
  );
  const sources = fc.oneof(
    fc.array(word, { maxLength: 30 }).map((words) => words.join(' ')),
    fc.string({ unit: 'binary', maxLength: 60 }),
  );
  fc.assert(
    fc.property(sources, (source) => {
      try {
        parseExpression(source);
      } catch (error) {
        assert.ok(error instanceof ExpressionError, `${source}: ${(error as Error).stack}`);
        assert.ok(error.column >= 1 && error.column <= [...source].length + 1, `${source}: column ${error.column}`);
      }
    }),
    { numRuns: 5000 },
  );
});
