// Documents kept back from training to measure on. Which ones follows from their text alone, so equal texts stand on one side
// and neither the order of inputs nor the number of threads matters. At most `maxBytes` are held: the lowest hashes.
import { type Batch, bytesAt, type BytesColumn, bytesColumn, isValid, native, takeRows, valueAt } from '../native/index.js';
import { loadStep } from './registry.js';

export interface HeldDocument {
  readonly hash: bigint;
  readonly text: Uint8Array;
  readonly lang: string | null;
}

/** 2^64 x fraction, as a bound on hashes. */
const boundOf = (fraction: number): bigint => (fraction >= 1 ? 1n << 64n : BigInt(Math.floor(fraction * 2 ** 53)) << 11n);

export class HeldOut {
  #documents = new Map<bigint, HeldDocument>();
  #bytes = 0;
  #limit: bigint;
  readonly #bound: bigint;

  /** `fraction` of the documents, or all that `add` is given. */
  constructor(
    fraction: number,
    private readonly maxBytes: number,
  ) {
    this.#bound = boundOf(fraction);
    this.#limit = this.#bound;
  }

  /** Takes the batch's documents that belong here; gives the rest. Null and empty texts go to neither. */
  async split(batch: Batch, also: ReadonlySet<bigint>): Promise<Batch> {
    const text = batch.columns.text as BytesColumn;
    const hashes = await native.contentHash(text, 'none'); // (rows, 2): the high halves decide
    const train: number[] = [];
    for (let row = 0; row < batch.rows; row++) {
      if (!isValid(text, row) || text.offsets[row] === text.offsets[row + 1]) continue;
      const hash = hashes[2 * row]!;
      if (also.has(hash)) continue;
      if (hash >= this.#bound) train.push(row);
      else if (hash < this.#limit && !this.#documents.has(hash)) {
        const lang = batch.columns.lang === undefined ? null : valueAt(batch.columns.lang, row);
        this.#add({ hash, text: bytesAt(text, row).slice(), lang: typeof lang === 'string' ? lang : null });
      }
    }
    return train.length === batch.rows ? batch : takeRows(batch, train);
  }

  #add(document: HeldDocument): void {
    this.#documents.set(document.hash, document);
    this.#bytes += document.text.length;
    if (this.#bytes > this.maxBytes * 1.25) this.#cut();
  }

  /** Keeps the longest run of lowest hashes that fits: the same whatever the order they came in. */
  #cut(): void {
    const sorted = this.#sorted();
    let bytes = 0;
    let keep = 0;
    while (keep < sorted.length && bytes + sorted[keep]!.text.length <= this.maxBytes) bytes += sorted[keep++]!.text.length;
    if (keep === sorted.length) return;
    this.#limit = sorted[keep]!.hash;
    this.#documents = new Map(sorted.slice(0, keep).map((document) => [document.hash, document]));
    this.#bytes = bytes;
  }

  #sorted(): HeldDocument[] {
    return [...this.#documents.values()].sort((a, b) => (a.hash < b.hash ? -1 : 1));
  }

  hashes(): ReadonlySet<bigint> {
    return new Set(this.#documents.keys());
  }

  /** By hash. Texts without a language get the one that `langid` sees. */
  async documents(): Promise<readonly HeldDocument[]> {
    this.#cut();
    const sorted = this.#sorted();
    const unknown = sorted.filter(({ lang }) => lang === null);
    if (unknown.length === 0) return sorted;
    const langs = await identify(unknown.map(({ text }) => text));
    const found = new Map(unknown.map(({ hash }, at) => [hash, langs[at]!]));
    return sorted.map((document) => ({ ...document, lang: document.lang ?? found.get(document.hash) ?? null }));
  }
}

async function identify(texts: readonly Uint8Array[]): Promise<(string | null)[]> {
  const stage = await loadStep('langid');
  if (stage?.kind !== 'stage') return texts.map(() => null);
  const env = { seed: 0n, baseDir: process.cwd(), device: 'cpu' } as const;
  const run = await stage.open(stage.schema.parse({}), env);
  const langs: (string | null)[] = [];
  try {
    for (const part of partsOf(texts)) {
      const { columns } = await run.process({ rows: part.length, columns: { text: bytesColumn('utf8', part) } }, new AbortController().signal);
      part.forEach((_, row) => {
        langs.push(columns?.lang === undefined ? null : (valueAt(columns.lang, row) as string | null));
      });
    }
  } finally {
    await run.close();
  }
  return langs;
}

/** Texts in lots that fit a batch. */
export function* partsOf<T extends Uint8Array>(texts: readonly T[]): Generator<T[]> {
  let part: T[] = [];
  let bytes = 0;
  for (const text of texts) {
    if (part.length > 0 && (bytes + text.length > 16 << 20 || part.length === 1024)) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(text);
    bytes += text.length;
  }
  if (part.length > 0) yield part;
}
