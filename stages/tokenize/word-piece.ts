// The WordPiece model of a tokenizer.json (BERT, MiniLM), and the same made of a vocab.txt with its tokenizer_config.json.
// Source: HuggingFace tokenizers 0.22, models/wordpiece, decoders/wordpiece.rs; transformers, convert_slow_tokenizer.py (BertConverter).
import { type BpeDefinition, bytesColumn } from '../../native/index.js';
import { type AddedToken, isObject, type Json, type JsonObject, NO_TOKEN, type Refuse, shown, utf8 } from './token-file.js';

const MAX_CHARACTERS = 10_000;
const MAX_TOKEN_BYTES = 64 * 1024 * 1024;

export type WordPiecePart = Pick<BpeDefinition, 'tokens' | 'inModel' | 'byteIds'> & Required<Pick<BpeDefinition, 'wordPiece'>>;

export function readWordPiece(
  model: JsonObject,
  { idOf, size }: { readonly idOf: ReadonlyMap<string, number>; readonly size: number },
  added: readonly AddedToken[],
  decoder: Json,
  refuse: Refuse,
): WordPiecePart {
  const prefix = model.continuing_subword_prefix ?? '##';
  if (typeof prefix !== 'string') return refuse(`model.continuing_subword_prefix is ${shown(prefix)}; expected a string`);
  const maxCharacters = model.max_input_chars_per_word ?? 100;
  if (typeof maxCharacters !== 'number' || !Number.isInteger(maxCharacters) || maxCharacters < 1 || maxCharacters > MAX_CHARACTERS)
    return refuse(`model.max_input_chars_per_word is ${shown(maxCharacters)}; expected a whole number from 1 to ${MAX_CHARACTERS}`);
  const unknown = model.unk_token ?? '[UNK]';
  const unkId = typeof unknown === 'string' ? idOf.get(unknown) : undefined;
  if (unkId === undefined)
    return refuse(`model.unk_token ${shown(unknown)} is not in model.vocab. Add it there: words that the vocabulary cannot spell are this token`);

  const pieces: (Uint8Array | null)[] = new Array(size).fill(null);
  const bytes: (Uint8Array | null)[] = new Array(size).fill(null);
  const decode = readDecoder(decoder, prefix, refuse);
  let total = 0;
  for (const [token, id] of idOf) {
    const spelled = utf8(token);
    pieces[id] = spelled;
    bytes[id] = utf8(decode(token));
    total += spelled.length;
  }
  if (total > MAX_TOKEN_BYTES) refuse(`model.vocab spells ${total} bytes; a vocabulary has at most ${MAX_TOKEN_BYTES}`);
  for (const token of added) bytes[token.id] = utf8(decode(token.content));
  return {
    tokens: bytesColumn('binary', bytes),
    inModel: new Uint8Array(size),
    byteIds: new Uint32Array(256).fill(NO_TOKEN),
    wordPiece: { pieces: bytesColumn('binary', pieces), unkId, prefix: utf8(prefix), maxCharacters },
  };
}

/** What a token adds to a text behind another one; in front of all the leading space goes. */
function readDecoder(decoder: Json, prefix: string, refuse: Refuse): (token: string) => string {
  if (decoder !== null && (!isObject(decoder) || decoder.type !== 'WordPiece'))
    return refuse(`decoder ${shown(isObject(decoder) ? decoder.type : decoder)} is not known beside a WordPiece model; known: WordPiece, null`);
  const from = isObject(decoder) && typeof decoder.prefix === 'string' ? decoder.prefix : prefix;
  const clean = decoder === null || decoder.cleanup !== false;
  return (token) => {
    const text = from !== '' && token.startsWith(from) ? token.slice(from.length) : ` ${token}`;
    if (!clean) return text;
    return [' .', ' ?', ' !', ' ,', " n't", " 'm", " 's", " 've", " 're"].reduce(
      (all, mark) => all.replaceAll(mark, mark.slice(1)),
      text.replaceAll(" ' ", "'"),
    );
  };
}

const SPECIALS = [
  ['pad_token', '[PAD]'],
  ['unk_token', '[UNK]'],
  ['cls_token', '[CLS]'],
  ['sep_token', '[SEP]'],
  ['mask_token', '[MASK]'],
] as const;

/** A token a line, its number the id; the options that tokenizer_config.json states, else those of BertTokenizer. */
export function tokenizerJsonOfVocab(text: string, config: JsonObject, refuse: Refuse): JsonObject {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const vocab: Record<string, number> = Object.create(null);
  for (const [id, line] of lines.entries()) vocab[line.replace(/\r$/, '')] = id; // of equal lines the last, as BertTokenizer reads them
  const named = (key: string, fallback: string): string => {
    const value = config[key];
    return typeof value === 'string' ? value : isObject(value) && typeof value.content === 'string' ? value.content : fallback;
  };
  const of = (key: string, fallback: string): [string, number] => {
    const content = named(key, fallback);
    const id = vocab[content];
    if (id === undefined) return refuse(`vocab.txt has no line ${shown(content)}, the ${key.replace('_', ' ')}. Expected the vocab.txt of a BERT model`);
    return [content, id];
  };
  const cls = of('cls_token', '[CLS]');
  const sep = of('sep_token', '[SEP]');
  const added = SPECIALS.map(([key, fallback]) => named(key, fallback))
    .filter((content, i, all) => Object.hasOwn(vocab, content) && all.indexOf(content) === i)
    .map((content) => ({ id: vocab[content]!, content, special: true, single_word: false, lstrip: false, rstrip: false, normalized: false }))
    .sort((a, b) => a.id - b.id);
  const lowercase = config.do_lower_case !== false;
  return {
    added_tokens: added,
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: config.tokenize_chinese_chars !== false,
      strip_accents: typeof config.strip_accents === 'boolean' ? config.strip_accents : null,
      lowercase,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: { type: 'BertProcessing', sep, cls },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: { type: 'WordPiece', unk_token: named('unk_token', '[UNK]'), continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab },
  };
}
