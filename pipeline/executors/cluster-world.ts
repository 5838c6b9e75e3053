// What the ClusterExecutor is given: an engine and its settings, what runs in a task, and the clock, ledger and files as it sees them.
import { setTimeout as sleep } from 'node:timers/promises';
import { Ledger } from '../ledger.js';
import type { TaskSpec } from '../tasks.js';
import { lastWords } from './cluster-array.js';
import type { Engine, Resources } from './engine.js';
import { JobsLog } from './jobs-log.js';
import { removeLevel, writeLevel } from './level-folder.js';

export interface ClusterSettings {
  /** Tasks of one job; absent: so many that a level has at most ELEMENTS_WANTED jobs. */
  readonly tasksPerElement?: number;
  /** Elements queued and running at once. */
  readonly maxQueued: number;
  /** The slowest pace of asking ledger and engine, milliseconds. */
  readonly pollMs: number;
  /** How long a ledger entry may take to be seen here once its job ended well: attribute caches of network file systems. */
  readonly settleMs: number;
  /** After a signal to stop, an element's running tasks may go on so long. */
  readonly graceMs: number;
  /** What an element may use that runs these steps. */
  resources(steps: readonly string[]): Resources;
  /** Worker processes of an element. */
  workers(resources: Resources): number;
}

/** What runs in a task: names of steps, for their resources; whether it computes on a GPU. */
export type StepsOf = (spec: TaskSpec) => { readonly steps: readonly string[]; readonly gpu: boolean };

/** For a run that lives in no process: what is submitted goes on alone, and a driver job comes after it. */
export interface ClusterChain {
  /** How long this driver waits for jobs itself. */
  readonly stayMs: number;
  /** Lets the next driver wait for these jobs. */
  handOver(jobs: readonly string[]): Promise<void>;
}

export interface ClusterWorld {
  readonly engine: Engine;
  readonly settings: ClusterSettings;
  readonly stepsOf: StepsOf;
  /** Program and first arguments of `refine`. */
  readonly refine: readonly string[];
  readonly notice: (sentence: string) => void;
  readonly chain?: ClusterChain;
}

/** Clock, ledger and files as the executor sees them: the real ones, or a simulation's. */
export interface ClusterOutside {
  /** Milliseconds. */
  now(): number;
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  readonly ledger: Pick<Ledger, 'tasks' | 'done' | 'failed' | 'forgetFailure' | 'put'>;
  readonly log: Pick<JobsLog, 'add' | 'records'>;
  readonly levels: { readonly write: typeof writeLevel; readonly remove: typeof removeLevel; readonly lastWords: typeof lastWords };
}

export function realOutside(runFolder: string): ClusterOutside {
  return {
    now: () => performance.now(),
    sleep: async (milliseconds, signal) => await sleep(milliseconds, undefined, signal === undefined ? {} : { signal }),
    ledger: new Ledger(runFolder),
    log: new JobsLog(runFolder),
    levels: { write: writeLevel, remove: removeLevel, lastWords },
  };
}

/** Thrown out of a run whose jobs go on without this process. */
export class HandedOver extends Error {
  constructor(readonly jobs: readonly string[]) {
    super(`handed over to ${jobs.length} jobs`);
  }
}
