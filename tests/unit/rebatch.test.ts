import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Batch,
  type BytesColumn,
  documentAt,
  fixedColumn,
  listStructColumn,
  listUtf8Column,
  stringAt,
  takeRows,
  utf8Column,
  validityOf,
} from '../../native/batch.js';
import { concatBatches, Rebatcher } from '../../pipeline/rebatch.js';

function batch(rows: number, seed: number): Batch {
  const numbers = Array.from({ length: rows }, (_, i) => i * 7 + seed);
  const offsets = new Int32Array(rows + 1);
  for (let i = 0; i < rows; i++) offsets[i + 1] = offsets[i]! + (numbers[i]! % 3);
  const links = listStructColumn(
    ['url', 'text'],
    numbers.map((n) => Array.from({ length: n % 4 }, (_, i) => ({ url: `u${n}`, text: 'ü'.repeat(i) }))),
  );
  return {
    rows,
    columns: {
      text: utf8Column(numbers.map((n) => (n % 5 === 0 ? null : `é${n}`))),
      date: { kind: 'fixed', values: BigInt64Array.from(numbers, BigInt), width: 1, unit: 's' },
      score: fixedColumn(Float32Array.from(numbers), seed % 2 === 0 ? undefined : validityOf(numbers.map((n) => n % 2 === 0))),
      pair: { kind: 'fixed', values: Uint32Array.from({ length: 2 * rows }, (_, i) => i), width: 2 },
      tokens: { kind: 'list', values: Uint16Array.from({ length: offsets[rows]! + 4 }, (_, i) => i), offsets }, // more values than offsets use
      lang: { kind: 'dictionary', indices: Uint16Array.from(numbers, (n) => n % 2), labels: ['de', 'en'] },
      robots: listUtf8Column(numbers.map((n) => (n % 5 === 0 ? null : Array.from({ length: n % 3 }, (_, i) => `é${n + i}`)))),
      links: { ...links, fields: { url: utf8Column([...strings(links.fields.url!), 'unused']), text: links.fields.text! } }, // more entries than offsets use
    },
  };
}
const strings = (column: BytesColumn) => Array.from({ length: column.offsets.length - 1 }, (_, row) => stringAt(column, row));
const documents = (one: Batch) => Array.from({ length: one.rows }, (_, row) => documentAt(one, row));

test('joined batches hold the rows of each in order, with nulls, lists, units and dictionaries', () => {
  for (const sizes of [[1], [3, 1], [0, 8, 17, 0, 1]]) {
    const parts = sizes.map((rows, i) => batch(rows, i));
    const joined = concatBatches(parts);
    assert.deepEqual(documents(joined), parts.flatMap(documents));
    assert.equal((joined.columns.date as { unit?: string }).unit, 's');
  }
});

test('a column that changes its type or goes missing is named', () => {
  const one = batch(2, 0);
  const text = { rows: 2, columns: { ...one.columns, score: utf8Column(['a', 'b']) } };
  assert.throws(() => concatBatches([one, text]), /column "score" changes its type/);
  const other = { rows: 2, columns: { ...one.columns, links: listStructColumn(['href'], [[], []]) } };
  assert.throws(() => concatBatches([one, other]), /column "links" changes its type/);
  const { score: _, ...rest } = one.columns;
  assert.throws(() => concatBatches([one, { rows: 2, columns: rest }]), /column "score" is missing in a later batch/);
});

test('small batches leave in groups of at least 1,024 rows, an empty one only when all are empty', async () => {
  const seen: number[] = [];
  const rebatcher = new Rebatcher(async (one) => void seen.push(one.rows));
  const whole = batch(700, 1);
  for (let i = 0; i < 5; i++) {
    await rebatcher.add(takeRows(whole, []));
    await rebatcher.add(whole);
  }
  await rebatcher.end();
  assert.deepEqual(seen, [1400, 1400, 700]);
  const empty: number[] = [];
  const none = new Rebatcher(async (one) => void empty.push(one.rows));
  await none.add(takeRows(whole, []));
  await none.end();
  assert.deepEqual(empty, [0]);
});
