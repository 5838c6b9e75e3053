// Batches: columns in Arrow layout. Expectations are written by hand from the Arrow columnar format's definitions.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentAt, fixedColumn, takeRows, utf8Column } from '../../native/batch.js';

test('takeRows keeps values and nulls of the rows it is given', () => {
  const batch = {
    rows: 3,
    columns: {
      text: utf8Column(['a', null, 'çé']),
      n: fixedColumn(Uint32Array.of(1, 2, 3)),
      list: { kind: 'list' as const, values: Uint16Array.of(5, 6, 7), offsets: Int32Array.of(0, 1, 1, 3) },
    },
  };
  const taken = takeRows(batch, [1, 2]);
  assert.deepEqual(documentAt(taken, 0), { text: null, n: 2, list: [] });
  assert.deepEqual(documentAt(taken, 1), { text: 'çé', n: 3, list: [6, 7] });
});

test('documentAt refuses a row outside the batch', () => {
  assert.throws(() => documentAt({ rows: 1, columns: {} }, 1), RangeError);
});
