// Runs a manifest into a run folder, or resumes it: lock, inputs, tasks level by level through worker processes, final shards.
// Invariant: whatever is killed at whatever instant, the same call again ends with the same final bytes; a finished task is
// never redone, a failed one is tried again, and barriers see only inputs whose maps are done.
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { RefineError } from '../native/errors.js';
import { packagePath } from '../native/package-root.js';
import type { FetchGate, Input, Source, SourceReader } from '../stages/contract/source.js';
import type { StageEnv } from '../stages/contract/stage.js';
import type { Decided } from './barrier-graph.js';
import type { EngineJobs, Executor, MakeExecutor } from './executors/executor.js';
import { LocalPool } from './executors/local/pool.js';
import { refuseLiveJobs } from './executors/live-jobs.js';
import { type AskedDevice, type CudaState, placeSteps } from './device.js';
import { FailedInputs } from './failed-inputs.js';
import { LevelsAhead } from './levels-ahead.js';
import { GpuService } from './gpu-service.js';
import { stepIdentity } from './identity.js';
import type { DoneEntry, Ledger } from './ledger.js';
import { removeParts, removeScratch, removeSelections } from './leftovers.js';
import { type Check, Levels } from './levels.js';
import { copyOutside } from './outside.js';
import type { LockSettings } from './parent-lock.js';
import { defaultWorkers, WORKER_BYTES } from './platform.js';
import { type Progress, tellAll } from './progress-events.js';
import { ProgressFile } from './progress-file.js';
import { holdRemovals } from './remove/removed-counts.js';
import { readLock } from './run-folder.js';
import { lockRun, type LockedRun } from './run-lock.js';
import { type FailedInput, type RunSummary, summarise } from './run-summary.js';
import { segmentsOf } from './segments.js';
import { openPlace, type PlaceSettings } from './run-place.js';
import type { RunStorage } from './storage/run-storage.js';
import { shareProgress } from './storage/stored-status.js';
import { SHIPPED_MODULES } from './shipped-modules.js';
import { type GraphInput, TaskGraph } from './task-graph.js';
import type { Node } from './task-nodes.js';
import type { MapSpec, WorkerContext } from './tasks.js';
import type { Manifest } from './types.js';

export type { RunSummary } from './run-summary.js';

export interface RunOptions {
  /** The run folder, or s3://bucket/prefix. */
  readonly out: string;
  /** Of a run on S3: the folder here that tasks read and write; one below the cache folder where absent. */
  readonly work?: string;
  /** Worker processes; by default one a core, as far as memory lets each have its cap. */
  readonly workers?: number;
  /** Inputs that may fail for good without failing the run. */
  readonly allowFailed?: number;
  /** Brings a folder of another manifest up to date: only tasks whose identity changed are redone. */
  readonly update?: boolean;
  /** Reads every local input of a finished task again and compares its sha256 with what was read then. */
  readonly verifyInputs?: boolean;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
  /** Told once, before any task runs, where neural steps compute and why not elsewhere. */
  readonly notice?: (sentence: string) => void;
  /** Where neural steps compute; auto. */
  readonly device?: AskedDevice;
  /** Where tasks run; worker processes of this machine. */
  readonly executor?: MakeExecutor;
  /** Whether jobs of an engine work in the run folder, and the one that this parent runs in; absent: jobs are looked for, and refused. */
  readonly engineJobs?: EngineJobs;
  /** Resident bytes a worker may use; 1 GiB. */
  readonly workerBytes?: number;
  /** How long a worker may make no progress; 10 minutes. */
  readonly stallMs?: number;
  /** Tests: partitions of barriers, modules in place of the registry and of stages/fetch, and what a GPU's library says. */
  readonly partitions?: number;
  readonly lock?: LockSettings;
  readonly modules?: RunModules;
  readonly cuda?: CudaState;
  /** Tests: of a run on S3, retries, size of parts, times of the lease. */
  readonly storage?: PlaceSettings;
  /** Tests: loose ledger objects that are compacted. */
  readonly compactAt?: number;
}

/** URLs of modules. `inputs` exports openInput, listInputs and localGate, `steps` exports steps. */
export interface RunModules {
  readonly steps: string;
  readonly inputs: string;
}

interface InputsModule {
  listInputs(
    source: Source,
    env: { baseDir: string; seed: bigint; gate: FetchGate; signal: AbortSignal; selectionDir: string; notice: (words: string) => void },
  ): Promise<Input[]>;
  openInput(input: Input, env: { gate: FetchGate }): SourceReader;
  localGate(): FetchGate;
}

export async function runManifest(manifest: Manifest, asked: RunOptions): Promise<RunSummary> {
  const started = performance.now();
  const job = asked.engineJobs?.job;
  const place = await openPlace(job === undefined ? asked : { ...asked, lock: { ...asked.lock, job } });
  const { folder, ledger, storage, signal } = place;
  const options = { ...asked, out: folder };
  const file = new ProgressFile(folder);
  const shared = storage === undefined ? null : shareProgress(storage);
  const progress = tellAll([...(options.progress === undefined ? [] : [options.progress]), (event) => file.take(event)]);
  let code: string | undefined = 'ERR_REFINE_INTERNAL';
  try {
    await holdRemovals(folder);
    const run = await prepare(manifest, options, ledger, storage, signal);
    const state = await run.toTheEnd(progress, signal);
    const summary = await summarise(folder, manifest, { ...state, wallMs: Math.round(performance.now() - started) });
    for (const message of summary.warnings) progress({ type: 'warning', message });
    code = undefined;
    return { ...summary, folder: storage?.address ?? folder };
  } catch (error) {
    if (error instanceof RefineError) code = error.code;
    if (place.lost.aborted) throw place.lost.reason;
    if (signal.aborted && !(error instanceof RefineError && error.code === 'ERR_REFINE_TASKS_FAILED')) {
      code = 'ERR_REFINE_INTERRUPTED';
      throw new RefineError('ERR_REFINE_INTERRUPTED', 'interrupted; finished tasks are kept. Run the same command again to go on.', {
        place: asked.out,
        cause: error,
      });
    }
    throw error;
  } finally {
    progress(code === undefined ? { type: 'end' } : { type: 'end', code });
    if (!place.lost.aborted) {
      await file.close(); // else the progress is another parent's
      await shared?.end();
    }
    await place.release();
  }
}

/** Whether somebody else's processes may have files open in the folder. */
async function busy({ engineJobs, out }: RunOptions): Promise<boolean> {
  if (engineJobs !== undefined) return await engineJobs.busy(out);
  await refuseLiveJobs(out);
  return false;
}

async function prepare(manifest: Manifest, options: RunOptions, ledger: Ledger, storage: RunStorage | undefined, signal: AbortSignal): Promise<Run> {
  const on = placeSteps({
    asked: options.device ?? 'auto',
    steps: manifest.steps,
    pinned: manifest.isa,
    held: options.update === true ? null : await readLock(options.out),
    ...(options.cuda === undefined ? {} : { cuda: options.cuda }),
  });
  for (const notice of on.notices) options.notice?.(notice);
  const env: StageEnv = { seed: manifest.seed, baseDir: manifest.baseDir, device: on.device, ...(on.isa === null ? {} : { isa: on.isa }) };
  const identities = [];
  for (const step of manifest.steps) identities.push(await stepIdentity(step, env));
  const modules = options.modules ?? SHIPPED_MODULES;
  const inputsModule = (await import(modules.inputs)) as InputsModule;
  const gate = inputsModule.localGate();
  const listed = await inputsModule.listInputs(manifest.source, {
    baseDir: manifest.baseDir,
    seed: manifest.seed,
    gate,
    signal,
    selectionDir: resolve(options.out, 'selection'),
    notice: (words) => options.notice?.(words),
  });
  if (listed.length === 0)
    throw new RefineError('ERR_REFINE_INPUT', 'the source names no input, expected at least one file. Check its paths, crawls and `select`.', {
      place: manifest.path,
    });
  const { version } = JSON.parse(await readFile(packagePath('package.json'), 'utf8')) as { version: string };
  const locked = await lockRun(options.out, manifest, identities, listed, { refine: version, on, update: options.update ?? false });
  await storage?.publishFiles(['manifest.yaml', 'manifest.lock.json']);
  if (!(await busy(options))) await removeParts(options.out);
  await copyOutside(options.out, manifest.steps, identities, env);

  const segments = segmentsOf(manifest.steps);
  const graph = new TaskGraph(manifest, segments, identities, locked.inputs, options.partitions);
  const context: WorkerContext = {
    runFolder: resolve(options.out),
    baseDir: manifest.baseDir,
    seed: manifest.seed,
    device: on.device,
    isa: on.isa,
    steps: manifest.steps.map(({ name, stage, options: given }) => {
      const own = (stage as { module?: { path: string } }).module;
      return { name, stage: stage.name, ...(own === undefined ? {} : { module: pathToFileURL(resolve(manifest.baseDir, own.path)).href }), options: given };
    }),
    sink: manifest.sink,
    maxBytes: options.workerBytes ?? WORKER_BYTES,
    ...(options.stallMs === undefined ? {} : { stallMs: options.stallMs }),
    ...(storage === undefined ? {} : { storage: storage.spec }),
    modules,
  };
  const gpu = on.library === undefined || options.executor !== undefined ? undefined : await GpuService.start(on.library, options.notice);
  return new Run(options, manifest, locked, ledger, graph, gpu === undefined ? context : { ...context, gpu: gpu.address }, gate, inputsModule, gpu, storage);
}

class Run {
  readonly #options: RunOptions;
  readonly #manifest: Manifest;
  readonly #locked: LockedRun;
  readonly #ledger: Ledger;
  readonly #graph: TaskGraph;
  readonly #context: WorkerContext;
  readonly #gate: FetchGate;
  readonly #inputs: InputsModule;
  readonly #gpu: GpuService | undefined;
  readonly #failed: FailedInputs;
  readonly #storage: RunStorage | undefined;

  constructor(
    options: RunOptions,
    manifest: Manifest,
    locked: LockedRun,
    ledger: Ledger,
    graph: TaskGraph,
    context: WorkerContext,
    gate: FetchGate,
    inputs: InputsModule,
    gpu: GpuService | undefined,
    storage: RunStorage | undefined,
  ) {
    this.#storage = storage;
    this.#options = options;
    this.#manifest = manifest;
    this.#locked = locked;
    this.#ledger = ledger;
    this.#graph = graph;
    this.#context = context;
    this.#gate = gate;
    this.#inputs = inputs;
    this.#gpu = gpu;
    this.#failed = new FailedInputs(options.out, ledger);
  }

  async toTheEnd(progress: Progress, signal: AbortSignal): Promise<{ failed: readonly FailedInput[]; ran: number; reused: number }> {
    const workers = this.#options.workers ?? defaultWorkers(this.#context.maxBytes);
    const { inputs, lock } = this.#locked;
    const sizes = inputs.map((input) => input.bytes);
    progress({
      type: 'start',
      folder: this.#storage?.address ?? this.#options.out,
      inputs: inputs.length,
      bytes: sizes.includes(null) ? null : sizes.reduce<number>((a, b) => a + b!, 0),
      workers,
      name: this.#manifest.name,
    });
    const levels = new Levels(this.#options.out, this.#ledger, this.#failed, {
      allowFailed: this.#options.allowFailed ?? 0,
      inputs: inputs.length,
      // After an update a final name may hold another task's bytes of the same size, so it is hashed.
      hashed: lock.updates > 0,
      ...(this.#options.compactAt === undefined ? {} : { compactAt: this.#options.compactAt }),
      ...(this.#storage === undefined ? {} : { storage: this.#storage }),
      prepare: () => this.#prepareSteps(),
      progress,
      signal,
    });
    const local: MakeExecutor = (context, gate, events) => new LocalPool(workers, context, gate, events);
    const executor = (this.#options.executor ?? local)(this.#context, this.#gate, levels.events);
    try {
      const firstMap = (number: number): MapSpec => this.#firstMap(number);
      await this.#failed.failChanged(this.#locked, firstMap);
      if (this.#options.verifyInputs === true) {
        const open = (input: Input): SourceReader => this.#inputs.openInput(input, { gate: this.#gate });
        const seen = await this.#failed.verify(this.#locked, firstMap, open, signal);
        this.#options.notice?.(seen);
      }
      // An input that fails after a barrier leaves a hole in what the barrier saw: it is left out and the barrier made again.
      while (!(await this.#pass(levels, executor))) levels.forgetPlan();
    } finally {
      await executor.close();
      await this.#gpu?.close();
    }
    await levels.writePlan(true);
    if (!(await busy(this.#options))) {
      await removeParts(this.#options.out); // of workers that were killed while this run went on
      await removeSelections(this.#options.out, inputs);
    }
    await levels.prune();
    if (levels.ran > 0 && this.#locked.lock.removals !== undefined) {
      await removeScratch(this.#options.out); // holds what the shards do not
      await this.#storage?.clean();
    }
    return { failed: this.#failed.all(), ran: levels.ran, reused: levels.reused };
  }

  /** One way through all levels; false where another input failed on the way. */
  async #pass(levels: Levels, executor: Executor): Promise<boolean> {
    const segments = segmentsOf(this.#manifest.steps);
    const numbered: GraphInput[] = this.#locked.inputs.map((input, number) => ({ number, input }));
    const live = numbered.filter(({ number }) => !this.#failed.has(number));
    const entry = (node: Node): DoneEntry => levels.entry(node);
    const complete = (name: string, nodes: readonly Node[], check: Check): Promise<boolean> => levels.complete(name, nodes, check, executor);

    const ahead = new LevelsAhead(segments, this.#locked.inputs.length, this.#manifest.spillBytes);
    levels.expected = ahead.levels;
    levels.ahead = (level) => ahead.after(level);
    const single = segments.length === 1;
    const first = this.#graph.firstMaps(live);
    const maps: Node[][] = [first];
    if (!(await complete(single ? 'map' : `map 1/${segments.length}`, first, single ? 'final' : 'none'))) return false;
    await levels.checkAllowed(); // inputs that changed failed before; the others were tried
    if (!(await levels.noneBroken(segments[0]!, first))) return false;
    for (const segment of segments.slice(0, -1)) {
      const before = maps[maps.length - 1]!;
      const decided: Decided[] = [];
      for (const step of segment.barriers) {
        const barrier = this.#graph.barrier(segment, step, before, first, decided.at(-1) ?? null, entry);
        const { phases } = barrier.plan;
        levels.expected = ahead.known(step, phases.length);
        for (const [index, phase] of phases.entries()) {
          const name = `${step.name} ${index + 1}/${phases.length} ${phase.name}`;
          if (!(await complete(name, barrier.nodes(index), 'none'))) return false;
          await levels.consume(barrier.consumedBy(index));
        }
        decided.push(barrier.decided());
      }
      const ranks = this.#graph.ranks(segment, before, entry);
      if (ranks.length > 0 && !(await complete(`${segment.ranked!.step.name} ranks`, ranks, 'none'))) return false;
      const next = segments[segment.index + 1]!;
      const final = next.index === segments.length - 1;
      const later = this.#graph.laterMaps(next, before, first, maps.slice(1), decided, ranks, entry);
      if (!(await complete(`map ${next.index + 1}/${segments.length}`, later, final ? 'final' : 'none'))) return false;
      if (!(await levels.noneBroken(next, later))) return false;
      maps.push(later);
    }
    return await complete('index and samples', [this.#graph.finalize(maps, entry)], 'final');
  }

  async #prepareSteps(): Promise<void> {
    const { seed, baseDir, device, isa, runFolder } = this.#context;
    const env: StageEnv = { seed, baseDir, device, ...(isa === null ? {} : { isa }), scratch: join(runFolder, 'scratch') };
    for (const { stage, options } of this.#manifest.steps) await stage.prepare?.(options, env);
  }

  #firstMap(number: number): MapSpec {
    return this.#graph.firstMaps([{ number, input: this.#locked.inputs[number]! }])[0]!.spec as MapSpec;
  }
}
