// The native half of dedupe-line and dedupe-bff: keys of lines and n-grams, the merges that find copies, and the cut of a text.
// Files are record files (native/records.ts); `first` and `last` are inclusive bounds of their first key word.
import type { BytesColumn } from './batch.js';

/** By whose definition two lines are the same: kernels/include/refine/line_keys.h. */
export type LineForm = 'c4' | 'ccnet' | 'ccnet@code';

export interface LineKeyParams {
  readonly form: LineForm;
  /** Lines of fewer words have no key; at least 1. */
  readonly minWords: number;
}

/** What a phase's native call reads and writes. */
export interface RepeatsTask {
  readonly files: readonly string[];
  readonly first: bigint;
  readonly last: bigint;
  /** Rows that earlier barriers dropped: bits files by input. */
  readonly dropped: readonly { readonly number: number; readonly path: string }[];
  readonly out: string;
  /** A folder for merges that need more passes. */
  readonly scratch: string;
  readonly memoryBytes: number;
}

export interface LineCopyCounts {
  readonly lines: number;
  readonly copies: number;
  /** Keys of which a line is cut. */
  readonly repeated: number;
  /** Lines of the most frequent key. */
  readonly largest: number;
}

export interface GramParams {
  readonly least: number;
  readonly most: number;
  readonly normalise: boolean;
  /** True: records of lists by the hash's first byte, for `heldGramsBloom`; else one record an n-gram, for `heldGrams`. */
  readonly lists: boolean;
}

export interface GramRecords {
  /** Records of n-grams: shape { keyWords 2, valueBytes 4 }, or with `lists` { keyWords 2, valueBytes 0, tail }. */
  readonly keys: BigUint64Array;
  readonly values: Uint8Array;
  readonly tails: Uint8Array;
  readonly tailOffsets: Int32Array;
  /** Records of the paragraphs that have n-grams: shape { keyWords 2, valueBytes 12 }. */
  readonly paragraphKeys: BigUint64Array;
  readonly paragraphValues: Uint8Array;
  readonly grams: number;
}

export interface HeldCounts {
  readonly grams: number;
  /** N-grams that an earlier paragraph has. */
  readonly held: number;
  readonly filterBytes: number;
  readonly filterPasses: number;
  /** N-grams known to be absent that the full filters were asked for, and how many they claimed to know; what the formula expects. */
  readonly asked: number;
  readonly wrong: number;
  readonly expectedWrong: number;
}

export interface ParagraphTask {
  readonly paragraphs: readonly string[];
  readonly held: readonly string[];
  readonly first: bigint;
  readonly last: bigint;
  readonly paragraphThreshold: number;
  readonly documentThreshold: number;
  readonly edits: string;
  readonly verdicts: string;
  readonly scratch: string;
  readonly memoryBytes: number;
}

export interface CutTexts {
  readonly text: BytesColumn;
  /** Lines taken, one a row as all below. */
  readonly lines: Uint32Array;
  /** Code points of the lines taken, of the text before, of what is left. */
  readonly cutCharacters: Uint32Array;
  readonly characters: Uint32Array;
  readonly left: Uint32Array;
  /** Of what is left, by UAX #29; 0 where they were not asked for. */
  readonly sentences: Uint32Array;
}

export interface RepeatsBinding {
  /** Records of lines, in the order of the text: key words [high, low, row, start << 32 | end]; not `wide`: without low. `scopes` (rows, 2) is mixed into keys. */
  lineKeys(text: BytesColumn, rows: BigUint64Array, params: LineKeyParams & { readonly wide: boolean }, scopes?: BigUint64Array): Promise<BigUint64Array>;
  /** The second and later copies of a line within one document, as edits: key words [row, start, end], ascending. */
  repeatedLines(text: BytesColumn, rows: BigUint64Array, params: LineKeyParams): Promise<BigUint64Array>;
  /** Edits of all lines but those that stay: `maxDocuments` documents keep one copy each; 0: nobody keeps what two documents have. */
  lineCopies(task: RepeatsTask & { readonly wide: boolean; readonly maxDocuments: number }): Promise<LineCopyCounts>;
  paragraphGrams(text: BytesColumn, rows: BigUint64Array, params: GramParams, scopes?: BigUint64Array): Promise<GramRecords>;
  heldGrams(task: RepeatsTask): Promise<HeldCounts>;
  /** `first` and `last` at borders of the first byte. */
  heldGramsBloom(task: RepeatsTask & { readonly totalGrams: number; readonly rate: number }): Promise<HeldCounts>;
  cutParagraphs(task: ParagraphTask): Promise<{ readonly paragraphs: number; readonly cut: number; readonly documents: number; readonly dropped: number }>;
  /** Whole lines out of texts: row i loses the spans [offsets[i], offsets[i + 1]). A null row stays null. */
  cutLines(
    text: BytesColumn,
    edits: { readonly offsets: Int32Array; readonly start: Uint32Array; readonly end: Uint32Array },
    sentences: boolean,
  ): Promise<CutTexts>;
}
