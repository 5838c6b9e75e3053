// Goldens of tiny random models by HuggingFace transformers (infra/model/goldens.py), and the folders they describe, made again
// from the counter-based generator. Encoders have `hidden`, `pooled` and `scores` in place of `losses` and `logits`.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../native/package-root.js';
import { randomIds } from '../../stages/contract/weights/random-weights.js';
import { randomModelFolder } from './model-folder.js';

export interface GoldenCase {
  readonly length: number;
  /** Nats of tokens 1 to length - 1. */
  readonly losses?: readonly number[];
  /** (position, id, value). */
  readonly logits?: readonly (readonly [number, number, number])[];
  /** (position, channel, value) of the last block's output. */
  readonly hidden?: readonly (readonly [number, number, number])[];
  readonly pooled?: readonly number[];
  readonly scores?: readonly number[];
}

export interface ModelGolden {
  readonly name: string;
  readonly seed: number;
  readonly leastId: number;
  readonly config: Readonly<Record<string, unknown>> & { readonly model_type: string; readonly vocab_size: number };
  readonly tensors: readonly (readonly [string, readonly number[]])[];
  readonly cases: readonly GoldenCase[];
}

const folder = join(packageRoot, 'tests', 'fixtures', 'model', 'goldens');

export function modelGoldens(): readonly ModelGolden[] {
  return readdirSync(folder)
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as ModelGolden);
}

export const isEncoder = (golden: ModelGolden): boolean => golden.cases[0]!.hidden !== undefined;

/** Writes the golden's model into `place`, which must not exist. */
export function goldenFolder(golden: ModelGolden, place: string, maxShard?: number): string {
  return randomModelFolder(place, golden.config, golden.tensors, golden.seed, maxShard);
}

export function goldenIds(golden: ModelGolden, length: number): Uint32Array {
  return randomIds(golden.seed, `${golden.name}/ids/${length}`, length, golden.leastId, golden.config.vocab_size);
}

/** The greatest difference over the larger of the golden number and the golden numbers' root mean square. */
export function relativeError(found: ArrayLike<number>, golden: readonly number[]): number {
  const rms = Math.sqrt(golden.reduce((sum, one) => sum + one * one, 0) / Math.max(1, golden.length));
  let worst = 0;
  for (const [at, value] of golden.entries()) {
    const off = Math.abs(found[at]! - value) / Math.max(Math.abs(value), rms);
    worst = off <= worst ? worst : off; // a NaN wins
  }
  return worst;
}

/** A real decoder's: greedy text and seeded ids, with their losses and logits. */
export interface StoriesCase extends GoldenCase {
  readonly ids: readonly number[];
}
export function storiesGolden(): readonly StoriesCase[] {
  const path = join(packageRoot, 'tests', 'fixtures', 'model', 'stories-losses.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { readonly cases: readonly StoriesCase[] }).cases;
}
