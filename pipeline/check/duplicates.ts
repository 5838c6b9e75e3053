// Sequences of tokens that stand more than once in the shards for training: whole documents, and windows of 64 tokens in other
// documents. Both are counted on a consistent sample (keys below a bound, so that all copies of one sequence are in it or none),
// which makes memory bounded and the shares unbiased. Up to 4 million documents every document is compared.
import { type BytesColumn, native } from '../../native/index.js';
import { type Finding, percent, Rows } from './finding.js';
import { KeyTable } from './key-table.js';

const WINDOW = 64;
/** One window in 32, where a hash of it says so; hence neighbours' choice does not hang on where documents begin. */
const EACH = 32;
/** Bases of the rolling polynomials, and the power by which an id leaves them. */
const BASE_A = 0x9e3779b1;
const BASE_B = 0x85ebca6b;
const power = (base: number): number => Array.from({ length: WINDOW }).reduce((product: number) => Math.imul(product, base), 1);
const GONE_A = power(BASE_A);
const GONE_B = power(BASE_B);
const MOST_KEYS = 4 * 2 ** 20;
/** From this share of equal documents on, one shard is another's copy. */
const COPY_SHARE = 0.5;
/** Of all documents, or windows: below it a run is as clean as deduplicated corpora are. */
const WARN_DOCUMENTS = 0.005;
const WARN_WINDOWS = 0.1;
/** A document of fewer tokens repeats without anyone having copied it. */
const LEAST_TOKENS = 16;

export interface DuplicateFigures {
  /** Documents of LEAST_TOKENS and more that were compared, and of them those equal to an earlier one. */
  readonly documents: number;
  readonly equal: number;
  /** Sampled windows, and of them those that stand in an earlier document too. */
  readonly windows: number;
  readonly repeated: number;
}

interface OfShard {
  readonly path: string;
  documents: number;
  readonly rows: Rows;
  /** Equal documents by the number of the shard that has the first one. */
  readonly from: Map<number, { count: number; row: number }>;
}

export class Duplicates {
  readonly #documents = new KeyTable(MOST_KEYS);
  readonly #windows = new KeyTable(MOST_KEYS);
  readonly #shards: OfShard[] = [];
  readonly #documentBound: number;
  readonly #windowBound: number;
  #documentNumber = 0;
  #windowsSeen = 0;
  #repeated = 0;

  constructor(documents: number, tokens: number) {
    // seven eighths of the bound, for the sample's own spread
    this.#documentBound = Math.min(1, (0.875 * MOST_KEYS) / Math.max(1, documents)) * 2 ** 52;
    this.#windowBound = Math.min(1 / EACH, (0.875 * MOST_KEYS) / Math.max(1, tokens)) * 2 ** 32;
  }

  beginShard(path: string): void {
    this.#shards.push({ path, documents: 0, rows: new Rows(), from: new Map() });
  }

  /** Rows of the shard from `first` on; `ends` of each row leave EOS out. */
  async add(ids: Uint16Array | Uint32Array, offsets: Int32Array, ends: Int32Array, starts: Int32Array, first: number): Promise<void> {
    const shard = this.#shards.at(-1)!;
    const number = this.#shards.length - 1;
    const rows = offsets.length - 1;
    const hashes = await native.contentHash(asBytes(ids, starts, ends, rows), 'none');
    for (let row = 0; row < rows; row++) {
      this.#documentNumber++;
      const length = ends[row]! - starts[row]!;
      if (length < LEAST_TOKENS) continue;
      const key = Number(hashes[2 * row]! >> 12n);
      if (key < this.#documentBound) {
        shard.documents++;
        const slot = this.#documents.find(key, number, first + row);
        if (slot >= 0) {
          shard.rows.add(first + row);
          const source = this.#documents.first(slot);
          const known = shard.from.get(source);
          if (known === undefined) shard.from.set(source, { count: 1, row: this.#documents.second(slot) });
          else known.count++;
          continue; // its windows repeat because it does: one fault is counted once
        }
      }
      this.#addWindows(ids, starts[row]!, ends[row]!);
    }
  }

  /** Rolling polynomials mod 2^32 of two bases, mixed before they choose. */
  #addWindows(ids: Uint16Array | Uint32Array, from: number, to: number): void {
    let [high, low] = [0, 0];
    for (let at = from; at < to; at++) {
      high = (Math.imul(high, BASE_A) + ids[at]! + 1) | 0;
      low = (Math.imul(low, BASE_B) + ids[at]! + 1) | 0;
      if (at - from < WINDOW - 1) continue;
      if (at - from >= WINDOW) {
        const gone = ids[at - WINDOW]! + 1;
        high = (high - Math.imul(gone, GONE_A)) | 0;
        low = (low - Math.imul(gone, GONE_B)) | 0;
      }
      const choice = mixed(high ^ Math.imul(low, 0x27d4eb2f));
      if (choice >= this.#windowBound) continue;
      const key = (mixed(high) & 0xfffff) * 2 ** 32 + mixed(low ^ 0x5bd1e995);
      const slot = this.#windows.find(key, this.#documentNumber, 0);
      if (slot < 0) this.#windowsSeen++;
      else if (this.#windows.first(slot) !== this.#documentNumber) {
        this.#windowsSeen++;
        this.#repeated++;
        this.#windows.setFirst(slot, this.#documentNumber); // a document that repeats itself counts once
      }
    }
  }

  figures(): DuplicateFigures {
    const sum = (of: (shard: OfShard) => number): number => this.#shards.reduce((total, shard) => total + of(shard), 0);
    return { documents: sum(({ documents }) => documents), equal: sum(({ rows }) => rows.count), windows: this.#windowsSeen, repeated: this.#repeated };
  }

  findings(): Finding[] {
    const findings: Finding[] = [];
    for (const shard of this.#shards) {
      for (const [source, { count }] of [...shard.from].sort(([a], [b]) => a - b)) {
        if (this.#shards[source] === shard || count < COPY_SHARE * shard.documents) continue;
        findings.push({
          check: 'duplicates',
          severity: 'error',
          shard: shard.path,
          rows: shard.rows.first,
          message: `${count} of its ${shard.documents} documents equal documents of ${this.#shards[source]!.path}: one is a copy of the other`,
          next: 'Take the input that stands twice out of the source, or add dedupe-exact before tokenize',
        });
      }
    }
    const { documents, equal, windows, repeated } = this.figures();
    const whole: Finding = { check: 'duplicates', severity: 'warning', shard: null, rows: [], message: '', next: '' };
    if (findings.length === 0 && equal > WARN_DOCUMENTS * documents) {
      const worst = this.#shards.reduce((a, b) => (b.rows.count > a.rows.count ? b : a));
      findings.push({
        ...whole,
        shard: worst.path,
        rows: worst.rows.first,
        message: `${equal} of ${documents} documents (${percent(equal / documents)}) equal an earlier one, most of them here`,
        next: 'Add dedupe-exact before tokenize',
      });
    }
    if (windows >= 1000 && repeated > WARN_WINDOWS * windows)
      findings.push({
        ...whole,
        message: `${percent(repeated / windows)} of windows of ${WINDOW} tokens stand in more than one document`,
        next: 'Add dedupe-minhash, or dedupe-substring, before tokenize',
      });
    return findings;
  }
}

function mixed(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The ids of each row as bytes, for hashing. Rows are copied together, since a row's EOS stands between it and the next. */
function asBytes(ids: Uint16Array | Uint32Array, starts: Int32Array, ends: Int32Array, rows: number): BytesColumn {
  const width = ids.BYTES_PER_ELEMENT;
  const offsets = new Int32Array(rows + 1);
  for (let row = 0; row < rows; row++) offsets[row + 1] = offsets[row]! + (ends[row]! - starts[row]!) * width;
  const data = new Uint8Array(offsets[rows]!);
  for (let row = 0; row < rows; row++) {
    data.set(new Uint8Array(ids.buffer, ids.byteOffset + starts[row]! * width, (ends[row]! - starts[row]!) * width), offsets[row]!);
  }
  return { kind: 'utf8', data, offsets };
}
