// Worker processes on this machine: each takes one task at a time. One that dies, hangs or passes its memory is replaced, and
// isolation.ts says how its task goes on. Invariant: every task that was started ends as done or failed by name, whatever its worker does.
import { hostname } from 'node:os';
import type { FetchGate } from '../../../stages/contract/source.js';
import { MOVE } from '../../broken-steps.js';
import { STALL_MS } from '../../platform.js';
import type { TaskSpec, WorkerContext } from '../../tasks.js';
import type { Executor, PoolEvents, TaskFailure } from '../executor.js';
import { Attempts, type Death, type Next, TRIES } from './isolation.js';
import { ProgressWatch } from './progress-watch.js';
import { LocalWorker, type Outcome } from './worker-process.js';

const MEMORY_CHECK_MS = 250;
const TICK_MS = 1000;
const GRACE_MS = 5000;

interface Job {
  /** As it was handed over. */
  readonly spec: TaskSpec;
  /** As it is run next. */
  next: TaskSpec;
  readonly attempts: Attempts;
  devicesLost: number;
  begun: number;
}

export class LocalPool implements Executor {
  readonly #size: number;
  readonly #context: WorkerContext;
  readonly #gate: FetchGate;
  readonly #events: PoolEvents;
  readonly #steps: readonly string[];
  readonly #workers: (LocalWorker | undefined)[];
  readonly #progress: ProgressWatch;
  readonly #timers: readonly NodeJS.Timeout[];

  constructor(size: number, context: WorkerContext, gate: FetchGate, events: PoolEvents) {
    this.#size = size;
    this.#context = context;
    this.#gate = gate;
    this.#events = events;
    this.#steps = context.steps.map(({ name }) => name);
    this.#workers = new Array<LocalWorker | undefined>(size).fill(undefined);
    const stallMs = context.stallMs ?? STALL_MS;
    const tickMs = Math.min(TICK_MS, stallMs / 2);
    this.#progress = new ProgressWatch(stallMs, tickMs);
    this.#timers = [setInterval(() => this.#checkMemory(), MEMORY_CHECK_MS).unref(), setInterval(() => this.#progress.tick(), tickMs).unref()];
  }

  async run(specs: readonly TaskSpec[], signal: AbortSignal): Promise<TaskFailure[]> {
    const queue: Job[] = specs.map((spec) => ({ spec, next: spec, attempts: new Attempts(spec, this.#steps), devicesLost: 0, begun: 0 }));
    const failures: TaskFailure[] = [];
    const state = { stopped: false };
    const onAbort = (): void => {
      state.stopped = true;
      for (const worker of this.#workers) worker?.abort();
    };
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await Promise.all(Array.from({ length: Math.min(this.#size, specs.length) }, (_, slot) => this.#slot(slot, queue, failures, state, signal)));
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
    const number = (failure: TaskFailure): number => failure.spec.number;
    return failures.sort((a, b) => number(a) - number(b));
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all(this.#workers.map((worker) => worker?.leave()));
  }

  async #slot(slot: number, queue: Job[], failures: TaskFailure[], state: { stopped: boolean }, signal: AbortSignal): Promise<void> {
    for (let job = queue.shift(); job !== undefined && !state.stopped; job = queue.shift()) {
      const outcome = await this.#try(slot, job, signal);
      if ('entry' in outcome) {
        this.#events.done(job.spec, outcome.entry);
        continue;
      }
      if (state.stopped) return;
      const next = await this.#next(slot, job, outcome);
      if (next.do === 'run') {
        this.#events.retry(job.spec, next.why);
        job.next = next.spec;
        if (next.soon) queue.unshift(job);
        else queue.push(job);
        continue;
      }
      this.#fail(failures, job.spec, outcome, next);
      if ('code' in outcome && outcome.code === 'ERR_REFINE_DISK') state.stopped = true; // every other task would meet the same
    }
  }

  async #try(slot: number, job: Job, signal: AbortSignal): Promise<Outcome> {
    let worker = this.#workers[slot];
    if (worker?.alive !== true) this.#workers[slot] = worker = new LocalWorker(this.#context, this.#gate, this.#events);
    const running = worker;
    let grace: NodeJS.Timeout | undefined;
    const late = (): void => {
      grace = setTimeout(() => running.kill(), GRACE_MS); // stuck in a native call: the task is redone on resume
    };
    signal.addEventListener('abort', late, { once: true });
    this.#progress.begin(running);
    this.#events.started?.(job.spec, { worker: slot, pid: running.child.pid ?? null, host: hostname(), attempt: ++job.begun });
    try {
      return await running.run(job.next);
    } finally {
      this.#progress.end(running);
      signal.removeEventListener('abort', late);
      clearTimeout(grace);
    }
  }

  /** A task that did not end as done; its worker is gone where it may have been harmed. */
  async #next(slot: number, job: Job, outcome: Exclude<Outcome, { entry: unknown }>): Promise<Next> {
    if ('blameless' in outcome) return job.attempts.cameThrough();
    const death = deathOf(outcome);
    if (death === null) return { do: 'fail', why: '', tries: 1 };
    await this.#workers[slot]!.end();
    if (death === 'device') {
      const why = (outcome as { message: string }).message;
      return ++job.devicesLost < TRIES ? { do: 'run', spec: job.next, soon: false, why } : { do: 'fail', why, tries: job.devicesLost };
    }
    return job.attempts.ended(death);
  }

  #fail(failures: TaskFailure[], spec: TaskSpec, outcome: Exclude<Outcome, { entry: unknown }>, next: Next & { do: 'fail' }): void {
    const failure = failureOf(spec, outcome, next);
    failures.push(failure);
    this.#events.failed(failure);
  }

  #checkMemory(): void {
    for (const [slot, worker] of this.#workers.entries()) if (worker !== undefined) this.#events.resident?.(slot, worker.checkMemory() ?? 0);
  }
}

/** What may be a document's doing; `device`: the GPU's; null: an error that would come again, told as it is. */
function deathOf(outcome: Exclude<Outcome, { entry: unknown } | { blameless: true }>): Death | 'device' | null {
  if ('death' in outcome) return outcome.death;
  const { code, message, at } = outcome;
  if (code === 'ERR_REFINE_DEVICE_LOST') return 'device';
  if (code === 'ERR_REFINE_MEMORY') return { kind: 'memory', how: message, at };
  return code === 'ERR_REFINE_INTERNAL' && at.at === 'step' ? { kind: 'threw', how: message.split('\n')[0]!, at } : null;
}

const CODES = { died: 'ERR_REFINE_WORKER', stalled: 'ERR_REFINE_STALLED', memory: 'ERR_REFINE_MEMORY' } as const;
const MOVES = {
  died: 'Run `refine try` on the input to see where, or leave it out with --allow-failed.',
  stalled: 'If it only needs longer, give it more with --stall; else run `refine try` on the input to see where it hangs, or leave it out with --allow-failed.',
  memory: 'Fewer workers do not help: the input itself needs more. Leave it out with --allow-failed.',
} as const;

function failureOf(spec: TaskSpec, outcome: Exclude<Outcome, { entry: unknown }>, next: Next & { do: 'fail' }): TaskFailure {
  if (next.broken === true) {
    const told = 'message' in outcome ? `\n${outcome.message}` : '';
    return { spec, code: 'ERR_REFINE_BROKEN_STEP', message: `${next.why}. ${MOVE}${told}`, place: undefined };
  }
  const tries = next.tries > 1 ? `, in each of ${next.tries} tries` : '';
  if ('death' in outcome) {
    const { kind, at } = outcome.death as Death & { kind: keyof typeof CODES };
    const where = { none: '', opening: ' while it opened its steps', reading: ' while it read', writing: ' while it wrote', step: '' }[at.at];
    return { spec, code: CODES[kind], message: `${next.why}${where}${tries}. ${MOVES[kind]}`, place: undefined };
  }
  if ('blameless' in outcome) return { spec, code: 'ERR_REFINE_WORKER', message: `${next.why}${tries}. ${MOVES.died}`, place: undefined };
  const { code, message, place } = outcome;
  if (code === 'ERR_REFINE_DEVICE_LOST')
    return { spec, code, message: `${message}${tries}. Look at dmesg and nvidia-smi, or run with --device cpu into another folder.`, place };
  if (code === 'ERR_REFINE_MEMORY') return { spec, code, message: `${next.why}${tries}. ${MOVES.memory}`, place };
  return { spec, code, message: next.tries > 1 || next.why === '' ? message : `${next.why}.\n${message}`, place };
}
