import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Field, List, Table, tableFromIPC, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';
import polars from 'nodejs-polars';
import { type Batch, bytesColumn, documentAt, fixedColumn, listStructColumn, listUtf8Column, utf8Column, validityOf } from '../../native/batch.js';
import { faults } from '../../pipeline/atomic-file.js';
import { ArrowFile, readArrow, writeArrow } from '../../pipeline/store.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-store-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const labels = ['de', 'en', 'zh'];
function batchOf(rows: number, seed: number): Batch {
  const numbers = Array.from({ length: rows }, (_, row) => (row * 7919 + seed) % 251);
  const offsets = new Int32Array(rows + 1);
  for (let row = 0; row < rows; row++) offsets[row + 1] = offsets[row]! + (numbers[row]! % 5);
  const tokens = Uint16Array.from({ length: offsets[rows]! }, (_, i) => (i * 31 + seed) & 0xffff);
  return {
    rows,
    columns: {
      id: utf8Column(numbers.map((n) => `row-${n}`)),
      title: utf8Column(numbers.map((n) => (n % 3 === 0 ? null : `título ${n} 漢字`))),
      html: bytesColumn(
        'binary',
        numbers.map((n) => (n % 4 === 0 ? null : new Uint8Array([n, 255, 0]))),
      ),
      date: {
        kind: 'fixed',
        values: BigInt64Array.from(numbers, (n) => BigInt(n) * 86_400n),
        width: 1,
        unit: 's',
        validity: validityOf(numbers.map((n) => n % 2 === 0)),
      },
      warc_offset: fixedColumn(BigInt64Array.from(numbers, BigInt)),
      http_status: fixedColumn(Uint16Array.from(numbers)),
      lang: { kind: 'dictionary', indices: Uint16Array.from(numbers, (n) => n % 3), labels, validity: validityOf(numbers.map((n) => n % 7 !== 0)) },
      lang_prob: fixedColumn(Float32Array.from(numbers, (n) => n / 251)),
      signature: { kind: 'fixed', values: Uint32Array.from({ length: rows * 4 }, (_, i) => i + seed), width: 4 },
      tokens: { kind: 'list', values: tokens, offsets },
      token_count: fixedColumn(Uint32Array.from(numbers, (n) => n % 5)),
      cluster: fixedColumn(BigUint64Array.from(numbers, (n) => BigInt(n) << 40n)),
      robots: listUtf8Column(numbers.map((n) => (n % 5 === 0 ? null : Array.from({ length: n % 4 }, (_, i) => `é${n}-${i}`.repeat(i))))),
      links: listStructColumn(
        ['url', 'text'],
        numbers.map((n) => (n % 6 === 0 ? null : Array.from({ length: n % 3 }, (_, i) => ({ url: `u${n}`, text: '漢'.repeat(i) })))),
      ),
    },
  };
}
const documents = (batch: Batch) => Array.from({ length: batch.rows }, (_, row) => documentAt(batch, row));

for (const sizes of [[0], [1], [17], [8192], [17, 0, 8, 1]]) {
  test(`batches of ${sizes.join(', ')} rows come back as they were written`, async () => {
    const path = join(folder, `sizes-${sizes.join('-')}.arrow`);
    const batches = sizes.map((rows, i) => batchOf(rows, i));
    const written = await writeArrow(path, batches, { metadata: { 'refine.contract': '{"format":1}' } });
    const bytes = readFileSync(path);
    assert.equal(
      written.rows,
      sizes.reduce((a, b) => a + b),
    );
    assert.equal(written.bytes, bytes.length);
    assert.equal(written.sha256, createHash('sha256').update(bytes).digest('hex'));
    const back: unknown[] = [];
    for await (const batch of readArrow(path)) back.push(...documents(batch));
    assert.deepEqual(back, batches.flatMap(documents));
    const file = await ArrowFile.open(path);
    assert.equal(file.metadata['refine.contract'], '{"format":1}');
    assert.deepEqual(file.columns, Object.keys(batches[0]!.columns));
    await file.close();
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.endsWith('.part')),
      [],
    );
  });
}

test("apache-arrow's own table reader sees the same values and types", async () => {
  const path = join(folder, 'oracle.arrow');
  const batches = [batchOf(17, 1), batchOf(9, 2)];
  await writeArrow(path, batches);
  const table = tableFromIPC(readFileSync(path));
  assert.equal(
    table.schema.fields.map((field) => `${field.name}:${field.type}`).join(' '),
    'id:Utf8 title:Utf8 html:Binary date:Timestamp<SECOND, UTC> warc_offset:Int64 http_status:Uint16 lang:Dictionary<Uint16, Utf8> lang_prob:Float32 signature:FixedSizeList[4]<Uint32> tokens:List<Uint16> token_count:Uint32 cluster:Uint64 robots:List<Utf8> links:List<Struct<{url:Utf8, text:Utf8}>>',
  );
  const expected = batches.flatMap(documents);
  for (const [row, document] of expected.entries()) {
    const found = table.get(row)!.toJSON();
    for (const name of ['id', 'title', 'lang', 'lang_prob', 'http_status', 'warc_offset', 'cluster'])
      assert.equal(found[name], document[name], `${name} of row ${row}`);
    assert.deepEqual(Array.from(found.tokens.toArray()), document.tokens);
    assert.deepEqual(found.robots === null ? null : [...found.robots], document.robots);
    assert.deepEqual(
      found.links === null ? null : Array.from(found.links, (link: { toJSON(): unknown }) => link.toJSON()).map((link) => ({ ...(link as object) })),
      document.links,
    );
    assert.equal(found.date, document.date === null ? null : Number(document.date) * 1000);
  }
});

test('polars reads lists of strings and of structs as they were written', async () => {
  const path = join(folder, 'polars.arrow');
  const batch = batchOf(40, 3);
  await writeArrow(path, [batch], { columns: ['id', 'robots', 'links'] });
  const frame = polars.readIPC(readFileSync(path));
  const plain = (value: unknown) => JSON.parse(JSON.stringify(value));
  assert.deepEqual(
    plain(frame.toRecords()),
    documents(batch).map(({ id, robots, links }) => ({ id, robots, links })),
  );
});

const python = process.env.REFINE_PYARROW;
test('pyarrow reads lists of strings and of structs as they were written', {
  skip: python === undefined && 'REFINE_PYARROW names no python with pyarrow',
}, async () => {
  const path = join(folder, 'pyarrow.arrow');
  const batch = batchOf(40, 3);
  await writeArrow(path, [batch], { columns: ['id', 'robots', 'links'] });
  const script = 'import sys, json, pyarrow as pa\nt = pa.ipc.open_file(sys.argv[1]).read_all()\nt.validate(full=True)\nprint(json.dumps(t.to_pylist()))';
  const found = JSON.parse(execFileSync(python!, ['-c', script, path], { encoding: 'utf8' }));
  assert.deepEqual(
    found,
    documents(batch).map(({ id, robots, links }) => ({ id, robots, links })),
  );
});

test('nulls inside a list of strings are refused by name', async () => {
  const path = join(folder, 'inner-null.arrow');
  const list = vectorFromArray([['a', null]], new List(new Field('item', new Utf8(), true)));
  writeFileSync(path, tableToIPC(new Table({ robots: list }), 'file'));
  await assert.rejects(
    async () => {
      for await (const _ of readArrow(path));
    },
    { code: 'ERR_REFINE_SHARD', message: /column "robots" has nulls inside lists/ },
  );
});

test('bytes are the same for the same rows: an all-ones validity, stray bits and earlier files change nothing', async () => {
  const plain: Batch = {
    rows: 3,
    columns: { n: fixedColumn(Uint32Array.of(1, 2, 3)), lang: { kind: 'dictionary', indices: Uint16Array.of(0, 1, 2), labels } },
  };
  const ones: Batch = {
    rows: 3,
    columns: {
      n: fixedColumn(Uint32Array.of(1, 2, 3), Uint8Array.of(0xff)),
      lang: { kind: 'dictionary', indices: Uint16Array.of(0, 1, 2), labels: [...labels], validity: Uint8Array.of(7) },
    },
  };
  const a = await writeArrow(join(folder, 'a.arrow'), [plain]);
  const b = await writeArrow(join(folder, 'b.arrow'), [ones]);
  assert.equal(a.sha256, b.sha256);
  const some = (bits: number): Batch => ({ rows: 3, columns: { n: fixedColumn(Uint32Array.of(1, 2, 3), Uint8Array.of(bits)) } });
  assert.equal(
    (await writeArrow(join(folder, 'c.arrow'), [some(0b0000_0101)])).sha256,
    (await writeArrow(join(folder, 'd.arrow'), [some(0b1111_1101)])).sha256,
  );
});

test('only the named columns are written and read', async () => {
  const path = join(folder, 'some.arrow');
  await writeArrow(path, [batchOf(5, 1)], { columns: ['tokens', 'id'] });
  for await (const batch of readArrow(path)) assert.deepEqual(Object.keys(batch.columns), ['tokens', 'id']);
  for await (const batch of readArrow(path, ['id'])) assert.deepEqual(Object.keys(batch.columns), ['id']);
});

test('a step that changes a column between batches is named, and nothing is left behind', async () => {
  const path = join(folder, 'changed.arrow');
  const one: Batch = { rows: 1, columns: { score: fixedColumn(Float32Array.of(1)) } };
  const two: Batch = { rows: 1, columns: { score: fixedColumn(Uint32Array.of(1)) } };
  await assert.rejects(writeArrow(path, [one, two]), /column "score" is fixed<Uint32Array>\[1\] in one batch and fixed<Float32Array>\[1\] in an earlier one/);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('changed')),
    [],
  );
});

test('a full disk is ERR_REFINE_DISK with path and next move, and removes the part', async () => {
  const path = join(folder, 'full', 'x.arrow');
  faults.inject = () => {
    throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
  };
  try {
    await assert.rejects(writeArrow(path, [batchOf(3, 1)]), { code: 'ERR_REFINE_DISK', place: path, message: /ENOSPC, the disk is full\. Free space/ });
  } finally {
    faults.inject = undefined;
  }
  assert.deepEqual(readdirSync(join(folder, 'full')), []);
});

test('a truncated, foreign or damaged shard is ERR_REFINE_SHARD by name', async () => {
  const path = join(folder, 'cut.arrow');
  await writeArrow(path, [batchOf(100, 1)]);
  const { size } = statSync(path);
  const whole = readFileSync(path);
  for (const cut of [0, 5, 30, size >> 1, size - 1]) {
    truncateSync(path, cut);
    await assert.rejects(
      async () => {
        for await (const _ of readArrow(path));
      },
      { code: 'ERR_REFINE_SHARD' },
      `cut at ${cut}`,
    );
    writeFileSync(path, whole);
  }
});
