// Windows of a document, calls of packed windows, and what a scorer makes of them with a model whose losses are known.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fc } from '../support/properties.js';
import { utf8Column } from '../../native/index.js';
import { type LossModel, Scorer } from '../../stages/contract/loss-scorer.js';
import { lossWindows, packWindows, type RowWindow } from '../../stages/contract/loss-windows.js';
import { loadTokenizer } from '../../pipeline/tokenizers.js';

test('a document that fits is one window; a longer one overlaps by half and each token is scored once', () => {
  assert.deepEqual(lossWindows(1, 8), []);
  assert.deepEqual(lossWindows(2, 8), [{ begin: 0, end: 2, from: 1 }]);
  assert.deepEqual(lossWindows(8, 8), [{ begin: 0, end: 8, from: 1 }]);
  assert.deepEqual(lossWindows(9, 8), [
    { begin: 0, end: 8, from: 1 },
    { begin: 4, end: 9, from: 8 },
  ]);
  assert.deepEqual(
    lossWindows(17, 8).map(({ from, end }) => [from, end]),
    [
      [1, 8],
      [8, 12],
      [12, 16],
      [16, 17],
    ],
  );
  assert.throws(() => lossWindows(5, 1), RangeError);
});

test('windows cover a document without gap or repetition, within the context, with half a context before each token', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 2, max: 40 }), (length, context) => {
      let next = 1;
      for (const { begin, end, from } of lossWindows(length, context)) {
        assert.equal(from, next);
        assert.ok(end - begin <= context && begin >= 0 && end <= length && from < end);
        assert.ok(begin === 0 || from - begin >= context >> 1, 'half a context');
        next = end;
      }
      assert.equal(next, Math.max(length, 1));
    }),
  );
});

test('packing puts every window into one call, none of which passes the bound unless it is one window', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 2, max: 60 }), { maxLength: 40 }), fc.integer({ min: 1, max: 100 }), (lengths, most) => {
      const windows = lengths.map((length, row): RowWindow => ({ row, begin: 0, end: length, from: 1 }));
      const groups = packWindows(windows, most);
      assert.deepEqual(
        groups
          .flat()
          .map(({ row }) => row)
          .sort((a, b) => a - b),
        lengths.map((_, row) => row),
      );
      for (const group of groups) assert.ok(group.length === 1 || group.reduce((sum, { end }) => sum + end, 0) <= most);
    }),
  );
});

/** A token's loss is a function of itself, the one before it and how many stand before it in the window. */
class KnownModel implements LossModel {
  readonly calls: number[] = [];
  async losses(ids: Uint32Array, offsets: Int32Array): Promise<Float32Array> {
    this.calls.push(ids.length);
    const out = new Float32Array(ids.length);
    for (let d = 0; d + 1 < offsets.length; d++)
      for (let at = offsets[d]!; at < offsets[d + 1]!; at++) out[at] = at === offsets[d] ? Number.NaN : 1 + ids[at]! / 65536 + ids[at - 1]! / 2 ** 24;
    return out;
  }
}

const tokenizer = loadTokenizer('gpt2', '.');
const facts = { languages: null, context: 16, start: 50256, vocab: 50257, maxTokens: Number.POSITIVE_INFINITY };
const TEXTS = ['', 'One', null, 'A river runs to the sea, and the sea takes the river in. '.repeat(9), 'Salt\n\nand \u{1F600} stone', 'é'.repeat(50)];

test('a text has the same losses alone, among others, and in any order', async () => {
  const scorer = new Scorer('known', tokenizer, new KnownModel(), facts);
  const together = await scorer.score(utf8Column(TEXTS));
  const reversed = await scorer.score(utf8Column([...TEXTS].reverse()));
  for (const [row, text] of TEXTS.entries()) {
    const alone = await scorer.score(utf8Column([text]));
    assert.equal(together.nats[row], alone.nats[0]);
    assert.equal(together.tokens[row], alone.tokens[0]);
    assert.equal(reversed.nats[TEXTS.length - 1 - row], alone.nats[0]);
    assert.equal(together.bytes[row], Buffer.byteLength(text ?? ''));
  }
  assert.equal(together.nan, 0);
  assert.equal(together.tokens[0], 0);
  assert.equal(together.tokens[2], 0);
});

test('the start token stands before the first token, and windows give each token the loss of its own predecessor', async () => {
  const scorer = new Scorer('known', tokenizer, new KnownModel(), facts);
  const { ids, nats, offsets } = await scorer.tokens(utf8Column([TEXTS[3]!]));
  assert.ok(ids.length > 100);
  assert.deepEqual([...offsets], [0, ids.length]);
  for (const [at, id] of ids.entries()) assert.equal(nats[at], Math.fround(1 + id / 65536 + (at === 0 ? facts.start : ids[at - 1]!) / 2 ** 24));
  const { nats: sums } = await scorer.score(utf8Column([TEXTS[3]!]));
  assert.equal(
    sums[0],
    nats.reduce((sum, value) => sum + value, 0),
  );
});

test('a limit of tokens scores a beginning, and its bytes are those of the scored tokens', async () => {
  const scorer = new Scorer('known', tokenizer, new KnownModel(), { ...facts, maxTokens: 5 });
  const { tokens, bytes, nats } = await scorer.score(utf8Column(['A river runs to the sea', 'Two words']));
  assert.deepEqual([...tokens], [5, 2]);
  assert.deepEqual([...bytes], [Buffer.byteLength('A river runs to the'), 9]);
  assert.ok(nats[0]! > 5 && nats[0]! < 10);
});

test('an aborted signal ends the work between calls, and losses that are no numbers are counted', async () => {
  const model = new KnownModel();
  const scorer = new Scorer('known', tokenizer, model, facts);
  const controller = new AbortController();
  controller.abort(new Error('enough'));
  await assert.rejects(scorer.score(utf8Column(TEXTS), controller.signal), /enough/);
  assert.deepEqual(model.calls, []);
  const broken = new Scorer('nan', tokenizer, { losses: async (ids) => new Float32Array(ids.length).fill(Number.NaN) }, facts);
  assert.equal((await broken.score(utf8Column(TEXTS))).nan, 4);
});

test('calls stay within their bound of tokens', async () => {
  const model = new KnownModel();
  await new Scorer('known', tokenizer, model, { ...facts, context: 1024 }).score(
    utf8Column(Array.from({ length: 60 }, (_, i) => 'river stone '.repeat(i * 9))),
  );
  assert.ok(model.calls.length > 3 && model.calls.every((tokens) => tokens <= 4096), model.calls.join());
});
