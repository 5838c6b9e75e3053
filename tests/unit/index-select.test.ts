// Selecting documents by an index: what is fetched is what a full read gives for the same rows, whichever index tells of them. The
// oracle is the whole file, read and then filtered by what the records themselves say.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { cdxjLine, columnarFile } from '../../infra/crawl-index/write.js';
import type { IndexedRecord } from '../../infra/crawl-index/records.js';
import { documentAt, type RefineError } from '../../native/index.js';
import type { IndexFilter, Input, Source, SourceReader } from '../../stages/contract/source.js';
import { localGate } from '../../stages/fetch/gate.js';
import { coalesce, MAX_GAP_BYTES } from '../../stages/fetch/members.js';
import { listInputs } from '../../stages/fetch/list-inputs.js';
import { openInput } from '../../stages/fetch/open-input.js';
import { mayMeet, surtRanges } from '../../stages/fetch/index/filter.js';
import { type CrawlServer, startCrawlServer } from '../support/crawl-server.js';
import { CRAWL, type IndexedCrawl, indexedCrawl } from '../support/indexed-crawl.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-select-'));
const { signal } = new AbortController();
const gate = localGate({ minIntervalMs: 0 });
let crawl: IndexedCrawl;
let server: CrawlServer;
let whole: Record<string, unknown>[];

const list = (source: Source, more: { selectionDir?: string; seed?: bigint; notice?: (words: string) => void } = {}) =>
  listInputs(source, { baseDir: folder, seed: 1n, gate, signal, ...more });

const crawlSource = (index: IndexFilter, more: { files?: number; documents?: number } = {}): Source => ({
  kind: 'commoncrawl',
  crawls: [CRAWL],
  base: server.base,
  select: {
    ...(more.files === undefined ? { fraction: 1 } : { files: more.files }),
    ...(more.documents === undefined ? {} : { documents: more.documents }),
    index,
  },
});

async function documents(reader: SourceReader): Promise<Record<string, unknown>[]> {
  const out: Record<string, unknown>[] = [];
  for await (const batch of reader.batches(signal)) {
    for (let row = 0; row < batch.rows; row++) {
      const document = documentAt(batch, row);
      out.push({
        ...document,
        html:
          document.html === null
            ? null
            : createHash('sha256')
                .update(document.html as Uint8Array)
                .digest('hex'),
      });
    }
  }
  return out;
}

async function all(inputs: readonly Input[]): Promise<Record<string, unknown>[]> {
  const out: Record<string, unknown>[] = [];
  for (const input of inputs) out.push(...(await documents(openInput(input, { gate }))));
  return out;
}

const place = (document: Record<string, unknown>) => `${String(document.warc_path)} ${String(document.warc_offset)}`;

before(async () => {
  crawl = await indexedCrawl();
  server = await startCrawlServer(crawl.files);
  whole = await all(await list({ kind: 'commoncrawl', crawls: [CRAWL], base: server.base, select: { fraction: 1 } }));
});
after(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

/** What a full read gives for the rows of the index that `holds` lets through. */
function expected(holds: (record: IndexedRecord) => boolean): Record<string, unknown>[] {
  const places = new Set(crawl.records.filter(holds).map(({ filename, offset }) => `${filename} ${offset}`));
  return whole.filter((document) => places.has(place(document)));
}

const languages = (record: IndexedRecord) => (record.languages ?? '').split(',');
const FILTERS: readonly [string, IndexFilter, (record: IndexedRecord) => boolean][] = [
  ['a language', { languages: ['deu'], status: [200] }, (record) => record.status === 200 && languages(record).includes('deu')],
  ['the main language', { languages: ['deu'], mainLanguage: true, status: [200] }, (record) => record.status === 200 && languages(record)[0] === 'deu'],
  ['a host', { hosts: ['news.example'], status: [200] }, (record) => record.status === 200 && record.host === 'news.example'],
  ['two hosts, one unknown', { hosts: ['NEWS.example', 'nobody.test'], status: [] }, (record) => record.host === 'news.example'],
  ['a domain', { domains: ['example'], status: [200] }, (record) => record.status === 200 && /(^|\.)example$/.test(record.host)],
  [
    'a top-level domain and a type',
    { tlds: ['.example'], mime: ['text/html'], status: [200] },
    (record) => record.status === 200 && record.host.endsWith('.example') && record.mime === 'text/html',
  ],
  ['any status', { status: [] }, () => true],
];

for (const [name, filter, holds] of FILTERS) {
  test(`${name}: columnar index, cluster.idx, CDX and a CDXJ file of one's own give the documents of a full read`, async () => {
    const wanted = expected(holds);
    assert.ok(wanted.length > 0);
    writeFileSync(join(folder, 'own.cdxj'), crawl.cdxj);
    writeFileSync(join(folder, 'own.parquet'), columnarFile(crawl.records, 1000));
    for (const from of [
      { from: 'columnar' as const },
      { from: 'cdx' as const },
      { files: ['own.cdxj'] },
      { files: ['own.parquet'] },
      { files: ['own.cdxj', 'own.parquet'] }, // rows that stand twice count once
    ]) {
      const inputs = await list(crawlSource({ ...filter, ...from }));
      assert.deepEqual(await all(inputs), wanted, JSON.stringify(from));
      for (const input of inputs) assert.match(input.identity, /^selected:\d+:[0-9a-f]{64}:remote:\d+:"/);
    }
  });
}

test('hosts prune row groups and blocks: fewer bytes of the index are read, and every host finds all of its rows', async () => {
  const table = (crawl.files.filter(({ path }) => path.endsWith('.parquet')) ?? []).reduce((sum, { bytes }) => sum + bytes.length, 0);
  for (const host of new Set(crawl.records.map((record) => record.host))) {
    for (const from of ['columnar', 'cdx'] as const) {
      const before = server.log.length;
      const inputs = await list(crawlSource({ hosts: [host], status: [], from }));
      const read = server.log
        .slice(before)
        .filter(({ path }) => path.startsWith('cc-index/'))
        .reduce((sum, { sent }) => sum + sent, 0);
      assert.equal(
        inputs.reduce((sum, { members }) => sum + members!.count, 0),
        crawl.records.filter((record) => record.host === host).length,
        `${host} by ${from}`,
      );
      if (crawl.records.filter((record) => record.host === host).length < 5 && from === 'cdx') assert.ok(read < table / 4, `${host}: ${read} of ${table}`);
    }
  }
});

test('surt ranges hold every key of a host or domain and none of its neighbours', () => {
  const meets = (filter: IndexFilter, key: string) => mayMeet(surtRanges(filter)!, key, key);
  const status: number[] = [];
  assert.ok(meets({ hosts: ['www.example.com'], status }, 'com,example)/path'));
  assert.ok(meets({ hosts: ['example.com'], status }, 'com,example:8080)/'));
  assert.ok(!meets({ hosts: ['example.com'], status }, 'com,example,news)/'));
  assert.ok(meets({ domains: ['example.com'], status }, 'com,example,news)/'));
  assert.ok(!meets({ domains: ['example.com'], status }, 'com,examples)/'));
  assert.ok(!meets({ domains: ['example.com'], status }, 'com,example-shop)/'));
  assert.ok(meets({ tlds: ['de'], status }, 'de,a)/'));
  assert.ok(!meets({ tlds: ['de'], status }, 'dev,a)/'));
  assert.equal(surtRanges({ languages: ['deu'], status }), null);
});

test('only the selected ranges are fetched, neighbours in one request', async () => {
  const inputs = await list(crawlSource({ hosts: ['news.example'], status: [200] }));
  const before = server.log.length;
  await all(inputs);
  const gets = server.log.slice(before).filter(({ method }) => method === 'GET');
  const bytes = inputs.reduce((sum, input) => sum + input.bytes!, 0);
  assert.equal(
    gets.reduce((sum, { sent }) => sum + sent, 0),
    bytes,
  );
  assert.ok(gets.every(({ range }) => range !== null));
  assert.ok(bytes < inputs.reduce((sum, input) => sum + input.wholeBytes!, 0));
  const at = (offset: number, length = 10) => ({ offset, length, sha1: null });
  const requests = [...coalesce([at(0), at(10 + MAX_GAP_BYTES), at(21 + 2 * MAX_GAP_BYTES), at(22 + 2 * MAX_GAP_BYTES)])];
  assert.deepEqual(
    requests.map(({ from, to, members }) => [from, to, members.length]),
    [
      [0, 20 + MAX_GAP_BYTES, 2],
      [21 + 2 * MAX_GAP_BYTES, 32 + 2 * MAX_GAP_BYTES, 2],
    ],
  );
});

test('a bad network changes nothing', async () => {
  const filter: IndexFilter = { languages: ['deu'], status: [200] };
  const wanted = expected((record) => record.status === 200 && languages(record).includes('deu'));
  server.setFaults({ drop: { maxBytes: 40_000, times: 3 }, throttle: { every: 9, status: 503 }, seed: 3 });
  const env = { limits: { baseDelayMs: 1, maxDelayMs: 2, idleTries: 20 } };
  const inputs = await listInputs(crawlSource(filter), { baseDir: folder, seed: 1n, gate, signal, ...env });
  const found: Record<string, unknown>[] = [];
  for (const input of inputs) found.push(...(await documents(openInput(input, { gate, ...env }))));
  server.setFaults({});
  assert.deepEqual(found, wanted);
});

test('an index that is wrong about a place is damage that is counted, and costs no other document', async () => {
  const good = crawl.records
    .filter(({ filename, status, mime }) => filename === crawl.warcs[0]!.path && status === 200 && mime === 'text/html')
    .sort((a, b) => a.offset - b.offset);
  const [a, b, c, d, e, f] = [good[1]!, good[3]!, good[5]!, good[7]!, good[9]!, good[11]!];
  const size = crawl.warcs[0]!.bytes.length;
  const wrong: IndexedRecord[] = [
    { ...a, offset: a.offset + 1 }, // inside a member
    { ...b, length: b.length - 20 }, // ends early
    { ...c, length: c.length + 300 }, // runs into the next member
    { ...d, digest: 'B'.repeat(32) },
    { ...e, offset: size - 10 }, // past the end
    { ...f, length: 2 },
  ];
  const rest = good.filter((record) => ![a, b, c, d, e, f].includes(record));
  writeFileSync(join(folder, 'wrong.cdxj'), [...wrong, ...rest].map(cdxjLine).join(''));
  const [input] = await list(crawlSource({ status: [], files: ['wrong.cdxj'] }));
  const reader = openInput(input!, { gate });
  const found = await documents(reader);
  const places = new Set(rest.map(({ filename, offset }) => `${filename} ${offset}`));
  assert.deepEqual(
    found,
    whole.filter((document) => places.has(place(document))),
  );
  const counts = reader.counts();
  assert.equal(counts.documents, rest.length);
  assert.equal(counts.records, counts.documents + Object.values(counts.skips).reduce((sum, count) => sum + count, 0));
  assert.equal(counts.damage['index-offset'], 3);
  assert.equal(counts.damage['index-digest'], 1);
  assert.ok(Object.values(counts.damage).reduce((sum, count) => sum + count, 0) >= 6, JSON.stringify(counts.damage));
});

test('an index of another file fails the input by name', async () => {
  const shifted = crawl.records
    .filter(({ filename }) => filename === crawl.warcs[0]!.path)
    .map((record) => ({ ...record, offset: record.offset + 7, length: 40 }));
  writeFileSync(join(folder, 'other.cdxj'), shifted.map(cdxjLine).join(''));
  const [input] = await list(crawlSource({ status: [], files: ['other.cdxj'] }));
  await assert.rejects(
    documents(openInput(input!, { gate })),
    (error: RefineError) => error.code === 'ERR_REFINE_SELECTION' && /none of the \d+ ranges/.test(error.message),
  );
});

test('a selection is kept: the index is not read again, and another filter is another selection', async () => {
  const selectionDir = join(folder, 'kept');
  const reads = async (filter: IndexFilter): Promise<[number, Input[]]> => {
    const before = server.log.length;
    const inputs = await list(crawlSource(filter), { selectionDir });
    return [server.log.slice(before).filter(({ method, path }) => method === 'GET' && path.startsWith('cc-index/')).length, inputs];
  };
  const filter: IndexFilter = { languages: ['deu'], status: [200] };
  const [first, inputs] = await reads(filter);
  assert.ok(first > 0);
  assert.deepEqual(await reads(filter), [0, inputs]);
  const [third] = await reads({ ...filter, mainLanguage: true });
  assert.ok(third > 0);
  assert.equal(readdirSync(selectionDir).length, 4);
  writeFileSync(inputs[0]!.members!.path, 'cut');
  await assert.rejects(
    documents(openInput(inputs[0]!, { gate })),
    (error: RefineError) => error.code === 'ERR_REFINE_SELECTION' && /cut short/.test(error.message),
  );
});

test('documents: N takes the lowest lots, whatever index tells of them, and a larger N contains a smaller', async () => {
  const places = async (documents: number, from: 'columnar' | 'cdx', seed = 1n) => {
    const inputs = await list(crawlSource({ status: [200], from }, { documents }), { seed });
    return (await all(inputs)).map(place);
  };
  const ten = await places(10, 'columnar');
  assert.equal(ten.length, 10);
  assert.deepEqual(await places(10, 'cdx'), ten);
  const thirty = await places(30, 'cdx');
  assert.ok(ten.every((one) => thirty.includes(one)));
  assert.notDeepEqual(await places(10, 'columnar', 2n), ten);
});

test('rows of files that are not selected are left out, and people are told', async () => {
  const notices: string[] = [];
  const inputs = await list(crawlSource({ status: [200] }, { files: 1 }), { notice: (words) => notices.push(words) });
  assert.equal(inputs.length, 1);
  assert.match(notices.join(), /index rows are of files that this run does not read/);
  await assert.rejects(
    list(crawlSource({ hosts: ['nobody.test'], status: [200] })),
    (error: RefineError) => error.code === 'ERR_REFINE_SELECTION' && /nobody\.test/.test(error.message),
  );
});

test('a local WARC is read by its CDXJ, CDX or Parquet index, named by base name', async () => {
  const bytes = crawl.warcs[0]!.bytes;
  writeFileSync(join(folder, 'local.warc.gz'), bytes);
  const own = crawl.records.filter(({ filename }) => filename === crawl.warcs[0]!.path).map((record) => ({ ...record, filename: 'local.warc.gz' }));
  const cdx = own.map((r) => `${r.surt} ${r.timestamp} ${r.url} ${r.mime} ${r.status} ${r.digest ?? '-'} - - ${r.length} ${r.offset} ${r.filename}\n`).join('');
  writeFileSync(join(folder, 'local.cdxj'), own.map(cdxjLine).join(''));
  writeFileSync(join(folder, 'local.cdx'), ` CDX N b a m s k r M S V g\n${cdx}`);
  writeFileSync(join(folder, 'local.parquet'), columnarFile(own, 10));
  const full = await all(await list({ kind: 'warc', paths: ['local.warc.gz'] }));
  const hosts = ['news.example'];
  const wanted = full.filter(({ host, http_status }) => host === 'news.example' && http_status === 200);
  for (const index of ['local.cdxj', 'local.cdx', 'local.parquet']) {
    const inputs = await list({ kind: 'warc', paths: ['local.warc.gz'], index: [index], select: { index: { hosts, status: [200] } } });
    assert.deepEqual(await all(inputs), wanted, index);
  }
  assert.equal((await all(await list({ kind: 'warc', paths: ['local.warc.gz'], index: ['local.cdxj'] }))).length, full.length);
  writeFileSync(join(folder, 'none.cdxj'), 'no index\nat all\n');
  await assert.rejects(
    list({ kind: 'warc', paths: ['local.warc.gz'], index: ['none.cdxj'] }),
    (error: RefineError) => error.code === 'ERR_REFINE_SELECTION' && /no index line/.test(error.message),
  );
});

test('index lines that lie are counted or refused by name: nothing but the files of the run is opened', async () => {
  const bytes = crawl.warcs[0]!.bytes;
  writeFileSync(join(folder, 'mine.warc.gz'), bytes);
  const good = crawl.records.filter(({ filename, status, mime }) => filename === crawl.warcs[0]!.path && status === 200 && mime === 'text/html').slice(0, 3);
  const line = (fields: Record<string, unknown>): string =>
    `com,example)/ 20230101000000 ${JSON.stringify({ url: 'http://example.com/', status: '200', offset: '0', length: '100', filename: 'mine.warc.gz', ...fields })}\n`;
  const numbers = ['-1', '1e3', '0x10', '99999999999999999999', '9'.repeat(400), '1.5', '', ' 1', 'NaN', null, true, [1], { a: 1 }, -5, 1.5, 2 ** 60];
  const elsewhere = [
    '../../../etc/passwd',
    '/etc/passwd',
    'file:///etc/passwd',
    'http://169.254.169.254/latest',
    `${server.base}/secret`,
    's3://bucket/key',
    '..',
    '.',
    '\u0000',
    'x'.repeat(500_000),
  ];
  const hostile = [
    ...numbers.flatMap((value) => [line({ offset: value }), line({ length: value })]),
    line({ length: 0 }),
    line({ length: 2 ** 33 }),
    ...elsewhere.map((filename) => line({ filename })),
    line({ filename: ['mine.warc.gz'] }),
    `com,example)/ 20230101000000 ${'['.repeat(500_000)}\n`,
    `com,example)/ 20230101000000 {"__proto__":{"filename":"mine.warc.gz","offset":"0","length":"10"}}\n`,
    `${'x'.repeat(3 << 20)}\n`,
    '\xff\xfe\x00\n',
  ];
  writeFileSync(join(folder, 'lies.cdxj'), [...hostile, ...good.map((record) => cdxjLine({ ...record, filename: 'mine.warc.gz' }))].join(''), 'latin1');
  const notices: string[] = [];
  const before = server.log.length;
  const [input, ...others] = await list({ kind: 'warc', paths: ['mine.warc.gz'], index: ['lies.cdxj'] }, { notice: (words) => notices.push(words) });
  assert.deepEqual(others, []);
  const found = await documents(openInput(input!, { gate }));
  assert.deepEqual(
    found.map(({ warc_offset }) => Number(warc_offset)),
    good.map(({ offset }) => offset).sort((a, b) => a - b),
  );
  assert.equal(server.log.length, before, 'no request went out');
  assert.match(notices.join('\n'), /\d+ index lines give no place of a record/);
  assert.match(notices.join('\n'), /10 index rows are of files that this run does not read/);

  const cluster = (file: string) => `com,example)/ 20230101000000\t${file}\t0\t100\t1\n`;
  for (const file of ['..', '.', '../cdx-00000.gz', 'http://evil.test/x', '/etc/passwd', '.hidden']) {
    const files = crawl.files.map((one) => (one.path.endsWith('cluster.idx') ? { ...one, bytes: Buffer.from(cluster(file)) } : one));
    const hostileServer = await startCrawlServer(files);
    try {
      const source: Source = {
        kind: 'commoncrawl',
        crawls: [CRAWL],
        base: hostileServer.base,
        select: { fraction: 1, index: { from: 'cdx', domains: ['example.com'], status: [] } },
      };
      await assert.rejects(list(source), (error: RefineError) => error.code === 'ERR_REFINE_SELECTION' && /holds the line/.test(error.message), file);
      assert.ok(
        hostileServer.log.every(({ path }) => /\.(paths\.gz|idx)$/.test(path)),
        file,
      );
    } finally {
      await hostileServer.close();
    }
  }
});

test('a columnar index with numbers that are none, and names of megabytes, is counted and read on', async () => {
  const own = crawl.records.filter(({ filename, status, mime }) => filename === crawl.warcs[0]!.path && status === 200 && mime === 'text/html').slice(0, 4);
  writeFileSync(join(folder, 'columnar.warc.gz'), crawl.warcs[0]!.bytes);
  const rows = 20_000; // of one name in the dictionary, each of which would be a text of 2 MB
  const long = 'y'.repeat(2 << 20);
  const column = (name: string, type: 'STRING' | 'DOUBLE' | 'INT32', data: unknown[]) => ({ name, type, data });
  const file = parquetWriteBuffer({
    columnData: [
      column('url_host_name', 'STRING', [...own.map(({ host }) => host), ...new Array<string>(rows).fill('a.example')]),
      column('fetch_status', 'INT32', new Array<number>(rows + 4).fill(200)),
      column('warc_filename', 'STRING', [...own.map(() => 'columnar.warc.gz'), ...new Array<string>(rows).fill(long)]),
      column('warc_record_offset', 'DOUBLE', [...own.map(({ offset }) => offset), ...new Array<number>(rows).fill(1.5)]),
      column('warc_record_length', 'DOUBLE', [own[0]!.length, own[1]!.length + 0.5, Number.POSITIVE_INFINITY, Number.NaN, ...new Array<number>(rows).fill(10)]),
    ],
  });
  writeFileSync(join(folder, 'columnar.parquet'), Buffer.from(file));
  const notices: string[] = [];
  const before = process.memoryUsage().rss;
  const inputs = await list({ kind: 'warc', paths: ['columnar.warc.gz'], index: ['columnar.parquet'] }, { notice: (words) => notices.push(words) });
  assert.ok(process.memoryUsage().rss - before < 512 << 20, `${(process.memoryUsage().rss - before) >> 20} MiB`);
  assert.deepEqual(
    (await all(inputs)).map(({ warc_offset }) => Number(warc_offset)),
    [own[0]!.offset],
  );
  assert.match(notices.join('\n'), /3 index lines give no place/);
});
