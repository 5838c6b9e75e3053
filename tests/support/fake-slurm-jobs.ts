// Jobs of the fake Slurm: what sbatch's words say, and an element as a process.
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

export interface FakeState {
  /** Slurm's word: PENDING, RUNNING, TIMEOUT. */
  readonly word: string;
  /** As wait(2) gives it. */
  readonly wait: number;
  readonly reason: string;
  readonly node: string;
}

/** One try of an element. */
export interface Run {
  pid: number | null;
  over: boolean;
  /** What its end means, where it is not its own doing. */
  ending: { readonly word: string; readonly requeue: boolean } | null;
}

export interface FakeBatch {
  readonly name: string;
  readonly array: boolean;
  readonly elements: number;
  after: readonly string[];
  readonly requeue: boolean;
  /** Other options, by name. */
  readonly options: ReadonlyMap<string, string>;
  readonly output: string;
  readonly words: readonly string[];
}

export interface FakeJob extends FakeBatch {
  readonly id: string;
  readonly script: string;
  readonly states: Map<number, FakeState>;
  readonly running: Map<number, Run>;
  readonly restarts: Map<number, number>;
}

export interface Signals {
  begun(pid: number): void;
  /** The path of its log, before it begins. */
  log(path: string): void;
}

const OPTIONS =
  /^--(parsable|requeue|no-requeue|nodes|ntasks|cpus-per-task|mem|time|signal|chdir|open-mode|partition|account|qos|gres|constraint|job-name|array|dependency|output)(?:=(.*))?$/s;

/** The job that sbatch is asked for; a text where it says no. */
export function parseBatch(args: readonly string[], script: number, text: string): FakeBatch | string {
  const options = new Map<string, string>();
  for (const word of args.slice(0, script)) {
    const [, name, value = ''] = OPTIONS.exec(word) ?? [];
    if (name === undefined) return `sbatch: unrecognized option '${word}'`;
    options.set(name, value);
  }
  if (!text.startsWith('#!')) return 'sbatch: error: This does not look like a batch script.';
  const partition = options.get('partition');
  if (partition === 'nowhere') return 'sbatch: error: Batch job submission failed: Invalid partition name specified';
  const array = /^0-(\d+)$/.exec(options.get('array') ?? '')?.[1];
  return {
    name: options.get('job-name')!,
    array: array !== undefined,
    elements: array === undefined ? 1 : Number(array) + 1,
    after: (options.get('dependency') ?? '').split(':').slice(1),
    requeue: options.has('requeue'),
    options,
    output: options.get('output')!,
    words: args.slice(script + 1),
  };
}

/** Runs it to its end. Its group is its own, so that all of it can be ended. */
export async function runElement(
  job: FakeJob,
  index: number,
  more: Readonly<Record<string, string>>,
  signals: Signals,
): Promise<{ readonly code: number | null; readonly signal: number }> {
  const path = job.output.replace(/%(.)/g, (_, letter: string) => (letter === '%' ? '%' : letter === 'a' ? String(index) : `%${letter}`));
  signals.log(path);
  const log = openSync(path, 'a');
  const { SLURM_ARRAY_TASK_ID: _, ...env } = process.env;
  const child = spawn(job.script, job.words, {
    cwd: job.options.get('chdir') ?? '/',
    detached: true,
    stdio: ['ignore', log, log],
    env: {
      ...env,
      SLURM_JOB_ID: job.array ? `${job.id}${String(index).padStart(3, '0')}` : job.id,
      ...(job.array ? { SLURM_ARRAY_JOB_ID: job.id, SLURM_ARRAY_TASK_ID: String(index) } : {}),
      SLURM_RESTART_COUNT: String(job.restarts.get(index) ?? 0),
      ...more,
    },
  });
  closeSync(log);
  if (child.pid !== undefined) signals.begun(child.pid);
  return await new Promise((resolve) => {
    child.once('error', () => resolve({ code: 127, signal: 0 }));
    child.once('exit', (code, signal) => resolve({ code, signal: signal === null ? 0 : (SIGNALS[signal] ?? 1) }));
  });
}

const SIGNALS: Readonly<Record<string, number>> = { SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15, SIGUSR2: 12 };
