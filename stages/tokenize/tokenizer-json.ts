// A HuggingFace tokenizer.json as the native tokenizer wants it: token bytes, merges as ids, added tokens, normaliser and
// pre-tokenizer as programs of known steps. Invariant: a part of the file that would change ids is either carried over
// exactly or refused by name; `truncation` and `padding` shape model inputs, not documents, and are not read; `post_processor` is
// read for encoders only (TokenizerFile.template).
// Source: HuggingFace tokenizers (serialised form of 0.13 to 0.22), models/{bpe,wordpiece,unigram}, added_vocabulary.
import { type BpeDefinition, bytesColumn, RefineError } from '../../native/index.js';
import { checkByteLevelDecoder, readCharacterDecoder } from './decoders.js';
import { readNormalizer } from './normalizers.js';
import { readTemplate } from './post-processor.js';
import { readPreTokenizer } from './pre-tokenizers.js';
import {
  ADDED_FLAGS,
  type AddedToken,
  addedFields,
  byteOfToken,
  isObject,
  isUtf8Byte,
  type Json,
  type JsonObject,
  MAX_VOCAB,
  NO_TOKEN,
  type Refuse,
  refuser,
  shown,
  specialsOf,
  type TokenizerFile,
  utf8,
} from './token-file.js';
import { readUnigram, readUnigramVocabulary } from './unigram.js';
import { readWordPiece } from './word-piece.js';

export { PRE_TOKENIZER_STEPS } from './pre-tokenizers.js';
export type { TokenizerFile } from './token-file.js';

/** GPT-2's byte alphabet: printable bytes stand for themselves, the others for U+0100 and up, in byte order. */
function byteAlphabet(): Map<string, number> {
  const alphabet = new Map<string, number>();
  let next = 256;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
    alphabet.set(String.fromCodePoint(printable ? byte : next++), byte);
  }
  return alphabet;
}
const BYTE_OF = byteAlphabet();

/** The bytes a token spells in the byte alphabet; null where it holds another character. */
function spelledBytes(token: string): Uint8Array | null {
  const bytes = new Uint8Array(token.length);
  for (let i = 0; i < token.length; i++) {
    const byte = BYTE_OF.get(token[i]!);
    if (byte === undefined) return null;
    bytes[i] = byte;
  }
  return bytes;
}

/** model.vocab: ids by token, and the count of ids up to the highest one. */
interface Vocabulary {
  readonly idOf: Map<string, number>;
  size: number;
}

export function readTokenizerJson(text: string, place: string): TokenizerFile {
  const refuse: Refuse = refuser(place);
  let file: Json;
  try {
    file = JSON.parse(text) as Json;
  } catch (cause) {
    throw new RefineError('ERR_REFINE_ASSET', `is not JSON: ${(cause as Error).message}. Expected a HuggingFace tokenizer.json`, { place, cause });
  }
  const model = isObject(file) ? file.model : undefined;
  if (!isObject(file) || !isObject(model)) return refuse('has no "model" object. Expected a HuggingFace tokenizer.json');
  return readTokenizerObject(file, model, refuse);
}

/** The same from the parsed file. */
export function readTokenizerObject(file: JsonObject, model: JsonObject, refuse: Refuse): TokenizerFile {
  const kind = checkModel(model, refuse);
  const normalizer = readNormalizer(file.normalizer ?? null, refuse);
  const preTokenizer = readPreTokenizer(file.pre_tokenizer ?? null, normalizer.noSpaces, refuse);

  const vocabulary: Vocabulary = kind === 'Unigram' ? readUnigramVocabulary(model.vocab, refuse) : readVocabulary(model.vocab, refuse);
  const merges = kind === 'BPE' ? mergeIds(model.merges, vocabulary.idOf, refuse) : new Uint32Array(0);
  const added = readAddedTokens(file.added_tokens, vocabulary, refuse);
  const common = {
    merges,
    ...addedFields(added),
    normaliser: normalizer.steps,
    program: Uint8Array.from(preTokenizer.program),
    ignoreMerges: model.ignore_merges === true,
    ...(preTokenizer.metaspace === undefined ? {} : { metaspace: preTokenizer.metaspace }),
  };
  const decoder = file.decoder ?? null;
  if (kind !== 'BPE' && preTokenizer.byteLevel) refuse(`pre_tokenizer ByteLevel is not known beside a ${kind} model. Choose another tokenizer`);
  if (kind === 'BPE' && preTokenizer.leavesOutSpaces)
    refuse('pre_tokenizer BertPreTokenizer or WhitespaceSplit is known beside a WordPiece or Unigram model only. Choose another tokenizer');
  const definition: BpeDefinition =
    kind === 'WordPiece'
      ? { ...common, ...readWordPiece(model, vocabulary, added, decoder, refuse) }
      : kind === 'Unigram'
        ? { ...common, ...readUnigram(model, vocabulary, added, decoder, refuse) }
        : preTokenizer.byteLevel
          ? { ...common, ...byteLevel(model, vocabulary, added, decoder, refuse) }
          : { ...common, ...overCharacters(model, vocabulary, added, merges, decoder, refuse) };
  for (const token of added) if (!vocabulary.idOf.has(token.content)) vocabulary.idOf.set(token.content, token.id);
  const template = readTemplate(file.post_processor);
  const inside = template !== null && [...template.before, ...template.after].every((id) => id < vocabulary.size);
  if (template !== null && !inside) refuse(`post_processor adds ids outside the vocabulary of ${vocabulary.size}. Write the file again from its source`);
  return {
    definition,
    vocabSize: vocabulary.size,
    idOf: (content) => vocabulary.idOf.get(content),
    specials: specialsOf(added),
    ...(template === null ? {} : { template }),
  };
}

function checkModel(model: JsonObject, refuse: Refuse): 'BPE' | 'WordPiece' | 'Unigram' {
  const kind =
    model.type ??
    (model.merges !== undefined ? 'BPE' : model.max_input_chars_per_word !== undefined ? 'WordPiece' : Array.isArray(model.vocab) ? 'Unigram' : 'unknown');
  if (kind === 'WordPiece' || kind === 'Unigram') return kind;
  if (kind !== 'BPE')
    refuse(
      `model.type is ${shown(kind)}; "BPE", "WordPiece" and "Unigram" are read. Choose a tokenizer of these types: GPT-2's, Falcon's, LLaMA's, Qwen's, Mistral's, BERT's, T5's kind`,
    );
  if (typeof model.dropout === 'number' && model.dropout > 0) refuse(`model.dropout is ${model.dropout}: ids would be random. Set it to null`);
  for (const key of ['continuing_subword_prefix', 'end_of_word_suffix'])
    if (model[key]) refuse(`model.${key} is ${shown(model[key])}; known: none. Choose another tokenizer`);
  return 'BPE';
}

function readVocabulary(vocab: Json | undefined, refuse: Refuse): Vocabulary {
  if (!isObject(vocab)) return refuse(`model.vocab is ${shown(vocab)}; expected an object of ids by token`);
  const idOf = new Map<string, number>();
  const seen = new Map<number, string>();
  let size = 0;
  for (const [token, id] of Object.entries(vocab)) {
    checkId(id, token, refuse);
    const other = seen.get(id as number);
    if (other !== undefined)
      refuse(`model.vocab gives the id ${id} to both ${shown(other)} and ${shown(token)}. Expected one token an id: write the file again from its source`);
    seen.set(id as number, token);
    idOf.set(token, id as number);
    size = Math.max(size, (id as number) + 1);
  }
  if (size > 4 * idOf.size + 65_536)
    refuse(`model.vocab has ${idOf.size} tokens and ids up to ${size - 1}; expected ids close together. Choose another tokenizer`);
  return { idOf, size };
}

function checkId(id: Json | undefined, token: string, refuse: Refuse): void {
  if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= MAX_VOCAB)
    refuse(`token ${shown(token)} has id ${shown(id)}; expected an integer from 0 to ${MAX_VOCAB - 1}`);
}

/**
 * HuggingFace gives an added token the id of the model's token with its content, else the next free one, whatever the file says
 * (with a warning). A file that says otherwise contradicts itself.
 */
function readAddedTokens(list: Json | undefined, vocabulary: Vocabulary, refuse: Refuse): AddedToken[] {
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) return refuse(`added_tokens is ${shown(list)}; expected a list`);
  const added: AddedToken[] = [];
  const ids = new Map<string, number>();
  let highest = -1;
  for (const [i, token] of (list as readonly Json[]).entries()) {
    if (!isObject(token) || typeof token.content !== 'string') return refuse(`added_tokens[${i}] is ${shown(token)}; expected "id" and "content"`);
    const { id, content } = token;
    checkId(id, content, refuse);
    const next = Math.max(highest + 1, vocabulary.idOf.size);
    const given = vocabulary.idOf.get(content) ?? ids.get(content) ?? next;
    if (content !== '' && given !== id) {
      refuse(
        `added_tokens[${i}] ${shown(content)} has id ${shown(id)}, but HuggingFace gives it ${given} (${vocabulary.idOf.has(content) ? 'its id in model.vocab' : 'the next after the vocabulary'}). Write the file again from its source, or correct the id`,
      );
    }
    if (content === '') continue; // HuggingFace ignores it
    let flags = 0;
    for (const [name, bit] of Object.entries(ADDED_FLAGS)) if (token[name] === true) flags |= bit;
    ids.set(content, id as number);
    highest = Math.max(highest, id as number);
    vocabulary.size = Math.max(vocabulary.size, (id as number) + 1);
    added.push({ id: id as number, content, flags });
  }
  return added;
}

function mergeIds(merges: Json | undefined, idOf: ReadonlyMap<string, number>, refuse: Refuse): Uint32Array {
  if (!Array.isArray(merges)) return refuse(`model.merges is ${shown(merges)}; expected a list`);
  const out = new Uint32Array(merges.length * 3);
  (merges as readonly Json[]).forEach((merge, rank) => {
    const pair = typeof merge === 'string' ? merge.split(' ') : merge;
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string' || typeof pair[1] !== 'string')
      refuse(`model.merges[${rank}] is ${shown(merge)}; expected two tokens`);
    const [left, right] = pair as [string, string];
    for (const [i, token] of [left, right, left + right].entries()) {
      const id = idOf.get(token);
      if (id === undefined) refuse(`model.merges[${rank}] needs the token ${shown(token)}, which model.vocab lacks. Write the file again from its source`);
      out[rank * 3 + i] = id as number;
    }
  });
  return out;
}

type BytePart = Pick<BpeDefinition, 'tokens' | 'inModel' | 'byteIds'>;

function byteLevel(model: JsonObject, { idOf, size }: Vocabulary, added: readonly AddedToken[], decoder: Json, refuse: Refuse): BytePart {
  checkByteLevelDecoder(decoder, refuse);
  const bytes: (Uint8Array | null)[] = new Array(size).fill(null);
  const inModel = new Uint8Array(size);
  const byteIds = new Uint32Array(256).fill(NO_TOKEN);
  for (const [token, id] of idOf) {
    const spelled = spelledBytes(token);
    bytes[id] = spelled ?? utf8(token);
    if (spelled === null) continue;
    inModel[id] = 1;
    if (spelled.length === 1) byteIds[spelled[0]!] = id;
  }
  if (byteIds.every((id) => id === NO_TOKEN)) refuse('model.vocab spells no byte, so it is not a byte-level vocabulary, which pre_tokenizer ByteLevel needs');
  // Falcon's vocabulary lacks 15 bytes that UTF-8 uses (14 controls and 0xF2); without unk_token they are dropped.
  const missing = byteIds.findIndex((id, byte) => id === NO_TOKEN && isUtf8Byte(byte));
  if (missing >= 0 && (model.unk_token || model.byte_fallback))
    refuse(`model.vocab has no token for byte ${missing} and model.unk_token or byte_fallback is set; known: neither. Choose another tokenizer`);
  for (const token of added) bytes[token.id] = spelledBytes(token.content) ?? utf8(token.content);
  return { tokens: bytesColumn('binary', bytes), inModel, byteIds };
}

type CharacterPart = BytePart & Required<Pick<BpeDefinition, 'characters'>>;

function overCharacters(
  model: JsonObject,
  { idOf, size }: Vocabulary,
  added: readonly AddedToken[],
  merges: Uint32Array,
  decoder: Json,
  refuse: Refuse,
): CharacterPart {
  const { bytesOf, decodeStart } = readCharacterDecoder(decoder, refuse);
  if (model.ignore_merges === true)
    refuse('model.ignore_merges is set beside a pre_tokenizer without ByteLevel; known: with ByteLevel. Choose another tokenizer');
  const bytes: (Uint8Array | null)[] = new Array(size).fill(null);
  const pieces: (Uint8Array | null)[] = new Array(size).fill(null);
  const byteIds = new Uint32Array(256).fill(NO_TOKEN);
  const never = new Set<number>(); // ids that stand for unknown characters, which no merge may touch
  for (const [token, id] of idOf) {
    bytes[id] = bytesOf(token);
    pieces[id] = utf8(token);
    const byte = byteOfToken(token);
    if (byte < 0 || model.byte_fallback !== true) continue;
    byteIds[byte] = id;
    never.add(id);
  }
  const present = byteIds.filter((id) => id !== NO_TOKEN).length;
  const missing = byteIds.findIndex((id, byte) => id === NO_TOKEN && isUtf8Byte(byte));
  if (present > 0 && missing >= 0)
    refuse(
      `model.byte_fallback is set and model.vocab lacks <0x${missing.toString(16).toUpperCase().padStart(2, '0')}>; expected all bytes or none. Choose another tokenizer`,
    );
  let unkId = NO_TOKEN;
  if (typeof model.unk_token === 'string') {
    const id = idOf.get(model.unk_token);
    if (id === undefined) return refuse(`model.unk_token ${shown(model.unk_token)} is not in model.vocab. Add it there, or set unk_token to null`);
    unkId = id;
    never.add(id);
  }
  for (let i = 0; i < merges.length; i++)
    if (never.has(merges[i]!))
      refuse(`model.merges[${Math.floor(i / 3)}] has the unknown token or a byte's; known: merges of other tokens only. Choose another tokenizer`);
  for (const token of added) bytes[token.id] = bytesOf(token.content);
  return {
    tokens: bytesColumn('binary', bytes),
    inModel: new Uint8Array(size),
    byteIds,
    characters: { pieces: bytesColumn('binary', pieces), unkId, fuseUnk: model.fuse_unk === true, decodeStart },
  };
}
