// One HTML or text file as one document (`refine try`). A file over the cap is a skip, as it is inside a WARC.
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { type Batch, RefineError } from '../../native/index.js';
import type { SourceReader } from '../contract/source.js';
import { BatchBuilder, baseName } from './document-batch.js';

/** The WARC reader's cap on a payload. */
const MAX_FILE_BYTES = 16 << 20;

export function readPlainFile(
  open: (signal: AbortSignal) => AsyncIterable<Uint8Array>,
  options: { readonly path: string; readonly format: 'html' | 'text' },
): SourceReader {
  let records = 0;
  let documents = 0;
  let bytesRead = 0;
  let sha256: string | null = null;
  const skips: Record<string, number> = {};
  return {
    async *batches(signal): AsyncGenerator<Batch> {
      const hash = createHash('sha256');
      let parts: Uint8Array[] = [];
      for await (const chunk of open(signal)) {
        hash.update(chunk);
        bytesRead += chunk.length;
        if (bytesRead <= MAX_FILE_BYTES) parts.push(chunk);
        else parts = [];
      }
      sha256 = hash.digest('hex');
      records++;
      const body = bytesRead > MAX_FILE_BYTES ? null : plain(Buffer.concat(parts), options.path);
      if (body === null) {
        skips['too-large'] = 1;
        return;
      }
      documents++;
      const rows = new BatchBuilder(options.path);
      const common = { id: baseName(options.path), url: null, host: null, date: null, offset: 0, length: bytesRead };
      // Text becomes a column of UTF-8 at once: a byte that is none is U+FFFD, a BOM stays (a .txt is its bytes as they are).
      const text = options.format === 'text' ? new TextEncoder().encode(new TextDecoder('utf-8', { ignoreBOM: true }).decode(body)) : null;
      rows.add(text === null ? { ...common, html: new Uint8Array(body), contentType: 'text/html' } : { ...common, text, contentType: 'text/plain' });
      yield rows.take();
    },
    counts: () => ({ records, documents, skips: { ...skips }, damage: {}, notes: {}, bytesRead, sha256 }),
  };
}

/** Gunzipped where it is gzip; null where that passes the cap. */
function plain(body: Buffer, path: string): Buffer | null {
  if (body[0] !== 0x1f || body[1] !== 0x8b) return body;
  try {
    return gunzipSync(body, { maxOutputLength: MAX_FILE_BYTES });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return null;
    throw new RefineError('ERR_REFINE_INPUT', `is damaged gzip (${(cause as Error).message}), expected a whole file. Unpack it by hand to see what is left`, {
      place: path,
      cause,
    });
  }
}
