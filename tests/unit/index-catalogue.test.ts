// The catalogue of a dedupe index: its bytes, and what becomes of them when they are damaged, newer or not one at all.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { RefineError, utf8Column } from '../../native/index.js';
import {
  type Catalogue,
  catalogueText,
  findDamage,
  firstRow,
  type IndexSegment,
  isName,
  readCatalogue,
  segmentFile,
} from '../../stages/dedupe/index-catalogue.js';
import { openAgainst } from '../../stages/dedupe/index-against.js';
import { dumpOf, Scopes } from '../../stages/dedupe/index-scope.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-catalogue-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const hex = (seed: number): string => seed.toString(16).padStart(64, '7');
const segment = (seed: number): IndexSegment => ({
  name: `cc-${seed}`,
  tag: seed * 1000,
  content: hex(seed),
  documents: 5,
  files: { ids: { bytes: 12, sha256: hex(seed + 1), records: 5 }, 'dedupe-exact': { bytes: 7, sha256: hex(seed + 2), records: 4 } },
});
const catalogue: Catalogue = { keys: { 'dedupe-exact': { form: 1, normalise: 'default' } }, shingles: false, segments: [segment(1), segment(2)] };

function written(name: string, text: string): string {
  const index = join(folder, name);
  mkdirSync(index, { recursive: true });
  writeFileSync(join(index, 'index.json'), text);
  return index;
}

const refused = (index: string, message: RegExp): void =>
  assert.throws(
    () => readCatalogue(index),
    (error) => error instanceof RefineError && error.code === 'ERR_REFINE_INDEX' && message.test(error.format()),
  );

test('a catalogue reads back, and segments in another order give the same bytes', () => {
  const text = catalogueText(catalogue);
  assert.deepEqual(readCatalogue(written('whole', text)), catalogue);
  assert.equal(catalogueText({ ...catalogue, segments: [segment(2), segment(1)] }), text);
  assert.notEqual(catalogueText({ ...catalogue, segments: [segment(2), segment(3)] }), text);
  assert.equal(firstRow({ tag: 3 }), (1n << 63n) | (3n << 32n));
});

test('a flipped bit anywhere in the catalogue is found, also where it still is JSON', () => {
  const bytes = Buffer.from(catalogueText(catalogue), 'utf8');
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes);
    damaged[at]! ^= 1;
    const index = join(folder, 'flipped');
    mkdirSync(index, { recursive: true });
    writeFileSync(join(index, 'index.json'), damaged);
    refused(index, /it was changed after it was written|is no catalogue of a dedupe index|has format .* this refine reads/);
  }
});

test('a folder without catalogue, one cut short, one of a newer refine and one with wrong members are named with the next move', () => {
  refused(join(folder, 'nowhere'), /nowhere {2}is no dedupe index: it has no index\.json\. Name a folder that `refine index build` wrote/);
  const text = catalogueText(catalogue);
  refused(written('short', text.slice(0, 200)), /is not JSON .*Restore it from a copy, or build the index anew/);
  refused(written('newer', text.replace('"format": 1', '"format": 2')), /has format 2, this refine reads and writes format 1\. Use the refine that wrote it/);
  refused(written('other', '{"kind": "something"}'), /is no catalogue of a dedupe index/);
  refused(written('null', 'null'), /is no catalogue of a dedupe index/);
  for (const wrong of [
    { ...catalogue, segments: [{ ...segment(1), name: '../up' }] },
    { ...catalogue, segments: [{ ...segment(1), tag: 2 ** 31 }] },
    { ...catalogue, segments: [{ ...segment(1), files: { '../ids': { bytes: 1, sha256: hex(1), records: 1 } } }] },
    { ...catalogue, segments: [{ ...segment(1), files: { ids: { bytes: -1, sha256: hex(1), records: 1 } } }] },
    { ...catalogue, keys: { 'dedupe-exact': { normalise: { deep: 1 } } } } as unknown as Catalogue,
  ])
    refused(written('wrong', catalogueText(wrong)), /differs from what its digest was taken of/);
});

test('files that are absent or cut short are found by their sizes, and only those of the roles asked for', () => {
  const index = written('files', catalogueText({ ...catalogue, segments: [segment(1)] }));
  assert.match(findDamage(index, catalogue)!.format(), /dedupe-exact\.records|ids\.records/);
  mkdirSync(join(index, 'segments', hex(1).slice(0, 16)), { recursive: true });
  for (const [role, { bytes }] of Object.entries(segment(1).files)) writeFileSync(segmentFile(index, segment(1), role), Buffer.alloc(bytes));
  const one = { ...catalogue, segments: [segment(1)] };
  assert.equal(findDamage(index, one), null);
  truncateSync(segmentFile(index, segment(1), 'ids'), 11);
  assert.match(findDamage(index, one)!.format(), /ids\.records {2}has 11 bytes, the catalogue says 12: it was cut short or changed\. Restore .*"cc-1"/);
  assert.equal(
    findDamage(index, one, (role) => role === 'dedupe-exact'),
    null,
  );
});

test('a task reads the copy of the catalogue that its run began with, though the index has grown', () => {
  const index = written('grown', catalogueText(catalogue));
  const copy = join(folder, 'copy');
  writeFileSync(copy, catalogueText({ ...catalogue, segments: [segment(1)] }));
  const open = (env: { outside?: readonly string[] }): readonly string[] =>
    openAgainst(
      'dedupe-exact',
      { scope: 'global', against: index },
      catalogue.keys['dedupe-exact']!,
      { seed: 0n, baseDir: '/', device: 'cpu', ...env },
      () => false,
    )!.files('dedupe-exact');
  assert.deepEqual(
    open({}),
    [segment(1), segment(2)].map((one) => segmentFile(index, one, 'dedupe-exact')),
  );
  assert.deepEqual(open({ outside: [copy] }), [segmentFile(index, segment(1), 'dedupe-exact')]);
});

test('names of runs are words that paths, colons and shells leave alone', () => {
  for (const good of ['a', 'CC-MAIN-2023-06', 'my_run.2', '7']) assert.ok(isName(good), good);
  for (const bad of ['', '.', '..', '-x', 'a:b', 'a/b', 'a b', 'ä', `a${'b'.repeat(100)}`]) assert.ok(!isName(bad), bad);
});

test("a dump's name is the crawl's folder in warc_path, else the first folder", () => {
  const of: Readonly<Record<string, string>> = {
    'crawl-data/CC-MAIN-2023-06/segments/1674764494826.88/warc/CC-MAIN-20230126210844-20230127000844-00000.warc.gz': 'CC-MAIN-2023-06',
    'https://data.commoncrawl.org/crawl-data/CC-MAIN-2012/segments/x.warc.gz': 'CC-MAIN-2012',
    'CC-MAIN-2009-2010/x.warc.gz': 'CC-MAIN-2009-2010',
    'news/2023/x.warc.gz': 'news',
    '/data/a/x.jsonl': 'data',
    's3://bucket/a/x.jsonl': 'bucket',
    'CC-MAIN-20230126210844-20230127000844-00000.warc.gz': '',
    'x.jsonl': '',
    '': '',
  };
  for (const [path, dump] of Object.entries(of)) assert.equal(dumpOf(path), dump, path);
});

test('keys of one scope stay equal and those of two never are; parts are about equal and take each path to one part', async () => {
  const paths = Array.from({ length: 4000 }, (_, at) => `crawl-data/CC-MAIN-2023-${at % 2 === 0 ? '06' : '14'}/${at}.warc.gz`);
  const batch = { rows: paths.length, columns: { warc_path: utf8Column(paths) } };
  const rows = paths.map((_, row) => row);
  const mixed = async (scope: ConstructorParameters<typeof Scopes>[0]): Promise<BigUint64Array> => {
    const keys = new BigUint64Array(2 * paths.length).fill(5n);
    await new Scopes(scope).mix(batch, keys, rows);
    return keys;
  };
  assert.deepEqual(await mixed('global'), new BigUint64Array(8000).fill(5n));
  const dumps = await mixed('per-dump');
  assert.equal(new Set(dumps.filter((_, word) => word % 2 === 0)).size, 2);
  assert.ok(dumps[0] === dumps[4] && dumps[1] === dumps[5] && dumps[0] !== dumps[2] && dumps[0] !== 5n);
  const parts = await mixed({ parts: 8 });
  const counts = new Map<bigint, number>();
  for (const row of rows) counts.set(parts[2 * row]!, (counts.get(parts[2 * row]!) ?? 0) + 1);
  assert.equal(counts.size, 8);
  for (const count of counts.values()) assert.ok(count > 400 && count < 600, String(count)); // 500, and five standard deviations are 105
  assert.deepEqual(await mixed({ parts: 8 }), parts);
});
