// The keys one map task contributes to one barrier, on disk: runs of entries sorted by (key, row), cut into blocks with checksums.
// Invariant: a run is sorted and its partitions are contiguous for any partition count (a partition is a range of high key halves),
// so the file does not depend on how many there are. Entries wait in memory up to a limit, then become a run.
//   file:  blocks | index (JSON) | index bytes u32 | crc32 of the index u32 | "RFKEYS01"
//   block: keys (n x 16 bytes: high u64, low u64) | rows (n x u32) | payload (n x payloadBytes), little-endian throughout
import { open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { RefineError } from '../native/errors.js';
import { AtomicFile, diskError, type Written } from './atomic-file.js';

const MAGIC = Buffer.from('RFKEYS01', 'latin1');
const TRAILER_BYTES = 16;
export const BLOCK_ENTRIES = 1024;

/** [byte offset, entries, crc32, high half of the first key in hex] */
type BlockIndex = readonly [number, number, number, string];

interface FileIndex {
  readonly payloadBytes: number;
  readonly entries: number;
  readonly runs: readonly (readonly BlockIndex[])[];
}

export interface KeyBlock {
  readonly entries: number;
  /** Two a key: high, low. */
  readonly keys: BigUint64Array;
  readonly rows: Uint32Array;
  readonly payload: Uint8Array;
}

export class KeysWriter {
  readonly #path: string;
  readonly #payloadBytes: number;
  readonly #maxEntries: number;
  readonly #runs: BlockIndex[][] = [];
  #file: AtomicFile | undefined;
  #keys: BigUint64Array;
  #rows: Uint32Array;
  #payload: Uint8Array;
  #held = 0;
  #entries = 0;

  /** At most `memoryBytes` of entries are held; what is more becomes another run. */
  constructor(path: string, payloadBytes: number, memoryBytes = 64 * 1024 * 1024) {
    this.#path = path;
    this.#payloadBytes = payloadBytes;
    this.#maxEntries = Math.max(1, Math.floor(memoryBytes / (20 + payloadBytes)));
    const capacity = Math.min(this.#maxEntries, 4096);
    this.#keys = new BigUint64Array(2 * capacity);
    this.#rows = new Uint32Array(capacity);
    this.#payload = new Uint8Array(capacity * payloadBytes);
  }

  get entries(): number {
    return this.#entries;
  }

  /** Takes entries: `keys` two a key, `rows` record rows of the input, `payload` payloadBytes an entry. */
  async add(keys: BigUint64Array, rows: Uint32Array, payload: Uint8Array): Promise<void> {
    for (let from = 0; from < rows.length; ) {
      if (this.#held === this.#maxEntries) await this.#spill();
      const count = Math.min(rows.length - from, this.#maxEntries - this.#held);
      this.#reserve(this.#held + count);
      this.#keys.set(keys.subarray(2 * from, 2 * (from + count)), 2 * this.#held);
      this.#rows.set(rows.subarray(from, from + count), this.#held);
      this.#payload.set(payload.subarray(from * this.#payloadBytes, (from + count) * this.#payloadBytes), this.#held * this.#payloadBytes);
      this.#held += count;
      this.#entries += count;
      from += count;
    }
  }

  async commit(): Promise<Written> {
    if (this.#held > 0) await this.#spill();
    const file = (this.#file ??= await AtomicFile.create(this.#path));
    const index: FileIndex = { payloadBytes: this.#payloadBytes, entries: this.#entries, runs: this.#runs };
    const bytes = Buffer.from(JSON.stringify(index), 'utf8');
    const trailer = Buffer.alloc(TRAILER_BYTES);
    trailer.writeUInt32LE(bytes.length, 0);
    trailer.writeUInt32LE(crc32(bytes), 4);
    MAGIC.copy(trailer, 8);
    await file.write([bytes, trailer]);
    return await file.commit();
  }

  async abort(): Promise<void> {
    await this.#file?.abort();
  }

  #reserve(entries: number): void {
    if (entries <= this.#rows.length) return;
    const capacity = Math.min(this.#maxEntries, Math.max(entries, 2 * this.#rows.length));
    const grow = <T extends BigUint64Array | Uint32Array | Uint8Array>(from: T, to: T): T => {
      to.set(from as never);
      return to;
    };
    this.#keys = grow(this.#keys, new BigUint64Array(2 * capacity));
    this.#rows = grow(this.#rows, new Uint32Array(capacity));
    this.#payload = grow(this.#payload, new Uint8Array(capacity * this.#payloadBytes));
  }

  async #spill(): Promise<void> {
    const file = (this.#file ??= await AtomicFile.create(this.#path));
    const entries = this.#held;
    const order = sortedOrder(this.#keys.subarray(0, 2 * entries), this.#rows.subarray(0, entries));
    const blocks: BlockIndex[] = [];
    for (let from = 0; from < entries; from += BLOCK_ENTRIES) {
      const count = Math.min(BLOCK_ENTRIES, entries - from);
      const bytes = new Uint8Array(blockBytes(count, this.#payloadBytes));
      const block = blockViews(bytes, 0, count, this.#payloadBytes);
      for (let i = 0; i < count; i++) {
        const entry = order[from + i]!;
        block.keys[2 * i] = this.#keys[2 * entry]!;
        block.keys[2 * i + 1] = this.#keys[2 * entry + 1]!;
        block.rows[i] = this.#rows[entry]!;
        for (let k = 0; k < this.#payloadBytes; k++) block.payload[i * this.#payloadBytes + k] = this.#payload[entry * this.#payloadBytes + k]!;
      }
      blocks.push([file.bytes, count, crc32(bytes), block.keys[0]!.toString(16)]);
      await file.write([bytes]);
    }
    this.#runs.push(blocks);
    this.#held = 0;
  }
}

/** A block's bytes, padded so that the next one's keys are aligned. */
function blockBytes(entries: number, payloadBytes: number): number {
  return (entries * (20 + payloadBytes) + 7) & ~7;
}

function blockViews(bytes: Uint8Array, at: number, entries: number, payloadBytes: number): KeyBlock {
  const start = bytes.byteOffset + at;
  return {
    entries,
    keys: new BigUint64Array(bytes.buffer, start, 2 * entries),
    rows: new Uint32Array(bytes.buffer, start + 16 * entries, entries),
    payload: new Uint8Array(bytes.buffer, start + 20 * entries, entries * payloadBytes),
  };
}

/**
 * The order of entries by (key high, key low, row). Radix over the top 32 bits, which random keys settle; entries equal
 * there are compared whole. 32-bit words of the little-endian keys, because BigInt comparisons allocate.
 */
function sortedOrder(keys: BigUint64Array, rows: Uint32Array): Uint32Array {
  const words = new Uint32Array(keys.buffer, keys.byteOffset, 2 * keys.length); // entry i: low, high of `high`; low, high of `low`
  const entries = rows.length;
  let order = Uint32Array.from({ length: entries }, (_, i) => i);
  let next = new Uint32Array(entries);
  for (const shift of [0, 16]) {
    const starts = new Uint32Array(65_537);
    for (let i = 0; i < entries; i++) starts[((words[4 * i + 1]! >>> shift) & 0xffff) + 1]!++;
    for (let bucket = 0; bucket < 65_536; bucket++) starts[bucket + 1]! += starts[bucket]!;
    for (let i = 0; i < entries; i++) {
      const entry = order[i]!;
      next[starts[(words[4 * entry + 1]! >>> shift) & 0xffff]!++] = entry;
    }
    [order, next] = [next, order];
  }
  const compare = (a: number, b: number): number =>
    words[4 * a]! - words[4 * b]! || words[4 * a + 3]! - words[4 * b + 3]! || words[4 * a + 2]! - words[4 * b + 2]! || rows[a]! - rows[b]!;
  for (let from = 0; from < entries; ) {
    let to = from + 1;
    const top = words[4 * order[from]! + 1]!;
    while (to < entries && words[4 * order[to]! + 1]! === top) to++;
    if (to - from > 1) order.subarray(from, to).sort(compare);
    from = to;
  }
  return order;
}

/** The first high key half of partition p of P; partition P is past the last. */
export function partitionStart(partition: number, partitions: number): bigint {
  return ((BigInt(partition) << 64n) + BigInt(partitions) - 1n) / BigInt(partitions);
}

/** One run's part of one partition, read forward a few blocks at a time; the file is open only while it reads. */
export class KeyCursor {
  readonly #path: string;
  readonly #payloadBytes: number;
  readonly #blocks: readonly BlockIndex[];
  readonly #start: bigint;
  readonly #end: bigint;
  readonly #readBytes: number;
  readonly #waiting: KeyBlock[] = [];
  #nextBlock: number;

  constructor(path: string, payloadBytes: number, blocks: readonly BlockIndex[], start: bigint, end: bigint, readBytes: number) {
    this.#path = path;
    this.#payloadBytes = payloadBytes;
    this.#blocks = blocks;
    this.#start = start;
    this.#end = end;
    this.#readBytes = readBytes;
    // the last block whose first key lies below the range may still hold its beginning
    const after = blocks.findIndex((block) => BigInt(`0x${block[3]}`) >= start);
    this.#nextBlock = Math.max(0, (after === -1 ? blocks.length : after) - 1);
  }

  /** The next block with at least one entry of the partition, cut to it; null at the end. */
  async next(): Promise<KeyBlock | null> {
    for (;;) {
      const block = this.#waiting.shift();
      if (block === undefined) {
        if (!(await this.#read())) return null;
        continue;
      }
      const from = lowerBound(block, this.#start);
      const to = lowerBound(block, this.#end);
      if (to > from) return cut(block, from, to, this.#payloadBytes);
    }
  }

  async #read(): Promise<boolean> {
    const first = this.#nextBlock;
    let last = first;
    let bytes = 0;
    while (last < this.#blocks.length && BigInt(`0x${this.#blocks[last]![3]}`) < this.#end && (bytes === 0 || bytes < this.#readBytes)) {
      bytes += blockBytes(this.#blocks[last]![1], this.#payloadBytes);
      last++;
    }
    if (last === first) return false;
    const buffer = new Uint8Array(bytes);
    await readAt(this.#path, buffer, this.#blocks[first]![0]);
    let at = 0;
    for (const [, entries, crc] of this.#blocks.slice(first, last)) {
      const length = blockBytes(entries, this.#payloadBytes);
      if (crc32(buffer.subarray(at, at + length)) !== crc) throw damaged(this.#path, 'a block of keys has another checksum than its index says');
      this.#waiting.push(blockViews(buffer, at, entries, this.#payloadBytes));
      at += length;
    }
    this.#nextBlock = last;
    return true;
  }
}

function lowerBound(block: KeyBlock, high: bigint): number {
  let from = 0;
  let to = block.entries;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (block.keys[2 * middle]! < high) from = middle + 1;
    else to = middle;
  }
  return from;
}

function cut(block: KeyBlock, from: number, to: number, payloadBytes: number): KeyBlock {
  if (from === 0 && to === block.entries) return block;
  return {
    entries: to - from,
    keys: block.keys.subarray(2 * from, 2 * to),
    rows: block.rows.subarray(from, to),
    payload: block.payload.subarray(from * payloadBytes, to * payloadBytes),
  };
}

export interface KeysFile {
  readonly path: string;
  readonly payloadBytes: number;
  readonly runs: readonly (readonly BlockIndex[])[];
}

export async function openKeys(path: string, payloadBytes: number): Promise<KeysFile> {
  const handle = await open(path, 'r').catch((cause) => {
    throw diskError(cause, path, 'open the keys');
  });
  try {
    const { size } = await handle.stat();
    const trailer = Buffer.alloc(TRAILER_BYTES);
    if (
      size < TRAILER_BYTES ||
      (await handle.read(trailer, 0, TRAILER_BYTES, size - TRAILER_BYTES)).bytesRead !== TRAILER_BYTES ||
      !trailer.subarray(8).equals(MAGIC)
    ) {
      throw damaged(path, 'it is not a whole file of keys');
    }
    const length = trailer.readUInt32LE(0);
    if (length > size - TRAILER_BYTES) throw damaged(path, 'its index is longer than the file');
    const bytes = Buffer.alloc(length);
    await handle.read(bytes, 0, length, size - TRAILER_BYTES - length);
    if (crc32(bytes) !== trailer.readUInt32LE(4)) throw damaged(path, 'its index has another checksum');
    const index = JSON.parse(bytes.toString('utf8')) as FileIndex;
    if (index.payloadBytes !== payloadBytes) throw damaged(path, `it has ${index.payloadBytes} payload bytes an entry, the barrier expects ${payloadBytes}`);
    return { path, payloadBytes, runs: index.runs };
  } finally {
    await handle.close();
  }
}

async function readAt(path: string, buffer: Uint8Array, position: number): Promise<void> {
  const handle = await open(path, 'r').catch((cause) => {
    throw diskError(cause, path, 'open the keys');
  });
  try {
    for (let got = 0; got < buffer.length; ) {
      const { bytesRead } = await handle.read(buffer, got, buffer.length - got, position + got);
      if (bytesRead === 0) throw damaged(path, 'it ends before its last block');
      got += bytesRead;
    }
  } finally {
    await handle.close();
  }
}

function damaged(path: string, found: string): RefineError {
  return new RefineError('ERR_REFINE_SHARD', `${found}. Delete it and run the same command again: only its task is redone.`, { place: path });
}
