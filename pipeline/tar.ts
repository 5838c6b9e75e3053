// Reads a tar archive as a stream: regular files with their bytes, everything else (links, devices, folders) by name only.
// POSIX.1-2001 ustar with pax records for long paths and large sizes, and GNU's long names; checksums are verified.
// Invariant: nothing is written here and a path is only a string: what becomes of it is the caller's business.
export interface TarEntry {
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'other';
  readonly bytes: number;
  /** A file's bytes; what is not read is skipped when the next entry is asked for. */
  readonly content: AsyncIterable<Uint8Array>;
}

const BLOCK = 512;
/** Of a pax record or a GNU long name. */
const MAX_NAME_BYTES = 64 << 10;

/** Bytes of a stream in the portions that are asked for. */
class Portions {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** At most `most` bytes, at least one; null at the end. */
  async some(most: number): Promise<Uint8Array | null> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#source.next();
      if (done === true) return null;
      this.#rest = value;
    }
    const part = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(part.length);
    return part;
  }

  /** Exactly `size` bytes; null where the stream ends before the first. */
  async exactly(size: number): Promise<Uint8Array | null> {
    const bytes = new Uint8Array(size);
    let filled = 0;
    while (filled < size) {
      const part = await this.some(size - filled);
      if (part === null && filled === 0) return null;
      if (part === null) throw new Error('the archive is cut short');
      bytes.set(part, filled);
      filled += part.length;
    }
    return bytes;
  }
}

export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const portions = new Portions(source);
  let longPath: string | undefined; // of the entry that follows
  let longSize: number | undefined;
  for (;;) {
    const header = await portions.exactly(BLOCK);
    if (header === null || header.every((byte) => byte === 0)) return; // two blocks of zeros; what follows them is padding
    if (!checksumHolds(header)) throw new Error('the archive is damaged: a header fails its checksum, or this is no tar archive');
    const type = String.fromCharCode(header[156]!);
    const size = longSize !== undefined && type !== 'x' && type !== 'L' ? longSize : number(header, 124, 12);
    if (type === 'x' || type === 'g' || type === 'L' || type === 'K') {
      if (size > MAX_NAME_BYTES) throw new Error(`the archive has a name of ${size} bytes`);
      const bytes = (await portions.exactly(padded(size))) ?? new Uint8Array();
      if (type === 'L') longPath = text(bytes, 0, size);
      else if (type === 'x') {
        const records = paxRecords(bytes.subarray(0, size));
        longPath = records.get('path') ?? longPath;
        longSize = records.has('size') ? Number(records.get('size')) : longSize;
        if (longSize !== undefined && !Number.isSafeInteger(longSize)) throw new Error('the archive has a size that is no number');
      }
      continue;
    }
    const prefix = text(header, 345, 155);
    const path = longPath ?? (prefix === '' ? text(header, 0, 100) : `${prefix}/${text(header, 0, 100)}`);
    longPath = undefined;
    longSize = undefined;
    const file = type === '0' || type === '\0';
    let left = type === '5' || type === '1' || type === '2' ? 0 : size;
    let skip = padded(left) - left;
    const content = async function* (): AsyncGenerator<Uint8Array> {
      while (left > 0) {
        const part = await portions.some(left);
        if (part === null) throw new Error('the archive is cut short');
        left -= part.length;
        yield part;
      }
    };
    yield { path, kind: file ? 'file' : type === '5' ? 'folder' : 'other', bytes: file ? size : 0, content: content() };
    for await (const _ of content());
    while (skip > 0) {
      const part = await portions.some(skip);
      if (part === null) return; // some writers leave the last padding out
      skip -= part.length;
    }
  }
}

const padded = (size: number): number => Math.ceil(size / BLOCK) * BLOCK;

function text(bytes: Uint8Array, from: number, length: number): string {
  const field = bytes.subarray(from, from + length);
  const end = field.indexOf(0);
  return Buffer.from(end < 0 ? field : field.subarray(0, end)).toString('utf8');
}

/** Octal digits, or (GNU) a big-endian number whose first bit is set. */
function number(header: Uint8Array, from: number, length: number): number {
  let value = 0;
  if ((header[from]! & 0x80) !== 0) {
    for (let at = from + 1; at < from + length; at++) value = value * 256 + header[at]!;
  } else {
    const digits = text(header, from, length).trim();
    if (!/^[0-7]*$/.test(digits)) throw new Error('the archive has a size that is no number');
    value = digits === '' ? 0 : Number.parseInt(digits, 8);
  }
  if (!Number.isSafeInteger(value)) throw new Error('the archive has a size that is no number');
  return value;
}

function checksumHolds(header: Uint8Array): boolean {
  let sum = 0;
  for (let at = 0; at < BLOCK; at++) sum += at >= 148 && at < 156 ? 0x20 : header[at]!;
  const digits = text(header, 148, 8).trim();
  return /^[0-7]+$/.test(digits) && Number.parseInt(digits, 8) === sum;
}

/** `<length> <key>=<value>\n`, the length counting itself. */
function paxRecords(bytes: Uint8Array): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : Number(text(bytes, at, space - at));
    if (!Number.isInteger(length) || length <= space - at || at + length > bytes.length) throw new Error('the archive has a damaged pax record');
    const record = Buffer.from(bytes.subarray(space + 1, at + length - 1)).toString('utf8');
    const equals = record.indexOf('=');
    if (equals > 0) records.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return records;
}
