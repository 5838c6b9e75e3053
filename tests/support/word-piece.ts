// A WordPiece tokenizer.json made for tests: words, prefixes and endings that random texts and English hold, letters of many
// scripts first and inside words.

const WORDS = 'the of and to in a is it hello world strasse naive moskva iphone un able page http www com 12 123 1 2 don t s re ll can not'.split(' ');
const INSIDE = 'ing ed er s ly able tion al un the t re 1 2 23 o e a n i er st'.split(' ');

function letters(): string[] {
  const out: string[] = [];
  for (const [from, to] of [
    [0x21, 0x7e],
    [0xa1, 0x17f],
    [0x370, 0x3ff],
    [0x400, 0x45f],
    [0x5d0, 0x5ea],
    [0x620, 0x64a],
    [0x905, 0x939],
    [0xe01, 0xe2e],
    [0x1100, 0x1112],
    [0x3041, 0x3096],
    [0x4e00, 0x4e60],
  ] as const)
    for (let code = from; code <= to; code++) out.push(String.fromCodePoint(code));
  return out;
}

/** `characters` stand in the vocabulary too, first in a word and inside one. */
export function wordPieceJson(characters: readonly string[], normalizer: object): string {
  const tokens = new Set(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...WORDS, ...INSIDE.map((part) => `##${part}`), ...letters()]);
  for (const letter of letters().filter((_, i) => i % 5 > 0)) tokens.add(`##${letter}`);
  for (const character of characters) tokens.add(character).add(`##${character}`);
  for (const token of [' ', '## ', '\n', '##\n']) tokens.delete(token);
  const vocab = Object.fromEntries([...tokens].map((token, id) => [token, id]));
  // Object keys that are whole numbers come first in JSON, whatever their place: ids stay as they are.
  const special = (content: string) => ({ id: vocab[content], content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true });
  return JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'].map(special),
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true, ...normalizer },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '[CLS]', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: '[SEP]', type_id: 0 } }],
      pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
      special_tokens: { '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] }, '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] } },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab },
  });
}
