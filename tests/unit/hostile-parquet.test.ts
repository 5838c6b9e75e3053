// Parquet files that were made to hurt: each is read in a process of its own with 256 MB of heap, and must end in documents or in an
// error by name, in little time. Numbers in them come from parquet.thrift; files from tests/support/hostile-parquet.ts.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { RefineError } from '../../native/index.js';
import { BatchBuilder } from '../../stages/fetch/document-batch.js';
import { localGate } from '../../stages/fetch/gate.js';
import { openInput } from '../../stages/fetch/open-input.js';
import { Bytes, Damaged } from '../../stages/contract/parquet/bytes.js';
import { DEFAULT_FIELDS } from '../../stages/fetch/read-parquet.js';
import { readThrift, Truncated } from '../../stages/contract/parquet/thrift.js';
import { pageValues } from '../../stages/contract/parquet/values.js';
import { generator } from '../support/crawl-server.js';
import { BOMBS, type Fields, type Lies, parquetOf, plainPage, readApart, struct, varint } from '../support/hostile-parquet.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-hostile-parquet-'));
after(() => rmSync(folder, { recursive: true }));
const page = plainPage(['one', 'two', 'three']);

const read = (bytes: Uint8Array, ...more: string[]) => readApart(join(folder, 'x.parquet'), bytes, ...more);

test('the files of these tests are Parquet: without a lie they are read', () => {
  assert.deepEqual(read(parquetOf(3, page)).documents, 3);
  assert.deepEqual(read(parquetOf(3, gzipSync(page), { codec: 2, pagePlain: page.length })).documents, 3);
});

for (const [what, make, words] of BOMBS) {
  test(`${what}: refused by name, in 256 MB of heap`, () => {
    const { code, message, maxRss, cpuMs } = read(make());
    assert.equal(code, 'ERR_REFINE_PARQUET', message);
    assert.match(message!, words);
    assert.match(message!, /expected a Parquet file\. Check the file/, 'what to do');
    assert.ok(maxRss < 700 << 20, `${maxRss >> 20} MiB`);
    assert.ok(cpuMs < 10_000, `${cpuMs} ms`);
  });
}

test('a decimal bound of a megabyte takes no time', () => {
  const { documents, cpuMs } = read(parquetOf(1, new Uint8Array(4), { type: 7, length: 4, statistics: { 5: { text: 'x'.repeat(1 << 20) } } }));
  assert.equal(documents, null, 'text is a column of strings');
  assert.ok(cpuMs < 10_000, `${cpuMs} ms`);
});

test('a page of 16 million values in a few kilobytes takes 8 bytes a value, whatever its encoding', () => {
  const count = 1 << 24;
  const delta = (values: number): number[] => {
    // blocks of 2^20 values in 512 parts, each of width 0: every value is the first one
    const blocks = Array.from({ length: Math.ceil((values - 1) / (1 << 20)) }, () => [0, ...new Array<number>(512).fill(0)]).flat();
    return [...varint(1 << 20), ...varint(512), ...varint(values), 0, ...blocks];
  };
  const lengths = Uint8Array.from(delta(count));
  const pages: readonly [string, Uint8Array, Lies][] = [
    ['PLAIN', gzipSync(new Uint8Array(4 * count)), { codec: 2, pagePlain: 4 * count }],
    ['DELTA_LENGTH_BYTE_ARRAY', lengths, { encoding: 6 }],
    ['DELTA_BYTE_ARRAY', Buffer.concat([lengths, lengths]), { encoding: 7 }],
  ];
  for (const [name, bytes, lies] of pages) {
    const room = Buffer.alloc(count / 64); // what that many rows must have in a file
    const file = parquetOf(count, Buffer.concat([bytes, room]), { pageStored: bytes.length, pagePlain: bytes.length, ...lies });
    const { code, message, maxRss } = read(file, 'first');
    assert.equal(code, undefined, `${name}: ${message}`);
    assert.ok(maxRss < 700 << 20, `${name}: ${maxRss >> 20} MiB`);
  }
});

/** Pages of one column: each its kind (0 data, 2 dictionary), values, encoding and bytes; as `parquetOf` takes them. */
function pagesOf(pages: readonly { kind: 0 | 2; values: number; encoding: number; bytes: Uint8Array; plain?: number }[]): [Uint8Array, Lies] {
  const headers = pages.map(({ kind, values, encoding, bytes, plain = bytes.length }) => {
    const own: Fields = { 1: { i32: values }, 2: { i32: encoding }, ...(kind === 2 ? {} : { 3: { i32: 3 }, 4: { i32: 3 } }) };
    return Uint8Array.from(struct({ 1: { i32: kind }, 2: { i32: plain }, 3: { i32: bytes.length }, [kind === 2 ? 7 : 5]: { struct: own } }));
  });
  const rest = pages.flatMap(({ bytes }, index) => (index === 0 ? [bytes] : [headers[index]!, bytes]));
  const first = headers[0]!;
  return [Buffer.concat(rest), { header: first, ...(pages[0]!.kind === 2 ? { dictionaryAt: 4, dataAt: 4 + first.length + pages[0]!.bytes.length } : {}) }];
}

/** Definition levels of a page: runs of level, count. */
const levels = (...runs: (readonly [number, number])[]): Buffer => {
  const bytes = runs.flatMap(([level, count]) => [...varint(count * 2), level]);
  return Buffer.from([bytes.length, 0, 0, 0, ...bytes]);
};

test('rows by the billion in a few kilobytes, of nothing or of one value, are refused before one is made', () => {
  const each = 1 << 24;
  const nulls = pagesOf(Array.from({ length: 64 }, () => ({ kind: 0, values: each, encoding: 0, bytes: levels([0, each]) }) as const));
  const same = pagesOf([
    { kind: 2, values: 1, encoding: 0, bytes: plainPage(['x']) },
    ...Array.from({ length: 64 }, () => ({ kind: 0, values: each, encoding: 8, bytes: Uint8Array.from([0, ...varint(each * 2)]) }) as const),
  ]);
  for (const [[bytes, lies], repetition] of [
    [nulls, 1],
    [same, 0],
  ] as const) {
    const file = parquetOf(64 * each, bytes, { ...lies, repetition });
    assert.ok(file.length < 4096, `${file.length} bytes`);
    const { code, message, cpuMs } = read(file);
    assert.equal(code, 'ERR_REFINE_PARQUET', message);
    assert.match(message!, /announces 1073741824 rows in a file of \d+ bytes, expected a Parquet file\. Check the file/);
    assert.ok(cpuMs < 10_000, `${cpuMs} ms`);
  }
});

test('a column of millions of nulls around one text is read', () => {
  const text = plainPage([Array.from({ length: 20_000 }, (_, i) => String(i)).join(' ')]);
  const [bytes, lies] = pagesOf([{ kind: 0, values: 5_000_001, encoding: 0, bytes: Buffer.concat([levels([0, 2_500_000], [1, 1], [0, 2_500_000]), text]) }]);
  const { documents, message } = read(parquetOf(5_000_001, bytes, { ...lies, repetition: 1 }));
  assert.equal(documents, 1, message);
});

test('a dictionary entry of megabytes that is the text of every row ends at two gigabytes', () => {
  const value = plainPage(['x'.repeat(15 << 20)]);
  const rows = 1 << 20;
  const indices = Uint8Array.from([0, ...varint(rows * 2)]); // width 0, one run
  const [bytes, lies] = pagesOf([
    { kind: 2, values: 1, encoding: 0, bytes: gzipSync(value), plain: value.length },
    { kind: 0, values: rows, encoding: 8, bytes: gzipSync(indices), plain: indices.length },
  ]);
  for (const [what, row] of [
    ['all', 137],
    ['names', 46], // it is id and URL too
  ] as const) {
    const { code, message, maxRss } = read(parquetOf(rows, bytes, { ...lies, codec: 2 }), what);
    assert.equal(code, 'ERR_REFINE_PARQUET', message);
    assert.match(message!, new RegExp(`has more than 2147483648 bytes of text up to row ${row} in a file of \\d+ bytes`));
    assert.ok(maxRss < 700 << 20, `${maxRss >> 20} MiB`);
  }
});

test('ids and URLs of megabytes end a batch as texts do', () => {
  const batch = new BatchBuilder('x.parquet');
  const document = { url: null, host: null, date: null, offset: 0, length: 0, text: new Uint8Array(1) };
  for (let row = 0; row < 16; row++) {
    assert.equal(batch.full, false, `row ${row}`);
    batch.add(row % 2 === 0 ? { ...document, id: 'x'.repeat(1 << 20) } : { ...document, id: 'a', url: 'x'.repeat(1 << 20) });
  }
  assert.equal(batch.full, true);
});

test('whatever numbers a footer and a page header give, the file is read or refused by name', { timeout: 240_000 }, async () => {
  const random = generator(11);
  const HOSTILE = [-1, 0, 1, 2, 3, 4, 5, 7, 8, 9, 64, 255, 2 ** 16, 2 ** 31 - 1, -(2 ** 31), 2n ** 40n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)];
  const names =
    'rows groupRows values codec stored dataAt dictionaryAt type length repetition children pageType pageValues pagePlain pageStored encoding'.split(' ');
  const path = join(folder, 'drawn.parquet');
  const seen = new Set<string>();
  for (let round = 0; round < 1500; round++) {
    const lies = Object.fromEntries(
      Array.from({ length: 1 + Math.floor(random() * 3) }, () => [
        names[Math.floor(random() * names.length)]!,
        HOSTILE[Math.floor(random() * HOSTILE.length)]!,
      ]),
    ) as Lies;
    writeFileSync(path, parquetOf(3, page, lies));
    const reader = openInput({ path, location: path, format: 'parquet', bytes: null, identity: 'unknown:', fields: DEFAULT_FIELDS }, { gate: localGate() });
    const words = JSON.stringify(lies, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
    try {
      for await (const batch of reader.batches(new AbortController().signal)) assert.ok(batch.rows <= 3, words);
      const { records, documents, skips } = reader.counts();
      assert.equal(records, documents + Object.values(skips).reduce((sum, count) => sum + count, 0), words);
      seen.add('read');
    } catch (error) {
      assert.ok(error instanceof RefineError && error.code === 'ERR_REFINE_PARQUET', `${words}: ${(error as Error).stack}`);
      seen.add('refused');
    }
  }
  assert.deepEqual([...seen].sort(), ['read', 'refused']);
});

test('values of no bytes, of which a page could have any number, are refused', () => {
  for (const length of [0, -4]) {
    assert.throws(() => pageValues(new Bytes(new Uint8Array(8)), 'PLAIN', { type: 'FIXED_LEN_BYTE_ARRAY', length }, 1 << 24, null), /values of -?\d bytes/);
  }
});

test('any bytes are a structure or are refused, and one that is cut says so', () => {
  const random = generator(3);
  const whole = Uint8Array.from(
    struct({ 1: { i32: -7 }, 3: { text: 'abc' }, 4: { list: [{ 1: { i64: 2n ** 62n } }, {}] }, 40: { struct: { 2: { i32: 1 } } } }),
  );
  const { struct: fields, length } = readThrift(whole, { values: 20 });
  assert.equal(length, whole.length);
  assert.deepEqual(
    Object.entries(fields).map(([number, value]) => [number, value instanceof Uint8Array ? Buffer.from(value).toString() : value]),
    Object.entries({ 1: -7, 3: 'abc', 4: [Object.assign([], { 1: 2n ** 62n }), []], 40: Object.assign([], { 2: 1 }) }),
  );
  for (let cut = 0; cut < whole.length; cut++) assert.throws(() => readThrift(whole.subarray(0, cut), { values: 20 }), Truncated);
  assert.throws(() => readThrift(whole, { values: 5 }), /more values/);
  for (let round = 0; round < 20_000; round++) {
    const bytes = Uint8Array.from({ length: 1 + Math.floor(random() * 40) }, () => Math.floor(random() * 256));
    try {
      assert.ok(readThrift(bytes, { values: 1000 }).length <= bytes.length);
    } catch (error) {
      assert.ok(error instanceof Damaged, (error as Error).stack);
    }
  }
});
