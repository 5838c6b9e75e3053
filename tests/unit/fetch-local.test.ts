// Local bytes, JSON lines, single files and the cache: contents against what the test wrote, chunkings by fast-check.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { fc } from '../support/properties.js';
import { type Batch, type BytesColumn, documentAt, RefineError } from '../../native/index.js';
import { localGate } from '../../stages/fetch/gate.js';
import { inputBytes } from '../../stages/fetch/input-bytes.js';
import { MAX_LINE_BYTES, readJsonl } from '../../stages/fetch/jsonl.js';
import { localIdentity, readLocal } from '../../stages/fetch/local.js';
import { readPlainFile } from '../../stages/fetch/plain-file.js';
import { startCrawlServer } from '../support/crawl-server.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-local-'));
after(() => rmSync(folder, { recursive: true }));
const { signal } = new AbortController();

async function collect(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of bytes) parts.push(part);
  return Buffer.concat(parts);
}

async function* chunks(bytes: Uint8Array, sizes: readonly number[] = [bytes.length]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (let n = 0; at < bytes.length; n++) {
    const size = sizes[n % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function documents(reader: { batches(signal: AbortSignal): AsyncIterable<Batch> }) {
  const out: Record<string, unknown>[] = [];
  for await (const batch of reader.batches(signal)) for (let row = 0; row < batch.rows; row++) out.push({ ...documentAt(batch, row) });
  return out;
}

test('a file is read whole in buffers of its own, for odd sizes', async () => {
  for (const size of [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_000_000]) {
    const path = join(folder, 'sized');
    const bytes = Buffer.alloc(size, 'abc');
    writeFileSync(path, bytes);
    assert.ok((await collect(readLocal(path, 'sized', signal))).equals(bytes));
  }
});

test('a file that grows, shrinks, is rewritten, replaced or removed while it is read is an error that says which', async () => {
  const path = join(folder, 'moving');
  const cases: [() => void, RegExp][] = [
    [() => writeFileSync(path, 'y', { flag: 'a' }), /it has 3000001 bytes, 3000000 when it was opened/],
    [() => writeFileSync(path, 'y'), /it has 1 bytes, 3000000 when/],
    [() => writeFileSync(path, Buffer.alloc(3_000_000, 'z')), /written to or replaced/],
    [
      () => {
        writeFileSync(`${path}2`, Buffer.alloc(3_000_000, 'x'));
        renameSync(`${path}2`, path);
      },
      /written to or replaced/,
    ],
    [() => rmSync(path), /it is gone/],
  ];
  for (const [disturb, pattern] of cases) {
    writeFileSync(path, Buffer.alloc(3_000_000, 'x'));
    let disturbed = false;
    await assert.rejects(
      async () => {
        for await (const _ of readLocal(path, 'moving', signal)) {
          if (!disturbed) disturb();
          disturbed = true;
        }
      },
      (error: RefineError) => {
        assert.equal(error.code, 'ERR_REFINE_INPUT_CHANGED');
        assert.match(error.format(), pattern);
        return true;
      },
    );
  }
});

test('what is no file is refused by name', async () => {
  for (const [path, pattern] of [
    ['/dev/null', /is a device, pipe or socket/],
    [folder, /is a directory, expected a file/],
    [join(folder, 'none'), /does not exist/],
  ] as const) {
    await assert.rejects(collect(readLocal(path, 'place', signal)), (error: RefineError) => error.code === 'ERR_REFINE_INPUT' && pattern.test(error.format()));
  }
});

test('an input that differs from the one planned is refused before its first byte', async () => {
  const path = join(folder, 'planned');
  writeFileSync(path, 'one');
  const input = { path: 'planned', location: path, format: 'warc' as const, ...(await localIdentity(path, 'planned')) };
  assert.equal((await collect(inputBytes(input, { gate: localGate() }, signal))).toString(), 'one');
  writeFileSync(path, 'two');
  await assert.rejects(collect(inputBytes(input, { gate: localGate() }, signal)), { code: 'ERR_REFINE_INPUT_CHANGED' });
});

test('the cache keeps whole files only, and gives their bytes without asking the host again', async () => {
  const bytes = Buffer.alloc(200_000, 'w');
  const server = await startCrawlServer([{ path: 'crawl-data/C/x.gz', bytes }]);
  const input = {
    path: 'x',
    location: `${server.base}/crawl-data/C/x.gz`,
    format: 'warc' as const,
    bytes: bytes.length,
    identity: `remote:${bytes.length}:"${createHash('md5').update(bytes).digest('hex')}"`,
  };
  const cacheDir = join(folder, 'cache', 'deep');
  const env = { gate: localGate({ minIntervalMs: 0 }), cacheDir };
  for await (const _ of inputBytes(input, env, signal)) break; // half a read leaves nothing
  assert.deepEqual(readdirSync(cacheDir), []);
  assert.ok((await collect(inputBytes(input, env, signal))).equals(bytes));
  const asked = server.log.length;
  assert.ok((await collect(inputBytes(input, env, signal))).equals(bytes));
  assert.equal(server.log.length, asked);
  assert.equal(readdirSync(cacheDir).length, 1);
  await server.close();
});

const lines = [
  '{"text":"first ☃","id":"a","url":"http://Example.org/x?y","date":"2023-02-01T10:00:00Z"}',
  '  ',
  '{"text":"second","id":7}\r',
  'not json',
  '{"title":"no text"}',
  '{"text":5}',
  '["text"]',
  '{"text":""}',
  '{"text":"last, without newline"}',
];
const jsonl = Buffer.from(lines.join('\n'));

test('JSON lines become documents, bad lines skips with a reason, and every line is counted', async () => {
  const reader = readJsonl(() => chunks(jsonl), { path: 'data/in.jsonl', textField: 'text' });
  const rows = await documents(reader);
  assert.deepEqual(
    rows.map(({ id, url, host, date, text, html, http_status }) => ({ id, url, host, date, text, html, http_status })),
    [
      { id: 'a', url: 'http://Example.org/x?y', host: 'example.org', date: 1675245600n, text: 'first ☃', html: null, http_status: null },
      { id: '7', url: null, host: null, date: null, text: 'second', html: null, http_status: null },
      { id: 'in:8', url: null, host: null, date: null, text: '', html: null, http_status: null },
      { id: 'in:9', url: null, host: null, date: null, text: 'last, without newline', html: null, http_status: null },
    ],
  );
  for (const row of rows) {
    const from = Number(row.warc_offset);
    assert.equal(row.warc_path, 'data/in.jsonl');
    assert.equal((JSON.parse(jsonl.subarray(from, from + Number(row.warc_length)).toString()) as { text: string }).text, row.text);
  }
  const { skips, ...counts } = reader.counts();
  assert.deepEqual(skips, { 'bad-json': 2, 'no-text': 2 });
  assert.deepEqual(counts, {
    records: 8,
    documents: 4,
    damage: {},
    notes: {},
    bytesRead: jsonl.length,
    sha256: createHash('sha256').update(jsonl).digest('hex'),
  });
});

test('any chunking, plain or gzip in one member or many, gives the same documents', async () => {
  const expected = await documents(readJsonl(() => chunks(jsonl), { path: 'p.jsonl', textField: 'text' }));
  const many = Buffer.concat([gzipSync(jsonl.subarray(0, 50)), gzipSync(jsonl.subarray(50, 51)), gzipSync(jsonl.subarray(51))]);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(jsonl, gzipSync(jsonl), many), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), async (bytes, sizes) => {
      assert.deepEqual(await documents(readJsonl(() => chunks(bytes, sizes), { path: 'p.jsonl', textField: 'text' })), expected);
    }),
    { numRuns: 60 },
  );
});

test('a line over the limit is one skip and the next line is read', async () => {
  const long = Buffer.alloc(MAX_LINE_BYTES + 10, 'x');
  const bytes = Buffer.concat([Buffer.from('{"text":"a"}\n'), long, Buffer.from('\n{"text":"b"}\n')]);
  const reader = readJsonl(() => chunks(bytes, [1 << 20]), { path: 'p.jsonl', textField: 'text' });
  assert.deepEqual(
    (await documents(reader)).map(({ id, text }) => [id, text]),
    [
      ['p:1', 'a'],
      ['p:3', 'b'],
    ],
  );
  assert.deepEqual(reader.counts().skips, { 'too-large': 1 });
});

test('what holds no JSON line is an error at once', async () => {
  const zeros = async function* () {
    for (let n = 0; ; n++) {
      assert.ok(n < 4, 'read on after the first chunks');
      yield new Uint8Array(1 << 20);
    }
  };
  const refused = (bytes: () => AsyncIterable<Uint8Array>, pattern: RegExp) =>
    assert.rejects(
      documents(readJsonl(bytes, { path: 'bad', textField: 'text' })),
      (error: RefineError) => error.code === 'ERR_REFINE_INPUT' && pattern.test(error.format()),
    );
  await refused(zeros, /begins with byte 0x00/);
  await refused(() => chunks(Buffer.alloc(0)), /is empty/);
  await refused(() => chunks(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])), /holds no line that is a JSON object/);
  await refused(() => chunks(Buffer.from('word\n'.repeat(100_000))), /holds no line that is a JSON object/);
  await refused(() => chunks(Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0])), /is zstd/);
  await refused(() => chunks(gzipSync(jsonl).subarray(0, -20)), /is damaged gzip/);
});

test('an error of the source under gzip arrives as it is', async () => {
  const failing = async function* () {
    yield gzipSync(jsonl).subarray(0, 60);
    throw new RefineError('ERR_REFINE_INPUT_CHANGED', 'moved');
  };
  await assert.rejects(documents(readJsonl(failing, { path: 'p', textField: 'text' })), { code: 'ERR_REFINE_INPUT_CHANGED' });
});

test('a single file is one document, text as its bytes are and HTML undecoded', async () => {
  const html = Buffer.from('<p>\xe9</p>', 'latin1');
  const [page] = await documents(readPlainFile(() => chunks(html), { path: 'dir/page.html.gz', format: 'html' }));
  assert.deepEqual([page!.id, Buffer.from(page!.html as Uint8Array), page!.text], ['page', html, null]);
  const text = Buffer.concat([Buffer.from('\ufeff a\r\n'), Buffer.from([0xff]), Buffer.from(' ')]);
  for await (const { columns } of readPlainFile(() => chunks(gzipSync(text)), { path: 'x.txt.gz', format: 'text' }).batches(signal)) {
    assert.deepEqual(Buffer.from((columns.text as BytesColumn).data), Buffer.from('\ufeff a\r\n\ufffd '));
  }
  const reader = readPlainFile(() => chunks(Buffer.alloc((16 << 20) + 1)), { path: 'x.html', format: 'html' });
  assert.deepEqual(await documents(reader), []);
  assert.deepEqual(reader.counts().skips, { 'too-large': 1 });
});
