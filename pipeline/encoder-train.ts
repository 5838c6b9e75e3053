// `refine train-classifier --encoder`: labelled texts to a small BERT with a classification head, learnt from nothing on the CPU, or
// to a small decoder of ours that goes on from its weights with such a head,
// as a HuggingFace folder (BertForSequenceClassification), and how well it tells texts apart that it never saw.
// Invariant: the same texts in the same order and the same options give the same files, whatever `threads` is.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { native, packagePath, RefineError, type TrainerHandle, type TrainerOptions } from '../native/index.js';
import { bertConfig } from '../native/model-shapes.js';
import { WindowOrder } from '../native/train-windows.js';
import type { ModelPlan } from '../stages/contract/weights/plan.js';
import { randomWords } from '../stages/contract/weights/random-weights.js';
import { readModelFolder } from '../stages/contract/weights/read-model-folder.js';
import { type Scores, scoresOf } from './classifier-scores.js';
import { type EncoderFile, encoderFiles, type EncoderStorage, type Json, storedWeights } from './encoder-folder.js';
import { type SplitRequest, splitExamples } from './labelled-split.js';
import { type Example, exampleColumns, type Skips } from './labelled-texts.js';
import { loadTokenizer } from './tokenizers.js';

export interface EncoderShape {
  readonly channels: number;
  readonly layers: number;
  readonly heads: number;
  /** Tokens read of a text, the ones around it included. */
  readonly maxLength: number;
}

export interface EncoderRequest extends SplitRequest {
  /** null: reference-small's. */
  readonly tokenizer: string | null;
  /** A model folder of the same vocabulary and channels, whose embeddings the training begins at; null: from the seed. */
  readonly embeddings: string | null;
  /** A folder of a Falcon block, such as reference-small, whose tokenizer, shape and weights the training goes on from; its head reads the
   * mean of all positions. null: a BERT of `shape`. */
  readonly base: string | null;
  /** Of a text that is longer than --max-length, so many windows: a pass learns the next one, and scores are their mean by tokens. */
  readonly windows: number;
  readonly shape: EncoderShape;
  readonly epochs: number;
  readonly rate: number;
  readonly decay: number;
  /** Texts a step. */
  readonly batch: number;
  /** Share of tokens that are replaced while learning, so that no single word decides. */
  readonly noise: number;
  readonly seed: number;
  readonly threads: number;
  readonly storage: EncoderStorage;
  /** The label with the last number: of two, the one whose probability is the score of the step `classify`. null: the last by name. */
  readonly positive: string | null;
  readonly maxBytes: number;
}

export interface TrainedEncoder {
  readonly files: readonly EncoderFile[];
  /** As asked, or the base's. */
  readonly shape: EncoderShape;
  readonly labels: readonly string[];
  readonly examples: number;
  readonly tokens: number;
  readonly parameters: number;
  /** Mean loss of the first and the last epoch. */
  readonly losses: readonly number[];
  readonly skips: Skips;
  /** Of the weights as they are stored, on the held-out examples. */
  readonly scores: Scores;
}

const MAX_LABELS = 1000;
const SLICES = 8;
const EVALUATED = 64; // texts a call

interface Encoded {
  /** Windows of a text, one behind another. */
  readonly ids: readonly Uint32Array[];
  readonly label: number;
}

export async function trainEncoder(request: EncoderRequest, signal: AbortSignal, progress: (words: string) => void): Promise<TrainedEncoder> {
  const { shape, seed } = request;
  const base = request.base === null ? null : await readBase(request.base);
  const tokenizer = loadTokenizer(request.tokenizer ?? request.base ?? packagePath('stages', 'perplexity', 'models', 'reference-small'), process.cwd());
  const files = encoderFiles(tokenizer);
  const room = shape.maxLength - files.before.length - files.after.length;
  if (room < 1)
    throw new RefineError('ERR_REFINE_USAGE', `${shape.maxLength} tokens leave no room for a text. Raise --max-length`, { place: 'train-classifier' });
  const names: string[] = [];
  const numbers = new Map<string, number>();
  const learn: Encoded[] = [];
  let bytes = 0;
  const encode = async (examples: readonly Example[]): Promise<Uint32Array[][]> => {
    const maxTokens = room * request.windows;
    const { tokens } = await native.bpeEncode(tokenizer.handle, exampleColumns(examples).text, { parseSpecial: true, eos: null, bos: null, maxTokens });
    return examples.map((_, row) => {
      const windows: Uint32Array[] = [];
      const stop = tokens.offsets[row + 1]!;
      let from = tokens.offsets[row]!;
      do {
        windows.push(Uint32Array.from([...files.before, ...(tokens.values.subarray(from, Math.min(stop, from + room)) as Uint32Array), ...files.after]));
        from += room;
      } while (from < stop);
      return windows;
    });
  };
  const { held, skips } = await splitExamples(request, signal, progress, async (examples) => {
    const ids = await encode(examples);
    examples.forEach(({ labels }, row) => {
      if (labels.length > 1)
        throw new RefineError(
          'ERR_REFINE_INPUT',
          `a text has ${labels.length} labels (${labels.join(', ')}); an encoder's head takes one. Give one each, or use --fasttext --loss one-versus-all`,
          { place: 'train-classifier' },
        );
      const name = labels[0]!;
      if (!numbers.has(name)) {
        numbers.set(name, names.length);
        names.push(name);
      }
      learn.push({ ids: ids[row]!, label: numbers.get(name)! });
      for (const window of ids[row]!) bytes += window.byteLength + 100; // an object and a typed array's header
    });
    if (bytes > request.maxBytes)
      throw new RefineError(
        'ERR_REFINE_MEMORY',
        `the encoded examples pass ${Math.round(request.maxBytes / 2 ** 20)} MiB. Give fewer, lower --max-length, or raise --max-memory`,
      );
  });
  if (names.length < 2 || names.length > MAX_LABELS)
    throw new RefineError(
      'ERR_REFINE_INPUT',
      `the examples have ${names.length} label${names.length === 1 ? '' : 's'}; a classifier tells 2 to ${MAX_LABELS} apart`,
      { place: request.sources.join(', ') },
    );
  const order = [...names].sort(); // by name, so that the order of the texts does not number them
  if (request.positive !== null) {
    const at = order.indexOf(request.positive);
    if (at < 0)
      throw new RefineError('ERR_REFINE_USAGE', `no text has the label "${request.positive}" (they have: ${order.join(', ')})`, { place: '--positive' });
    order.push(...order.splice(at, 1));
  }
  const place = names.map((name) => order.indexOf(name));

  const steps = Math.ceil((learn.length * request.epochs) / request.batch);
  const config =
    base?.plan.config ??
    bertConfig({ vocab: tokenizer.contract.vocab_size, channels: shape.channels, layers: shape.layers, heads: shape.heads, context: shape.maxLength });
  if (tokenizer.contract.vocab_size > config.vocab || shape.maxLength > config.context)
    throw new RefineError(
      'ERR_REFINE_USAGE',
      `has ${config.vocab} ids and ${config.context} positions; the tokenizer gives ${tokenizer.contract.vocab_size} ids, --max-length asks for ${shape.maxLength}`,
      { place: '--base' },
    );
  const options: TrainerOptions = {
    goal: 'classify',
    labels: order.length,
    linearBias: base === null,
    tiedHead: true,
    rate: request.rate,
    finalShare: 0.02,
    warmup: Math.max(1, Math.round(steps / 20)),
    total: steps,
    decay: request.decay,
    betas: [0.9, 0.98],
    epsilon: 1e-8,
    clip: 1,
    slices: SLICES,
    threads: request.threads,
    seed,
  };
  const trainer = native.trainerNew(config, options);
  if (base !== null) putWeights(trainer, base);
  if (request.embeddings !== null) await putEmbeddings(trainer, request.embeddings);
  const turns = new WindowOrder(learn.length, seed);
  const word = randomWords(seed, 'noise');
  const losses: number[] = [];
  let sum = 0;
  let counted = 0;
  let tokens = 0;
  let told = Date.now();
  for (let step = 0; step < steps; step++) {
    signal.throwIfAborted();
    const batch: Encoded[] = [];
    const parts: Uint32Array[] = [];
    for (let i = 0; i < request.batch; i++) {
      const example = learn[turns.next()]!;
      batch.push(example);
      parts.push(example.ids[(turns.epochs - 1) % example.ids.length]!);
    }
    const { ids, offsets } = joined(parts);
    disturb(ids, offsets, request.noise, files.before[0]!, (i) => word(tokens + i));
    const done = await native.trainerStep(
      trainer,
      ids,
      offsets,
      Int32Array.from(batch, ({ label }) => place[label]!),
    );
    if (!done.updated)
      throw new RefineError('ERR_REFINE_INTERNAL', `the loss is no finite number at step ${step + 1}. Lower --rate`, { place: 'train-classifier' });
    tokens += ids.length;
    sum += done.loss;
    counted++;
    if (Date.now() - told >= 10_000) {
      told = Date.now();
      progress(`${Math.floor((100 * (step + 1)) / steps)} % trained, loss ${(sum / counted).toFixed(4)}`);
    }
    if (Math.floor(((step + 1) * request.batch) / learn.length) > losses.length || step + 1 === steps) {
      losses.push(sum / counted);
      progress(`epoch ${losses.length}: loss ${(sum / counted).toFixed(4)}`);
      sum = counted = 0;
    }
  }
  const stored = storedWeights(trainer, request.storage);
  const logits = new Float32Array(held.length * order.length);
  for (let from = 0; from < held.length; from += EVALUATED) {
    signal.throwIfAborted();
    const texts = await encode(held.slice(from, from + EVALUATED));
    const { ids, offsets } = joined(texts.flat());
    const found = softmax(await native.trainerEvaluate(trainer, ids, offsets), order.length);
    let window = 0;
    for (const [row, windows] of texts.entries()) {
      const whole = windows.reduce((sum, { length }) => sum + length, 0);
      for (const { length } of windows) {
        for (let k = 0; k < order.length; k++) logits[(from + row) * order.length + k]! += (found[window * order.length + k]! * length) / whole;
        window++;
      }
    }
  }
  const scores = scoresOf(
    order,
    held.map(({ labels }) => labels),
    logits,
    held.map(({ score }) => score),
  );
  const parameters = stored.reduce((total, { values }) => total + values.length, 0);
  const { channels, layers, heads } = config;
  return {
    shape: { channels, layers, heads, maxLength: shape.maxLength },
    files: files.write(config, order, stored, request.storage, base?.json ?? null),
    labels: order,
    examples: learn.length,
    tokens,
    parameters,
    losses,
    skips,
    scores,
  };
}

/** Some tokens become the one that stands for none; the first of a text, which the head reads, stays. */
function disturb(ids: Uint32Array, offsets: Int32Array, noise: number, blank: number, word: (i: number) => number): void {
  if (noise === 0) return;
  const bound = noise * 2 ** 32;
  for (let d = 0; d + 1 < offsets.length; d++) for (let i = offsets[d]! + 1; i < offsets[d + 1]!; i++) if (word(i) < bound) ids[i] = blank;
}

interface Base {
  readonly plan: ModelPlan;
  readonly json: Json;
}

async function readBase(folder: string): Promise<Base> {
  const plan = await readModelFolder(folder);
  const { modelType, config } = plan;
  const plain = config.layout === 'parallel' && !config.twoNorms && config.position === 'rotary' && config.kvHeads === 1;
  if (modelType !== 'falcon' || !plain || plan.tensors.some(({ role }) => role.endsWith('.q.bias') || role === 'head'))
    throw new RefineError(
      'ERR_REFINE_ASSET',
      "is not refine's own Falcon block (parallel, one norm, multi-query, rotary, no linear biases, tied head), such as reference-small",
      { place: folder },
    );
  return { plan, json: JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as Json };
}

/** All weights but the head's, which begins at the seed. */
function putWeights(trainer: TrainerHandle, { plan }: Base): void {
  const weights = native.weightsOpen(plan);
  for (const { role } of plan.tensors) if (!role.startsWith('classifier')) native.trainerPut(trainer, role, native.weightsRead(weights, role)!.values);
}

async function putEmbeddings(trainer: TrainerHandle, folder: string): Promise<void> {
  const plan = await readModelFolder(folder);
  const held = native.weightsRead(native.weightsOpen(plan), 'embed');
  if (held === null) throw new RefineError('ERR_REFINE_ASSET', 'has no embeddings', { place: folder });
  native.trainerPut(trainer, 'embed', held.values);
}

function joined(parts: readonly Uint32Array[]): { ids: Uint32Array; offsets: Int32Array } {
  const offsets = new Int32Array(parts.length + 1);
  parts.forEach((part, i) => {
    offsets[i + 1] = offsets[i]! + part.length;
  });
  const ids = new Uint32Array(offsets[parts.length]!);
  parts.forEach((part, i) => {
    ids.set(part, offsets[i]!);
  });
  return { ids, offsets };
}

function softmax(logits: Float32Array, width: number): Float32Array {
  const out = new Float32Array(logits.length);
  for (let row = 0; row < logits.length; row += width) {
    const most = Math.max(...logits.subarray(row, row + width));
    let total = 0;
    for (let i = row; i < row + width; i++) total += Math.exp(logits[i]! - most);
    for (let i = row; i < row + width; i++) out[i] = Math.exp(logits[i]! - most) / total;
  }
  return out;
}
