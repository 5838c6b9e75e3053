// Batches: columns in Arrow layout. Expectations are written by hand from the Arrow columnar format's definitions.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentAt, fixedColumn, listStructColumn, listUtf8Column, takeRows, utf8Column } from '../../native/batch.js';

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

test('lists of strings and of structs keep entries, empty lists and nulls in the rows that takeRows leaves', () => {
  const batch = {
    rows: 5,
    columns: {
      robots: listUtf8Column([['noindex', 'ñ'], [], null, ['noai'], ['']]),
      links: listStructColumn(
        ['url', 'text'],
        [
          [{ url: 'u0', text: 'é' }],
          null,
          [],
          [
            { url: 'u1', text: '' },
            { url: 'u2', text: 'b' },
          ],
          [],
        ],
      ),
    },
  };
  const rows = Array.from({ length: 3 }, (_, row) => documentAt(takeRows(batch, [0, 2, 3]), row));
  assert.deepEqual(rows, [
    { robots: ['noindex', 'ñ'], links: [{ url: 'u0', text: 'é' }] },
    { robots: null, links: [] },
    {
      robots: ['noai'],
      links: [
        { url: 'u1', text: '' },
        { url: 'u2', text: 'b' },
      ],
    },
  ]);
  assert.deepEqual(documentAt(batch, 4), { robots: [''], links: [] });
  assert.deepEqual(documentAt(batch, 1), { robots: [], links: null });
  assert.equal(takeRows(batch, []).columns.links!.kind, 'list-struct');
});

test('documentAt refuses a row outside the batch', () => {
  assert.throws(() => documentAt({ rows: 1, columns: {} }, 1), RangeError);
});
