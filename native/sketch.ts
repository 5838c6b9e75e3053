// Hashes of texts: content keys, Bloom filters, shingles, MinHash signatures and their files. native/src/bind_{hash,sketch}.cpp.
import type { BytesColumn, ListColumn } from './batch.js';

export type Normalise = 'default' | 'none';
export type HashIsa = 'scalar' | 'avx2' | 'avx512' | 'neon';

/** A normal form by the recipe that uses it: kernels/include/refine/dedupe_forms.h. */
export type DedupeForm = 'none' | 'default' | 'datatrove' | 'redpajama' | 'ccnet' | 'c4';

/** What a shingle is: `size` consecutive words of the text in its form, joined by a space; or `size` token ids. */
export interface ShingleParams {
  readonly size: number;
  readonly normalise: DedupeForm;
  readonly words: 'white-space' | 'uax29' | 'script-aware' | 'spacy-en';
  /** XXH64, XXH32, or the first 8 or 4 bytes of SHA-1 (little-endian). */
  readonly hash: 'xxh64' | 'xxh32' | 'sha1-64' | 'sha1-32';
}

/** Families of hash functions: kernels/include/refine/band_hasher.h. */
export interface SketchParams {
  readonly bands: number;
  readonly rows: number;
  readonly family: 'affine' | 'dart' | 'datatrove' | 'datatrove-32';
}

declare const bandPass: unique symbol;
export type BandPassHandle = { readonly [bandPass]: true };

export interface SketchBinding {
  dedupeForm(text: BytesColumn, form: DedupeForm): Promise<BytesColumn>;
  /** Each row's shingle hashes, ascending and each once (`repeats`: in order, as often as they occur); of texts, or of lists of token ids (Uint16Array or Uint32Array). */
  shingles(from: BytesColumn | ListColumn, params: ShingleParams, repeats?: boolean): Promise<ListColumn>;
  /** Of words cut elsewhere: row r has words offsets[r] .. offsets[r+1]-1; hashes in order, as often as they occur. */
  shinglesOfWords(words: BytesColumn, offsets: Int32Array, params: ShingleParams): Promise<ListColumn>;
  /** (rows, (bandTo - bandFrom) x params.rows); all ones where a row has no shingle. `isa` is for tests: no bit depends on it. */
  sketchMinima(shingles: ListColumn, params: SketchParams, bandFrom: number, bandTo: number, isa?: HashIsa): Promise<BigUint64Array>;
  /** An entry for each asked band of every row that has a shingle, rows ascending: the key's high and low half. */
  bandKeysOf(shingles: ListColumn, params: SketchParams, bandFrom: number, bandTo: number, isa?: HashIsa): Promise<{ keys: BigUint64Array; rows: Uint32Array }>;
  /**
   * From a record file of shingles ([row]; value: order u64, scope u64, anything; tail: shingles) to one of keys (high, low, row)
   * for the bands bandFrom .. bandTo-1; rows in `dropped` (bits files by input) are left out, rows with bit 63 never are.
   */
  bandKeys(
    shinglesFile: string,
    dropped: readonly { readonly number: number; readonly path: string }[],
    params: SketchParams,
    bandFrom: number,
    bandTo: number,
    out: string,
    memoryBytes: number,
  ): Promise<{ documents: number; entries: number; bytes: number }>;
  /** bandKeys with the keys made elsewhere (a GPU): the same file to the byte. */
  bandPassOpen(
    shinglesFile: string,
    dropped: readonly { readonly number: number; readonly path: string }[],
    bands: number,
    out: string,
    memoryBytes: number,
  ): Promise<BandPassHandle>;
  /** The next documents: at least one, then as many as keep the batch within `shingles` and `documents`; no rows at the end. */
  bandPassNext(pass: BandPassHandle, shingles: number, documents: number): Promise<ListColumn>;
  /** (documents, bands, 2) of the oldest batch that is out. */
  bandPassAdd(pass: BandPassHandle, keys: BigUint64Array): Promise<void>;
  bandPassFinish(pass: BandPassHandle): Promise<{ documents: number; entries: number; bytes: number }>;
  /** Removes the unfinished file. */
  bandPassAbort(pass: BandPassHandle): Promise<void>;
  /** A round of a multiple of so many bands wastes no work: dart makes the bands of a group together. */
  sketchGroupBands(params: SketchParams): number;
  /** How many 32 x 32 -> 64 bit products `rounds` rounds made, on this thread: the bound of hashes a second, for the bench. */
  multiplyProducts(isa: HashIsa, rounds: number): number;
  /** One band's `.minhash.sig` file in datatrove's format, of the documents of one input; its number of records. */
  writeSignatureFile(
    shinglesFile: string,
    dropped: readonly { readonly number: number; readonly path: string }[],
    params: SketchParams,
    band: number,
    out: string,
    memoryBytes: number,
  ): Promise<number>;
  /** The keys (high, low, firstRow + index) of one band's `.minhash.sig` file, as a record file like bandKeys'; `documents`: the largest index and one. */
  readSignatureFile(
    path: string,
    params: SketchParams,
    band: number,
    firstRow: bigint,
    out: string,
    memoryBytes: number,
  ): Promise<{ records: number; documents: number }>;
}

export interface HashBinding {
  /** MurmurHash3 x64 128 of each row's normalised text: (rows, 2), high then low half. Zeros for nulls. */
  contentHash(text: BytesColumn, normalise: Normalise): Promise<BigUint64Array>;
  /** A split-block Bloom filter for `keys` distinct 64-bit hashes that wrongly answers yes with at most `rate`. */
  bloomCreate(keys: number, rate: number): { filter: object; bytes: number; expectedRate: number };
  bloomAdd(filter: object, hashes: BigUint64Array, isa?: HashIsa): void;
  bloomHas(filter: object, hashes: BigUint64Array, isa?: HashIsa): Uint8Array;
  hashIsas(): HashIsa[];
}
