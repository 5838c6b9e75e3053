// The Unigram model of a tokenizer.json (T5, XLM-R, ALBERT, DeBERTa-v3): tokens with their log probabilities, the row of each its id.
// Source: HuggingFace tokenizers 0.22, models/unigram/{model,serialization}.rs.
import { type BpeDefinition, bytesColumn } from '../../native/index.js';
import { readCharacterDecoder } from './decoders.js';
import { type AddedToken, byteOfToken, type Json, type JsonObject, MAX_VOCAB, NO_TOKEN, type Refuse, shown, utf8 } from './token-file.js';

/** Of all tokens together; an index of them takes some ten times as much. */
const MAX_TOKEN_BYTES = 64 * 1024 * 1024;

export type UnigramPart = Pick<BpeDefinition, 'tokens' | 'inModel' | 'byteIds'> & Required<Pick<BpeDefinition, 'unigram'>>;

/** model.vocab as ids by token; of equal tokens the last, as HuggingFace's map has them. */
export function readUnigramVocabulary(vocab: Json | undefined, refuse: Refuse): { idOf: Map<string, number>; size: number } {
  if (!Array.isArray(vocab)) return refuse(`model.vocab is ${shown(vocab)}; expected a list of [token, score]`);
  if (vocab.length > MAX_VOCAB) refuse(`model.vocab has ${vocab.length} tokens; expected at most ${MAX_VOCAB}`);
  const idOf = new Map<string, number>();
  for (const [id, entry] of (vocab as readonly Json[]).entries()) {
    if (!Array.isArray(entry) || entry.length !== 2 || typeof entry[0] !== 'string' || typeof entry[1] !== 'number' || !Number.isFinite(entry[1]))
      return refuse(`model.vocab[${id}] is ${shown(entry)}; expected a token and its score`);
    idOf.set(entry[0], id);
  }
  return { idOf, size: vocab.length };
}

export function readUnigram(model: JsonObject, { size }: { readonly size: number }, added: readonly AddedToken[], decoder: Json, refuse: Refuse): UnigramPart {
  const vocab = model.vocab as readonly (readonly [string, number])[]; // as readUnigramVocabulary checked
  const unkId = model.unk_id;
  if (typeof unkId !== 'number' || !Number.isInteger(unkId) || unkId < 0 || unkId >= vocab.length)
    return refuse(`model.unk_id is ${shown(unkId)}; expected a token of model.vocab, from 0 to ${vocab.length - 1}: characters without a token are this one`);
  const { bytesOf, decodeStart } = readCharacterDecoder(decoder, refuse);
  const pieces: (Uint8Array | null)[] = new Array(size).fill(null);
  const bytes: (Uint8Array | null)[] = new Array(size).fill(null);
  const scores = new Float64Array(size);
  const byteIds = new Uint32Array(256).fill(NO_TOKEN);
  let total = 0;
  for (const [id, [token, score]] of vocab.entries()) {
    const spelled = utf8(token);
    pieces[id] = spelled;
    bytes[id] = bytesOf(token);
    scores[id] = score;
    total += spelled.length;
    const byte = model.byte_fallback === true ? byteOfToken(token) : -1;
    if (byte >= 0) byteIds[byte] = id;
  }
  if (total > MAX_TOKEN_BYTES) refuse(`model.vocab spells ${total} bytes; a vocabulary has at most ${MAX_TOKEN_BYTES}`);
  for (const token of added) bytes[token.id] = bytesOf(token.content);
  return {
    tokens: bytesColumn('binary', bytes),
    inModel: new Uint8Array(size),
    byteIds,
    unigram: { pieces: bytesColumn('binary', pieces), scores, unkId, decodeStart },
  };
}
