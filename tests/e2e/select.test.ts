// A run over what an index selects: the documents of a full run with the same selection applied afterwards, resumed exactly, fetched
// by ranges; and a run over Parquet. Oracles: the full run, the server's own count of bytes.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parquetWriteBuffer } from 'hyparquet-writer';
import type { IndexedRecord } from '../../infra/crawl-index/records.js';
import { cdxjLine } from '../../infra/crawl-index/write.js';
import { documentAt, packagePath } from '../../native/index.js';
import { readArrow } from '../../pipeline/store.js';
import { promisedBytes, refine } from '../support/cli.js';
import { type CrawlServer, generator, startCrawlServer } from '../support/crawl-server.js';
import { CRAWL, type IndexedCrawl, indexedCrawl } from '../support/indexed-crawl.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-select-run-'));
let crawl: IndexedCrawl;
let server: CrawlServer;

before(async () => {
  crawl = await indexedCrawl();
  server = await startCrawlServer(crawl.files);
});
after(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const manifest = (select: string) => `
name: selected
seed: 7
source:
  commoncrawl:
    crawls: [${CRAWL}]
    base: ${server.base}
    select: ${select}
steps:
  - extract
  - langid
  - tokenize
`;
const write = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const INDEX = '{ index: { domains: [example], languages: [deu], status: 200 } }';

async function kept(run: string): Promise<Record<string, unknown>[]> {
  const out: Record<string, unknown>[] = [];
  for (const name of readdirSync(join(run, 'text')).sort()) {
    for await (const batch of readArrow(join(run, 'text', name))) for (let row = 0; row < batch.rows; row++) out.push({ ...documentAt(batch, row) });
  }
  return out;
}

const run = (path: string, out: string, ...more: string[]) => refine(['run', path, '--out', join(folder, out), '--workers', '2', ...more]);

test('a selected run keeps what a full run keeps of the same documents, resumes without a byte, and plan says what will be fetched', {
  timeout: 180_000,
}, async () => {
  const path = write('selected.yaml', manifest(INDEX));
  const planned = await refine(['plan', path, '--json', '--out', join(folder, 'selected')]);
  assert.equal(planned.code, 0, planned.stderr);
  const plan = JSON.parse(planned.stdout) as { bytes: number; selected: { wholeBytes: number; documents: number } };
  assert.equal(
    plan.selected.wholeBytes,
    crawl.warcs.reduce((sum, { bytes }) => sum + bytes.length, 0),
  );

  const from = server.log.length;
  const first = await run(path, 'selected');
  assert.equal(first.code, 0, first.stderr);
  const fetched = server.log.slice(from).filter(({ method, path: file }) => method === 'GET' && file.endsWith('.warc.gz'));
  assert.equal(
    fetched.reduce((sum, { sent }) => sum + sent, 0),
    plan.bytes,
  );
  assert.ok(plan.bytes < plan.selected.wholeBytes);

  const whole = await run(write('whole.yaml', manifest('{ fraction: 1 }')), 'whole');
  assert.equal(whole.code, 0, whole.stderr);
  const places = new Set(
    crawl.records
      .filter(({ status, languages }) => status === 200 && languages!.split(',').includes('deu'))
      .map(({ filename, offset }) => `${filename} ${offset}`),
  );
  assert.equal(plan.selected.documents, places.size);
  const wanted = (await kept(join(folder, 'whole'))).filter(({ warc_path, warc_offset }) => places.has(`${String(warc_path)} ${String(warc_offset)}`));
  assert.ok(wanted.length > 20);
  assert.deepEqual(await kept(join(folder, 'selected')), wanted);

  const bytes = promisedBytes(join(folder, 'selected'));
  const again = server.log.length;
  const resumed = await run(path, 'selected');
  assert.equal(resumed.code, 0, resumed.stderr);
  assert.deepEqual(promisedBytes(join(folder, 'selected')), bytes);
  assert.deepEqual(
    server.log.slice(again).filter(({ method, path: file }) => method === 'GET' && !file.endsWith('.paths.gz')),
    [],
  );

  // By the other index, and one worker: the same bytes.
  const cdx = write('cdx.yaml', manifest('{ index: { from: cdx, domains: [example], languages: [deu], status: 200 } }').replace('name: selected', 'name: cdx'));
  const other = await run(cdx, 'cdx', '--workers', '1');
  assert.equal(other.code, 0, other.stderr);
  assert.deepEqual(promisedBytes(join(folder, 'cdx')), bytes);

  const widened = await run(write('wider.yaml', manifest('{ index: { domains: [example], status: 200 } }')), 'selected');
  assert.equal(widened.code, 1);
  assert.match(widened.stderr, /source\.select\.index/);
});

/** Another byte in the middle of a file of more than 2 MiB: its identity (size, first and last MiB) is as before. */
function touch(path: string, at: number): void {
  const bytes = readFileSync(path);
  assert.ok(at > 1 << 20 && at < bytes.length - (1 << 20), `${at} of ${bytes.length}`);
  bytes[at] = bytes[at]! ^ 1;
  writeFileSync(path, bytes);
}

test('--verify-inputs reads Parquet and selected members again as their tasks did, and says what it did not read', { timeout: 180_000 }, async () => {
  // Parquet: texts that do not compress, in a file of some 4 MB.
  const random = generator(5);
  const texts = Array.from({ length: 400 }, () => Array.from({ length: 1200 }, () => Math.floor(random() * 2 ** 40).toString(36)).join(' '));
  const table = join(folder, 'touched.parquet');
  const written = parquetWriteBuffer({ columnData: [{ name: 'text', type: 'STRING', data: texts }], codec: 'UNCOMPRESSED' });
  writeFileSync(table, Buffer.from(written));
  const rows = write('verify-parquet.yaml', `name: verify\nsource: { parquet: ${JSON.stringify(table)} }\nsteps:\n  - tokenize\n`);
  assert.equal((await run(rows, 'verify-parquet')).code, 0);
  const same = await run(rows, 'verify-parquet', '--verify-inputs');
  assert.equal(same.code, 0, same.stderr);
  assert.match(same.stderr, /--verify-inputs: 1 input read again$/m);
  touch(table, written.byteLength >> 1);
  const other = await run(rows, 'verify-parquet', '--verify-inputs');
  assert.equal(other.code, 1);
  assert.match(other.stderr, /ERR_REFINE_INPUT_CHANGED.*touched\.parquet {2}changed since it was read/s);

  // Selected members of a WARC file: two records stand around a gap of 3 MB, in which nothing was read.
  const { filename } = crawl.records[0]!;
  const [a, b] = crawl.records.filter((record) => record.filename === filename && record.status === 200 && record.mime === 'text/html');
  const whole = crawl.warcs.find(({ path: of }) => of === filename)!.bytes;
  const member = ({ offset, length }: IndexedRecord): Uint8Array => whole.subarray(offset, offset + length);
  const gap = new Uint8Array(3 << 20);
  const file = join(folder, 'touched.warc.gz');
  const start = gap.length + a!.length + gap.length;
  writeFileSync(file, Buffer.concat([member(a!), gap, member(b!), gap]));
  const own = [
    { ...a!, filename: 'touched.warc.gz', offset: 0 },
    { ...b!, filename: 'touched.warc.gz', offset: a!.length + gap.length },
  ];
  writeFileSync(join(folder, 'touched.cdxj'), own.map(cdxjLine).join(''));
  const members = write('verify-members.yaml', 'name: members\nsource: { warc: touched.warc.gz, index: touched.cdxj }\nsteps:\n  - extract\n');
  assert.equal((await run(members, 'verify-members')).code, 0);
  touch(file, start - (1 << 20)); // in the gap: not what was read
  assert.match((await run(members, 'verify-members', '--verify-inputs')).stderr, /--verify-inputs: 1 input read again$/m);
  touch(file, a!.length + gap.length + (b!.length >> 1));
  const changed = await run(members, 'verify-members', '--verify-inputs');
  assert.equal(changed.code, 1);
  assert.match(changed.stderr, /ERR_REFINE_INPUT_CHANGED.*touched\.warc\.gz {2}changed since it was read/s);

  const remote = await run(join(folder, 'selected.yaml'), 'selected', '--verify-inputs');
  assert.equal(remote.code, 0, remote.stderr);
  assert.match(remote.stderr, /--verify-inputs: 0 inputs read again; 2 remote, compared by size and ETag alone/);
});

test('an update leaves no selection of the manifest before it', { timeout: 120_000 }, async () => {
  const out = join(folder, 'selected');
  const before = readdirSync(join(out, 'selection'));
  assert.equal(before.length, 2, 'that of the manifest that was refused above is gone since the run after it');
  mkdirSync(join(out, 'selection', 'sorting-of-a-killed-process'));
  const updated = await run(join(folder, 'wider.yaml'), 'selected', '--update');
  assert.equal(updated.code, 0, updated.stderr);
  const now = readdirSync(join(out, 'selection'));
  assert.equal(now.length, 2);
  assert.ok(
    before.every((name) => !now.includes(name)),
    `${now.join(' ')} of ${before.join(' ')}`,
  );
  const again = server.log.length;
  assert.equal((await run(join(folder, 'wider.yaml'), 'selected')).code, 0);
  assert.ok(!server.log.slice(again).some(({ method, path }) => method === 'GET' && path.startsWith('cc-index/')), 'the selection that is in use was kept');
});

test('Parquet rows run to shards, with the file and the row as their place', { timeout: 120_000 }, async () => {
  const path = write(
    'parquet.yaml',
    `name: rows\nsource: { parquet: ${JSON.stringify(packagePath('tests', 'fixtures', 'parquet', 'zstd.parquet'))} }\nsteps:\n  - langid\n  - tokenize\n`,
  );
  const done = await run(path, 'rows');
  assert.equal(done.code, 0, done.stderr);
  const documents = await kept(join(folder, 'rows'));
  assert.equal(documents.length, 693);
  assert.match(String(documents[692]!.warc_path), /zstd\.parquet$/);
  assert.deepEqual([documents[692]!.warc_offset, documents[692]!.id], [699n, '<urn:uuid:000000000000000000000000000002bb>']);
});
