// A worker process: takes one task at a time from its parent, writes its outputs and its ledger entry, says so.
// Invariant: it dies with its parent (no orphan writes into a run folder), and a crash here loses one task's try, never the run.
import { join } from 'node:path';
import { RefineError } from '../native/errors.js';
import type { FetchGate } from '../stages/contract/source.js';
import type { AnyStep, BarrierRun, StageEnv, StageRun } from '../stages/contract/stage.js';
import { goneFolder, holdFolder } from './held-folder.js';
import { NoneToBlame } from './guard.js';
import { JOURNAL_FD, JournalWriter } from './journal.js';
import { type DoneEntry, Ledger } from './ledger.js';
import { featureColumns, type StepFeatures } from './feature-columns.js';
import type { OpenInput } from './map-env.js';
import { DropCodes } from './outcomes.js';
import { type BarrierStep, type Segment, type StageStep, segmentsOf } from './segments.js';
import type { RunStorage } from './storage/run-storage.js';
import type { TaskSpec, WorkerContext } from './tasks.js';
import { tooManyFiles } from './too-many-files.js';
import type { Step } from './types.js';
import type { FromWorker, ToWorker } from './worker-messages.js';

/** What a module of steps (run-options.ts) exports: those of the names that it has. */
interface StepsModule {
  loadSteps(names: Iterable<string>): Promise<ReadonlyMap<string, AnyStep>>;
}

const MEMORY_CHECK_MS = 250;
const PROGRESS_MS = 200;
const BEAT_MS = 1000;

function send(message: FromWorker): void {
  if (process.connected) process.send!(message);
}

/** Asks the parent, which holds the one gate of the run. */
class ParentGate implements FetchGate {
  readonly #waiting = new Map<number, () => void>();
  #requests = 0;

  acquire(host: string, signal: AbortSignal): Promise<() => void> {
    const request = ++this.#requests;
    return new Promise((resolve, reject) => {
      const release = (): void => send({ type: 'release', request });
      const aborted = (): void => {
        this.#waiting.delete(request);
        release();
        reject(signal.reason as Error);
      };
      if (signal.aborted) return reject(signal.reason as Error);
      signal.addEventListener('abort', aborted, { once: true });
      this.#waiting.set(request, () => {
        signal.removeEventListener('abort', aborted);
        let released = false;
        resolve(() => {
          if (!released) release();
          released = true;
        });
      });
      send({ type: 'acquire', request, host });
    });
  }

  granted(request: number): void {
    const waiting = this.#waiting.get(request);
    this.#waiting.delete(request);
    waiting?.();
  }

  pause(host: string, milliseconds: number): void {
    send({ type: 'pause', host, milliseconds });
  }
}

/** Sums what tasks report and passes it on a few times a second. */
class Progress {
  #documents = 0;
  #bytes = 0;
  #last = 0;
  #moves = -1;
  #told = 0;
  #calls = 0;
  readonly #journal: JournalWriter;
  readonly #beat: NodeJS.Timeout;

  constructor(journal: JournalWriter) {
    this.#journal = journal;
    // Counted work, not a sign of life: a worker whose loop turns while its native call does not end has made no progress.
    this.#beat = setInterval(() => this.flush(), BEAT_MS);
    this.#beat.unref();
  }

  add(documents: number, bytes: number): void {
    this.#calls++;
    this.#documents += documents;
    this.#bytes += bytes;
    const now = performance.now();
    if (now - this.#last >= PROGRESS_MS) this.flush(now);
  }

  flush(now = performance.now()): void {
    this.#last = now;
    const { moves } = this.#journal;
    if (this.#calls === this.#told && moves === this.#moves) return;
    this.#told = this.#calls;
    send({ type: 'progress', documents: this.#documents, bytes: this.#bytes, moves });
    this.#documents = 0;
    this.#bytes = 0;
    this.#moves = moves;
  }

  end(): void {
    clearInterval(this.#beat);
    this.flush();
  }
}

class Worker {
  readonly #context: WorkerContext;
  readonly #segments: readonly Segment[];
  readonly #codes: DropCodes;
  readonly #features: ReadonlyMap<string, StepFeatures>;
  readonly #openInput: OpenInput;
  readonly #ledger: Ledger;
  readonly #storage: RunStorage | undefined;
  readonly #journal: JournalWriter;
  readonly #stages = new Map<string, StageRun>();
  readonly #barriers = new Map<string, BarrierRun>();
  readonly gate = new ParentGate();
  #openSegment = -1;
  #abort = new AbortController();
  task: string | undefined;

  private constructor(context: WorkerContext, resolved: readonly Step[], openInput: OpenInput, journal: JournalWriter, storage: RunStorage | undefined) {
    this.#context = context;
    this.#segments = segmentsOf(resolved);
    this.#codes = new DropCodes(resolved);
    this.#features = featureColumns(this.#segments, this.#env);
    this.#openInput = openInput;
    this.#storage = storage;
    this.#ledger = new Ledger(context.runFolder, storage?.ledger());
    this.#journal = journal;
  }

  static async start(context: WorkerContext, journal: JournalWriter): Promise<Worker> {
    holdFolder(context.runFolder);
    const { loadSteps } = (await import(context.modules.steps)) as StepsModule;
    const steps = await loadSteps(context.steps.flatMap(({ stage, module }) => (module === undefined ? [stage] : [])));
    const { openInput } = (await import(context.modules.inputs)) as { openInput: OpenInput };
    const resolved: Step[] = [];
    for (const { name, stage, module, options } of context.steps) {
      const found = module === undefined ? steps.get(stage) : await ownStage(module, stage);
      if (found === undefined)
        throw new RefineError('ERR_REFINE_INTERNAL', `the worker finds no stage "${stage}"${module === undefined ? ' in its registry' : ` in ${module}`}`);
      resolved.push({ name, stage: found, options });
    }
    const storage =
      context.storage === undefined ? undefined : await (await import('./storage/run-storage.js')).RunStorage.open(context.storage, context.runFolder);
    return new Worker(context, resolved, openInput, journal, storage);
  }

  abort(): void {
    this.#abort.abort(new RefineError('ERR_REFINE_INTERRUPTED', 'interrupted'));
  }

  async run(spec: TaskSpec): Promise<void> {
    this.task = spec.task;
    this.#abort = new AbortController();
    const progress = new Progress(this.#journal);
    try {
      const before = process.cpuUsage();
      const done = await this.#runTask(spec, progress);
      const { user, system } = process.cpuUsage(before);
      const entry: DoneEntry = { ...done, cpuMs: Math.round((user + system) / 1000), peakBytes: process.resourceUsage().maxRSS * 1024 };
      this.#journal.at('writing');
      await this.#storage?.publish(entry.outputs, () => progress.add(0, 0)); // a sign of life for each part
      await this.#ledger.put(entry);
      this.#journal.at('none');
      progress.end();
      this.task = undefined;
      send({ type: 'done', entry });
    } catch (error) {
      progress.end();
      this.task = undefined;
      if (error instanceof NoneToBlame) send({ type: 'blameless' });
      else sendFailure(spec.task, (await goneFolder(this.#context.runFolder)) ?? error);
    }
  }

  async #runTask(spec: TaskSpec, progress: Progress): Promise<DoneEntry> {
    const { runFolder, seed, sink } = this.#context;
    const { signal } = this.#abort;
    this.#journal.at('none');
    await this.#closeOthers(spec.kind === 'map' ? spec.segment : -1);
    // Each kind of task is loaded with its first: a worker of a cluster's job for phases needs no Arrow.
    switch (spec.kind) {
      case 'map':
        if (spec.again !== undefined) {
          const before = await this.#ledger.done(spec.task);
          if (before !== null) {
            const { runMapAgain } = await import('./map-again.js');
            const barrier = (step: BarrierStep): Promise<BarrierRun> => this.#barrier(step);
            const entry = await runMapAgain(
              spec,
              before,
              this.#segments[spec.segment]!,
              runFolder,
              barrier,
              (documents, bytes) => progress.add(documents, bytes),
              signal,
            );
            await this.#ledger.forget(spec.task); // its digests may be others now
            return entry;
          }
        }
        return await (await import('./map-task.js')).runMapTask(
          spec,
          {
            runFolder,
            seed,
            sink,
            segments: this.#segments,
            codes: this.#codes,
            features: this.#features,
            openInput: this.#openInput,
            gate: this.gate,
            stageEnv: this.#env,
            stage: (step) => this.#stage(step),
            barrier: (step) => this.#barrier(step),
            progress: (documents, bytes) => progress.add(documents, bytes),
            journal: this.#journal,
          },
          signal,
        );
      case 'phase':
        return await (await import('./phase-task.js')).runPhaseTask(spec, this.#barrierStep(spec.segment, spec.step), runFolder, this.#env, signal);
      case 'rank':
        return await (await import('./rank-task.js')).runRankTask(spec, runFolder, signal);
      case 'finalize':
        return await (await import('./finalize.js')).runFinalizeTask(spec, { runFolder, seed, samplesPerReason: sink.samplesPerReason }, signal);
    }
  }

  #barrierStep(segment: number, step: string): BarrierStep {
    return this.#segments[segment]!.barriers.find((barrier) => barrier.name === step)!;
  }

  get #env(): StageEnv {
    const { seed, baseDir, device, isa, gpu, runFolder } = this.#context;
    return { seed, baseDir, device, ...(isa === null ? {} : { isa }), ...(gpu === undefined ? {} : { gpu }), scratch: join(runFolder, 'scratch') };
  }

  async #stage(step: StageStep): Promise<StageRun> {
    let run = this.#stages.get(step.name);
    if (run === undefined) this.#stages.set(step.name, (run = await step.stage.open(step.options, this.#env)));
    return run;
  }

  async #barrier(step: BarrierStep): Promise<BarrierRun> {
    let run = this.#barriers.get(step.name);
    if (run === undefined) this.#barriers.set(step.name, (run = await step.stage.open(step.options, this.#env)));
    return run;
  }

  /** Models of another segment need not stay in memory. */
  async #closeOthers(segment: number): Promise<void> {
    if (segment === this.#openSegment) return;
    for (const open of [...this.#stages.values(), ...this.#barriers.values()]) await open.close();
    this.#stages.clear();
    this.#barriers.clear();
    this.#openSegment = segment;
  }
}

async function ownStage(module: string, name: string): Promise<AnyStep | undefined> {
  const exported = Object.values((await import(module)) as Record<string, unknown>);
  return exported.find((value) => (value as AnyStep | null)?.name === name && ['stage', 'barrier'].includes((value as AnyStep).kind)) as AnyStep | undefined;
}

function sendFailure(task: string, thrown: unknown): void {
  const error = tooManyFiles(thrown) ?? thrown;
  const code = (error as { code?: unknown } | null)?.code;
  if (error instanceof RefineError) send({ type: 'failed', task, code: error.code, message: error.message, place: error.place });
  // of the core: its message names the place
  else if (error instanceof Error && typeof code === 'string' && code.startsWith('ERR_REFINE_'))
    send({ type: 'failed', task, code, message: error.message, place: undefined });
  else
    send({
      type: 'failed',
      task,
      code: 'ERR_REFINE_INTERNAL',
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      place: undefined,
    });
}

/** Over its cap, the process says so and ends: what it holds cannot be given back reliably. Where the parent cannot see it. */
function watchMemory(maxBytes: number, task: () => string | undefined): void {
  setInterval(() => {
    const used = process.memoryUsage.rss();
    if (used <= maxBytes) return;
    const mib = (bytes: number): number => Math.round(bytes / 1024 / 1024);
    const message = `used ${mib(used)} MiB, a worker may use ${mib(maxBytes)} MiB`;
    const failed: FromWorker = { type: 'failed', task: task() ?? '', code: 'ERR_REFINE_MEMORY', message, place: undefined };
    if (process.connected) process.send!(failed, () => process.exit(3));
    else process.exit(3);
  }, MEMORY_CHECK_MS).unref();
}

let worker: Promise<Worker> | undefined;
process.on('SIGINT', () => undefined); // a terminal sends Ctrl-C to every process of the group; the parent decides what it means
process.on('SIGTERM', () => undefined);
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL')); // at once: nothing may be written once the parent is gone
process.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'context':
      worker = Worker.start(message.context, new JournalWriter(message.journal === true ? JOURNAL_FD : null));
      worker.then(
        (started) => {
          if (message.watched !== true) watchMemory(message.context.maxBytes, () => started.task);
          send({ type: 'ready' });
        },
        (error) => sendFailure('', error),
      );
      break;
    case 'task':
      worker?.then(
        (started) => started.run(message.spec),
        (error) => sendFailure(message.spec.task, error),
      );
      break;
    case 'abort':
      worker?.then(
        (started) => started.abort(),
        () => undefined,
      );
      break;
    case 'grant':
      worker?.then(
        (started) => started.gate.granted(message.request),
        () => undefined,
      );
      break;
  }
});
