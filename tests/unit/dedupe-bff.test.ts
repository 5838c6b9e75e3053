// dedupe-bff against brute force over all n-grams (tests/support/slow-repeats.ts), exact and by Bloom filters.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Batch, documentAt, native, utf8Column } from '../../native/index.js';
import { editsOf } from '../../pipeline/barrier-local.js';
import { dedupeBff } from '../../stages/dedupe/bff/dedupe-bff.js';
import { runPhases } from '../support/phase-driver.js';
import { randomFrom } from '../support/random.js';
import { realTexts } from '../support/real-texts.js';
import { needsShared, sharedPath } from '../support/shared.js';
import { type SlowDocument, slowBff, type Spans } from '../support/slow-repeats.js';

type Texts = readonly (readonly string[])[];
const WORDS = ['the', 'a', 'river', 'Stone', ',', 'été', '東京', "don't", '12.5'];

/** Paragraphs of few words, and copies of earlier ones with a word changed or not. */
function madeTexts(seed: number): Texts {
  const random = randomFrom(seed);
  const known: string[] = [];
  const paragraph = (): string => {
    if (known.length > 3 && random(2) === 0) {
      const words = known[random(known.length)]!.split(' ');
      if (random(2) === 0 && words.length > 0) words[random(words.length)] = WORDS[random(WORDS.length)]!;
      return words.join(' ');
    }
    const made = Array.from({ length: random(14) }, () => WORDS[random(WORDS.length)]!).join(' ');
    known.push(made);
    return made;
  };
  return Array.from({ length: 1 + random(4) }, () => Array.from({ length: random(6) }, () => Array.from({ length: random(6) }, paragraph).join('\n')));
}

const batchOf = (texts: readonly (string | null)[]): Batch => ({ rows: texts.length, columns: { text: utf8Column(texts) } });
const documentsOf = (texts: Texts): SlowDocument[] =>
  texts.flatMap((input, number) => input.map((text, row) => ({ row: (BigInt(number) << 32n) | BigInt(row), text })));
const cutUp = (texts: Texts, size: number): Batch[][] =>
  texts.map((input) => Array.from({ length: Math.ceil(input.length / size) }, (_, i) => batchOf(input.slice(i * size, (i + 1) * size))));
const sorted = (spans: Spans | null): [string, string][] =>
  [...spans!].sort(([a], [b]) => (a < b ? -1 : 1)).map(([row, list]) => [String(row), JSON.stringify(list)]);
const droppedRows = ({ rows, drops }: { rows: BigUint64Array; drops: Uint16Array }) => [...rows].filter((_, i) => drops[i] === 1);

test('paragraphs are cut and documents dropped as brute force says, whatever the batches and partitions', async () => {
  let [cuts, drops] = [0, 0];
  for (let seed = 0; seed < 35; seed++) {
    const texts = madeTexts(seed);
    const random = randomFrom(500 + seed);
    const most = 1 + random(4);
    const options = { most, least: 1 + random(most), paragraph: random(5) / 4, document: 0.4 + random(7) / 10 };
    const raw = { ngram: most, 'min-ngram': options.least, 'paragraph-threshold': options.paragraph, 'document-threshold': Math.min(1, options.document) };
    const expected = await slowBff(documentsOf(texts), { ...options, document: Math.min(1, options.document) });
    const found = await runPhases(dedupeBff, raw, cutUp(texts, 1 + random(4)), { partitions: 1 + random(5) });
    assert.deepEqual(sorted(found.edits), sorted(expected.cut), `seed ${seed} ${JSON.stringify(raw)}`);
    assert.deepEqual(droppedRows(found), [...expected.dropped], `seed ${seed}`);
    assert.deepEqual([found.notes.grams ?? 0, found.notes.copied_grams ?? 0], [expected.grams, expected.held]);
    cuts += expected.cut.size;
    drops += expected.dropped.length;
  }
  assert.ok(cuts > 30 && drops > 30, `${cuts} documents cut, ${drops} dropped`);
});

const real = { skip: sharedPath('data', 'pages') === null && needsShared };
function realInputs(): Texts {
  const texts = realTexts(12);
  const mixed = texts.slice(0, 30).map((text, i) => `${text.slice(0, text.length >> 1)}\nAn end of its own, number ${i}.`);
  const all = [...texts, ...mixed];
  return [all.slice(0, 50), all.slice(50, 51), all.slice(51)];
}

test('on real texts it does as brute force says with the numbers of DCLM', real, async () => {
  const inputs = realInputs();
  const expected = await slowBff(documentsOf(inputs), { most: 13, least: 13, paragraph: 0.8, document: 0.8 });
  const found = await runPhases(dedupeBff, {}, cutUp(inputs, 20), { partitions: 3 });
  assert.deepEqual(sorted(found.edits), sorted(expected.cut));
  assert.deepEqual(droppedRows(found), [...expected.dropped]);
  assert.ok(expected.cut.size + expected.dropped.length > 10);
});

test("Bloom filters find every copied n-gram and few more, the same whatever the partitions; the measured rate is the formula's", real, async () => {
  const inputs = realInputs();
  const exact = await runPhases(dedupeBff, {}, cutUp(inputs, 20));
  const rate = 0.05;
  const raw = { filter: 'bloom', 'false-positive-rate': rate };
  const runs = await Promise.all([1, 3, 40].map((partitions) => runPhases(dedupeBff, raw, cutUp(inputs, 20), { partitions })));
  for (const found of runs) {
    assert.deepEqual(sorted(found.edits), sorted(runs[0]!.edits));
    assert.deepEqual(droppedRows(found), droppedRows(runs[0]!));
    assert.deepEqual(found.notes, runs[0]!.notes);
  }
  const notes = runs[0]!.notes;
  const claimed = notes.copied_grams! - exact.notes.copied_grams!;
  assert.ok(claimed > 0, 'filters of 5 % are wrong sometimes');
  assert.ok(claimed < rate * notes.grams!, `${claimed} of ${notes.grams} n-grams claimed wrongly`);
  // Filters are made for all n-grams, copies too. With their hashes spread over all blocks of all filters, the law of split blocks
  // gives the rate of what is in them: k of the distinct n-grams in a block, a Poisson number.
  const { distinct } = await slowBff(documentsOf(inputs), { most: 13, least: 13, paragraph: 0.8, document: 0.8 });
  const blocks = (256 * native.bloomCreate(Math.floor(notes.grams! / 256) + 1, rate).bytes) / 32;
  assert.equal(notes.filter_bytes, 32 * blocks);
  let [poisson, expected] = [Math.exp(-distinct / blocks), 0];
  for (let k = 0; k < 400; k++) {
    expected += poisson * (1 - (31 / 32) ** k) ** 8;
    poisson *= distinct / blocks / (k + 1);
  }
  assert.equal(notes.absent_asked, 256 * 16384);
  const measured = notes.absent_wrong! / notes.absent_asked!;
  const sigma = Math.sqrt(expected / notes.absent_asked! + expected / blocks); // of the questions, and of the filters, one draw themselves
  assert.ok(Math.abs(measured - expected) < 4 * sigma, `measured ${measured}, formula ${expected}, sigma ${sigma}`);
  const [, said] = dedupeBff.notices!(dedupeBff.schema.parse(raw), notes);
  assert.match(said!, /^the full Bloom filters \([\d.]+ MiB\) claimed to know [\d.]+ % of 4194304 n-grams that no document has; asked for was at most 5 %$/);
});

test('a paragraph of exactly the threshold stays, above it goes; an emptied document is dropped', async () => {
  const five = 'one two three four five';
  const texts = [five, `${five} six\n${five}`, `seven eight nine\n${five}`, `${five}\nfour five`];
  const run = async (raw: object) => {
    const options = dedupeBff.schema.parse({ ngram: 2, 'document-threshold': 1, ...raw });
    const { edits } = await runPhases(dedupeBff, { ngram: 2, 'document-threshold': 1, ...raw }, [[batchOf(texts)]]);
    const batch = batchOf(texts);
    const { columns = {}, drops = new Uint16Array(4) } = await dedupeBff.apply!(options, batch, editsOf(edits!, [0n, 1n, 2n, 3n]));
    return texts.map((_, row) =>
      drops[row] === 0 ? documentAt({ rows: 4, columns: { ...batch.columns, ...columns } }, row).text : dedupeBff.reasons[drops[row]! - 1],
    );
  };
  assert.deepEqual(await run({ 'paragraph-threshold': 0.8 }), [five, `${five} six`, 'seven eight nine', 'too-short']);
  assert.deepEqual(await run({ 'paragraph-threshold': 0.79 }), [five, 'too-short', 'seven eight nine', 'too-short']);
});

test('mistakes are named, and the words of DCLM are case-sensitive and count punctuation', async () => {
  const problems = dedupeBff.check!(dedupeBff.schema.parse({ ngram: 5, 'min-ngram': 6 }), { seed: 1n, baseDir: '.', device: 'cpu' });
  assert.match(problems[0]!.message, /min-ngram is 6, ngram 5/);
  const inputs = [[batchOf(['Hello, world of words', 'hello world of words', 'Hello, world of words'])]];
  const rows = async (raw: object) => droppedRows(await runPhases(dedupeBff, { ngram: 4, ...raw }, inputs)).map(Number);
  assert.deepEqual(await rows({}), [2]);
  assert.deepEqual(await rows({ normalise: 'default' }), [1, 2]);
});
