// Parquet as a source. Files were written by pyarrow (infra/test/parquet_fixtures.py); the oracle is the same rows as JSON lines, which
// that script wrote beside them, and for times what it was given.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { documentAt, packagePath, RefineError } from '../../native/index.js';
import type { ParquetFields, SourceCounts } from '../../stages/contract/source.js';
import { localGate } from '../../stages/fetch/gate.js';
import { listInputs } from '../../stages/fetch/list-inputs.js';
import { openInput } from '../../stages/fetch/open-input.js';
import { Bytes, Damaged } from '../../stages/contract/parquet/bytes.js';
import { readDelta } from '../../stages/contract/parquet/delta.js';
import { DEFAULT_FIELDS } from '../../stages/fetch/read-parquet.js';
import { pageValues, readHybrid, readPlain } from '../../stages/contract/parquet/values.js';
import { generator, startCrawlServer } from '../support/crawl-server.js';

const fixtures = packagePath('tests', 'fixtures', 'parquet');
const folder = mkdtempSync(join(tmpdir(), 'refine-parquet-'));
after(() => rmSync(folder, { recursive: true }));
const { signal } = new AbortController();
const gate = localGate({ minIntervalMs: 0 });

interface Row {
  readonly text: string | null;
  readonly id: string | null;
  readonly url: string | null;
  readonly date: string | null;
}
const rows = readFileSync(join(fixtures, 'rows.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Row);

async function read(path: string, fields: Partial<ParquetFields> = {}): Promise<{ documents: Record<string, unknown>[]; counts: SourceCounts }> {
  const [input] = await listInputs({ kind: 'parquet', paths: [path], fields: { ...DEFAULT_FIELDS, ...fields } }, { baseDir: fixtures, seed: 1n, gate, signal });
  const reader = openInput(input!, { gate });
  const documents: Record<string, unknown>[] = [];
  for await (const batch of reader.batches(signal)) for (let row = 0; row < batch.rows; row++) documents.push({ ...documentAt(batch, row) });
  return { documents, counts: reader.counts() };
}

const expected = rows.flatMap((row, n) =>
  row.text === null
    ? []
    : [
        {
          text: row.text,
          id: row.id,
          url: row.url,
          host: row.url === null ? null : new URL(row.url).hostname,
          date: BigInt(Date.parse(row.date!) / 1000),
          offset: BigInt(n),
        },
      ],
);
const shown = (documents: readonly Record<string, unknown>[]) =>
  documents.map(({ text, id, url, host, date, warc_offset: offset }) => ({ text, id, url, host, date, offset }));

for (const name of ['none', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4', 'pages-v2', 'plain', 'delta', 'large']) {
  test(`${name}: every row of FineWeb's shape is the document that its JSON line is, at its row number`, async () => {
    const { documents, counts } = await read(`${name}.parquet`);
    assert.deepEqual(shown(documents), expected);
    assert.ok(documents.every(({ warc_path }) => warc_path === `${name}.parquet`));
    assert.deepEqual([counts.records, counts.documents, counts.skips], [rows.length, expected.length, { 'no-text': rows.length - expected.length }]);
  });
}

test('over HTTP, by ranges, the same', async () => {
  const server = await startCrawlServer([{ path: 'crawl-data/C/pages-v2.parquet', bytes: readFileSync(join(fixtures, 'pages-v2.parquet')) }]);
  const { documents } = await read(`${server.base}/crawl-data/C/pages-v2.parquet`);
  assert.deepEqual(shown(documents), expected);
  await server.close();
});

test('fields of structs are columns by their path, null wherever a level above is; lists are refused by name', async () => {
  const column = (name: string) => ({ column: name, required: true });
  const { documents, counts } = await read('nested.parquet', { text: column('doc.body'), url: column('doc.meta.url'), id: column('n') });
  assert.equal(documents.length, 58);
  assert.deepEqual(counts.skips, { 'no-text': 2 });
  assert.deepEqual([documents[7]!.id, documents[7]!.url, documents[57]!.id], ['8', 'http://n.example/8', '59']);
  await assert.rejects(
    read('nested.parquet', { text: column('tags.list.element') }),
    (error: RefineError) => error.code === 'ERR_REFINE_PARQUET' && /a list or a struct/.test(error.message),
  );
  await assert.rejects(read('nested.parquet', { text: column('doc.bodi') }), (error: RefineError) =>
    /has no column "doc\.bodi".*Did you mean "doc\.body"/s.test(error.message),
  );
});

test('required columns, no id: rows are named by file and row', async () => {
  const { documents } = await read('required.parquet');
  assert.deepEqual([documents.length, documents[0]!.id, documents[49]!.id, documents[0]!.url], [50, 'required.parquet:0', 'required.parquet:49', null]);
});

for (const [name, first, third] of [
  ['time-ms', 1582979415n, -1n],
  ['time-us', 1582979415n, -1n],
  ['time-ns', 1582979415n, -1n],
  ['time-int96', 1582979415n, 1582979415n],
  ['time-date', 1582934400n, -86400n],
] as const) {
  test(`${name}: seconds since 1970, rounded down`, async () => {
    const { documents } = await read(`${name}.parquet`);
    assert.deepEqual(
      documents.map(({ id, date }) => [id, date]),
      [
        ['11', first],
        ['12', null],
        ['13', third],
      ],
    );
  });
}

test('a file without rows is one without documents, and what is no Parquet says so', async () => {
  assert.deepEqual((await read('empty.parquet')).documents, []);
  for (const [bytes, words] of [
    [Buffer.from('PAR1'), /has 4 bytes/],
    [Buffer.alloc(100), /does not end in PAR1/],
    [Buffer.concat([Buffer.alloc(20), Buffer.from('\xff\xff\xff\x7fPAR1', 'latin1')]), /footer of 2147483647 bytes/],
    [Buffer.concat([Buffer.alloc(20), Buffer.from('\x08\x00\x00\x00PAR1', 'latin1')]), /damaged footer/],
    [Buffer.concat([Buffer.alloc(20), Buffer.from('\x08\x00\x00\x00PARE', 'latin1')]), /encrypted/],
  ] as const) {
    writeFileSync(join(folder, 'x.parquet'), bytes);
    await assert.rejects(read(join(folder, 'x.parquet')), (error: RefineError) => error.code === 'ERR_REFINE_PARQUET' && words.test(error.message));
  }
});

test('bytes that were changed anywhere give documents or an error by name, and never more than the file announces', { timeout: 120_000 }, async () => {
  const random = generator(7);
  for (const name of ['snappy', 'zstd', 'lz4', 'delta', 'pages-v2', 'nested']) {
    const whole = readFileSync(join(fixtures, `${name}.parquet`));
    for (let round = 0; round < 25; round++) {
      const bytes = Buffer.from(whole);
      const tail = round % 3 === 0; // the footer, every third time
      for (let n = 0; n < 1 + (round % 4); n++) {
        const at = tail ? bytes.length - 1 - Math.floor(random() * Math.min(2500, bytes.length)) : Math.floor(random() * bytes.length);
        bytes[at] = Math.floor(random() * 256);
      }
      const path = join(folder, 'mutant.parquet');
      writeFileSync(path, bytes);
      try {
        const { counts } = await read(path, name === 'nested' ? { text: { column: 'doc.body', required: true } } : {});
        assert.equal(counts.records, counts.documents + Object.values(counts.skips).reduce((sum, count) => sum + count, 0));
      } catch (error) {
        assert.ok(error instanceof RefineError && error.code === 'ERR_REFINE_PARQUET', `${name} ${round}: ${(error as Error).stack}`);
      }
    }
  }
});

test('counts that lie are refused before anything is made of them', () => {
  const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(Math.floor(value / 128))]);
  assert.deepEqual([...readHybrid(new Bytes(Uint8Array.from([...varint(2 ** 31), 5])), 3, 4)], [5, 5, 5, 5]); // a run longer than the page
  assert.throws(() => readHybrid(new Bytes(Uint8Array.from([0, 5])), 3, 4), Damaged);
  assert.throws(() => readHybrid(new Bytes(Uint8Array.from([3])), 3, 4), Damaged);
  assert.deepEqual([...readHybrid(new Bytes(Uint8Array.from([3, 0x88, 0xc6, 0xfa])), 3, 8)], [0, 1, 2, 3, 4, 5, 6, 7]); // Encodings.md's example
  assert.throws(() => readPlain(new Bytes(new Uint8Array(10)), 'INT32', 0, 1e9), Damaged);
  assert.throws(() => readPlain(new Bytes(Uint8Array.from([255, 255, 255, 255, 1])), 'BYTE_ARRAY', 0, 1), Damaged);
  assert.throws(() => pageValues(new Bytes(Uint8Array.from([1, 2, 1])), 'RLE_DICTIONARY', { type: 'INT32', length: 0 }, 1, [7]), Damaged);
  assert.throws(() => readDelta(new Bytes(Uint8Array.from([128, 1, 0, 5, 0])), 5, 32), Damaged);
  assert.throws(() => readDelta(new Bytes(Uint8Array.from([128, 1, 4, 5, 0])), 6, 32), Damaged);
});

test('delta-packed numbers are those of the specification, across signs and block borders', () => {
  // block 128, 4 miniblocks, 5 values, first 7; deltas -2,-2,-2,1 (Encodings.md, example 2's shape): least -2, widths 2
  const bytes = Uint8Array.from([128, 1, 4, 5, 14, 3, 2, 0, 0, 0, 0b11000000, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual([...readDelta(new Bytes(bytes), 5, 64)], [7n, 5n, 3n, 1n, 2n]);
});

test('a text over 16 MiB is a skip, and rows are the same however row groups are cut', async () => {
  const texts = Array.from({ length: 400 }, (_, n) => (n === 17 ? 'x'.repeat((16 << 20) + 1) : `text ${n}`));
  const ids = texts.map((_, n) => `id-${n}`);
  const results: string[] = [];
  for (const rowGroupSize of [1, 37, 1000]) {
    const path = join(folder, 'groups.parquet');
    writeFileSync(
      path,
      Buffer.from(
        parquetWriteBuffer({
          columnData: [
            { name: 'text', type: 'STRING', data: texts },
            { name: 'id', type: 'STRING', data: ids },
          ],
          rowGroupSize,
        }),
      ),
    );
    const { documents, counts } = await read(path);
    assert.deepEqual(counts.skips, { 'too-large': 1 });
    results.push(JSON.stringify(documents.map(({ id, text, warc_offset }) => [id, text, String(warc_offset)])));
  }
  assert.equal(new Set(results).size, 1);
});
