// Every kind of column that a shard can have, with nulls, survives parquet: read back by hyparquet and by polars.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import polars from 'nodejs-polars';
import { type Batch, bytesColumn, utf8Column } from '../../native/batch.js';
import { tooLarge } from '../../pipeline/cli/export.js';
import { ExportFolder } from '../../pipeline/export/export.js';
import { parquetWriter } from '../../pipeline/export/parquet.js';
import { writeArrow } from '../../pipeline/store.js';
import { randomFrom } from '../support/random.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-parquet-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const secondNull = { validity: Uint8Array.of(0b101) };
const batch: Batch = {
  rows: 3,
  columns: {
    text: utf8Column(['a', null, 'ä\u0000\u{1f600}']),
    bytes: bytesColumn('binary', [Uint8Array.of(0, 255), null, new Uint8Array()]),
    date: { kind: 'fixed', values: BigInt64Array.of(0n, 0n, 1_709_251_221n), width: 1, unit: 's', ...secondNull },
    small: { kind: 'fixed', values: Uint16Array.of(0, 1, 65_535), width: 1 },
    count: { kind: 'fixed', values: Uint32Array.of(0, 1, 4_294_967_295), width: 1, ...secondNull },
    offset: { kind: 'fixed', values: BigInt64Array.of(-1n, 2n ** 60n, 5n), width: 1 },
    cluster: { kind: 'fixed', values: BigUint64Array.of(0n, 1n, 2n ** 64n - 1n), width: 1 },
    score: { kind: 'fixed', values: Float32Array.of(0.5, Number.NaN, 0.1), width: 1, ...secondNull },
    lang: { kind: 'dictionary', indices: Uint16Array.of(1, 0, 0), labels: ['de', 'en'], ...secondNull },
    alts: { kind: 'list-utf8', values: utf8Column(['x', 'y', '']), offsets: Int32Array.of(0, 2, 2, 3) },
    links: { kind: 'list-struct', fields: { url: utf8Column(['u1', 'u2']), text: utf8Column(['t1', '']) }, offsets: Int32Array.of(0, 0, 2, 2) },
    ids: { kind: 'list', values: Uint32Array.of(7, 8, 9), offsets: Int32Array.of(0, 1, 3, 3) },
  },
};

test('every kind of column and null comes back from parquet', async () => {
  const shard = join(folder, '000000.arrow');
  await writeArrow(shard, [batch, batch]);
  const files = new ExportFolder(join(folder, 'out'));
  const counts = await parquetWriter(files).shard(shard, { path: 'text/000000.arrow', rows: 6, bytes: 0, sha256: '' }, '000000');
  assert.deepEqual(counts, { documents: 6 });
  const bytes = readFileSync(join(folder, 'out', '000000.parquet'));
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const rows = (await parquetReadObjects({ file, utf8: false })) as Record<string, unknown>[];
  const expected = [
    {
      text: 'a',
      bytes: Uint8Array.of(0, 255),
      date: new Date(0),
      small: 0,
      count: 0,
      offset: -1n,
      cluster: 0n,
      score: 0.5,
      lang: 'en',
      alts: ['x', 'y'],
      links: [],
      ids: [7],
    },
    {
      text: null,
      bytes: null,
      date: null,
      small: 1,
      count: null,
      offset: 2n ** 60n,
      cluster: 1n,
      score: null,
      lang: null,
      alts: [],
      links: [
        { url: 'u1', text: 't1' },
        { url: 'u2', text: '' },
      ],
      ids: [8, 9],
    },
    {
      text: 'ä\u0000\u{1f600}',
      bytes: new Uint8Array(),
      date: new Date(1_709_251_221_000),
      small: 65_535,
      count: 4_294_967_295,
      offset: 5n,
      cluster: 2n ** 64n - 1n,
      score: Math.fround(0.1),
      lang: 'de',
      alts: [''],
      links: [],
      ids: [],
    },
  ];
  assert.equal(rows.length, 6);
  rows.forEach((row, i) => {
    for (const [name, value] of Object.entries(expected[i % 3]!)) assert.deepEqual(row[name] ?? null, value, `row ${i}, ${name}`);
  });
  const frame = polars.readParquet(join(folder, 'out', '000000.parquet'));
  assert.deepEqual(frame.columns, Object.keys(batch.columns));
  assert.deepEqual(frame.getColumn('lang').toArray(), ['en', null, 'de', 'en', null, 'de']);
  assert.deepEqual(frame.getColumn('count').toArray(), [0, null, 4_294_967_295, 0, null, 4_294_967_295]);
});

test('row groups and files are cut where asked, and hold the same rows in the same order', async () => {
  const shard = join(folder, 'many.arrow');
  const many = (from: number): Batch => ({
    rows: 1000,
    columns: { id: utf8Column(Array.from({ length: 1000 }, (_, n) => `id-${from + n}-${'x'.repeat(20)}`)) },
  });
  await writeArrow(shard, [many(0), many(1000), many(2000)]);
  const out = join(folder, 'cut');
  const files = new ExportFolder(out);
  const counts = await parquetWriter(files, { groupRows: 700, maxFileBytes: 10_000 }).shard(shard, { path: '', rows: 3000, bytes: 0, sha256: '' }, '000000');
  assert.deepEqual(counts, { documents: 3000 });
  assert.ok(files.files.length > 1);
  assert.deepEqual(
    files.files.map(({ path }) => path),
    ['000000.parquet', ...files.files.slice(1).map((_, n) => `000000-${n + 1}.parquet`)],
  );
  const ids: unknown[] = [];
  for (const { path } of files.files) {
    const bytes = readFileSync(join(out, path));
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    const { row_groups: groups } = parquetMetadata(file);
    assert.ok(groups.every(({ num_rows: rows, columns }) => Number(rows) <= 700 && columns[0]!.meta_data?.statistics?.min_value !== undefined));
    ids.push(...(await parquetReadObjects({ file })).map((row) => (row as { id: string }).id));
  }
  assert.deepEqual(
    ids,
    [0, 1000, 2000].flatMap((from) => Array.from({ length: 1000 }, (_, n) => `id-${from + n}-${'x'.repeat(20)}`)),
  );
});

test('a file passes the size asked for by little, and a document that is larger alone is in one piece, at once', async () => {
  const shard = join(folder, 'huge.arrow');
  const random = randomFrom(3);
  const noise = (bytes: number) => Buffer.from(Uint8Array.from({ length: bytes }, () => 32 + random(90))).toString('latin1');
  const texts = Array.from({ length: 300 }, (_, row) => noise(row === 100 ? 1_500_000 : 2000));
  await writeArrow(shard, [{ rows: 300, columns: { text: utf8Column(texts) } }]);
  const files = new ExportFolder(join(folder, 'huge'));
  const counts = await parquetWriter(files, { maxFileBytes: 100_000 }).shard(shard, { path: '', rows: 300, bytes: 0, sha256: '' }, '000000');
  assert.deepEqual(counts, { documents: 300 });
  const read = files.files.map(
    ({ path }) =>
      polars
        .readParquet(join(folder, 'huge', path))
        .getColumn('text')
        .toArray() as string[],
  );
  assert.deepEqual(read.flat(), texts);
  const large = files.files.filter(({ bytes }) => bytes > 125_000);
  assert.equal(large.length, 1);
  assert.ok(large[0]!.bytes < 1_700_000, `${large[0]!.bytes}`);
  assert.ok(files.files.slice(0, -1).every(({ bytes }) => bytes >= 100_000));
  assert.deepEqual(tooLarge(files.files, '100KB'), [
    `refine export: ${large[0]!.path} has 1.6 MB: a document that is larger than --max-file-size 100KB is not divided`,
  ]);
  assert.deepEqual(tooLarge(files.files, undefined), []);
});
