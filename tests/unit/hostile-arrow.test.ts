// Arrow tables of `url: { join }`: files of two writers read as apache-arrow reads them, and files that were made to hurt. Those are read in
// a process of 256 MB of heap, or are drawn changes of sound ones; each must be read whole or be refused by name, in little time.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  Dictionary,
  Field,
  Float32,
  Int16,
  Int32,
  Int64,
  Int8,
  List,
  makeData,
  makeVector,
  RecordBatchFileWriter,
  Struct,
  Table,
  tableFromIPC,
  Uint8,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import polars from 'nodejs-polars';
import { RefineError } from '../../native/index.js';
import { openFileRanges } from '../../stages/contract/ranges.js';
import { readArrowRows } from '../../stages/url/arrow/rows.js';
import { isProblem, resolveJoin } from '../../stages/url/host-columns.js';
import { compileHostTable } from '../../stages/url/host-table.js';
import { generator } from '../support/crawl-server.js';
import { readApart } from '../support/hostile-parquet.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-hostile-arrow-'));
after(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'x.arrow');

/** An Arrow file of these tables, one batch or more each. */
function fileOf(...tables: Table[]): Buffer {
  const writer = new RecordBatchFileWriter();
  for (const table of tables) for (const batch of table.batches) writer.write(batch);
  writer.finish();
  return Buffer.from(writer.toUint8Array(true));
}

async function rowsOf(bytes: Uint8Array, numbers: readonly string[] = ['rank'], rows = 16_384): Promise<{ names: (string | null)[]; numbers: number[][] }> {
  writeFileSync(path, bytes);
  const ranges = await openFileRanges(path, 'x.arrow');
  const out = { names: [] as (string | null)[], numbers: numbers.map(() => [] as number[]) };
  try {
    for await (const slice of readArrowRows(ranges, { name: 'text', numbers, longest: 1024, rows }, new AbortController().signal)) {
      out.names.push(...slice.names);
      for (const [index, values] of slice.numbers.entries()) out.numbers[index]!.push(...values);
    }
    return out;
  } finally {
    await ranges.close();
  }
}

const plain = (count: number, first = 0): Table =>
  new Table({
    text: vectorFromArray(
      Array.from({ length: count }, (_, i) => (i % 7 === 6 ? null : `host-${first + i}.example`)),
      new Utf8(),
    ),
    rank: vectorFromArray(
      Array.from({ length: count }, (_, i) => (i % 5 === 4 ? null : first + i)),
      new Int32(),
    ),
  });

test('every type of number and text, between columns of other types, is what apache-arrow reads', async () => {
  const count = 41;
  const each = <T>(make: (i: number) => T): (T | null)[] => Array.from({ length: count }, (_, i) => (i % 9 === 3 ? null : make(i)));
  const struct = new Struct([new Field('a', new Int32(), true), new Field('b', new Utf8(), true)]);
  const columns = {
    lists: vectorFromArray(
      each((i) => [i, i + 1]),
      new List(new Field('item', new Int32(), true)),
    ),
    structs: vectorFromArray(
      each((i) => ({ a: i, b: `b${i}` })),
      struct,
    ),
    i8: vectorFromArray(
      each((i) => i - 20),
      new Int8(),
    ),
    u8: vectorFromArray(
      each((i) => 200 + i),
      new Uint8(),
    ),
    i16: vectorFromArray(
      each((i) => -1000 * i),
      new Int16(),
    ),
    i64: vectorFromArray(
      each((i) => BigInt(i) * -(2n ** 40n)),
      new Int64(),
    ),
    f32: vectorFromArray(
      each((i) => i / 8),
      new Float32(),
    ),
    other: vectorFromArray(
      each((i) => `other ${i % 3}`),
      new Dictionary(new Utf8(), new Int8()),
    ),
  };
  for (const text of [new Utf8(), new Dictionary(new Utf8(), new Int16())]) {
    const table = new Table({ ...columns, text: vectorFromArray([...each((i) => `häuser-${i % 11}.de`)], text) });
    const bytes = fileOf(table);
    const numbers = ['i8', 'u8', 'i16', 'i64', 'f32'];
    const oracle = tableFromIPC(bytes);
    const expected = {
      names: [...oracle.getChild('text')!] as (string | null)[],
      numbers: numbers.map((name) => [...oracle.getChild(name)!].map((value) => (value === null ? Number.NaN : Number(value)))),
    };
    assert.equal(expected.names.length, count);
    for (const rows of [8, 16, 16_384]) assert.deepEqual(await rowsOf(bytes, numbers, rows), expected, `${rows} rows at once`);
  }
});

test('files of polars, of batches of other sizes, without rows, and with long names are read', async () => {
  const names = Array.from({ length: 1000 }, (_, i) => (i % 10 === 0 ? null : i % 3 === 0 ? `a${i}.de` : `a-long-name-of-host-number-${i}.example.org`));
  polars.DataFrame({ tags: names.map((_, i) => [`t${i}`, 'u']), text: names, rank: names.map((_, i) => i / 2) }).writeIPC(path);
  assert.deepEqual(await rowsOf(readFileSync(path)), { names, numbers: [names.map((_, i) => i / 2)] });
  const tables = [plain(3), plain(1, 3), plain(17, 4), plain(0)];
  const { names: many } = await rowsOf(fileOf(...tables), ['rank'], 8);
  assert.equal(many.length, 21);
  assert.equal(many[20], 'host-20.example');
  const long = new Table({ text: vectorFromArray(['a.de', 'x'.repeat(1025), 'y'.repeat(1024)], new Utf8()), rank: vectorFromArray([1, 2, 3], new Int32()) });
  assert.deepEqual((await rowsOf(fileOf(long))).names, ['a.de', null, 'y'.repeat(1024)]);
});

/** Where messages begin: behind the mark 0xffffffff and their length. */
const messages = (bytes: Buffer): number[] => {
  const out: number[] = [];
  for (let at = 8; at < bytes.length - 16; at += 8) if (bytes.readUInt32LE(at) === 0xffffffff && bytes.readUInt32LE(at + 4) < 4096) out.push(at);
  return out;
};

/** A footer whose schema has two columns of the same struct of two columns of the same struct, and so on: 2^depth fields in kilobytes. */
function sharedFields(depth: number): Buffer {
  const bytes = Buffer.alloc(256 + depth * 64);
  // a vtable of six entries for fields: type_type (2) at 4, children (5) at 8
  bytes.writeUInt16LE(16, 0);
  bytes.writeUInt16LE(12, 2);
  bytes.writeUInt16LE(4, 8);
  bytes.writeUInt16LE(8, 14);
  // of the footer: version (0) at 4, schema (1) at 8; of the schema: fields (1) at 4
  bytes.writeUInt16LE(8, 16);
  bytes.writeUInt16LE(12, 18);
  bytes.writeUInt16LE(4, 20);
  bytes.writeUInt16LE(8, 22);
  bytes.writeUInt16LE(8, 24);
  bytes.writeUInt16LE(8, 26);
  bytes.writeUInt16LE(4, 30);
  const all = Buffer.concat([Buffer.alloc(4), bytes]); // the place of the root first: what was written stands 4 further
  const footer = 64;
  all.writeUInt32LE(footer, 0);
  all.writeInt32LE(footer - 20, footer);
  all.writeInt16LE(4, footer + 4);
  const schema = footer + 16;
  all.writeUInt32LE(schema - (footer + 8), footer + 8);
  all.writeInt32LE(schema - 28, schema);
  let refer = schema + 4;
  for (let level = 0, at = 128; level < depth; level++, at += 32) {
    all.writeUInt32LE(at - refer, refer); // a vector of two, both the table behind it
    all.writeUInt32LE(2, at);
    const table = at + 12;
    all.writeUInt32LE(table - (at + 4), at + 4);
    all.writeUInt32LE(table - (at + 8), at + 8);
    all.writeInt32LE(table - 4, table);
    all.writeUInt8(level === depth - 1 ? 1 : 13, table + 4);
    refer = table + 8;
  }
  all.writeUInt32LE(128 + (depth - 1) * 32 + 24 - refer, refer); // no children: a vector of length 0
  const end = Buffer.alloc(10, 'xxxxARROW1', 'latin1');
  end.writeInt32LE(all.length);
  return Buffer.concat([Buffer.from('ARROW1\0\0', 'latin1'), all, end]);
}

const sound = (): Buffer => fileOf(plain(50), plain(50, 50));
const changed = (change: (bytes: Buffer, at: number[]) => void): Buffer => {
  const bytes = sound();
  change(bytes, messages(bytes));
  return bytes;
};
/** The first place where a vector of `count` begins with these int64. */
const vectorAt = (bytes: Buffer, from: number, count: number, first: bigint): number => {
  for (let at = from; ; at += 4) if (bytes.readUInt32LE(at) === count && bytes.readBigInt64LE(at + 4) === first) return at;
};

const BOMBS: readonly [string, () => Buffer, RegExp][] = [
  ['a message of no bytes, where a stream would end', () => changed((bytes, at) => bytes.writeUInt32LE(0, at[1]! + 4)), /a message of 0 bytes/],
  [
    'a footer that names one batch of two',
    () => changed((bytes, at) => bytes.writeUInt32LE(1, vectorAt(bytes, at[2]!, 2, 8n))),
    /that its footer does not name/,
  ],
  ['two billion nodes', () => changed((bytes, at) => bytes.writeUInt32LE(2 ** 31, vectorAt(bytes, at[1]!, 2, 50n))), /an offset of \d+ in a message/],
  ['a body of petabytes', () => changed((bytes, at) => longs(bytes, at[1]!, at[2]!, (value) => value > 500n && value < 4096n, 2n ** 50n)), /bytes/],
  [
    'rows that its buffers do not have',
    () => changed((bytes, at) => longs(bytes, at[1]!, at[2]!, (value) => value === 50n, 2n ** 40n)),
    /a buffer of \d+ bytes where/,
  ],
  ['structs of structs, 2^60 in all', () => sharedFields(60), /fields/],
  ['a file that is cut short', () => sound().subarray(0, -40), /cut short/],
];

/** Every int64 between two places that `fits`. */
function longs(bytes: Buffer, from: number, to: number, fits: (value: bigint) => boolean, by: bigint): void {
  let found = 0;
  for (let at = from + 8; at < Math.min(to, from + 400); at += 8) {
    if (!fits(bytes.readBigInt64LE(at))) continue;
    bytes.writeBigInt64LE(by, at);
    found++;
  }
  assert.ok(found > 0);
}

test('without a lie the file of these tests is read', async () => {
  assert.equal((await rowsOf(sound())).names.length, 100);
  assert.equal(readApart(path, sound(), 'join').message, undefined);
});

for (const [what, make, words] of BOMBS) {
  test(`${what}: refused, in 256 MB of heap`, () => {
    const { message, documents, maxRss, cpuMs } = readApart(path, make(), 'join');
    assert.equal(documents, null, 'it was read');
    assert.match(message!, words);
    assert.ok(maxRss < 700 << 20, `${maxRss >> 20} MiB`);
    assert.ok(cpuMs < 10_000, `${cpuMs} ms`);
  });
}

/** A table of `rows` rows, all of the one name. */
function repeated(name: string, rows: number): Buffer {
  const dictionary = vectorFromArray([name, 'a.de'], new Utf8());
  const text = makeVector(makeData({ type: new Dictionary(new Utf8(), new Int8()), length: rows, data: new Int8Array(rows), dictionary }));
  return fileOf(new Table({ text, rank: makeVector(new Int8Array(rows)) }));
}

test('one name of a megabyte that a dictionary gives to every row is no host, and costs no memory', () => {
  const { message, maxRss } = readApart(path, repeated('x'.repeat(1 << 20), 200_000), 'join');
  assert.equal(message, undefined);
  assert.ok(maxRss < 700 << 20, `${maxRss >> 20} MiB`);
});

test('a name of a kilobyte for every row is refused past 256 MiB of names', () => {
  const { code, message } = readApart(path, repeated('x'.repeat(1024), (1 << 18) + 1), 'join');
  assert.equal(code, 'ERR_REFINE_ASSET', message);
  assert.match(message!, /it makes more than 268435456 bytes of names of \d+\. Write it again, as Parquet, Arrow or TSV/);
});

test('batches that are compressed are refused in those words', () => {
  polars.DataFrame({ text: ['a.de'], rank: [1] }).writeIPC(path, { compression: 'zstd' });
  assert.match(readApart(path, readFileSync(path), 'join').message!, /its batches are compressed, which is not read here; write it uncompressed/);
});

test('whatever a byte or a number of an Arrow file becomes, it is read whole or refused by name', { timeout: 240_000 }, async () => {
  const random = generator(23);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  polars.DataFrame({ text: ['a.de', null, 'a-name-that-is-not-inline.example'], rank: [1, 2, null], tags: [['x'], [], ['y', 'z']] }).writeIPC(path);
  const dictionary = new Table({
    text: vectorFromArray(['a.de', 'b.de', null, 'a.de'], new Dictionary(new Utf8(), new Int8())),
    rank: vectorFromArray([1n, 2n, 3n, null], new Int64()),
  });
  const files = [
    [sound(), 100],
    [readFileSync(path), 3],
    [fileOf(dictionary), 4],
  ] as const;
  const HOSTILE = [-1n, 0n, 1n, 2n, 7n, 8n, 64n, 255n, 2n ** 16n, 2n ** 31n - 1n, -(2n ** 31n), 2n ** 32n - 1n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)];
  const seen = new Map<string, number>();
  for (let round = 0; round < 1200; round++) {
    const [file, rows] = pick(files);
    const bytes = Buffer.from(file);
    const size = pick([1, 2, 4, 8] as const);
    const at = Math.floor((random() * (bytes.length - 8)) / size) * size;
    const value = pick(HOSTILE);
    if (size === 8) bytes.writeBigInt64LE(value, at);
    else bytes.writeUIntLE(Number(BigInt.asUintN(8 * size, value)), at, size);
    const words = `round ${round}: ${value} in ${size} bytes at ${at} of ${bytes.length}`;
    writeFileSync(path, bytes);
    const began = process.cpuUsage().user;
    try {
      const found = resolveJoin(path, { file: path, host: 'text', columns: ['rank'], reversed: null, level: null });
      if (isProblem(found)) {
        seen.set('problem', (seen.get('problem') ?? 0) + 1);
        continue;
      }
      await compileHostTable(found);
      assert.equal(found.shape.format === 'arrow' ? (await rowsOf(bytes)).names.length : rows, rows, words);
      seen.set('read', (seen.get('read') ?? 0) + 1);
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      const named = (error as Error).constructor.name === 'Damaged' || (error instanceof RefineError && error.code === 'ERR_REFINE_ASSET');
      assert.ok(named, `${words}: ${(error as Error).stack}`);
      seen.set('refused', (seen.get('refused') ?? 0) + 1);
    }
    assert.ok(process.cpuUsage().user - began < 5_000_000, words);
  }
  assert.deepEqual([...seen.keys()].sort(), ['problem', 'read', 'refused']);
});
