// One token shard with random access to its tokens: the places of the `tokens` buffers in the Arrow file are read once,
// then a window of tokens is one positioned read. Nothing is used before size and sha256 agree with index.arrow.
// Source: Arrow columnar format 1.4, IPC file format; buffers are uncompressed, as tokenize's shards are written.
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type DataType, Message, Type } from 'apache-arrow';
import { Footer } from 'apache-arrow/ipc/metadata/file';
import { RefineError } from '../../native/errors.js';

export interface ShardEntry {
  /** Absolute, and as index.arrow says it. */
  readonly file: string;
  readonly path: string;
  readonly rows: number;
  readonly tokens: number;
  readonly bytes: number;
  readonly sha256: string;
}

interface TokenBatch {
  readonly tokenStart: number;
  readonly rowStart: number;
  readonly rows: number;
  /** File position of the first token. */
  readonly values: number;
  /** Row r holds tokens [offsets[r], offsets[r + 1]) of the batch. */
  readonly offsets: Int32Array;
}

const HASH_CHUNK_BYTES = 4 << 20;
const MAX_FOOTER_BYTES = 64 << 20;

/** `verified` remembers the shards whose digest was checked in this process. */
export class TokenShard {
  readonly entry: ShardEntry;
  readonly #fd: number;
  readonly #tokenBytes: 2 | 4;
  readonly #batches: readonly TokenBatch[];

  private constructor(entry: ShardEntry, fd: number, tokenBytes: 2 | 4, batches: readonly TokenBatch[]) {
    this.entry = entry;
    this.#fd = fd;
    this.#tokenBytes = tokenBytes;
    this.#batches = batches;
  }

  static open(entry: ShardEntry, verified: Set<string>): TokenShard {
    let fd: number;
    try {
      fd = openSync(entry.file, 'r');
    } catch (cause) {
      throw shardError(entry, `cannot be opened: ${(cause as Error).message}`, cause);
    }
    try {
      const { size } = fstatSync(fd);
      if (size !== entry.bytes) throw shardError(entry, `has ${size} bytes, index.arrow says ${entry.bytes}. The file changed after it was written`);
      if (!verified.has(entry.path)) {
        const found = digestOf(fd, size);
        if (found !== entry.sha256)
          throw shardError(entry, `sha256 is ${found.slice(0, 12)}…, index.arrow says ${entry.sha256.slice(0, 12)}…. The file changed after it was written`);
        verified.add(entry.path);
      }
      const { tokenBytes, batches } = readLayout(entry, fd);
      const last = batches.at(-1);
      const tokens = last === undefined ? 0 : last.tokenStart + last.offsets[last.rows]!;
      const rows = last === undefined ? 0 : last.rowStart + last.rows;
      if (tokens !== entry.tokens || rows !== entry.rows) {
        throw shardError(entry, `holds ${tokens} tokens in ${rows} rows, index.arrow says ${entry.tokens} in ${entry.rows}`);
      }
      return new TokenShard(entry, fd, tokenBytes, batches);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** Token counts of the documents in order. */
  *lengths(): Generator<number> {
    for (const { offsets, rows } of this.#batches) for (let row = 0; row < rows; row++) yield offsets[row + 1]! - offsets[row]!;
  }

  /** Tokens [from, from + count) of the shard into out[at..]. */
  readTokens(from: number, count: number, out: Int32Array, at: number): void {
    let done = 0;
    for (let index = this.#batchOf(from); done < count; index++) {
      const batch = this.#batches[index]!;
      const first = from + done - batch.tokenStart;
      const here = Math.min(count - done, batch.offsets[batch.rows]! - first);
      if (here <= 0) continue;
      const bytes = Buffer.allocUnsafeSlow(here * this.#tokenBytes);
      readFully(this.#fd, bytes, batch.values + first * this.#tokenBytes, this.entry);
      out.set(this.#tokenBytes === 2 ? new Uint16Array(bytes.buffer, 0, here) : new Int32Array(bytes.buffer, 0, here), at + done);
      done += here;
    }
  }

  /** Calls visit(start, end) for each document's part of tokens [from, to), in order; documents without tokens have none. */
  documents(from: number, to: number, visit: (start: number, end: number) => void): void {
    let at = from;
    for (let index = this.#batchOf(from); at < to && index < this.#batches.length; index++) {
      const { tokenStart, offsets, rows } = this.#batches[index]!;
      for (let row = rowOf(offsets, rows, at - tokenStart); at < to && row < rows; row++) {
        const end = Math.min(to, tokenStart + offsets[row + 1]!);
        if (end > at) visit(at, end);
        at = Math.max(at, end);
      }
    }
  }

  /** The batch that holds a token. */
  #batchOf(token: number): number {
    let low = 0;
    let high = this.#batches.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#batches[middle]!.tokenStart <= token) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** The last row that starts at or before `token`. */
function rowOf(offsets: Int32Array, rows: number, token: number): number {
  let low = 0;
  let high = Math.max(0, rows - 1);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (offsets[middle]! <= token) low = middle;
    else high = middle - 1;
  }
  return low;
}

function readLayout(entry: ShardEntry, fd: number): { tokenBytes: 2 | 4; batches: TokenBatch[] } {
  const tail = Buffer.alloc(10);
  readFully(fd, tail, entry.bytes - 10, entry);
  const footerBytes = tail.readInt32LE(0);
  if (tail.toString('latin1', 4) !== 'ARROW1' || footerBytes <= 0 || footerBytes > Math.min(MAX_FOOTER_BYTES, entry.bytes - 10)) {
    throw shardError(entry, 'is not a whole Arrow file');
  }
  const footer = Footer.decode(readBytes(fd, footerBytes, entry.bytes - 10 - footerBytes, entry));
  const names = footer.schema.fields.map((field) => field.name);
  const index = names.indexOf('tokens');
  if (index < 0) throw shardError(entry, `has no column "tokens" (it has: ${names.join(', ')})`);
  const type = footer.schema.fields[index]!.type;
  const item = type.typeId === Type.List ? (type.children[0]!.type as { typeId: Type; bitWidth?: number }) : undefined;
  if (item?.typeId !== Type.Int || (item.bitWidth !== 16 && item.bitWidth !== 32))
    throw shardError(entry, `column "tokens" is ${type}, expected list<uint16> or list<uint32>`);
  const tokenBytes = item.bitWidth === 16 ? 2 : 4;
  const skip = footer.schema.fields.slice(0, index).reduce((sum, field) => sum + buffersOf(entry, field.type), 0);

  const batches: TokenBatch[] = [];
  let tokenStart = 0;
  let rowStart = 0;
  for (const block of footer.recordBatches()) {
    const body = block.offset + block.metaDataLength;
    if (block.offset < 0 || block.metaDataLength < 8 || body + block.bodyLength > entry.bytes) throw shardError(entry, 'has a record batch outside the file');
    const message = Message.decode(readBytes(fd, block.metaDataLength, block.offset, entry).subarray(8)); // after continuation and length
    const header = message.header() as { length: number; buffers: readonly { offset: number; length: number }[]; compression?: unknown };
    if (header.compression) throw shardError(entry, 'has compressed buffers; the loader reads plain ones, as tokenize writes them');
    const rows = header.length;
    const offsetsBuffer = header.buffers[skip + 1];
    const valuesBuffer = header.buffers[skip + 3];
    if (rows === 0) continue;
    if (offsetsBuffer === undefined || valuesBuffer === undefined || offsetsBuffer.length < (rows + 1) * 4)
      throw shardError(entry, 'has a record batch without whole token offsets');
    const raw = readBytes(fd, (rows + 1) * 4, body + offsetsBuffer.offset, entry);
    const offsets = new Int32Array(raw.buffer, raw.byteOffset, rows + 1);
    for (let row = 0; row < rows; row++) if (offsets[row + 1]! < offsets[row]!) throw shardError(entry, `token offsets fall at row ${rowStart + row}`);
    if (offsets[0] !== 0 || offsets[rows]! * tokenBytes > valuesBuffer.length) throw shardError(entry, 'has token offsets outside its tokens');
    batches.push({ tokenStart, rowStart, rows, values: body + valuesBuffer.offset, offsets });
    tokenStart += offsets[rows]!;
    rowStart += rows;
  }
  return { tokenBytes, batches };
}

/** Buffers a column takes in a record batch, children included: Arrow columnar format, "Recordbatch message". */
function buffersOf(entry: ShardEntry, type: DataType): number {
  switch (type.typeId) {
    case Type.Utf8:
    case Type.Binary:
      return 3;
    case Type.Int:
    case Type.Float:
    case Type.Bool:
    case Type.Timestamp:
    case Type.Dictionary:
      return 2;
    case Type.List:
      return 2 + buffersOf(entry, type.children[0]!.type);
    case Type.FixedSizeList:
      return 1 + buffersOf(entry, type.children[0]!.type);
    default:
      throw shardError(entry, `has a column of type ${type} before "tokens", which the loader cannot step over`);
  }
}

function digestOf(fd: number, size: number): string {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(Math.min(size, HASH_CHUNK_BYTES));
  for (let at = 0; at < size; ) {
    const read = readSync(fd, chunk, 0, chunk.length, at);
    if (read === 0) break;
    hash.update(chunk.subarray(0, read));
    at += read;
  }
  return hash.digest('hex');
}

function readBytes(fd: number, length: number, position: number, entry: ShardEntry): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length);
  readFully(fd, bytes, position, entry);
  return bytes;
}

function readFully(fd: number, bytes: Buffer, position: number, entry: ShardEntry): void {
  if (position < 0) throw shardError(entry, 'is too short for an Arrow file');
  for (let done = 0; done < bytes.length; ) {
    const read = readSync(fd, bytes, done, bytes.length - done, position + done);
    if (read === 0) throw shardError(entry, `ends at byte ${position + done}, inside a buffer`);
    done += read;
  }
}

export function shardError(entry: ShardEntry, found: string, cause?: unknown): RefineError {
  return new RefineError('ERR_REFINE_SHARD', `${found}. Delete it and run \`refine run\` again: it writes the shard anew.`, { place: entry.path, cause });
}
