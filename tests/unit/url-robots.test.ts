// robots.txt as a step's option: files in every form, the verdicts beside npm robots-parser on generated files, and each place
// where the two differ, with the sentence of RFC 9309 that decides. The RFC's own examples: kernels/text/tests/robots_test.cpp.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import * as robotsModule from 'robots-parser';
import { native, utf8Column } from '../../native/index.js';
import type { StageEnv } from '../../stages/contract/stage.js';
import { url } from '../../stages/url/url.js';
import { randomFrom } from '../support/random.js';

type Parser = (url: string, text: string) => { isAllowed(url: string, agent: string): boolean | undefined };
const robotsParser = robotsModule.default as unknown as Parser; // its types say ES module, its code is CommonJS

const folder = mkdtempSync(join(tmpdir(), 'refine-robots-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));
const env: StageEnv = { seed: 1n, baseDir: folder, device: 'cpu' };
const put = (name: string, content: string | Uint8Array): void => {
  mkdirSync(join(folder, name, '..'), { recursive: true });
  writeFileSync(join(folder, name), content);
};
const parse = (options: unknown) => url.schema.parse(options);
const signal = new AbortController().signal;

async function reasonsOf(options: unknown, urls: readonly (string | null)[], scratch?: string): Promise<(string | null)[]> {
  const parsed = parse(options);
  const place = scratch === undefined ? env : { ...env, scratch };
  assert.deepEqual(url.check!(parsed, place), []);
  const run = await url.open(parsed, place);
  const { drops } = await run.process({ rows: urls.length, columns: { url: utf8Column(urls) } }, signal);
  await run.close();
  return [...drops!].map((code) => (code === 0 ? null : url.reasons[code - 1]!));
}

const problems = (options: unknown) => url.check!(parse(options), env).map(({ path, message }) => `${path.join('.')}: ${message}`);

/** A WARC response record, its own gzip member. */
function response(target: string, status: number, headers: Record<string, string>, body: string | Uint8Array): Buffer {
  const head = `HTTP/1.1 ${status} X\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;
  const block = Buffer.concat([Buffer.from(head), Buffer.from(body)]);
  const record = `WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: ${target}\r\nWARC-Date: 2024-01-01T00:00:00Z\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000000>\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: ${block.length}\r\n\r\n`;
  return gzipSync(Buffer.concat([Buffer.from(record), block, Buffer.from('\r\n\r\n')]));
}

const NO_GPT = 'User-agent: GPTBot\nDisallow: /\n';

test("CommonCrawl's robotstxt files decide by status, redirect and content; other records say nothing", async () => {
  put(
    'cc/robots.warc.gz',
    Buffer.concat([
      response('https://closed.example/robots.txt', 200, { 'Content-Type': 'text/plain' }, NO_GPT),
      response('https://gone.example/robots.txt', 404, {}, 'Not found'),
      response('https://broken.example/robots.txt', 503, {}, NO_GPT.replace('Disallow', 'Allow')),
      response('http://moved.example/robots.txt', 301, { Location: 'https://closed.example/robots.txt' }, ''),
      response('https://zipped.example/robots.txt', 200, { 'Content-Encoding': 'gzip' }, gzipSync(NO_GPT)),
      response('https://brotli.example/robots.txt', 200, { 'Content-Encoding': 'br' }, brotliCompressSync(NO_GPT)),
      response('https://page.example/index.html', 200, {}, NO_GPT),
      Buffer.from('no record at all'),
      response('https://after.example/robots.txt', 200, {}, NO_GPT),
    ]),
  );
  const expected = {
    'http://closed.example/any': 'robots',
    'https://closed.example/robots.txt': null,
    'https://sub.closed.example/any': null,
    'https://gone.example/any': null,
    'https://broken.example/any': 'robots',
    'http://moved.example/any': 'robots',
    'https://zipped.example/any': 'robots',
    'https://brotli.example/any': 'robots',
    'https://page.example/any': null,
    'https://after.example/any': 'robots',
    'https://unknown.example/any': null,
    nonsense: null,
  };
  for (const robots of ['cc/robots.warc.gz', 'cc', ['cc']])
    assert.deepEqual(await reasonsOf({ robots, agents: ['GPTBot'] }, Object.keys(expected)), Object.values(expected));
});

test('JSON lines, TSV and plain files by host say the same; a later file of a host counts', async () => {
  const rules = 'User-agent: *\nDisallow: /private/\n# tab\there\n';
  put(
    'robots.jsonl',
    `${JSON.stringify({ host: 'a.example', robots: rules })}\n\n${JSON.stringify({ url: 'https://b.example/robots.txt', robots_txt: '', status: 500 })}\r\n`,
  );
  put('robots.tsv.gz', gzipSync(`a.example\t${rules.replaceAll('\t', '\\t').replaceAll('\n', '\\n')}\nb.example\t\t500`));
  put('plain.txt', rules);
  put('closed.txt', 'user-agent: *\ndisallow: /');
  const urls = ['http://a.example/private/x', 'http://a.example/x', 'http://b.example/x'];
  assert.deepEqual(await reasonsOf({ robots: 'robots.jsonl' }, urls), ['robots', null, 'robots']);
  assert.deepEqual(await reasonsOf({ robots: 'robots.tsv.gz' }, urls), ['robots', null, 'robots']);
  assert.deepEqual(await reasonsOf({ robots: { 'a.example': 'plain.txt', 'b.example': 'closed.txt' } }, urls), ['robots', null, 'robots']);
  put('later.jsonl', `${JSON.stringify({ host: 'a.example', robots: 'user-agent: *\ndisallow:' })}\n`);
  assert.deepEqual(await reasonsOf({ robots: ['robots.jsonl', 'later.jsonl'] }, urls), [null, null, 'robots']);
  assert.deepEqual(await reasonsOf({ robots: ['later.jsonl', 'robots.jsonl'] }, urls), ['robots', null, 'robots']);
});

test('a document is dropped where any of the agents may not fetch it, and by another reason before this one', async () => {
  put('agents.txt', 'user-agent: GPTBot\ndisallow: /a\n\nuser-agent: ccbot\ndisallow: /b\n\nuser-agent: *\ndisallow: /c\n');
  put('blocked.txt', 'blocked.example\n');
  const options = { robots: { 'x.example': 'agents.txt', 'blocked.example': 'agents.txt' }, lists: 'blocked.txt' };
  const urls = ['http://x.example/a', 'http://x.example/b', 'http://x.example/c', 'http://blocked.example/a', null];
  assert.deepEqual(await reasonsOf(options, urls), ['robots', 'robots', null, 'blocked-host', null]);
  assert.deepEqual(await reasonsOf({ ...options, agents: ['CCBot'] }, urls), [null, 'robots', null, 'blocked-host', null]);
  assert.deepEqual(await reasonsOf({ ...options, agents: ['GPTBot', 'other'] }, urls), ['robots', null, 'robots', 'blocked-host', null]);
});

test('mistakes are named: files that are not there or of no known kind, hosts and agents that are none, lines that cannot be read', async () => {
  put('plain.txt', '');
  mkdirSync(join(folder, 'empty'), { recursive: true });
  assert.deepEqual(problems({ robots: ['no.warc.gz', 'plain.txt', 'empty'] }), [
    'robots.0: "no.warc.gz" is not there. Correct the path, or take it out',
    'robots.1: "plain.txt" is of a kind that is not known; expected .warc, .jsonl or .tsv (also .gz). For a plain robots.txt write { host: FILE }',
    'robots.2: "empty" holds no .warc, .jsonl or .tsv files',
  ]);
  assert.deepEqual(problems({ robots: { 'a b': 'plain.txt', 'x.example/path': 'plain.txt', 'y.example': 'no.txt' } }), [
    'robots.a b: "a b" is no host',
    'robots.x.example/path: "x.example/path" is no host',
    'robots.y.example: "no.txt" is not there. Correct the path, or take it out',
  ]);
  for (const agents of [[], ['two words'], ['']]) assert.throws(() => parse({ agents }));
  const bad = {
    '{': /line 1 is no JSON object/,
    '{"robots":""}': /line 1 names no host/,
    '{"host":"a.b"}': /line 1 has no robots\.txt/,
    '{"host":"a.b","status":"200"}': /has status "200"/,
  };
  for (const [line, message] of Object.entries(bad)) {
    put('bad.jsonl', line);
    await assert.rejects(reasonsOf({ robots: 'bad.jsonl' }, []), { code: 'ERR_REFINE_ASSET', message });
  }
  put('bad.tsv', 'a.example\n');
  await assert.rejects(reasonsOf({ robots: 'bad.tsv' }, []), { code: 'ERR_REFINE_ASSET', message: /line 1 has one field/ });
});

test('a run compiles the files once, into its scratch folder; other agents are another table', async () => {
  const scratch = mkdtempSync(join(folder, 'scratch-'));
  put('once.txt', NO_GPT);
  const compiled = () => readdirSync(join(scratch, 'url')).filter((name) => name.endsWith('.robots'));
  const options = { robots: { 'x.example': 'once.txt' }, agents: ['GPTBot'] };
  await url.prepare!(parse(options), { ...env, scratch });
  assert.equal(compiled().length, 1);
  assert.deepEqual(await reasonsOf(options, ['http://x.example/'], scratch), ['robots']);
  assert.equal(compiled().length, 1);
  assert.deepEqual(await reasonsOf({ ...options, agents: ['CCBot'] }, ['http://x.example/'], scratch), [null]);
  assert.equal(compiled().length, 2);
});

async function disallowed(file: string, agent: string, urls: readonly string[]): Promise<boolean[]> {
  const list = native.robotsListNew([agent]);
  native.robotsListAdd(list, 'https://h.example/robots.txt', 200, '', Buffer.from(file));
  const table = native.robotsTableOpen(await native.robotsListCompile(list));
  return [...(await native.robotsTableJudge(table, utf8Column(urls)))].map((verdict) => verdict === 1);
}

test('4,000 generated files give the verdicts of robots-parser on 40 URLs each, where both follow the RFC', async () => {
  const random = randomFrom(23);
  const pick = <T>(from: readonly T[]): T => from[random(from.length)]!;
  const piece = () =>
    pick(['a', 'b', 'ab', '/', '/', '.html', '.gif', '?', '&q=1', '*', '*', '-', '_', '~', 'ü', '%C3%BC', '%c3%bc', '%2F', 'x y', ';', ',', '(', '+']);
  const agents = ['alpha', 'beta', 'Gamma-Bot'];
  let compared = 0;
  let disallows = 0;
  for (let round = 0; round < 4000; round++) {
    const lines: string[] = [];
    for (let group = random(4); group >= 0; group--) {
      // A group without rules, and names with digits, are among the differences below.
      for (let name = random(2); name >= 0; name--)
        lines.push(`${pick(['User-agent', 'user-agent ', 'USER-AGENT'])}:${pick(['', ' ', '\t'])}${pick([...agents, '*', 'other', 'ALPHA', 'beta/2.0'])}`);
      for (let rule = random(5); rule >= 0; rule--) {
        const pattern = `${pick(['/', '/', '/', '*'])}${Array.from({ length: random(5) }, piece).join('')}${pick(['', '', '', '$'])}`;
        lines.push(
          `${pick(['Allow', 'Disallow', 'disallow', ' DISALLOW'])}:${pick(['', ' '])}${pick([pattern, pattern, pattern, pattern, ''])}${pick(['', '', ' # why', '#'])}`,
        );
        if (random(6) === 0) lines.push(pick(['', '# comment', 'noise']));
      }
    }
    const file = lines.join(pick(['\n', '\r\n', '\r']));
    const path = () => Array.from({ length: random(6) }, () => piece().replace('*', pick(['c', 'ab', '']))).join('');
    const urls = Array.from({ length: 40 }, () => `https://h.example/${path().replace(/[?]+$/, '')}`);
    const oracle = robotsParser('https://h.example/robots.txt', file);
    const agent = pick(agents);
    const ours = await disallowed(file, agent, urls);
    const theirs = urls.map((address) => oracle.isAllowed(address, agent) === false);
    for (const [at, address] of urls.entries()) {
      const query = address.slice(address.indexOf('?') + 1);
      if (address.includes('?') && /\/|%2F/.test(query) && `${query}${file}`.includes('%2F')) continue; // a reserved character in a query: below
      if (ours[at] !== theirs[at]) assert.fail(`${JSON.stringify(file)}\n${address}\nas ${agent}: ours ${ours[at]}, robots-parser ${theirs[at]}`);
    }
    compared += urls.length;
    disallows += ours.filter(Boolean).length;
  }
  assert.ok(disallows > compared / 10 && disallows < (compared * 9) / 10);
});

/** [what, the RFC's sentence, file, path, ours: disallowed, robots-parser's]. */
const DIFFERENCES: readonly (readonly [string, string, string, string, boolean, boolean])[] = [
  ['a group without rules at the end of the file', '2.2.1, and quxbot of 5.1', 'user-agent: *\ndisallow: /\nuser-agent: bot\n', '/x', false, true],
  [
    'another record between two names of a group',
    '2.2.4: it must not interfere',
    'user-agent: bot\ncrawl-delay: 5\nuser-agent: b\ndisallow: /x',
    '/x',
    true,
    false,
  ],
  [
    'an unreserved character that is percent-encoded',
    '2.2.2: it is unencoded prior to comparison',
    'user-agent: bot\ndisallow: /foo/bar/%62%61%7A',
    '/foo/bar/baz',
    true,
    false,
  ],
  [
    'a reserved character in a query',
    '2.2.2, second row of its table',
    'user-agent: bot\ndisallow: /foo/bar?baz=http://foo.bar',
    '/foo/bar?baz=http%3A%2F%2Ffoo.bar',
    true,
    false,
  ],
  [
    'a percent-encoded asterisk',
    '2.2.3, first row of its table',
    'user-agent: bot\ndisallow: /path/file-with-a-%2A.html',
    '/path/file-with-a-*.html',
    true,
    false,
  ],
  ['a percent-encoded dollar sign', '2.2.3, second row of its table', 'user-agent: bot\ndisallow: /path/foo-%24', '/path/foo-$', true, false],
  ['/robots.txt itself', '2.2.2: it is implicitly allowed', 'user-agent: bot\ndisallow: /', '/robots.txt', false, true],
  ['an empty query', '2.2.3: $ is the end of the pattern, and the URL goes on', 'user-agent: bot\ndisallow: /x$', '/x?', false, true],
];

test('where robots-parser differs, a sentence of RFC 9309 decides', async () => {
  for (const [what, source, file, path, ours, theirs] of DIFFERENCES) {
    const address = `https://h.example${path}`;
    assert.deepEqual(await disallowed(file, 'bot', [address]), [ours], `${what} (${source})`);
    assert.equal(robotsParser('https://h.example/robots.txt', file).isAllowed(address, 'bot') === false, theirs, `${what}: robots-parser has changed`);
  }
});
