// The typed map of native/src/bind_substring.cpp: the tasks of dedupe-substring over record files
// (kernels/include/refine/substring_run.h says which file holds what).
import type { BytesColumn, ListColumn } from './batch.js';
import type { BpeHandle } from './binding.js';

export type SubstringMapHandle = { readonly substringMapHandle: unique symbol };

export interface SubstringParams {
  /** Symbols of the shortest repeat, 4 to 65,536. */
  readonly span: number;
  /** Symbols are bytes, else token ids. */
  readonly bytes: boolean;
  readonly keepFirst: boolean;
}
export interface SubstringWork {
  readonly memoryBytes: number;
  /** A folder of the task's own. */
  readonly scratch: string;
}
export interface NumberedPath {
  readonly number: number;
  readonly path: string;
}
/** Stretches of the anchors of a partition (native.partitionStart). */
export interface AnchorPartition {
  readonly number: number;
  readonly count: number;
}
export const CUT_ACTIONS = ['cut', 'mask', 'drop'] as const;
export const CUT_SNAPS = ['none', 'line', 'sentence'] as const;
export interface CutTexts {
  /** `cut`; text of dropped documents as far as it is left. */
  readonly text?: BytesColumn;
  /** `mask`: start, end, start, end, ... in bytes (Uint32Array). */
  readonly spans?: ListColumn;
  /** 1: fewer than leastLeft code points are left; 2: more than mostRepeated of them are repeated. */
  readonly drops: Uint16Array;
}

export interface SubstringBinding {
  /** `tokenizer`: null where params.bytes. Calls on one map come one after another. */
  substringMap(
    params: SubstringParams,
    tokenizer: BpeHandle | null,
    paths: { readonly stretches: string; readonly symbols: string; readonly repeated: string },
    memoryBytes: number,
  ): SubstringMapHandle;
  substringMapAdd(map: SubstringMapHandle, texts: BytesColumn, rows: BigUint64Array): Promise<void>;
  substringMapFinish(map: SubstringMapHandle): Promise<Record<'bytes' | 'symbols' | 'stretches' | 'unspelled' | 'too_large', number>>;
  substringMapAbort(map: SubstringMapHandle): void;
  substringMatch(
    params: SubstringParams,
    stretches: readonly string[],
    partition: AnchorPartition,
    dropped: readonly NumberedPath[],
    out: { readonly repeated: string; readonly wanted: string },
    work: SubstringWork,
  ): Promise<Record<'stretches' | 'again' | 'wanted', number>>;
  substringContents(
    params: SubstringParams,
    input: number,
    symbols: string,
    wanted: readonly string[],
    out: string,
    work: SubstringWork,
  ): Promise<Record<'stretches', number>>;
  substringCompare(
    params: SubstringParams,
    contents: readonly string[],
    partition: AnchorPartition,
    repeated: string,
    work: SubstringWork,
  ): Promise<Record<'stretches' | 'groups' | 'largeGroups' | 'largestGroup', number>>;
  substringEdits(
    params: SubstringParams,
    input: number,
    symbols: string,
    repeated: readonly string[],
    dropped: readonly NumberedPath[],
    out: string,
    work: SubstringWork,
  ): Promise<Record<'documents' | 'spans' | 'symbols' | 'bytes', number>>;
  /** `action` and `snap`: indexes into CUT_ACTIONS and CUT_SNAPS. */
  substringCut(
    texts: BytesColumn,
    edits: { readonly offsets: Int32Array; readonly start: Uint32Array; readonly end: Uint32Array },
    options: { readonly action: number; readonly snap: number; readonly leastLeft: number; readonly mostRepeated: number },
  ): Promise<CutTexts>;
}
