// What a trainer reads: documents cut in windows, and a seeded order of windows. Used by the proxy run and the trainer of refine's own models.

/** Documents of ids, back to back; `offsets` has documents + 1 entries. */
export interface IdDocuments {
  readonly ids: Uint32Array | Uint16Array;
  readonly offsets: Int32Array;
}

/** (begin, end) pairs: documents in stretches of context + 1 ids, so that every id but a document's first is learnt once. */
export function windowsOf({ ids, offsets }: IdDocuments, context: number): number[] {
  const windows: number[] = [];
  for (let d = 0; d + 1 < offsets.length; d++) {
    const end = Math.min(offsets[d + 1]!, ids.length);
    for (let from = offsets[d]!; from + 1 < end; from += context) windows.push(from, Math.min(from + context + 1, end));
  }
  return windows;
}

/** Every window once an epoch, in another order each time: Fisher-Yates over splitmix64 draws (Steele 2014) of the seed. */
export class WindowOrder {
  private readonly order: Uint32Array;
  private at: number;
  private state: bigint;
  epochs = 0;

  constructor(count: number, seed: number) {
    this.order = Uint32Array.from({ length: count }, (_, i) => i);
    this.at = count;
    this.state = BigInt(seed);
  }

  next(): number {
    if (this.at === this.order.length) {
      for (let i = this.order.length - 1; i > 0; i--) {
        const j = this.below(i + 1);
        const held = this.order[i]!;
        this.order[i] = this.order[j]!;
        this.order[j] = held;
      }
      this.at = 0;
      this.epochs++;
    }
    return this.order[this.at++]!;
  }

  private below(bound: number): number {
    this.state = BigInt.asUintN(64, this.state + 0x9e3779b97f4a7c15n);
    let x = this.state;
    x = BigInt.asUintN(64, (x ^ (x >> 30n)) * 0xbf58476d1ce4e5b9n);
    x = BigInt.asUintN(64, (x ^ (x >> 27n)) * 0x94d049bb133111ebn);
    x ^= x >> 31n;
    return Number(((x >> 32n) * BigInt(bound)) >> 32n);
  }
}

/** What WindowBatches asks for the next window. */
export interface WindowTurns {
  next(): number;
  readonly epochs: number;
}

/** Windows in their order, packed into batches of the same number of targets; the last window of a batch is cut to fit. */
export class WindowBatches {
  private readonly windows: readonly number[];
  private readonly order: WindowTurns;
  private readonly documents: IdDocuments;
  private readonly targets: number;
  /** Windows taken so far: all that a resume needs beside the seed. */
  taken = 0;

  /** `order`: a seed of WindowOrder's, or what makes an order of the windows, (begin, end) pairs. */
  constructor(documents: IdDocuments, context: number, targets: number, order: number | ((windows: readonly number[]) => WindowTurns)) {
    this.documents = documents;
    this.targets = targets;
    this.windows = windowsOf(documents, context);
    this.order = typeof order === 'number' ? new WindowOrder(this.windows.length / 2, order) : order(this.windows);
  }

  get count(): number {
    return this.windows.length / 2;
  }

  get epochs(): number {
    return this.order.epochs;
  }

  skip(windows: number): void {
    for (; windows > 0; windows--, this.taken++) this.order.next();
  }

  next(): { ids: Uint32Array; offsets: Int32Array } {
    const parts: (Uint32Array | Uint16Array)[] = [];
    const offsets = [0];
    for (let learnt = 0; learnt < this.targets; this.taken++) {
      const window = this.order.next();
      const from = this.windows[2 * window]!;
      const end = Math.min(this.windows[2 * window + 1]!, from + this.targets - learnt + 1);
      parts.push(this.documents.ids.subarray(from, end));
      offsets.push(offsets.at(-1)! + end - from);
      learnt += end - from - 1;
    }
    const ids = new Uint32Array(offsets.at(-1)!);
    parts.forEach((part, i) => {
      ids.set(part, offsets[i]!);
    });
    return { ids, offsets: Int32Array.from(offsets) };
  }
}
