import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Batch, type Column, fixedColumn, native, utf8Column, validityOf } from '../../native/index.js';
import { dedupeExact } from '../../stages/dedupe/exact/dedupe-exact.js';
import { dedupeMinhash } from '../support/minhash.js';
import { c4Key, dedupeUrl } from '../../stages/dedupe/url/dedupe-url.js';
import { dropped, runPhases } from '../support/phase-driver.js';
import { randomFrom } from '../support/random.js';

function batchOf(columns: Record<string, readonly (string | null)[]>, dates?: readonly (number | null)[]): Batch {
  const built: Record<string, Column> = Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, utf8Column(values)]));
  const rows = Object.values(columns)[0]!.length;
  const known = dates ?? new Array<null>(rows).fill(null);
  const values = BigInt64Array.from(known, (date) => BigInt(date ?? 0));
  built.date = { ...fixedColumn(values, validityOf(known.map((date) => date !== null))), unit: 's' };
  return { rows, columns: built };
}

const sentence = (n: number) => Array.from({ length: 40 }, (_, i) => `word${n}x${i}`).join(' ');

test('dedupe-url keeps the first document of each URL without its fragment, and documents without URL', async () => {
  const first = batchOf({ url: ['http://Example.com', 'http://example.com/a', null, '', 'http://example.com/#top'] });
  const second = batchOf({ url: ['http://example.com/a#x', 'http://example.com/b/../a', 'https://example.com/a', null, '', 'not a url', 'not a url'] });
  const verdicts = await runPhases(dedupeUrl, {}, [[first], [second]]);
  const at = (row: number) => String((1n << 32n) | BigInt(row));
  assert.deepEqual(dropped(verdicts), { '4': '0', [at(0)]: '1', [at(1)]: '1', [at(6)]: at(5) });
  assert.deepEqual(dedupeUrl.reasons, ['duplicate-url']);
});

test('the key of a URL is its WHATWG serialisation without fragment, or the form C4 gives it', async () => {
  const written = ['HTTP://EXAMPLE.com:80/%7Ea/./b?x=1#frag', 'http://example.com/#', '::', null, '', 'http://bücher.example/'];
  const { keys, rows } = await native.urlKeys(utf8Column(written));
  assert.deepEqual([...rows], [0, 1, 2, 5]);
  const expected = ['http://example.com/%7Ea/b?x=1', 'http://example.com/', '::', 'http://xn--bcher-kva.example/'];
  assert.deepEqual(keys, await native.contentHash(utf8Column(expected), 'none'));
  assert.equal(c4Key('https://www.example.com/a//?utm_source=x&y'), 'example.com/a');
  assert.equal(c4Key('http://example.com/a?ref=1'), 'example.com/a');
  assert.equal(c4Key('http://example.com/a?page=1'), 'example.com/a?page=1');
});

test('dedupe-url by C4 joins schemes, www and tracking queries', async () => {
  const batch = batchOf({ url: ['http://www.example.com/a', 'https://example.com/a/', 'http://example.com/a?utm_x=1', 'http://example.com/b'] });
  assert.deepEqual(dropped(await runPhases(dedupeUrl, { normalise: 'c4' }, [[batch]])), { '1': '0', '2': '0' });
});

test('dedupe-exact compares normalised text, or bytes where asked, and keeps the first', async () => {
  const text = ['Hello, World!', 'hello world', 'other', null, null, 'Héllo   world', '!!!', '???', '!!!', '', ''];
  const batch = batchOf({ text });
  assert.deepEqual(dropped(await runPhases(dedupeExact, {}, [[batch]])), { '1': '0', '5': '0', '8': '6', '10': '9' });
  assert.deepEqual(dropped(await runPhases(dedupeExact, { normalise: 'none' }, [[batch]])), { '8': '6', '10': '9' });
});

test('dedupe-minhash joins texts that differ in one word of many, and leaves others and short ones alone', async () => {
  const base = sentence(1);
  const near = `${Array.from({ length: 400 }, (_, i) => `w${i}`).join(' ')} end`;
  const text = [base, sentence(2), base.toUpperCase(), 'too short to sign', 'too short to sign', near, near.replace(' end', ' fin'), null];
  const verdicts = await runPhases(dedupeMinhash, {}, [[batchOf({ text })]]);
  assert.deepEqual(dropped(verdicts), { '2': '0', '6': '5' });
  assert.deepEqual(Array.from(verdicts.clusterSize), [2, 2, 2, 2]);
});

test('dedupe-minhash keeps the longest, newest or first of a cluster; ties go to the smallest row', async () => {
  const base = sentence(7);
  const text = [base, `${base}!!`, `${base}!!!`, base, `${base}   `];
  const batch = batchOf({ text }, [5, 9, null, 9, -3]);
  const keptBy = async (keep: string) => {
    const verdicts = await runPhases(dedupeMinhash, { keep }, [[batch]]);
    return Array.from(verdicts.rows).filter((_, i) => verdicts.drops[i] === 0);
  };
  assert.deepEqual(await keptBy('first'), [0n]);
  assert.deepEqual(await keptBy('longest'), [2n]); // rows 2 and 4 have 3 more code points than 0
  assert.deepEqual(await keptBy('newest'), [1n]);
  assert.deepEqual(await runPhases(dedupeMinhash, {}, [[batch]]), await runPhases(dedupeMinhash, { keep: 'longest' }, [[batch]]));
});

test('longest counts code points, not bytes', async () => {
  const base = sentence(3);
  const both = batchOf({ text: [`${base}\u2014\u2014`, `${base}...`] }); // dashes: 2 code points in 6 bytes
  assert.deepEqual(dropped(await runPhases(dedupeMinhash, {}, [[both]])), { '0': '1' });
});

test('verdicts do not depend on how rows are cut into batches nor on the number of partitions', async () => {
  const random = randomFrom(11);
  const text = Array.from({ length: 300 }, (_, i) => {
    const words = sentence(random(60)).split(' ');
    if (random(3) === 0) words[random(40)] = `changed${i}`;
    return words.join(' ') + ' tail'.repeat(random(4));
  });
  const dates = text.map(() => random(1000));
  const whole = await runPhases(dedupeMinhash, { keep: 'newest' }, [[batchOf({ text }, dates)]]);
  assert.ok(whole.rows.length > 200);
  const cuts = [0, 1, 1, 18, 150, 299, 300];
  const parts = cuts.slice(1).map((to, i) => batchOf({ text: text.slice(cuts[i], to) }, dates.slice(cuts[i], to)));
  const strip = ({ rows, drops, kept, clusterSize }: typeof whole) => ({ rows, drops, kept, clusterSize });
  for (const partitions of [1, 7]) assert.deepEqual(strip(await runPhases(dedupeMinhash, { keep: 'newest' }, [parts], { partitions })), strip(whole));
});

test('dedupe-minhash: presets and overrides give the geometry, and too many hashes are a problem at their option', () => {
  const parse = (raw: object) => dedupeMinhash.schema.parse(raw);
  const env = { seed: 1n, baseDir: '.', device: 'cpu' as const };
  assert.deepEqual(dedupeMinhash.check!(parse({ preset: 'refinedweb' }), env), []);
  assert.deepEqual(dedupeMinhash.check!(parse({ preset: 'refinedweb', bands: 4000 }), env)[0]?.path, ['bands']);
  assert.deepEqual(dedupeMinhash.check!(parse({ rows: 60000 }), env)[0]?.path, ['rows']);
  assert.throws(() => parse({ shingle: 'chars-5' }), /words-N/);
  assert.throws(() => parse({ verify: 'all' }));
  assert.throws(() => parse({ band: 3 }));
});
