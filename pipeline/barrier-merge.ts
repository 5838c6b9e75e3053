// Brings equal keys of one partition together: merges the sorted runs of every input, entry by entry, and hands out the groups.
// Invariant: groups come in key order, their entries ascend by (input number, row), and rows that an earlier barrier dropped
// are never seen; a group that shrinks below two entries vanishes. Memory: the read budget and the largest group.
import type { KeyGroup } from '../stages/contract/keyed.js';
import { type KeyBlock, KeyCursor, openKeys, partitionStart } from './barrier-keys.js';
import type { DroppedRows } from './verdicts.js';

export interface KeySource {
  /** The input's number. */
  readonly number: number;
  readonly path: string;
}

export interface Head {
  readonly cursor: KeyCursor;
  readonly number: number;
  block: KeyBlock;
  /** The block's keys as 32-bit words: low, high of the high half; low, high of the low half. */
  words: Uint32Array;
  at: number;
}

const READ_BUDGET_BYTES = 64 * 1024 * 1024;

/** Walks the entries of all sources whose high key half lies in [start, end), in order. */
export class KeyMerge {
  readonly #heap: Head[] = [];

  static async open(sources: readonly KeySource[], payloadBytes: number, start: bigint, end: bigint, readBudgetBytes = READ_BUDGET_BYTES): Promise<KeyMerge> {
    const merge = new KeyMerge();
    const readBytes = Math.floor(readBudgetBytes / Math.max(1, sources.length));
    for (const { number, path } of sources) {
      const file = await openKeys(path, payloadBytes);
      for (const run of file.runs) {
        const cursor = new KeyCursor(path, payloadBytes, run, start, end, Math.floor(readBytes / file.runs.length));
        const block = await cursor.next();
        if (block !== null) push(merge.#heap, { cursor, number, block, words: wordsOf(block), at: 0 });
      }
    }
    return merge;
  }

  /** The entry at hand: entry `at` of `block`, of input `number`; null past the last. Good until `advance`. */
  get head(): Head | null {
    return this.#heap[0] ?? null;
  }

  /** To the next entry; a promise only where a block has to be read. */
  advance(): Promise<void> | undefined {
    const head = this.#heap[0]!;
    if (++head.at === head.block.entries) return this.#refill(head);
    sink(this.#heap);
    return undefined;
  }

  async #refill(head: Head): Promise<void> {
    const block = await head.cursor.next();
    if (block === null) {
      const last = this.#heap.pop()!;
      if (this.#heap.length === 0) return;
      if (last !== head) this.#heap[0] = last;
    } else {
      head.block = block;
      head.words = wordsOf(block);
      head.at = 0;
    }
    sink(this.#heap);
  }
}

export async function* mergeGroups(
  sources: readonly KeySource[],
  payloadBytes: number,
  partition: number,
  partitions: number,
  dropped: DroppedRows,
  readBudgetBytes = READ_BUDGET_BYTES,
): AsyncGenerator<KeyGroup> {
  const start = partitionStart(partition, partitions);
  const end = partitionStart(partition + 1, partitions);
  const merge = await KeyMerge.open(sources, payloadBytes, start, end, readBudgetBytes);
  const group = new GroupBuilder(payloadBytes);
  for (let head = merge.head; head !== null; head = merge.head) {
    const row = head.block.rows[head.at]!;
    if (!dropped.has(head.number, row)) {
      if (!group.sameKey(head.words, 4 * head.at)) {
        if (group.entries > 1) yield group.take();
        group.start(head.words, 4 * head.at);
      }
      group.add(head.number, row, head.block.payload, head.at);
    }
    const read = merge.advance();
    if (read !== undefined) await read;
  }
  if (group.entries > 1) yield group.take();
}

function wordsOf(block: KeyBlock): Uint32Array {
  return new Uint32Array(block.keys.buffer, block.keys.byteOffset, 4 * block.entries);
}

class GroupBuilder {
  readonly #payloadBytes: number;
  readonly #key = new Uint32Array(4);
  #started = false;
  #rows = new Uint32Array(64); // row, input number: a little-endian global row
  #payload: Uint8Array;
  entries = 0;

  constructor(payloadBytes: number) {
    this.#payloadBytes = payloadBytes;
    this.#payload = new Uint8Array(32 * payloadBytes);
  }

  sameKey(words: Uint32Array, at: number): boolean {
    const key = this.#key;
    return this.#started && key[0] === words[at] && key[1] === words[at + 1] && key[2] === words[at + 2] && key[3] === words[at + 3];
  }

  start(words: Uint32Array, at: number): void {
    for (let i = 0; i < 4; i++) this.#key[i] = words[at + i]!;
    this.#started = true;
    this.entries = 0;
  }

  add(number: number, row: number, payload: Uint8Array, entry: number): void {
    if (2 * this.entries === this.#rows.length) {
      this.#rows = grown(this.#rows, new Uint32Array(2 * this.#rows.length));
      this.#payload = grown(this.#payload, new Uint8Array(2 * this.#payload.length));
    }
    this.#rows[2 * this.entries] = row;
    this.#rows[2 * this.entries + 1] = number;
    for (let i = 0; i < this.#payloadBytes; i++) this.#payload[this.entries * this.#payloadBytes + i] = payload[entry * this.#payloadBytes + i]!;
    this.entries++;
  }

  take(): KeyGroup {
    const rows = this.#rows.slice(0, 2 * this.entries);
    return { rows: new BigUint64Array(rows.buffer, 0, this.entries), payload: this.#payload.slice(0, this.entries * this.#payloadBytes) };
  }
}

function grown<T extends Uint32Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

function before(a: Head, b: Head): boolean {
  const [x, y] = [4 * a.at, 4 * b.at];
  const difference =
    a.words[x + 1]! - b.words[y + 1]! ||
    a.words[x]! - b.words[y]! ||
    a.words[x + 3]! - b.words[y + 3]! ||
    a.words[x + 2]! - b.words[y + 2]! ||
    a.number - b.number ||
    a.block.rows[a.at]! - b.block.rows[b.at]!;
  return difference < 0;
}

function push(heap: Head[], head: Head): void {
  let at = heap.length;
  heap.push(head);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!before(head, heap[parent]!)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = head;
}

/** Restores the heap after its first element grew. */
function sink(heap: Head[]): void {
  const head = heap[0]!;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
    if (!before(heap[child]!, head)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = head;
}
