// From a manifest's executor block to what a run is started with: worker processes here, or a cluster's engine.
import { packagePath } from '../../native/package-root.js';
import { type CudaState, neuralSteps } from '../device.js';
import { segmentsOf } from '../segments.js';
import type { RunOptions } from '../runner.js';
import type { TaskSpec } from '../tasks.js';
import type { Manifest } from '../types.js';
import { ClusterExecutor } from './cluster.js';
import type { ClusterChain, ClusterSettings, StepsOf } from './cluster-world.js';
import type { Engine } from './engine.js';
import { liveJobs, refuseLiveJobs } from './live-jobs.js';
import { askPatiently, patienceOf, type Waiting } from './patience.js';
import type { ExecutorName, ExecutorWritten } from './settings-schema.js';
import { SlurmEngine } from './slurm/engine.js';
import { slurmResources } from './slurm/resources.js';

/** What a run is given so that its tasks go where the block says. */
export type RunPlace = Pick<RunOptions, 'executor' | 'engineJobs' | 'workers' | 'cuda' | 'stallMs'>;

export interface ClusterPlace {
  readonly engine: Engine;
  readonly settings: ClusterSettings;
}

const STOP_BEFORE_MS = 60_000;
const POLL_MS = 15_000;
const SETTLE_MS = 70_000;
/** Of the time between the signal and the end, what running tasks get. */
const GRACE_SHARE = 0.75;

/** Program and first arguments of this very `refine`. */
export function refineCommand(): readonly string[] {
  return [process.execPath, packagePath('pipeline', 'cli', 'refine.mjs')];
}

export function executorOf(asked: ExecutorName | undefined, block: ExecutorWritten): ExecutorName {
  return asked ?? block.kind ?? 'local';
}

/** Throws RefineError ERR_REFINE_ENGINE where Slurm refuses; EngineSilent where it does not answer, at once if nobody waits. */
export async function openSlurm(block: ExecutorWritten, waiting?: Waiting): Promise<ClusterPlace> {
  const slurm = block.slurm ?? {};
  const stopBefore = slurm['stop-before'] ?? STOP_BEFORE_MS;
  const pollMs = slurm.poll ?? POLL_MS;
  const open = async (): Promise<SlurmEngine> => await SlurmEngine.open(stopBefore);
  return {
    engine: waiting === undefined ? await open() : await askPatiently(open, patienceOf(waiting, pollMs)),
    settings: {
      ...(block['tasks-per-element'] === undefined ? {} : { tasksPerElement: block['tasks-per-element'] }),
      maxQueued: slurm['max-queued'] ?? Infinity,
      pollMs,
      settleMs: slurm.settle ?? SETTLE_MS,
      graceMs: Math.floor(stopBefore * GRACE_SHARE),
      resources: (steps) => slurmResources(block, steps),
      workers: ({ cpus }) => block.workers ?? cpus,
    },
  };
}

export interface ClusterRun {
  readonly block: ExecutorWritten;
  readonly waiting: Waiting;
  readonly chain?: ClusterChain;
}

/** Worker processes of this machine, in a folder where no engine's jobs are alive. */
export function localPlace(block: ExecutorWritten): RunPlace {
  return {
    engineJobs: {
      async busy(folder) {
        await refuseLiveJobs(folder, block);
        return false;
      },
    },
    ...(block.workers === undefined ? {} : { workers: block.workers }),
    ...(block.stall === undefined ? {} : { stallMs: block.stall }),
  };
}

export function clusterPlace(manifest: Manifest, { engine, settings }: ClusterPlace, run: ClusterRun): RunPlace {
  const { block, waiting, chain } = run;
  const { notice } = waiting;
  const patience = patienceOf(waiting, settings.pollMs);
  const world = { engine, settings, stepsOf: stepsOf(manifest), refine: refineCommand(), notice, ...(chain === undefined ? {} : { chain }) };
  const own = engine.chains?.ownJob() ?? null;
  return {
    executor: (context, _gate, events) => new ClusterExecutor(world, context, events),
    engineJobs: {
      async busy(folder) {
        await refuseLiveJobs(folder, block, engine);
        return (await askPatiently(() => liveJobs(folder, engine), patience)).length > 0;
      },
      ...(own === null
        ? {}
        : {
            job: {
              job: `${engine.name}:${own}`,
              async alive(other) {
                const [name, id] = other.split(':');
                if (name !== engine.name || id === undefined) return true; // another engine's: it cannot be asked
                const states = (await askPatiently(() => engine.states([id]), patience)).get(id);
                return [...(states?.values() ?? [])].some(({ state }) => state === 'waiting' || state === 'running');
              },
            },
          }),
    },
    ...(block.stall === undefined ? {} : { stallMs: block.stall }),
    ...(block['gpu-kernels'] === undefined ? {} : { cuda: { usable: true, name: "the nodes' GPUs", path: block['gpu-kernels'] } satisfies CudaState }),
  };
}

/** The names of the steps that a task runs: a job's resources are the union of theirs. */
export function stepsOf(manifest: Manifest): StepsOf {
  const segments = segmentsOf(manifest.steps);
  const neural = new Set(neuralSteps(manifest.steps));
  const names = (spec: TaskSpec): string[] => {
    switch (spec.kind) {
      case 'map': {
        const { stages, barriers } = segments[spec.segment]!;
        return [...stages, ...barriers].map(({ name }) => name);
      }
      case 'phase':
      case 'rank':
        return [spec.step];
      case 'finalize':
        return [];
    }
  };
  return (spec) => {
    const steps = names(spec);
    return { steps, gpu: steps.some((step) => neural.has(step)) };
  };
}
