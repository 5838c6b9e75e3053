// The proxy run of `refine check --train-steps N`: a decoder of d 128, 4 layers, T 256 learns from a seeded sample of the run, three
// seeds of each run where two are compared. Evidence, never a gate: nothing here makes a check fail.
import { availableParallelism } from 'node:os';
import { bytesAt, type CudaTrainerPlace, RefineError } from '../../native/index.js';
import { type ProxyResult, type ProxySample, type ProxyScore, PROXY_BATCH, PROXY_SIZE, proxyTrain } from '../proxy-train.js';
import type { LoadedTokenizer } from '../tokenizers.js';
import type { RunState } from '../run-folder.js';
import { type GapReport, gapText, PROXY_LIMIT } from './gap-report.js';
import { type Drawn, proxySamples } from './proxy-sample.js';
import { measuredDocuments, proxyGap, type ThirdText, thirdTexts } from './proxy-texts.js';
import { type Compared, compareTexts, VERDICT_RULE } from './proxy-verdict.js';
import { ProxyVocabulary } from './proxy-vocabulary.js';

const SEEDS = [1, 2, 3];
/** Without a third text, one sampled document in so many is kept back to measure on. */
const KEPT_BACK = 16;
const CURVE_POINTS = 100;

export interface ProxySide {
  readonly run: RunState;
  readonly name: string;
  readonly tokenizer: LoadedTokenizer;
  readonly damaged: ReadonlySet<string>;
}

export interface ProxyRequest {
  readonly steps: number;
  readonly side: ProxySide;
  readonly against: ProxySide | null;
  /** Texts that neither run holds: files, folders or runs. */
  readonly third: readonly string[];
  /** A label a text; null where none is sure. */
  readonly languagesOf: (texts: readonly string[]) => Promise<readonly (string | null)[]>;
  /** No part of the result; default two, or as many cores as there are. */
  readonly threads?: number;
  /** Learns on a GPU. */
  readonly cuda?: CudaTrainerPlace;
}

export interface ProxyCurve {
  readonly run: string;
  readonly seed: number;
  /** Documents in the sample, and tokens learnt from. */
  readonly documents: number;
  readonly tokens: number;
  /** How often its sample was gone through. */
  readonly epochs: number;
  readonly verdict: ProxyResult['verdict'];
  /** [step, nats a token, gradient norm], at most CURVE_POINTS of them: means of the steps up to each. */
  readonly curve: readonly (readonly [step: number, loss: number, gradNorm: number])[];
  readonly bitsPerByte: Readonly<Record<string, number>>;
}

export interface ProxyFigures {
  readonly model: typeof PROXY_SIZE & { readonly vocab: number; readonly parameters: number };
  readonly steps: number;
  /** Where it learnt, where that was a GPU; the numbers then differ from the CPU's in their last digits. */
  readonly device?: { readonly kind: 'cuda'; readonly dtype: 'f32' | 'bf16' };
  readonly runs: readonly ProxyCurve[];
  /** Of the run against the other; null where none was named. */
  readonly against: ProxyComparison | null;
  readonly limit: string;
}

export interface ProxyComparison extends Compared {
  readonly run: string;
  readonly rule: string;
  readonly texts: Readonly<Record<string, Compared>>;
  /** Documents in both runs' samples, one a seed. */
  readonly shared: readonly number[];
  /** By slice of the third texts: first the other run's models, second the run's. */
  readonly gap: GapReport;
}

interface Trained {
  readonly curve: ProxyCurve;
  readonly scores: readonly ProxyScore[];
  readonly drawn: readonly Drawn[];
}

export async function proxyRun(request: ProxyRequest, signal: AbortSignal, progress: (words: string) => void): Promise<ProxyFigures> {
  const { steps, side, against, third, languagesOf, cuda, threads = Math.min(2, availableParallelism()) } = request;
  if (against !== null && third.length === 0)
    throw new RefineError('ERR_REFINE_USAGE', '--against compares on texts that neither run holds. Name them: --third FILE...', { place: '--against' });
  const common = side.tokenizer;
  const sides = against === null ? [side] : [side, against];
  const seeds = against === null ? SEEDS.slice(0, 1) : SEEDS;
  const samples: (readonly Drawn[])[][] = [];
  for (const one of sides) {
    progress(`proxy: drawing documents of ${one.name}`);
    samples.push(await proxySamples(one.run, one.tokenizer, common, steps * PROXY_BATCH, seeds, one.damaged, signal));
  }
  const counts = new Float64Array(common.contract.vocab_size);
  for (const { ids } of samples.flat(2)) for (const id of ids) if (id < counts.length) counts[id]!++;
  const vocabulary = new ProxyVocabulary(counts, common.file.definition.tokens);
  const texts = await thirdTexts(third, common, vocabulary, languagesOf, signal);
  const trained: Trained[][] = [];
  let parameters = 0;
  for (const [at, one] of sides.entries()) {
    const results: Trained[] = [];
    for (const [number, seed] of seeds.entries()) {
      const drawn = samples[at]![number]!;
      const kept = texts.length > 0 ? [] : drawn.filter((_, i) => i % KEPT_BACK === 0);
      const learnt = documentsOf(texts.length > 0 ? drawn : drawn.filter((_, i) => i % KEPT_BACK !== 0), vocabulary);
      const heldOut = texts.length > 0 ? texts : [{ name: 'own', ...documentsOf(kept, vocabulary), bytes: bytesOf(kept, common) }];
      const started = performance.now();
      const where = cuda === undefined ? {} : { cuda };
      const result = await proxyTrain({ sample: learnt, heldOut, vocab: vocabulary.size, steps, seed, threads, ...where }, signal, (step, tokens, loss) =>
        progress(
          `proxy: ${one.name} seed ${seed}, step ${step} of ${steps}, loss ${loss.toFixed(3)}, ${Math.round((1000 * tokens) / (performance.now() - started))} tokens/s`,
        ),
      );
      parameters = result.parameters;
      results.push({ curve: curveOf(one.name, seed, drawn.length, result), scores: result.heldOut, drawn });
    }
    trained.push(results);
  }
  const [ours, theirs] = trained as [Trained[], Trained[]?];
  return {
    model: { ...PROXY_SIZE, vocab: vocabulary.size, parameters },
    steps,
    ...(cuda === undefined ? {} : { device: { kind: 'cuda' as const, dtype: cuda.dtype } }),
    runs: trained.flat().map(({ curve }) => curve),
    against: against === null || theirs === undefined ? null : comparison(texts, side.name, ours, against.name, theirs),
    limit: PROXY_LIMIT,
  };
}

function comparison(texts: readonly ThirdText[], run: string, ours: readonly Trained[], other: string, theirs: readonly Trained[]): ProxyComparison {
  const scoresOf = (side: readonly Trained[], name: string): ProxyScore[] => side.map(({ scores }) => scores.find((score) => score.name === name)!);
  const measured = new Map(texts.map((text) => [text.name, measuredDocuments(text, scoresOf(ours, text.name), scoresOf(theirs, text.name))]));
  return {
    run: other,
    rule: VERDICT_RULE,
    ...compareTexts(measured),
    shared: ours.map(({ drawn }, seed) => {
      const keys = new Set(theirs[seed]!.drawn.map(({ key }) => key));
      return drawn.filter(({ key }) => keys.has(key)).length;
    }),
    gap: proxyGap(texts, [other, run], (name) => ({ ours: scoresOf(ours, name), theirs: scoresOf(theirs, name) })),
  };
}

function curveOf(run: string, seed: number, documents: number, result: ProxyResult): ProxyCurve {
  const { losses, gradNorms } = result;
  const width = Math.max(1, Math.ceil(losses.length / CURVE_POINTS));
  const mean = (values: readonly number[], from: number): number => {
    const some = values.slice(from, from + width);
    return Number((some.reduce((a, b) => a + b, 0) / some.length).toPrecision(6));
  };
  return {
    run,
    seed,
    documents,
    tokens: result.tokens,
    epochs: result.epochs,
    verdict: result.verdict,
    curve: Array.from({ length: Math.ceil(losses.length / width) }, (_, at) => [
      Math.min(losses.length, (at + 1) * width),
      mean(losses, at * width),
      mean(gradNorms, at * width),
    ]),
    bitsPerByte: Object.fromEntries(result.heldOut.map(({ name, bitsPerByte }) => [name, Number(bitsPerByte.toPrecision(6))])),
  };
}

function documentsOf(documents: readonly Drawn[], vocabulary: ProxyVocabulary): ProxySample {
  const spelled = documents.map(({ ids }) => vocabulary.spell(ids).ids);
  const offsets = new Int32Array(spelled.length + 1);
  spelled.forEach((ids, at) => {
    offsets[at + 1] = offsets[at]! + ids.length;
  });
  const ids = new Uint32Array(offsets[spelled.length]!);
  spelled.forEach((one, at) => {
    ids.set(one, offsets[at]!);
  });
  return { ids, offsets, keys: Float64Array.from(documents, ({ key }) => key) };
}

function bytesOf(documents: readonly Drawn[], { file }: LoadedTokenizer): number {
  return documents.reduce((sum, { ids }) => sum + ids.reduce((bytes, id) => bytes + bytesAt(file.definition.tokens, id).length, 0), 0);
}

export function describeProxy({ model, steps, device, runs, against, limit }: ProxyFigures): string[] {
  const on = device === undefined ? '' : ` on the GPU in ${device.dtype}`;
  const lines = runs.map(({ run, seed, verdict, curve, bitsPerByte, epochs }) => {
    const [, first] = curve[0]!;
    const [, last, norm] = curve.at(-1)!;
    const ended = verdict.kind === 'trained' ? '' : `; ${verdict.kind}: ${verdict.words}`;
    const scores = Object.entries(bitsPerByte).map(([name, bits]) => `${name} ${bits.toFixed(3)}`);
    return `proxy ${run} seed ${seed}: ${steps} steps${on}, ${model.parameters} parameters, ${epochs} epochs, loss ${first.toFixed(2)} to ${last.toFixed(2)}, gradient norm ${norm.toFixed(2)}; bits a byte: ${scores.join(', ')}${ended}`;
  });
  if (against !== null) {
    lines.push(
      `proxy against ${against.run}: ${sayCompared(against)}; ${Object.entries(against.texts)
        .map(([name, one]) => `${name}: ${sayCompared(one)}`)
        .join('; ')}; documents in both samples: ${against.shared.join(', ')}`,
    );
    lines.push(`rule: ${against.rule}`, gapText(against.gap).trimEnd());
  } else lines.push(limit);
  return lines;
}

export function sayCompared({ verdict, mean, margin, documents }: Compared): string {
  const over = documents.margin === null ? 'too few' : `+- ${documents.margin.toFixed(4)} over ${documents.count}`;
  return `${verdict} (${mean >= 0 ? '+' : ''}${mean.toFixed(4)} bits a byte, +- ${margin.toFixed(4)} over seeds, ${over} documents)`;
}
