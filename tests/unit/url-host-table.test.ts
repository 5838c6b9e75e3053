// Tables by host in every format, each written by someone else: Parquet and Arrow by nodejs-polars, text by hand in the shape
// of CommonCrawl's rank files (their published header). Values are compared with the table's own rows.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import polars from 'nodejs-polars';
import { utf8Column, valueAt } from '../../native/index.js';
import type { StageEnv } from '../../stages/contract/stage.js';
import { url } from '../../stages/url/url.js';
import { randomFrom } from '../support/random.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-hosts-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));
const env: StageEnv = { seed: 1n, baseDir: folder, device: 'cpu' };
const put = (name: string, content: string | Uint8Array): void => writeFileSync(join(folder, name), content);

const parse = (options: unknown) => url.schema.parse(options);

async function joined(options: unknown, urls: readonly (string | null)[], scratch?: string): Promise<Record<string, unknown[]>> {
  const parsed = parse(options);
  const place = scratch === undefined ? env : { ...env, scratch };
  assert.deepEqual(url.check!(parsed, place), []);
  const run = await url.open(parsed, place);
  const { columns, drops } = await run.process({ rows: urls.length, columns: { url: utf8Column(urls) } }, new AbortController().signal);
  await run.close();
  assert.ok(drops!.every((drop) => drop === 0));
  assert.deepEqual(Object.keys(columns!), url.alsoWrites!(parsed, place));
  return Object.fromEntries(Object.entries(columns!).map(([name, column]) => [name, urls.map((_, row) => valueAt(column, row))]));
}

const problems = (options: unknown) => url.check!(parse(options), env).map(({ path, message }) => `${path.join('.')}: ${message}`);

const HOSTS = ['com.example', 'org.wikipedia.en', 'net.a', 'xn--p1ai.xn--e1afmkfd'];
const table = () =>
  polars.DataFrame({
    host_rev: HOSTS,
    harmonicc_pos: polars.Series('harmonicc_pos', [1, 16_777_217, 4_294_967_295, 9_007_199_254_740_991], polars.Int64),
    pr_val: polars.Series('pr_val', [0.012750407517909759, 4.481314067744052e-9, null, 0], polars.Float64),
    small: polars.Series('small', [1, 2, 3, 4], polars.Int32),
    title: ['a', 'b', 'c', 'd'],
  });
const URLS = [
  'https://www.example.com/x',
  'http://en.wikipedia.org',
  'http://a.net:8080/?q',
  'https://пример.рф/',
  'http://wikipedia.org/',
  'http://b.net/',
  null,
  'nonsense',
];
const EXPECTED = {
  host_harmonicc_pos: [1, 16_777_217, 4_294_967_295, 9_007_199_254_740_991, null, null, null, null],
  host_pr_val: [0.012750407517909759, 4.481314067744052e-9, null, 0, null, null, null, null],
  host_small: [1, 2, 3, 4, null, null, null, null],
};

for (const compression of ['zstd', 'snappy', 'brotli', 'gzip', 'lz4', 'uncompressed'] as const) {
  test(`Parquet with ${compression} pages becomes columns of doubles, exact above 2^24, null where the host or the value is absent`, async () => {
    table().writeParquet(join(folder, `${compression}.parquet`), { compression });
    assert.deepEqual(await joined({ join: `${compression}.parquet` }, URLS), EXPECTED);
  });
}

test('Arrow files of two writers are joined: plain, view and dictionary strings', async () => {
  table().writeIPC(join(folder, 'polars.arrow'));
  assert.deepEqual(await joined({ join: 'polars.arrow' }, URLS), EXPECTED);
  const arrays = { host: ['example.com', 'a.net'], pos: Int32Array.of(7, 9), dictionary: ['x', 'y'] }; // apache-arrow makes dictionaries of strings
  put('arrow-js.arrow', tableToIPC(tableFromArrays(arrays), 'file'));
  assert.deepEqual(await joined({ join: 'arrow-js.arrow' }, URLS), { host_pos: [7, null, 9, null, null, null, null, null] });
});

const RANKS = [
  '#harmonicc_pos\t#harmonicc_val\t#pr_pos\t#pr_val\t#host_rev\t#n_hosts',
  '1\t24993276.0\t2\t0.012750407517909759\tcom.facebook\t7348',
  '2\t24671056.0\t1\t0.01721003017179015\tcom.googleapis\t1904',
  '3\t1.5\t4\t\tuk.co.example\t2',
];

test("CommonCrawl's domain ranks are looked up by registrable domain, its host ranks by host; plain, gzip and CSV are one table", async () => {
  const text = `${RANKS.join('\n')}\n`;
  put('ranks.txt', text);
  put('ranks.txt.gz', gzipSync(text));
  put('ranks.csv', `${RANKS.map((line) => line.replaceAll('\t', ',').replace('com.facebook', '"com.facebook"')).join('\r\n')}`);
  const urls = ['https://m.facebook.com/', 'http://fonts.googleapis.com/css', 'http://shop.example.co.uk', 'http://co.uk/'];
  const expected = {
    host_harmonicc_pos: [1, 2, 3, null],
    host_harmonicc_val: [24993276, 24671056, 1.5, null],
    host_pr_pos: [2, 1, 4, null],
    host_pr_val: [0.012750407517909759, 0.01721003017179015, null, null],
    host_n_hosts: [7348, 1904, 2, null],
  };
  for (const file of ['ranks.txt', 'ranks.txt.gz', 'ranks.csv']) assert.deepEqual(await joined({ join: file }, urls), expected, file);
  const byHost = await joined({ join: { file: 'ranks.txt', level: 'host', columns: ['pr_pos'] } }, ['https://m.facebook.com/', 'https://www.facebook.com/']);
  assert.deepEqual(byHost, { host_pr_pos: [null, 2] });
});

test('what a column means can be said: another host column, reversed or not, SURT order, the first of two rows', async () => {
  put('own.tsv', 'site\trank\tdomain\nexample.com\t1\tcom.x\nexample.com\t2\tcom.y\n.\t3\tcom.z\n');
  assert.deepEqual(await joined({ join: { file: 'own.tsv', host: 'site' } }, ['http://example.com']), { host_rank: [1] });
  assert.deepEqual(await joined({ join: { file: 'own.tsv', reversed: true } }, ['http://a.b.y.com', 'http://z.com']), { host_rank: [2, 3] });
  put('surt.tsv', 'surt_host_name\tfetch_200\norg,commoncrawl\t9\n');
  assert.deepEqual(await joined({ join: 'surt.tsv' }, ['https://commoncrawl.org/']), { host_fetch_200: [9] });
});

test('mistakes are named with the option they stand at', () => {
  put('words.tsv', 'host\tkind\na.com\tblog\n');
  put('nothing.tsv', 'a\tb\n1\t2\n');
  put('twins.tsv', 'host\ta-b\ta_b\nx.com\t1\t2\n');
  put('not.parquet', 'PAR1 but nothing like it');
  put('one.tsv', 'host\trank\na.com\t1\n');
  assert.deepEqual(problems({ join: 'absent.parquet' }), ['join: "absent.parquet" is not there. Correct the path, or take the option out']);
  assert.deepEqual(problems({ join: 'words.tsv' }), ['join: none of its columns (host, kind) is numeric, so there is nothing to join']);
  assert.match(
    problems({ join: 'nothing.tsv' })[0]!,
    /^join: none of its columns \(a, b\) is named as one of hosts .* Name it: \{ file: \.\.\., host: COLUMN \}$/,
  );
  assert.deepEqual(problems({ join: { file: 'one.tsv', host: 'hots' } }), ['join.host: the table has no column "hots" (it has: host, rank)']);
  assert.deepEqual(problems({ join: { file: 'one.tsv', host: 'rank' } }), ['join.host: column "rank" of the table is no text, expected host names']);
  assert.deepEqual(problems({ join: { file: 'one.tsv', columns: ['rnak'] } }), ['join.columns: the table has no column "rnak" (it has: host, rank)']);
  assert.deepEqual(problems({ join: { file: 'words.tsv', columns: ['kind'] } }), ['join.columns: column "kind" of the table is not numeric']);
  assert.deepEqual(problems({ join: 'twins.tsv' }), ['join: two columns of the table would become "host_a_b". Name one of them']);
  assert.match(problems({ join: 'not.parquet' })[0]!, /^join: "not.parquet" cannot be read as a table: /);
});

test('a value that is no number, past the rows that were looked at, names its row when the table is read', async () => {
  put('late.tsv', `host\trank\n${Array.from({ length: 30_000 }, (_, i) => `h${i}.com\t${i}`).join('\n')}\nx.com\tmany\n`);
  await assert.rejects(joined({ join: 'late.tsv' }, ['http://x.com']), {
    code: 'ERR_REFINE_ASSET',
    message: /row 30001 has "many" where a number is expected \(field 2\)/,
  });
});

test('a run compiles the table once, into its scratch folder, and another table or other columns anew', async () => {
  const scratch = mkdtempSync(join(folder, 'scratch-'));
  put('once.tsv', 'host\ta\tb\nx.com\t1\t2\n');
  const place = { ...env, scratch };
  const compiled = () => readdirSync(join(scratch, 'url')).filter((name) => name.endsWith('.hosts'));
  await url.prepare!(parse({ join: 'once.tsv' }), place);
  await url.prepare!(parse({ join: 'once.tsv' }), place);
  assert.equal(compiled().length, 1);
  assert.deepEqual(await joined({ join: 'once.tsv' }, ['http://x.com'], scratch), { host_a: [1], host_b: [2] });
  assert.equal(compiled().length, 1);
  assert.deepEqual(await joined({ join: { file: 'once.tsv', columns: ['b'] } }, ['http://x.com'], scratch), { host_b: [2] });
  put('once.tsv', 'host\ta\tb\nx.com\t3\t44\n');
  assert.deepEqual(await joined({ join: 'once.tsv' }, ['http://x.com'], scratch), { host_a: [3], host_b: [44] });
});

test('30,000 random hosts come back with their doubles, from Parquet in several row groups', async () => {
  const random = randomFrom(11);
  const names = [...new Set(Array.from({ length: 30_000 }, () => `${random(1 << 16).toString(36)}.${random(1 << 12).toString(36)}z.com`))];
  const values = names.map(() => (random(1 << 30) / 3) * 2 ** (random(60) - 30));
  polars.DataFrame({ hostname: names, value: values }).writeParquet(join(folder, 'many.parquet'), { compression: 'zstd', rowGroupSize: 4096 } as never);
  const found = await joined(
    { join: 'many.parquet' },
    names.map((name) => `https://${name}/p`),
  );
  assert.deepEqual(found.host_value, values);
  const absent = await joined(
    { join: 'many.parquet' },
    names.slice(0, 1000).map((name) => `https://x-${name}/p`),
  );
  assert.ok(absent.host_value!.every((value) => value === null));
});
