// Expectations: publicsuffix.org's published test cases, RFC 3492 samples, peers' definitions of RefinedWeb's URL filter,
// and a slow reference for host suffixes over real UT1 lists.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { native, packagePath, utf8Column } from '../../native/index.js';
import type { StageEnv } from '../../stages/contract/stage.js';
import { url } from '../../stages/url/url.js';
import { randomFrom } from '../support/random.js';
import { needsShared, sharedPath } from '../support/shared.js';

const suffixList = gunzipSync(readFileSync(packagePath('stages', 'url', 'public-suffix-list.dat.gz')));
const folder = mkdtempSync(join(tmpdir(), 'refine-url-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));
const env: StageEnv = { seed: 1n, baseDir: folder, device: 'cpu' };

function put(path: string, content: string | Uint8Array): void {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), content);
}

async function reasonsOf(options: unknown, urls: readonly (string | null)[]): Promise<(string | null)[]> {
  const run = await url.open(url.schema.parse(options), env);
  const { drops } = await run.process({ rows: urls.length, columns: { url: utf8Column(urls) } }, new AbortController().signal);
  await run.close();
  return [...drops!].map((code) => (code === 0 ? null : url.reasons[code - 1]!));
}

// https://raw.githubusercontent.com/publicsuffix/list/master/tests/test_psl.txt (public domain)
const PSL_CASES: readonly [string, string | null][] = [
  ['COM', null],
  ['example.COM', 'example.com'],
  ['WwW.example.COM', 'example.com'],
  ['.example.com', null],
  ['example', null],
  ['example.example', 'example.example'],
  ['a.b.example.example', 'example.example'],
  ['biz', null],
  ['domain.biz', 'domain.biz'],
  ['a.b.domain.biz', 'domain.biz'],
  ['uk.com', null],
  ['example.uk.com', 'example.uk.com'],
  ['a.b.example.uk.com', 'example.uk.com'],
  ['test.ac', 'test.ac'],
  ['mm', null],
  ['c.mm', null],
  ['b.c.mm', 'b.c.mm'],
  ['a.b.c.mm', 'b.c.mm'],
  ['jp', null],
  ['test.jp', 'test.jp'],
  ['ac.jp', null],
  ['test.ac.jp', 'test.ac.jp'],
  ['kyoto.jp', null],
  ['ide.kyoto.jp', null],
  ['b.ide.kyoto.jp', 'b.ide.kyoto.jp'],
  ['c.kobe.jp', null],
  ['b.c.kobe.jp', 'b.c.kobe.jp'],
  ['a.b.c.kobe.jp', 'b.c.kobe.jp'],
  ['city.kobe.jp', 'city.kobe.jp'],
  ['www.city.kobe.jp', 'city.kobe.jp'],
  ['ck', null],
  ['test.ck', null],
  ['b.test.ck', 'b.test.ck'],
  ['www.ck', 'www.ck'],
  ['www.www.ck', 'www.ck'],
  ['us', null],
  ['test.us', 'test.us'],
  ['ak.us', null],
  ['test.ak.us', 'test.ak.us'],
  ['k12.ak.us', null],
  ['test.k12.ak.us', 'test.k12.ak.us'],
  ['食狮.com.cn', '食狮.com.cn'],
  ['食狮.公司.cn', '食狮.公司.cn'],
  ['www.食狮.公司.cn', '食狮.公司.cn'],
  ['公司.cn', null],
  ['食狮.中国', '食狮.中国'],
  ['中国', null],
  ['xn--85x722f.com.cn', '食狮.com.cn'],
  ['www.xn--85x722f.xn--55qx5d.cn', '食狮.公司.cn'],
  ['xn--55qx5d.cn', null],
  ['xn--fiqs8s', null],
  ['192.168.0.1', null],
  ['[2001:db8::1]', null],
];

test('registrable domains are those of the Public Suffix List’s own test cases', () => {
  const filter = native.urlFilterNew(suffixList);
  for (const [host, expected] of PSL_CASES) assert.equal(native.registrableDomain(filter, host), expected, host);
});

test('punycode labels and their Unicode form are one host (RFC 3492, section 7.1)', () => {
  const filter = native.urlFilterNew(suffixList);
  const cases = [
    ['xn--egbpdaj6bu4bxfgehfvwxn.com', 'ليهمابتكلموشعربي؟.com'],
    ['xn--ihqwcrb4cv8a8dqg056pqjye.com', '他们为什么不说中文.com'],
    ['XN--Bcher-kva.Example.COM', 'bücher.example.com'],
    ['b%C3%BCcher.example.com', 'bücher.example.com'],
    ['BÜCHER.example.com.', 'bücher.example.com'],
    ['xn--mnchen-3ya.de', 'münchen.de'],
    ['xn--99999999.example', 'xn--99999999.example'],
  ];
  for (const [written, meant] of cases) {
    assert.equal(native.registrableDomain(filter, `http://${written}/`), native.registrableDomain(filter, meant!), written);
  }
});

test('a host on a list blocks its subdomains, whatever the spelling; a look-alike and a parent stay', async () => {
  put(
    'block.txt',
    '# comment\nexample.com\n*.wild.org\n0.0.0.0 hosts.net # a hosts file\nhttp://scheme.io/\n10.0.0.1\n5.5.5\nbücher.de\nnot a host line\ncom\nco.uk\n\n',
  );
  const urls = {
    'http://example.com/': 'blocked-host',
    'https://WWW.Example.COM:8080/a?b': 'blocked-host',
    'http://user:pw@deep.www.example.com': 'blocked-host',
    'http://example.com./': 'blocked-host',
    'http://ex%61mple.com/': 'blocked-host',
    'http://notexample.com/': null,
    'http://example.com.evil.org/': null,
    'http://evil.org/example.com': null,
    'http://a.wild.org/': 'blocked-host',
    'http://hosts.net': 'blocked-host',
    'https://scheme.io/x': 'blocked-host',
    'http://10.0.0.1/x': 'blocked-host',
    'http://1.10.0.0.1/x': 'blocked-host', // no IPv4 address: a name under another
    'http://110.0.0.1/x': null,
    'http://9.5.5.5/x': null, // an address has no suffixes
    'https://xn--bcher-kva.de/': 'blocked-host',
    'http://other.com/': null, // `com` and `co.uk` are public suffixes: never entries
    'http://shop.co.uk/': null,
  };
  assert.deepEqual(await reasonsOf({ lists: 'block.txt' }, Object.keys(urls)), Object.values(urls));
});

test('a URL on a list blocks what lies under its path, at a boundary only', async () => {
  put('urls', 'site.org/casino/\nsite.org/page.php?id=5\n');
  const urls = [
    'http://site.org/casino',
    'http://www.site.org/Casino/poker',
    'http://site.org/casinos',
    'http://site.org/',
    'http://site.org/page.php?id=5&x=1',
    'http://site.org/page.php?id=55',
    'http://site.org/c%61sino/#top',
  ];
  assert.deepEqual(await reasonsOf({ lists: ['urls'] }, urls), ['blocked-url', 'blocked-url', null, null, 'blocked-url', null, 'blocked-url']);
});

test('word scores: strict anywhere, hard as a word, two soft words; the first reason in order decides', async () => {
  put('words/strict.txt', 'badterm\n');
  put('words/hard.txt', 'vile\n');
  put('words/soft.txt', 'rude\ncrude\nlewd\n');
  const urls = {
    'http://a.com/xbadtermx': 'strict-word',
    'http://bad-term.com/': 'strict-word',
    'http://a.com/BAD_TERM/vile': 'strict-word',
    'http://bad.com/term': null,
    'http://a.com/so-vile-a-page': 'hard-word',
    'http://a.com/servile': null,
    'http://a.com/rude': null,
    'http://a.com/rude/and?q=crude': 'soft-words',
    'http://rude.com/rude': null, // one soft word, twice
    'http://rude.com/crude': 'soft-words',
    'http://a.com/%72ude%20crude': 'soft-words',
    'http://foobad.te-rm.com/any/bar': 'strict-word', // the paper's example: parts glued by dots and dashes
    'http://www.foo.vile-bar.com/': 'hard-word',
    'http://www.foo.RUDE-bar-Crude.com/': 'soft-words',
  };
  assert.deepEqual(await reasonsOf({ scores: 'words' }, Object.keys(urls)), Object.values(urls));
  assert.deepEqual(await reasonsOf({ scores: 'words', 'soft-words': 3 }, ['http://a.com/rude/crude', 'http://rude.crude/lewd']), [null, 'soft-words']);
});

test('the curated list that ships names its sources and not their neighbours', async () => {
  const urls = [
    'https://en.wikipedia.org/wiki/X',
    'https://de.wikipedia.org/wiki/X',
    'https://gist.github.com/a',
    'https://www.github.com/a/b',
    'https://someone.github.com/',
    'https://a.github.io/',
    'https://old.reddit.com/r/x',
    'https://www.ncbi.nlm.nih.gov/pmc',
    'https://nih.gov/',
  ];
  const found = await reasonsOf({ exclude: packagePath('manifests', 'lists', 'curated.txt') }, urls);
  assert.deepEqual(found, ['curated-source', null, 'curated-source', 'curated-source', null, null, 'curated-source', 'curated-source', null]);
});

test('bare `url` keeps everything, and a document without URL is kept by every list', async () => {
  assert.deepEqual(await reasonsOf({}, ['http://a.com/', null, '']), [null, null, null]);
  put('block.txt', 'a.com\n');
  assert.deepEqual(await reasonsOf({ lists: ['block.txt'] }, [null, '', 'http://', '::::', 'http://a.com']), [null, null, null, null, 'blocked-host']);
});

test('folders are read in UT1’s layout, gzip by its magic; licences and expressions are no lists', async () => {
  put('ut1/adult/domains', 'one.com\n');
  put('ut1/adult/urls.gz', gzipSync('two.com/x\n'));
  put('ut1/adult/expressions', 'three.com\n');
  put('ut1/LICENSE-NOTE.txt', 'four.com\n');
  put('ut1/more.txt', gzipSync('five.com')); // gzip without the name, no newline at the end
  const urls = [1, 2, 3, 4, 5].map((n) => `http://${['one', 'two', 'three', 'four', 'five'][n - 1]}.com/x`);
  assert.deepEqual(await reasonsOf({ lists: ['ut1'] }, urls), ['blocked-host', 'blocked-url', null, null, 'blocked-host']);
  const assets = url.assets!(url.schema.parse({ lists: ['ut1'] }), env).map((path) => path.slice(folder.length));
  assert.deepEqual(assets.slice(1), ['/ut1/adult/domains', '/ut1/adult/urls.gz', '/ut1/more.txt']);
});

test('absent lists drop nothing and are named by a warning', async () => {
  const options = url.schema.parse({ lists: ['no/such'], scores: 'refinedweb', exclude: 'curated.txt' });
  const there = (...names: string[]) => `"${join(env.baseDir, ...names)}"`;
  const warnings = url.warnings!(options, env);
  assert.deepEqual(
    warnings.map(({ path, message }) => `${path.join('.')}: ${message}`),
    [
      `lists.0: ${there('no', 'such')} is not there, so it drops nothing. Put a file or folder there, such as the unpacked UT1 blacklists, with a host or URL a line, or take the option out.`,
      `scores: ${there('lists', 'refinedweb', 'strict.txt')}, ${there('lists', 'refinedweb', 'hard.txt')}, ${there('lists', 'refinedweb', 'soft.txt')} are not there, so they drop nothing. Put text files of words there, a word a line, or take the option out. Run: refine fetch lists refinedweb --out ${join(env.baseDir, 'lists')}`,
      `exclude.0: ${there('curated.txt')} is not there, so it drops nothing. Put a file or folder there, with a host or URL a line, or take the option out.`,
    ],
  );
  assert.deepEqual(await reasonsOf({ lists: ['no/such'], scores: 'refinedweb' }, ['http://a.com/']), [null]);
});

test('host-suffix matching equals a slow reference over 60,000 random hosts', async () => {
  const random = randomFrom(5);
  const label = () => `q${'abcdef'[random(6)]}${'uvwxyz'[random(6)]}`; // three letters with a q: no public suffix such as eu.com
  const host = () => `${Array.from({ length: 1 + random(4) }, label).join('.')}.${['com', 'org', 'co.uk'][random(3)]}`;
  const listed = new Set(Array.from({ length: 400 }, host));
  put('random.txt', [...listed].join('\n'));
  const hosts = Array.from({ length: 60_000 }, host);
  const expected = hosts.map((name) => {
    const labels = name.split('.');
    return labels.some((_, from) => listed.has(labels.slice(from).join('.'))) ? 'blocked-host' : null;
  });
  const found: (string | null)[] = [];
  for (let at = 0; at < hosts.length; at += 6000)
    found.push(
      ...(await reasonsOf(
        { lists: ['random.txt'] },
        hosts.slice(at, at + 6000).map((name) => `http://${name}/p`),
      )),
    );
  assert.deepEqual(found, expected);
  assert.ok(expected.some((reason) => reason === null) && expected.some((reason) => reason !== null));
});

const ut1 = sharedPath('data', 'text', 'lists', 'ut1');
test('every domain of the real UT1 lists is blocked, and its registrable domain is known', { skip: ut1 === null && needsShared }, async () => {
  const domains = readFileSync(join(ut1!, 'gambling', 'domains'), 'latin1')
    .trim()
    .split('\n')
    .filter((_, index) => index % 7 === 0);
  const found = await reasonsOf(
    { lists: [join(ut1!, 'gambling')] },
    domains.map((domain) => `https://www.${domain}/index.html`),
  );
  const kept = domains.filter((_, index) => found[index] === null);
  assert.ok(kept.length <= domains.length / 1000, `kept: ${kept.join(' ')}`);
});

test('hostile URLs are judged in linear work: a megabyte of dots, percent signs, slashes or list words', async () => {
  put('block.txt', 'example.com\nexample.com/x\n');
  put('words/strict.txt', 'badterm\nbadness\n');
  put('words/hard.txt', 'vile\n');
  put('words/soft.txt', 'rude\n');
  const long = 1 << 20;
  const urls = [
    `http://${'a.'.repeat(long / 2)}`,
    `http://${'%'.repeat(long)}`,
    `http://example.com${'/'.repeat(long)}`,
    `http://x.com/${'badter'.repeat(long / 6)}`,
    `http://${'。'.repeat(long / 3)}`,
    `http://xn--${'9'.repeat(long)}`,
  ];
  const found = await reasonsOf({ lists: ['block.txt'], scores: 'words' }, urls);
  assert.deepEqual(found, [null, null, 'blocked-host', null, null, null]);
});
