// A run handed over to an engine with dependent jobs (`refine submit`): no process of it lives anywhere but in jobs. A small driver job
// makes the run's next level known, submits its arrays, waits a while, and lets the next driver wait for them (afterany).
// Invariants: the next driver is submitted, waiting for this one, before anything else is done, so a driver killed at any instant has a
// successor; the last one cancels it. What drivers know of each other stands in the run folder. infra/decisions/0016.
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RefineError } from '../../native/errors.js';
import { makeFolder, replaceFile } from '../atomic-file.js';
import type { AskedDevice } from '../device.js';
import { digest } from '../identity.js';
import { Ledger } from '../ledger.js';
import { parseManifest } from '../manifest.js';
import { lockRunFolder } from '../parent-lock.js';
import type { Progress } from '../progress-events.js';
import { type RunSummary, runManifest } from '../runner.js';
import { workFolderOf } from '../storage/run-storage.js';
import type { Manifest } from '../types.js';
import { HandedOver } from './cluster-world.js';
import { type ArrayJob, type Engine, EngineSilent, type Resources } from './engine.js';
import { begunDrivers, driverDeaths, type JobRecord, JobsLog, nextDriver, openLevels } from './jobs-log.js';
import { EXECUTOR_FOLDER } from './level-folder.js';
import { aliveOf, isOf, liveJobs } from './live-jobs.js';
import type { ExecutorWritten } from './settings-schema.js';
import { askPatiently, type Patience, patienceOf, submitPatiently, type Waiting } from './patience.js';
import { type ClusterPlace, clusterPlace, openSlurm, refineCommand } from './start.js';

const STAY_MS = 10 * 60_000;
const DRIVER_BYTES = 2 * 1024 ** 3;
/** How long a driver may take to end once it is cancelled. */
const CANCEL_MS = 60_000;
/** Drivers that die one after another, with no job ended in between, before the chain gives up. */
const DEATHS = 3;
/** Arrays that the next driver waits for; with more it comes early and waits for the rest. */
const AWAITED = 100;

/** What was asked for, as every driver of the chain reads it. */
interface SubmittedRun {
  readonly format: 1;
  /** Where the run lies, s3://BUCKET/PREFIX, if the folder is its work folder; absent: there. */
  readonly address?: string;
  readonly manifest: { readonly text: string; readonly path: string };
  readonly sets: readonly string[];
  readonly block: ExecutorWritten;
  readonly allowFailed: number;
  readonly update: boolean;
  readonly device: AskedDevice;
}

export interface SubmitOptions {
  /** The folder that all nodes share: the run folder, or the work folder of a run at `address`. */
  readonly out: string;
  readonly address?: string;
  readonly sets: readonly string[];
  readonly block: ExecutorWritten;
  readonly allowFailed: number;
  readonly update: boolean;
  readonly device: AskedDevice;
}

/** Opens an engine that knows dependent jobs; where nobody waits it is asked once. */
export type OpenChains = (block: ExecutorWritten, waiting?: Waiting) => Promise<ClusterPlace>;

/** Submits the first driver and returns its job's id. */
export async function submitRun(manifest: Manifest, options: SubmitOptions, openPlace: OpenChains = openSlurm): Promise<string> {
  const { engine } = await openPlace(options.block);
  const folder = resolve(options.out);
  const owner = await workFolderOf(folder);
  if (owner !== null && owner !== options.address?.replace(/\/+$/, ''))
    throw new RefineError('ERR_REFINE_RUN_DIFFERS', `is the work folder of ${owner}. Submit with --out ${owner} --work ${options.out}, or choose another.`, {
      place: options.out,
    });
  const log = new JobsLog(folder);
  await refuseDriven(engine, log, options.out); // before the lock, which a driver at work holds: a job's id says more than a process's
  await new Ledger(folder).open();
  const held = await lockRunFolder(folder);
  try {
    await refuseDriven(engine, log, options.out);
    const { out: _, ...rest } = options;
    const submitted: SubmittedRun = { format: 1, manifest: { text: manifest.text, path: resolve(manifest.path) }, ...rest };
    await makeFolder(join(folder, EXECUTOR_FOLDER));
    await replaceFile(submittedPath(folder), `${JSON.stringify(submitted)}\n`);
    await log.add({ event: 'chain', engine: engine.name });
    const job = await engine.submit(driverJob(folder, options.block, null));
    await log.add({ event: 'driver', job, state: 'submitted' });
    return job;
  } finally {
    await held.release();
  }
}

async function refuseDriven(engine: Engine, log: JobsLog, out: string): Promise<void> {
  const [driver] = await liveDrivers(engine, resolve(out), await log.records());
  if (driver === undefined) return;
  throw new RefineError(
    'ERR_REFINE_RUN_LOCKED',
    `job ${driver} of ${engine.name} already drives this run. Look with refine status, or end it with refine submit MANIFEST --cancel.`,
    { place: out },
  );
}

/** Those at work, and those that come after them. */
async function liveDrivers(engine: Engine, folder: string, records: readonly JobRecord[]): Promise<readonly string[]> {
  const next = nextDriver(records);
  const known = [...begunDrivers(records), ...(next === null ? [] : [next])];
  return await aliveOf(engine, [...new Set([...known, ...(await unnotedDrivers(engine, folder, next))])]);
}

/** A driver, and refine submit, notes the job that it submitted once it has its id: of one killed in between only the job's name tells. */
async function unnotedDrivers(engine: Engine, folder: string, next: string | null): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (let after = next; ; ) {
    const job = await engine.find(driverName(folder, after));
    if (job === null || found.has(job)) return found;
    found.add(job);
    after = job;
  }
}

/** Cancels the drivers and every job of the run that is alive; their ids. What is done stays, and a later submit does the rest. */
export async function cancelRun(out: string, block: ExecutorWritten, openPlace: OpenChains = openSlurm): Promise<readonly string[]> {
  const { engine, settings } = await openPlace(block);
  const log = new JobsLog(resolve(out));
  const drivers = new Set<string>();
  const pauseMs = Math.min(settings.pollMs, 1000);
  // Until none is left, for a driver that begins has a successor first, and one that is submitting an array has noted it by its end.
  for (let waitedMs = 0; ; waitedMs += pauseMs) {
    const alive = await liveDrivers(engine, resolve(out), await log.records());
    if (alive.length === 0) break;
    if (waitedMs > CANCEL_MS)
      throw new EngineSilent(engine.name, `drivers ${alive.join(', ')} go on after scancel and a minute. Cancel again, or end them by hand.`);
    const fresh = alive.filter((job) => !drivers.has(job)); // each once: a second signal would end one in the middle
    await engine.cancel(fresh);
    for (const job of fresh) drivers.add(job);
    await sleep(pauseMs);
  }
  const jobs = await liveJobs(out, engine);
  await engine.cancel(jobs);
  const records = await log.records();
  for (const level of openLevels(records)) if (isOf(level, engine) && !level.cancelled) await log.add({ event: 'cancelled', level: level.level });
  const next = nextDriver(records);
  if (next !== null) await log.add({ event: 'driver', job: next, state: 'gave-up' });
  return [...drivers, ...jobs];
}

export interface DriveOptions {
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly notice: (sentence: string) => void;
}

/** One driver's share of the run: null where it goes on in jobs and another driver. */
export async function driveRun(runFolder: string, options: DriveOptions, openPlace: OpenChains = openSlurm): Promise<RunSummary | null> {
  const folder = resolve(runFolder);
  const submitted = await readSubmitted(folder);
  const { block } = submitted;
  const waiting = { notice: options.notice, signal: options.signal };
  const place = await openPlace(block, waiting); // before its successor is there: a driver that gives up here ends the chain
  const { engine } = place;
  const own = engine.chains?.ownJob() ?? null;
  if (own === null)
    throw new RefineError(
      'ERR_REFINE_USAGE',
      `is not in a job of ${engine.name}; expected to be started by refine submit. Use refine run MANIFEST --executor ${engine.name}.`,
      { place: '--drive' },
    );
  const log = new JobsLog(folder);
  const before = await log.records();
  const patience = patienceOf(waiting, place.settings.pollMs);
  const next = await secureNext(engine, folder, block, own, patience);
  await log.add({ event: 'driver', job: own, state: 'begin', next });
  const giveUp = async (): Promise<void> => {
    await engine.cancel([next]);
    await log.add({ event: 'driver', job: own, state: 'gave-up' });
  };
  if (driverDeaths(before) >= DEATHS) {
    await giveUp();
    throw new RefineError(
      'ERR_REFINE_WORKER',
      `${DEATHS} drivers died one after another. Read their logs, give them more memory (executor.slurm.driver.memory), and submit again.`,
      {
        place: join(folder, EXECUTOR_FOLDER),
      },
    );
  }
  try {
    const manifest = await parseManifest(submitted.manifest.text, { path: submitted.manifest.path, sets: submitted.sets });
    const handOver = async (jobs: readonly string[]): Promise<void> => engine.chains!.setAfter(next, [own, ...jobs.slice(0, AWAITED)]);
    const chain = { stayMs: block.slurm?.driver?.stay ?? STAY_MS, handOver };
    const summary = await runManifest(manifest, {
      out: submitted.address ?? folder,
      ...(submitted.address === undefined ? {} : { work: folder }),
      allowFailed: submitted.allowFailed,
      // Once: afterwards the lock holds the manifest, and where it was first scored counts.
      update: submitted.update && !before.some((record) => record.event === 'driver' && record.state === 'begin' && isAfterChain(before, record)),
      device: submitted.device,
      signal: options.signal,
      progress: options.progress,
      notice: options.notice,
      ...clusterPlace(manifest, place, { block, waiting, chain }),
    });
    await engine.cancel([next]);
    await log.add({ event: 'driver', job: own, state: 'finished' });
    return summary;
  } catch (error) {
    if (error instanceof HandedOver) {
      await log.add({ event: 'driver', job: own, state: 'handed-over', next });
      return null;
    }
    if (options.signal.aborted) await log.add({ event: 'driver', job: own, state: 'stopped', next });
    else if (error instanceof RefineError && !(error instanceof EngineSilent)) await giveUp();
    throw error; // of anything else it died: the next one tries
  }
}

function isAfterChain(records: readonly { readonly event: string }[], record: { readonly event: string }): boolean {
  return records.indexOf(record) > records.findLastIndex(({ event }) => event === 'chain');
}

/** The driver after this one; a driver that was requeued finds the one it submitted before. */
async function secureNext(engine: Engine, folder: string, block: ExecutorWritten, own: string, patience: Patience): Promise<string> {
  const alive = await askPatiently(async () => {
    const found = await engine.find(driverName(folder, own));
    return found === null ? [] : await aliveOf(engine, [found]);
  }, patience);
  return alive[0] ?? (await submitPatiently(engine, driverJob(folder, block, own), patience));
}

function driverName(folder: string, after: string | null): string {
  return `refine-${digest(folder).slice(0, 8)}-driver${after === null ? '' : `-after-${after}`}`;
}

/** The driver's job, as an engine is given it. */
export function driverJob(folder: string, block: ExecutorWritten, after: string | null): ArrayJob {
  return {
    name: driverName(folder, after),
    runFolder: folder,
    folder: join(folder, EXECUTOR_FOLDER),
    command: [...refineCommand(), 'worker', folder, '--drive'],
    elements: 1,
    single: true,
    resources: driverResources(block),
    ...(after === null ? {} : { after: [after] }),
  };
}

function driverResources({ slurm = {} }: ExecutorWritten): Resources {
  const own = slurm.driver ?? {};
  const partition = own.partition ?? slurm.partition;
  return {
    cpus: 1,
    memoryBytes: own.memory ?? DRIVER_BYTES,
    ...(own.time === undefined ? {} : { timeMs: own.time }),
    gpus: 0,
    extra: [
      ...(partition === undefined ? [] : [`--partition=${partition}`]),
      ...(slurm.account === undefined ? [] : [`--account=${slurm.account}`]),
      ...(slurm.qos === undefined ? [] : [`--qos=${slurm.qos}`]),
      '--requeue',
      ...(own.extra ?? []),
    ],
  };
}

function submittedPath(folder: string): string {
  return join(folder, EXECUTOR_FOLDER, 'submitted.json');
}

async function readSubmitted(folder: string): Promise<SubmittedRun> {
  const path = submittedPath(folder);
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new RefineError(
      'ERR_REFINE_LEDGER',
      `cannot be read (${cause.code}), expected what refine submit wrote. Submit the run again, or mount its folder on this node.`,
      { place: path, cause },
    );
  });
  return JSON.parse(text) as SubmittedRun;
}
