// Where a stream stands: {seed, epoch, sample, geometry}. `sample` counts samples of this epoch already given over all
// ranks; `geometry` names what the samples are cut from, so a state is refused where it would mean other samples.
// World size and batch size are no part of it: any rank of any world size resumes from it.
import { createHash } from 'node:crypto';
import { RefineError } from '../../native/errors.js';
import type { PackingName } from './packing.js';
import type { TokenIndex } from './token-index.js';

export interface LoaderState {
  readonly seed: bigint;
  readonly epoch: number;
  readonly sample: number;
  readonly geometry: string;
}

/** 16 hex digits of a sha256 over shards, sequence length and packing. */
export function geometryOf(index: TokenIndex, seqLen: number, packing: PackingName): string {
  const shards = index.shards.map(({ tokens, rows, sha256 }) => [tokens, rows, sha256]);
  return createHash('sha256')
    .update(JSON.stringify(['refine-geometry/1', seqLen, packing, shards]))
    .digest('hex')
    .slice(0, 16);
}

/** Seeds past 2^53 are written as strings, so every JSON reader keeps them. */
export function formatState(state: LoaderState): string {
  const safe = state.seed >= -(2n ** 53n) && state.seed <= 2n ** 53n;
  return JSON.stringify({ seed: safe ? Number(state.seed) : String(state.seed), epoch: state.epoch, sample: state.sample, geometry: state.geometry });
}

export function parseState(text: string): LoaderState {
  const refuse = (found: string): never => {
    throw new RefineError(
      'ERR_REFINE_USAGE',
      `${found}. Expected the "refine.state" of a batch, such as {"seed":1,"epoch":0,"sample":64,"geometry":"0123456789abcdef"}, or @FILE that holds it`,
      {
        place: '--resume',
      },
    );
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse(`${JSON.stringify(text.slice(0, 80))} is not JSON`);
  }
  if (typeof value !== 'object' || value === null) return refuse('the state is not an object');
  const { seed, epoch, sample, geometry } = value as Record<string, unknown>;
  const seedText = typeof seed === 'number' && Number.isInteger(seed) ? BigInt(seed).toString() : seed;
  if (typeof seedText !== 'string' || !/^-?\d+$/.test(seedText)) return refuse(`the state's seed is ${JSON.stringify(seed)}`);
  const isCount = (count: unknown): count is number => Number.isSafeInteger(count) && (count as number) >= 0;
  if (!isCount(epoch)) return refuse(`the state's epoch is ${JSON.stringify(epoch)}`);
  if (!isCount(sample)) return refuse(`the state's sample is ${JSON.stringify(sample)}`);
  if (typeof geometry !== 'string') return refuse(`the state's geometry is ${JSON.stringify(geometry)}`);
  return { seed: BigInt(seedText), epoch, sample, geometry };
}
