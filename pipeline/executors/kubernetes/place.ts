// From a manifest's executor block to Kubernetes: the engine, and what an element of an array asks for. An element that runs several
// steps takes the most of each: cores, memory, time, GPUs.
import { RefineError } from '../../../native/errors.js';
import { WORKER_BYTES } from '../../platform.js';
import type { ClusterSettings } from '../cluster-world.js';
import type { Resources } from '../engine.js';
import { askPatiently, patienceOf, type Waiting } from '../patience.js';
import type { ExecutorWritten } from '../settings-schema.js';
import { KubernetesEngine } from './kubernetes-engine.js';
import type { KubernetesOptions } from './options.js';

const POLL_MS = 15_000;
/** Attribute caches of network file systems: what NFS does by default, and a little more. */
const SETTLE_MS = 70_000;
/** Of the time between SIGTERM and SIGKILL, what running tasks get. */
const GRACE_SHARE = 0.75;
/** Beside its workers: the process that feeds them, and what the system counts as theirs. */
const OWN_BYTES = 512 * 1024 * 1024;

export function kubernetesOptions(block: ExecutorWritten): KubernetesOptions {
  if (block.kubernetes !== undefined) return block.kubernetes;
  throw new RefineError(
    'ERR_REFINE_MANIFEST',
    'is absent, expected at least `kubernetes: { image: NAME }`. Add it to the manifest or to a profile (--profile).',
    {
      place: 'executor.kubernetes',
    },
  );
}

export function kubernetesResources(block: ExecutorWritten, steps: readonly string[], workerBytes = WORKER_BYTES): Resources {
  const options = kubernetesOptions(block);
  const own = steps.flatMap((step) => (Object.hasOwn(options.steps ?? {}, step) ? [{ step, of: options.steps![step]! }] : []));
  const all = [options, ...own.map(({ of }) => of)];
  const most = (values: readonly (number | undefined)[]): number | undefined => {
    const given = values.filter((value) => value !== undefined);
    return given.length === 0 ? undefined : Math.max(...given);
  };
  const cpus = most(all.map((of) => of.cpus)) ?? block.workers ?? 1;
  const workers = block.workers ?? cpus;
  const timeMs = most(all.map((of) => of.time));
  const kinds = own.filter(({ of }) => of['gpu-kind'] !== undefined);
  const other = kinds.find(({ of }) => of['gpu-kind'] !== kinds[0]!.of['gpu-kind']);
  if (other !== undefined)
    throw new RefineError(
      'ERR_REFINE_MANIFEST',
      `${kinds[0]!.step} wants ${kinds[0]!.of['gpu-kind']}, ${other.step} wants ${other.of['gpu-kind']}, and one pod runs both; expected one kind of GPU. Give them the same, or put a barrier between them.`,
      { place: 'executor.kubernetes.steps' },
    );
  return {
    cpus,
    memoryBytes: most(all.map((of) => of.memory)) ?? Math.ceil(workers * workerBytes * 1.25) + OWN_BYTES,
    ...(timeMs === undefined ? {} : { timeMs }),
    gpus: most(own.map(({ of }) => of.gpus)) ?? 0,
    ...(kinds.length === 0 ? {} : { gpuKind: kinds[0]!.of['gpu-kind']! }),
    extra: [],
  };
}

/** Throws RefineError ERR_REFINE_ENGINE where kubectl or the API server refuses; EngineSilent where nothing answers for as long as is waited. */
export async function openKubernetes(
  block: ExecutorWritten,
  waiting: Waiting,
): Promise<{ readonly engine: KubernetesEngine; readonly settings: ClusterSettings }> {
  const options = kubernetesOptions(block);
  const engine = new KubernetesEngine(options);
  const pollMs = options.poll ?? POLL_MS;
  await askPatiently(async () => await engine.find('refine'), patienceOf(waiting, pollMs)); // no such Job: whether it is answered
  return {
    engine,
    settings: {
      ...(block['tasks-per-element'] === undefined ? {} : { tasksPerElement: block['tasks-per-element'] }),
      maxQueued: Number.POSITIVE_INFINITY, // pods are bounded by the Job's parallelism
      pollMs,
      settleMs: options.settle ?? SETTLE_MS,
      graceMs: Math.floor(options.grace * GRACE_SHARE),
      resources: (steps) => kubernetesResources(block, steps),
      workers: ({ cpus }) => block.workers ?? cpus,
    },
  };
}
