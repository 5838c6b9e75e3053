// real.warc.gz against its index: offsets, lengths and counts were written by the script that made the file.
import assert from 'node:assert/strict';
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { test } from 'node:test';
import type { FixedColumn } from '../../../native/index.js';
import { readWarc } from '../../../stages/fetch/warc-reader.js';
import { needsShared, sharedPath } from '../../support/shared.js';

const file = sharedPath('data', 'real.warc.gz');
const index = sharedPath('data', 'real.index.tsv');

test('real.warc.gz gives 2,431 documents at the offsets and lengths of its index, every digest right', { skip: file === null && needsShared }, async () => {
  const expected = readFileSync(index!, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'));
  const reader = readWarc(createReadStream(file!), { path: 'real.warc.gz', format: 'warc' });
  let row = 0;
  for await (const batch of reader.batches(new AbortController().signal)) {
    const offsets = (batch.columns.warc_offset as FixedColumn).values;
    const lengths = (batch.columns.warc_length as FixedColumn).values;
    for (let i = 0; i < batch.rows; i++, row++) assert.deepEqual([Number(offsets[i]), Number(lengths[i])], expected[row]!.slice(0, 2).map(Number));
  }
  assert.equal(row, 2431);
  const { sha256, ...counts } = reader.counts();
  assert.match(sha256 ?? '', /^[0-9a-f]{64}$/);
  assert.deepEqual(counts, {
    records: 7294,
    documents: 2431,
    bytesRead: statSync(file!).size,
    skips: { metadata: 2431, request: 2431, warcinfo: 1 },
    damage: {},
    notes: {},
  });
});
