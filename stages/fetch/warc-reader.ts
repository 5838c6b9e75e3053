// WARC, WET and ARC files to batches of documents, and to records for tools and tests. The core cuts, checks and
// decodes; here bytes are handed over, brotli bodies decoded through Node's zlib, and hosts taken from URLs.
// Invariant: a batch holds at most maxBatchRows rows and passes maxBatchBytes by one payload at most, bombs included.
import { native, RefineError, takeRows, utf8Column, column, stringAt, bytesAt, bytesColumn } from '../../native/index.js';
import type { Batch, BytesColumn, Column, WarcReader, WarcReaderOptions, WarcRecordInfo } from '../../native/index.js';
import type { SourceCounts, SourceReader } from '../contract/source.js';
import { decodePending } from './warc-content.js';

export interface ReadWarcOptions {
  /** The input's `warc_path`. */
  readonly path: string;
  readonly format: 'warc' | 'wet';
  readonly verifyDigests?: boolean;
  readonly maxPayloadBytes?: number;
  readonly maxBatchRows?: number;
  readonly maxBatchBytes?: number;
}

export type RecordInfo = WarcRecordInfo;
export type DamageInfo = { readonly code: string; readonly offset: number; readonly length: number };

const MAX_PAYLOAD_BYTES = 16 * 1024 * 1024;
const MAX_BATCH_ROWS = 256;
const MAX_BATCH_BYTES = 16 * 1024 * 1024;

export function readWarc(bytes: AsyncIterable<Uint8Array>, options: ReadWarcOptions): SourceReader {
  const maxPayloadBytes = options.maxPayloadBytes ?? MAX_PAYLOAD_BYTES;
  const maxBatchBytes = options.maxBatchBytes ?? MAX_BATCH_BYTES;
  const reader = openReader(options.path, {
    wet: options.format === 'wet',
    verifyDigests: options.verifyDigests ?? true,
    maxPayloadBytes,
    maxBatchRows: options.maxBatchRows ?? MAX_BATCH_ROWS,
    maxBatchBytes,
  });
  const moved: Record<string, number> = {}; // documents that became skips once their brotli was undone
  let last = reader.counts();

  return {
    async *batches(signal) {
      for await (const _ of drive(reader, bytes, options.path, signal)) {
        last = reader.counts();
        for (const batch of finishBatches(reader.takeDocuments(), options.path, maxPayloadBytes, maxBatchBytes, moved)) yield batch;
      }
      last = reader.counts();
    },
    counts(): SourceCounts {
      const skips: Record<string, number> = { ...last.skips };
      let documents = last.documents;
      for (const [code, count] of Object.entries(moved)) {
        skips[code] = (skips[code] ?? 0) + count;
        documents -= count;
      }
      return { ...last, documents, skips: sorted(skips) };
    },
  };
}

export interface ReadRecordsOptions {
  readonly path: string;
  readonly verifyDigests?: boolean;
  readonly maxPayloadBytes?: number;
  /** Hand out decoded payloads too; null where a record is damaged or too large, or its codings cannot be undone. */
  readonly payloads?: boolean;
  /** Called with every byte range that holds no record, in file order within a batch. */
  readonly onDamage?: (damage: DamageInfo) => void;
  readonly signal?: AbortSignal;
}

/** Every record, whole or cut, in file order. */
export async function* readRecords(bytes: AsyncIterable<Uint8Array>, options: ReadRecordsOptions): AsyncGenerator<RecordInfo> {
  const maxPayloadBytes = options.maxPayloadBytes ?? MAX_PAYLOAD_BYTES;
  const reader = openReader(options.path, {
    verifyDigests: options.verifyDigests ?? true,
    maxPayloadBytes,
    maxBatchRows: 1024,
    maxBatchBytes: MAX_BATCH_BYTES,
    records: true,
    payloads: options.payloads ?? false,
  });
  for await (const _ of drive(reader, bytes, options.path, options.signal)) {
    for (const damage of reader.takeDamage()) options.onDamage?.(damage);
    for (const record of reader.takeRecords()) {
      if (record.payload === null || record.pending.length === 0) yield record;
      else {
        const decoded = decodePending(record.payload, record.pending, maxPayloadBytes);
        yield typeof decoded === 'string' ? { ...record, payload: null, skip: record.skip ?? decoded } : { ...record, payload: decoded, pending: [] };
      }
    }
  }
}

function openReader(path: string, options: WarcReaderOptions): WarcReader {
  return new native.WarcReader({ ...options, baseName: path.slice(path.lastIndexOf('/') + 1) });
}

/** Feeds the reader and stops whenever it is full, and once at the end. */
async function* drive(reader: WarcReader, bytes: AsyncIterable<Uint8Array>, path: string, signal?: AbortSignal): AsyncGenerator<void> {
  try {
    for await (const chunk of bytes) {
      for (let from = 0; from < chunk.length; ) {
        signal?.throwIfAborted();
        from += await reader.push(chunk, from);
        if (reader.full()) yield;
      }
    }
    do {
      signal?.throwIfAborted();
      await reader.finish();
      yield;
    } while (!reader.done());
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (error instanceof RefineError || typeof code !== 'string' || !code.startsWith('ERR_REFINE_')) throw error;
    throw new RefineError(code as RefineError['code'], (error as Error).message, { place: path, cause: error });
  }
}

type Taken = ReturnType<WarcReader['takeDocuments']>;

function* finishBatches(taken: Taken, path: string, maxPayloadBytes: number, maxBatchBytes: number, moved: Record<string, number>): Generator<Batch> {
  if (taken.rows === 0) return;
  const batch: Batch = { rows: taken.rows, columns: taken.columns };
  if (taken.pending.length === 0) {
    yield complete(batch, path);
    return;
  }
  // Brotli: a body of a few bytes may become a whole payload, so rows go out in pieces within the budget.
  const pending = new Map(taken.pending.map((entry) => [entry.row, entry]));
  const html = column(batch, 'html', 'binary', 'utf8') as BytesColumn;
  const text = column(batch, 'text', 'utf8') as BytesColumn;
  let rows: number[] = [];
  let decoded = new Map<number, Uint8Array>();
  let size = 0;
  const flush = function* (): Generator<Batch> {
    if (rows.length > 0) yield complete(withDecoded(batch, rows, decoded), path);
    rows = [];
    decoded = new Map();
    size = 0;
  };
  for (let row = 0; row < batch.rows; row++) {
    const entry = pending.get(row);
    const stored = html.offsets[row + 1]! - html.offsets[row]! + text.offsets[row + 1]! - text.offsets[row]!;
    if (entry === undefined) size += stored;
    else {
      const body = html.offsets[row + 1]! > html.offsets[row]! ? bytesAt(html, row) : bytesAt(text, row);
      let payload: Uint8Array | string = decodePending(body, entry.codings, maxPayloadBytes);
      if (typeof payload !== 'string' && entry.sniff && !native.sniffsAsHtml(payload)) payload = 'not-html';
      if (typeof payload === 'string') {
        moved[payload] = (moved[payload] ?? 0) + 1;
        continue;
      }
      decoded.set(row, payload);
      size += payload.length;
    }
    rows.push(row);
    if (size >= maxBatchBytes) yield* flush();
  }
  yield* flush();
}

const lenient = new TextDecoder('utf-8');
const encoder = new TextEncoder();

/** The rows listed, with decoded payloads in the place of stored ones. */
function withDecoded(batch: Batch, rows: readonly number[], decoded: ReadonlyMap<number, Uint8Array>): Batch {
  const { html, text, ...others } = batch.columns as Record<string, Column> & { html: BytesColumn; text: BytesColumn };
  const kept = takeRows({ rows: batch.rows, columns: others }, rows);
  const isText = (row: number) => text.validity === undefined || ((text.validity[row >> 3]! >> (row & 7)) & 1) === 1;
  return {
    rows: rows.length,
    columns: {
      ...kept.columns,
      html: bytesColumn(
        'binary',
        rows.map((row) => (isText(row) ? null : (decoded.get(row) ?? bytesAt(html, row)))),
      ),
      text: bytesColumn(
        'utf8',
        rows.map((row) => {
          if (!isText(row)) return null;
          const payload = decoded.get(row);
          return payload === undefined ? bytesAt(text, row) : encoder.encode(lenient.decode(payload));
        }),
      ),
    },
  };
}

function complete(batch: Batch, path: string): Batch {
  const url = column(batch, 'url', 'utf8') as BytesColumn;
  const hosts: (string | null)[] = [];
  for (let row = 0; row < batch.rows; row++) hosts.push(hostOf(stringAt(url, row)));
  return { rows: batch.rows, columns: { ...batch.columns, host: utf8Column(hosts), warc_path: constantColumn(path, batch.rows) } };
}

/** The host as the URL standard serialises it; null where there is none. */
function hostOf(url: string | null): string | null {
  if (url === null || !URL.canParse(url)) return null;
  return new URL(url).hostname || null;
}

function constantColumn(value: string, rows: number): BytesColumn {
  const bytes = encoder.encode(value);
  const data = new Uint8Array(bytes.length * rows);
  const offsets = new Int32Array(rows + 1);
  for (let row = 0; row < rows; row++) {
    data.set(bytes, row * bytes.length);
    offsets[row + 1] = (row + 1) * bytes.length;
  }
  return { kind: 'utf8', data, offsets };
}

function sorted(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}
