// Parts of features outlive their batches by a whole task: they may hold nothing else of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Batch, Column } from '../../native/batch.js';
import { featurePart } from '../../pipeline/final-shards.js';
import { BatchOutcomes } from '../../pipeline/outcomes.js';

test('a part of features shares no memory with the batch it came with, whose columns are views of one body', () => {
  const body = new ArrayBuffer(1 << 20); // a record batch as it is read: text and all
  const rows = new Uint32Array(body, 0, 8);
  rows.set([3, 4, 5, 6, 7, 8, 9, 10]);
  const id: Column = { kind: 'utf8', data: new Uint8Array(body, 64, 8), offsets: new Int32Array(body, 128, 9) };
  id.offsets.set([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  const batch: Batch = { rows: 8, columns: { _row: { kind: 'fixed', values: rows, width: 1 }, id } };
  for (const first of [true, false]) {
    const part = featurePart(batch, new BatchOutcomes(8, !first), first);
    for (const [name, column] of Object.entries(part.columns))
      for (const array of Object.values(column)) if (ArrayBuffer.isView(array)) assert.notEqual(array.buffer, body, `${name}, first: ${first}`);
    if (!first) assert.deepEqual((part.columns._row as { values: Uint32Array }).values, rows.slice());
  }
});
