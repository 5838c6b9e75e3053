// What a cluster must do for a run: take an array of like jobs, say what became of each, cancel. Slurm and Kubernetes are engines and
// nothing more: what is to be done, what is done and what is tried again is the ClusterExecutor's, and the ledger tells the truth.
// Invariant: an engine passes on words as words; no text of a manifest and no path is ever read by a shell.

import { RefineError } from '../../native/errors.js';

/** The engine does not answer: another time it may. */
export class EngineSilent extends RefineError {
  constructor(engine: string, message: string) {
    super('ERR_REFINE_ENGINE', message, { place: engine });
  }
}

/** What an element may use. Units in the names; absent: the engine's (partition's) default. */
export interface Resources {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly timeMs?: number;
  readonly gpus: number;
  /** Kind of GPU where one is asked for, such as h100; the engine's word. */
  readonly gpuKind?: string;
  /** The engine's own words, passed as they are: sbatch's options, or nothing where the engine has none. */
  readonly extra: readonly string[];
}

export interface ArrayJob {
  /** Letters, digits and "-", unique: for people, for the engine's lists and for `find`. */
  readonly name: string;
  /** The run folder and this array's own folder below it (absolute): logs and the engine's files stand there. */
  readonly runFolder: string;
  readonly folder: string;
  /** Program and arguments of an element; its index comes from the engine's variable (node-worker.ts). */
  readonly command: readonly string[];
  /** 1 and `single`: a job of its own, not an array. */
  readonly elements: number;
  readonly single?: boolean;
  readonly resources: Resources;
  /** Jobs that must have ended, however they ended. Only engines with `chains`. */
  readonly after?: readonly string[];
}

/**
 * - waiting: queued, or about to run again
 * - running
 * - done: ended with exit code 0
 * - failed: ended by itself with another code, or by a signal
 * - memory: killed for its memory
 * - time: killed at its time limit
 * - taken: ended by the cluster, not by its own doing: preempted, its node failed
 * - cancelled: by a person, who wants it ended
 * - unknown: ended, and the engine does not say how
 */
export type ElementState = 'waiting' | 'running' | 'done' | 'failed' | 'memory' | 'time' | 'taken' | 'cancelled' | 'unknown';

export interface Element {
  readonly state: ElementState;
  /** Engine's words: NODE_FAIL, OOMKilled, exit code 1. */
  readonly reason?: string;
  readonly node?: string;
}

/** Elements by index; one that is absent has ended and the engine has forgotten how (`unknown`). */
export type ElementStates = ReadonlyMap<number, Element>;

export interface Engine {
  readonly name: string;
  /** Which of several clusters it is, for a later process that asks what became of its jobs: a context, a namespace. Absent: there is one. */
  readonly where?: Readonly<Record<string, string>>;
  /** Elements an array may have. */
  readonly maxElements: number;
  /** Elements that one user may have queued and running; Infinity where nothing is known. `submit` still may refuse (ERR_REFINE_QUEUE_FULL). */
  readonly maxQueued: number;
  /** The job's id. Throws RefineError ERR_REFINE_ENGINE, or ERR_REFINE_QUEUE_FULL where a limit on queued jobs is met: later is well. */
  submit(job: ArrayJob): Promise<string>;
  /**
   * The id of the job that was submitted under this name, or null: for a parent that died, or lost the answer, while it submitted. Names are
   * unique but for the first driver's, which each `refine submit` of a folder gives again: of several, the newest.
   */
  find(name: string): Promise<string | null>;
  /** Of every job asked for; a job that the engine has forgotten has no elements. Throws EngineSilent where the engine does not answer. */
  states(jobs: readonly string[]): Promise<ReadonlyMap<string, ElementStates>>;
  /** Asks jobs to end as a whole, gently (SIGTERM first); unknown ones are no error. */
  cancel(jobs: readonly string[]): Promise<void>;
  /** Absent where the engine knows no dependencies between jobs. */
  readonly chains?: {
    /** The job this process runs in, or null. */
    ownJob(): string | null;
    /** Makes a waiting job wait for these. */
    setAfter(job: string, after: readonly string[]): Promise<void>;
  };
}
