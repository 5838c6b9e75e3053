// dedupe-substring against two slow references (tests/support/substring-driver.ts): every window by its content, and suffixes in order, which is
// google-research/deduplicate-text-datasets' definition.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { native, utf8Column } from '../../native/index.js';
import { loadTokenizer } from '../../stages/tokenize/load-tokenizer.js';
import { randomFrom } from '../support/random.js';
import { realTexts } from '../support/real-texts.js';
import { needsShared, sharedPath } from '../support/shared.js';
import { type Corpus, corpusOf, coveredBySuffixes, coveredByWindows, findSpans, type Span } from '../support/substring-driver.js';

const utf8 = new TextEncoder();

/** Covered bytes of documents as spans, as the step must give them. */
function spansOf({ offsets }: Corpus, covered: Uint8Array, place: (document: number) => { input: number; row: number }, ends?: readonly Uint32Array[]): Span[] {
  const spans: Span[] = [];
  for (let d = 0; d + 1 < offsets.length; d++) {
    for (let at = offsets[d]!; at < offsets[d + 1]!; at++) {
      if (covered[at] === 0) continue;
      const start = at;
      while (at < offsets[d + 1]! && covered[at] === 1) at++;
      const byte = (symbol: number): number => (ends === undefined ? symbol : symbol === 0 ? 0 : ends[d]![symbol - 1]!);
      const span = { ...place(d), start: byte(start - offsets[d]!), end: byte(at - offsets[d]!) };
      if (span.end > span.start) spans.push(span);
    }
  }
  return spans;
}

/** Documents cut into inputs of any size, in order. */
function cutIntoInputs(documents: readonly string[], sizes: readonly number[]): { inputs: string[][]; place: (d: number) => { input: number; row: number } } {
  const inputs: string[][] = [];
  const places: { input: number; row: number }[] = [];
  for (let at = 0, i = 0; at < documents.length || i === 0; i++) {
    const size = sizes[i % sizes.length]!;
    for (let row = 0; row < Math.min(size, documents.length - at); row++) places.push({ input: i, row });
    inputs.push(documents.slice(at, at + size));
    at += size;
  }
  return { inputs, place: (d) => places[d]! };
}

test('small corpora of tiny alphabets: spans equal the windows that stand twice, and google-research’s suffix order agrees', async () => {
  const draw = randomFrom(20231);
  const full = process.env.REFINE_FULL === '1';
  let covered = 0;
  for (let corpus = 0; corpus < (full ? 1000 : 200); corpus++) {
    const alphabet = 1 + draw(4);
    const span = 4 + draw(8);
    const documents = Array.from({ length: 1 + draw(8) }, () => Array.from({ length: draw(80) }, () => String.fromCharCode(97 + draw(alphabet))).join(''));
    const keep = draw(2) === 0 ? 'first' : 'none';
    const symbols = corpusOf(documents.map((text) => utf8.encode(text)));
    const expected = coveredByWindows(symbols, span, keep);
    assert.deepEqual(coveredBySuffixes(symbols, span, keep), expected);
    covered += expected.reduce((sum, one) => sum + one, 0);
    const { inputs, place } = cutIntoInputs(documents, [1 + draw(4), 1 + draw(4)]);
    const { spans } = await findSpans(inputs, { unit: 'bytes', 'min-bytes': span, keep }, { partitions: 1 + draw(3), memoryBytes: 2 ** 20 });
    assert.deepEqual(spans, spansOf(symbols, expected, place));
  }
  assert.ok(covered > 1000);
});

test('real text by bytes: spans equal those of the suffix order, whatever partitions, inputs and memory', {
  skip: sharedPath('data', 'pages') === null && needsShared,
}, async () => {
  const full = process.env.REFINE_FULL === '1';
  const documents = realTexts(full ? 1 : 8);
  const symbols = corpusOf(documents.map((text) => utf8.encode(text)));
  if (full) assert.ok(symbols.symbols.length > 10e6, `${symbols.symbols.length} bytes`);
  for (const [keep, span] of [
    ['first', 100],
    ['none', 57],
  ] as const) {
    const expected = coveredBySuffixes(symbols, span, keep);
    for (const { sizes, partitions, memoryBytes } of [
      { sizes: [1e6], partitions: 1, memoryBytes: 64 * 2 ** 20 },
      { sizes: [7, 300], partitions: 5, memoryBytes: 2 ** 20 },
    ]) {
      const { inputs, place } = cutIntoInputs(documents, sizes);
      const { spans } = await findSpans(inputs, { unit: 'bytes', 'min-bytes': span, keep }, { partitions, memoryBytes });
      assert.deepEqual(spans, spansOf(symbols, expected, place));
      assert.ok(spans.length > 10);
    }
  }
});

test('real text by tokens: spans equal those of the suffix order over token ids', { skip: sharedPath('data', 'pages') === null && needsShared }, async () => {
  const documents = realTexts(process.env.REFINE_FULL === '1' ? 1 : 4);
  const { handle, file } = loadTokenizer('falcon', '.');
  const { tokens } = await native.bpeEncode(handle, utf8Column(documents), { parseSpecial: false, eos: null, bos: null });
  const ids = documents.map((_, d) => tokens.values.subarray(tokens.offsets[d]!, tokens.offsets[d + 1]!) as Uint16Array);
  const spelled = file.definition.tokens;
  const ends = ids.map((document) => {
    let end = 0;
    return Uint32Array.from(document, (id) => (end += spelled.offsets[id + 1]! - spelled.offsets[id]!));
  });
  const symbols = corpusOf(ids);
  const { inputs, place } = cutIntoInputs(documents, [500, 33]);
  for (const keep of ['first', 'none'] as const) {
    const expected = coveredBySuffixes(symbols, 20, keep);
    const { spans, notes } = await findSpans(inputs, { 'min-tokens': 20, keep }, { partitions: 3 });
    assert.deepEqual(spans, spansOf(symbols, expected, place, ends));
    assert.equal(notes.unspelled, 0);
    assert.ok(spans.length > 10);
  }
});
