// dedupe-line against brute force over all lines (tests/support/slow-repeats.ts), on made corpora and on real texts.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Batch, documentAt, utf8Column } from '../../native/index.js';
import { editsOf } from '../../pipeline/barrier-local.js';
import { dedupeLine } from '../../stages/dedupe/line/dedupe-line.js';
import { runPhases } from '../support/phase-driver.js';
import { randomFrom } from '../support/random.js';
import { realTexts } from '../support/real-texts.js';
import { needsShared, sharedPath } from '../support/shared.js';
import { type SlowDocument, slowCut, slowLineCopies, type Spans } from '../support/slow-repeats.js';

type Texts = readonly (readonly string[])[];

const LINES = [
  'Home',
  'Terms of use.',
  'TERMS OF USE. ',
  'terms of use',
  'Read more about it here!',
  'Été 1984',
  'ete 2023',
  '',
  '---',
  'One two three four five.',
  'A line in the middle',
  'x',
  '東京都は日本の首都',
];

function madeTexts(seed: number): Texts {
  const random = randomFrom(seed);
  return Array.from({ length: 1 + random(4) }, () =>
    Array.from({ length: random(7) }, () =>
      Array.from({ length: random(9) }, () => (random(4) === 0 ? `own ${random(40)}` : LINES[random(LINES.length)]!)).join('\n'),
    ),
  );
}

const batchOf = (texts: readonly (string | null)[], path?: string): Batch => ({
  rows: texts.length,
  columns: { text: utf8Column(texts), ...(path === undefined ? {} : { warc_path: utf8Column(texts.map(() => path)) }) },
});
const documentsOf = (texts: Texts): SlowDocument[] =>
  texts.flatMap((input, number) => input.map((text, row) => ({ row: (BigInt(number) << 32n) | BigInt(row), text })));
/** Batches of `size` rows. */
const cutUp = (texts: Texts, size: number): Batch[][] =>
  texts.map((input) => Array.from({ length: Math.ceil(input.length / size) }, (_, i) => batchOf(input.slice(i * size, (i + 1) * size))));

function sorted(spans: Spans | null): [string, string][] {
  return [...spans!].sort(([a], [b]) => (a < b ? -1 : 1)).map(([row, list]) => [String(row), JSON.stringify(list)]);
}

async function applied(written: object, texts: readonly (string | null)[]) {
  const raw = { 'min-words': 1, ...written };
  const { edits } = await runPhases(dedupeLine, raw, [[batchOf(texts)]]);
  const options = dedupeLine.schema.parse(raw);
  const batch = batchOf(texts);
  const { columns = {}, drops = new Uint16Array(batch.rows) } = await dedupeLine.apply!(
    options,
    batch,
    editsOf(
      edits!,
      texts.map((_, row) => BigInt(row)),
    ),
  );
  const after = { rows: batch.rows, columns: { ...batch.columns, ...columns } };
  return texts.map((_, row) => (drops[row] === 0 ? documentAt(after, row).text : dedupeLine.reasons[drops[row]! - 1]));
}

test('lines go as brute force says, for every rule set, count of copies, cut into batches and count of partitions', async () => {
  let cuts = 0;
  for (let seed = 0; seed < 40; seed++) {
    const texts = madeTexts(seed);
    const random = randomFrom(1000 + seed);
    const form = ['c4', 'ccnet', 'ccnet@code'][seed % 3]!;
    const options = { form, minWords: 1 + random(3), maxCopies: random(3), within: random(5) === 0 ? ('document' as const) : ('run' as const) };
    const raw = { rules: form, 'min-words': options.minWords, 'max-copies': options.within === 'run' ? options.maxCopies : 1, within: options.within };
    const { edits } = await runPhases(dedupeLine, raw, cutUp(texts, 1 + random(4)), { partitions: 1 + random(5) });
    const expected = await slowLineCopies(documentsOf(texts), options);
    assert.deepEqual(sorted(edits), sorted(expected), `seed ${seed} ${JSON.stringify(raw)}`);
    cuts += expected.size;
  }
  assert.ok(cuts > 100, 'the corpora have copies');
});

test('on real texts lines go as brute force says', { skip: sharedPath('data', 'pages') === null && needsShared }, async () => {
  const texts = realTexts(9);
  const twice = [...texts, ...texts.slice(0, 20).map((text) => text.toUpperCase())];
  const inputs = [twice.slice(0, 60), twice.slice(60)];
  for (const form of ['c4', 'ccnet', 'ccnet@code']) {
    const expected = await slowLineCopies(documentsOf(inputs), { form, minWords: 2, maxCopies: 1, within: 'run' });
    const { edits, notes } = await runPhases(dedupeLine, { rules: form, 'min-words': 2 }, cutUp(inputs, 25), { partitions: 3 });
    assert.deepEqual(sorted(edits), sorted(expected), form);
    assert.ok(expected.size > 20);
    assert.equal(
      notes.copied_lines,
      [...expected.values()].reduce((sum, spans) => sum + spans.length, 0),
    );
  }
});

test('the first document by (path, offset) keeps a line, once; the others lose it with its newline', async () => {
  const body = (n: number) => `The story number ${n} begins here. It has three sentences. This is the last one.`;
  const texts = [
    `Share this page\n${body(1)}\nShare this page`,
    `share this PAGE \n\n${body(2)}`,
    `${body(3)}\nShare this page`,
    `${body(4)}\n${body(1)}`,
    null,
  ];
  assert.deepEqual(await applied({}, texts), [`Share this page\n${body(1)}`, body(2), body(3), body(4), null]);
  assert.deepEqual(await applied({ 'max-copies': 2 }, texts), [
    `Share this page\n${body(1)}`,
    `share this PAGE \n\n${body(2)}`,
    body(3),
    `${body(4)}\n${body(1)}`,
    null,
  ]);
  // cc_net also takes the first copy of what two documents hold.
  assert.deepEqual((await applied({ 'max-copies': 0, 'min-sentences': 0 }, texts)).slice(0, 2), ['too-short', body(2)]);
  // Short lines are spared: what C4 never sees, and where asked.
  assert.equal((await applied({ 'min-words': undefined }, texts))[2], `${body(3)}\nShare this page`);
  assert.equal((await applied({ 'min-words': 4 }, texts))[2], `${body(3)}\nShare this page`);
});

test('a document that lost a line and has too little left is dropped; one that lost nothing never is', async () => {
  const line = 'This very line stands in both of them.';
  assert.deepEqual(await applied({}, ['Short.', line, `One. Two.\n${line}`, `One more. Two more. Three.\n${line}`]), [
    'Short.',
    line,
    'too-short',
    'One more. Two more. Three.',
  ]);
  assert.deepEqual(await applied({ 'min-sentences': 0 }, [line, line, `Left\n${line}`]), [line, 'too-short', 'Left']);
  assert.deepEqual(await applied({ 'min-sentences': 0, 'min-characters': 5 }, [line, `Left\n${line}`, `Lefts\n${line}`]), [line, 'too-short', 'Lefts']);
  assert.deepEqual(await applied({ rules: 'ccnet' }, [line, `${'long '.repeat(59)}long\n${line}`, `${'wide '.repeat(60)}\n${line}`]), [
    line,
    'too-short',
    'wide '.repeat(60),
  ]);
});

test('within one document second copies of a line go, and other documents do not matter', async () => {
  const lead = 'The mayor said on Monday that the bridge would open.';
  const texts = [`${lead}\nMore. And more. And so on.\n${lead.toUpperCase()}`, `${lead}\nText. More text. Done.`];
  assert.deepEqual(await applied({ within: 'document' }, texts), [`${lead}\nMore. And more. And so on.`, texts[1]]);
  const problems = (raw: object) => dedupeLine.check!(dedupeLine.schema.parse(raw), { seed: 1n, baseDir: '.', device: 'cpu' });
  assert.deepEqual(
    problems({ within: 'document', 'max-copies': 3, scope: 'per-dump' }).map(({ path }) => path[0]),
    ['max-copies', 'scope'],
  );
  assert.deepEqual(problems({ within: 'document' }), []);
});

test('action drop leaves texts as they are and drops those that are mostly copies', async () => {
  const copied = 'a line of twenty-nine letters';
  const texts = [copied, `${copied}\n${'z'.repeat(31)}`, `${copied}\n${'y'.repeat(27)}`];
  assert.deepEqual(await applied({ action: 'drop' }, texts), [texts[0], texts[1], 'copied-lines']);
  assert.deepEqual(await applied({ action: 'drop', 'max-copied-fraction': 0.4 }, texts), [texts[0], 'copied-lines', 'copied-lines']);
});

test('per dump, lines of another dump are no copies', async () => {
  const text = ['a line that is everywhere'];
  const inputs = ['crawl-data/CC-MAIN-2023-06/a.gz', 'crawl-data/CC-MAIN-2023-06/b.gz', 'crawl-data/CC-MAIN-2023-14/a.gz'].map((path) => [batchOf(text, path)]);
  const rows = async (scope: string) =>
    [...(await runPhases(dedupeLine, { scope, rules: scope === 'global' ? 'ccnet' : 'c4' }, inputs)).edits!.keys()].map((row) => Number(row >> 32n));
  assert.deepEqual(await rows('global'), [1, 2]);
  assert.deepEqual(await rows('per-dump'), [1]);
});

test('rows that an earlier barrier dropped own no line', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'refine-dropped-'));
  try {
    writeFileSync(join(folder, 'bits'), Uint8Array.of(1));
    const inputs = [[batchOf(['the same line', 'the same line', 'the same line'])]];
    const { edits } = await runPhases(dedupeLine, { 'min-words': 2 }, inputs, { dropped: [{ number: 0, path: join(folder, 'bits') }] });
    assert.deepEqual([...edits!.keys()], [2n]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('what is cut leaves the other lines, joined as they were', async () => {
  for (let seed = 100; seed < 120; seed++) {
    const texts = madeTexts(seed).flat();
    const { edits } = await runPhases(dedupeLine, { 'min-words': 1 }, [[batchOf(texts)]]);
    const left = await applied({ 'min-sentences': 0 }, texts);
    const expected = texts.map((text, row) => slowCut(text, edits!.get(BigInt(row)) ?? []) || (edits!.has(BigInt(row)) ? 'too-short' : text));
    assert.deepEqual(left, expected);
  }
});

test('the notice says how many lines were copies', async () => {
  const { notes } = await runPhases(dedupeLine, { 'min-words': 1 }, [[batchOf(['same here\nsame here', 'same here\nother', 'a b c'])]], { partitions: 4 });
  assert.deepEqual(dedupeLine.notices!(dedupeLine.schema.parse({}), notes), ['2 of 5 lines were copies (40.0 %), of 1 lines; the most frequent stood 3 times']);
});
