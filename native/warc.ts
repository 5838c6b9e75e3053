// The WARC reader, content codings and digests. native/src/bind_warc.cpp.
import type { BytesColumn, FixedColumn } from './batch.js';

/** Payloads of one media type that are no documents. */
export interface PayloadCounts {
  readonly records: number;
  /** As stored, before content codings are undone. */
  readonly bytes: number;
  /** Records that the crawler cut (WARC-Truncated). */
  readonly truncated: number;
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
  readonly payloads?: Readonly<Record<string, PayloadCounts>>;
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
