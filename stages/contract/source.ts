// The contract between the runner and sources: what an input is, and how its documents arrive.
import type { Batch } from '../../native/index.js';
import type { PayloadCounts } from '../../native/warc.js';

/** A manifest's `source`, parsed. Relative paths start from the manifest's folder. */
export type Source =
  | {
      readonly kind: 'commoncrawl';
      readonly crawls: readonly string[];
      readonly select: ({ readonly files: number } | { readonly fraction: number }) & DocumentSelection;
      /** The root that `crawl-data/...` paths hang below. */
      readonly base: string;
    }
  | {
      readonly kind: 'warc' | 'wet';
      readonly paths: readonly string[];
      /** Indexes of these files: only what they list and `select` asks for is read. */
      readonly index?: readonly string[];
      readonly select?: DocumentSelection;
    }
  | { readonly kind: 'jsonl'; readonly paths: readonly string[]; readonly textField: string; readonly lineage?: 'fields' }
  | { readonly kind: 'parquet'; readonly paths: readonly string[]; readonly fields: ParquetFields }
  | { readonly kind: 'run'; readonly path: string };

/** Which documents of the files, by what an index says of them; without `index` all that the files have. */
export interface DocumentSelection {
  readonly index?: IndexFilter;
  /** At most so many over all files: those with the lowest lots by (seed, file, offset). */
  readonly documents?: number;
}

/** What an index row must say. Every list that is given must be met; within a list one entry is enough. */
export interface IndexFilter {
  /** CommonCrawl: its columnar index, or its CDX files. */
  readonly from?: 'columnar' | 'cdx';
  /** CommonCrawl: index files of one's own instead of the crawl's. */
  readonly files?: readonly string[];
  /** ISO 639-3 as the index has them, any of the page's languages. */
  readonly languages?: readonly string[];
  /** Only the language the index names first counts. */
  readonly mainLanguage?: boolean;
  readonly hosts?: readonly string[];
  /** The host itself and everything below it. */
  readonly domains?: readonly string[];
  readonly tlds?: readonly string[];
  /** Empty: any. */
  readonly status: readonly number[];
  /** The detected type, or where an index has none the declared one. */
  readonly mime?: readonly string[];
}

/** Columns of a Parquet file; `required`: the manifest names it. */
export type ParquetFields = Readonly<Record<'text' | 'id' | 'url' | 'date', { readonly column: string; readonly required: boolean }>>;

export type InputFormat = 'warc' | 'wet' | 'jsonl' | 'parquet' | 'html' | 'text' | 'shard';

/** The part of a file that an index selected: `count` entries of a members file (stages/fetch/members.ts), from entry `at`. */
export interface Members {
  /** The members file, absolute. Not part of any identity. */
  readonly path: string;
  readonly at: number;
  readonly count: number;
  readonly sha256: string;
}

/** One file to read; one map task. */
export interface Input {
  /** The input's path as DESIGN defines it (below the source's base): sort key, `warc_path`, unique in a run. */
  readonly path: string;
  /** Where it is read from: an absolute file path or an http(s) URL. Not part of any identity. */
  readonly location: string;
  readonly format: InputFormat;
  /** Bytes that reading it takes: its size, where known before. */
  readonly bytes: number | null;
  /** Names the content: size with ETag (remote), size with sha256 of first and last MiB (local), sha256 (a shard of ours). */
  readonly identity: string;
  /** jsonl: the key that holds the text. */
  readonly textField?: string;
  /** jsonl: lines with warc_path and warc_offset keep them. */
  readonly lineage?: 'fields';
  /** parquet. */
  readonly fields?: ParquetFields;
  /** Only these ranges of the file; `bytes` is then what will be fetched, `wholeBytes` the size of the file. */
  readonly members?: Members;
  readonly wholeBytes?: number | null;
}

export interface SourceCounts {
  /** records = documents + sum(skips). */
  readonly records: number;
  readonly documents: number;
  readonly skips: Readonly<Record<string, number>>;
  /** Byte ranges that are no record, by code; outside the equation. */
  readonly damage: Readonly<Record<string, number>>;
  /** Documents with something worth noting (truncated, digest mismatch), by code. */
  readonly notes: Readonly<Record<string, number>>;
  /** Records that are no documents because of what they hold (not-html, too-large, bad-encoding), by media type. */
  readonly payloads?: Readonly<Record<string, PayloadCounts>>;
  readonly bytesRead: number;
  /** sha256 of the bytes that were read, in the order of reading (of Parquet and of selected members not the whole file's), once the reader is exhausted. */
  readonly sha256: string | null;
}

/**
 * The documents of one input, in record order. Columns of every batch (null where absent; DESIGN section 6):
 *   id, url, host, warc_path: utf8;  date: fixed int64 seconds (unit 's');  warc_offset, warc_length: fixed int64
 *   payload_digest: utf8;  http_status: fixed uint16;  content_type: utf8 (the HTTP header's value, internal)
 *   html: binary, null where the document came as text;  text: utf8, null where it came as HTML
 * A `shard` input has the columns of the shard instead.
 */
export interface SourceReader {
  batches(signal: AbortSignal): AsyncIterable<Batch>;
  /** Valid at any time; final once `batches` ended. */
  counts(): SourceCounts;
}

/** Leave to send one request: shared by all workers of a run, so that a host sees one client. */
export interface FetchGate {
  /** Resolves when a request to `host` may start. Call the result when its response has ended. */
  acquire(host: string, signal: AbortSignal): Promise<() => void>;
  /** Tells every worker that `host` asked for silence (Retry-After, 429, 503). */
  pause(host: string, milliseconds: number): void;
}
