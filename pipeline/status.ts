// How far a run is, from its folder alone: the ledger, the plan beside it, the lock of its parent, the progress file, the log of
// cluster jobs. Works on a run that goes on, one that is done and one that died, and from another machine that shares the disk.
// Invariant: reads only; a file that changes meanwhile is read as it was or as it is, never an error.
import { readdir, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { errorCatalogue } from '../native/error-catalogue.js';
import { RefineError } from '../native/errors.js';
import { Ledger } from './ledger.js';
import { JobsLog } from './executors/jobs-log.js';
import { readHolder } from './parent-lock.js';
import { readProgress, type ProgressState } from './progress-file.js';
import { remaining } from './progress-tally.js';
import { readLock, readPlan, type RunLock, type RunPlan } from './run-folder.js';
import { withoutSecrets } from './without-secrets.js';

export type RunStateName = 'running' | 'finished' | 'failed' | 'stopped';

export interface Rates {
  readonly documents: number | null;
  readonly bytes: number | null;
  readonly tasks: number | null;
  /** Seconds they were measured over. */
  readonly seconds: number;
}

export interface Straggler {
  readonly label: string;
  readonly host: string;
  readonly worker: number;
  readonly pid: number | null;
  readonly attempt: number;
  readonly seconds: number;
  /** Of the median of its level. */
  readonly times: number;
}

export interface FailureGroup {
  readonly code: string;
  /** The labels' common shape: numbers and names that differ are `*`. */
  readonly pattern: string;
  readonly count: number;
  readonly sample: { readonly label: string; readonly message: string };
  readonly next: string;
}

export interface ClusterJobs {
  readonly engine: string;
  /** Jobs handed over and not closed yet. */
  readonly open: readonly { readonly job: string; readonly level: string; readonly elements: number; readonly tasks: number; readonly since: string }[];
  readonly closed: number;
}

export interface RunStatus {
  readonly folder: string;
  readonly name: string | null;
  readonly state: RunStateName;
  /** Why it is taken for that. */
  readonly because: string;
  readonly parent: { readonly pid: number; readonly host: string } | null;
  readonly inputs: number;
  readonly tasks: { readonly done: number; readonly failed: number; readonly known: number };
  readonly level: {
    readonly name: string;
    readonly number: number | null;
    readonly of: number | null;
    readonly done: number;
    readonly failed: number;
    readonly tasks: number;
  } | null;
  readonly now: Rates | null;
  readonly overall: Rates | null;
  readonly eta: { readonly level: number | null; readonly run: number | null; readonly low: number | null; readonly high: number | null } | null;
  readonly running: number;
  readonly retries: number;
  readonly stragglers: readonly Straggler[];
  readonly failures: readonly FailureGroup[];
  readonly lastError: string | null;
  readonly jobs: ClusterJobs | null;
  readonly disk: { readonly files: number; readonly bytes: number; readonly scratchBytes: number; readonly whole: boolean };
  /** Seconds since the progress file was written; null where there is none. */
  readonly age: number | null;
}

/** A task that takes this many times the median of its level is one to look at. */
const STRAGGLER = 3;
/** And longer than this: among tasks of milliseconds nothing straggles. */
const STRAGGLER_SECONDS = 10;
/** A parent elsewhere that has not written for so long is taken for dead. It writes every few seconds. */
const STALE_SECONDS = 120;
const MAX_FAILURES_READ = 10_000;
const MAX_FILES = 200_000;

export interface StatusWorld {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly host: string;
}

/** What a run left of itself, in a folder or in a store. */
export interface RunLook {
  /** As people know it. */
  readonly folder: string;
  readonly lock: RunLock | null;
  readonly plan: RunPlan | null;
  readonly holder: Awaited<ReturnType<typeof readHolder>>;
  readonly progress: ProgressState | null;
  readonly ledger: Ledger;
  readonly jobs: ClusterJobs | null;
  readonly disk: RunStatus['disk'];
}

const HERE: StatusWorld = { now: Date.now, host: hostname() };

export async function runStatus(folder: string, world = HERE): Promise<RunStatus> {
  const of = { lock: await readLock(folder), plan: await readPlan(folder), holder: await readHolder(folder), progress: await readProgress(folder) };
  return await statusOf({ folder, ...of, ledger: new Ledger(folder), jobs: await clusterJobs(folder), disk: await diskUse(folder) }, world);
}

export async function statusOf({ folder, lock, plan, holder, progress, ledger, jobs, disk }: RunLook, world = HERE): Promise<RunStatus> {
  if (lock === null && holder === null) {
    throw new RefineError(
      'ERR_REFINE_LEDGER',
      'is no run folder: it has no manifest.lock.json. Name the folder that `refine run` wrote (its --out, by default runs/<manifest name>).',
      {
        place: folder,
      },
    );
  }
  const now = world.now();
  const age = progress === null ? null : Math.max(0, (now - progress.at) / 1000);
  const known = plan?.tasks ?? [];
  const states = await ledger.states();
  const done = known.reduce((sum, task) => sum + (states.done.has(task) ? 1 : 0), 0);
  const failures = await failureGroups(ledger, states.failed);
  const failed = failures.reduce((sum, { count }) => sum + count, 0);
  const alive = holder !== null && (holder.who === 'live' || (holder.who === 'elsewhere' && age !== null && age < STALE_SECONDS));
  const { state, because } = verdict({ finished: plan?.finished ?? false, alive, holder, progress, age, failed, host: world.host });
  const running = state === 'running' && progress !== null && (holder === null || progress.pid === holder.pid) ? progress : null;
  const level = running?.level ?? null;
  return {
    folder,
    name: typeof lock?.resolved.name === 'string' ? lock.resolved.name : null,
    state,
    because,
    parent: holder === null ? null : { pid: holder.pid, host: holder.host },
    inputs: lock?.inputs.length ?? 0,
    tasks: { done, failed, known: known.length + failed },
    level:
      level === null
        ? null
        : { name: level.name, number: level.level, of: level.levels, done: level.doneBefore + level.done, failed: level.failed, tasks: level.tasks },
    now: running === null ? null : ratesNow(running),
    overall: running === null || level === null ? null : rates({ at: level.started, documents: 0, bytes: 0, tasks: 0 }, lastMark(running)),
    eta: level === null || running === null ? null : remaining(level, { documents: running.documents, workers: running.workers }, now),
    running: running?.running.length ?? 0,
    retries: progress?.retries ?? 0,
    stragglers: running === null ? [] : stragglers(running, now),
    failures,
    lastError: progress?.ended === null || progress === null || state === 'running' || state === 'finished' ? null : progress.ended.code,
    jobs,
    disk,
    age,
  };
}

interface Known {
  readonly finished: boolean;
  readonly alive: boolean;
  readonly holder: { readonly pid: number; readonly host: string } | null;
  readonly progress: ProgressState | null;
  readonly age: number | null;
  readonly failed: number;
  readonly host: string;
}

function verdict({ finished, alive, holder, progress, age, failed, host }: Known): { readonly state: RunStateName; readonly because: string } {
  if (alive) return { state: 'running', because: `process ${holder!.pid} on ${holder!.host} works on it` };
  if (finished) return { state: 'finished', because: 'its final shards are whole' };
  const code = progress?.ended?.code;
  if (code === 'ERR_REFINE_INTERRUPTED') return { state: 'stopped', because: 'it was interrupted; the same command goes on' };
  if (code !== undefined) return { state: 'failed', because: `it ended with ${code}; the same command tries again what is missing` };
  if (holder === null) {
    if (failed > 0) return { state: 'failed', because: 'tasks failed for good and no process works on it; the same command tries them again' };
    return { state: 'stopped', because: 'no process works on it; the same command goes on' };
  }
  const where = holder.host === host ? 'is gone' : `on ${holder.host} wrote nothing for ${age === null ? 'as long as is known' : `${Math.round(age)} s`}`;
  return { state: 'stopped', because: `its process ${holder.pid} ${where}; the same command goes on` };
}

/** Failed tasks by code and by the shape of their labels; the most first. */
async function failureGroups(ledger: Ledger, tasks: readonly string[]): Promise<FailureGroup[]> {
  const groups = new Map<string, { code: string; pattern: string; count: number; sample: { label: string; message: string } }>();
  for (const task of tasks.slice(0, MAX_FAILURES_READ)) {
    const entry = await ledger.failed(task);
    if (entry === null) continue; // done meanwhile
    const pattern = patternOf(entry.label);
    const key = `${entry.code} ${pattern}`;
    const held = groups.get(key);
    if (held !== undefined) held.count++;
    else
      groups.set(key, {
        code: entry.code,
        pattern,
        count: 1,
        sample: { label: withoutSecrets(entry.label), message: withoutSecrets(entry.message.split('\n')[0]!) },
      });
  }
  return [...groups.values()]
    .sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1))
    .map((group) => ({ ...group, next: (errorCatalogue as Readonly<Record<string, { readonly next: string }>>)[group.code]?.next ?? '' }));
}

/** The label with digits and hex as stars: `map 000012 crawl-data/x-00012.warc.gz` and its neighbours have one shape, other words another. */
export function patternOf(label: string): string {
  return withoutSecrets(label)
    .replace(/[0-9a-f]{16,}/gi, '*')
    .replace(/\d+(?:[-_.:T]\d+)*/g, '*');
}

function lastMark(progress: ProgressState): { at: number; documents: number; bytes: number; tasks: number } {
  const { level } = progress;
  return { at: progress.at, documents: level?.documents ?? 0, bytes: level?.bytes ?? 0, tasks: level?.done ?? 0 };
}

/** Over the last minute or so of marks. */
function ratesNow(progress: ProgressState): Rates | null {
  const last = lastMark(progress);
  const from = [...progress.marks].reverse().find(({ at }) => last.at - at >= 60_000) ?? progress.marks[0];
  return from === undefined ? null : rates(from, last);
}

type Mark = { readonly at: number; readonly documents: number; readonly bytes: number; readonly tasks: number };

function rates(from: Mark, to: Mark): Rates | null {
  const seconds = (to.at - from.at) / 1000;
  if (seconds <= 0) return null;
  const each = (a: number, b: number): number => (b - a) / seconds;
  return { documents: each(from.documents, to.documents), bytes: each(from.bytes, to.bytes), tasks: each(from.tasks, to.tasks), seconds };
}

function stragglers(progress: ProgressState, now: number): Straggler[] {
  const { medianMs } = progress;
  if (medianMs === null) return [];
  return progress.running
    .map(({ label, host, worker, pid, attempt, since }) => {
      const seconds = (now - since) / 1000;
      return { label, host, worker, pid, attempt, seconds, times: (seconds * 1000) / Math.max(1, medianMs) };
    })
    .filter(({ seconds, times }) => times > STRAGGLER && seconds > STRAGGLER_SECONDS)
    .sort((a, b) => b.seconds - a.seconds);
}

async function clusterJobs(folder: string): Promise<ClusterJobs | null> {
  const open = new Map<string, ClusterJobs['open'][number]>();
  let engine: string | null = null;
  let closed = 0;
  for (const record of await new JobsLog(folder).records()) {
    if ('engine' in record) engine ??= record.engine;
    if (record.event === 'submitted') {
      const { job, level, of = level, elements, tasks = 0, at } = record;
      open.set(level, { job, level: of, elements, tasks, since: at });
    } else if (record.event === 'closed') {
      open.delete(record.level);
      closed++;
    }
  }
  return engine === null ? null : { engine, open: [...open.values()], closed };
}

/** Files below the run folder; counting stops at a bound, and says so. */
async function diskUse(folder: string): Promise<RunStatus['disk']> {
  let [files, bytes, scratchBytes] = [0, 0, 0];
  const waiting = [''];
  for (let below = waiting.pop(); below !== undefined; below = waiting.pop()) {
    for (const entry of await readdir(join(folder, below), { withFileTypes: true }).catch(() => [])) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) waiting.push(path);
      else if (entry.isFile()) {
        if (files >= MAX_FILES) return { files, bytes, scratchBytes, whole: false };
        const size = (await stat(join(folder, path)).catch(() => null))?.size ?? 0;
        files++;
        bytes += size;
        if (path.startsWith('scratch/')) scratchBytes += size;
      }
    }
  }
  return { files, bytes, scratchBytes, whole: true };
}
