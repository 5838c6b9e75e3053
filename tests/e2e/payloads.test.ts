// PDFs beside pages: counted by type and truncation, written out with their lineage, and their text back as documents of the records
// they came from. The WARC is written by npm warcio; what it was given is the oracle.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { WARCRecord, WARCSerializer } from 'warcio';
import { documentAt } from '../../native/index.js';
import { fileName } from '../../pipeline/export/payloads.js';
import { readArrow } from '../../pipeline/store.js';
import { refine } from '../support/cli.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-payloads-'));
after(() => rmSync(folder, { recursive: true }));

interface Given {
  readonly url: string;
  readonly type: string;
  readonly body: Buffer;
  readonly truncated?: string;
  readonly id?: string;
  readonly gzip?: boolean;
  readonly status?: number;
  offset: number;
}
const pdf = (n: number): Buffer => Buffer.concat([Buffer.from('%PDF-1.4\n'), Buffer.alloc(3000 + n, n), Buffer.from('\n%%EOF')]);
const given: Given[] = [
  { url: 'http://a.example/', type: 'text/html', body: Buffer.from('<p>A page of text that stands here for pages.</p>'), offset: 0 },
  { url: 'http://a.example/1.pdf', type: 'application/pdf', body: pdf(1), offset: 0 },
  { url: 'http://a.example/2.pdf', type: 'Application/PDF; x=y', body: pdf(2), truncated: 'length', offset: 0 },
  { url: 'http://a.example/cat.png', type: 'image/png', body: Buffer.from('\x89PNG', 'latin1'), offset: 0 },
  { url: 'http://a.example/3.pdf', type: 'application/pdf', body: pdf(3), gzip: true, id: '<urn:x:../../etc/passwd>', offset: 0 },
  { url: 'http://a.example/4.pdf', type: 'application/pdf', body: pdf(4), status: 404, offset: 0 },
  { url: 'http://a.example/5.pdf', type: 'application/pdf', body: pdf(5), id: '<urn:x:../../etc/passwd>', offset: 0 },
];
const isPdf = ({ type, status }: Given) => type.toLowerCase().startsWith('application/pdf') && status !== 404;

before(async () => {
  const members: Uint8Array[] = [];
  let offset = 0;
  for (const one of given) {
    const stored = one.gzip === true ? gzipSync(one.body) : one.body;
    async function* body(): AsyncGenerator<Uint8Array> {
      yield stored;
    }
    const record = WARCRecord.create(
      {
        type: 'response',
        url: one.url,
        date: '2024-03-01T12:00:00Z',
        statusline: `HTTP/1.1 ${one.status ?? 200} OK`,
        httpHeaders: { 'Content-Type': one.type, ...(one.gzip === true ? { 'Content-Encoding': 'gzip' } : {}) },
        warcHeaders: {
          ...(one.truncated === undefined ? {} : { 'WARC-Truncated': one.truncated }),
          ...(one.id === undefined ? {} : { 'WARC-Record-ID': one.id }),
        },
      },
      body(),
    );
    const member = await WARCSerializer.serialize(record, { gzip: true });
    one.offset = offset;
    offset += member.length;
    members.push(member);
  }
  mkdirSync(join(folder, 'crawl'));
  writeFileSync(join(folder, 'crawl', 'a.warc.gz'), Buffer.concat(members));
  writeFileSync(join(folder, 'pages.yaml'), 'name: pages\nsource: { warc: crawl/*.warc.gz }\nsteps:\n  - extract\n  - tokenize\n');
});

test('payloads are counted, written out with their lineage, and come back as text with it', { timeout: 180_000 }, async () => {
  const run = join(folder, 'run');
  const done = await refine(['run', join(folder, 'pages.yaml'), '--out', run, '--workers', '1']);
  assert.equal(done.code, 0, done.stderr);
  const stats = JSON.parse((await refine(['stats', run, '--json'])).stdout) as { source: { skips: Record<string, number>; payloads: Record<string, unknown> } };
  const stored = given.filter(isPdf).reduce((sum, { body, gzip }) => sum + (gzip === true ? gzipSync(body).length : body.length), 0);
  assert.deepEqual(stats.source.payloads, {
    'application/pdf': { records: 4, bytes: stored, truncated: 1 },
    'image/png': { records: 1, bytes: 4, truncated: 0 },
  });
  assert.deepEqual(stats.source.skips, { 'not-html': 5, 'http-status': 1 });
  assert.match((await refine(['stats', run])).stdout, /application\/pdf\s+4/);

  const out = join(folder, 'pdfs');
  const exported = await refine(['export', run, '--payloads', 'application/pdf', '-o', out, '--manifest', join(folder, 'pages.yaml'), '--json']);
  assert.equal(exported.code, 0, exported.stderr);
  assert.deepEqual(JSON.parse(exported.stdout), {
    types: ['application/pdf'],
    records: 4,
    written: 4,
    bytes: given.filter(isPdf).reduce((sum, { body }) => sum + body.length, 0),
    truncated: 1,
    inputs: 1,
  });
  const lines = readFileSync(join(out, 'manifest.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  for (const [n, one] of given.filter(isPdf).entries()) {
    const line = lines[n]!;
    const bytes = readFileSync(join(out, String(line.file)));
    assert.deepEqual(bytes, one.body);
    assert.equal(line.sha256, createHash('sha256').update(one.body).digest('hex'));
    assert.deepEqual(
      [line.url, line.warc_path, line.warc_offset, line.truncated, line.date],
      [one.url, 'crawl/a.warc.gz', one.offset, one.truncated ?? null, '2024-03-01T12:00:00Z'],
    );
  }
  assert.deepEqual(readdirSync(join(out, '000000')).length, 4);

  writeFileSync(join(folder, 'texts.jsonl'), lines.map((line) => `${JSON.stringify({ ...line, text: `The text of ${String(line.url)}.` })}\n`).join(''));
  writeFileSync(join(folder, 'texts.yaml'), 'name: texts\nsource: { jsonl: texts.jsonl, lineage: fields }\nsteps:\n  - langid\n');
  const texts = join(folder, 'texts');
  const back = await refine(['run', join(folder, 'texts.yaml'), '--out', texts, '--workers', '1']);
  assert.equal(back.code, 0, back.stderr);
  const documents: Record<string, unknown>[] = [];
  for await (const batch of readArrow(join(texts, 'text', '000000.arrow')))
    for (let row = 0; row < batch.rows; row++) documents.push({ ...documentAt(batch, row) });
  assert.deepEqual(
    documents.map(({ id, url, warc_path, warc_offset, warc_length, payload_digest, http_status, date }) => [
      id,
      url,
      warc_path,
      Number(warc_offset),
      Number(warc_length),
      payload_digest,
      http_status,
      date,
    ]),
    lines.map(({ id, url, warc_path, warc_offset, warc_length, payload_digest, http_status }) => [
      id,
      url,
      warc_path,
      warc_offset,
      warc_length,
      payload_digest,
      http_status,
      BigInt(Date.UTC(2024, 2, 1, 12) / 1000),
    ]),
  );
});

test('another file in the place of an input, a type that is none, and both kinds of export at once are refused', { timeout: 60_000 }, async () => {
  const run = join(folder, 'run');
  const some = (...more: string[]) => refine(['export', run, '-o', join(folder, 'never'), ...more]);
  assert.match((await some('--payloads', 'pdf')).stderr, /ERR_REFINE_USAGE.*media type/);
  assert.match((await some('--payloads', 'application/pdf', '--format', 'jsonl')).stderr, /both of --format and --payloads/);
  assert.match((await some()).stderr, /neither of --format and --payloads/);
  assert.match((await some('--payloads', 'application/pdf', '--manifest', '/nowhere/m.yaml')).stderr, /--manifest FILE/);
  writeFileSync(join(folder, 'crawl', 'a.warc.gz'), readFileSync(join(folder, 'crawl', 'a.warc.gz')).subarray(0, 2000));
  assert.match((await some('--payloads', 'application/pdf', '--manifest', join(folder, 'pages.yaml'))).stderr, /ERR_REFINE_INPUT_CHANGED/);
});

test('names of files are names alone: no path, no device, no two alike', () => {
  const taken = new Set<string>();
  const name = (id: string, offset = 7) => fileName({ record: { id, offset }, type: 'application/pdf' }, taken);
  assert.equal(name('urn:uuid:00000000-0000-4000-8000-000000000001'), '00000000-0000-4000-8000-000000000001.pdf');
  assert.equal(name('../../etc/passwd'), 'etc-passwd.pdf');
  assert.equal(name('..\\..\\ETC/passwd', 9), 'ETC-passwd-9.pdf');
  assert.equal(name('..'), 'record-.pdf');
  assert.equal(name('NUL'), 'record-NUL.pdf');
  assert.equal(name('\u0000\n'), 'record--7.pdf');
  assert.ok(name('x'.repeat(500)).length < 120);
});
