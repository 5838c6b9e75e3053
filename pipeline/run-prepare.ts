// From a manifest and a run folder that is held to a run that can begin: where steps compute, what each step is, which inputs there
// are, the lock file, the graph of tasks and what workers are told.
// Invariant: nothing of a task has run; a folder of another manifest is refused before it is changed.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { RefineError } from '../native/errors.js';
import { packagePath } from '../native/package-root.js';
import type { FetchGate } from '../stages/contract/source.js';
import type { StageEnv } from '../stages/contract/stage.js';
import { placeSteps } from './device.js';
import { refuseLiveJobs } from './executors/live-jobs.js';
import { GpuService } from './gpu-service.js';
import { stepIdentity } from './identity.js';
import type { Ledger } from './ledger.js';
import { removeParts } from './leftovers.js';
import { copyOutside } from './outside.js';
import { WORKER_BYTES } from './platform.js';
import { readLock } from './run-folder.js';
import { lockRun, type LockedRun } from './run-lock.js';
import type { InputsModule, RunOptions } from './run-options.js';
import { segmentsOf } from './segments.js';
import { SHIPPED_MODULES } from './shipped-modules.js';
import type { RunStorage } from './storage/run-storage.js';
import { TaskGraph } from './task-graph.js';
import type { WorkerContext } from './tasks.js';
import type { Manifest } from './types.js';

export interface PreparedRun {
  readonly options: RunOptions;
  readonly manifest: Manifest;
  readonly locked: LockedRun;
  readonly ledger: Ledger;
  readonly graph: TaskGraph;
  readonly context: WorkerContext;
  readonly gate: FetchGate;
  readonly inputs: InputsModule;
  /** Of this machine's workers, where a GPU computes for them. */
  readonly gpu: GpuService | undefined;
  /** Of a run in a store. */
  readonly storage: RunStorage | undefined;
}

/** Whether somebody else's processes may have files open in the folder. */
export async function busy({ engineJobs, out }: RunOptions): Promise<boolean> {
  if (engineJobs !== undefined) return await engineJobs.busy(out);
  await refuseLiveJobs(out);
  return false;
}

/** `options.out` is the folder that tasks read and write; `signal` ends with the run's hold on it. */
export async function prepareRun(
  manifest: Manifest,
  options: RunOptions,
  ledger: Ledger,
  storage: RunStorage | undefined,
  signal: AbortSignal,
): Promise<PreparedRun> {
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
  return {
    options,
    manifest,
    locked,
    ledger,
    graph,
    context: gpu === undefined ? context : { ...context, gpu: gpu.address },
    gate,
    inputs: inputsModule,
    gpu,
    storage,
  };
}
