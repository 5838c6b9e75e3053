// Worker processes on this machine: each takes one task at a time; one that dies costs its task one try of three.
// Invariant: every task that was started ends as done or failed by name, whatever its worker does.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FetchGate } from '../../../stages/contract/source.js';
import type { DoneEntry } from '../../ledger.js';
import { residentBytes } from '../../platform.js';
import type { TaskSpec, WorkerContext } from '../../tasks.js';
import type { FromWorker, ToWorker } from '../../worker-messages.js';
import type { Executor, PoolEvents, TaskFailure } from '../executor.js';

const TRIES = 3;
const MEMORY_CHECK_MS = 1000;
/** The worker watches itself; this catches one that is too busy to. */
const MEMORY_SLACK = 1.25;
const GRACE_MS = 5000;
const WORKER = fileURLToPath(new URL('../../worker.js', import.meta.url));

type Outcome =
  | { readonly entry: DoneEntry }
  | { readonly code: string; readonly message: string; readonly place: string | undefined }
  | { readonly died: string };

interface Job {
  readonly spec: TaskSpec;
  tries: number;
}

/** One process and the task it is on. */
class LocalWorker {
  readonly child: ChildProcess;
  readonly #gate: FetchGate;
  readonly #events: PoolEvents;
  readonly #grants = new Map<number, { controller: AbortController; release: (() => void) | undefined }>();
  #settle: ((outcome: Outcome) => void) | undefined;
  #memory: string | undefined;
  alive = true;

  constructor(context: WorkerContext, gate: FetchGate, events: PoolEvents) {
    this.#gate = gate;
    this.#events = events;
    const heapMiB = Math.floor((context.maxBytes * 3) / 4 / 1024 / 1024);
    this.child = fork(WORKER, [], {
      serialization: 'advanced',
      execArgv: ['--enable-source-maps', `--max-old-space-size=${heapMiB}`],
      stdio: ['ignore', 2, 2, 'ipc'], // stdout carries data, and not a worker's
      env: { ...process.env, MALLOC_ARENA_MAX: '2' }, // glibc keeps an arena a thread otherwise, each with its own slack
    });
    this.child.on('message', (message: FromWorker) => this.#on(message));
    this.child.on('error', (error) => {
      if (this.child.pid === undefined) this.#ended(`no start: ${error.message}`); // no exit follows
    });
    this.child.on('exit', (code, signal) => this.#ended(signal === null ? `exit code ${code}` : `signal ${signal}`));
    this.#send({ type: 'context', context });
  }

  run(spec: TaskSpec): Promise<Outcome> {
    return new Promise((settle) => {
      if (!this.alive) return settle({ died: 'before its task began' });
      this.#settle = settle;
      this.#send({ type: 'task', spec });
    });
  }

  abort(): void {
    this.#send({ type: 'abort' });
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  /** Kills the process and waits until it is gone: until then it could still be given a task. */
  async end(): Promise<void> {
    if (!this.alive) return;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.kill();
    await gone;
  }

  killForMemory(message: string): void {
    this.#memory = message;
    this.kill();
  }

  #send(message: ToWorker): void {
    if (this.child.connected) this.child.send(message, () => undefined); // a send that fails is followed by exit
  }

  #finish(outcome: Outcome): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(outcome);
  }

  #ended(how: string): void {
    if (!this.alive) return;
    this.alive = false;
    for (const { controller, release } of this.#grants.values()) {
      controller.abort(new Error('worker ended'));
      release?.();
    }
    this.#grants.clear();
    this.#finish(this.#memory === undefined ? { died: how } : { code: 'ERR_REFINE_MEMORY', message: this.#memory, place: undefined });
  }

  #on(message: FromWorker): void {
    switch (message.type) {
      case 'ready':
        break;
      case 'done':
        this.#finish({ entry: message.entry });
        break;
      case 'failed':
        this.#finish({ code: message.code, message: message.message, place: message.place });
        break;
      case 'progress':
        this.#events.progress(message.documents, message.bytes);
        break;
      case 'pause':
        this.#gate.pause(message.host, message.milliseconds);
        break;
      case 'acquire':
        this.#acquire(message.request, message.host);
        break;
      case 'release': {
        const grant = this.#grants.get(message.request);
        this.#grants.delete(message.request);
        grant?.controller.abort(new Error('released'));
        grant?.release?.();
        break;
      }
    }
  }

  #acquire(request: number, host: string): void {
    const grant: { controller: AbortController; release: (() => void) | undefined } = { controller: new AbortController(), release: undefined };
    this.#grants.set(request, grant);
    this.#gate.acquire(host, grant.controller.signal).then(
      (release) => {
        if (!this.#grants.has(request)) return release(); // the worker gave up meanwhile
        grant.release = release;
        this.#send({ type: 'grant', request });
      },
      () => undefined, // only our own abort rejects
    );
  }
}

export class LocalPool implements Executor {
  readonly #size: number;
  readonly #context: WorkerContext;
  readonly #gate: FetchGate;
  readonly #events: PoolEvents;
  readonly #workers: (LocalWorker | undefined)[];
  readonly #watch: NodeJS.Timeout;

  constructor(size: number, context: WorkerContext, gate: FetchGate, events: PoolEvents) {
    this.#size = size;
    this.#context = context;
    this.#gate = gate;
    this.#events = events;
    this.#workers = new Array<LocalWorker | undefined>(size).fill(undefined);
    this.#watch = setInterval(() => this.#checkMemory(), MEMORY_CHECK_MS);
    this.#watch.unref();
  }

  /** Tries every task; returns those that failed for good. Stops early only on an abort or where the disk refuses. */
  async run(specs: readonly TaskSpec[], signal: AbortSignal): Promise<TaskFailure[]> {
    const queue: Job[] = specs.map((spec) => ({ spec, tries: 0 }));
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
    clearInterval(this.#watch);
    await Promise.all(
      this.#workers.map(async (worker) => {
        if (worker?.alive !== true) return;
        const gone = new Promise((resolve) => worker.child.once('exit', resolve));
        worker.child.disconnect(); // idle: it ends itself
        const timer = setTimeout(() => worker.kill(), GRACE_MS);
        await gone;
        clearTimeout(timer);
      }),
    );
  }

  async #slot(slot: number, queue: Job[], failures: TaskFailure[], state: { stopped: boolean }, signal: AbortSignal): Promise<void> {
    for (let job = queue.shift(); job !== undefined && !state.stopped; job = queue.shift()) {
      let worker = this.#workers[slot];
      if (worker?.alive !== true) this.#workers[slot] = worker = new LocalWorker(this.#context, this.#gate, this.#events);
      const running = worker;
      let grace: NodeJS.Timeout | undefined;
      const late = (): void => {
        grace = setTimeout(() => running.kill(), GRACE_MS); // stuck in a native call: the task is redone on resume
      };
      signal.addEventListener('abort', late, { once: true });
      const outcome = await worker.run(job.spec);
      signal.removeEventListener('abort', late);
      clearTimeout(grace);
      if ('entry' in outcome) {
        this.#events.done(job.spec, outcome.entry);
        continue;
      }
      if (state.stopped) return;
      job.tries++;
      if ('died' in outcome || outcome.code === 'ERR_REFINE_MEMORY' || outcome.code === 'ERR_REFINE_DEVICE_LOST') {
        const reason = 'died' in outcome ? `its worker ended with ${outcome.died}` : outcome.message;
        await worker.end(); // over its memory, or its device is gone: a fresh process tries again
        if (job.tries < TRIES) {
          this.#events.retry(job.spec, reason);
          queue.push(job);
          continue;
        }
        const code = 'died' in outcome ? 'ERR_REFINE_WORKER' : outcome.code;
        const move =
          code === 'ERR_REFINE_DEVICE_LOST'
            ? 'Look at dmesg and nvidia-smi, or run with --device cpu into another folder.'
            : 'died' in outcome
              ? 'Run `refine try` on the input to see where, or leave it out with --allow-failed.'
              : 'Lower --workers does not help: the input itself needs more. Leave it out with --allow-failed.';
        this.#fail(failures, { spec: job.spec, code, message: `${reason}, in each of ${TRIES} tries. ${move}`, place: undefined });
        continue;
      }
      this.#fail(failures, { spec: job.spec, ...outcome });
      if (outcome.code === 'ERR_REFINE_DISK') state.stopped = true; // every other task would meet the same
    }
  }

  #fail(failures: TaskFailure[], failure: TaskFailure): void {
    failures.push(failure);
    this.#events.failed(failure);
  }

  #checkMemory(): void {
    const limit = this.#context.maxBytes * MEMORY_SLACK;
    for (const worker of this.#workers) {
      if (worker?.alive !== true || worker.child.pid === undefined) continue;
      const used = residentBytes(worker.child.pid);
      if (used !== null && used > limit) {
        const mib = (bytes: number): number => Math.round(bytes / 1024 / 1024);
        worker.killForMemory(`used ${mib(used)} MiB, a worker may use ${mib(this.#context.maxBytes)} MiB`);
      }
    }
  }
}
