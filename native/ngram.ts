// The native surface of n-gram language models. Twin of native/src/bind_ngram.cpp; algorithms in kernels/ngram.
import type { BytesColumn } from './batch.js';

declare const ngramReader: unique symbol;
export type NgramReaderHandle = { readonly [ngramReader]: true };
declare const ngramModel: unique symbol;
/** A model in memory, freed with the handle. */
export type NgramModelHandle = { readonly [ngramModel]: true };
declare const ngramTrainer: unique symbol;
export type NgramTrainerHandle = { readonly [ngramTrainer]: true };

/** How a document becomes the words of a model. */
export interface NgramText {
  readonly words: 'white-space' | 'uax29' | 'script-aware';
  /** CCNet's: lower case, no accents, digits to 0, its punctuation, no control characters. */
  readonly normalise: 'ccnet' | 'none';
  /** What stands between <s> and </s>. */
  readonly unit: 'line' | 'document';
}

export interface NgramModelFacts {
  readonly order: number;
  /** By order, from unigrams; the first count has <unk>. */
  readonly grams: readonly number[];
  readonly bytes: number;
  /** After `# refine ngram ` in a file that refine made; else empty. */
  readonly comment: string;
}

export interface NgramTrained {
  readonly words: number;
  readonly sentences: number;
  readonly vocabulary: number;
  readonly spilledBytes: number;
  /** By order, from unigrams. */
  readonly orders: readonly {
    readonly grams: number;
    readonly written: number;
    /** N-grams of adjusted count 1, 2, 3, 4. */
    readonly counts: readonly number[];
    /** D1, D2, D3+. */
    readonly discounts: readonly number[];
    readonly fallback: boolean;
  }[];
}

export interface NgramBinding {
  /** `textBytes` bounds what the file's header may promise. */
  ngramReader(textBytes: number): NgramReaderHandle;
  /** The next bytes of ARPA text, one call at a time; rejects with ERR_REFINE_ASSET. */
  ngramRead(reader: NgramReaderHandle, bytes: Uint8Array): Promise<void>;
  ngramModel(reader: NgramReaderHandle): Promise<NgramModelHandle>;
  ngramFacts(model: NgramModelHandle): NgramModelFacts;
  /** A row: log10 p of its units, and its words with one </s> a unit; 0 words where it has none or is null. */
  ngramScore(model: NgramModelHandle, text: BytesColumn, how: NgramText): Promise<{ log10: Float64Array; words: Uint32Array; perplexity: Float32Array }>;
  /** Each row by CCNet's text normaliser; nulls stay null. */
  ngramNormalise(text: BytesColumn): Promise<BytesColumn>;
  /** `scratch`: a folder for what passes maxBytes. prune[n]: for order n + 1, n-grams seen at most so often are left out. */
  ngramTrainer(options: {
    readonly order: number;
    readonly text: NgramText;
    readonly maxBytes: number;
    readonly scratch: string;
    readonly prune: readonly number[];
    readonly fallback: boolean;
  }): NgramTrainerHandle;
  /** One call at a time. */
  ngramAdd(trainer: NgramTrainerHandle, text: BytesColumn): Promise<void>;
  /** The trainer's call at work, and every later one, rejects with ERR_REFINE_INTERRUPTED. */
  ngramCancel(trainer: NgramTrainerHandle): void;
  /** Once; rejects with ERR_REFINE_INPUT where the text gives no model, ERR_REFINE_DISK. */
  ngramWrite(trainer: NgramTrainerHandle, path: string, comment: string): Promise<NgramTrained>;
}
