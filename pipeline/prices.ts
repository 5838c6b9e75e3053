// A price file and what a plan costs by it. The prices are the user's: nothing here knows one, and a file that calls itself an
// example is called one wherever a sum of it is shown. Invariant: a key that is absent adds nothing and is named as left out.
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { RefineError } from '../native/errors.js';
import { diskError } from './atomic-file.js';
import type { RunEstimate } from './plan-model.js';
import { exactly, type Spread, sum, times } from './plan-spread.js';

const price = z.number().min(0);
const rented = z.strictObject({ 'on-demand': price.optional(), spot: price.optional() });

const SCHEMA = z.strictObject({
  format: z.literal(1),
  name: z.string(),
  date: z.union([z.string(), z.date()]).transform((date) => (typeof date === 'string' ? date : date.toISOString().slice(0, 10))),
  example: z.boolean().optional(),
  currency: z.string(),
  'core-hour': rented,
  'gpu-hour': rented.optional(),
  'storage-gb-month': price.optional(),
  'scratch-gb-month': price.optional(),
  'ingress-gb': price.optional(),
  'egress-gb': price.optional(),
  'requests-per-1000': z.strictObject({ get: price.optional(), put: price.optional() }).optional(),
});

export type Prices = z.output<typeof SCHEMA>;

export async function readPrices(path: string): Promise<Prices> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT')
      throw new RefineError('ERR_REFINE_USAGE', 'does not exist, expected a price file. infra/prices/example.yaml is one to copy', { place: path, cause });
    throw diskError(cause, path, 'read the price file');
  });
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    throw new RefineError('ERR_REFINE_USAGE', `is no YAML (${(cause as Error).message.split('\n')[0]}). infra/prices/example.yaml is a price file to copy`, {
      place: path,
      cause,
    });
  }
  const parsed = SCHEMA.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new RefineError('ERR_REFINE_USAGE', `${issue!.path.join('.') || 'the file'}: ${issue!.message}. infra/prices/example.yaml names every key`, {
    place: path,
  });
}

export interface Transfer {
  /** Bytes of inputs that lie elsewhere. */
  readonly ingressBytes: number;
  /** Of them, or of results, what is charged as leaving a provider. */
  readonly egressBytes: number;
  readonly gets: number;
  readonly puts: number;
}

export interface CostLine {
  readonly what: string;
  readonly cost: Spread;
}

export interface Cost {
  readonly currency: string;
  readonly prices: string;
  readonly example: boolean;
  readonly lines: readonly CostLine[];
  /** Machines on demand, and taken from spot offers; null where the file has no such price. */
  readonly onDemand: Spread | null;
  readonly spot: Spread | null;
  /** What was not reckoned with, and why. */
  readonly without: readonly string[];
}

const GB = 1e9;
const MONTH_SECONDS = 30 * 24 * 3600;

/** `gpuHours`: null where the run needs a GPU and nobody has measured one, 0 where it needs none. */
export function costOf(estimate: RunEstimate, transfer: Transfer, gpuHours: number | null, prices: Prices): Cost {
  const hours = times(estimate.seconds, estimate.workers / 3600);
  const { finalBytes, peakBytes } = estimate.disk;
  const without: string[] = [];
  const rest: CostLine[] = [];
  const add = (what: string, each: number | undefined, amount: Spread): void => {
    if (each === undefined) without.push(`${what} (no price)`);
    else rest.push({ what, cost: times(amount, each) });
  };
  add('final shards, first month', prices['storage-gb-month'], times(finalBytes, 1 / GB));
  add('scratch while it runs', prices['scratch-gb-month'], times(times(peakBytes, estimate.seconds), 1 / GB / MONTH_SECONDS));
  if (transfer.ingressBytes > 0) add('ingress', prices['ingress-gb'], exactly(transfer.ingressBytes / GB));
  if (transfer.egressBytes > 0) add('egress', prices['egress-gb'], exactly(transfer.egressBytes / GB));
  if (transfer.gets > 0) add('requests, get', prices['requests-per-1000']?.get, exactly(transfer.gets / 1000));
  if (transfer.puts > 0) add('requests, put', prices['requests-per-1000']?.put, exactly(transfer.puts / 1000));
  if (gpuHours === null) without.push('GPU hours (not measured)');
  const rent = (kind: 'on-demand' | 'spot'): CostLine | null => {
    const core = prices['core-hour'][kind];
    return core === undefined ? null : { what: `core hours, ${kind}`, cost: times(hours, core) };
  };
  const others = sum(...rest.map(({ cost }) => cost));
  const [demand, spot] = [rent('on-demand'), rent('spot')];
  return {
    currency: prices.currency,
    prices: `${prices.name}, ${prices.date}`,
    example: prices.example ?? false,
    lines: [...[demand, spot].filter((line) => line !== null), ...rest],
    onDemand: demand === null ? null : sum(demand.cost, others),
    spot: spot === null ? null : sum(spot.cost, others),
    without,
  };
}
