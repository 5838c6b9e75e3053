// Parquet files that were made to hurt: each is read in a process of its own with 256 MB of heap, and must end in documents or in an
// error by name, in little time. Numbers in them come from parquet.thrift; files from tests/support/hostile-parquet.ts.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { RefineError } from '../../native/index.js';
import { localGate } from '../../stages/fetch/gate.js';
import { openInput } from '../../stages/fetch/open-input.js';
import { Bytes, Damaged } from '../../stages/fetch/parquet/bytes.js';
import { DEFAULT_FIELDS } from '../../stages/fetch/parquet/read-parquet.js';
import { readThrift, Truncated } from '../../stages/fetch/parquet/thrift.js';
import { pageValues } from '../../stages/fetch/parquet/values.js';
import { generator } from '../support/crawl-server.js';
import { type Lies, parquetOf, plainPage, struct, varint } from '../support/hostile-parquet.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-hostile-parquet-'));
after(() => rmSync(folder, { recursive: true }));
const program = fileURLToPath(new URL('../support/hostile-parquet.js', import.meta.url));
const texts = ['one', 'two', 'three'];
const page = plainPage(texts);

interface Outcome {
  readonly code?: string;
  readonly message?: string;
  readonly counts: { readonly documents: number } | null;
  readonly maxRss: number;
  readonly cpuMs: number;
}

function read(bytes: Uint8Array, ...more: string[]): Outcome {
  const path = join(folder, 'x.parquet');
  writeFileSync(path, bytes);
  const { stdout, stderr, signal } = spawnSync(process.execPath, ['--max-old-space-size=256', program, path, ...more], { encoding: 'utf8', timeout: 60_000 });
  assert.ok(stdout !== '', `no outcome: ${signal ?? ''} ${stderr.slice(-600)}`);
  return JSON.parse(stdout) as Outcome;
}

test('the files of these tests are Parquet: without a lie they are read', () => {
  assert.deepEqual(read(parquetOf(3, page)).counts?.documents, 3);
  assert.deepEqual(read(parquetOf(3, gzipSync(page), { codec: 2, pagePlain: page.length })).counts?.documents, 3);
});

const nested = (depth: number): number[] => Array.from({ length: depth }, () => [0xf9, ...varint(1 << 25)]).flat(); // lists of lists, 2^25 elements each
const BOMBS: readonly [string, () => Uint8Array, RegExp][] = [
  [
    'a footer of lists within lists that announce 2^25 elements each',
    () => parquetOf(3, page, { footer: Uint8Array.from([0x19, ...nested(2000), 0]) }),
    /footer/,
  ],
  ['a list of 2^31 structures', () => parquetOf(3, page, { footer: Uint8Array.from([0x19, 0xfc, ...varint(2 ** 31), 0]) }), /footer/],
  [
    '40 million empty structures',
    () => parquetOf(3, page, { footer: Buffer.concat([Buffer.from([0x19, 0xfc, ...varint(40_000_000)]), Buffer.alloc(40_000_001)]) }),
    /footer/,
  ],
  ['structures 60,000 deep', () => parquetOf(3, page, { footer: new Uint8Array(60_000).fill(0x1c) }), /footer/],
  [
    'a number of 2 million bytes',
    () => parquetOf(3, page, { footer: Buffer.concat([Buffer.from([0x16]), Buffer.alloc(2_000_000, 0xff), Buffer.from([1, 0])]) }),
    /footer/,
  ],
  ['a footer that ends in a number', () => parquetOf(3, page, { footer: Uint8Array.from([0x16, 0xff]) }), /footer/],
  ['a footer that is longer than the file', () => parquetOf(3, page, { footerBytes: 2 ** 31 }), /footer of 2147483648 bytes/],
  ['a page header of lists within lists', () => parquetOf(3, page, { header: Uint8Array.from([0x19, ...nested(2000), 0]) }), /page header/],
  [
    'a page header with a number of 2 million bytes',
    () => parquetOf(3, page, { header: Buffer.concat([Buffer.from([0x16]), Buffer.alloc(2_000_000, 0xff)]) }),
    /page header/,
  ],
  ['a page of 4 GB', () => parquetOf(3, page, { pagePlain: 2 ** 31 - 1, codec: 2 }), /2147483647 bytes unpacked/],
  ['a page of 2^31 values', () => parquetOf(3, page, { pageValues: 2 ** 31 - 1 }), /2147483647 values/],
  ['a value of 4 GB', () => parquetOf(1, Buffer.from([255, 255, 255, 255, 1])), /4294967295 bytes/],
  ['a row group past the end', () => parquetOf(3, page, { dataAt: 1e12 }), /damaged chunk/],
  ['a row group before the beginning', () => parquetOf(3, page, { dataAt: -5 }), /damaged chunk/],
  ['a chunk of a negative size', () => parquetOf(3, page, { stored: -1 }), /damaged chunk/],
  ['2^62 rows', () => parquetOf(3, page, { groupRows: 2n ** 62n, rows: 2n ** 62n }), /damaged row group/],
  ['fewer rows than its groups have', () => parquetOf(3, page, { rows: 1 }), /counts 1 rows and has 3/],
  ['the same bytes as a thousand row groups', () => parquetOf(3, plainPage(['x'.repeat(100_000), '', '']), { groups: 1000 }), /chunks of \d+ bytes and more/],
  ['a schema with 2^31 columns', () => parquetOf(3, page, { children: 2 ** 31 - 1 }), /schema/],
  ['a dictionary that is the data', () => parquetOf(3, page, { encoding: 8 }), /without a dictionary/],
];
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
  const { counts, cpuMs } = read(parquetOf(1, new Uint8Array(4), { type: 7, length: 4, statistics: { 5: { text: 'x'.repeat(1 << 20) } } }));
  assert.equal(counts, null, 'text is a column of strings');
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
    const { code, message, maxRss } = read(parquetOf(count, bytes, lies), 'first');
    assert.equal(code, undefined, `${name}: ${message}`);
    assert.ok(maxRss < 700 << 20, `${name}: ${maxRss >> 20} MiB`);
  }
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
