// Where two models differ, by slice: what a byte is, how tokens are shared out, and that every breakdown adds up to the whole.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fc } from '../support/properties.js';
import { bytesColumn, utf8Column } from '../../native/index.js';
import { gapReport, GapSums, gapText } from '../../pipeline/check/gap-report.js';
import { TEXT_SLICES, textKinds } from '../../pipeline/check/gap-slices.js';
import { loadTokenizer } from '../../pipeline/tokenizers.js';
import { lineBits } from '../../stages/contract/line-bits.js';
import { type LossModel, Scorer } from '../../stages/contract/loss-scorer.js';
import { shareByBytes, tokenEnds } from '../../stages/contract/token-spans.js';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The text cut into pieces of one kind. */
function pieces(text: string): string[] {
  const bytes = utf8(text);
  const kinds = textKinds(bytes);
  const out: string[] = [];
  for (let from = 0, at = 1; at <= bytes.length; at++) {
    if (at < bytes.length && kinds[at] === kinds[from]) continue;
    out.push(`${TEXT_SLICES[kinds[from]!]}:${new TextDecoder().decode(bytes.subarray(from, at))}`);
    from = at;
  }
  return out;
}

test('bytes are URL, number, word, word beyond ASCII, white space or punctuation', () => {
  assert.deepEqual(pieces("It's 1,234.5 at https://a.example/x?y=1, déjà!"), [
    "word:It's",
    'white-space: ',
    'number:1,234.5',
    'white-space: ',
    'word:at',
    'white-space: ',
    'url:https://a.example/x?y=1',
    'punctuation:,',
    'white-space: ',
    'non-ascii-word:déjà',
    'punctuation:!',
  ]);
  assert.deepEqual(pieces('H2O 3rd www.b.example. “so” 東京\u3000\u00a0'), [
    'word:H2O',
    'white-space: ',
    'word:3rd',
    'white-space: ',
    'url:www.b.example',
    'punctuation:.',
    'white-space: ',
    'punctuation:“',
    'word:so',
    'punctuation:”',
    'white-space: ',
    'non-ascii-word:東京',
    'white-space:\u3000\u00a0',
  ]);
  assert.deepEqual(pieces('1.\n\t'), ['number:1', 'punctuation:.', 'white-space:\n\t']);
  assert.deepEqual(
    [...textKinds(Uint8Array.of(0xff, 0xe6, 0x9d, 0x01))].map((kind) => TEXT_SLICES[kind]),
    ['punctuation', 'punctuation', 'punctuation', 'other'],
  );
});

test('kinds are linear in an address of full stops', () => {
  const bytes = utf8(`http://${'.'.repeat(400_000)}a`);
  assert.equal(textKinds(bytes).filter((kind) => TEXT_SLICES[kind] === 'url').length, bytes.length);
});

test('shares of tokens over any cut of the text add up to the tokens, and a token inside one part goes there whole', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.float({ noNaN: true, min: 0, max: 30 })), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 5 }),
      (tokens, parts) => {
        let end = 0;
        const ends = Int32Array.from(tokens, ([size]) => (end += size));
        fc.pre(end > 0);
        const kinds = Uint8Array.from({ length: end }, (_, at) => ((at * at + (at >> 2)) % 7) % parts);
        const sums = new Float64Array(parts);
        const values = tokens.map(([, value]) => value);
        shareByBytes(values, ends, end, (at) => kinds[at]!, sums);
        const whole = values.reduce((sum, value) => sum + value, 0);
        assert.ok(Math.abs(sums.reduce((sum, value) => sum + value, 0) - whole) <= 1e-9 * (1 + whole));
        const slow = new Float64Array(parts);
        let begin = 0;
        ends.forEach((to, i) => {
          if (to === begin) slow[kinds[Math.min(begin, kinds.length - 1)]!]! += values[i]!;
          for (let at = begin; at < to; at++) slow[kinds[at]!]! += values[i]! / (to - begin);
          begin = to;
        });
        for (const [part, sum] of sums.entries()) assert.ok(Math.abs(sum - slow[part]!) <= 1e-9 * (1 + whole));
      },
    ),
  );
});

test('tokens that spell a text end where their bytes end; a leading space of SentencePiece is no byte of it, another text is none', () => {
  const vocabulary = bytesColumn('binary', ['the', ' ri', 'ver', ' the', ''].map(utf8));
  const ids = (...list: number[]) => Uint32Array.from(list);
  assert.deepEqual([...tokenEnds(utf8('the river'), ids(0, 1, 2), vocabulary)!], [3, 6, 9]);
  assert.deepEqual([...tokenEnds(utf8('the river'), ids(3, 1, 4, 2), vocabulary)!], [3, 6, 6, 9]);
  assert.equal(tokenEnds(utf8('The river'), ids(0, 1, 2), vocabulary), null);
  assert.equal(tokenEnds(utf8('the'), ids(0, 1), vocabulary), null);
  assert.equal(tokenEnds(utf8('the'), ids(9), vocabulary), null);
});

/** A token costs a nat a byte, and `extra` more where it holds a digit. */
const byteModel = (sizes: (id: number) => { bytes: number; digit: boolean }, extra: number): LossModel => ({
  losses: async (ids) => Float32Array.from(ids, (id) => sizes(id).bytes + (sizes(id).digit ? extra : 0)),
});
const tokenizer = loadTokenizer('gpt2', '.');
const vocabulary = tokenizer.file.definition.tokens;
const sizes = (id: number) => {
  const bytes = vocabulary.data.subarray(vocabulary.offsets[id]!, vocabulary.offsets[id + 1]!);
  return { bytes: bytes.length, digit: bytes.some((byte) => byte >= 0x30 && byte <= 0x39) };
};
const facts = { languages: null, context: 32, start: 50256, vocab: 50257, maxTokens: Number.POSITIVE_INFINITY };

test('a model that is worse at numbers alone has its gap there, and every breakdown adds up', async () => {
  const texts = ['In 1984 the river rose by 12 feet', 'No figures here', 'Le café à 7 heures, https://x.example/9', '', `x${'é'.repeat(20_000)}`];
  async function* batches() {
    for (const [row, text] of texts.entries())
      yield {
        rows: 1,
        columns: { text: utf8Column([text]), lang: utf8Column([row === 2 ? 'fr' : 'en']), host: utf8Column([row === 0 ? null : `h${row}.example`]) },
      };
  }
  const a = new Scorer('even', tokenizer, byteModel(sizes, 0), facts);
  const b = new Scorer('bad at numbers', tokenizer, byteModel(sizes, 2), facts);
  const report = await gapReport(batches(), a, b, new AbortController().signal);
  assert.equal(report.total.documents, 4);
  assert.equal(report.total.bytes, Buffer.byteLength(texts[0]! + texts[1]! + texts[2]!) + 32767, 'cut before the character that passes the bound');
  for (const slices of Object.values(report.by)) {
    const sum = (pick: (slice: (typeof slices)[number]) => number): number => slices.reduce((total, slice) => total + pick(slice), 0);
    assert.equal(
      sum(({ bytes }) => bytes),
      report.total.bytes,
    );
    for (const model of ['a', 'b'] as const) assert.ok(Math.abs(sum((slice) => slice[model] * slice.bytes) - report.total[model] * report.total.bytes) < 1e-6);
    assert.ok(Math.abs(sum(({ share }) => share!) - 1) < 1e-9);
  }
  const text = new Map(report.by.text.map((slice) => [slice.slice, slice]));
  assert.ok(text.get('number')!.gap > text.get('url')!.gap && text.get('number')!.share! > 0.4);
  assert.equal(text.get('word')!.gap, 0);
  assert.equal(text.get('unaligned'), undefined);
  assert.deepEqual(
    report.by.lang.map(({ slice }) => slice),
    ['en', 'fr'],
  );
  assert.ok(report.by.host.some(({ slice }) => slice === 'unknown'));
  assert.match(gapText(report), /by text\n {2}url .*\n {2}number .*rank correlation/s);
});

test('a text that one tokenizer does not spell is counted whole, and hosts past the twentieth together', () => {
  const sums = new GapSums();
  for (let i = 0; i < 25; i++) {
    const text = utf8('abc def');
    const good = { ends: Int32Array.of(3, 7), nats: [1, 2] };
    sums.add(text, null, `h${i}`, good, i === 0 ? { ends: null, nats: [5] } : good);
  }
  const { by, total } = sums.report(['a', 'b']);
  assert.deepEqual(by.text.at(-1), { slice: 'unaligned', documents: 1, bytes: 7, a: 3 / Math.LN2 / 7, b: 5 / Math.LN2 / 7, gap: 2 / Math.LN2 / 7, share: 1 });
  assert.deepEqual([by.host.length, by.host.at(-1)!.slice, by.host.at(-1)!.documents], [21, 'other hosts', 5]);
  assert.equal(total.documents, 25);
  assert.deepEqual(new GapSums().report(['a', 'b']).total, { documents: 0, bytes: 0, a: 0, b: 0, gap: 0 });
});

test('lines of a text weighted by their bytes are the text, and a hard line stands out', () => {
  const bytes = bytesColumn('binary', ['soft ', 'rain\n', 'x', 'qz\n\n', 'end'].map(utf8));
  const text = utf8('soft rain\nxqz\n\nend');
  const lines = lineBits(text, Uint32Array.of(0, 1, 2, 3, 4), Float32Array.of(1, 1, 9, 9, 1), bytes)!;
  assert.equal(lines.length, 4);
  const weights = [10, 4, 1, 3];
  const whole = lines.reduce((sum, value, line) => sum + value * weights[line]!, 0);
  assert.ok(Math.abs(whole - 21 / Math.LN2) < 1e-5);
  assert.ok(lines[1]! > 4 * lines[0]!);
  assert.equal(lineBits(text, new Uint32Array(), new Float32Array(), bytes), null);
});
