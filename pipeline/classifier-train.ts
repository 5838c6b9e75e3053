// `refine train-classifier --fasttext`: labelled texts to a fastText file, and how well it tells texts apart that it never saw.
// Invariant: the same texts in the same order and the same options give the same file.
import { type FasttextTrained, type FasttextTrainOptions, native } from '../native/index.js';
import { type Scores, scoresOf } from './classifier-scores.js';
import { type SplitRequest, splitExamples } from './labelled-split.js';
import { type Example, exampleColumns, type Skips } from './labelled-texts.js';
import { asRefineError } from './tokenizer-corpus.js';

export interface Quantisation {
  readonly cutoff: number;
  readonly subWidth: number;
  readonly norms: boolean;
  readonly retrain: boolean;
}

export interface ClassifierRequest extends SplitRequest {
  readonly training: FasttextTrainOptions;
  readonly quantise: Quantisation | null;
}

export interface TrainedClassifier {
  readonly file: Uint8Array;
  readonly learnt: FasttextTrained;
  readonly skips: Skips;
  /** On the held-out examples; `full` before quantisation, null where there was none. */
  readonly scores: Scores;
  readonly full: Scores | null;
}

const MAX_LABELS = 1000; // native.fasttextPredict's k

export async function trainFasttext(request: ClassifierRequest, signal: AbortSignal, progress: (words: string) => void): Promise<TrainedClassifier> {
  const trainer = native.fasttextTrainer(request.training);
  try {
    const { held, skips } = await splitExamples(request, signal, progress, async (examples) => {
      const { text, labels } = exampleColumns(examples);
      await native.fasttextAdd(trainer, text, labels);
    });
    const learnt = await watched(trainer, 'trained', progress, () => native.fasttextTrain(trainer), signal);
    const file = await native.fasttextFile(trainer);
    const scores = await measure(file, held);
    if (request.quantise === null) return { file, learnt, skips, scores, full: null };
    const how = request.quantise;
    await watched(trainer, 'quantised', progress, () => native.fasttextQuantise(trainer, how), signal);
    const small = await native.fasttextFile(trainer);
    return { file: small, learnt, skips, scores: await measure(small, held), full: scores };
  } catch (error) {
    throw asRefineError(error);
  }
}

/** A line every ten seconds of a native call, which an interrupt ends. */
async function watched<T>(
  trainer: Parameters<typeof native.fasttextProgress>[0],
  what: string,
  progress: (words: string) => void,
  run: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  signal.throwIfAborted();
  const timer = setInterval(() => progress(`${Math.floor(100 * native.fasttextProgress(trainer))} % ${what}`), 10_000);
  const stop = (): void => native.fasttextCancel(trainer);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await run();
  } finally {
    clearInterval(timer);
    signal.removeEventListener('abort', stop);
  }
}

async function measure(file: Uint8Array, held: readonly Example[]): Promise<Scores> {
  const model = native.fasttextLoad(file);
  const k = Math.min(MAX_LABELS, model.labels.length);
  const all = new Float32Array(held.length * model.labels.length);
  for (let from = 0; from < held.length; from += 1024) {
    const some = held.slice(from, from + 1024);
    const { labels, probs } = await native.fasttextPredict(model, exampleColumns(some).text, k);
    for (let i = 0; i < some.length * k; i++) {
      if (labels[i]! >= 0) all[(from + Math.floor(i / k)) * model.labels.length + labels[i]!] = probs[i]!;
    }
  }
  return scoresOf(
    model.labels,
    held.map(({ labels }) => labels),
    all,
    held.map(({ score }) => score),
  );
}
