// Walks the sorted runs of every input's keys as one: what an order over the run is made of (rank-task.ts).
// Invariant: entries come in the order of (key, input number, row). Memory: the read budget, whatever the number of runs.
import { type KeyBlock, KeyCursor, openKeys } from './barrier-keys.js';

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

function wordsOf(block: KeyBlock): Uint32Array {
  return new Uint32Array(block.keys.buffer, block.keys.byteOffset, 4 * block.entries);
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
