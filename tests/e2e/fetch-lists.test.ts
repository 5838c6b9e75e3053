// `refine fetch lists` from a mirror of made-up archives on this machine. The real addresses are never asked.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { fetchList, type FetchEnv } from '../../pipeline/fetch-lists.js';
import { PUBLISHED_LISTS } from '../../pipeline/url-lists.js';
import { localGate } from '../../stages/fetch/gate.js';
import { refine, startRefine } from '../support/cli.js';
import { type CrawlFile, type CrawlServer, startCrawlServer } from '../support/crawl-server.js';
import { needsShared, sharedPath } from '../support/shared.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-lists-'));
const servers: CrawlServer[] = [];
test.after(async () => {
  for (const server of servers) await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A ustar archive of regular files. */
function tarOf(files: Readonly<Record<string, string>>): Buffer {
  const blocks: Buffer[] = [];
  for (const [path, content] of Object.entries(files)) {
    const header = Buffer.alloc(512);
    header.write(path, 0);
    header.write('0000644\0', 100);
    header.write(`${Buffer.byteLength(content).toString(8).padStart(11, '0')}\0`, 124);
    header.write('        0', 148);
    header.write('ustar\x0000', 257);
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
    const body = Buffer.alloc(Math.ceil(Buffer.byteLength(content) / 512) * 512);
    body.write(content);
    blocks.push(header, body);
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

const UT1 = 'dsi.ut-capitole.fr/blacklists/download';
const LDNOOBW = 'codeload.github.com/LDNOOBW/List-of-Dirty-Naughty-Obscene-and-Otherwise-Bad-Words/tar.gz/refs/heads/master';
const domains = Array.from({ length: 4000 }, (_, i) => `made-up-${i}.example\n`).join('');
const adult = gzipSync(
  tarOf({ 'adult/domains': domains, 'adult/urls': 'site.example/casino\n', 'adult/usage': 'black\n', 'adult/very_restrictive_expression': '.*' }),
);
const words = gzipSync(tarOf({ 'List-abc/en': 'darn\n', 'List-abc/fr-CA-u-sd-caqc': 'zut\n', 'List-abc/README.md': 'x', 'List-abc/USERS': 'x' }));

async function serve(files: Readonly<Record<string, Uint8Array>>): Promise<CrawlServer> {
  const list: CrawlFile[] = Object.entries(files).map(([path, bytes]) => ({ path, bytes }));
  const server = await startCrawlServer(list);
  servers.push(server);
  return server;
}

const fresh = (): string => mkdtempSync(join(folder, 'out-'));
const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
const tree = (out: string): string[] =>
  readdirSync(out, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(out.length + 1))
    .sort();
const lockOf = (out: string) => JSON.parse(readFileSync(join(out, 'lists.lock.json'), 'utf8')) as { lists: Record<string, { files: { path: string }[] }> };

test('lists come over a bad line as they were packed, with a lock file and their licences; asked again, nothing is sent', async () => {
  const server = await serve({ [`${UT1}/adult.tar.gz`]: adult, [LDNOOBW]: words });
  server.setFaults({ drop: { maxBytes: 4000, times: 3 }, forbidFirst: 1 });
  const out = fresh();
  const args = ['fetch', 'lists', 'ut1-adult', 'ldnoobw', '--out', out, '--from', server.base];
  const first = await refine(args);
  assert.equal(first.code, 0, first.stderr);
  assert.equal(first.stdout, '');
  assert.match(first.stderr, /licence of ut1-adult: CC BY-SA 4\.0 .*\nlicence of ldnoobw: CC BY 4\.0 /);
  assert.deepEqual(tree(out), ['ldnoobw/en.txt', 'ldnoobw/fr-CA-u-sd-caqc.txt', 'lists.lock.json', 'ut1/adult/domains', 'ut1/adult/urls', 'ut1/adult/usage']);
  assert.equal(readFileSync(join(out, 'ut1', 'adult', 'domains'), 'utf8'), domains);
  assert.deepEqual(lockOf(out).lists['ut1-adult'], {
    address: `https://${UT1}/adult.tar.gz`,
    licence: 'CC BY-SA 4.0 (Fabrice Prigent, Université Toulouse Capitole)',
    homepage: 'https://dsi.ut-capitole.fr/blacklists/',
    modified: null,
    etag: `"${createHash('md5').update(adult).digest('hex')}"`,
    bytes: adult.length,
    sha256: sha256(adult),
    files: [
      { path: 'ut1/adult/domains', bytes: domains.length, sha256: sha256(domains) },
      { path: 'ut1/adult/urls', bytes: 20, sha256: sha256('site.example/casino\n') },
      { path: 'ut1/adult/usage', bytes: 6, sha256: sha256('black\n') },
    ],
  });
  const asked = server.log.length;
  const lock = readFileSync(join(out, 'lists.lock.json'));
  const again = await refine(args);
  assert.equal(again.code, 0);
  assert.match(again.stderr, /ut1-adult: here already/);
  assert.equal(server.log.length, asked);
  assert.deepEqual(readFileSync(join(out, 'lists.lock.json')), lock);

  writeFileSync(join(out, 'ut1', 'adult', 'urls'), 'damaged');
  server.setFaults({});
  assert.match((await refine(args)).stderr, /ut1-adult: .* fetched.*\nldnoobw: here already/);
  assert.equal(readFileSync(join(out, 'ut1', 'adult', 'urls'), 'utf8'), 'site.example/casino\n');
});

test('--update fetches what has changed on its server and takes away what the list has no longer', async () => {
  const out = fresh();
  const before = await serve({ [LDNOOBW]: words });
  const args = (server: CrawlServer) => ['fetch', 'lists', 'ldnoobw', '--out', out, '--from', server.base, '--update'];
  assert.equal((await refine(args(before))).code, 0);
  assert.match((await refine(args(before))).stderr, /ldnoobw: here already/);
  const after = await serve({ [LDNOOBW]: gzipSync(tarOf({ 'List-def/en': 'darn\nheck\n' })) });
  assert.match((await refine(args(after))).stderr, /ldnoobw: .* fetched/);
  assert.deepEqual(tree(out), ['ldnoobw/en.txt', 'lists.lock.json']);
  assert.equal(readFileSync(join(out, 'ldnoobw', 'en.txt'), 'utf8'), 'darn\nheck\n');
});

const list = (name: string) => PUBLISHED_LISTS.find((one) => one.name === name)!;
const env = (out: string, from: string, more: Partial<FetchEnv> = {}): FetchEnv => ({
  gate: localGate(),
  signal: new AbortController().signal,
  out,
  from,
  ...more,
});

test('an archive that is not what it should be leaves nothing behind: paths that lead out, bombs, damage, another list', async () => {
  const mirror = join(folder, 'mirror');
  const put = (bytes: Uint8Array): void => {
    mkdirSync(join(mirror, UT1), { recursive: true });
    writeFileSync(join(mirror, UT1, 'adult.tar.gz'), bytes);
  };
  const cases: readonly (readonly [string, Uint8Array, RegExp, Partial<FetchEnv>?])[] = [
    ['a path that climbs', gzipSync(tarOf({ 'adult/domains': 'a.example\n', 'adult/../../../escaped': 'x' })), /leads out of it/],
    ['an absolute path', gzipSync(tarOf({ '/adult/domains': 'a.example\n' })), /leads out of it/],
    ['another list', gzipSync(tarOf({ 'shopping/domains': 'a.example\n' })), /none of the files that it is known for/],
    ['a file twice', gzipSync(tarOf({ 'adult/domains': 'a\n', 'blacklists/adult/domains': 'b\n' })), /twice/],
    [
      'a bomb',
      gzipSync(tarOf({ 'adult/domains': 'a'.repeat(5 << 20) })),
      /unpacked it is larger than 1048576 bytes/,
      { limitsOfLists: { maxUnpackedBytes: 1 << 20 } },
    ],
    ['too large', adult, /it is larger than 1000 bytes/, { limitsOfLists: { maxBytes: 1000 } }],
    ['too many files', adult, /more than 2 files/, { limitsOfLists: { maxFiles: 2 } }],
    ['cut short', adult.subarray(0, adult.length - 10), /unexpected end|cut short/],
    ['no gzip', Buffer.from('PK and so on'), /incorrect header check/],
    ['no tar', gzipSync(Buffer.alloc(4096, 'text ')), /no tar archive/],
  ];
  for (const [what, bytes, message, more] of cases) {
    const out = fresh();
    put(bytes);
    const result = await fetchList(list('ut1-adult'), env(out, mirror, more ?? {}));
    assert.equal(result.state, 'failed', what);
    assert.match((result as { error: Error }).error.message, message, what);
    assert.deepEqual(tree(out), [], what);
  }
  assert.equal(existsSync(join(folder, 'escaped')), false);
});

test('a list whose bytes are not those of the catalogue is refused, and one that is missing does not keep the others away', async () => {
  const server = await serve({
    [new URL(list('refinedweb-soft').address).host + new URL(list('refinedweb-soft').address).pathname]: Buffer.from('other words\n'),
    [`${UT1}/adult.tar.gz`]: adult,
  });
  const out = fresh();
  const result = await refine(['fetch', 'lists', 'refinedweb-soft', 'ut1-chat', 'ut1-adult', '--out', out, '--from', `${server.base}/`]);
  assert.equal(result.code, 1);
  assert.match(result.stderr, /refinedweb-soft: ERR_REFINE_FETCH .* its sha256 is [0-9a-f]{12}…, the catalogue says 933835a07e4b…/);
  assert.match(result.stderr, /ut1-chat: ERR_REFINE_FETCH .*\/ut1?.*answers HTTP 404|ut1-chat: ERR_REFINE_FETCH .* answers HTTP 404/);
  assert.match(result.stderr, /2 of 3 lists could not be fetched\./);
  assert.deepEqual(Object.keys(lockOf(out).lists), ['ut1-adult']);
});

test('interrupted, the command ends with 130 and the same command goes on with what is missing', async () => {
  const large = gzipSync(tarOf({ 'adult/domains': Array.from({ length: 200_000 }, (_, i) => `${sha256(`${i}`)}.example\n`).join('') }), { level: 1 });
  const server = await serve({ [LDNOOBW]: words, [`${UT1}/adult.tar.gz`]: large });
  server.setFaults({ only: 'adult', stallFirst: 1 }); // half of it, then silence
  const out = fresh();
  const args = ['fetch', 'lists', 'ldnoobw', 'ut1-adult', '--out', out, '--from', server.base];
  const running = startRefine(args);
  while (!server.log.some(({ path, sent }) => path.includes('adult') && sent > 100_000)) await new Promise((resolve) => setTimeout(resolve, 20));
  running.child.kill('SIGINT');
  const result = await running.done;
  assert.equal(result.code, 130, result.stderr);
  assert.deepEqual(tree(out), ['ldnoobw/en.txt', 'ldnoobw/fr-CA-u-sd-caqc.txt', 'lists.lock.json']);
  const again = await refine(args);
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stderr, /ldnoobw: here already.*\nut1-adult: .* fetched/);
  assert.ok(tree(out).includes('ut1/adult/domains'));
});

test('the catalogue is listed with licences and addresses, for people and programs; a name that is none is refused', async () => {
  const listed = await refine(['fetch', 'lists', '--list', '--json']);
  const catalogue = JSON.parse(listed.stdout) as { name: string; licence: string; address: string }[];
  assert.deepEqual(
    catalogue.map(({ name }) => name),
    PUBLISHED_LISTS.map(({ name }) => name),
  );
  for (const { name, licence, address } of catalogue) assert.ok(licence.length > 2 && address.startsWith('https://'), name);
  const people = await refine(['fetch', 'lists', 'ut1', '--list']);
  assert.equal(people.stdout.split('\n').filter((line) => line.startsWith('  licence  CC BY-SA 4.0')).length, 10);
  const wrong = await refine(['fetch', 'lists', 'ut1-adlut']);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /Did you mean "ut1-adult"\?/);
});

test('a manifest that names absent lists says the command, which then brings them', async () => {
  const base = fresh();
  writeFileSync(
    join(base, 'manifest.yaml'),
    'name: x\nsource: { jsonl: [d.jsonl] }\nsteps:\n  - url: { lists: [lists/ut1/adult, lists/own.txt], scores: refinedweb }\n',
  );
  writeFileSync(join(base, 'd.jsonl'), '{"url":"http://www.made-up-7.example/","text":"x"}\n');
  const { stderr } = await refine(['validate', 'manifest.yaml'], { cwd: base });
  assert.match(stderr, /url\.lists\.0: .* Run: refine fetch lists ut1-adult --out lists\n/);
  assert.match(stderr, /url\.lists\.1: .* or take the option out\.\n/);
  assert.match(stderr, /url\.scores: .* Run: refine fetch lists refinedweb --out lists\n/);
  const server = await serve({ [`${UT1}/adult.tar.gz`]: adult });
  assert.equal((await refine(['fetch', 'lists', 'ut1-adult', '--manifest', 'manifest.yaml', '--from', server.base], { cwd: base })).code, 0);
  const tried = await refine(['try', 'url', '--with', JSON.stringify({ lists: [join(base, 'lists', 'ut1', 'adult')] }), join(base, 'd.jsonl')]);
  assert.match(tried.stdout, /"reason":"url\/blocked-host"/);
});

const shared = sharedPath('data', 'text', 'lists');
test('the digests of the catalogue are those of the real word lists', { skip: shared === null && needsShared }, () => {
  for (const kind of ['strict', 'hard', 'soft'])
    assert.equal(sha256(readFileSync(join(shared!, `refinedweb_banned_words_${kind}.txt`))), list(`refinedweb-${kind}`).sha256, kind);
});
