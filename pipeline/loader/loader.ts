// The loader: batches of packed token rows in a seeded order, for one rank, from any state. DESIGN section 6, "refine load".
// Invariant: the union of all ranks' rows is the same stream for every world size; each sample comes once an epoch.
import { RefineError } from '../../native/errors.js';
import type { RowArrays } from '../../native/index.js';
import { type LengthStage, type Lengths, splitRows } from './curriculum.js';
import type { Mix } from './mix.js';
import type { MixSpec } from './mix-spec.js';
import { openMix } from './open-mix.js';
import { ShardHints } from './hints.js';
import { LEAVE_ROW, PAD_ROW, type PackingName } from './packing.js';
import { type BatchRange, joinRanges } from './skip.js';
import type { Split } from './splits.js';
import type { Source } from './source.js';
import { formatState, type LoaderState, type SkipRanges } from './state.js';
import { type BatchPlan, BatchStream, type LastBatch } from './stream.js';
import type { RemoteOptions } from './remote-run.js';
import type { Verify } from './verify.js';

export { LAST_BATCH, type LastBatch } from './stream.js';

export interface LoaderOptions extends RemoteOptions {
  /** Tokens a row; with stages, the length that samples are cut at (default: the greatest of the stages). */
  readonly seqLen?: number;
  /** Rows of a batch over all ranks, at the greatest length: a stage of half the length has twice as many. */
  readonly batchSize: number;
  readonly worldSize?: number;
  readonly rank?: number;
  /** Absent: the state's, the mix file's, or the first run's manifest's. */
  readonly seed?: bigint;
  /** Epochs in all, those before a resumed state included; 0 = endless. Default 1. */
  readonly epochs?: number;
  readonly packing?: PackingName;
  /** Blocks of about a shard that are shuffled together; 0 = the whole run. Default 16. */
  readonly shuffleWindow?: number;
  /** The last batch of an epoch, or of a stage before another length: short, left out, or filled with rows of padding whose sample is -1. Default short. */
  readonly last?: LastBatch;
  /** How the bytes of shards are held against index.arrow. Default stamp: once a machine (verify.ts). */
  readonly verify?: Verify;
  /** Default train: documents that sink.holdout keeps apart come only when asked for. */
  readonly split?: Split;
  /** Goes on with the same stream. */
  readonly resume?: LoaderState;
  /** Begins this mix where the sources stood in another one's state: nothing seen comes again before a source's epoch is through. */
  readonly after?: LoaderState;
  /** Sequence lengths by stages. */
  readonly stages?: readonly LengthStage[];
  /** Batches left out, as numbers at this batch size. */
  readonly skip?: readonly BatchRange[];
}

/** (rows, seqLen) row-major each; `state` is where the stream stands after this batch, equal on every rank. */
export interface LoaderBatch {
  readonly rows: number;
  readonly seqLen: number;
  readonly inputIds: Int32Array;
  readonly docIds: Int32Array;
  readonly positionIds: Int32Array;
  /** The row's place in the stream's epoch; -1 for a row of padding. Rows of a stage that splits samples share it. */
  readonly sample: BigInt64Array;
  /** Which of the loader's sources a row is of; -1 for a row of padding. */
  readonly source: Int32Array;
  readonly state: string;
}

/** Of one source, for one batch. */
interface Wanted {
  /** By row of the batch: a sample, or PAD_ROW or LEAVE_ROW. */
  readonly samples: Float64Array;
  readonly shards: Set<number>;
}

/** A row holds three int32 a token, and a batch must fit one Arrow record batch and memory. */
const MAX_BATCH_TOKENS = 1 << 28;

export class Loader {
  readonly mix: Mix;
  readonly stream: BatchStream;
  readonly lengths: Lengths;
  readonly skip: SkipRanges;
  /** The slot the first batch begins with. */
  readonly start: number;
  /** Remarks on what was asked, for people. */
  readonly notes: readonly string[];
  readonly #options: { readonly batchSize: number; readonly worldSize: number; readonly rank: number; readonly last: LastBatch };
  readonly #hints = new ShardHints();
  readonly #close: () => Promise<void>;

  static async open(run: string | MixSpec, options: LoaderOptions): Promise<Loader> {
    checkOptions(options);
    const { mix, lengths, epochs, notes, close } = await openMix(run, options);
    try {
      return new Loader(mix, lengths, { epochs, ...options }, notes, close);
    } catch (error) {
      await close();
      throw error;
    }
  }

  private constructor(mix: Mix, lengths: Lengths, options: LoaderOptions, notes: readonly string[], close: () => Promise<void>) {
    const { batchSize, worldSize = 1, rank = 0, epochs = 1, last = 'short', resume, skip = [] } = options;
    const tokens = (batchSize / worldSize) * lengths.greatest;
    if (tokens > MAX_BATCH_TOKENS) usage('--batch-size', `a rank's batch would hold ${tokens} tokens; at most ${MAX_BATCH_TOKENS}`);
    if (mix.once && epochs !== 1) usage('--epochs', `is ${epochs}, but a mix by epochs says itself how often each source comes. Leave it out`);
    this.mix = mix;
    this.lengths = lengths;
    this.start = resume === undefined ? 0 : placeOf(resume, mix);
    const shape = { slots: mix.slots, epochs, batchSize, last, lengths };
    const numbered = new BatchStream({ ...shape, skip: [] });
    this.skip = joinRanges([...(resume?.skip ?? []), ...skip.map((range) => slotsOfRange(range, numbered))]);
    this.stream = new BatchStream({ ...shape, skip: this.skip });
    this.#options = { batchSize, worldSize, rank, last };
    const asked = lengths.stages.at(-1)!.to;
    const short = asked !== Number.POSITIVE_INFINITY && this.stream.end < asked;
    this.notes = short
      ? [...notes, `the stages ask for ${asked} samples of ${lengths.greatest} tokens, but the stream ends after ${this.stream.end} (--epochs ${epochs})`]
      : notes;
    this.#close = close;
    if (this.stream.end === Number.POSITIVE_INFINITY && last === 'drop' && mix.slots < batchSize) {
      throw new RefineError(
        'ERR_REFINE_LOADER',
        `an epoch has ${mix.slots} samples, so with --last drop and --batch-size ${batchSize} an endless stream would never give a batch`,
      );
    }
  }

  /** Samples of an epoch. */
  get samples(): number {
    return this.mix.slots;
  }

  /** The greatest length of a row; a batch says its own. */
  get seqLen(): number {
    return this.lengths.greatest;
  }

  get sources(): readonly Source[] {
    return this.mix.sources;
  }

  get contractText(): string {
    return this.mix.sources[0]!.index.contractText;
  }

  /** `reuse`: the next batch may overwrite this one's rows, which spares fresh memory for every batch. */
  async *batches({ reuse = false } = {}): AsyncGenerator<LoaderBatch> {
    let rows: RowArrays | undefined;
    for (const plan of this.stream.batches(this.start)) {
      const batch = await this.#batch(plan, rows);
      if (reuse) rows = batch;
      yield batch;
    }
  }

  /** Where the stream stands once all slots below one are given. */
  stateAt(slot: number): LoaderState {
    const { mix } = this;
    const epoch = mix.slots === 0 ? 0 : Math.floor(slot / mix.slots);
    return {
      seed: mix.seed,
      epoch,
      sample: slot - epoch * mix.slots,
      geometry: mix.geometry,
      from: mix.from,
      sources: mix.plain ? null : mix.placesAt(slot),
      skip: this.skip,
    };
  }

  /** The rank that gets the slot at a place of a batch. */
  rankOf(place: number): number {
    return Math.floor(place / (this.#options.batchSize / this.#options.worldSize));
  }

  async close(): Promise<void> {
    await this.#close();
  }

  /** This rank's slice of a batch. */
  async #batch({ slots, seqLen, end }: BatchPlan, used: RowArrays | undefined): Promise<LoaderBatch> {
    const { batchSize, worldSize, rank, last } = this.#options;
    const { mix } = this;
    const unit = this.lengths.greatest;
    const perRank = batchSize / worldSize;
    const mine = slots.slice(rank * perRank, (rank + 1) * perRank);
    const units = last === 'pad' ? perRank : mine.length;
    const split = unit / seqLen;
    const sample = new BigInt64Array(units * split).fill(-1n);
    const source = new Int32Array(units * split).fill(-1);
    const wanted = new Map<Source, Wanted>();
    const wantedOf = (from: Source): Wanted => {
      const found = wanted.get(from) ?? { samples: new Float64Array(units).fill(LEAVE_ROW), shards: new Set<number>() };
      return wanted.set(from, found).get(from)!;
    };
    mine.forEach((slot, row) => {
      const drawn = mix.at(slot);
      const from = mix.sources[drawn.source]!;
      const { samples, shards } = wantedOf(from);
      samples[row] = drawn.sample;
      from.packing.shards(drawn.sample, drawn.sample + 1, (shard) => shards.add(shard));
      sample.fill(BigInt(slot % mix.slots), row * split, (row + 1) * split);
      source.fill(drawn.source, row * split, (row + 1) * split);
      this.#hints.at(from, drawn.epoch, from.order(mix.seed, drawn.epoch, drawn.part), drawn.position);
    });
    if (units > mine.length) wantedOf(mix.sources[0]!).samples.fill(PAD_ROW, mine.length);
    const fresh = () => new Int32Array(units * unit);
    const rows = used?.inputIds.length === units * unit ? used : { inputIds: fresh(), docIds: fresh(), positionIds: fresh() };
    for (const [{ files, packing }, { samples, shards }] of wanted) {
      if (shards.size > 0) await files.ensure([...shards].sort((a, b) => a - b));
      packing.fill(samples, rows);
    }
    splitRows(rows, unit, seqLen);
    return {
      rows: units * split,
      seqLen,
      inputIds: rows.inputIds,
      docIds: rows.docIds,
      positionIds: rows.positionIds,
      sample,
      source,
      state: formatState(this.stateAt(end)),
    };
  }
}

function usage(place: string, message: string): never {
  throw new RefineError('ERR_REFINE_USAGE', message, { place });
}

function checkOptions({ seqLen, batchSize, worldSize = 1, rank = 0, epochs = 1, shuffleWindow = 0, resume, after }: LoaderOptions): void {
  for (const [place, value, least] of [
    ['--seq-len', seqLen ?? 1, 1],
    ['--batch-size', batchSize, 1],
    ['--world-size', worldSize, 1],
    ['--rank', rank, 0],
    ['--epochs', epochs, 0],
    ['--shuffle-window', shuffleWindow, 0],
  ] as const) {
    if (!Number.isSafeInteger(value) || value < least) usage(place, `is ${value}, expected a whole number from ${least} up`);
  }
  if (batchSize % worldSize !== 0) {
    usage('--world-size', `${worldSize} does not divide the batch size ${batchSize}, which counts the rows of all ranks. Choose a multiple of the world size`);
  }
  if (rank >= worldSize) usage('--rank', `is ${rank}, expected 0..${worldSize - 1} (--world-size is ${worldSize})`);
  if (resume !== undefined && after !== undefined)
    usage('--after', 'stands beside --resume. --after begins another mix where a state ends, --resume goes on with the same one: give one of them');
}

/** The slot a state stands at, once it is sure that it means this stream. */
function placeOf(state: LoaderState, mix: Mix): number {
  if (state.geometry !== mix.geometry) {
    usage(
      '--resume',
      `the state's geometry is ${state.geometry}, this stream's is ${mix.geometry}: run, weights, --seq-len, --packing or --shuffle-window differ from those that the state was taken with. Give the same ones, or --after to go on with others`,
    );
  }
  if (state.sample > mix.slots || (state.sample === mix.slots && mix.slots > 0))
    usage('--resume', `the state's sample is ${state.sample}, an epoch has ${mix.slots}`);
  const slot = state.epoch * mix.slots + state.sample;
  if (!Number.isSafeInteger(slot)) usage('--resume', `the state's epoch is ${state.epoch}, which no stream reaches`);
  if (mix.once && (state.epoch > 1 || (state.epoch === 1 && state.sample > 0)))
    usage('--resume', `the state's epoch is ${state.epoch}, a mix by epochs has one`);
  if (!mix.plain) {
    const places = (sources: LoaderState['sources']) => formatState({ ...state, from: new Map(), sources, skip: [] });
    if (places(state.sources) !== places(mix.placesAt(slot)))
      usage(
        '--resume',
        "the state's sources do not stand where this mix brings them: it was changed by hand, or is another mix's. Take the state as a batch had it",
      );
  }
  return slot;
}

function slotsOfRange({ first, last }: BatchRange, stream: BatchStream): [number, number] {
  const from = stream.slotsOf(first);
  const to = stream.slotsOf(last);
  if (from === null || to === null) return usage('--skip', `names batch ${from === null ? first : last}, behind the stream's end`);
  return [from.from, to.to];
}
