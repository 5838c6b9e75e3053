// A SentencePiece `tokenizer.model` of type BPE as the native tokenizer wants it. Two neighbours merge where their text is a
// piece, the highest score first and the leftmost among equals, so the merges are all ways to split each piece in two.
// Invariant: what would change ids is carried over exactly or refused by name. Control pieces never match text; with
// `special: parse` they are matched as HuggingFace's added tokens are.
// Source: SentencePiece 0.2, sentencepiece_model.proto, bpe_model.cc, model_interface.cc, normalizer.cc.
import { bytesColumn } from '../../native/index.js';
import { DECODE_START } from './decoders.js';
import { NORMAL_STEPS } from './normalizers.js';
import { type Field, fields, floatOf } from './protobuf.js';
import {
  ADDED_FLAGS,
  type AddedToken,
  addedFields,
  byteOfToken,
  MAX_VOCAB,
  NO_TOKEN,
  type Refuse,
  refuser,
  shown,
  specialsOf,
  type TokenizerFile,
  utf8,
} from './token-file.js';

export const PIECE_TYPES = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;
const MODEL_TYPES: Readonly<Record<number, string>> = { 1: 'UNIGRAM', 2: 'BPE', 3: 'WORD', 4: 'CHAR' };
/** Twin of SentencePieceFlag in kernels/include/refine/bpe.h. */
export const PIECE_FLAGS = { addDummyPrefix: 1, removeExtraSpaces: 2, escapeSpaces: 4, spaceAsSuffix: 8 } as const;
const SPACE = '▁';
const NOTHING = new Uint8Array(0);

export interface Piece {
  readonly text: string;
  readonly score: number;
  readonly type: number;
}
export interface PieceModel {
  readonly pieces: readonly Piece[];
  readonly type: number;
  readonly byteFallback: boolean;
  readonly flags: number;
  readonly map: Uint8Array;
  readonly eosId: number;
  readonly bosId: number;
  readonly unkSurface: string;
}

export function readSentencePieceModel(bytes: Uint8Array, place: string): TokenizerFile {
  const refuse: Refuse = refuser(place);
  return tokenizerOfPieces(readModel(bytes, refuse), refuse);
}

/** For every file that holds scored pieces (llama2.c's tok*.bin as well). */
export function tokenizerOfPieces(model: PieceModel, refuse: Refuse): TokenizerFile {
  if (model.type !== 2) refuse(`is a SentencePiece model of type ${MODEL_TYPES[model.type] ?? model.type}; only BPE is read. Choose a tokenizer of that type`);
  const { pieces } = model;
  if (pieces.length === 0) refuse('has no pieces. Expected a SentencePiece model');
  const idOf = new Map<string, number>(); // pieces that text can be: normal and user-defined
  const reserved = new Map<string, number>();
  const byteIds = new Uint32Array(256).fill(NO_TOKEN);
  const added: AddedToken[] = [];
  let unkId = NO_TOKEN;
  const tokens: (Uint8Array | null)[] = [];
  const spelled: (Uint8Array | null)[] = [];
  for (const [id, piece] of pieces.entries()) {
    const isText = piece.type === PIECE_TYPES.normal || piece.type === PIECE_TYPES.userDefined;
    const map = isText ? idOf : reserved;
    if (piece.text === '' || map.has(piece.text)) refuse(`piece ${id} is ${shown(piece.text)}, which is empty or stands there twice; expected each piece once`);
    map.set(piece.text, id);
    spelled.push(isText ? utf8(piece.text) : null);
    tokens.push(utf8(piece.text.replaceAll(SPACE, ' ')));
    if (piece.type === PIECE_TYPES.unused)
      refuse(`piece ${id} ${shown(piece.text)} is UNUSED; known: NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE. Choose another tokenizer`);
    else if (piece.type === PIECE_TYPES.userDefined) added.push({ id, content: piece.text, flags: ADDED_FLAGS.normalized });
    else if (piece.type === PIECE_TYPES.control) {
      added.push({ id, content: piece.text, flags: ADDED_FLAGS.special });
      tokens[id] = NOTHING;
    } else if (piece.type === PIECE_TYPES.unknown) {
      if (unkId !== NO_TOKEN) refuse(`pieces ${unkId} and ${id} are both UNKNOWN; expected one`);
      unkId = id;
      tokens[id] = utf8(model.unkSurface);
    } else if (piece.type === PIECE_TYPES.byte) {
      const byte = byteOfToken(piece.text);
      if (byte < 0 || !model.byteFallback) refuse(`piece ${id} ${shown(piece.text)} is a BYTE; expected <0xNN>, and byte_fallback set`);
      byteIds[byte] = id;
      tokens[id] = Uint8Array.of(byte);
    } else if (!isText) refuse(`piece ${id} ${shown(piece.text)} has type ${piece.type}; known: NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE`);
  }
  if (unkId === NO_TOKEN) refuse('has no piece of type UNKNOWN; expected one');
  if (model.byteFallback && byteIds.includes(NO_TOKEN)) refuse(`has byte_fallback and no piece for byte ${byteIds.indexOf(NO_TOKEN)}; expected all 256`);
  const nameOf = (id: number): string | undefined => (pieces[id]?.type === PIECE_TYPES.control ? pieces[id].text : undefined);
  const eos = nameOf(model.eosId);
  const bos = nameOf(model.bosId);
  return {
    definition: {
      tokens: bytesColumn('binary', tokens),
      inModel: new Uint8Array(pieces.length),
      byteIds,
      ...mergesOf(pieces, idOf, refuse),
      ...addedFields(added),
      normaliser: [{ kind: NORMAL_STEPS.sentencePiece, flags: model.flags, from: model.map, to: NOTHING }],
      program: new Uint8Array(0),
      ignoreMerges: false,
      characters: {
        pieces: bytesColumn('binary', spelled),
        unkId,
        fuseUnk: true,
        decodeStart: model.flags & (PIECE_FLAGS.addDummyPrefix | PIECE_FLAGS.removeExtraSpaces) ? DECODE_START.lessOneSpace : DECODE_START.all,
      },
    },
    vocabSize: pieces.length,
    idOf: (content) => idOf.get(content) ?? reserved.get(content),
    specials: specialsOf(added),
    ...(eos === undefined ? {} : { eos }),
    ...(bos === undefined ? {} : { bos }),
  };
}

function mergesOf(pieces: readonly Piece[], idOf: ReadonlyMap<string, number>, refuse: Refuse): { merges: Uint32Array; mergeRanks: Uint32Array } {
  const scores = [...new Set([...idOf.values()].map((id) => pieces[id]!.score))].sort((a, b) => b - a);
  const rankOf = new Map(scores.map((score, rank) => [score, rank]));
  const merges: number[] = [];
  const ranks: number[] = [];
  for (const [text, id] of idOf) {
    const { score } = pieces[id]!;
    if (Number.isNaN(score)) refuse(`piece ${id} ${shown(text)} has the score NaN; expected a number`);
    const rank = rankOf.get(score)!;
    const first = text.codePointAt(0)!;
    for (let at = first > 0xffff ? 2 : 1; at < text.length; at += text.codePointAt(at)! > 0xffff ? 2 : 1) {
      const left = idOf.get(text.slice(0, at));
      const right = idOf.get(text.slice(at));
      if (left === undefined || right === undefined) {
        // SentencePiece merges characters that are no pieces as well; no trained model has such a piece.
        const alone = (part: string) => [...part].length === 1 && !idOf.has(part);
        const half = left === undefined ? text.slice(0, at) : text.slice(at);
        if (alone(half) && pieces[id]!.type === PIECE_TYPES.normal)
          refuse(
            `piece ${id} ${shown(text)} has the character ${shown(half)}, which is no piece; expected all its characters as pieces. Choose another tokenizer`,
          );
        continue;
      }
      merges.push(left, right, id);
      ranks.push(rank);
    }
  }
  return { merges: Uint32Array.from(merges), mergeRanks: Uint32Array.from(ranks) };
}

const truth = (field: Field): boolean => field.value !== 0;
/** An int32, which negative numbers write as ten bytes. */
const int32 = (field: Field): number => (field.value >= 2 ** 31 ? -1 : field.value);

function readModel(bytes: Uint8Array, refuse: Refuse): PieceModel {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const textOf = (field: Field, what: string): string => {
    try {
      return decoder.decode(field.bytes);
    } catch {
      return refuse(`${what} is not UTF-8. The file is damaged, or no SentencePiece model`);
    }
  };
  const pieces: Piece[] = [];
  const model = { type: 1, byteFallback: false, suffix: false, addDummyPrefix: true, removeExtraSpaces: true, escapeSpaces: true };
  let map: Uint8Array = NOTHING;
  let ids = { eosId: 2, bosId: 1 };
  let unkSurface = ' \u2047 ';
  const specs = new Set<number>();
  for (const field of fields(bytes, 'the model', refuse)) {
    if (field.number === 1 && field.wire === 2) {
      if (pieces.length >= MAX_VOCAB) refuse(`has more than ${MAX_VOCAB} pieces`);
      let text = '';
      let score = 0;
      let type: number = PIECE_TYPES.normal;
      for (const part of fields(field.bytes, `piece ${pieces.length}`, refuse)) {
        if (part.number === 1 && part.wire === 2) text = textOf(part, `piece ${pieces.length}`);
        else if (part.number === 2 && part.wire === 5) score = floatOf(part);
        else if (part.number === 3 && part.wire === 0) type = part.value;
      }
      pieces.push({ text, score, type });
    } else if (field.number === 2 && field.wire === 2) {
      specs.add(2);
      for (const part of fields(field.bytes, 'trainer_spec', refuse)) {
        if (part.number === 3 && part.wire === 0) model.type = part.value;
        else if (part.number === 24 && part.wire === 0) model.suffix = truth(part);
        else if (part.number === 35 && part.wire === 0) model.byteFallback = truth(part);
        else if (part.number === 41 && part.wire === 0) ids = { ...ids, bosId: int32(part) };
        else if (part.number === 42 && part.wire === 0) ids = { ...ids, eosId: int32(part) };
        else if (part.number === 44 && part.wire === 2) unkSurface = textOf(part, 'trainer_spec.unk_surface');
      }
    } else if (field.number === 3 && field.wire === 2) {
      specs.add(3);
      for (const part of fields(field.bytes, 'normalizer_spec', refuse)) {
        if (part.number === 2 && part.wire === 2) map = part.bytes;
        else if (part.number === 3 && part.wire === 0) model.addDummyPrefix = truth(part);
        else if (part.number === 4 && part.wire === 0) model.removeExtraSpaces = truth(part);
        else if (part.number === 5 && part.wire === 0) model.escapeSpaces = truth(part);
      }
    }
  }
  if (map.length > 0) {
    const table = map.length < 4 ? -1 : new DataView(map.buffer, map.byteOffset, 4).getUint32(0, true);
    if (table < 4 || table % 4 !== 0 || table > map.length - 4)
      refuse(
        `normalizer_spec.precompiled_charsmap has ${map.length} bytes and names a table of ${table}; expected a table inside it. The file is damaged: fetch it again`,
      );
  }
  if (specs.size < 2) refuse('has no trainer_spec or no normalizer_spec; expected both. The file is truncated: fetch it again');
  const flags =
    (model.addDummyPrefix ? PIECE_FLAGS.addDummyPrefix : 0) |
    (model.removeExtraSpaces ? PIECE_FLAGS.removeExtraSpaces : 0) |
    (model.escapeSpaces ? PIECE_FLAGS.escapeSpaces : 0) |
    (model.suffix ? PIECE_FLAGS.spaceAsSuffix : 0);
  return { pieces, type: model.type, byteFallback: model.byteFallback, flags, map, unkSurface, ...ids };
}
