// Expectations: Adblock Plus's cheat sheet, dnsmasq's manual and hosts(5) for the forms; a slow reference for look-ups; and
// that text, compiled and prepared lists judge alike.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { native, utf8Column } from '../../native/index.js';
import type { StageEnv } from '../../stages/contract/stage.js';
import { compiledInWords, compileUrlLists } from '../../stages/url/compile.js';
import { openCompiled } from '../../stages/url/sets.js';
import { url } from '../../stages/url/url.js';
import { randomFrom } from '../support/random.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-lists-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));
const env: StageEnv = { seed: 1n, baseDir: folder, device: 'cpu' };
const put = (path: string, content: string | Uint8Array): void => {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), content);
};

async function reasonsOf(options: unknown, urls: readonly string[], with_ = env): Promise<(string | null)[]> {
  const run = await url.open(url.schema.parse(options), with_);
  const { drops } = await run.process({ rows: urls.length, columns: { url: utf8Column(urls) } }, new AbortController().signal);
  await run.close();
  return [...drops!].map((code) => (code === 0 ? null : url.reasons[code - 1]!));
}

const FORMS: readonly [line: string, blocked: readonly string[], kept: readonly string[]][] = [
  ['example.com', ['http://example.com/', 'https://a.b.EXAMPLE.com:8080/x'], ['http://xexample.com/', 'http://example.com.org/']],
  ['=example.com', ['http://example.com/x', 'http://www.example.com/'], ['http://user.example.com/', 'http://www.user.example.com/']],
  ['||example.com^', ['http://example.com/', 'http://x.example.com/y'], ['http://example.com.org/']],
  ['||example.com', ['http://example.com/'], ['http://notexample.com/']],
  ['||example.com^$important,document', ['http://example.com/'], ['http://example.org/']],
  [
    '||example.com/path^',
    ['http://example.com/path', 'http://w.example.com/path/x', 'http://example.com/path?x'],
    ['http://example.com/', 'http://example.com/paths'],
  ],
  ['|https://example.com/path|', ['http://example.com/path'], ['http://example.com/']],
  ['||*.example.com^', ['http://a.example.com/'], ['http://a.example.org/']],
  [
    '||ads*.example.com^',
    ['http://ads.example.com/', 'http://ads7.example.com/', 'http://x.ads7.example.com/'],
    ['http://example.com/', 'http://bads.example.com/', 'http://x.example.com/'],
  ],
  ['||ad-*-eu.example.com^', ['http://ad-1-eu.example.com/'], ['http://ad-1-us.example.com/']],
  ['0.0.0.0 example.com other.example.org # two names', ['http://example.com/', 'http://other.example.org/'], ['http://example.org/']],
  ['127.0.0.1\texample.com', ['http://example.com/'], ['http://127.0.0.1/']],
  ['address=/example.com/', ['http://a.example.com/'], ['http://address/']],
  ['address=/example.com/example.org/0.0.0.0', ['http://example.com/', 'http://example.org/'], ['http://0.0.0.0/']],
  ['address=/router.example/192.168.0.1', [], ['http://router.example/']],
  ['server=/example.com/', ['http://example.com/'], []],
  ['server=/example.com/8.8.8.8', [], ['http://example.com/', 'http://8.8.8.8/']],
  ['! ||example.com^', [], ['http://example.com/']],
  ['# example.com', [], ['http://example.com/']],
  ['example.com##.banner', [], ['http://example.com/']],
  ['example.com#@#.banner', [], ['http://example.com/']],
  ['||example.com^$third-party', [], ['http://example.com/']],
  ['@@||example.com^', [], ['http://example.com/']],
  ['/banner[0-9]+/', [], ['http://banner1/']],
];

test('each form of a line blocks what it names and nothing beside', async () => {
  for (const [line, blocked, kept] of FORMS) {
    put('form.txt', `${line}\n`);
    const found = await reasonsOf({ lists: 'form.txt' }, [...blocked, ...kept]);
    assert.deepEqual(
      found.map((reason) => reason !== null),
      [...blocked.map(() => true), ...kept.map(() => false)],
      line,
    );
  }
});

test('an exception wins over every list of its option, in whichever order they stand, and over no other option', async () => {
  put('block.txt', 'example.com\nexample.org/x\n||ad*.example.net^\n');
  put('allow.txt', '@@||good.example.com^\n@@||example.org/x/good^\n@@||adult-education.example.net^\n@@||example.com/paper^\n');
  const urls = [
    'http://example.com/',
    'http://good.example.com/',
    'http://very.good.example.com/',
    'http://example.org/x/bad',
    'http://example.org/x/good/y',
    'http://ads.example.net/',
    'http://adult-education.example.net/',
    'http://www.example.com/paper/1',
  ];
  const expected = ['blocked-host', null, null, 'blocked-url', null, 'blocked-host', null, null];
  assert.deepEqual(await reasonsOf({ lists: ['block.txt', 'allow.txt'] }, urls), expected);
  assert.deepEqual(await reasonsOf({ lists: ['allow.txt', 'block.txt'] }, urls), expected);
  const excluded = await reasonsOf({ lists: ['allow.txt'], exclude: ['block.txt'] }, urls);
  assert.deepEqual(excluded, [
    'curated-source',
    'curated-source',
    'curated-source',
    'curated-source',
    'curated-source',
    'curated-source',
    'curated-source',
    'curated-source',
  ]);
});

test('lines that give no entry are counted in a warning, by why', () => {
  put('rules.txt', '||a.com^$third-party\n||b.com^$script\na.com##.x\n||c*d^\n||a.com/*/x\nno host here\ncom\nexample.com\n');
  put('rules.txt.gz', gzipSync('a.com##.x\n'));
  const words = url.warnings!(url.schema.parse({ lists: ['rules.txt', 'rules.txt.gz'], exclude: 'rules.txt.gz' }), env);
  assert.deepEqual(
    words.map(({ path, message }) => `${path.join('.')}: ${message}`),
    [
      'lists.0: lines that give no entry: 1 public suffixes, 1 cosmetic rules, 2 rules with options, 2 wildcards of a form not known here, 1 neither host nor URL.',
      'lists.1: lines that give no entry: 1 cosmetic rules.',
      'exclude.0: lines that give no entry: 1 cosmetic rules.',
    ],
  );
});

const random = randomFrom(21);
const label = () => `q${'abcdefgh'[random(8)]}${'stuvwxyz'[random(8)]}${random(50)}`;
const host = () => `${Array.from({ length: 1 + random(4) }, label).join('.')}.${['com', 'org', 'co.uk'][random(3)]}`;

/** What the forms mean, by going through all of them. */
function slowReference(lines: readonly string[]): (host: string) => boolean {
  const glob = (text: string) => new RegExp(`^(.*\\.)?${text.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
  const suffix = (name: string) => (at: string) => at === name || at.endsWith(`.${name}`);
  const rules = lines.map((line) => {
    const [, allow, exact, body] = /^(@@)?(?:\|\|)?(=)?([^^]*)\^?$/.exec(line)!;
    const pattern = glob(body!);
    const matches = exact ? (at: string) => at === body || at === `www.${body}` : body!.includes('*') ? (at: string) => pattern.test(at) : suffix(body!);
    return { allow: allow !== undefined, matches };
  });
  return (at) => rules.some(({ allow, matches }) => !allow && matches(at)) && !rules.some(({ allow, matches }) => allow && matches(at));
}

test('text, compiled and prepared lists judge alike, as a slow reference does, over hosts of every form', async () => {
  const form = (): string => {
    const name = host();
    switch (random(8)) {
      case 0:
        return `=${name}`;
      case 1:
        return `@@||${name}^`;
      case 2:
        return `||${label().replace(/\d+/, '*')}.${name}^`;
      case 3:
        return `@@||x*.${name}^`;
      default:
        return random(2) === 0 ? name : `||${name}^`;
    }
  };
  const lines = Array.from({ length: 400 }, form);
  put('mixed.txt', `${lines.join('\n')}\n`);
  const compiled = await compileUrlLists([join(folder, 'mixed.txt')], join(folder, 'mixed.urlset'));
  assert.deepEqual(compiled.ignored, { suffixes: 0, cosmetic: 0, options: 0, patterns: 0, other: 0 });
  const bases = lines.map((line) => line.replaceAll(/[@|^=]/g, '').replaceAll('*', '7'));
  const hosts = Array.from({ length: 4000 }, (_, i) =>
    i % 2 === 0 ? host() : `${['', '', 'www.', 'x1.', `${label()}.`][random(5)]}${bases[random(bases.length)]!}`,
  );
  const listed = slowReference(lines);
  const expected = hosts.map((name) => (listed(name) ? 'blocked-host' : null));
  const urls = hosts.map((name) => `https://${name}/p`);
  assert.deepEqual(await reasonsOf({ lists: 'mixed.txt' }, urls), expected);
  assert.deepEqual(await reasonsOf({ lists: 'mixed.urlset' }, urls), expected);
  assert.deepEqual(await reasonsOf({ lists: ['mixed.urlset', 'mixed.txt'] }, urls), expected);
  assert.ok(expected.filter((reason) => reason !== null).length > 500 && expected.filter((reason) => reason === null).length > 500);
});

test('a large text list is compiled once, in the scratch folder; workers map it; its own folder stays as it was', async () => {
  const hosts = Array.from({ length: 90_000 }, (_, i) => `h${(i * 7919) % 999_983}x.example`);
  put('large/domains', `${hosts.join('\n')}\n`);
  put('large/urls', 'path.example/x\n');
  const scratch = join(folder, 'run', 'scratch');
  const options = url.schema.parse({ lists: 'large', exclude: 'large/urls' });
  await url.prepare!(options, { ...env, scratch });
  const made = readdirSync(join(scratch, 'url'));
  assert.equal(made.length, 1); // the small list of `exclude` is parsed by each worker
  assert.match(made[0]!, /^[0-9a-f]{20}\.urlset$/);
  assert.deepEqual(readdirSync(join(folder, 'large')), ['domains', 'urls']);
  const before = statSync(join(scratch, 'url', made[0]!)).mtimeMs;
  await url.prepare!(options, { ...env, scratch });
  assert.equal(statSync(join(scratch, 'url', made[0]!)).mtimeMs, before);
  const urls = [`http://a.${hosts[77]}/`, 'http://hnone.example/', 'http://path.example/x/y'];
  const expected = ['blocked-host', null, 'blocked-url'];
  assert.deepEqual(await reasonsOf({ lists: 'large' }, urls, { ...env, scratch }), expected);
  // It is the prepared file that is asked: with another in its place, the answer is that one's.
  put('other.txt', 'none.example\n');
  await compileUrlLists([join(folder, 'other.txt')], join(scratch, 'url', made[0]!));
  assert.deepEqual(await reasonsOf({ lists: 'large' }, urls, { ...env, scratch }), [null, null, null]);
  put('large/domains', `${hosts.join('\n')}\nnew.example\n`); // other bytes have another name
  assert.deepEqual(await reasonsOf({ lists: 'large' }, ['http://new.example/'], { ...env, scratch }), ['blocked-host']);
});

test('compiled bytes depend on the set of entries alone: not on order, repetition or the number of files', async () => {
  const hosts = Array.from({ length: 5000 }, host);
  put('one.txt', `${hosts.join('\n')}\n||x*.q.com^\n=y.com\nz.com/p\n`);
  put('two.txt', `z.com/p\n${hosts.slice(2000).reverse().join('\n')}\n`);
  put('three.txt', `=y.com\n||x*.q.com^\n${hosts.slice(0, 3000).join('\n')}\n`);
  await compileUrlLists([join(folder, 'one.txt')], join(folder, 'one.urlset'));
  await compileUrlLists([join(folder, 'two.txt'), join(folder, 'three.txt')], join(folder, 'two.urlset'));
  await compileUrlLists([join(folder, 'one.urlset'), join(folder, 'three.txt')], join(folder, 'three.urlset'));
  const bytes = readFileSync(join(folder, 'one.urlset'));
  assert.ok(bytes.equals(readFileSync(join(folder, 'two.urlset'))));
  assert.ok(bytes.equals(readFileSync(join(folder, 'three.urlset'))));
  const { entries } = native.urlSetCounts(openCompiled(join(folder, 'one.urlset')));
  assert.deepEqual(entries, {
    hosts: new Set(hosts).size,
    exactHosts: 1,
    urls: 1,
    patterns: 1,
    allowedHosts: 0,
    allowedExactHosts: 0,
    allowedUrls: 0,
    allowedPatterns: 0,
  });
});

test('a compiled list takes three bytes a host beside its name: 5 million of 18 bytes stay under 120 MB', async () => {
  const names = Array.from({ length: 200_000 }, (_, i) => `h${String(i * 48_611).padStart(13, '0')}.com`);
  put('size.txt', `${names.join('\n')}\n`);
  const { bytes } = await compileUrlLists([join(folder, 'size.txt')], join(folder, 'size.urlset'));
  assert.equal(names[0]!.length, 18);
  assert.ok(bytes * 25 < 105.1e6, `${bytes * 25}`);
  const found = await native.urlSetHasHosts(openCompiled(join(folder, 'size.urlset')), utf8Column([...names, ...names.map((name) => `x${name}`)]));
  assert.equal(found.subarray(0, names.length).indexOf(0), -1);
  assert.equal(found.subarray(names.length).indexOf(1), -1);
});

test('a damaged or foreign compiled list is refused by name, and a folder is searched for compiled lists too', async () => {
  put('good.txt', 'example.com\n');
  await compileUrlLists([join(folder, 'good.txt')], join(folder, 'good.urlset'));
  const bytes = readFileSync(join(folder, 'good.urlset'));
  put('mix/a.urlset', bytes);
  put('mix/b.txt', 'example.org\n');
  assert.deepEqual(await reasonsOf({ lists: 'mix' }, ['http://example.com/', 'http://example.org/', 'http://example.net/']), [
    'blocked-host',
    'blocked-host',
    null,
  ]);
  const assets = url.assets!(url.schema.parse({ lists: 'mix' }), env).map((path) => path.slice(folder.length));
  assert.deepEqual(assets.slice(1), ['/mix/a.urlset', '/mix/b.txt']); // the ledger names both digests
  bytes[bytes.length - 1]! ^= 1;
  put('bad.urlset', bytes);
  await assert.rejects(reasonsOf({ lists: 'bad.urlset' }, ['http://a.com/']), {
    code: 'ERR_REFINE_ASSET',
    place: join(folder, 'bad.urlset'),
    message: 'is no compiled list: its checksum differs. Compile it again with `refine url compile`.',
  });
  put('cut.urlset', bytes.subarray(0, 100));
  await assert.rejects(reasonsOf({ lists: 'cut.urlset' }, ['http://a.com/']), /is no compiled list: it does not begin as one|it is cut short/);
  assert.ok(!existsSync(join(folder, 'good.urlset.part')));
});

test('compiling says what it took and what it left', async () => {
  put('said.txt', 'example.com\n=a.com\nb.com/c\n@@||d.com^\ncom\n');
  const compiled = await compileUrlLists([join(folder, 'said.txt')], join(folder, 'said.urlset'));
  assert.equal(
    compiledInWords(compiled),
    `1 hosts, 1 URLs, 1 hosts alone, 1 exceptions of 1 file in ${compiled.bytes} bytes; lines that gave no entry: 1 public suffixes`,
  );
  await assert.rejects(compileUrlLists([join(folder, 'nosuch')], join(folder, 'x')), { code: 'ERR_REFINE_ASSET' });
});
