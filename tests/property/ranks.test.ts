// Ranks against a sort in memory: any values, any spread over inputs, runs that spill at any size.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fc } from '../support/properties.js';
import { type Batch, column, fixedColumn, isValid, utf8Column } from '../../native/batch.js';
import { KeysWriter } from '../../pipeline/barrier-keys.js';
import { groupKey, groupLabel, rankKeys, valueOfBits } from '../../pipeline/rank-keys.js';
import { firstAtOrAbove, RankCursor, rankShift, runRankTask } from '../../pipeline/rank-task.js';
import type { RankSpec } from '../../pipeline/tasks.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-rank-property-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const signal = new AbortController().signal;

interface Doc {
  readonly value: number;
  readonly lang: string | null;
}

const doc = fc.record({
  value: fc.oneof(fc.double(), fc.constantFrom(0, -0, 1, -1, 0.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 5e-324)),
  lang: fc.constantFrom(null, 'en', 'de', 'zho_Hans', 'a-long-label-1', 'a-long-label-2'),
});

const batchOf = (docs: readonly Doc[]): Batch => ({
  rows: docs.length,
  columns: {
    value: fixedColumn(Float64Array.from(docs, ({ value }) => value)),
    lang: utf8Column(docs.map(({ lang }) => lang)),
    _row: fixedColumn(Uint32Array.from(docs, (_, row) => 3 * row)), // rows dropped before are holes
  },
});

let runs = 0;

test('the rank of every document is its position in a stable sort by value, over the run or within its group', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(doc, { maxLength: 60 }), { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      fc.integer({ min: 20, max: 2000 }),
      async (inputs, grouped, memory) => {
        const name = `run-${runs++}`;
        const request = { name: 'r', column: 'value', ...(grouped ? { by: 'lang' } : {}), cuts: [0, 0.3, 1] };
        const keys = [];
        for (const [number, docs] of inputs.entries()) {
          const path = `${name}/keys-${number}`;
          const writer = new KeysWriter(join(folder, path), 0, memory);
          const batch = batchOf(docs);
          const entries = rankKeys(batch, request, column(batch, '_row', 'fixed').values as Uint32Array);
          await writer.add(entries.keys, entries.rows, new Uint8Array());
          await writer.commit();
          keys.push({ number, path });
        }
        const shift = rankShift(inputs.length);
        const spec: RankSpec = { kind: 'rank', task: name.padEnd(20, '0'), label: name, segment: 0, number: 0, step: 'step', request, keys, shift };
        const entry = await runRankTask(spec, folder, signal, memory);

        const flat = inputs.flatMap((docs, input) => docs.map((one, row) => ({ ...one, input, row })));
        const groupOf = (one: Doc): string | null => (grouped ? one.lang : null);
        const expected = new Map<string, [number, number]>();
        for (const group of new Set(flat.map(groupOf))) {
          const members = flat
            .filter((one) => groupOf(one) === group && !Number.isNaN(one.value))
            .sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0));
          members.forEach(({ input, row }, position) => {
            expected.set(`${input} ${row}`, [position / members.length, members.length]);
          });
          if (members.length === 0) continue;
          const said = entry.ranks!.groups.find((one) => one.group === (group === null || group.length <= 8 ? group : groupLabel(groupKey(group))))!;
          const at = (quantile: number): number | null => {
            const value = members.find((_, position) => position / members.length >= quantile)?.value;
            return value === undefined ? null : value + 0;
          };
          assert.deepEqual(said, { group: said.group, documents: members.length, cuts: [0, 0.3, 1].map((quantile) => [quantile, at(quantile)]) });
        }
        for (const [number, docs] of inputs.entries()) {
          const cursor = await RankCursor.open(join(folder, entry.outputs[0]!.path), 'r', number, shift);
          const columns = await cursor.columns(batchOf(docs));
          docs.forEach((_, row) => {
            const found = isValid(columns.r!, row) ? [columns.r!.values[row], columns.r_documents!.values[row]] : undefined;
            assert.deepEqual(found, expected.get(`${number} ${row}`));
          });
        }
        rmSync(join(folder, name), { recursive: true, force: true });
      },
    ),
    { numRuns: 50, seed: 3 },
  );
});

test('keys order as numbers do, and a key says its number', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (a, b) => {
      const batch: Batch = { rows: 2, columns: { value: fixedColumn(Float64Array.of(a, b)) } };
      const { keys } = rankKeys(batch, { name: 'r', column: 'value' }, [0, 1]);
      assert.equal(keys[0]! < keys[2]!, a < b);
      assert.equal(keys[0]! === keys[2]!, a === b);
      assert.equal(valueOfBits(keys[0]!), a + 0);
    }),
  );
});

test('the first position at or above a quantile is found by the division that makes ranks', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 3000 }), (quantile, documents) => {
      let position = 0;
      while (position / documents < quantile) position++;
      assert.equal(firstAtOrAbove(quantile, documents), position);
    }),
  );
  assert.equal(firstAtOrAbove(0.3, 10), 3);
});
