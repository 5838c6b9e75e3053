// From the manifest's executor block to what an array of Slurm asks for. A job that runs several steps takes the most of each: cores,
// memory, time, each generic resource; partitions must agree. Order of options is fixed, so that a golden file can hold them.
import { RefineError } from '../../../native/errors.js';
import { WORKER_BYTES } from '../../platform.js';
import type { Resources } from '../engine.js';
import type { ExecutorWritten, SlurmWritten } from '../settings-schema.js';

const MIB = 1024 * 1024;
/** Beside its workers: the process that feeds them, and what the system counts as theirs. */
const OWN_BYTES = 512 * MIB;

type OfJob = Pick<SlurmWritten, 'cpus' | 'memory' | 'time' | 'partition' | 'gres' | 'extra'>;

export function slurmResources(block: ExecutorWritten, steps: readonly string[], workerBytes = WORKER_BYTES): Resources {
  const slurm = block.slurm ?? {};
  const own = steps.flatMap((step) => {
    const of = Object.hasOwn(slurm.steps ?? {}, step) ? slurm.steps![step] : undefined;
    return of === undefined ? [] : [{ step, of }];
  });
  const all: readonly OfJob[] = [slurm, ...own.map(({ of }) => of)];
  const most = (pick: (of: OfJob) => number | undefined): number | undefined =>
    all.map(pick).reduce((a, b) => (a === undefined ? b : b === undefined ? a : Math.max(a, b)));
  const cpus = most(({ cpus }) => cpus) ?? block.workers ?? 1;
  const workers = block.workers ?? cpus;
  const timeMs = most(({ time }) => time);
  const gres = mergeGres(all.flatMap(({ gres }) => (gres === undefined ? [] : [gres])));
  const partition = partitionOf(own) ?? slurm.partition;
  return {
    cpus,
    memoryBytes: most(({ memory }) => memory) ?? Math.ceil(workers * workerBytes * 1.25) + OWN_BYTES,
    ...(timeMs === undefined ? {} : { timeMs }),
    gpus: gres.filter(({ name }) => name === 'gpu').reduce((sum, { count }) => sum + count, 0),
    extra: [
      ...(partition === undefined ? [] : [`--partition=${partition}`]),
      ...(slurm.account === undefined ? [] : [`--account=${slurm.account}`]),
      ...(slurm.qos === undefined ? [] : [`--qos=${slurm.qos}`]),
      ...(gres.length === 0 ? [] : [`--gres=${gres.map(({ name, kind, count }) => `${name}${kind === '' ? '' : `:${kind}`}:${count}`).join(',')}`]),
      slurm.requeue === false ? '--no-requeue' : '--requeue',
      ...all.flatMap(({ extra }) => extra ?? []),
    ],
  };
}

function partitionOf(own: readonly { readonly step: string; readonly of: OfJob }[]): string | undefined {
  const asked = own.filter(({ of }) => of.partition !== undefined);
  const other = asked.find(({ of }) => of.partition !== asked[0]!.of.partition);
  if (other !== undefined)
    throw new RefineError(
      'ERR_REFINE_MANIFEST',
      `${asked[0]!.step} wants ${asked[0]!.of.partition}, ${other.step} wants ${other.of.partition}, and one job runs both; expected one partition. Give them the same, or put a barrier between them.`,
      { place: 'executor.slurm.steps' },
    );
  return asked[0]?.of.partition;
}

function mergeGres(texts: readonly string[]): { name: string; kind: string; count: number }[] {
  const most = new Map<string, { name: string; kind: string; count: number }>();
  for (const text of texts.flatMap((one) => one.split(','))) {
    const parts = text.split(':');
    const last = parts.at(-1)!;
    const counted = parts.length > 1 && /^\d+$/.test(last);
    const [name, kind = ''] = counted ? parts.slice(0, -1) : parts;
    const count = counted ? Number(last) : 1;
    const key = `${name}:${kind}`;
    most.set(key, { name: name!, kind, count: Math.max(count, most.get(key)?.count ?? 0) });
  }
  return [...most.values()].sort((a, b) => (`${a.name}:${a.kind}` < `${b.name}:${b.kind}` ? -1 : 1));
}
