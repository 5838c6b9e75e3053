// An engine in this process that starts `refine worker` for real, and ends elements the way clusters do: killed, lost without a word,
// at a limit. It knows no ledger; what it says of an element may be wrong on purpose.
import { type ChildProcess, spawn } from 'node:child_process';
import { RefineError } from '../../native/errors.js';
import type { ClusterSettings } from '../../pipeline/executors/cluster-world.js';
import type { ArrayJob, Element, ElementStates, Engine } from '../../pipeline/executors/engine.js';

/** What happens to an element instead of running to its end. */
export type Mishap =
  | 'kill' // SIGKILL once it runs
  | 'forget' // never started; the engine knows nothing of it
  | 'lie' // runs to its end and is reported as a failed node
  | 'time' // never started; reported at its time limit
  | 'preempt'; // killed, and reported as preempted

export interface FakeSettings {
  readonly maxElements?: number;
  readonly maxQueued?: number;
  /** Elements running at once. */
  readonly slots?: number;
  /** By submission (from 0) and element; absent: nothing. */
  readonly mishap?: (submission: number, index: number, job: ArrayJob) => Mishap | undefined;
  /** Elements queued in all beyond which a submission is refused. */
  readonly refuseAbove?: number;
}

/** Of a cluster of one CPU a job that is asked ten times a second. */
export const CLUSTER: ClusterSettings = {
  tasksPerElement: 2,
  maxQueued: Infinity,
  pollMs: 100,
  settleMs: 300,
  graceMs: 2000,
  resources: () => ({ cpus: 1, memoryBytes: 2 ** 30, gpus: 0, extra: [], timeMs: 60_000 }),
  workers: () => 1,
};

/** No job of another parent has files open. */
export const engineJobs = { busy: async () => false };

export class FakeEngine implements Engine {
  readonly name = 'fake';
  readonly maxElements: number;
  readonly maxQueued: number;
  readonly submitted: ArrayJob[] = [];
  refusals = 0;
  readonly #settings: FakeSettings;
  readonly #jobs = new Map<string, Map<number, Element>>();
  readonly #queue: (() => Promise<void>)[] = [];
  readonly #children = new Set<ChildProcess>();
  #running = 0;

  constructor(settings: FakeSettings = {}) {
    this.#settings = settings;
    this.maxElements = settings.maxElements ?? 1000;
    this.maxQueued = settings.maxQueued ?? Infinity;
  }

  async submit(job: ArrayJob): Promise<string> {
    const queued = [...this.#jobs.values()]
      .flatMap((elements) => [...elements.values()])
      .filter(({ state }) => state === 'waiting' || state === 'running').length;
    if (queued + job.elements > (this.#settings.refuseAbove ?? Infinity)) {
      this.refusals++;
      throw new RefineError('ERR_REFINE_QUEUE_FULL', 'takes no more now', { place: 'fake' });
    }
    const number = this.submitted.push(job) - 1;
    const id = String(number + 1);
    const elements = new Map<number, Element>();
    this.#jobs.set(id, elements);
    for (let index = 0; index < job.elements; index++) {
      const mishap = this.#settings.mishap?.(number, index, job);
      if (mishap === 'forget') continue;
      elements.set(index, mishap === 'time' ? { state: 'time', reason: 'TIMEOUT', node: 'n1' } : { state: 'waiting' });
      if (mishap !== 'time') this.#queue.push(() => this.#run(job, elements, index, mishap));
    }
    this.#next();
    return id;
  }

  async find(name: string): Promise<string | null> {
    const at = this.submitted.findIndex((job) => job.name === name);
    return at < 0 ? null : String(at + 1);
  }

  async states(jobs: readonly string[]): Promise<ReadonlyMap<string, ElementStates>> {
    return new Map(jobs.flatMap((job) => (this.#jobs.has(job) ? [[job, new Map(this.#jobs.get(job)!)] as const] : [])));
  }

  async cancel(jobs: readonly string[]): Promise<void> {
    for (const job of jobs)
      for (const [index, { state }] of this.#jobs.get(job) ?? []) if (state === 'waiting') this.#jobs.get(job)!.set(index, { state: 'cancelled' });
    for (const child of this.#children) child.kill('SIGTERM');
  }

  /** As after a person's scancel. */
  cancelAll(): Promise<void> {
    return this.cancel([...this.#jobs.keys()]);
  }

  #next(): void {
    while (this.#running < (this.#settings.slots ?? 2)) {
      const start = this.#queue.shift();
      if (start === undefined) return;
      this.#running++;
      void start().finally(() => {
        this.#running--;
        this.#next();
      });
    }
  }

  async #run(job: ArrayJob, elements: Map<number, Element>, index: number, mishap: Mishap | undefined): Promise<void> {
    if (elements.get(index)?.state !== 'waiting') return;
    const [program, ...args] = job.command;
    const child = spawn(program!, args, { env: { ...process.env, SLURM_ARRAY_TASK_ID: String(index) }, stdio: ['ignore', 'ignore', 'pipe'] });
    this.#children.add(child);
    elements.set(index, { state: 'running', node: 'n1' });
    // At work: it has said what it will do.
    if (mishap === 'kill' || mishap === 'preempt') child.stderr.once('data', () => child.kill('SIGKILL'));
    child.stderr.resume();
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => child.on('close', (...how) => resolve(how)));
    this.#children.delete(child);
    elements.set(index, ended(code, signal, mishap));
  }
}

function ended(code: number | null, signal: NodeJS.Signals | null, mishap: Mishap | undefined): Element {
  if (mishap === 'lie') return { state: 'taken', reason: 'NODE_FAIL', node: 'n1' };
  if (mishap === 'preempt') return { state: 'taken', reason: 'PREEMPTED', node: 'n1' };
  if (code === 0) return { state: 'done' };
  if (code === 143) return { state: 'cancelled' };
  return { state: 'failed', reason: signal === null ? `exit code ${code}` : `signal ${signal}`, node: 'n1' };
}
