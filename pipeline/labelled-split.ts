// Labelled examples in two parts: what a classifier learns from, handed on as it comes, and what it is measured on, held in memory.
// Invariant: what is kept back follows from a text's hash alone, so equal texts never stand on both sides.
import { native, RefineError } from '../native/index.js';
import { type Example, exampleColumns, type LabelledOptions, labelledInputs, readExamples, type Skips } from './labelled-texts.js';

export interface SplitRequest extends LabelledOptions {
  readonly sources: readonly string[];
  /** Examples to measure on instead of a share of the sources; never learnt from, nor what equals one of their texts. */
  readonly test: readonly string[];
  readonly heldOut: number;
}

export interface Split {
  readonly held: readonly Example[];
  readonly skips: Skips;
  readonly documents: number;
}

/** Examples to measure on are held in memory. */
const MAX_HELD_BYTES = 256 << 20;

/** ERR_REFINE_INPUT where nothing is left to learn from. */
export async function splitExamples(
  request: SplitRequest,
  signal: AbortSignal,
  progress: (words: string) => void,
  learn: (examples: readonly Example[]) => Promise<void>,
): Promise<Split> {
  const inputs = await labelledInputs(request.sources, request);
  const skips: Skips = { 'bad-json': 0, 'no-text': 0, 'no-label': 0, 'bad-label': 0 };
  const held: Example[] = [];
  let heldBytes = 0;
  const hold = (example: Example): void => {
    held.push(example);
    heldBytes += example.text.length;
    if (heldBytes > MAX_HELD_BYTES)
      throw new RefineError('ERR_REFINE_MEMORY', `the held-out examples pass ${MAX_HELD_BYTES >> 20} MiB. Lower --held-out, or give fewer to --test`);
  };
  const tested = new Set<bigint>();
  for await (const examples of readExamples(await labelledInputs(request.test, request), request, skips, signal)) {
    const hashes = await hashesOf(examples);
    examples.forEach((example, at) => {
      if (!tested.has(hashes[at]!)) hold(example);
      tested.add(hashes[at]!);
    });
  }
  const bound = request.test.length > 0 ? 0n : BigInt(Math.floor(request.heldOut * 2 ** 53)) << 11n;
  let documents = 0;
  for await (const examples of readExamples(inputs, request, skips, signal)) {
    const hashes = await hashesOf(examples);
    const taken: Example[] = [];
    examples.forEach((example, at) => {
      if (tested.has(hashes[at]!)) return;
      if (hashes[at]! < bound) hold(example);
      else taken.push(example);
    });
    await learn(taken);
    if (Math.floor((documents + taken.length) / 100_000) > Math.floor(documents / 100_000)) progress(`${documents + taken.length} examples read`);
    documents += taken.length;
  }
  if (documents === 0) throw new RefineError('ERR_REFINE_INPUT', `no example is left to learn from (${spell(skips)})`, { place: request.sources.join(', ') });
  return { held, skips, documents };
}

export function spell(skips: Skips): string {
  const named = Object.entries(skips).filter(([, count]) => count > 0);
  return named.length === 0 ? 'no line was left out' : `left out: ${named.map(([reason, count]) => `${reason} ${count}`).join(', ')}`;
}

async function hashesOf(examples: readonly Example[]): Promise<bigint[]> {
  const hashes = await native.contentHash(exampleColumns(examples).text, 'none'); // (rows, 2)
  return examples.map((_, at) => hashes[2 * at]!);
}
