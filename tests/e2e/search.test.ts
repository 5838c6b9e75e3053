// `refine search` against counting in the texts as they were given: with an index, without one, and with one that is damaged or of other texts.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { SearchAnswer } from '../../pipeline/search.js';
import { refine } from '../support/cli.js';
import { randomFrom } from '../support/random.js';
import { realTexts } from '../support/real-texts.js';
import { needsShared, sharedPath } from '../support/shared.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-search-e2e-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const run = join(folder, 'run');
const skip = sharedPath('data', 'pages') === null && needsShared;
const documents: { id: string; url: string; text: string }[] = [];
const strings: string[] = [];

/** Overlaps counted. */
function occurrences(text: string, string: string): number {
  let count = 0;
  for (let at = text.indexOf(string); at >= 0; at = text.indexOf(string, at + 1)) count++;
  return count;
}

async function search(...args: string[]): Promise<SearchAnswer & { stderr: string }> {
  const done = await refine(['search', run, '--json', ...args]);
  assert.equal(done.code, 0, done.stderr);
  return { ...(JSON.parse(done.stdout) as SearchAnswer), stderr: done.stderr };
}

function assertRight(answer: SearchAnswer, asked: readonly string[], limit = Number.POSITIVE_INFINITY): void {
  assert.equal(answer.strings.length, asked.length);
  for (const [i, string] of asked.entries()) {
    const expected = documents.map(({ id, url, text }) => ({ id, url, count: occurrences(text, string) })).filter(({ count }) => count > 0);
    const found = answer.strings[i]!;
    assert.equal(found.string, string);
    assert.equal(
      found.count,
      expected.reduce((sum, { count }) => sum + count, 0),
      string,
    );
    assert.equal(found.documents, expected.length, string);
    assert.deepEqual(
      found.matches.map(({ id, url, count }) => ({ id, url, count })),
      expected.slice(0, limit),
    );
  }
}

before(async () => {
  if (skip) return;
  const draw = randomFrom(5);
  const texts = realTexts(3).filter((text) => !/\p{Surrogate}/u.test(text));
  texts.push('banana bandana banana and aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa');
  for (const [i, text] of texts.entries()) documents.push({ id: `d${i}`, url: `https://example.org/${i}`, text });
  const half = Math.floor(documents.length / 2);
  for (const [name, some] of [
    ['a', documents.slice(0, half)],
    ['b', documents.slice(half)],
  ] as const)
    writeFileSync(join(folder, `${name}.jsonl`), some.map((one) => `${JSON.stringify(one)}\n`).join(''));
  writeFileSync(join(folder, 'm.yaml'), 'name: x\nsource: { jsonl: ["a.jsonl", "b.jsonl"] }\nsteps: [dedupe-url]\n');
  const done = await refine(['run', join(folder, 'm.yaml'), '--out', run]);
  assert.equal(done.code, 0, done.stderr);
  while (strings.length < 150) {
    const { text } = documents[draw(documents.length)]!;
    const at = draw(Math.max(1, text.length - 60));
    const string = text.slice(at, at + 32 + draw(40));
    if (Buffer.byteLength(string) >= 32 && !/\p{Surrogate}/u.test(string) && !/[\n\r]/.test(string)) strings.push(string);
  }
  strings.push('a string that stands in none of the documents at all', 'a'.repeat(40));
});

test('strings of any length are counted as they stand, without an index', { skip }, async () => {
  const short = ['a', 'the', 'banana', ' and ', '“', 'ä', 'aaaa', strings[0]!, '\n'];
  assertRight(await search('--limit', '100000', '--', ...short), short);
});

test('with an index the answer is the same, and few batches are read', { skip }, async () => {
  const list = join(folder, 'list.jsonl');
  writeFileSync(list, strings.map((string) => `${JSON.stringify(string)}\n`).join(''));
  const whole = await search('--file', list);
  assertRight(whole, strings, 20);
  assert.equal(whole.shards_indexed, 0);
  const indexed = await search('--file', list, '--index');
  assert.match(indexed.stderr, /2 of 2 index files made/);
  assert.deepEqual(indexed.strings, whole.strings);
  assert.equal(indexed.shards_indexed, 2);
  const one = await search(strings[3]!);
  assertRight(one, [strings[3]!], 20);
  assert.ok(one.batches_read < whole.batches_read, `${one.batches_read} of ${whole.batches_read}`);
  assert.equal((await search('a string that stands in none of the documents at all')).batches_read, 0);
  assert.match((await search('--index', strings[3]!)).stderr, /0 of 2 index files made/);
});

test('a damaged index, or one of another shard, is told and not used; --index makes it anew', { skip }, async () => {
  const names = readdirSync(join(run, 'search')).sort();
  const [first, second] = names.map((name) => join(run, 'search', name)) as [string, string];
  const bytes = readFileSync(first);
  writeFileSync(first, readFileSync(second));
  const other = await search(strings[0]!);
  assertRight(other, [strings[0]!], 20);
  assert.match(other.stderr, /belongs to other texts/);
  assert.equal(other.shards_indexed, 1);
  writeFileSync(first, bytes.subarray(0, bytes.length - 5));
  const cut = await search(strings[0]!);
  assertRight(cut, [strings[0]!], 20);
  assert.match(cut.stderr, /cut short/);
  assert.match((await search('--index', strings[0]!)).stderr, /1 of 2 index files made/);
  assert.deepEqual(readFileSync(first), bytes);
});

test('people read counts, ids and places; mistakes are told', { skip }, async () => {
  const said = await refine(['search', run, 'bandana', '--limit', '1']);
  assert.equal(said.code, 0);
  assert.match(said.stdout, /^"bandana": once in 1 of \d+ documents\n {2}once {2}d\d+ {2}https:\/\/example\.org\/\d+ {2}\S+a?b?\.jsonl/);
  const none = await refine(['search', run]);
  assert.deepEqual([none.code, /no string to look for/.test(none.stderr)], [2, true]);
  const empty = await refine(['search', run, '']);
  assert.deepEqual([empty.code, /an empty string/.test(empty.stderr)], [2, true]);
  const bad = join(folder, 'bad.jsonl');
  writeFileSync(bad, '"good"\n{"no": 1}\n');
  const wrong = await refine(['search', run, '--file', bad]);
  assert.deepEqual([wrong.code, /line 2 is no JSON string/.test(wrong.stderr)], [1, true]);
});
