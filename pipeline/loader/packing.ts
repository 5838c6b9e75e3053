// Packing: which tokens make up sample i. Fixed in shard and document order; only the order of samples is shuffled.
//   concat  all documents end to end, cut every seqLen tokens; the last sample is padded
//   none    a document a sample, cut every seqLen tokens where it is longer, each end padded
// Invariant: every token of the run lies in exactly one sample.
import { RefineError } from '../../native/errors.js';
import { intervalOf, type TokenIndex } from './token-index.js';

export const PACKINGS = ['concat', 'none'] as const;
export type PackingName = (typeof PACKINGS)[number];

/** One row of a batch, (seqLen) each; written by Packing.fill. */
export interface SampleRow {
  readonly inputIds: Int32Array;
  readonly docIds: Int32Array;
  readonly positionIds: Int32Array;
}

export interface Packing {
  readonly samples: number;
  fill(sample: number, row: SampleRow): void;
}

export function openPacking(name: PackingName, index: TokenIndex, seqLen: number): Packing {
  return name === 'concat' ? new ConcatPacking(index, seqLen) : new DocumentPacking(index, seqLen);
}

/** Padding: EOS where the contract has one, else 0; doc_ids -1. */
export function fillPadding(index: TokenIndex, row: SampleRow, from: number): void {
  row.inputIds.fill(index.contract.eos_id ?? 0, from);
  row.docIds.fill(-1, from);
  row.positionIds.fill(0, from);
}

class ConcatPacking implements Packing {
  readonly samples: number;
  readonly #index: TokenIndex;
  readonly #seqLen: number;

  constructor(index: TokenIndex, seqLen: number) {
    this.#index = index;
    this.#seqLen = seqLen;
    this.samples = Math.ceil(index.tokens / seqLen);
  }

  fill(sample: number, row: SampleRow): void {
    const { starts } = this.#index;
    const from = sample * this.#seqLen;
    const to = Math.min(this.#index.tokens, from + this.#seqLen);
    let document = 0;
    for (let at = from, which = intervalOf(starts, from); at < to; which++) {
      const base = starts[which]!;
      const end = Math.min(to, starts[which + 1]!);
      if (end <= at) continue;
      const shard = this.#index.shard(which);
      shard.readTokens(at - base, end - at, row.inputIds, at - from);
      shard.documents(at - base, end - base, (start, stop) => {
        const first = start + base - from;
        const last = stop + base - from;
        row.docIds.fill(document++, first, last);
        for (let i = first; i < last; i++) row.positionIds[i] = i - first;
      });
      at = end;
    }
    fillPadding(this.#index, row, to - from);
  }
}

class DocumentPacking implements Packing {
  readonly samples: number;
  readonly #index: TokenIndex;
  readonly #seqLen: number;
  /** Samples before each shard. */
  readonly #starts: Float64Array;
  /** Of the shard last used: samples and tokens before each document. */
  #current: { shard: number; samples: Float64Array; tokens: Float64Array } | undefined;

  constructor(index: TokenIndex, seqLen: number) {
    this.#index = index;
    this.#seqLen = seqLen;
    this.#starts = new Float64Array(index.shards.length + 1);
    for (let which = 0; which < index.shards.length; which++) {
      let samples = 0;
      for (const length of index.shard(which).lengths()) samples += Math.ceil(length / seqLen);
      this.#starts[which + 1] = this.#starts[which]! + samples;
    }
    this.samples = this.#starts[index.shards.length]!;
  }

  fill(sample: number, row: SampleRow): void {
    const which = intervalOf(this.#starts, sample);
    const { samples, tokens } = this.#documents(which);
    const local = sample - this.#starts[which]!;
    const document = intervalOf(samples, local);
    const from = tokens[document]! + (local - samples[document]!) * this.#seqLen;
    const count = Math.min(this.#seqLen, tokens[document + 1]! - from);
    this.#index.shard(which).readTokens(from, count, row.inputIds, 0);
    row.docIds.fill(0, 0, count);
    for (let i = 0; i < count; i++) row.positionIds[i] = i;
    fillPadding(this.#index, row, count);
  }

  #documents(which: number): { samples: Float64Array; tokens: Float64Array } {
    if (this.#current?.shard !== which) {
      const shard = this.#index.shard(which);
      const samples = new Float64Array(shard.entry.rows + 1);
      const tokens = new Float64Array(shard.entry.rows + 1);
      let document = 0;
      for (const length of shard.lengths()) {
        samples[document + 1] = samples[document]! + Math.ceil(length / this.#seqLen);
        tokens[document + 1] = tokens[document]! + length;
        document++;
      }
      this.#current = { shard: which, samples, tokens };
    }
    return this.#current;
  }
}

export function checkPacking(name: string): PackingName {
  if ((PACKINGS as readonly string[]).includes(name)) return name as PackingName;
  const known = name === 'best-fit' ? 'packing "best-fit" is not built yet' : `unknown packing ${JSON.stringify(name)}`;
  throw new RefineError('ERR_REFINE_USAGE', `${known}; use ${PACKINGS.join(' or ')}`, { place: '--packing' });
}
