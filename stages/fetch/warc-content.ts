// Content codings that the core leaves to Node: brotli (RFC 7932), and whatever lies below it in the same header.
import { brotliDecompressSync, constants } from 'node:zlib';
import { native } from '../../native/index.js';

/** The decoded body, or the code of a skip. `codings`: the next one to undo first. */
export function decodePending(body: Uint8Array, codings: readonly string[], limit: number): Uint8Array | 'bad-encoding' | 'too-large' {
  let current = body;
  for (const coding of codings) {
    if (current.length === 0) continue;
    if (coding === 'br') {
      try {
        current = brotliDecompressSync(current, { maxOutputLength: limit, params: { [constants.BROTLI_DECODER_PARAM_LARGE_WINDOW]: 0 } });
      } catch (error) {
        return (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE' ? 'too-large' : 'bad-encoding';
      }
    } else if (coding === 'gzip' || coding === 'x-gzip' || coding === 'deflate' || coding === 'zstd') {
      const { result, bytes } = native.decodeContent(coding, current, limit);
      if (result === 'bad') return 'bad-encoding';
      if (result === 'too-large') return 'too-large';
      current = bytes;
    }
  }
  return current;
}
