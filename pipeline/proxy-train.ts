// The proxy run: a small decoder learns from a sample of a run's shards, so that a curve, not an opinion, says whether they can be
// trained on. Evidence, never a gate: models of this size rank mixtures poorly (about .73 rank correlation with large ones).
// Invariant: sample, options and seed give the same numbers, whatever `threads` is.
import { type CudaTrainerPlace, type ModelConfig, native, RefineError, type TrainerOptions, type TrainerStep } from '../native/index.js';
import { falconConfig } from '../native/model-shapes.js';
import { WindowBatches, windowsOf, type WindowTurns } from '../native/train-windows.js';
import { partKey } from './document-key.js';

/** Documents of proxy ids (below `vocab`), back to back; `offsets` has documents + 1 entries. */
export interface ProxyDocuments {
  readonly ids: Uint32Array;
  readonly offsets: Int32Array;
}

/** What is learnt from. `keys`, one a document (document-key.ts), order its windows; absent: the documents' places do. */
export interface ProxySample extends ProxyDocuments {
  readonly keys?: Float64Array;
}

/** A third text that is scored with the final weights. `bytes`: its UTF-8 length, what bits per byte divide by. */
export interface ProxyText extends ProxyDocuments {
  readonly name: string;
  readonly bytes: number;
}

export interface ProxyRequest {
  readonly sample: ProxySample;
  readonly heldOut: readonly ProxyText[];
  readonly vocab: number;
  readonly steps: number;
  readonly seed: number;
  readonly threads: number;
  /** Learns on a GPU: the same start and batches, sums in another order. Absent: the CPU. */
  readonly cuda?: CudaTrainerPlace;
  /** Tokens a step; default PROXY_BATCH. */
  readonly batch?: number;
  /** Peak learning rate; default PROXY_RATE. */
  readonly rate?: number;
}

export interface ProxyResult {
  /** Nats a token and the gradient's global norm, one a step done (fewer than asked where it stopped). */
  readonly losses: readonly number[];
  readonly gradNorms: readonly number[];
  /** Tokens learnt from, repeats included, and how often the sample was gone through. */
  readonly tokens: number;
  readonly epochs: number;
  readonly parameters: number;
  /** `not-finite`: loss or gradient became NaN or infinite, the run stopped there. `diverged`: the loss rose and stayed above what it had reached. */
  readonly verdict: { readonly kind: 'trained' } | { readonly kind: 'not-finite' | 'diverged'; readonly step: number; readonly words: string };
  readonly heldOut: readonly ProxyScore[];
}

export interface ProxyScore {
  readonly name: string;
  readonly nats: number;
  readonly tokens: number;
  readonly bitsPerByte: number;
  /** Nats of each id; 0 for a document's first, which nothing stands before. */
  readonly losses: Float32Array;
}

export const PROXY_SIZE = { channels: 128, layers: 4, heads: 4, context: 256 } as const;
export const PROXY_RATE = 2e-3;
/** Steps where none are named: under two minutes a seed on two cores (infra/docs/readiness.md). */
export const PROXY_STEPS = 300;
/** Tokens a step. */
export const PROXY_BATCH = 2048;
/** Means of this many steps are compared; a rise of DIVERGED nats over the best of them is divergence. */
const WINDOW = 10;
const DIVERGED = 1;

/** `progress`: after every step, with the tokens learnt from so far. */
export async function proxyTrain(
  request: ProxyRequest,
  signal: AbortSignal,
  progress: (step: number, tokens: number, loss: number) => void,
): Promise<ProxyResult> {
  const { sample, heldOut, vocab, steps, seed, threads, cuda, batch = PROXY_BATCH, rate = PROXY_RATE } = request;
  const batches = new WindowBatches(sample, PROXY_SIZE.context, batch, (windows) => new KeyedTurns(windows, sample));
  if (batches.count === 0) throw new RefineError('ERR_REFINE_INPUT', 'the sample has no document of two tokens or more, so there is nothing to learn from');
  const options: TrainerOptions = {
    goal: 'next-token',
    labels: 0,
    linearBias: false,
    tiedHead: true,
    rate,
    finalShare: 0.1,
    warmup: Math.max(1, Math.round(steps / 10)),
    total: steps,
    decay: 0.1,
    betas: [0.9, 0.95],
    epsilon: 1e-8,
    clip: 1,
    slices: 8,
    threads,
    seed,
  };
  const trainer = await openTrainer(falconConfig({ vocab, ...PROXY_SIZE }), options, cuda);
  const losses: number[] = [];
  const gradNorms: number[] = [];
  let tokens = 0;
  let verdict: ProxyResult['verdict'] = { kind: 'trained' };
  for (let step = 0; step < steps; step++) {
    signal.throwIfAborted();
    const { ids, offsets } = batches.next();
    const done = await trainer.step(ids, offsets);
    losses.push(done.loss);
    gradNorms.push(done.gradNorm);
    tokens += done.targets;
    progress(step + 1, tokens, done.loss);
    if (!done.updated) {
      verdict = { kind: 'not-finite', step, words: `${Number.isFinite(done.loss) ? 'the gradient' : 'the loss'} is no finite number at step ${step + 1}` };
      break;
    }
  }
  if (verdict.kind === 'trained') verdict = divergence(losses);
  const scored = [];
  for (const text of heldOut) scored.push({ name: text.name, ...(await score(trainer, text)) });
  return { losses, gradNorms, tokens, epochs: batches.epochs, parameters: await trainer.parameters(), verdict, heldOut: scored };
}

/**
 * Every window once an epoch, by partKey of its document, its place in it and the epoch. So windows that two samples share come in
 * one order in both, whatever else stands between them.
 */
class KeyedTurns implements WindowTurns {
  readonly #documents: Uint32Array;
  readonly #parts: Uint32Array;
  readonly #keys: ArrayLike<number>;
  #order: Uint32Array;
  #at: number;
  epochs = 0;

  constructor(windows: readonly number[], { offsets, keys }: ProxySample) {
    const count = windows.length / 2;
    this.#documents = new Uint32Array(count);
    this.#parts = new Uint32Array(count);
    this.#keys = keys ?? Float64Array.from({ length: offsets.length - 1 }, (_, document) => document);
    for (let window = 0, document = 0; window < count; window++) {
      while (windows[2 * window]! >= offsets[document + 1]!) document++;
      this.#documents[window] = document;
      this.#parts[window] = windows[2 * window]! - offsets[document]!;
    }
    this.#order = new Uint32Array(count);
    this.#at = count;
  }

  next(): number {
    if (this.#at === this.#order.length) {
      const keys = Float64Array.from(this.#parts, (part, window) => partKey(this.#keys[this.#documents[window]!]!, part, this.epochs));
      this.#order = Uint32Array.from(keys, (_, window) => window).sort((a, b) => keys[a]! - keys[b]! || a - b);
      this.#at = 0;
      this.epochs++;
    }
    return this.#order[this.#at++]!;
  }
}

/** The trainer of either device. */
interface OpenTrainer {
  step(ids: Uint32Array, offsets: Int32Array): Promise<TrainerStep>;
  evaluate(ids: Uint32Array, offsets: Int32Array): Promise<Float32Array>;
  parameters(): Promise<number>;
}

async function openTrainer(config: ModelConfig, options: TrainerOptions, cuda: CudaTrainerPlace | undefined): Promise<OpenTrainer> {
  const count = (weights: readonly { readonly values: Float32Array }[]): number => weights.reduce((sum, { values }) => sum + values.length, 0);
  if (cuda === undefined) {
    const trainer = native.trainerNew(config, options);
    return {
      step: (ids, offsets) => native.trainerStep(trainer, ids, offsets, null),
      evaluate: (ids, offsets) => native.trainerEvaluate(trainer, ids, offsets),
      parameters: async () => count(native.trainerWeights(trainer)),
    };
  }
  const trainer = await native.cudaTrainerNew(config, options, cuda);
  return {
    step: (ids, offsets) => native.cudaTrainerStep(trainer, ids, offsets),
    evaluate: (ids, offsets) => native.cudaTrainerEvaluate(trainer, ids, offsets),
    parameters: async () => count(await native.cudaTrainerWeights(trainer)),
  };
}

/** Windows of a third text that are scored at once. */
const SCORED = 64;

async function score(trainer: OpenTrainer, text: ProxyText): Promise<Omit<ProxyScore, 'name'>> {
  const windows = windowsOf(text, PROXY_SIZE.context);
  const losses = new Float32Array(text.ids.length);
  let nats = 0;
  let tokens = 0;
  for (let from = 0; from < windows.length; from += 2 * SCORED) {
    const some = windows.slice(from, from + 2 * SCORED);
    const offsets = [0];
    for (let i = 0; i < some.length; i += 2) offsets.push(offsets.at(-1)! + some[i + 1]! - some[i]!);
    const ids = new Uint32Array(offsets.at(-1)!);
    for (let i = 0; i < some.length; i += 2) ids.set(text.ids.subarray(some[i], some[i + 1]), offsets[i / 2]);
    const found = await trainer.evaluate(ids, Int32Array.from(offsets));
    for (let i = 0; i < some.length; i += 2)
      for (let at = offsets[i / 2]! + 1; at < offsets[i / 2 + 1]!; at++) {
        // the first of a window was the last of the one before it, or begins the document
        losses[some[i]! + at - offsets[i / 2]!] = found[at]!;
        nats += found[at]!;
        tokens++;
      }
  }
  return { nats, tokens, bitsPerByte: nats / Math.LN2 / text.bytes, losses };
}

/** The first step from which the loss stays, to the end, DIVERGED nats above the best mean of WINDOW steps before, or the untrained model's. */
function divergence(losses: readonly number[]): ProxyResult['verdict'] {
  let best = losses[0] ?? Number.POSITIVE_INFINITY;
  let since = -1;
  for (let end = WINDOW; end <= losses.length; end++) {
    let sum = 0;
    for (let i = end - WINDOW; i < end; i++) sum += losses[i]!;
    const mean = sum / WINDOW;
    if (mean > best + DIVERGED) since = since < 0 ? end - 1 : since;
    else since = -1;
    best = Math.min(best, mean);
  }
  if (since < 0) return { kind: 'trained' };
  return {
    kind: 'diverged',
    step: since,
    words: `the loss stays more than ${DIVERGED} nat above the best it had reached (${best.toFixed(2)}, the mean of ${WINDOW} steps or the first) from step ${since + 1} on`,
  };
}
