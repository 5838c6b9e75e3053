// One worker process as its parent sees it: the task it is on, leave to send requests, its last words, the memory it holds, and
// how a task ended. Invariant: every task handed over is settled exactly once, whatever the process does.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FetchGate } from '../../../stages/contract/source.js';
import { JOURNAL_FD, JournalReader, type Position } from '../../journal.js';
import type { DoneEntry } from '../../ledger.js';
import { ioBytes, mallocSettings, residentBytes } from '../../platform.js';
import type { TaskSpec, WorkerContext } from '../../tasks.js';
import type { FromWorker, ToWorker } from '../../worker-messages.js';
import type { PoolEvents } from '../executor.js';
import type { Death } from './isolation.js';
import type { Watched } from './progress-watch.js';

const GRACE_MS = 5000;
/** Of a worker's stderr, kept to say what it died of. */
const LAST_WORDS = 8192;
const LAST_WORDS_MS = 200;
const WORKER = fileURLToPath(new URL('../../worker.js', import.meta.url));

export type Outcome =
  | { readonly entry: DoneEntry }
  /** A search came to its end. */
  | { readonly blameless: true }
  | { readonly code: string; readonly message: string; readonly place: string | undefined; readonly at: Position }
  | { readonly death: Death };

export class LocalWorker implements Watched {
  readonly child: ChildProcess;
  readonly #context: WorkerContext;
  readonly #gate: FetchGate;
  readonly #events: PoolEvents;
  readonly #journal = JournalReader.open();
  readonly #grants = new Map<number, { controller: AbortController; release: (() => void) | undefined }>();
  #settle: ((outcome: Outcome) => void) | undefined;
  /** Why the parent killed it. */
  #killed: Pick<Death, 'kind' | 'how'> | undefined;
  #lastWords = '';
  #moves = -1;
  #messages = 0;
  alive = true;

  constructor(context: WorkerContext, gate: FetchGate, events: PoolEvents) {
    this.#context = context;
    this.#gate = gate;
    this.#events = events;
    const heapMiB = Math.floor((context.maxBytes * 3) / 4 / 1024 / 1024);
    const journal = this.#journal;
    this.child = fork(WORKER, [], {
      serialization: 'advanced',
      execArgv: ['--enable-source-maps', `--max-old-space-size=${heapMiB}`],
      stdio: ['ignore', 2, 'pipe', 'ipc', ...(journal === null ? [] : [journal.fd])], // stdout carries data, and not a worker's
      env: { ...process.env, ...mallocSettings(process.env) },
    });
    if (journal !== null && JOURNAL_FD !== 4) throw new TypeError('the journal follows the channel');
    this.child.stderr!.on('data', (chunk: Buffer) => {
      process.stderr.write(chunk);
      this.#lastWords = (this.#lastWords + chunk.toString('utf8')).slice(-LAST_WORDS);
    });
    this.child.on('message', (message: FromWorker) => this.#on(message));
    this.child.on('error', (error) => {
      if (this.child.pid === undefined) this.#ended(`no start: ${error.message}`, null); // no exit follows
    });
    this.child.on('exit', (code, signal) => void this.#gone(code, signal));
    const watched = this.child.pid !== undefined && residentBytes(this.child.pid) !== null;
    this.#send({ type: 'context', context, journal: journal !== null, watched });
  }

  run(spec: TaskSpec): Promise<Outcome> {
    return new Promise((settle) => {
      if (!this.alive) return settle({ death: { kind: 'died', how: 'its worker ended before the task began', at: { at: 'none' } } });
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

  /** Lets an idle process end itself. */
  async leave(): Promise<void> {
    if (!this.alive) return;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.disconnect();
    const timer = setTimeout(() => this.kill(), GRACE_MS);
    await gone;
    clearTimeout(timer);
  }

  /** Kills it where it holds more than it may. Returns what it holds; null where the system does not tell. */
  checkMemory(): number | null {
    if (!this.alive || this.child.pid === undefined) return null;
    const used = residentBytes(this.child.pid);
    const { maxBytes } = this.#context;
    if (used === null || used <= maxBytes || this.#killed !== undefined) return used;
    const mib = (bytes: number): number => Math.round(bytes / 1024 / 1024);
    this.#kill({ kind: 'memory', how: `used ${mib(used)} MiB, a worker may use ${mib(maxBytes)} MiB` });
    return used;
  }

  /** What it reported and what it read and wrote; null while it waits for leave to send a request. */
  work(): string | null {
    for (const { release } of this.#grants.values()) if (release === undefined) return null;
    return `${this.#moves} ${this.#messages} ${this.child.pid === undefined ? null : ioBytes(this.child.pid)}`;
  }

  stalled(silentMs: number): void {
    const minutes = silentMs >= 120_000 ? `${Math.round(silentMs / 60_000)} minutes` : `${Math.round(silentMs / 1000)} s`;
    this.#kill({ kind: 'stalled', how: `made no progress for ${minutes}` });
  }

  #kill(why: Pick<Death, 'kind' | 'how'>): void {
    this.#killed ??= why;
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

  async #gone(code: number | null, signal: NodeJS.Signals | null): Promise<void> {
    const { stderr } = this.child;
    this.alive = false;
    if (this.#settle !== undefined && this.#killed === undefined && stderr?.readableEnded === false)
      await new Promise((resolve) => {
        stderr.once('end', resolve);
        setTimeout(resolve, LAST_WORDS_MS);
      });
    this.#ended(signal === null ? `exit code ${code}` : `signal ${signal}`, signal);
  }

  #ended(how: string, signal: NodeJS.Signals | null): void {
    this.alive = false;
    for (const { controller, release } of this.#grants.values()) {
      controller.abort(new Error('worker ended'));
      release?.();
    }
    this.#grants.clear();
    const at = this.#position();
    this.#journal?.close();
    const heap = /heap out of memory/.test(this.#lastWords);
    if (this.#killed !== undefined) this.#finish({ death: { ...this.#killed, at } });
    else if (heap) this.#finish({ death: { kind: 'memory', how: 'its JavaScript heap was full', at } });
    else this.#finish({ death: { kind: 'died', how: `its worker ended with ${how}`, signal, at } });
  }

  #position(): Position {
    return this.#journal?.position() ?? { at: 'none' };
  }

  #on(message: FromWorker): void {
    this.#messages++;
    switch (message.type) {
      case 'ready':
        break;
      case 'done':
        this.#finish({ entry: message.entry });
        break;
      case 'blameless':
        this.#finish({ blameless: true });
        break;
      case 'failed':
        this.#finish({ code: message.code, message: message.message, place: message.place, at: this.#position() });
        break;
      case 'progress':
        this.#moves = message.moves;
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
