// llama2.c's tok*.bin: a LLaMA SentencePiece model of type BPE as (score, length, bytes) entries after the longest length.
// Its writer spells U+2581 as a space, and <s> and </s> with line feeds around them; nothing else is lost, as LLaMA's models
// normalise nothing, add a space before a text and fall back to bytes. Source: karpathy/llama2.c, tokenizer.py export().
import { byteOfToken, MAX_VOCAB, type Refuse, refuser, type TokenizerFile } from './token-file.js';
import { PIECE_FLAGS, PIECE_TYPES, type Piece, tokenizerOfPieces } from './sentencepiece-model.js';

const UNKNOWN = '<unk>';
const CONTROLS = ['\n<s>\n', '\n</s>\n'];

export function looksLikeLlama2c(bytes: Uint8Array): boolean {
  if (bytes.length < 12 + UNKNOWN.length) return false;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true);
  return length === UNKNOWN.length && UNKNOWN === String.fromCharCode(...bytes.subarray(12, 12 + length));
}

export function readLlama2c(bytes: Uint8Array, place: string): TokenizerFile {
  const refuse: Refuse = refuser(place);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const pieces: Piece[] = [];
  for (let at = 4; at < bytes.length; ) {
    const length = at + 8 <= bytes.length ? view.getUint32(at + 4, true) : Number.POSITIVE_INFINITY;
    if (length > bytes.length - at - 8) refuse(`piece ${pieces.length} ends after the file. It is truncated: fetch it again`);
    if (pieces.length >= MAX_VOCAB) refuse(`has more than ${MAX_VOCAB} pieces`);
    let text: string;
    try {
      text = decoder.decode(bytes.subarray(at + 8, at + 8 + length));
    } catch {
      return refuse(`piece ${pieces.length} is not UTF-8. The file is damaged`);
    }
    const control = CONTROLS.includes(text);
    const type = text === UNKNOWN ? PIECE_TYPES.unknown : control ? PIECE_TYPES.control : byteOfToken(text) >= 0 ? PIECE_TYPES.byte : PIECE_TYPES.normal;
    pieces.push({ text: control ? text.trim() : text.replaceAll(' ', '\u2581'), score: view.getFloat32(at, true), type });
    at += 8 + length;
  }
  const idOf = (name: string): number => pieces.findIndex((piece) => piece.type === PIECE_TYPES.control && piece.text === name);
  return tokenizerOfPieces(
    {
      pieces,
      type: 2,
      byteFallback: pieces.some((piece) => piece.type === PIECE_TYPES.byte),
      flags: PIECE_FLAGS.addDummyPrefix | PIECE_FLAGS.escapeSpaces,
      map: new Uint8Array(0),
      bosId: idOf('<s>'),
      eosId: idOf('</s>'),
      unkSurface: ' \u2047 ',
    },
    refuse,
  );
}
