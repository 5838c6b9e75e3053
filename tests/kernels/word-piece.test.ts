// WordPiece and BERT's normaliser against HuggingFace's engine: each code point alone and beside marks, random Unicode, page texts,
// on a vocabulary made here (no package holds BERT's own; tests/peers compares that one).
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Tokenizer } from '@anush008/tokenizers';
import { native, utf8Column } from '../../native/index.js';
import { loadTokenizer } from '../../stages/tokenize/load-tokenizer.js';
import { readTokenizerJson } from '../../stages/tokenize/tokenizer-json.js';
import { randomFrom } from '../support/random.js';
import { randomText } from '../support/random-text.js';
import { realTexts } from '../support/real-texts.js';
import { needsShared, sharedPath } from '../support/shared.js';
import { compareWithHuggingFace, encodeTexts } from '../support/tokenizers.js';
import { wordPieceJson } from '../support/word-piece.js';

const full = process.env.REFINE_FULL === '1';
const SPECIALS = [
  '[CLS]',
  '[SEP]',
  '[MASK]',
  '[UNK]',
  '##',
  '##ing',
  ' [PAD] ',
  'e\u0301\u0327',
  '\u0344',
  '中文',
  '\u0000',
  '\u200d',
  '\ufeff',
  'İstanbul',
  'ΑΣ',
  'Ⅷ',
];
const OPTIONS = [
  {},
  { lowercase: false },
  { lowercase: false, strip_accents: true },
  { lowercase: true, strip_accents: false },
  { clean_text: false },
  { handle_chinese_chars: false, clean_text: false, lowercase: false },
];

test('every code point alone, beside a letter and between marks has the ids of HuggingFace', async () => {
  // a vocabulary of single characters, so that an id tells which character came out
  const characters = new Set<string>();
  const texts: string[] = [];
  for (let code = 0; code < 0x110000; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    if (!full && code > 0x3400 && code % 19 !== 0) continue;
    const c = String.fromCodePoint(code);
    for (const out of [c, c.toLowerCase(), c.normalize('NFD')]) for (const part of out) characters.add(part);
    texts.push(`a${c}`, `x\u0323${c}\u0301b`);
  }
  const joined: string[] = [];
  for (let i = 0; i < texts.length; i += 64) joined.push(texts.slice(i, i + 64).join(' '));
  for (const options of full ? OPTIONS : [{}, OPTIONS[1]!, OPTIONS[3]!])
    await compareWithHuggingFace('characters', wordPieceJson([...characters], options), joined, 'parse');
});

test('random Unicode has the ids of HuggingFace, whatever the normaliser is told', async () => {
  const random = randomFrom(71);
  const texts = Array.from({ length: full ? 200_000 : 4000 }, () => randomText(random, SPECIALS));
  texts.push('', ' ', 'a'.repeat(100), 'a'.repeat(101), 'ü'.repeat(100), 'ü'.repeat(101), 'the'.repeat(40), 'x'.repeat(99), `${'un'.repeat(60)} the`);
  for (const options of OPTIONS)
    for (const special of ['text', 'parse'] as const) await compareWithHuggingFace(JSON.stringify(options), wordPieceJson([], options), texts, special, 9);
});

test('page texts and prose have the ids of HuggingFace', { skip: sharedPath('data', 'pages') === null && needsShared }, async () => {
  for (const options of [{}, { lowercase: false }]) await compareWithHuggingFace('pages', wordPieceJson([], options), realTexts(full ? 1 : 12), 'parse');
});

test('words of white space alone, another prefix and a short longest word have the ids of HuggingFace', async () => {
  const random = randomFrom(72);
  const texts = Array.from({ length: 3000 }, () => randomText(random, [...SPECIALS, '@@a', 'thething']));
  const made = JSON.parse(wordPieceJson([], {})) as { pre_tokenizer: object; model: Record<string, unknown> };
  made.pre_tokenizer = { type: 'WhitespaceSplit' };
  await compareWithHuggingFace('WhitespaceSplit', JSON.stringify(made), texts, 'parse');
  made.pre_tokenizer = { type: 'Sequence', pretokenizers: [{ type: 'BertPreTokenizer' }, { type: 'Digits', individual_digits: true }] };
  made.model.max_input_chars_per_word = 3;
  await compareWithHuggingFace('digits', JSON.stringify(made), texts, 'parse');
  made.model.continuing_subword_prefix = '';
  made.model.max_input_chars_per_word = 100;
  await compareWithHuggingFace('no prefix', JSON.stringify({ ...made, decoder: null }), texts, 'parse');
});

test('the first tokens of a text with its [CLS] and [SEP] are those that HuggingFace truncates to', async () => {
  const json = wordPieceJson([], {});
  const { definition, template } = readTokenizerJson(json, 'made');
  assert.deepEqual(template, { before: [2], after: [3] });
  const handle = native.bpeOpen(definition);
  const oracle = Tokenizer.fromString(json);
  const random = randomFrom(73);
  const texts = ['', 'the', ...Array.from({ length: 500 }, () => randomText(random, SPECIALS))];
  for (const most of [2, 3, 4, 7, 100]) {
    oracle.setTruncation(most);
    const { tokens } = await native.bpeEncode(handle, utf8Column(texts), { parseSpecial: true, bos: 2, eos: 3, maxTokens: most });
    for (const [i, text] of texts.entries()) {
      const ours = Array.from(tokens.values.subarray(tokens.offsets[i]!, tokens.offsets[i + 1]!) as Uint16Array);
      assert.deepEqual(ours, (await oracle.encode(text, null)).getIds(), `${most}: ${JSON.stringify(text)}`);
    }
  }
});

test('vocab.txt with its tokenizer_config.json is the tokenizer.json of the same vocabulary', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'refine-vocab-'));
  try {
    for (const lowercase of [true, false]) {
      const json = wordPieceJson([], { lowercase });
      const { vocab } = (JSON.parse(json) as { model: { vocab: Record<string, number> } }).model;
      const lines = Object.keys(vocab).sort((a, b) => vocab[a]! - vocab[b]!);
      writeFileSync(join(folder, 'vocab.txt'), `${lines.join('\n')}\n`);
      writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify({ do_lower_case: lowercase, tokenizer_class: 'BertTokenizer' }));
      const { handle, file, contract } = loadTokenizer(folder, '/');
      assert.deepEqual(file.template, { before: [2], after: [3] });
      assert.equal(contract.vocab_size, Object.keys(vocab).length);
      const random = randomFrom(74);
      const texts = Array.from({ length: 1000 }, () => randomText(random, SPECIALS));
      const other = native.bpeOpen(readTokenizerJson(json, 'made').definition);
      for (const special of ['text', 'parse'] as const) assert.deepEqual(await encodeTexts(handle, texts, special), await encodeTexts(other, texts, special));
    }
    writeFileSync(join(folder, 'vocab.txt'), 'a\nb\n');
    assert.throws(() => loadTokenizer(folder, '/'), /vocab\.txt has no line "\[CLS\]"/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a megabyte of one word, of marks, of Han and of control characters ends in time', async () => {
  const handle = native.bpeOpen(readTokenizerJson(wordPieceJson([], {}), 'made').definition);
  const texts = [
    'a'.repeat(1e6),
    '\u0301\u0323'.repeat(5e5),
    '中'.repeat(4e5),
    '\u0001'.repeat(1e6),
    ' '.repeat(1e6),
    '. '.repeat(5e5),
    `e${'\u0301\u0001'.repeat(3e5)}`,
  ];
  const ids = await encodeTexts(handle, texts);
  assert.deepEqual(
    ids.map((row) => row.length),
    [1, 0, 4e5, 0, 0, 5e5, 1],
  );
});

test('parts of a file that would change ids are refused by name', () => {
  const made = JSON.parse(wordPieceJson([], {})) as Record<string, unknown> & { model: Record<string, unknown> };
  const refused = (change: object, model: object, message: RegExp) =>
    assert.throws(() => readTokenizerJson(JSON.stringify({ ...made, ...change, model: { ...made.model, ...model } }), 'made'), message);
  refused({}, { unk_token: '<none>' }, /unk_token "<none>" is not in model\.vocab/);
  refused({}, { max_input_chars_per_word: -1 }, /max_input_chars_per_word is -1/);
  refused({}, { continuing_subword_prefix: 7 }, /continuing_subword_prefix is 7/);
  refused({ decoder: { type: 'CTC' } }, {}, /decoder "CTC" is not known beside a WordPiece model/);
  refused({ pre_tokenizer: { type: 'ByteLevel' } }, {}, /ByteLevel is not known beside a WordPiece model/);
  refused({ post_processor: { type: 'BertProcessing', sep: ['[SEP]', 9e6], cls: ['[CLS]', 2] } }, {}, /post_processor adds ids outside/);
});
