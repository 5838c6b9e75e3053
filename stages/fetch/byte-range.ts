// A range of an input's bytes, wherever it lies, and where whole records begin and end in it: what a sample of a large file is
// cut from. Invariant: a cut holds whole records only, so reading it costs what the same records cost inside the file.
import { open } from 'node:fs/promises';
import { constants, gunzipSync } from 'node:zlib';
import { RefineError } from '../../native/errors.js';
import type { InputFormat } from '../contract/source.js';
import { type HttpEnv, send } from './http-request.js';
import { isRemote } from './input-identity.js';

/** At most `length` bytes from `start`; fewer only at the end of the file. */
export async function readRange(location: string, start: number, length: number, env: HttpEnv): Promise<Uint8Array> {
  if (isRemote(location)) return remoteRange(location, start, length, env);
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(location, 'r');
  } catch (cause) {
    throw new RefineError('ERR_REFINE_INPUT', `cannot be read (${(cause as NodeJS.ErrnoException).code}). Check the path`, { place: location, cause });
  }
  try {
    const buffer = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await file.read(buffer, filled, length - filled, start + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  } catch (cause) {
    throw new RefineError('ERR_REFINE_INPUT', `cannot be read (${(cause as NodeJS.ErrnoException).code}). Check the path`, { place: location, cause });
  } finally {
    await file.close();
  }
}

/** RFC 9110 section 14. A host that answers 200 sends the file from its first byte: then only ranges from 0 are had. */
async function remoteRange(location: string, start: number, length: number, env: HttpEnv): Promise<Uint8Array> {
  const answer = await send('GET', location, { range: `bytes=${start}-${start + length - 1}` }, env);
  try {
    if (answer.status !== 206 && !(answer.status === 200 && start === 0)) {
      throw new RefineError('ERR_REFINE_FETCH', `answers HTTP ${answer.status} to a request for a range, expected 206. A sample needs ranges`, {
        place: location,
      });
    }
    const parts: Uint8Array[] = [];
    let held = 0;
    for await (const chunk of answer.body) {
      parts.push(chunk);
      held += chunk.length;
      if (held >= length) break;
    }
    return Buffer.concat(parts).subarray(0, length);
  } finally {
    answer.close();
  }
}

/** Whole records of a range that may begin and end inside one; null where none is found (one gzip stream over many records). */
export function wholeRecords(bytes: Uint8Array, format: InputFormat): Uint8Array | null {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const starts = format === 'jsonl' ? lineEnds(buffer) : recordStarts(buffer);
  const [first, last] = [starts[0], starts.at(-1)];
  return first === undefined || last === undefined || last <= first ? null : buffer.subarray(first, last);
}

/** Plain JSON lines: just behind the first newline, and behind the last. gzip has control bytes where lines have none. */
function lineEnds(buffer: Buffer): number[] {
  const first = buffer.indexOf(0x0a);
  const last = buffer.lastIndexOf(0x0a);
  if (first < 0 || buffer.subarray(0, 64 << 10).includes(0)) return [];
  return [first + 1, last + 1];
}

const GZIP = Buffer.from([0x1f, 0x8b, 0x08]);
const PLAIN = Buffer.from('\r\n\r\nWARC/1.');
/** Enough of a member to say what it holds. */
const LOOK_BYTES = 2048;

/** gzip members that begin with a record, else records of a plain WARC. */
function recordStarts(buffer: Buffer): number[] {
  const starts: number[] = [];
  for (let at = buffer.indexOf(GZIP); at >= 0; at = buffer.indexOf(GZIP, at + 1)) if (beginsRecord(buffer.subarray(at, at + LOOK_BYTES))) starts.push(at);
  if (starts.length > 0) return starts;
  for (let at = buffer.indexOf(PLAIN); at >= 0; at = buffer.indexOf(PLAIN, at + 1)) starts.push(at + 4);
  return starts;
}

function beginsRecord(member: Buffer): boolean {
  try {
    return gunzipSync(member, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, 5).toString('latin1') === 'WARC/';
  } catch {
    return false; // three bytes of compressed data that look like a header
  }
}
