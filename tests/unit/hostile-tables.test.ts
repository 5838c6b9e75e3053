// Parquet that was made to hurt, given to `url: { join }` and to `decontaminate`: each file is read in a process of its own with 256 MB
// of heap and must be refused by name, in little time. Files from tests/support/hostile-parquet.ts, and what they lie about.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { BOMBS, type Fields, type Lies, type Outcome, parquetOf, plainPage, readApart, struct, varint } from '../support/hostile-parquet.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-hostile-tables-'));
after(() => rmSync(folder, { recursive: true }));
const read = (bytes: Uint8Array, what: 'join' | 'benchmark'): Outcome => readApart(join(folder, 'x.parquet'), bytes, what);

const KINDS = [
  ['join', { rank: true }],
  ['benchmark', {}],
] as const satisfies readonly (readonly ['join' | 'benchmark', Lies])[];

function refused({ code, message, maxRss, cpuMs }: Outcome, words: RegExp): void {
  assert.equal(code, 'ERR_REFINE_PARQUET', message);
  assert.match(message!, words);
  assert.match(message!, /expected a Parquet file\. Check the file/, 'what to do');
  assert.ok(maxRss < 700 << 20, `${maxRss >> 20} MiB`);
  assert.ok(cpuMs < 10_000, `${cpuMs} ms`);
}

for (const [what, more] of KINDS) {
  test(`${what}: without a lie the files of these tests are read`, () => {
    const { code, message, documents } = read(parquetOf(3, plainPage(['one.com', 'two.com', 'three.com']), more), what);
    assert.deepEqual([code, message, documents], [undefined, undefined, what === 'join' ? 0 : 3]);
  });
  for (const [name, make, words] of BOMBS) test(`${what}: ${name}: refused by name, in 256 MB of heap`, () => refused(read(make(more), what), words));

  test(`${what}: a page that unpacks to gigabytes, and rows by the billion in a few bytes, are refused`, () => {
    const zeros = gzipSync(new Uint8Array(300 << 20));
    refused(read(parquetOf(3, zeros, { codec: 2, pagePlain: 300 << 20, ...more }), what), /a page of 314572800 bytes unpacked/);
    refused(
      read(parquetOf(3, plainPage(['a', 'b', 'c']), { ...more, groupRows: 2n ** 39n, rows: 2n ** 39n, pageValues: 3 }), what),
      /announces \d+ values in a file of \d+ bytes/,
    );
  });
}

test('benchmark: a row of more text than a document may have is refused', () => {
  refused(read(parquetOf(2, plainPage(['a', 'x'.repeat((16 << 20) + 1)])), 'benchmark'), /row 2 \(more than 16777216 bytes of text in one row\)/);
});

test('a dictionary that makes gigabytes of a value: no host for a table, refused as a benchmark', () => {
  const rows = 200;
  const value = plainPage(['x'.repeat(15 << 20)]);
  const header = (type: number, plain: number, own: Fields): number[] =>
    struct({ 1: { i32: type }, 2: { i32: plain }, 3: { i32: plain }, [type === 2 ? 7 : 5]: { struct: own } });
  const indices = Uint8Array.from([0, ...varint(rows << 1)]); // width 0, one run
  const data = header(0, indices.length, { 1: { i32: rows }, 2: { i32: 8 }, 3: { i32: 3 }, 4: { i32: 3 } });
  const dictionary = Uint8Array.from(header(2, value.length, { 1: { i32: 1 }, 2: { i32: 0 } }));
  const lies = { header: dictionary, dictionaryAt: 4, dataAt: 4 + dictionary.length + value.length };
  const pages = Buffer.concat([value, Uint8Array.from(data), indices]);
  refused(read(parquetOf(rows, pages, lies), 'benchmark'), /row 137 \(more than 2147483648 bytes of text up to here/);
  const { code, message, maxRss } = read(parquetOf(rows, pages, { ...lies, rank: true }), 'join');
  assert.equal(code, undefined, message);
  assert.ok(maxRss < 700 << 20, `${maxRss >> 20} MiB`);
});
