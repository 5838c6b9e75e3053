// Slurm's commands: their arguments, and what their answers mean. Invariant: every word is an argument of its own. The script that
// sbatch wants is a constant: it starts its own arguments as a program, so no path and no text of a manifest is read by a shell.
import { RefineError } from '../../../native/errors.js';
import type { ArrayJob, Element, ElementState, ElementStates } from '../engine.js';
import { EXIT_TIME, STOPPED_CODES } from '../worker-exit.js';

/** What sbatch runs on the node, with the command as its arguments. */
export const SCRIPT = '#!/bin/sh\nexec "$@"\n';

const MIB = 1024 * 1024;

export interface SubmitSettings {
  /** Seconds before the time limit at which the job is told to stop; 0: never. */
  readonly stopBefore: number;
}

/** `script` holds SCRIPT. sbatch reads patterns in the log's whole path, the run folder's name too: `%` is doubled in it. */
export function sbatchArguments(job: ArrayJob, script: string, { stopBefore }: SubmitSettings): string[] {
  const { cpus, memoryBytes, timeMs, extra } = job.resources;
  return [
    '--parsable',
    `--job-name=${job.name}`,
    ...(job.single === true ? [] : [`--array=0-${job.elements - 1}`]),
    ...(job.after === undefined || job.after.length === 0 ? [] : [`--dependency=afterany:${job.after.join(':')}`]),
    '--nodes=1',
    '--ntasks=1',
    `--cpus-per-task=${cpus}`,
    `--mem=${Math.ceil(memoryBytes / MIB)}M`,
    ...(timeMs === undefined ? [] : [`--time=${timeText(timeMs)}`]),
    ...(stopBefore === 0 || job.single === true ? [] : [`--signal=B:USR2@${stopBefore}`]),
    '--chdir=/', // on every node, and without a part in the log's path
    `--output=${patternOf(job.folder)}/${job.single === true ? `${job.name}.log` : '%a.log'}`,
    '--open-mode=append',
    ...extra,
    script,
    ...job.command,
  ];
}

function patternOf(folder: string): string {
  if (folder.includes('\\') || folder.includes('\n'))
    throw new RefineError(
      'ERR_REFINE_USAGE',
      'has a backslash or a line break in its path, which Slurm reads as a sign in the names of logs. Choose another run folder.',
      { place: folder },
    );
  return folder.replaceAll('%', '%%');
}

/** Minutes and seconds as sbatch reads them; whole seconds, at least one minute for Slurm counts limits in minutes. */
export function timeText(ms: number): string {
  const seconds = Math.max(60, Math.ceil(ms / 1000));
  const two = (value: number): string => String(value).padStart(2, '0');
  const [days, rest] = [Math.floor(seconds / 86_400), seconds % 86_400];
  const clock = `${two(Math.floor(rest / 3600))}:${two(Math.floor((rest % 3600) / 60))}:${two(rest % 60)}`;
  return days === 0 ? clock : `${days}-${clock}`;
}

/** Job id of `sbatch --parsable`: a line `123` or `123;cluster`, whole; null where no such line is there: a number that was cut is another job's. */
export function submittedJob(stdout: string): string | null {
  return /^(\d+)(;[^\n]*)?\n/m.exec(stdout)?.[1] ?? null;
}

export type Refusal = 'full' | 'silent' | 'refused';

/** What sbatch's and squeue's words mean: a limit on jobs, no answer, or no. */
export function refusalOf(stderr: string): Refusal {
  if (/job submit limit|MaxSubmitJob|JobSizeExceeded|temporarily unable to accept job|Resource temporarily unavailable|MaxJobCount|too many jobs/i.test(stderr))
    return 'full';
  if (
    /timed out|Unable to contact|Connection refused|Zero Bytes were transmitted|Socket|Transport|not responding|slurm_load_jobs error|in standby mode/i.test(
      stderr,
    )
  )
    return 'silent';
  return 'refused';
}

/** Of `squeue --format=%F`, in whatever order it lists: the highest number, null of none; undefined where it is no such answer. */
export function newestJob(stdout: string): string | null | undefined {
  if (!/^(\d+\n)*$/.test(stdout)) return undefined;
  const jobs = stdout.split('\n').filter(Boolean);
  return jobs.length === 0 ? null : String(Math.max(...jobs.map(Number)));
}

/** squeue -O with `|` after every field, of full width. */
export const SQUEUE_FIELDS = 'ArrayJobID:0|,ArrayTaskID:0|,State:0|,exit_code:0|,NodeList:0|,Reason:0|';

/**
 * By job; elements that squeue lists as a range (pending ones) by themselves. null where it is no whole answer: an element that is not
 * listed counts as ended, so none may be missing because of a line that was cut or that something else wrote.
 */
export function parseSqueue(stdout: string): Map<string, ElementStates> | null {
  const jobs = new Map<string, Map<number, Element>>();
  if (stdout !== '' && !stdout.endsWith('\n')) return null;
  for (const line of stdout.split('\n').slice(0, -1)) {
    const [, job, tasks, state, code, node, reason] = LINE.exec(line) ?? [];
    if (job === undefined || reason === undefined) return null;
    const elements = jobs.get(job) ?? new Map<number, Element>();
    jobs.set(job, elements);
    const element = elementOf(state!, Number(code), reason, node!);
    for (const index of tasks === 'N/A' ? [0] : indices(tasks!)) elements.set(index, element);
  }
  return jobs;
}

/** Reasons are Slurm's words, and of a failed dependency or a hold an administrator's, which may hold a bar. */
const LINE = /^(\d+)\|(N\/A|[\d[\],:%-]+)\|([A-Z0-9_]+)\|(\d+)\|([^|]*)\|(.*)\|$/;

const MOST_INDICES = 10_000_000;

/** `3`, `1-4%1`, `0,2-8:2`. */
export function indices(text: string): number[] {
  const found: number[] = [];
  for (const part of text.replace(/[[\]]|%\d+/g, '').split(',')) {
    const [, first, last, step] = /^(\d+)(?:-(\d+)(?::(\d+))?)?$/.exec(part) ?? [];
    if (first === undefined) continue;
    for (let index = Number(first); index <= Number(last ?? first) && found.length < MOST_INDICES; index += Math.max(1, Number(step ?? 1))) found.push(index);
  }
  return found;
}

const STATES: Readonly<Record<string, ElementState>> = {
  PENDING: 'waiting',
  CONFIGURING: 'waiting',
  REQUEUED: 'waiting',
  REQUEUE_FED: 'waiting',
  REQUEUE_HOLD: 'waiting',
  SPECIAL_EXIT: 'waiting',
  RESV_DEL_HOLD: 'waiting',
  RUNNING: 'running',
  COMPLETING: 'running',
  SUSPENDED: 'running',
  STOPPED: 'running',
  RESIZING: 'running',
  SIGNALING: 'running',
  STAGE_OUT: 'running',
  COMPLETED: 'done',
  FAILED: 'failed',
  OUT_OF_MEMORY: 'memory',
  TIMEOUT: 'time',
  DEADLINE: 'time',
  PREEMPTED: 'taken',
  NODE_FAIL: 'taken',
  BOOT_FAIL: 'taken',
  REVOKED: 'taken',
  LAUNCH_FAILED: 'taken',
  CANCELLED: 'cancelled',
};

/** `code` as wait(2) gives it: the exit code above 8 bits of signal. */
function elementOf(word: string, code: number, reason: string, node: string): Element {
  const exit = code >> 8;
  const signal = code & 0x7f;
  // A word that is not known is of a job that squeue still lists: it counts as ended only once it is listed no more.
  let state = STATES[word] ?? (/HOLD/.test(word) ? 'waiting' : 'running');
  if (state === 'failed' && exit === EXIT_TIME) state = 'time';
  else if (state === 'failed' && STOPPED_CODES.includes(exit)) state = 'taken';
  const ended = state !== 'waiting' && state !== 'running';
  const how = !ended ? reason : word !== 'FAILED' ? word : signal !== 0 ? `signal ${signal}` : exit !== 0 ? `exit code ${exit}` : reason;
  return { state, ...(how === '' || how === 'None' ? {} : { reason: how }), ...(node === '' ? {} : { node }) };
}

/** Numbers of `scontrol show config`; absent keys are null, and so is a line that was cut, whose number would be another. */
export function configNumber(stdout: string, key: string): number | null {
  const value = new RegExp(`^${key}\\s*=\\s*(\\d+)\\s*\\n`, 'm').exec(stdout)?.[1];
  return value === undefined ? null : Number(value);
}
