// JSON lines as documents: .jsonl, or gzip (by magic). A line is a record; its place is the byte offset of the line in
// the plain text. Bad lines are skips with a reason, never an error; a file that holds no JSON line at all is one.
// Invariant: records = documents + sum(skips), and any chunking of the bytes gives the same batches.
import { createHash } from 'node:crypto';
import { Readable, pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type Batch, RefineError } from '../../native/index.js';
import type { SourceCounts, SourceReader } from '../contract/source.js';
import { BatchBuilder, baseName, hostOf, secondsOf, type SourceRecord } from './document-batch.js';

export interface JsonlOptions {
  readonly path: string;
  readonly textField: string;
  /** Lines that name a WARC record by warc_path and warc_offset are documents of that record. */
  readonly lineage?: boolean;
}

/** A longer line is a skip: a document of this size is no page. The WARC reader's cap on a payload. */
export const MAX_LINE_BYTES = 16 << 20;
const SNIFF_BYTES = 64 << 10;
const NEWLINE = 0x0a;

export function readJsonl(open: (signal: AbortSignal) => AsyncIterable<Uint8Array>, options: JsonlOptions): SourceReader {
  const skips: Record<string, number> = {};
  const hash = createHash('sha256');
  let records = 0;
  let documents = 0;
  let bytesRead = 0;
  let sha256: string | null = null;

  async function* counted(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      hash.update(chunk);
      bytesRead += chunk.length;
      yield chunk;
    }
  }

  const skip = (reason: string): null => {
    skips[reason] = (skips[reason] ?? 0) + 1;
    return null;
  };

  function parse(line: Line): Record<string, unknown> | null {
    if (line.bytes === null) return skip('too-large');
    let value: unknown;
    try {
      value = JSON.parse(decoder.decode(line.bytes));
    } catch {
      return skip('bad-json');
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return skip('bad-json');
    if (typeof (value as Record<string, unknown>)[options.textField] !== 'string') return skip('no-text');
    return value as Record<string, unknown>;
  }

  return {
    async *batches(signal): AsyncGenerator<Batch> {
      const rows = new BatchBuilder(options.path);
      let read = 0; // plain bytes
      for await (const line of splitLines(plainBytes(counted(open(signal)), options.path))) {
        signal.throwIfAborted();
        read = line.offset + line.length;
        records++;
        const value = parse(line);
        if (records === (skips['bad-json'] ?? 0) + (skips['too-large'] ?? 0) && read >= SNIFF_BYTES) throw noJson(options.path, line);
        if (value === null) continue;
        documents++;
        const url = typeof value.url === 'string' ? value.url : null;
        const id = value.id;
        rows.add({
          id: typeof id === 'string' && id !== '' ? id : typeof id === 'number' ? String(id) : `${baseName(options.path)}:${line.number}`,
          url,
          host: hostOf(url),
          date: secondsOf(value.date ?? value.timestamp),
          offset: line.offset,
          length: line.length,
          text: encoder.encode(value[options.textField] as string),
          ...(options.lineage === true ? recordOf(value) : {}),
        });
        if (rows.full) yield rows.take();
      }
      if (records === (skips['bad-json'] ?? 0) + (skips['too-large'] ?? 0)) throw noJson(options.path, null);
      if (rows.rows > 0) yield rows.take();
      sha256 = hash.digest('hex');
    },
    counts: (): SourceCounts => ({ records, documents, skips: { ...skips }, damage: {}, notes: {}, bytesRead, sha256 }),
  };
}

const decoder = new TextDecoder('utf-8'); // invalid UTF-8 becomes U+FFFD before any step (DESIGN section 6)
const encoder = new TextEncoder();

/** The record that a line names; nothing where it names none rightly: its place is then the line. */
function recordOf(value: Readonly<Record<string, unknown>>): { readonly record: SourceRecord } | Record<string, never> {
  const count = (found: unknown, most: number): number | null =>
    Number.isInteger(found) && (found as number) >= 0 && (found as number) <= most ? (found as number) : null;
  const text = (found: unknown): string | null => (typeof found === 'string' && found !== '' ? found : null);
  const path = text(value.warc_path);
  const offset = count(value.warc_offset, Number.MAX_SAFE_INTEGER);
  if (path === null || offset === null) return {};
  const record: SourceRecord = {
    path,
    offset,
    length: count(value.warc_length, Number.MAX_SAFE_INTEGER),
    digest: text(value.payload_digest),
    status: count(value.http_status, 999),
    contentType: text(value.content_type),
  };
  return { record };
}

function noJson(path: string, line: Line | null): RefineError {
  const found = line === null ? 'it ended without one' : `line ${line.number} at byte ${line.offset} is the latest that is not`;
  return new RefineError(
    'ERR_REFINE_INPUT',
    `holds no line that is a JSON object (${found}), expected one a line. Check the file, or read it by another source (warc:, wet:)`,
    { place: path },
  );
}

interface Line {
  /** null where the line is over MAX_LINE_BYTES. */
  readonly bytes: Uint8Array | null;
  readonly offset: number;
  readonly length: number;
  readonly number: number;
}

/** Lines without their newline and without a CR before it; lines of white space only are none. Memory: one line. */
async function* splitLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  let parts: Uint8Array[] = [];
  let held = 0; // bytes in parts
  let length = 0; // of the line so far, held or not
  let offset = 0;
  let number = 0;
  const line = (last: Uint8Array): Line | null => {
    length += last.length;
    number++;
    const at = { offset, length, number };
    if (length > MAX_LINE_BYTES) return { bytes: null, ...at };
    const whole = parts.length === 0 ? last : Buffer.concat([...parts, last]);
    return isBlank(whole) ? null : { bytes: whole, ...at };
  };
  for await (const chunk of bytes) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      const found = line(chunk.subarray(from, end));
      if (found !== null) yield found;
      offset += length + 1;
      parts = [];
      held = length = 0;
      from = end + 1;
    }
    const rest = chunk.subarray(from);
    length += rest.length;
    if (length <= MAX_LINE_BYTES) {
      parts.push(rest.slice());
      held += rest.length;
    } else if (held > 0) {
      parts = [];
      held = 0;
    }
  }
  if (length > 0) {
    const found = line(new Uint8Array(0));
    if (found !== null) yield found;
  }
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

/** Gunzips where the magic says gzip (members one after another are one text), and refuses at once what is neither. */
async function* plainBytes(bytes: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array> {
  const chunks = bytes[Symbol.asyncIterator]();
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < 4) {
    const next = await chunks.next();
    if (next.done === true) break;
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      yield head;
      for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
    } finally {
      await chunks.return?.();
    }
  }
  if (head.length === 0)
    throw new RefineError('ERR_REFINE_INPUT', 'is empty (0 bytes), expected a JSON object a line. Take it out of the source', { place: path });
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) {
    await chunks.return?.();
    throw new RefineError('ERR_REFINE_INPUT', 'is zstd, expected plain or gzip JSON lines. Recompress it: zstd -dc FILE | gzip > FILE.gz', { place: path });
  }
  if (head[0] !== 0x1f || head[1] !== 0x8b) {
    yield* firstIsJson(all(), path);
    return;
  }
  const gunzip = createGunzip({ chunkSize: 256 << 10 });
  // pipeline hands an error of the source on to gunzip, where the loop below meets it.
  pipeline(Readable.from(all(), { objectMode: true, highWaterMark: 1 }), gunzip, () => {});
  try {
    yield* firstIsJson(gunzip as AsyncIterable<Uint8Array>, path);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (error instanceof RefineError || !code.startsWith('Z_')) throw error;
    throw new RefineError('ERR_REFINE_INPUT', `is damaged gzip (${message}), expected whole members. Fetch the file again, or gunzip what is left of it`, {
      place: path,
      cause: error,
    });
  }
}

/** What does not begin with `{` (after white space and a BOM) is no JSON lines: said at once, not after 10 GB of zeros. */
async function* firstIsJson(bytes: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array> {
  let unseen = true;
  for await (const chunk of bytes) {
    if (unseen) {
      const at = chunk.findIndex((byte) => ![0x20, 0x09, 0x0d, 0x0a, 0xef, 0xbb, 0xbf].includes(byte));
      if (at >= 0) {
        unseen = false;
        const first = chunk[at]!;
        // A letter may open a bad line before good ones; a NUL or other control byte opens no text at all.
        if (first < 0x20) {
          const message = `begins with byte 0x${first.toString(16).padStart(2, '0')}, expected a JSON object a line ("{"). Check the file, or read it by another source (warc:, wet:)`;
          throw new RefineError('ERR_REFINE_INPUT', message, { place: path });
        }
      }
    }
    yield chunk;
  }
}
