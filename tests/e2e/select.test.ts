// A run over what an index selects: the documents of a full run with the same selection applied afterwards, resumed exactly, fetched
// by ranges; and a run over Parquet. Oracles: the full run, the server's own count of bytes.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { documentAt, packagePath } from '../../native/index.js';
import { readArrow } from '../../pipeline/store.js';
import { promisedBytes, refine } from '../support/cli.js';
import { type CrawlServer, startCrawlServer } from '../support/crawl-server.js';
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
