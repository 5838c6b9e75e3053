// Expectations: npm whatwg-url with tr46 of our Unicode version (the standard's reference implementation, ported by its
// editors), Node's URL (ada), and the examples in the standard's text.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import test from 'node:test';
import { bytesColumn, native, stringAt, utf8Column } from '../../native/index.js';
import { randomFrom } from '../support/random.js';
import { needsShared, sharedPath } from '../support/shared.js';
import { type Reference, realReferences } from '../support/url-corpus.js';

const { URL: ReferenceUrl } = createRequire(import.meta.url)('whatwg-url') as { URL: typeof URL };
const full = process.env.REFINE_FULL === '1';

function parsed(Parser: typeof URL, { base, href }: Reference): string | null {
  let usable: string | undefined;
  try {
    if (base !== null) usable = new Parser(base).href;
  } catch {} // a base that does not parse counts as none
  try {
    return new Parser(href, usable).href;
  } catch {
    return null;
  }
}

async function resolved(references: readonly Reference[]): Promise<(string | null)[]> {
  const answer = await native.resolveUrls(utf8Column(references.map(({ base }) => base)), utf8Column(references.map(({ href }) => href)));
  return references.map((_, row) => stringAt(answer, row));
}

const one = async (href: string, base: string | null = null) => (await resolved([{ base, href }]))[0]!;

/** whatwg-url 16 counts UTF-16 units in credentials where it should count characters (17 does not, and does not run on Node 20). */
const miscounted = ({ href }: Reference): boolean => href.includes('@') && /[\u{10000}-\u{10ffff}]/u.test(href);

async function assertReference(references: readonly Reference[]): Promise<void> {
  const ours = await resolved(references);
  for (const [row, reference] of references.entries())
    if (!miscounted(reference)) assert.equal(ours[row], parsed(ReferenceUrl, reference), JSON.stringify(reference));
}

/** Node 20 follows an older text: `^` stays in paths and user names, and so does the last space of an opaque path. */
const older = (href: string | null) => href?.replaceAll('%5E', '^').replace(/%20(?=[?#])/, ' ') ?? null;

test('every URL and link of the real pages is what whatwg-url and Node make of it', { skip: sharedPath('data', 'pages') === null && needsShared }, async () => {
  const references = realReferences()!;
  assert.ok(references.length > 350_000, `found ${references.length}`);
  const ours = await resolved(references);
  const step = full ? 1 : 37;
  for (let row = 0; row < references.length; row++) {
    assert.equal(older(ours[row]!), older(parsed(URL, references[row]!)), `Node, ${JSON.stringify(references[row])}`);
    if (row % step === 0) assert.equal(ours[row], parsed(ReferenceUrl, references[row]!), JSON.stringify(references[row]));
  }
});

// The first column is the standard's (section 4.4, "valid URL strings and how they parse"; section 3.5, hosts; section 4.3).
const STANDARD: readonly [href: string, base: string | null, expected: string | null][] = [
  ['https:example.org', null, 'https://example.org/'],
  ['https://////example.com///', null, 'https://example.com///'],
  ['https://example.com/././foo', null, 'https://example.com/foo'],
  ['hello:world', 'https://example.com', 'hello:world'],
  ['https:example.org', 'https://example.com', 'https://example.com/example.org'],
  ['\\example\\..\\demo/.\\', 'https://example.com', 'https://example.com/demo/'],
  ['example', 'https://example.com/demo', 'https://example.com/example'],
  ['file:///C|/demo', null, 'file:///C:/demo'],
  ['..', 'file:///C:/demo', 'file:///C:/'],
  ['file://loc%61lhost/', null, 'file:///'],
  ['https://user:password@example.org/', null, 'https://user:password@example.org/'],
  ['https://example.org/foo bar', null, 'https://example.org/foo%20bar'],
  ['https://EXAMPLE.com/../x', null, 'https://example.com/x'],
  ['https://ex ample.org/', null, null],
  ['example', null, null],
  ['https://example.com:demo', null, null],
  ['http://[www.example.com]/', null, null],
  ['https://example.org//', null, 'https://example.org//'],
  ['https://EXAMPLE.com', null, 'https://example.com/'],
  ['https://example%2Ecom', null, 'https://example.com/'],
  ['https://faß.example', null, 'https://xn--fa-hia.example/'],
  ['https://0', null, 'https://0.0.0.0/'],
  ['https://%30', null, 'https://0.0.0.0/'],
  ['https://0x', null, 'https://0.0.0.0/'],
  ['https://0xffffffff', null, 'https://255.255.255.255/'],
  ['https://[0:0::1]', null, 'https://[::1]/'],
  ['https://[0:0::1%5D', null, null],
  ['https://[0:0::%31]', null, null],
  ['https://09', null, null],
  ['https://example.255', null, null],
  ['https://example^example', null, null],
  ['non-special://EXAMPLE', null, 'non-special://EXAMPLE'],
  ['non-special://example%2Ecom', null, 'non-special://example%2Ecom'],
  ['non-special://faß', null, 'non-special://fa%C3%9F'],
  ['non-special://0xffffffff', null, 'non-special://0xffffffff'],
  ['non-special://[0:0::1]', null, 'non-special://[::1]'],
  ['web+demo:/.//not-a-host/', null, 'web+demo:/.//not-a-host/'],
  ['data:text/plain,Stuff  #x', null, 'data:text/plain,Stuff %20#x'],
  ['mailto:a b', null, 'mailto:a b'],
  ['#top', 'mailto:a@b?c', 'mailto:a@b?c#top'],
  ['x', 'mailto:a@b', null],
  ['//EXAMPLE.org:443/%7ea?q=\'"', 'https://example.com', 'https://example.org/%7ea?q=%27%22'],
  ['http://a:b@c:d@e/', null, 'http://a:b%40c%3Ad@e/'],
  ['http://@/x', null, null],
  ['http://a@/x', null, null],
  ['http://:@h/', null, 'http://h/'],
  ['http://h:65536/', null, null],
  ['http://h:00000080/', null, 'http://h/'],
  ['http://h:/', null, 'http://h/'],
  ['ws://h:80?x#y z', null, 'ws://h/?x#y%20z'],
];

test('the examples of the standard’s text parse as it says', async () => {
  const ours = await resolved(STANDARD.map(([href, base]) => ({ base, href })));
  for (const [row, [href, base, expected]] of STANDARD.entries()) assert.equal(ours[row], expected, `${href} against ${base}`);
  await assertReference(STANDARD.map(([href, base]) => ({ base, href })));
});

const BASES = [
  null,
  'http://example.org/a/b?c#d',
  'https://user:pw@example.org:8443',
  'file:///C:/dir/file',
  'file://host/share/x',
  'file:///',
  'mailto:x@y',
  'about:blank',
  'web+demo:/.//p/q',
  'non-special://host/a/../b?q',
  'non-special://',
  'foo:/a/b',
  'data:x',
];
const PARTS = [
  ...[
    'http:',
    'https://',
    'file:',
    'FILE:/',
    'ftp://',
    'ws:',
    'foo:',
    'foo://',
    'javascript:',
    'data:',
    'a',
    'b.c',
    'example.org',
    'EXAMPLE.COM',
    '//',
    '/',
    '\\',
    '/..',
    '/.',
    '..',
    '.',
  ],
  ...[
    '%2e',
    '%2E%2e',
    '.%2e',
    '?',
    '#',
    '@',
    ':',
    ':80',
    ':443',
    ':0',
    ':99999',
    ';',
    '=',
    '&',
    "'",
    '"',
    '<',
    '>',
    '`',
    '{',
    '}',
    '|',
    '^',
    '[',
    ']',
    '[::1]',
    '[1:2::3:4]',
  ],
  ...[
    '[::ffff:1.2.3.4]',
    '[1::2::3]',
    '[1:2:3:4:5:6:7:8]',
    '[::1.2.3]',
    '0x7f.1',
    '1.2.3.4',
    '256.1',
    '0300.0250',
    '1.2.3.4.5',
    '4294967296',
    '0x',
    '..1',
    'C:',
    'c|',
    'C|/',
    'localhost',
    'xn--',
    'xn--nxasmq6b',
    'xn--a',
    'xn--mnchen-3ya',
    'xn--zca',
  ],
  ...[
    'faß',
    'ΒΌΛΟΣ',
    'İ',
    'ｅｘ',
    '。',
    '．',
    '\u00ad',
    '\u200c',
    '\u200d',
    'نامه\u200cای',
    'क्\u200dष',
    'אב',
    'א1',
    'ا1',
    '1א',
    '\u0301',
    'e\u0301',
    '㍿',
    'ﷺ',
    '\ud800',
    '😀',
    '\t',
    '\n',
    '\r',
    ' ',
    '\0',
    '\x1f',
    '\x7f',
    '\ufeff',
    '%',
    '%4',
    '%41',
    '%zz',
    '%00',
    '%C3%9F',
    '%FF',
    '%E2%80%8B',
  ],
];

function* made(count: number, seed: number, seeds: readonly Reference[]): Generator<Reference> {
  const random = randomFrom(seed);
  const pick = <T>(from: readonly T[]): T => from[random(from.length)]!;
  for (let i = 0; i < count; i++) {
    let href = i % 2 === 0 && seeds.length > 0 ? pick(seeds).href.slice(0, 300) : Array.from({ length: 1 + random(7) }, () => pick(PARTS)).join('');
    for (let edits = random(4); edits > 0; edits--) {
      const at = random(href.length + 1);
      if (random(3) === 0) href = href.slice(0, at) + href.slice(at + 1 + random(6));
      else if (random(4) === 0) href = href.slice(0, at) + String.fromCharCode(random(0x180)) + href.slice(at);
      else href = href.slice(0, at) + pick(PARTS) + href.slice(at);
    }
    yield { base: pick(BASES), href };
  }
}

test('URLs put together from hard parts, and real ones mutated, are what whatwg-url makes of them, and stay so when parsed again', async () => {
  const references = [...made(full ? 200_000 : 25_000, 11, realReferences() ?? [])];
  await assertReference(references);
  const once = (await resolved(references)).filter((href) => href !== null);
  assert.ok(once.length > references.length / 4 && once.length < references.length);
  assert.deepEqual(await resolved(once.map((href) => ({ base: null, href }))), once);
});

test('the canonical form drops the fragment and nothing else, whichever path gave it', async () => {
  const references = [...made(10_000, 12, realReferences() ?? [])].map(({ href }) => href);
  const [kept, dropped] = await Promise.all([native.canonicalUrls(utf8Column(references), 'keep'), native.canonicalUrls(utf8Column(references), 'drop')]);
  const plain = await resolved(references.map((href) => ({ base: null, href })));
  references.forEach((href, row) => {
    assert.equal(stringAt(kept, row), plain[row], href);
    assert.equal(stringAt(dropped, row), plain[row]?.replace(/#.*$/s, '') ?? null, href);
  });
});

test('every code point in a host, and as its own label, is mapped, kept or refused as tr46 says', async () => {
  const step = full ? 1 : 41;
  for (let block = 0; block < 0x110000; block += 0x8000) {
    const references: Reference[] = [];
    for (let cp = block + ((step - (block % step)) % step); cp < block + 0x8000; cp += step)
      if (cp < 0xd800 || cp > 0xdfff) references.push({ base: null, href: `http://a${String.fromCodePoint(cp)}b.${String.fromCodePoint(cp)}/` });
    await assertReference(references);
  }
});

test('labels of mixed scripts, joiners and directions are what tr46 makes of them', async () => {
  const random = randomFrom(13);
  const pools = [
    [0x5d0, 27],
    [0x620, 60],
    [0x660, 10],
    [0x6f0, 10],
    [0x900, 128],
    [0x1100, 256],
    [0x300, 40],
    [0x200b, 4],
    [0x61, 26],
    [0x30, 10],
    [0xac00, 11_000],
    [0x1e900, 70],
    [0x2f800, 500],
    [0x2d, 2],
    [0x391, 60],
  ] as const;
  const label = () =>
    Array.from({ length: 1 + random(5) }, () => {
      const [first, size] = pools[random(pools.length)]!;
      return String.fromCodePoint(first + random(size));
    }).join('');
  const hosts = Array.from({ length: full ? 100_000 : 15_000 }, () => Array.from({ length: 1 + random(3) }, label).join('.'));
  const references = hosts.map((host) => ({ base: null, href: `http://x${random(2) === 0 ? '.' : ''}${host}/` }));
  await assertReference(references);
  const ace = (await resolved(references)).filter((href) => href !== null);
  assert.ok(ace.length > 500, `${ace.length} labels have an ASCII form`);
  // Punycode of anything, and real punycode with a letter changed.
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789-';
  const changed = ace.map((href) => {
    const at = 'http://'.length + random(href.length - 'http://'.length - 1);
    return { base: null, href: href.slice(0, at) + letters[random(letters.length)] + href.slice(at + 1) };
  });
  const invented = Array.from({ length: ace.length }, () => ({
    base: null,
    href: `http://xn--${Array.from({ length: 1 + random(9) }, () => letters[random(letters.length)]).join('')}.net/`,
  }));
  await assertReference([...changed, ...invented]);
});

test('ill-formed UTF-8 counts as U+FFFD, in a path and in a host', async () => {
  const bytes = [Buffer.from('http://a/\xff\xc3\t\xa9', 'latin1'), Buffer.from('http://\xff/', 'latin1'), Buffer.from('http://a/?\xe2\x82#\xf0\x9f', 'latin1')];
  const answer = await native.canonicalUrls(bytesColumn('utf8', bytes), 'keep');
  const decoder = new TextDecoder();
  for (const [row, raw] of bytes.entries()) assert.equal(stringAt(answer, row), parsed(ReferenceUrl, { base: null, href: decoder.decode(raw) }));
});

test('a megabyte of one hard part is parsed in linear work; a host beyond what IDNA can be asked is refused', async () => {
  const long = 1 << 20;
  assert.equal(await one(`http://a/${'a/../'.repeat(long / 5)}`), 'http://a/');
  assert.equal(await one(`http://a/${'%2e%2e/'.repeat(long / 7)}x`), 'http://a/x');
  assert.equal((await one(`http://a/${'"'.repeat(long)}`))!.length, 'http://a/'.length + 3 * long);
  assert.equal(await one(`${'@'.repeat(long)}`, 'http://a/'), `http://a/${'@'.repeat(long)}`);
  assert.equal((await one(`http://${':@'.repeat(long / 2)}h/`))!.endsWith('@h/'), true);
  assert.equal(await one(`http://${'é'.repeat(513)}.example/`), null);
  assert.equal(await one(`http://${'éa.'.repeat(200)}example/`), null); // its ASCII form is the longer one
  assert.equal(await one(`http://xn--${'9'.repeat(long)}/`), null);
  assert.equal(await one(`http://${'a.'.repeat(long / 2)}com/`), `http://${'a.'.repeat(long / 2)}com/`);
});
