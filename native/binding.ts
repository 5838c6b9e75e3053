// The map of the native surface: every function the addon exports, one interface a room, shapes and errors on the line
// they concern. Bindings check shapes and throw TypeError or RangeError at once; failed work rejects with a `code`.

import type { BytesColumn, ListStructColumn, ListUtf8Column } from './batch.js';
import type { BpeBinding, BpeTrainBinding } from './bpe.js';
import type { CudaBinding } from './cuda.js';
import type { DecontaminateBinding } from './decontaminate.js';
import type { FeaturesBinding } from './features.js';
import type { ModelBinding, ModelWeightsBinding } from './model.js';
import type { TrainerBinding } from './trainer.js';
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
import type { HashBinding, SketchBinding } from './sketch.js';
import type { SubstringBinding } from './substring.js';
import type { TokensBinding } from './tokens.js';
import type { UrlJoinBinding } from './url-join.js';
import type { WarcBinding } from './warc.js';

export type * from './bpe.js';
export type * from './cuda.js';
export type * from './decontaminate.js';
export type * from './features.js';
export type * from './model.js';
export type * from './trainer.js';
export type * from './pii.js';
export type * from './ngram.js';
export type * from './search.js';
export type * from './segment.js';
export type * from './sketch.js';
export type * from './substring.js';
export type * from './tokens.js';
export type * from './url-join.js';
export type * from './warc.js';

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

export interface FilesBinding {
  /** XXH3-64, seed 0. */
  xxh3(bytes: Uint8Array): bigint;
  /** XXH3-64 of each MiB of a file, the last one shorter. ERR_REFINE_DISK where it cannot be read. */
  fileChunkHashes(path: string): Promise<BigUint64Array>;
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
    ModelBinding,
    TrainerBinding,
    PiiBinding,
    DecontaminateBinding,
    BpeBinding,
    BpeTrainBinding,
    CudaBinding,
    HashBinding,
    SketchBinding,
    SurvivorsBinding,
    RecordsBinding,
    SubstringBinding,
    SearchBinding,
    TokensBinding {}
