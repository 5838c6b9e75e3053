// Record files from TypeScript: sorted writing, merging by range, star edges, connected components. What they are and what they
// promise: kernels/include/refine/records.h and components.h; twin of native/src/bind_records.cpp. All work is done on native
// threads, batch by batch; arrays given to a call are its own until the promise settles.
import { native } from './index.js';

declare const recordWriter: unique symbol;
export type RecordWriterHandle = { readonly [recordWriter]: true };
declare const recordMerge: unique symbol;
export type RecordMergeHandle = { readonly [recordMerge]: true };

export interface RecordShape {
  /** 1..4, each a uint64; compared in order. */
  readonly keyWords: number;
  /** 0..64. */
  readonly valueBytes: number;
  /** Bytes of any number, up to 64 MiB, behind the value. */
  readonly tail: boolean;
}

export interface RecordTails {
  readonly bytes: Uint8Array;
  /** Rows + 1, from 0. */
  readonly offsets: Int32Array;
}

export interface RecordBatch {
  readonly rows: number;
  /** (rows, keyWords). */
  readonly keys: BigUint64Array;
  /** (rows, valueBytes). */
  readonly values: Uint8Array;
  /** Where the shape has a tail. */
  readonly tails?: RecordTails;
}

export interface RecordFileInfo {
  readonly shape: RecordShape;
  readonly records: number;
  readonly bytes: number;
  readonly runs: number;
}

/** Of the first key word: lo <= word < hi; hi may be 2^64. */
export interface RecordRange {
  readonly lo: bigint;
  readonly hi: bigint;
}

export interface StarCounts {
  /** Of the files in the range, less dropped rows and repetitions. */
  readonly entries: number;
  /** That gave an edge. */
  readonly groups: number;
  /** Records written. */
  readonly edges: number;
  /** Rows of the largest group that gave an edge, rows of `outside` not counted. */
  readonly largestGroup: number;
}

export interface ComponentCounts {
  readonly rows: number;
  readonly components: number;
  /** Read, repetitions included. */
  readonly edges: number;
  /** That went from bucket to bucket; 0 with one bucket. */
  readonly sent: number;
  /** 1: all in memory. */
  readonly buckets: number;
  /** Bytes written beside `out`. */
  readonly spilled: number;
}

export interface RecordsBinding {
  recordWriterOpen(path: string, shape: RecordShape, memoryBytes: number, distinct: boolean): RecordWriterHandle;
  /** Undefined where it was done at once. */
  recordWriterAdd(writer: RecordWriterHandle, keys: BigUint64Array, values: Uint8Array, tails: RecordTails | null): Promise<void> | undefined;
  recordWriterFinish(writer: RecordWriterHandle): Promise<RecordFileInfo>;
  recordWriterAbort(writer: RecordWriterHandle): Promise<void>;
  /** Bounds inclusive; null where there are no files. */
  recordMergeOpen(
    paths: readonly string[],
    first: bigint,
    last: bigint,
    memoryBytes: number,
    scratch: string,
    distinct: boolean,
  ): Promise<{ readonly merge: RecordMergeHandle; readonly shape: RecordShape; readonly expected: number } | null>;
  recordMergeNext(merge: RecordMergeHandle, maxRows: number, maxBytes: number): Promise<RecordBatch | null>;
  recordMergeClose(merge: RecordMergeHandle): Promise<void>;
  recordStarEdges(
    files: readonly string[],
    first: bigint,
    last: bigint,
    dropped: readonly { readonly number: number; readonly path: string }[],
    outside: readonly string[],
    out: string,
    memoryBytes: number,
  ): Promise<StarCounts>;
  recordComponents(edgeFiles: readonly string[], out: string, folder: string, memoryBytes: number): Promise<ComponentCounts>;
  /** `verify` reads and checks every block too. */
  recordFileInfo(path: string, verify: boolean): Promise<RecordFileInfo>;
}

export const EVERYTHING: RecordRange = { lo: 0n, hi: 1n << 64n };
export const KEY_SHAPE: RecordShape = { keyWords: 3, valueBytes: 0, tail: false };
export const EDGE_SHAPE: RecordShape = { keyWords: 2, valueBytes: 0, tail: false };
export const COMPONENT_SHAPE: RecordShape = { keyWords: 1, valueBytes: 8, tail: false };

const NO_VALUES = new Uint8Array(0);

/** The smallest first word of partition p of count; 2^64 for p = count. */
export function partitionStart(p: number, count: number): bigint {
  return ((BigInt(p) << 64n) + BigInt(count) - 1n) / BigInt(count);
}

export function partitionRange(p: number, count: number): RecordRange {
  return { lo: partitionStart(p, count), hi: partitionStart(p + 1, count) };
}

/** Takes records in any order. One call at a time: await each. A file that is never finished is removed. */
export class RecordWriter {
  readonly #handle: RecordWriterHandle;

  private constructor(handle: RecordWriterHandle) {
    this.#handle = handle;
  }

  /** `distinct`: equal records become one within each run of the file; merge with `distinct` too. */
  static async open(path: string, shape: RecordShape, memoryBytes: number, options: { readonly distinct?: boolean } = {}): Promise<RecordWriter> {
    return new RecordWriter(native.recordWriterOpen(path, shape, memoryBytes, options.distinct ?? false));
  }

  async add(keys: BigUint64Array, values: Uint8Array = NO_VALUES, tails: RecordTails | null = null): Promise<void> {
    await native.recordWriterAdd(this.#handle, keys, values, tails);
  }

  finish(): Promise<RecordFileInfo> {
    return native.recordWriterFinish(this.#handle);
  }

  abort(): Promise<void> {
    return native.recordWriterAbort(this.#handle);
  }
}

export interface MergeOptions {
  /** Where passes go when there are too many runs; the folder of the first file by default. */
  readonly folder?: string;
  /** Equal records become one. */
  readonly distinct?: boolean;
  readonly rows?: number;
  readonly bytes?: number;
}

/** Records of all files (of one shape) in the range, in order; nothing for no files. A batch ends once `rows` or `bytes` are there. */
export async function* mergeRecords(
  files: readonly string[],
  range: RecordRange,
  memoryBytes: number,
  options: MergeOptions = {},
): AsyncGenerator<RecordBatch, void, undefined> {
  if (range.hi <= range.lo) return;
  const opened = await native.recordMergeOpen(files, range.lo, range.hi - 1n, memoryBytes, options.folder ?? '', options.distinct ?? false);
  if (opened === null) return;
  try {
    for (;;) {
      const batch = await native.recordMergeNext(opened.merge, options.rows ?? 65_536, options.bytes ?? 4 * 1024 * 1024);
      if (batch === null) return;
      yield batch;
    }
  } finally {
    await native.recordMergeClose(opened.merge);
  }
}

/**
 * Key files (KEY_SHAPE: high, low, row) to a file of edges (EDGE_SHAPE: centre, other), each once: the rows of a group of equal keys
 * hang on the smallest. Rows of `outside` files count only where a row of `files` has the key too; the smallest of them is the centre then.
 * `dropped`: bits by input, least significant first; what a file lacks is 0. Its files of passes lie beside `out`.
 */
export function starEdges(
  files: readonly string[],
  range: RecordRange,
  dropped: readonly { readonly number: number; readonly path: string }[],
  out: string,
  memoryBytes: number,
  outside: readonly string[] = [],
): Promise<StarCounts> {
  return native.recordStarEdges(files, range.lo, range.hi - 1n, dropped, outside, out, memoryBytes);
}

/** Files of edges, or of components of earlier rounds, to a file of COMPONENT_SHAPE: for every row an edge names, ascending, the smallest row of its component (uint64, little-endian). */
export function components(edgeFiles: readonly string[], out: string, folder: string, memoryBytes: number): Promise<ComponentCounts> {
  return native.recordComponents(edgeFiles, out, folder, memoryBytes);
}

/** What the file's header and index say; `verify` checks every block as well. */
export function recordFileInfo(path: string, verify = false): Promise<RecordFileInfo> {
  return native.recordFileInfo(path, verify);
}
