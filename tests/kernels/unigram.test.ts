// Unigram vocabularies and the normalisers of their files against HuggingFace's engine: random scores with many ties, random Unicode,
// page texts; the shapes of T5's, XLM-R's and DeBERTa-v3's files. Vocabularies are made here; no package holds theirs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTokenizerJson } from '../../stages/tokenize/tokenizer-json.js';
import { charsMap } from '../support/chars-map.js';
import { randomFrom } from '../support/random.js';
import { randomText } from '../support/random-text.js';
import { realTexts } from '../support/real-texts.js';
import { needsShared, sharedPath } from '../support/shared.js';
import { compareWithHuggingFace } from '../support/tokenizers.js';

const full = process.env.REFINE_FULL === '1';
const MAP = charsMap([
  ['\t', ' '],
  ['\n', ' '],
  ['\r', ' '],
  ['\u00a0', ' '],
  ['\u3000', ' '],
  ['\u200b', ''],
  ['\u200d', ''],
  ['ﬁ', 'fi'],
  ['Ａ', 'A'],
  ['™', 'TM'],
  ['Ⅷ', 'VIII'],
  ['½', '1/2'],
  ['e\u0301', 'é'],
  ['e\u0301\u0327', 'ȩ́'],
  ['a\u0308', 'ä'],
  ['\u0301', "'"],
  ['ｶ', 'カ'],
  ['ｶﾞ', 'ガ'],
  ['Q', 'q'],
]);
const EXTRA = [
  '\r\n',
  '\n\n',
  '  ',
  '   ',
  'e\u0301',
  'e\u0301\u0327',
  'Q\u0301',
  'ﬁ\u0301',
  '\u0600Q',
  '\u0600ﬁ',
  'ｶﾞ',
  '👩\u200d👩',
  '™\ufe0f',
  '½',
  '▁',
  '▁▁',
  '<unk>',
  '</s>',
  'the ',
  'ing',
  '\u0000',
  '\u3000',
];

const metaspace = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true };
const normalized = (...normalizers: object[]) => ({ type: 'Sequence', normalizers });
const precompiled = { type: 'Precompiled', precompiled_charsmap: MAP };
const runs = (content: string) => ({ type: 'Replace', pattern: { Regex: ' {2,}' }, content });
const strip = (left: boolean, right: boolean) => ({ type: 'Strip', strip_left: left, strip_right: right });
const bySpace = { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, metaspace] };

const SHAPES: Readonly<Record<string, { readonly normalizer: object | null; readonly pre_tokenizer: object | null }>> = {
  plain: { normalizer: null, pre_tokenizer: null },
  metaspace: { normalizer: null, pre_tokenizer: metaspace },
  'without split': { normalizer: null, pre_tokenizer: { ...metaspace, split: false, prepend_scheme: 'first' } },
  'XLM-R': { normalizer: precompiled, pre_tokenizer: bySpace },
  T5: { normalizer: normalized(precompiled, strip(false, true), runs('▁')), pre_tokenizer: metaspace },
  'DeBERTa-v3': { normalizer: normalized(strip(true, true), precompiled, runs(' ')), pre_tokenizer: { type: 'Sequence', pretokenizers: [metaspace] } },
};

/** Tokens of two to four characters beside single ones, scores from a handful of values so that spellings tie. */
function made(seed: number, shape: keyof typeof SHAPES, bytes: boolean, texts: readonly string[]): string {
  const random = randomFrom(seed);
  const vocab: [string, number][] = [
    ['<pad>', 0],
    ['</s>', 0],
    ['<unk>', 0],
  ];
  const seen = new Set(vocab.map(([token]) => token));
  const add = (token: string): void => {
    if (token === '' || seen.has(token)) return;
    seen.add(token);
    vocab.push([token, -1 - random(6) - (random(3) === 0 ? 0.1 : 0)]);
  };
  if (bytes) for (let byte = 0; byte < 256; byte++) add(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
  for (const c of '▁abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP0123456789.,/éäあ中') add(c);
  for (const text of texts) {
    const characters = [...text.replaceAll(' ', '▁')];
    for (let i = 0; i < 12; i++) {
      const at = random(characters.length + 1);
      add(characters.slice(at, at + 1 + random(4)).join(''));
    }
  }
  return JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [1].map((id) => ({ id, content: vocab[id]![0], single_word: false, lstrip: false, rstrip: false, normalized: false, special: true })),
    ...SHAPES[shape],
    post_processor: null,
    decoder: bytes
      ? { type: 'Sequence', decoders: [{ type: 'Replace', pattern: { String: '▁' }, content: ' ' }, { type: 'ByteFallback' }, { type: 'Fuse' }] }
      : { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
    model: { type: 'Unigram', unk_id: 2, vocab, byte_fallback: bytes },
  });
}

for (const shape of Object.keys(SHAPES))
  for (const bytes of [false, true])
    test(`random Unicode has the ids of HuggingFace: ${shape}${bytes ? ', byte fallback' : ''}`, async () => {
      const random = randomFrom(shape.length * 2 + Number(bytes));
      const texts = Array.from({ length: full ? 100_000 : 3000 }, () => randomText(random, EXTRA));
      texts.push('', ' ', '\r\n', 'the', '☃☃☃', 'a☃☃b', '<unk>☃', '☃<unk>', 'a'.repeat(5000), '☃'.repeat(300));
      for (const seed of [1, 2, 3]) await compareWithHuggingFace(`${shape} ${seed}`, made(seed, shape, bytes, texts.slice(0, 200)), texts, 'parse', 7);
    });

test('a token that stands twice, and bytes of which some have no token, have the ids of HuggingFace', async () => {
  const random = randomFrom(5);
  const texts = Array.from({ length: 2000 }, () => randomText(random, EXTRA));
  const file = JSON.parse(made(4, 'XLM-R', true, texts.slice(0, 200))) as { model: { vocab: [string, number][] } };
  const { vocab } = file.model;
  const twice = vocab.filter(([token], id) => id > 2 && id % 5 === 0 && !token.startsWith('<0x')).map(([token]): [string, number] => [token, -0.5 - random(8)]);
  await compareWithHuggingFace('twice', JSON.stringify({ ...file, model: { ...file.model, vocab: [...vocab, ...twice] } }), texts, 'parse');
  const fewer = vocab.filter(([token]) => !/^<0x([89]4|9[89A]|AF|E4)>$/.test(token));
  assert.equal(vocab.length - fewer.length, 7);
  await compareWithHuggingFace('fewer bytes', JSON.stringify({ ...file, model: { ...file.model, vocab: fewer } }), texts, 'parse');
});

test('page texts have the ids of HuggingFace', { skip: sharedPath('data', 'pages') === null && needsShared }, async () => {
  const texts = realTexts(40);
  assert.ok(texts.length > 40);
  for (const shape of ['XLM-R', 'T5', 'DeBERTa-v3'])
    for (const bytes of [false, true]) await compareWithHuggingFace(shape, made(9, shape, bytes, texts), texts, 'parse', 5);
});

test('files that contradict themselves are refused by name', () => {
  const file = JSON.parse(made(1, 'T5', false, ['the page'])) as { model: Record<string, unknown>; normalizer: unknown; pre_tokenizer: unknown };
  const refused = (change: object, message: RegExp): void => {
    assert.throws(() => readTokenizerJson(JSON.stringify({ ...file, ...change }), 'x'), { code: 'ERR_REFINE_ASSET', message });
  };
  refused({ model: { ...file.model, unk_id: null } }, /unk_id is null; expected a token of model\.vocab/);
  refused({ model: { ...file.model, unk_id: 1e6 } }, /unk_id is 1000000/);
  refused({ model: { ...file.model, vocab: { a: 1 } } }, /expected a list of \[token, score\]/);
  refused({ model: { ...file.model, vocab: [['a']] } }, /model\.vocab\[0\] is \["a"\]/);
  refused({ model: { ...file.model, vocab: [['a', null]] } }, /expected a token and its score/);
  refused({ normalizer: { type: 'Precompiled' } }, /no "precompiled_charsmap"/);
  refused({ pre_tokenizer: { ...bySpace, pretokenizers: [{ type: 'WhitespaceSplit' }, { ...metaspace, prepend_scheme: 'first' }] } }, /known: always/);
});
