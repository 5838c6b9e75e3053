// Rows of Parquet as nested values. Oracles: the JSON lines that polars wrote the files from, and for maps and pages of the second
// version the rows that infra/test/parquet_fixtures.py gave pyarrow.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import polars from 'nodejs-polars';
import { packagePath, RefineError } from '../../native/index.js';
import { ChunkCursor, PageMemory } from '../../stages/contract/parquet/chunk-cursor.js';
import { readFooter } from '../../stages/contract/parquet/footer.js';
import { readTextRows } from '../../stages/contract/parquet/rows.js';
import { openFileRanges } from '../../stages/contract/ranges.js';
import { itemsOf } from '../../stages/decontaminate/benchmarks.js';
import { randomFrom } from '../support/random.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-parquet-rows-'));
after(() => rmSync(folder, { recursive: true }));
const fixtures = packagePath('tests', 'fixtures', 'parquet');

/** Through JSON: the rows' objects have no prototype. */
async function rowsOf(path: string, wanted: (root: string) => boolean = () => true): Promise<unknown[]> {
  const ranges = await openFileRanges(path, 'x.parquet');
  const rows: unknown[] = [];
  try {
    for await (const row of readTextRows(ranges, 'x.parquet', wanted, new AbortController().signal)) rows.push(JSON.parse(JSON.stringify(row)));
    return rows;
  } finally {
    await ranges.close();
  }
}

const random = randomFrom(29);
const maybe = <T>(make: () => T): T | null => (random(5) === 0 ? null : make());
const text = (): string => Array.from({ length: random(4) }, () => `wörd${random(50)}`).join(' ');
const list = <T>(make: () => T): T[] => Array.from({ length: random(4) }, make);
const drawn = (n: number) => ({
  question: maybe(text),
  choices: maybe(() => ({ text: maybe(() => list(() => maybe(text))), label: maybe(() => list(text)) })),
  turns: maybe(() => list(() => maybe(() => ({ role: maybe(text), parts: maybe(() => list(text)) })))),
  nested: maybe(() => list(() => maybe(() => list(() => maybe(text))))),
  deep: { inner: { answer: maybe(text) } },
  n,
});

for (const compression of ['uncompressed', 'zstd', 'snappy'] as const) {
  test(`lists, structs and lists of both come back as they were written, nulls and empty ones told apart (${compression})`, async () => {
    const rows = Array.from({ length: 1500 }, (_, n) => drawn(n));
    const path = join(folder, `${compression}.parquet`);
    const frame = polars.readJSON(Buffer.from(rows.map((row) => JSON.stringify(row)).join('\n')), { format: 'lines', inferSchemaLength: 1500 } as never);
    frame.writeParquet(path, { compression, rowGroupSize: 217 } as never);
    assert.deepEqual(
      await rowsOf(path),
      rows.map(({ n: _, ...texts }) => texts),
    );
    assert.deepEqual(
      await rowsOf(path, (root) => root === 'turns'),
      rows.map(({ turns }) => ({ turns })),
    );
  });
}

test('a benchmark is the same items from Parquet as from JSON lines, with fields and without', async () => {
  const rows = Array.from({ length: 300 }, (_, n) => drawn(n));
  const lines = Buffer.from(rows.map((row) => JSON.stringify(row)).join('\n'));
  const [parquet, jsonl] = [join(folder, 'items.parquet'), join(folder, 'items.jsonl')];
  polars.readJSON(lines, { format: 'lines', inferSchemaLength: 300 } as never).writeParquet(parquet);
  writeFileSync(jsonl, lines);
  for (const fields of [[], ['choices.text', 'question'], ['deep.inner'], ['absent']]) {
    const items = async (path: string) => {
      const out: unknown[] = [];
      for await (const item of itemsOf({ name: 'x', path, fields })) out.push(item);
      return out;
    };
    const expected = await items(jsonl);
    assert.equal(expected.length > 0, fields[0] !== 'absent');
    assert.deepEqual(await items(parquet), expected, fields.join());
  }
});

test('maps, pages of the second version, dictionaries and lists that are longer than a page, as pyarrow writes them', async () => {
  const expected = readFileSync(join(fixtures, 'lists.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  for (const name of ['lists', 'lists-v2']) assert.deepEqual(await rowsOf(join(fixtures, `${name}.parquet`)), expected, name);
});

test('a file with any bit turned is read or refused by name', async () => {
  const bytes = readFileSync(join(fixtures, 'lists.parquet'));
  const path = join(folder, 'damaged.parquet');
  let refused = 0;
  for (let at = 4; at < bytes.length; at += 61) {
    const damaged = Uint8Array.from(bytes);
    damaged[at]! ^= 1 << (at % 8);
    writeFileSync(path, damaged);
    await rowsOf(path).catch((error: unknown) => {
      assert.ok(error instanceof RefineError && error.code === 'ERR_REFINE_PARQUET', `byte ${at}: ${(error as Error).stack}`);
      refused++;
    });
  }
  assert.ok(refused > 20, `${refused} refused`);
});

test('pages that are held at once are counted together, and those that are done with are let go', async () => {
  const { signal } = new AbortController();
  const ranges = await openFileRanges(join(fixtures, 'lists-v2.parquet'), 'x.parquet');
  const info = await readFooter(ranges, 'x.parquet', signal);
  const tags = info.roots.find(({ name }) => name === 'tags')!.children[0]!.children[0]!.column!;
  const read = async (bytes: number) => {
    const cursor = new ChunkCursor(ranges, 'x.parquet', tags, info.groups[0]!, new PageMemory(bytes));
    let values = 0;
    for (let row = 0; row < 90; row++) values += (await cursor.takeEntries(1, 1000, signal)).values.length;
    return values;
  };
  const all = await read(Number.POSITIVE_INFINITY);
  assert.equal(await read(20_000), all, 'no page alone takes so much, all of them do');
  await assert.rejects(read(1000), { code: 'ERR_REFINE_PARQUET', message: /take more memory together/ });
  await assert.rejects(new ChunkCursor(ranges, 'x.parquet', tags, info.groups[0]!).takeEntries(90, 50, signal), /more than 50 values/);
  await ranges.close();
});
