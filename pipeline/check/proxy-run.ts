// The proxy run of `refine check --train-steps N`: a decoder of d 128, 4 layers, T 256 learns from a seeded sample of the run, three
// seeds of each run where two are compared. Evidence, never a gate: nothing here makes a check fail.
import { availableParallelism } from 'node:os';
import { bytesAt, native, RefineError, utf8Column } from '../../native/index.js';
import { type ProxyDocuments, type ProxyResult, type ProxyText, PROXY_SIZE, proxyTrain } from '../proxy-train.js';
import type { LoadedTokenizer } from '../registry.js';
import type { RunState } from '../run-folder.js';
import { readTexts, textInputs } from '../tokenizer-texts.js';
import { type Compared, compareSeeds, VERDICT_RULE } from './proxy-verdict.js';
import { proxySample, type SampledIds } from './proxy-sample.js';
import { ProxyVocabulary } from './proxy-vocabulary.js';

export const PROXY_LIMIT =
  'A model of this size ranks mixtures poorly: published work finds a rank correlation with large models of .73 for 1 M parameters and .89 for 15 M and more. Take it as a pointer, and train a model of reference size where a GPU is there.';

/** Tokens a step. */
const BATCH = 8192;
const SEEDS = [1, 2, 3];
/** Of a third text, read from its beginning in whole documents. */
const THIRD_BYTES = 300_000;
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
}

export interface ProxyCurve {
  readonly run: string;
  readonly seed: number;
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
  readonly runs: readonly ProxyCurve[];
  /** Of the run against the other; null where none was named. */
  readonly against: (Compared & { readonly run: string; readonly rule: string; readonly texts: Readonly<Record<string, Compared>> }) | null;
  readonly limit: string;
}

export async function proxyRun(request: ProxyRequest, signal: AbortSignal, progress: (words: string) => void): Promise<ProxyFigures> {
  const { steps, side, against, third } = request;
  if (against !== null && third.length === 0)
    throw new RefineError('ERR_REFINE_USAGE', '--against compares on texts that neither run holds. Name them: --third FILE...', { place: '--against' });
  const common = side.tokenizer;
  const wanted = Math.ceil((steps * BATCH) / 1.3); // ids outside the proxy's words become several bytes; what is short is repeated
  const sides = against === null ? [side] : [side, against];
  const samples = await Promise.all(
    sides.flatMap((one) =>
      SEEDS.slice(0, against === null ? 1 : SEEDS.length).map((seed) => proxySample(one.run, one.tokenizer, common, wanted, String(seed), one.damaged, signal)),
    ),
  );
  const counts = new Float64Array(common.contract.vocab_size);
  for (const sample of samples) for (const ids of sample) for (const id of ids) if (id < counts.length) counts[id]!++;
  const vocabulary = new ProxyVocabulary(counts, common.file.definition.tokens);
  const texts = await thirdTexts(third, common, vocabulary, signal);
  const runs: ProxyCurve[] = [];
  let parameters = 0;
  const each = samples.length / sides.length;
  for (const [at, sample] of samples.entries()) {
    const one = sides[Math.floor(at / each)]!;
    const seed = SEEDS[at % each]!;
    const kept = texts.length > 0 ? [] : sample.filter((_, i) => i % KEPT_BACK === 0);
    const learnt = documentsOf(texts.length > 0 ? sample : sample.filter((_, i) => i % KEPT_BACK !== 0), vocabulary);
    const heldOut = texts.length > 0 ? texts : [{ name: 'own', ...documentsOf(kept, vocabulary), bytes: bytesOf(kept, common) }];
    const started = performance.now();
    const result = await proxyTrain(
      { sample: learnt, heldOut, vocab: vocabulary.size, steps, seed, threads: Math.min(2, availableParallelism()) },
      signal,
      (step, tokens, loss) =>
        progress(
          `proxy: ${one.name} seed ${seed}, step ${step} of ${steps}, loss ${loss.toFixed(3)}, ${Math.round((1000 * tokens) / (performance.now() - started))} tokens/s`,
        ),
    );
    parameters = result.parameters;
    runs.push(curveOf(one.name, seed, result));
  }
  return {
    model: { ...PROXY_SIZE, vocab: vocabulary.size, parameters },
    steps,
    runs,
    against: against === null ? null : compared(runs.slice(0, each), runs.slice(each), against.name),
    limit: PROXY_LIMIT,
  };
}

function compared(ours: readonly ProxyCurve[], theirs: readonly ProxyCurve[], run: string): ProxyFigures['against'] {
  const names = Object.keys(ours[0]!.bitsPerByte);
  const of = (name: string): number[] => ours.map((one, at) => one.bitsPerByte[name]! - theirs[at]!.bitsPerByte[name]!);
  const mean = ours.map((_, at) => names.reduce((sum, name) => sum + of(name)[at]!, 0) / names.length);
  return { run, rule: VERDICT_RULE, ...compareSeeds(mean), texts: Object.fromEntries(names.map((name) => [name, compareSeeds(of(name))])) };
}

function curveOf(run: string, seed: number, result: ProxyResult): ProxyCurve {
  const { losses, gradNorms } = result;
  const width = Math.max(1, Math.ceil(losses.length / CURVE_POINTS));
  const mean = (values: readonly number[], from: number): number => {
    const some = values.slice(from, from + width);
    return Number((some.reduce((a, b) => a + b, 0) / some.length).toPrecision(6));
  };
  return {
    run,
    seed,
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

function documentsOf(documents: SampledIds, vocabulary: ProxyVocabulary): ProxyDocuments {
  const spelled = documents.map((ids) => vocabulary.spell(ids).ids);
  const offsets = new Int32Array(spelled.length + 1);
  spelled.forEach((ids, at) => {
    offsets[at + 1] = offsets[at]! + ids.length;
  });
  const ids = new Uint32Array(offsets[spelled.length]!);
  spelled.forEach((one, at) => {
    ids.set(one, offsets[at]!);
  });
  return { ids, offsets };
}

function bytesOf(documents: SampledIds, { file }: LoadedTokenizer): number {
  return documents.reduce((sum, ids) => sum + ids.reduce((bytes, id) => bytes + bytesAt(file.definition.tokens, id).length, 0), 0);
}

/** One text a file or folder named, of its first documents. */
async function thirdTexts(third: readonly string[], tokenizer: LoadedTokenizer, vocabulary: ProxyVocabulary, signal: AbortSignal): Promise<ProxyText[]> {
  const texts: ProxyText[] = [];
  for (const name of third) {
    const documents: Uint32Array[] = [];
    let bytes = 0;
    for (const input of await textInputs([name], { txt: 'file', textField: 'text' })) {
      for await (const batch of readTexts(input, signal)) {
        if (bytes >= THIRD_BYTES) break;
        const text = batch.columns.text!;
        if (text.kind !== 'utf8') continue;
        const decoder = new TextDecoder();
        for (let row = 0; row < batch.rows && bytes < THIRD_BYTES; row++) {
          const whole = bytesAt(text, row);
          const part = decoder.decode(whole.subarray(0, THIRD_BYTES - bytes)).replace(/\ufffd$/, '');
          const { tokens } = await native.bpeEncode(tokenizer.handle, utf8Column([part]), { parseSpecial: false, eos: null, bos: null });
          if (tokens.values.length === 0) continue;
          documents.push(Uint32Array.from(tokens.values as Uint16Array));
          bytes += Buffer.byteLength(part);
        }
      }
    }
    if (documents.length === 0) throw new RefineError('ERR_REFINE_INPUT', 'holds no text to compare on. Name a file with documents', { place: name });
    texts.push({ name, ...documentsOf(documents, vocabulary), bytes });
  }
  return texts;
}

export function describeProxy({ model, steps, runs, against, limit }: ProxyFigures): string[] {
  const lines = runs.map(({ run, seed, verdict, curve, bitsPerByte, epochs }) => {
    const [, first] = curve[0]!;
    const [, last, norm] = curve.at(-1)!;
    const ended = verdict.kind === 'trained' ? '' : `; ${verdict.kind}: ${verdict.words}`;
    const scores = Object.entries(bitsPerByte).map(([name, bits]) => `${name} ${bits.toFixed(3)}`);
    return `proxy ${run} seed ${seed}: ${steps} steps, ${model.parameters} parameters, ${epochs} epochs, loss ${first.toFixed(2)} to ${last.toFixed(2)}, gradient norm ${norm.toFixed(2)}; bits a byte: ${scores.join(', ')}${ended}`;
  });
  if (against !== null) {
    const say = ({ verdict, mean, margin }: Compared): string => `${verdict} (${mean >= 0 ? '+' : ''}${mean.toFixed(4)} +- ${margin.toFixed(4)} bits a byte)`;
    lines.push(
      `proxy against ${against.run}: ${say(against)}; ${Object.entries(against.texts)
        .map(([name, one]) => `${name}: ${say(one)}`)
        .join('; ')}`,
    );
    lines.push(`rule: ${against.rule}`);
  }
  return [...lines, limit];
}
