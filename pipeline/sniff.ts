// What kind of input a file is: by magic, then by suffix, then by what its first bytes look like. For `refine try`, where
// nobody wrote down what the files are.
import { open } from 'node:fs/promises';
import { gunzipSync, constants as zlib } from 'node:zlib';
import { RefineError } from '../native/errors.js';
import type { InputFormat } from '../stages/contract/source.js';

const HEAD_BYTES = 64 * 1024;
const SUFFIXES: Readonly<Record<string, InputFormat>> = {
  warc: 'warc',
  arc: 'warc',
  wet: 'wet',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  html: 'html',
  htm: 'html',
  xhtml: 'html',
  txt: 'text',
  text: 'text',
  md: 'text',
};

export async function sniffFile(path: string): Promise<InputFormat> {
  const handle = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? 'does not exist, expected a file. Check the path' : `cannot be opened (${cause.code}). Check its permissions`;
    throw new RefineError('ERR_REFINE_INPUT', `${why}.`, { place: path, cause });
  });
  try {
    if ((await handle.stat()).isDirectory())
      throw new RefineError('ERR_REFINE_INPUT', 'is a folder, expected a file. Name the files in it.', { place: path, cause: { code: 'EISDIR' } });
    const head = new Uint8Array(HEAD_BYTES);
    const { bytesRead } = await handle.read(head, 0, HEAD_BYTES, 0);
    const format = sniff(head.subarray(0, bytesRead), path);
    if (format !== null) return format;
    throw new RefineError('ERR_REFINE_INPUT', 'is neither WARC, WET, HTML, JSONL nor text: it holds zero bytes. Give it as one of these.', {
      place: path,
      cause: { code: 'UNSUPPORTED' },
    });
  } finally {
    await handle.close();
  }
}

/** null for bytes that are none of the formats. */
export function sniff(head: Uint8Array, name: string): InputFormat | null {
  const packed = head[0] === 0x1f && head[1] === 0x8b;
  const bytes = packed ? unpackedHead(head) : head;
  const text = Buffer.from(bytes.subarray(0, HEAD_BYTES)).toString('latin1');
  // A WET file holds warcinfo and conversion records only; one conversion among responses makes none.
  if (text.startsWith('WARC/'))
    return /^WARC-Type: *conversion\r?$/im.test(text) && !/^WARC-Type: *(response|resource|revisit)\r?$/im.test(text) ? 'wet' : 'warc';
  if (text.startsWith('filedesc:')) return 'warc';
  const suffix = SUFFIXES[/\.([a-z]+)$/.exec(name.toLowerCase().replace(/\.(gz|zst)$/, ''))?.[1] ?? ''];
  if (suffix !== undefined) return suffix;
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return 'warc'; // zstd, and nothing says of what
  const start = text.replace(/^\u00ef\u00bb\u00bf/, '').trimStart();
  if (/^<(!doctype\s+html|html|head|body|\?xml|!--)/i.test(start)) return 'html';
  if (/^\{.*("|\})/.test(start) && isObject(start.split('\n', 1)[0]!)) return 'jsonl';
  return bytes.includes(0) ? null : 'text';
}

function isObject(line: string): boolean {
  if (line.length >= HEAD_BYTES / 2) return true; // cut off: the first line is longer than the head
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

function unpackedHead(head: Uint8Array): Uint8Array {
  try {
    return gunzipSync(head, { finishFlush: zlib.Z_SYNC_FLUSH, maxOutputLength: 64 * HEAD_BYTES });
  } catch {
    return new Uint8Array(0); // damaged, or a bomb: the suffix decides, and the reader says what is wrong
  }
}
