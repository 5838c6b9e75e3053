// Who makes tasks done: the runner computes what is missing and hands it over; where it runs (worker processes here, jobs of a
// cluster) is the executor's. Invariant: a task handed over ends as done, its ledger entry standing, or failed by name.
import type { FetchGate } from '../../stages/contract/source.js';
import type { DoneEntry } from '../ledger.js';
import type { TaskSpec, WorkerContext } from '../tasks.js';

export interface TaskFailure {
  readonly spec: TaskSpec;
  readonly code: string;
  readonly message: string;
  readonly place: string | undefined;
}

/** What an executor tells while it runs. */
export interface PoolEvents {
  progress(documents: number, bytes: number): void;
  done(spec: TaskSpec, entry: DoneEntry): void;
  failed(failure: TaskFailure): void;
  /** A worker or job died and its task is tried again. */
  retry(spec: TaskSpec, reason: string): void;
  /** A worker is handed a task; `attempt` from 1. */
  started?(spec: TaskSpec, on: StartedOn): void;
  /** What a worker holds in memory, now and then; 0 once it ended. */
  resident?(worker: number, bytes: number): void;
}

export interface StartedOn {
  /** A number that stays the worker's, from 0. */
  readonly worker: number;
  readonly pid: number | null;
  readonly host: string;
  readonly attempt: number;
}

export interface Executor {
  /** Tries every task; returns those that failed for good, by number. Stops early only on an abort or where the disk refuses. */
  run(specs: readonly TaskSpec[], signal: AbortSignal): Promise<TaskFailure[]>;
  /** Ends what is idle; nothing runs any more. */
  close(): Promise<void>;
}

/** Made once the run's context is known. */
export type MakeExecutor = (context: WorkerContext, gate: FetchGate, events: PoolEvents) => Executor;

/** What a run's parent must know of engines' jobs, wherever its own tasks run. */
export interface EngineJobs {
  /** Whether jobs of an earlier parent may write into the folder now. */
  busy(folder: string): Promise<boolean>;
  /** The job this parent runs in, where it runs in one. */
  readonly job?: ParentJob;
}

/** A parent that runs in a job: it may die on a node that nobody can ask, so its lock names the job, which the engine knows. */
export interface ParentJob {
  /** `slurm:17`. */
  readonly job: string;
  /** Whether another parent's job may still run. */
  alive(job: string): Promise<boolean>;
}
