// The map of the native surface: every function the addon exports, one interface a room, shapes and errors on the line
// they concern. Bindings check shapes and throw TypeError or RangeError at once; failed work rejects with a `code`.

import type { BytesColumn, FixedColumn, ListColumn, ListStructColumn, ListUtf8Column } from './batch.js';
import type { DecontaminateBinding } from './decontaminate.js';
import type { FeaturesBinding } from './features.js';
import type { ModelWeightsBinding } from './model.js';
import type { PiiBinding } from './pii.js';
import type { RecordsBinding } from './records.js';
import type { IndexFilesBinding } from './index-files.js';
import type { LinesBinding } from './lines.js';
import type { RepeatsBinding } from './repeats.js';
import type { SemanticBinding } from './semantic.js';
import type { NgramBinding } from './ngram.js';
import type { SearchBinding } from './search.js';
import type { SegmentBinding } from './segment.js';
import type { SurvivorsBinding } from './survivors.js';
import type { SubstringBinding } from './substring.js';
import type { TokensBinding } from './tokens.js';
import type { UrlJoinBinding } from './url-join.js';

export type * from './decontaminate.js';
export type * from './features.js';
export type * from './model.js';
export type * from './pii.js';
export type * from './ngram.js';
export type * from './search.js';
export type * from './segment.js';
export type * from './substring.js';
export type * from './tokens.js';
export type * from './url-join.js';

declare const urlFilter: unique symbol;
/** URL lists in native memory, freed with the handle. */
export type UrlFilterHandle = { readonly [urlFilter]: true };

declare const urlList: unique symbol;
/** Lines of lists, being collected. */
export type UrlListHandle = { readonly [urlList]: true };
declare const urlSet: unique symbol;
/** A compiled list, in memory or mapped. */
export type UrlSetHandle = { readonly [urlSet]: true };

/** Entries by kind, each once; lines that gave none, by why: kernels/include/refine/url_set.h. */
export interface UrlSetCounts {
  readonly entries: Readonly<
    Record<'hosts' | 'exactHosts' | 'urls' | 'patterns' | 'allowedHosts' | 'allowedExactHosts' | 'allowedUrls' | 'allowedPatterns', number>
  >;
  readonly ignored: Readonly<Record<'suffixes' | 'cosmetic' | 'options' | 'patterns' | 'other', number>>;
}

export interface UrlListsBinding {
  /** `publicSuffixList`: the bytes of public_suffix_list.dat. */
  urlListNew(publicSuffixList: Uint8Array): UrlListHandle;
  /** Adds whole lines; forms in kernels/text/url_rules.cpp. */
  urlListAdd(list: UrlListHandle, lines: Uint8Array): void;
  urlListAddSet(list: UrlListHandle, set: UrlSetHandle): void;
  /** So far; entries as added, repetitions included. */
  urlListCounts(list: UrlListHandle): UrlSetCounts;
  /** The compiled list; the collected one is empty then and must not be added to meanwhile. ERR_REFINE_ASSET past 4 GiB. */
  urlListCompile(list: UrlListHandle): Promise<UrlSetHandle>;
  /** Maps a compiled list; throws ERR_REFINE_ASSET for anything else. */
  urlSetOpen(path: string): UrlSetHandle;
  /** A copy of the compiled bytes, as they stand in a file. */
  urlSetBytes(set: UrlSetHandle): Uint8Array;
  urlSetCounts(set: UrlSetHandle): UrlSetCounts;
  /** 1 where an entry other than a URL's concerns the host (in normal form), exceptions left aside: for tests and benches. */
  urlSetHasHosts(set: UrlSetHandle, hosts: BytesColumn): Promise<Uint8Array>;
  urlFilterNew(publicSuffixList: Uint8Array): UrlFilterHandle;
  urlFilterUse(filter: UrlFilterHandle, option: 'lists' | 'exclude', set: UrlSetHandle): void;
  urlFilterWords(filter: UrlFilterHandle, kind: 'strict' | 'hard' | 'soft', lines: Uint8Array): void;
  /** A row's verdict: 0 keep, 1 blocked-host, 2 blocked-url, 3 strict-word, 4 hard-word, 5 soft-words, 6 curated-source. */
  urlFilterJudge(filter: UrlFilterHandle, url: BytesColumn, softWords: number): Promise<Uint16Array>;
  /** The public suffix and one label more, of a URL or a host; null for IP addresses and public suffixes. */
  registrableDomain(filter: UrlFilterHandle, url: string): string | null;
}

export interface UrlBinding extends UrlListsBinding {
  /** Each row's serialisation by the WHATWG URL Standard; null where a row is null or does not parse. */
  canonicalUrls(url: BytesColumn, fragment: 'keep' | 'drop'): Promise<BytesColumn>;
  /** Each row's href against its base, fragment kept; a null base resolves absolute URLs only. Null where there is no URL. */
  resolveUrls(base: BytesColumn, href: BytesColumn): Promise<BytesColumn>;
  /** 128-bit keys (high, low) of the serialisations without fragment, of the URL itself where it does not parse; none for null and "". */
  urlKeys(url: BytesColumn): Promise<{ keys: BigUint64Array; rows: Uint32Array }>;
}

export interface TextBinding extends UrlBinding {
  /** Each row's text in a normal form; `default` is the normalisation of DESIGN section 6. Nulls stay null. */
  textTransform(text: BytesColumn, form: 'lower' | 'nfd' | 'nfc' | 'default'): Promise<BytesColumn>;
  /** The core's Unicode tables, an entry a code point (0x110000): for tests and tools. Codes as in kernels/include/refine/unicode.h. */
  unicodeTables(): { version: string; category: Uint8Array; flags: Uint8Array; script: Uint8Array; combiningClass: Uint8Array };
}

export interface FasttextModel {
  /** Opaque; the model is freed with it. */
  readonly handle: object;
  /** Without `__label__`, in the model's order: what `labels` of a prediction index. */
  readonly labels: readonly string[];
  readonly dim: number;
}

export interface FasttextBinding {
  /** Reads a .bin or .ftz of a supervised model; throws ERR_REFINE_ASSET for anything else. */
  fasttextLoad(file: Uint8Array): FasttextModel;
  /** The k (1..1000) best labels of each row, best first, (rows, k); -1 where there is none: null, wordless, or nothing known. */
  fasttextPredict(model: FasttextModel, text: BytesColumn, k: number): Promise<{ labels: Int32Array; probs: Float32Array }>;
  /**
   * Each row's two best labels (rows, 2; the first as fasttextPredict(k = 1) gives it) and what its lines say (kernels/fasttext/evidence.cpp):
   * shares in 0..1, NaN where no line counts; characters of simplified and of traditional Chinese alone, where `hanLabels` flags the label.
   */
  fasttextJudge(
    model: FasttextModel,
    text: BytesColumn,
    hanLabels: Uint8Array,
  ): Promise<{ labels: Int32Array; probs: Float32Array; lineShare: Float32Array; codeShare: Float32Array; hans: Uint32Array; hant: Uint32Array }>;
}

export type FasttextTrainerHandle = { readonly fasttextTrainer: unique symbol };

/** Ranges as in kernels/include/refine/fasttext_train.h. */
export interface FasttextTrainOptions {
  readonly dim: number;
  readonly epochs: number;
  readonly wordNgrams: number;
  readonly minCount: number;
  readonly minNgram: number;
  readonly maxNgram: number;
  readonly buckets: number;
  readonly rate: number;
  readonly loss: 'softmax' | 'hierarchical' | 'one-versus-all';
  readonly seed: number;
  readonly maxBytes: number;
}

export interface FasttextTrained {
  readonly examples: number;
  readonly tokens: number;
  readonly words: number;
  /** Of the input matrix: words and buckets. */
  readonly rows: number;
  /** Mean over the last epoch, nats an example. */
  readonly loss: number;
  /** Most frequent first. */
  readonly labels: readonly { readonly label: string; readonly examples: number }[];
}

export interface FasttextTrainBinding {
  fasttextTrainer(options: FasttextTrainOptions): FasttextTrainerHandle;
  /** An example a row, `labels` joined by newlines; rows null in either are left out. */
  fasttextAdd(trainer: FasttextTrainerHandle, text: BytesColumn, labels: BytesColumn): Promise<void>;
  /** Once, after all examples. ERR_REFINE_INPUT where nothing can be learnt, ERR_REFINE_MEMORY past maxBytes. */
  fasttextTrain(trainer: FasttextTrainerHandle): Promise<FasttextTrained>;
  /** Once, after training. `cutoff` 0 keeps all rows. */
  fasttextQuantise(
    trainer: FasttextTrainerHandle,
    how: { readonly cutoff: number; readonly subWidth: number; readonly norms: boolean; readonly retrain: boolean },
  ): Promise<void>;
  /** The model as fastText's file: .bin, or .ftz after fasttextQuantise. */
  fasttextFile(trainer: FasttextTrainerHandle): Promise<Uint8Array>;
  /** What runs now ends soon with ERR_REFINE_INTERRUPTED; the trainer is of no use any more. */
  fasttextCancel(trainer: FasttextTrainerHandle): void;
  /** 0 to 1, of what runs now; may be asked while it does. */
  fasttextProgress(trainer: FasttextTrainerHandle): number;
}

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
}

export interface BpeBinding {
  /** Throws ERR_REFINE_ASSET where ids lie outside the vocabulary. About 50 ms for 65,000 tokens. */
  bpeOpen(definition: BpeDefinition): BpeHandle;
  /** Ids of each row (null counts as empty); Uint16Array where the vocabulary fits 65,536. `eos` and `bos` are ids or null. */
  bpeEncode(
    handle: BpeHandle,
    texts: BytesColumn,
    options: { readonly parseSpecial: boolean; readonly eos: number | null; readonly bos: number | null },
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

/** Columns of equal rows; text and html null by validity. `xRobotsTag`: that HTTP header's values, one a line. Outcomes: 0 kept, else ExtractOutcome of kernels/include/refine/extract.h. */
export interface ExtractColumns {
  readonly url: BytesColumn;
  readonly html: BytesColumn;
  readonly text: BytesColumn;
  readonly contentType: BytesColumn;
  readonly xRobotsTag?: BytesColumn;
}
export interface ExtractedColumns {
  readonly text: BytesColumn;
  readonly title: BytesColumn;
  readonly charset: BytesColumn;
  readonly declaredLang: BytesColumn;
  readonly author: BytesColumn;
  readonly published: BytesColumn;
  readonly canonicalUrl: BytesColumn;
  readonly siteName: BytesColumn;
  /** article, forum, documentation, product, listing, recipe, qa, home; null where nothing tells. */
  readonly pageType: BytesColumn;
  readonly licenses: ListUtf8Column;
  readonly robots: ListUtf8Column;
  /** With the options `links` and `imageAlts`. */
  readonly links?: ListStructColumn;
  readonly imageAlts?: ListUtf8Column;
  readonly outcomes: Uint16Array;
}

export interface HtmlWork {
  /** What ended the parse: `ok`, or the limit that stopped it. */
  readonly outcome: 'ok' | 'too-deep' | 'too-many-nodes' | 'too-complex' | 'too-many-attributes' | 'too-large';
  readonly bytes: number;
  readonly nodes: number;
  readonly visits: number;
  readonly reads: number;
  readonly treeBytes: number;
  /** With `extract`: nodes that choosing and writing the main text looked at, each look counted. */
  readonly steps?: number;
}

export interface ExtractPagesOptions {
  readonly mode: 'balanced' | 'precision' | 'recall';
  readonly format?: 'text' | 'markdown' | 'jsonl-blocks';
  readonly links?: boolean;
  readonly imageAlts?: boolean;
  readonly nfc?: boolean;
  readonly maxBytes: number;
  readonly maxDepth: number;
  readonly maxNodes: number;
  readonly maxAttributes?: number;
  /** Another block model than the shipped one (infra/extract/model-file.ts), for training and tests. */
  readonly model?: Uint8Array;
}

/** A page's blocks, a row a block in document order: PageBlocks of kernels/include/refine/extract.h. */
export interface PageBlocks {
  readonly outcome: number;
  readonly title: string;
  readonly text: BytesColumn;
  readonly path: BytesColumn;
  readonly why: BytesColumn;
  /** Visible code points without white space before the block on the page, and in it. */
  readonly charBegin: Uint32Array;
  readonly chars: Uint32Array;
  /** (blocks, blockFeatureNames().length) row-major. */
  readonly features: Float32Array;
  /** Log odds that the block is main text. */
  readonly odds: Float32Array;
  readonly kept: Uint8Array;
}

export interface ExtractBinding {
  /** How a page is cut into blocks, and which are its main text and why. */
  inspectBlocks(bytes: Uint8Array, contentType: string, url: string, options: ExtractPagesOptions): PageBlocks;
  blockFeatureNames(): string[];
  /** Limits are counts (bytes of a page, open elements, nodes, attributes; the last 2,000,000 where absent), each below 2^32. */
  extractPages(columns: ExtractColumns, options: ExtractPagesOptions): Promise<ExtractedColumns>;
  /** The encoding a page is in, by its standard name, and what said so. */
  decideCharset(bytes: Uint8Array, contentType: string): { encoding: string; source: 'bom' | 'header' | 'meta' | 'content' };
  /** A page as the step reads it: `errors` became U+FFFD, `undone` sequences had been encoded as UTF-8 twice. */
  decodePage(bytes: Uint8Array, contentType: string): { text: Uint8Array; encoding: string; errors: number; undone: number };
  /** By content alone, whatever is declared. */
  detectEncoding(bytes: Uint8Array): string;
  /** The HTML standard's prescan of the first `limit` bytes. */
  prescanEncoding(bytes: Uint8Array, limit: number): string | null;
  encodingFromLabel(label: string): string | null;
  /** UTF-8 of bytes in the encoding a label names; throws RangeError for an unknown label. */
  decodeBytes(bytes: Uint8Array, label: string): Uint8Array;
  /** html5lib's `#document` form of a UTF-8 page or fragment, and its tokens as JSON: for tests and people. */
  htmlTree(utf8: Uint8Array, options: { readonly scripting: boolean; readonly fragment?: string; readonly fragmentNamespace?: string }): string;
  /** A whole page, or the element with this id, as a format writes it: nothing is left out but scripts and the like. For tests and measures. */
  htmlWrite(
    utf8: Uint8Array,
    options: {
      readonly format?: ExtractPagesOptions['format'];
      readonly links?: boolean;
      readonly imageAlts?: boolean;
      readonly nfc?: boolean;
      readonly url?: string;
      readonly id?: string;
    },
  ): { readonly text: string; readonly links: readonly (readonly [string, string])[]; readonly imageAlts: readonly string[] };
  /** What parsing a page took: nodes and list entries visited, bytes looked at (each look counted), bytes of the tree. */
  htmlWork(
    utf8: Uint8Array,
    limits?: { readonly maxDepth?: number; readonly maxNodes?: number; readonly maxAttributes?: number; readonly extract?: boolean },
  ): HtmlWork;
  htmlTokens(utf8: Uint8Array, state: string, lastStartTag: string): string;
}

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

export interface FilesBinding {
  /** XXH3-64, seed 0. */
  xxh3(bytes: Uint8Array): bigint;
  /** XXH3-64 of each MiB of a file, the last one shorter. ERR_REFINE_DISK where it cannot be read. */
  fileChunkHashes(path: string): Promise<BigUint64Array>;
}

/** Counts as in SourceCounts; `sha256` of all bytes once the reader is done. */
export interface WarcCounts {
  readonly records: number;
  readonly documents: number;
  readonly bytesRead: number;
  readonly sha256: string | null;
  readonly skips: Readonly<Record<string, number>>;
  readonly damage: Readonly<Record<string, number>>;
  readonly notes: Readonly<Record<string, number>>;
}

export interface WarcReaderOptions {
  /** Conversion records are documents. */
  readonly wet?: boolean;
  readonly verifyDigests?: boolean;
  /** Of a decoded payload; 1..2^30. */
  readonly maxPayloadBytes?: number;
  readonly maxBatchRows?: number; // 1..8192
  readonly maxBatchBytes?: number; // 1..2^29
  /** Names records without an id. */
  readonly baseName?: string;
  /** Records instead of documents, with their decoded payloads. */
  readonly records?: boolean;
  readonly payloads?: boolean;
}

export interface WarcRecordInfo {
  readonly format: 'warc' | 'arc';
  readonly version: string;
  /** As written; ARC: arc_header or response; null where the header is absent. */
  readonly type: string | null;
  readonly id: string;
  readonly url: string | null;
  readonly headers: readonly (readonly [string, string])[];
  readonly httpStatus: number | null;
  readonly httpHeaders: readonly (readonly [string, string])[] | null;
  readonly contentType: string;
  /** A range request for `length` bytes from `offset` gives the record alone; null where it shares its member. */
  readonly offset: number;
  readonly length: number | null;
  /** Where it stands among the decoded bytes. */
  readonly streamOffset: number;
  readonly streamLength: number;
  readonly blockLength: number;
  readonly blockDigest: 'absent' | 'ok' | 'mismatch' | 'unknown-algorithm' | 'unchecked';
  readonly payloadDigest: 'absent' | 'ok' | 'mismatch' | 'unknown-algorithm' | 'unchecked';
  readonly notes: readonly string[];
  /** The record is cut or its member damaged. */
  readonly damage: string | null;
  /** Why it is no document; null for documents and damaged records. */
  readonly skip: string | null;
  readonly payload: Uint8Array | null;
  /** Content codings left to undo, the next one first. */
  readonly pending: readonly string[];
}

export interface WarcReader {
  /** Resolves to the bytes taken from `chunk.subarray(from)`: all, or fewer when the batch is full. Errors are final. */
  push(chunk: Uint8Array, from: number): Promise<number>;
  /** No more bytes; call again after each batch until done(). */
  finish(): Promise<void>;
  full(): boolean;
  done(): boolean;
  rows(): number;
  takeDocuments(): {
    readonly rows: number;
    readonly columns: Readonly<Record<string, BytesColumn | FixedColumn>>;
    /** Rows whose payload has content codings left that the core does not know (br). */
    readonly pending: readonly { readonly row: number; readonly codings: readonly string[]; readonly sniff: boolean }[];
  };
  takeRecords(): WarcRecordInfo[];
  takeDamage(): { readonly code: string; readonly offset: number; readonly length: number }[];
  counts(): WarcCounts;
}

export interface WarcBinding {
  readonly WarcReader: new (options: WarcReaderOptions) => WarcReader;
  decodeContent(
    coding: 'gzip' | 'x-gzip' | 'deflate' | 'zstd',
    bytes: Uint8Array,
    limit: number,
  ): { readonly result: 'ok' | 'truncated' | 'too-large' | 'bad'; readonly bytes: Uint8Array };
  /** Hex. */
  digest(kind: 'md5' | 'sha1' | 'sha256' | 'crc32', bytes: Uint8Array): string;
  /** The MIME sniffing standard's HTML signatures. */
  sniffsAsHtml(bytes: Uint8Array): boolean;
}

export interface NativeBinding
  extends FilesBinding,
    WarcBinding,
    ExtractBinding,
    TextBinding,
    FeaturesBinding,
    LinesBinding,
    RepeatsBinding,
    IndexFilesBinding,
    SemanticBinding,
    UrlJoinBinding,
    SegmentBinding,
    FasttextBinding,
    FasttextTrainBinding,
    NgramBinding,
    ModelWeightsBinding,
    PiiBinding,
    DecontaminateBinding,
    BpeBinding,
    BpeTrainBinding,
    HashBinding,
    SketchBinding,
    SurvivorsBinding,
    RecordsBinding,
    SubstringBinding,
    SearchBinding,
    TokensBinding {}
