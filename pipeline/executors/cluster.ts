// Tasks through a cluster engine: writes what a level's elements need into the run folder, submits arrays of `refine worker`, watches the
// ledger (the truth of what is done) and the engine (who ended), submits again what is missing.
// Invariants: a task counts as done by its ledger entry alone, whatever an engine says of its job; a parent that dies leaves jobs that
// the next one takes over by jobs.jsonl; a task is submitted again only once its job has ended.
import { RefineError } from '../../native/errors.js';
import { recordFailure } from '../failed-inputs.js';
import { digest } from '../identity.js';
import type { TaskSpec, WorkerContext } from '../tasks.js';
import { ClusterArray } from './cluster-array.js';
import { type Batch, nameOf, nextBatch, type Waiting } from './cluster-batches.js';
import { afterJob } from './cluster-tries.js';
import { type ClusterOutside, type ClusterWorld, HandedOver, realOutside } from './cluster-world.js';
import { type Element, type ElementStates, EngineSilent, type Resources } from './engine.js';
import type { Executor, PoolEvents, TaskFailure } from './executor.js';
import { failedInChain, type OpenLevel, openLevels } from './jobs-log.js';
import { type Ended, LedgerWatch } from './ledger-watch.js';
import { type LevelNote, levelFolder, readLevelNote, readTasks, UNTRIED } from './level-folder.js';
import { isOf } from './live-jobs.js';
import { askPatiently, type Patience, SILENCE_MS, submitPatiently } from './patience.js';

const FIRST_POLL_MS = 500;
const CANCEL_MS = 60_000;
/** A job that died wrote no entry any more: only what is on its way is waited for. */
const DEAD_SETTLE_MS = 5000;

export class ClusterExecutor implements Executor {
  readonly #world: ClusterWorld;
  readonly #context: WorkerContext;
  readonly #events: PoolEvents;
  readonly #outside: ClusterOutside;
  readonly #ledger: ClusterOutside['ledger'];
  readonly #log: ClusterOutside['log'];
  readonly #watch: LedgerWatch;
  readonly #born: number;
  #open: ClusterArray[] = [];
  #waiting: Waiting[] = [];
  #failures: TaskFailure[] = [];
  /** Tasks that had an entry when the level began: a failure among them is of an earlier try. */
  #known: ReadonlySet<string> = new Set();
  /** Workers of elements that were seen running, for displays. */
  #workers = 0;
  #restored = false;
  #levels = 0;
  /** Elements that the engine took last where it refused more. */
  #fits = Infinity;
  #silentSince: number | null = null;

  constructor(world: ClusterWorld, context: WorkerContext, events: PoolEvents, outside = realOutside(context.runFolder)) {
    this.#world = world;
    this.#context = context;
    this.#events = events;
    this.#outside = outside;
    this.#ledger = outside.ledger;
    this.#log = outside.log;
    this.#watch = new LedgerWatch(context.runFolder, outside);
    this.#born = outside.now();
  }

  async run(specs: readonly TaskSpec[], signal: AbortSignal): Promise<TaskFailure[]> {
    this.#failures = [];
    this.#waiting = [];
    const left = await this.#withoutFailed(specs);
    this.#known = await this.#ledger.tasks();
    try {
      const taken = await this.#restore(new Map(left.map((spec) => [spec.task, spec])), signal);
      this.#waiting = left.filter(({ task }) => !taken.has(task)).map((spec) => ({ spec, tried: UNTRIED }));
      await this.#toTheEnd(signal);
    } catch (error) {
      if (!(error instanceof HandedOver) && this.#world.chain === undefined) await this.#cancel();
      throw error;
    }
    return this.#failures.sort((a, b) => a.spec.number - b.spec.number);
  }

  async close(): Promise<void> {
    this.#open = []; // nothing runs here; what a chain left open goes on
  }

  async #toTheEnd(signal: AbortSignal): Promise<void> {
    const { settings, chain } = this.#world;
    let pause = Math.min(FIRST_POLL_MS, settings.pollMs);
    for (;;) {
      signal.throwIfAborted();
      await this.#submitWaiting(signal);
      if (this.#open.length === 0 && this.#waiting.length === 0) return;
      const jobs = this.#open.map(({ job }) => job);
      if (chain !== undefined && jobs.length > 0 && this.#outside.now() - this.#born > chain.stayMs) {
        await chain.handOver(jobs);
        throw new HandedOver(jobs);
      }
      await this.#outside.sleep(pause, signal).catch(() => signal.throwIfAborted());
      const before = this.#outside.now();
      await this.#look();
      // An engine that takes long to answer is asked less often.
      pause = Math.max(Math.min(pause * 1.5, settings.pollMs), 10 * (this.#outside.now() - before));
    }
  }

  /** Tasks of a chain that an earlier driver saw fail are not tried again by the next: each driver begins with nothing but the folder. */
  async #withoutFailed(specs: readonly TaskSpec[]): Promise<TaskSpec[]> {
    if (this.#world.chain === undefined) return [...specs];
    const failed = failedInChain(await this.#log.records());
    const left: TaskSpec[] = [];
    for (const spec of specs) {
      const entry = failed.has(spec.task) ? await this.#ledger.failed(spec.task) : null;
      if (entry === null) left.push(spec);
      else this.#fail({ spec, code: entry.code, message: entry.message, place: undefined });
    }
    return left;
  }

  /** Takes over arrays of an earlier parent that hold tasks of these; others are not wanted any more. Once. */
  async #restore(specs: ReadonlyMap<string, TaskSpec>, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const { engine } = this.#world;
    const patience = this.#patience(signal);
    const taken = new Set<string>();
    if (this.#restored) return taken;
    this.#restored = true;
    const records = await this.#log.records();
    this.#levels = records.filter(({ event }) => event === 'submitting').length;
    for (const open of openLevels(records)) {
      const job = isOf(open, engine) ? (open.job ?? (await askPatiently(() => engine.find(open.name), patience))) : null;
      const array = job === null ? null : await this.#arrayOf(open, job, specs);
      if (array === null || array.tasks.size === 0) {
        if (job !== null) await askPatiently(() => engine.cancel([job]), patience);
        await this.#log.add({ event: 'closed', level: open.level, job, done: 0, failed: [], again: 0 });
        continue;
      }
      for (const task of array.tasks.keys()) taken.add(task);
      this.#open.push(array);
    }
    if (this.#open.length > 0)
      this.#world.notice(
        `goes on with ${this.#open.length === 1 ? 'a job' : `${this.#open.length} jobs`} that an earlier call submitted: ${jobsText(this.#open)}.`,
      );
    this.#take(await this.#watch.listed(this.#open, 'now'));
    return taken;
  }

  async #arrayOf({ level, elements, name, cancelled }: OpenLevel, job: string, specs: ReadonlyMap<string, TaskSpec>): Promise<ClusterArray | null> {
    const { runFolder } = this.#context;
    try {
      const note = await readLevelNote(runFolder, level);
      const tasks = (await readTasks(runFolder, level, 0, note.tasks)).map(({ task }) => specs.get(task) ?? null);
      const { timeMs } = this.#resources(tasks.find((spec) => spec !== null) ?? null);
      return new ClusterArray({ job, name, note, elements, specs: tasks, cancelled, ...(timeMs === undefined ? {} : { timeMs }) });
    } catch (error) {
      if (error instanceof RefineError && error.code === 'ERR_REFINE_LEDGER') return null; // announced, and killed before it was written
      throw error;
    }
  }

  #patience(signal: AbortSignal): Patience {
    const { now, sleep } = this.#outside;
    return { now, sleep, pauseMs: this.#world.settings.pollMs, notice: this.#world.notice, signal };
  }

  #resources(spec: TaskSpec | null): Resources {
    return this.#world.settings.resources(spec === null ? [] : this.#world.stepsOf(spec).steps);
  }

  async #submitWaiting(signal: AbortSignal): Promise<void> {
    const { engine, settings, stepsOf } = this.#world;
    while (this.#waiting.length > 0) {
      signal.throwIfAborted();
      const queued = this.#open.reduce((sum, array) => sum + array.unsettled, 0);
      const room = Math.min(engine.maxElements, Math.min(settings.maxQueued, engine.maxQueued) - queued, this.#fits);
      if (room <= 0) return; // later, as others end
      const batch = nextBatch(this.#waiting, room, settings, stepsOf);
      const array = await this.#submit(batch, signal);
      if (array === null) {
        this.#fits = Math.max(1, Math.floor(batch.elements / 2));
        if (batch.elements === 1) return;
        continue;
      }
      const gone = new Set(batch.tasks);
      this.#waiting = this.#waiting.filter((one) => !gone.has(one));
      this.#open.push(array);
    }
  }

  /** null where the engine's limit on queued jobs is met. */
  async #submit({ tasks, chunk, elements, workers, resources }: Batch, signal: AbortSignal): Promise<ClusterArray | null> {
    const { engine, settings, stepsOf, refine } = this.#world;
    const { runFolder } = this.#context;
    const specs = tasks.map(({ spec }) => spec);
    const { of, slug } = nameOf(specs[0]!);
    const level = `${String(++this.#levels).padStart(4, '0')}-${slug}`;
    const name = `refine-${digest([runFolder, process.pid, Date.now()]).slice(0, 8)}-${level}`;
    const note: LevelNote = {
      format: 1,
      level,
      name: of,
      tasks: specs.length,
      chunk,
      workers: Math.min(workers, chunk),
      gpu: stepsOf(specs[0]!).gpu,
      graceMs: settings.graceMs,
      tried: tasks.map(({ tried }) => tried),
    };
    const noted = { engine: engine.name, ...(engine.where === undefined ? {} : { where: engine.where }), name, level, of, elements, tasks: specs.length };
    await this.#log.add({ event: 'submitting', ...noted });
    await this.#outside.levels.write(runFolder, note, this.#context, specs);
    for (const { spec, tried } of tasks) if (tried !== UNTRIED || this.#known.has(spec.task)) await this.#ledger.forgetFailure(spec.task); // what stands there afterwards is of this try
    try {
      const command = [...refine, 'worker', runFolder, '--level', level];
      const job = await submitPatiently(
        engine,
        { name, runFolder, folder: levelFolder(runFolder, level), command, elements, resources },
        { now: () => this.#outside.now(), sleep: (ms, stop) => this.#outside.sleep(ms, stop), pauseMs: settings.pollMs, notice: this.#world.notice, signal },
      );
      await this.#log.add({ event: 'submitted', job, ...noted });
      return new ClusterArray({ job, name, note, elements, specs, ...(resources.timeMs === undefined ? {} : { timeMs: resources.timeMs }) });
    } catch (error) {
      // One that did not answer may have taken it: it stays announced, and is looked for by its name.
      if (error instanceof EngineSilent || !(error instanceof RefineError) || (error.code !== 'ERR_REFINE_QUEUE_FULL' && error.code !== 'ERR_REFINE_ENGINE'))
        throw error;
      await this.#log.add({ event: 'closed', level, job: null, done: 0, failed: [], again: specs.length });
      await this.#outside.levels.remove(runFolder, level);
      if (error.code === 'ERR_REFINE_QUEUE_FULL') return null;
      throw error;
    }
  }

  /** Asks ledger and engine what became of the open arrays. */
  async #look(): Promise<void> {
    this.#take(await this.#watch.listed(this.#open));
    const states = await this.#states();
    if (states === null) return;
    for (const array of this.#open) {
      const elements = states.get(array.job);
      for (const index of array.pending()) {
        const element = elements?.get(index) ?? { state: 'unknown' };
        if (element.state === 'waiting' || element.state === 'running') {
          array.seenAlive(index);
          if (element.state === 'running') this.#tellStarted(array, index, element);
          else this.#tellStuck(array, index, element);
          continue;
        }
        this.#take(await this.#watch.of(array, index));
        if (element.state === 'cancelled' && !array.cancelled && array.unfinishedOf(index).length > 0) {
          await this.#log.add({ event: 'cancelled', level: array.level });
          throw new RefineError(
            'ERR_REFINE_INTERRUPTED',
            `job ${array.job} was cancelled by someone, so the run ends; finished tasks are kept. Run the same command again to go on.`,
            {
              place: this.#world.engine.name,
            },
          );
        }
        // Of a job that was cancelled the engine may have forgotten how it ended.
        await this.#ended(array, index, array.cancelled ? { ...element, state: 'cancelled' } : element);
      }
      if (array.unsettled === 0) await this.#close(array);
    }
    if (this.#open.some(({ unsettled }) => unsettled === 0)) this.#fits = Infinity;
    this.#open = this.#open.filter(({ unsettled }) => unsettled > 0);
  }

  async #states(): Promise<ReadonlyMap<string, ElementStates> | null> {
    const { engine } = this.#world;
    try {
      const states = await engine.states(this.#open.map(({ job }) => job));
      this.#silentSince = null;
      return states;
    } catch (error) {
      if (!(error instanceof EngineSilent)) throw error;
      if (this.#silentSince === null) this.#world.notice(`${error.message} It is asked again.`);
      this.#silentSince ??= this.#outside.now();
      if (this.#outside.now() - this.#silentSince > SILENCE_MS) throw error;
      return null;
    }
  }

  #take(ended: readonly Ended[]): void {
    for (const { array, spec, entry } of ended) {
      array.finish(spec.task, entry.state);
      if (entry.state === 'done') {
        this.#events.progress(spec.kind === 'map' ? entry.rowsIn : 0, entry.source?.bytesRead ?? 0);
        this.#events.done(spec, entry);
      } else this.#fail({ spec, code: entry.code, message: entry.message, place: undefined });
    }
  }

  async #ended(array: ClusterArray, index: number, element: Element): Promise<void> {
    const missing = array.unfinishedOf(index);
    if (missing.length === 0) {
      array.settle(index);
      return;
    }
    const patience = element.state === 'done' ? this.#world.settings.settleMs : Math.min(this.#world.settings.settleMs, DEAD_SETTLE_MS);
    if (array.endedFor(index, this.#outside.now()) < patience) return;
    const { log, words } = await this.#outside.levels.lastWords(this.#context.runFolder, array.level, index);
    const ended = {
      ...element,
      label: `element ${index} of job ${array.job}`,
      lastWords: words,
      log,
      allAtOnce: array.allAtOnce(index),
      ...(array.timeMs === undefined ? {} : { timeMs: array.timeMs }),
    };
    for (const { spec, tried } of missing) {
      const verdict = afterJob(tried, ended);
      if ('again' in verdict) {
        array.finish(spec.task, 'again');
        this.#waiting.push({ spec, tried: verdict.again });
        this.#events.retry(spec, verdict.reason);
      } else {
        const failure = { spec, ...verdict, place: undefined };
        await recordFailure(this.#ledger, failure, failure.message);
        array.finish(spec.task, 'failed');
        this.#fail(failure);
      }
    }
    array.settle(index);
  }

  #fail(failure: TaskFailure): void {
    this.#failures.push(failure);
    this.#events.failed(failure);
  }

  async #close(array: ClusterArray): Promise<void> {
    const { done, failed, again } = array.outcome();
    await this.#log.add({ event: 'closed', level: array.level, job: array.job, done, failed, again });
    if (failed.length === 0 && again === 0) await this.#outside.levels.remove(this.#context.runFolder, array.level);
  }

  /** An element takes its tasks in their order, so those that run are the first that are open. */
  #tellStarted(array: ClusterArray, index: number, { node }: Element): void {
    for (const { spec, tried } of array.begun(index)) {
      const attempt = tried.died + tried.taken + tried.late + 1;
      this.#events.started?.(spec, { worker: this.#workers++, pid: null, host: node ?? this.#world.engine.name, attempt });
    }
  }

  #tellStuck(array: ClusterArray, index: number, { reason }: Element): void {
    array.requeued(index);
    if (reason === undefined || !/held|bad ?constraints|invalid|never|limit$/i.test(reason) || /ArrayTaskLimit/i.test(reason)) return;
    if (array.told(reason)) this.#world.notice(`job ${array.job} (${array.note.name}) waits: ${reason}.`);
  }

  /** Asks the engine to end what is open, and waits a while: nothing should write into the folder once the parent is gone. */
  async #cancel(): Promise<void> {
    const jobs = this.#open.map(({ job }) => job);
    if (jobs.length === 0) return;
    const begun = this.#outside.now();
    try {
      await this.#world.engine.cancel(jobs);
      while (this.#outside.now() - begun < CANCEL_MS) {
        const states = await this.#world.engine.states(jobs);
        if (![...states.values()].some((elements) => [...elements.values()].some(({ state }) => state === 'running' || state === 'waiting'))) break;
        await this.#outside.sleep(Math.min(1000, this.#world.settings.pollMs));
      }
      for (const array of this.#open) {
        const { done, failed, again } = array.outcome();
        await this.#log.add({ event: 'closed', level: array.level, job: array.job, done, failed, again: again + array.tasks.size });
        await this.#outside.levels.remove(this.#context.runFolder, array.level);
      }
    } catch (error) {
      this.#world.notice(`${(error as Error).message} Jobs ${jobs.join(', ')} may still run; the next call takes them over.`);
    }
    this.#open = [];
  }
}

function jobsText(arrays: readonly ClusterArray[]): string {
  const shown = arrays.slice(0, 5).map(({ job }) => job);
  return `${shown.join(', ')}${arrays.length > shown.length ? ` and ${arrays.length - shown.length} more` : ''}`;
}
