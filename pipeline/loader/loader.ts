// The loader: batches of packed token rows in a seeded order, for one rank, from any state. DESIGN section 6, "refine load".
// Invariant: the union of all ranks' rows is the same stream for every world size; each sample comes once an epoch.
import { RefineError } from '../../native/errors.js';
import { SampleOrder } from './order.js';
import { fillPadding, openPacking, type Packing, type PackingName } from './packing.js';
import { formatState, geometryOf, type LoaderState } from './state.js';
import { TokenIndex } from './token-index.js';

export const LAST_BATCH = ['short', 'drop', 'pad'] as const;
export type LastBatch = (typeof LAST_BATCH)[number];

export interface LoaderOptions {
  readonly seqLen: number;
  /** Rows of a batch over all ranks. */
  readonly batchSize: number;
  readonly worldSize?: number;
  readonly rank?: number;
  /** Absent: the manifest's. */
  readonly seed?: bigint;
  /** Epochs in all, those before a resumed state included; 0 = endless. Default 1. */
  readonly epochs?: number;
  readonly packing?: PackingName;
  /** The last batch of an epoch: short, left out, or filled with rows of padding whose sample is -1. Default short. */
  readonly last?: LastBatch;
  readonly resume?: LoaderState;
}

/** (rows, seqLen) row-major each; `state` is where the stream stands after this batch, equal on every rank. */
export interface LoaderBatch {
  readonly rows: number;
  readonly inputIds: Int32Array;
  readonly docIds: Int32Array;
  readonly positionIds: Int32Array;
  readonly sample: BigInt64Array;
  readonly state: string;
}

/** A row holds three int32 a token, and a batch must fit one Arrow record batch and memory. */
const MAX_BATCH_TOKENS = 1 << 28;

export class Loader {
  readonly index: TokenIndex;
  readonly samples: number;
  readonly seqLen: number;
  readonly geometry: string;
  readonly #packing: Packing;
  readonly #start: LoaderState;
  readonly #options: Required<Pick<LoaderOptions, 'batchSize' | 'worldSize' | 'rank' | 'epochs' | 'last'>>;

  constructor(index: TokenIndex, given: LoaderOptions) {
    const { seqLen, batchSize, worldSize = 1, rank = 0, epochs = 1, packing = 'concat', last = 'short', seed, resume } = given;
    const usage = (place: string, message: string): never => {
      throw new RefineError('ERR_REFINE_USAGE', message, { place });
    };
    for (const [place, value, least] of [
      ['--seq-len', seqLen, 1],
      ['--batch-size', batchSize, 1],
      ['--world-size', worldSize, 1],
      ['--rank', rank, 0],
      ['--epochs', epochs, 0],
    ] as const) {
      if (!Number.isSafeInteger(value) || value < least) usage(place, `is ${value}, expected a whole number from ${least} up`);
    }
    if (batchSize % worldSize !== 0)
      usage(
        '--world-size',
        `${worldSize} does not divide the batch size ${batchSize}, which counts the rows of all ranks. Choose a multiple of the world size`,
      );
    if (rank >= worldSize) usage('--rank', `is ${rank}, expected 0..${worldSize - 1} (--world-size is ${worldSize})`);
    if ((batchSize / worldSize) * seqLen > MAX_BATCH_TOKENS)
      usage('--batch-size', `a rank's batch would hold ${(batchSize / worldSize) * seqLen} tokens; at most ${MAX_BATCH_TOKENS}`);
    this.index = index;
    this.seqLen = seqLen;
    this.#packing = openPacking(packing, index, seqLen);
    this.samples = this.#packing.samples;
    this.geometry = geometryOf(index, seqLen, packing);
    if (resume !== undefined) {
      if (resume.geometry !== this.geometry) {
        usage(
          '--resume',
          `the state's geometry is ${resume.geometry}, this stream's is ${this.geometry}: run, --seq-len or --packing differ from those that the state was taken with`,
        );
      }
      if (seed !== undefined && seed !== resume.seed) usage('--seed', `is ${seed}, the state says ${resume.seed}. Leave it out, or start without --resume`);
      if (resume.sample > this.samples) usage('--resume', `the state's sample is ${resume.sample}, an epoch has ${this.samples}`);
    }
    this.#start = resume ?? { seed: seed ?? index.seed, epoch: 0, sample: 0, geometry: this.geometry };
    this.#options = { batchSize, worldSize, rank, epochs, last };
    const perEpoch = last === 'drop' ? Math.floor(this.samples / batchSize) : this.samples;
    if (perEpoch === 0 && epochs === 0) {
      throw new RefineError(
        'ERR_REFINE_LOADER',
        `an epoch has ${this.samples} samples, so with --last ${last} and --batch-size ${batchSize} an endless stream would never give a batch`,
      );
    }
  }

  static async open(run: string, options: LoaderOptions): Promise<Loader> {
    const index = await TokenIndex.open(run);
    try {
      return new Loader(index, options);
    } catch (error) {
      index.close();
      throw error;
    }
  }

  *batches(): Generator<LoaderBatch> {
    const { batchSize, epochs, last } = this.#options;
    const { seed } = this.#start;
    for (let { epoch, sample: from } = this.#start; epochs === 0 || epoch < epochs; epoch++, from = 0) {
      const order = new SampleOrder(seed, epoch, this.samples);
      while (from < this.samples) {
        const to = Math.min(this.samples, from + batchSize);
        if (last === 'drop' && to - from < batchSize) break;
        const state = to === this.samples ? { epoch: epoch + 1, sample: 0 } : { epoch, sample: to };
        yield this.#batch(order, from, formatState({ seed, ...state, geometry: this.geometry }));
        from = to;
      }
    }
  }

  close(): void {
    this.index.close();
  }

  /** This rank's slice of the batch of positions [from, from + batchSize). */
  #batch(order: SampleOrder, from: number, state: string): LoaderBatch {
    const { batchSize, worldSize, rank, last } = this.#options;
    const perRank = batchSize / worldSize;
    const first = from + rank * perRank;
    const present = Math.max(0, Math.min(perRank, this.samples - first));
    const rows = last === 'pad' ? perRank : present;
    const { seqLen } = this;
    const batch = {
      rows,
      inputIds: new Int32Array(rows * seqLen),
      docIds: new Int32Array(rows * seqLen),
      positionIds: new Int32Array(rows * seqLen),
      sample: new BigInt64Array(rows),
      state,
    };
    for (let row = 0; row < rows; row++) {
      const slice = {
        inputIds: batch.inputIds.subarray(row * seqLen, (row + 1) * seqLen),
        docIds: batch.docIds.subarray(row * seqLen, (row + 1) * seqLen),
        positionIds: batch.positionIds.subarray(row * seqLen, (row + 1) * seqLen),
      };
      if (row < present) this.#packing.fill(order.at(first + row), slice);
      else fillPadding(this.index, slice, 0);
      batch.sample[row] = BigInt(row < present ? first + row : -1);
    }
    return batch;
  }
}
