// BPE: encoding by a vocabulary, and learning one. native/src/bind_{bpe,bpe_train}.cpp.
import type { BytesColumn, ListColumn } from './batch.js';

/** An opened tokenizer, alive as long as it is held. */
export type BpeHandle = { readonly bpeHandle: unique symbol };

/** One step of a normaliser: NORMAL_STEPS of stages/tokenize/normalizers.ts; `from` and `to` are UTF-8, or a map's bytes. */
export interface BpeNormalStep {
  readonly kind: number;
  readonly flags: number;
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

/** What kernels/include/refine/bpe.h calls Definition; made by the readers of stages/tokenize. */
export interface BpeDefinition {
  /** Row = token id: the bytes it decodes to; null where no token has the id. */
  readonly tokens: BytesColumn;
  /** 1 where the id is the model's own and spelled in the byte alphabet. */
  readonly inModel: Uint8Array;
  /** 256 ids, one a byte; 0xffffffff where the vocabulary has none: the byte is dropped, as HuggingFace does. */
  readonly byteIds: Uint32Array;
  /** (left, right, result) ids; position = rank. */
  readonly merges: Uint32Array;
  /** PRE_TOKENIZER_STEPS in order. */
  readonly program: Uint8Array;
  readonly added: BytesColumn;
  readonly addedIds: Uint32Array;
  /** Bits: special 1, single_word 2, lstrip 4, rstrip 8, normalized 16. */
  readonly addedFlags: Uint8Array;
  readonly normaliser: readonly BpeNormalStep[];
  readonly ignoreMerges: boolean;
  /** Ranks in place of the merges' positions; equal ranks merge from the left. */
  readonly mergeRanks?: Uint32Array;
  /** scheme: never 1, always 2, first 3. */
  readonly metaspace?: { readonly scheme: number; readonly replacement: Uint8Array };
  /** BPE over characters: `pieces` as the normalised text spells them; byteIds then are the byte-fallback tokens, all or none. */
  readonly characters?: {
    readonly pieces: BytesColumn;
    /** 0xffffffff: none. */
    readonly unkId: number;
    readonly fuseUnk: boolean;
    /** 0: as it is, 1: less one leading space, 2: U+2581 is a space, in the first token nothing. */
    readonly decodeStart: number;
  };
  /** Unigram in place of BPE: `pieces`, byteIds and decodeStart as of `characters`. */
  readonly unigram?: {
    readonly pieces: BytesColumn;
    /** Log probabilities by id. */
    readonly scores: Float64Array;
    readonly unkId: number;
    readonly decodeStart: number;
  };
  /** WordPiece in place of BPE: `pieces` as a vocabulary spells them, `prefix` before those inside a word. */
  readonly wordPiece?: { readonly pieces: BytesColumn; readonly unkId: number; readonly prefix: Uint8Array; readonly maxCharacters: number };
}

export interface BpeBinding {
  /** Throws ERR_REFINE_ASSET where ids lie outside the vocabulary. About 50 ms for 65,000 tokens. */
  bpeOpen(definition: BpeDefinition): BpeHandle;
  /** Ids of each row (null counts as empty); Uint16Array where the vocabulary fits 65,536. `eos` and `bos` are ids or null. */
  bpeEncode(
    handle: BpeHandle,
    texts: BytesColumn,
    options: {
      readonly parseSpecial: boolean;
      readonly eos: number | null;
      readonly bos: number | null;
      /** Of a row, bos and eos included: the first ones stay. Absent: all. */
      readonly maxTokens?: number;
    },
  ): Promise<{ tokens: ListColumn; counts: Uint32Array }>;
  /** The text of the ids; ill-formed UTF-8 becomes U+FFFD, unknown ids nothing. */
  bpeDecode(handle: BpeHandle, ids: Uint32Array): string;
  /** The most bytes its tables of remembered pieces may come to: the vocabulary's own, and one a thread that has called. */
  bpeTableBytes(handle: BpeHandle): number;
}

/** Counted pieces of texts; for one call at a time. Its files on disk go with it. */
export type BpeCounterHandle = { readonly bpeCounterHandle: unique symbol };

/** Twin of LearnOptions in kernels/include/refine/bpe_train.h; absent: no limit. */
export interface BpeLearnOptions {
  readonly maxNew: number;
  readonly minFrequency?: number;
  readonly maxTokenLength?: number;
  readonly minPieceCount?: number;
  readonly maxBytes?: number;
  /** Bits: digits 1, scripts 2, fragments 4, symbols 8. */
  readonly avoid?: number;
  readonly keepOld?: boolean;
  readonly matchAlone?: boolean;
  /** One entry an id of the base: 1 where its string is written in the byte alphabet. Absent: all are. */
  readonly spelled?: Uint8Array;
}

export interface BpeLearned {
  /** (left, right, result) ids by rank. */
  readonly merges: Uint32Array;
  /** Row i: the bytes of id (vocabulary of the base) + i; `parts`: the ids of the base it is made of. */
  readonly tokens: BytesColumn;
  readonly parts: ListColumn;
  /** Distinct pieces learnt from, those left out as too rare, ids in the former. */
  readonly pieces: number;
  readonly leftOut: number;
  readonly symbols: number;
  /** How often the last joined pair stood. */
  readonly lastCount: number;
  /** Pairs not joined: what `avoid` and what `keepOld` forbid. */
  readonly avoided: number;
  readonly keptOld: number;
}

export interface BpeTrainBinding {
  /** Beyond about maxBytes, sorted runs go to files spillPath.N; without a path everything stays in memory. */
  bpePieceCounter(maxBytes: number, spillPath: string | null): BpeCounterHandle;
  /** Counts the pieces of each row as the tokenizer's pre-tokenizer cuts them; null rows count nothing. */
  bpeCountPieces(counter: BpeCounterHandle, tokenizer: BpeHandle, texts: BytesColumn): Promise<void>;
  /** Pieces counted (each occurrence), runs on disk, and 1 for each of the 256 bytes that stood in a piece. */
  bpePiecesSeen(counter: BpeCounterHandle): { readonly pieces: number; readonly spilled: number; readonly bytes: Uint8Array };
  /** Empties the counters. ERR_REFINE_MEMORY names the memory needed where maxBytes is too little. */
  bpeLearn(base: BpeHandle, counters: readonly BpeCounterHandle[], options: BpeLearnOptions): Promise<BpeLearned>;
}
