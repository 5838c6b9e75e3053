// Inputs to documents. The WARC oracle is npm warcio, which writes the file and reads it beside us.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { WARCParser, WARCRecord, WARCSerializer } from 'warcio';
import { type Batch, documentAt, RefineError, utf8Column } from '../../native/index.js';
import type { Source, SourceReader } from '../../stages/contract/source.js';
import { localGate } from '../../stages/fetch/gate.js';
import { listInputs } from '../../stages/fetch/list-inputs.js';
import { openInput } from '../../stages/fetch/open-input.js';
import { startCrawlServer } from '../support/crawl-server.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-open-'));
after(() => rmSync(folder, { recursive: true }));
const { signal } = new AbortController();
const gate = localGate({ minIntervalMs: 0 });
const list = (source: Source) => listInputs(source, { baseDir: folder, seed: 1n, gate, signal });

async function documents(reader: SourceReader) {
  const out: Record<string, unknown>[] = [];
  for await (const batch of reader.batches(signal)) for (let row = 0; row < batch.rows; row++) out.push({ ...documentAt(batch, row) });
  return out;
}

async function warcOf(pages: number): Promise<Buffer> {
  const members: Uint8Array[] = [];
  for (let n = 0; n < pages; n++) {
    const body = (async function* () {
      yield Buffer.from(`<p>page ${n} ${'☃'.repeat(n)}</p>`);
    })();
    const record = WARCRecord.create(
      { type: 'response', url: `http://example.org/${n}`, date: '2024-01-01T00:00:00Z', httpHeaders: { 'Content-Type': 'text/html' } },
      body,
    );
    members.push(await WARCSerializer.serialize(record, { gzip: true }));
  }
  return Buffer.concat(members);
}

test('a WARC gives the pages that warcio reads from it, locally and over a bad network', async () => {
  const bytes = await warcOf(200);
  writeFileSync(join(folder, 'a.warc.gz'), bytes);
  const expected: { url: string | null; body: string }[] = [];
  for await (const record of new WARCParser(
    (async function* () {
      yield new Uint8Array(bytes);
    })(),
  )) {
    expected.push({ url: record.warcTargetURI ?? null, body: await record.contentText() });
  }
  assert.equal(expected.length, 200);
  const server = await startCrawlServer([{ path: 'crawl-data/C/a.warc.gz', bytes }], { drop: { maxBytes: 30_000 }, xmlFirst: 1, seed: 4 });
  const rows: Record<string, unknown>[][] = [];
  for (const path of ['a.warc.gz', `${server.base}/crawl-data/C/a.warc.gz`]) {
    const [input] = await list({ kind: 'warc', paths: [path] });
    const reader = openInput(input!, { gate });
    rows.push(await documents(reader));
    assert.deepEqual(
      rows.at(-1)!.map(({ url, html }) => ({ url, body: Buffer.from(html as Uint8Array).toString() })),
      expected,
    );
    const { records, documents: count, bytesRead, sha256 } = reader.counts();
    assert.deepEqual(
      { records, count, bytesRead, sha256 },
      { records: 200, count: 200, bytesRead: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') },
    );
  }
  await server.close();
  const strip = (row: Record<string, unknown>) => ({ ...row, warc_path: null });
  assert.deepEqual(rows[0]!.map(strip), rows[1]!.map(strip));
});

test('a shard of another run is given as it is, after its bytes were compared with the plan', async () => {
  const { mkdirSync } = await import('node:fs');
  mkdirSync(join(folder, 'run', 'text'), { recursive: true });
  const shard = join(folder, 'run', 'text', '000000.arrow');
  writeFileSync(shard, 'bytes of a shard');
  const [input] = await list({ kind: 'run', path: 'run' });
  const batch: Batch = { rows: 2, columns: { text: utf8Column(['a', 'b']) } };
  const readShard = async function* (path: string) {
    assert.equal(path, shard);
    yield batch;
  };
  const reader = openInput(input!, { gate, readShard });
  assert.deepEqual(await documents(reader), [{ text: 'a' }, { text: 'b' }]);
  assert.deepEqual([reader.counts().records, reader.counts().documents], [2, 2]);
  writeFileSync(shard, 'bytes of another');
  await assert.rejects(documents(openInput(input!, { gate, readShard })), { code: 'ERR_REFINE_INPUT_CHANGED' });
});

test('a directory, an empty file and a PNG named .warc.gz fail when they are opened, each by name', async () => {
  const { mkdirSync } = await import('node:fs');
  mkdirSync(join(folder, 'folder.warc.gz'));
  writeFileSync(join(folder, 'empty.warc.gz'), '');
  writeFileSync(join(folder, 'png.warc.gz'), Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(100_000)]));
  for (const name of ['folder', 'empty', 'png']) {
    const [input] = await list({ kind: 'warc', paths: [`${name}.warc.gz`] });
    await assert.rejects(documents(openInput(input!, { gate })), (error: RefineError) => {
      assert.ok(error instanceof RefineError, String(error));
      assert.equal(error.code, 'ERR_REFINE_INPUT');
      assert.match(error.format(), new RegExp(`${name}\\.warc\\.gz .*expected`));
      return true;
    });
  }
});
