// Tokenizer files that cannot be read exactly are refused with the place, what was found, what was expected and the next move.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadTokenizer } from '../../stages/tokenize/load-tokenizer.js';
import { readSentencePieceModel } from '../../stages/tokenize/sentencepiece-model.js';
import { readTiktoken } from '../../stages/tokenize/tiktoken-file.js';
import { readTokenizerJson } from '../../stages/tokenize/tokenizer-json.js';
import { type MadePiece, sentencePieceModel } from '../support/sentencepiece.js';
import { BYTE_CHARACTERS, tokenizerJson } from '../support/tokenizers.js';
import { PRE_TOKENIZERS } from '../../pipeline/tokenizer-choices.js';
import { NAMED_PRE_TOKENIZERS } from '../../pipeline/tokenizers.js';

const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
const gpt2 = JSON.parse(
  tokenizerJson(
    { type: 'BPE', vocab: { ...Object.fromEntries(BYTE_CHARACTERS.map((character, byte) => [character, byte])), ab: 256 }, merges: ['a b'] },
    { pre_tokenizer: bytes, decoder: bytes, added_tokens: [{ id: 257, content: '<end>', special: true }] },
  ),
);
const refuses = (read: () => unknown, message: RegExp) => assert.throws(read, { code: 'ERR_REFINE_ASSET', place: 'x', message });
const json = (change: object, message: RegExp) => refuses(() => readTokenizerJson(JSON.stringify({ ...gpt2, ...change }), 'x'), message);

test('a tokenizer.json that asks for what is not known is refused by name', () => {
  const split = (pattern: object, more: object = {}) => ({
    type: 'Sequence',
    pretokenizers: [{ type: 'Split', pattern, behavior: 'Isolated', invert: false, ...more }, gpt2.pre_tokenizer],
  });
  json({ pre_tokenizer: { type: 'CharDelimiterSplit' } }, /pre_tokenizer "CharDelimiterSplit" is not known; known: BertPreTokenizer, ByteLevel/);
  json({ pre_tokenizer: { type: 'BertPreTokenizer' } }, /BertPreTokenizer or WhitespaceSplit is known beside a WordPiece or Unigram model only/);
  json({ pre_tokenizer: split({ Regex: 'x+' }) }, /"x\+".*is not known; known:.*o200k.*Choose a tokenizer/);
  json({ pre_tokenizer: split({ String: 'x' }) }, /"x"/);
  json({ pre_tokenizer: split({ Regex: '\\p{N}{1,3}' }) }, /is not known/);
  json({ pre_tokenizer: { type: 'Metaspace', replacement: '_' } }, /replacement "_"; known: "▁"/);
  json({ pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'last' } }, /prepend_scheme "last".*known: first, always, never/);
  json({ pre_tokenizer: 7 }, /pre_tokenizer must be an object/);
  json({ pre_tokenizer: null }, /decoder "ByteLevel" is not known/);
  json({ normalizer: { type: 'NFKC' } }, /normalizer "NFKC" is not known; known: BertNormalizer, Lowercase, NFC, Precompiled, Prepend, Replace/);
  json({ normalizer: { type: 'Replace', pattern: { Regex: '\\s' }, content: '' } }, /normalizer Replace has pattern/);
  json({ decoder: { type: 'WordPiece' } }, /decoder "WordPiece" is not known/);
  json({ model: { type: 'WordLevel' } }, /model\.type is "WordLevel"; "BPE", "WordPiece" and "Unigram" are read/);
  json({ model: { ...gpt2.model, dropout: 0.1 } }, /dropout is 0.1: ids would be random/);
  json({ model: { ...gpt2.model, end_of_word_suffix: '</w>' } }, /end_of_word_suffix is "<\/w>"/);
  json({ model: undefined }, /has no "model" object/);
  refuses(() => readTokenizerJson('{', 'x'), /is not JSON/);
  refuses(() => readTokenizerJson('[]', 'x'), /has no "model" object/);
  let deep: object = { type: 'ByteLevel' };
  for (let i = 0; i < 20; i++) deep = { type: 'Sequence', pretokenizers: [deep] };
  json({ pre_tokenizer: deep }, /Sequences eight deep/);
});

test('a tokenizer.json whose parts contradict one another is refused', () => {
  const model = (change: object) => ({ model: { ...gpt2.model, ...change } });
  json(model({ merges: ['a zzzzqq'] }), /merges\[0\] needs the token "zzzzqq", which model.vocab lacks/);
  json(model({ merges: ['abc'] }), /merges\[0\] is "abc"; expected two tokens/);
  json(model({ merges: 'a b' }), /model.merges is "a b"; expected a list/);
  json(model({ vocab: { ...gpt2.model.vocab, zzzzqq: 17 } }), /gives the id 17 to both .* and "zzzzqq"/);
  json(model({ vocab: { ...gpt2.model.vocab, zzzzqq: 4_000_000 } }), /ids up to 4000000; expected ids close together/);
  json(model({ vocab: { ...gpt2.model.vocab, zzzzqq: 1e12 } }), /id 1000000000000; expected an integer from 0/);
  json(model({ vocab: { ...gpt2.model.vocab, zzzzqq: -1 } }), /id -1/);
  json(model({ vocab: [] }), /model.vocab is \[\]/);
  json({ added_tokens: [], ...model({ vocab: { 東: 0 }, merges: [] }) }, /spells no byte/);
  const added = (id: unknown, content: unknown) => ({ added_tokens: [{ id, content, special: false }] });
  json(added(70_000, '<new>'), /added_tokens\[0\] "<new>" has id 70000, but HuggingFace gives it 257 \(the next after the vocabulary\)/);
  json(added(3, 'ab'), /has id 3, but HuggingFace gives it \d+ \(its id in model.vocab\)/);
  json(added(257, 7), /added_tokens\[0\] is .*expected "id" and "content"/);
  json({ added_tokens: {} }, /added_tokens is \{\}; expected a list/);
  const characters = { added_tokens: [], pre_tokenizer: null, decoder: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always' } };
  json({ ...characters, ...model({ unk_token: '<none>' }) }, /unk_token "<none>" is not in model.vocab/);
  json({ ...characters, ...model({ byte_fallback: true, vocab: { '<0x00>': 0 }, merges: [] }) }, /lacks <0x01>; expected all bytes or none/);
  json({ ...characters, ...model({ unk_token: 'a', vocab: { a: 0, aa: 1 }, merges: ['a a'] }) }, /merges\[0\] has the unknown token/);
});

test('a rank file that is not whole, or not known, is refused', () => {
  const lines = Array.from({ length: 256 }, (_, byte) => `${Buffer.from([byte]).toString('base64')} ${byte}\n`).join('');
  const read = (text: string, special = new Map<string, number>()) => readTiktoken(Buffer.from(text), 'x', 'cl100k', special);
  assert.equal(read(lines).vocabSize, 256);
  refuses(() => readTiktoken(Buffer.from(lines), 'x', undefined, new Map()), /not known by its sha256.*Set tokenize.pattern to one of gpt2, cl100k/);
  refuses(() => read(`${lines}YWI=`), /line 257 is "YWI="; expected base64, a space and a rank/);
  refuses(() => read(`${lines}YQ== 300\n`), /line 257 repeats a token or rank/);
  refuses(() => read(`${lines}YWI= 5\n`), /line 257 repeats a token or rank/);
  refuses(() => read(`${lines}YWI= 999999999\n`), /rank 999999999; expected at most/);
  refuses(() => read(lines.replace(/^.*\n/, '')), /no token for byte 0; expected all 256/);
  refuses(() => read(lines, new Map([['<s>', 7]])), /"<s>" has id 7, which is a rank of the file/);
});

test('a SentencePiece model of another type, or damaged, is refused', () => {
  const unk: MadePiece = { text: '<unk>', type: 2 };
  const read = (pieces: MadePiece[], more: object = {}) => readSentencePieceModel(sentencePieceModel({ pieces, ...more }), 'x');
  const good = sentencePieceModel({ pieces: [unk, { text: 'a' }, { text: 'b' }, { text: 'ab' }] });
  assert.equal(readSentencePieceModel(good, 'x').vocabSize, 4);
  for (let length = 1; length < good.length; length++) {
    try {
      readSentencePieceModel(good.subarray(0, length), 'x');
      assert.fail(`${length} of ${good.length} bytes were read`);
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'ERR_REFINE_ASSET', String(error));
    }
  }
  refuses(() => read([unk], { type: 1 }), /type UNIGRAM; only BPE is read/);
  refuses(() => read([{ text: 'a' }]), /no piece of type UNKNOWN/);
  refuses(() => read([unk, { text: 'a' }, { text: 'a' }]), /piece 2 is "a", which is empty or stands there twice/);
  refuses(() => read([unk, { text: 'a', type: 5 }]), /UNUSED/);
  refuses(() => read([unk, { text: '<0x41>', type: 6 }]), /is a BYTE; expected <0xNN>, and byte_fallback set/);
  refuses(() => read([unk, { text: '<0x41>', type: 6 }], { byteFallback: true }), /no piece for byte 0/);
  refuses(() => read([unk, { text: 'a' }, { text: 'ab' }]), /piece 2 "ab" has the character "b", which is no piece/);
  refuses(() => read([unk, { text: 'a', score: Number.NaN }]), /score NaN/);
  refuses(() => readSentencePieceModel(Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, 1), 'x'), /a field of 4294967295 bytes at byte 0, where 1 are left/);
  refuses(() => readSentencePieceModel(Uint8Array.of(0x0a, ...new Array(12).fill(0xff)), 'x'), /more than ten bytes/);
});

test('what a file is, its bytes say: a rank file under any name, a model beside a configuration, a directory', () => {
  const folder = mkdtempSync(join(tmpdir(), 'refine-tokenizer-files-'));
  try {
    const pieces: MadePiece[] = [{ text: '<unk>', type: 2 }, { text: '<s>', type: 3 }, { text: '</s>', type: 3 }, { text: '▁' }, { text: 'a' }, { text: '▁a' }];
    writeFileSync(join(folder, 'tokenizer.model'), sentencePieceModel({ pieces }));
    const model = loadTokenizer('.', folder);
    assert.deepEqual([model.contract.eos_id, model.contract.bos_id, model.contract.vocab_size], [2, 1, 6]);
    assert.throws(() => loadTokenizer('.', folder, { pattern: 'gpt2' }), /holds its own pre-tokenizer, so the option "pattern" must stay unset/);
    const ranks = Array.from({ length: 256 }, (_, byte) => `${Buffer.from([byte]).toString('base64')} ${byte}\n`).join('');
    writeFileSync(join(folder, 'tokenizer.model'), ranks);
    writeFileSync(
      join(folder, 'tokenizer_config.json'),
      JSON.stringify({ eos_token: '<end>', added_tokens_decoder: { 256: { content: '<end>', special: true } } }),
    );
    assert.throws(() => loadTokenizer('.', folder), /Set tokenize.pattern/);
    assert.equal(loadTokenizer('tokenizer.model', folder, { pattern: 'qwen2' }).contract.eos_id, 256);
    writeFileSync(join(folder, 'x.json'), '\n  {}');
    assert.throws(() => loadTokenizer('x.json', folder), /has no "model" object/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the pre-tokenizers that the command names without loading any are those that there are', () => {
  assert.deepEqual(PRE_TOKENIZERS, Object.keys(NAMED_PRE_TOKENIZERS));
});
