// The Slurm engine: sbatch, squeue, scontrol and scancel, each started by itself with its arguments; no accounting database is needed
// (sacct is not there on every cluster): the ledger says what is done, squeue what became of a job while Slurm remembers it.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RefineError } from '../../../native/errors.js';
import { replaceFile } from '../../atomic-file.js';
import { type ArrayJob, type ElementStates, type Engine, EngineSilent } from '../engine.js';
import { EXECUTOR_FOLDER } from '../level-folder.js';
import { configNumber, newestJob, parseSqueue, refusalOf, SCRIPT, SQUEUE_FIELDS, sbatchArguments, submittedJob } from './commands.js';

interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const ANSWER_BYTES = 256 << 20;
const ANSWER_MS = 120_000;
/** A submission whose answer was lost is looked for by name so often. */
const FINDS = 5;

export class SlurmEngine implements Engine {
  readonly name = 'slurm';
  readonly maxElements: number;
  readonly maxQueued: number;
  readonly #stopBefore: number;

  private constructor(maxElements: number, maxQueued: number, stopBefore: number) {
    this.maxElements = maxElements;
    this.maxQueued = maxQueued;
    this.#stopBefore = stopBefore;
  }

  /** Asks the controller for its limits. */
  static async open(stopBeforeMs: number): Promise<SlurmEngine> {
    const { code, stdout, stderr } = await call('scontrol', ['show', 'config']);
    if (code !== 0 && refusalOf(stderr) === 'silent') throw silent('scontrol', stderr);
    if (code !== 0)
      throw new RefineError(
        'ERR_REFINE_ENGINE',
        `scontrol show config says: ${said(stderr)}; expected an answer of slurmctld. Run on a login node of the cluster (try: sinfo), or with --executor local.`,
        {
          place: 'slurm',
        },
      );
    const [array, jobs] = [configNumber(stdout, 'MaxArraySize'), configNumber(stdout, 'MaxJobCount')];
    if (array === null || jobs === null) throw garbled('scontrol show config', stdout, 'lines of MaxArraySize and MaxJobCount');
    if (array < 2)
      throw new RefineError('ERR_REFINE_ENGINE', `MaxArraySize is ${array}: this cluster takes no job arrays. Ask its administrators for at least 1001.`, {
        place: 'slurm',
      });
    // MaxJobCount is the whole cluster's: half of it is nobody's to take.
    return new SlurmEngine(array, Math.max(1, Math.floor(jobs / 2)), Math.ceil(stopBeforeMs / 1000));
  }

  async submit(job: ArrayJob): Promise<string> {
    const script = join(job.runFolder, EXECUTOR_FOLDER, 'start.sh');
    await replaceFile(script, SCRIPT);
    const { code, stdout, stderr } = await call('sbatch', sbatchArguments(job, script, { stopBefore: this.#stopBefore }));
    const id = code === 0 ? submittedJob(stdout) : null;
    if (id !== null) return id;
    switch (code === 0 ? 'silent' : refusalOf(stderr)) {
      case 'full':
        throw new RefineError('ERR_REFINE_QUEUE_FULL', `sbatch takes no more now: ${said(stderr)}. Wait, or lower executor.slurm.max-queued.`, {
          place: 'slurm',
        });
      case 'silent':
        // Slurm may have taken it all the same.
        for (let tries = 0; tries < FINDS; tries++) {
          await sleep(1000 * 2 ** tries);
          const found = await this.find(job.name).catch(() => null);
          if (found !== null) return found;
        }
        throw code === 0 ? garbled('sbatch', stdout, "a line with the job's number") : silent('sbatch', stderr);
      case 'refused':
    }
    throw new RefineError(
      'ERR_REFINE_ENGINE',
      `sbatch refuses ${job.elements} jobs of ${job.name}: ${said(stderr)}. Correct the executor block (partition, account, time, memory; sinfo shows what there is) and run the same command again.`,
      { place: 'slurm' },
    );
  }

  async find(name: string): Promise<string | null> {
    const { code, stdout, stderr } = await call('squeue', ['--noheader', '--states=all', `--name=${name}`, '--format=%F']);
    if (code !== 0) throw silent('squeue', stderr);
    const newest = newestJob(stdout);
    if (newest === undefined) throw garbled('squeue', stdout, "a job's number a line");
    return newest;
  }

  async states(jobs: readonly string[]): Promise<ReadonlyMap<string, ElementStates>> {
    if (jobs.length === 0) return new Map();
    const { code, stdout, stderr } = await call('squeue', ['--noheader', '--states=all', `--jobs=${jobs.join(',')}`, `--Format=${SQUEUE_FIELDS}`]);
    if (code !== 0) {
      if (/Invalid job id/i.test(stderr)) return new Map(); // forgotten, all of them
      throw silent('squeue', stderr);
    }
    const states = parseSqueue(stdout);
    if (states === null) throw garbled('squeue', stdout, `whole lines of ${SQUEUE_FIELDS}`);
    return states;
  }

  async cancel(jobs: readonly string[]): Promise<void> {
    if (jobs.length === 0) return;
    const { code, stderr } = await call('scancel', ['--quiet', ...jobs]);
    if (code !== 0 && !/Invalid job id/i.test(stderr)) throw silent('scancel', stderr);
  }

  readonly chains = {
    ownJob: (): string | null => (/^\d+$/.test(process.env.SLURM_JOB_ID ?? '') ? process.env.SLURM_JOB_ID! : null),
    setAfter: async (job: string, after: readonly string[]): Promise<void> => {
      const { code, stderr } = await call('scontrol', ['update', `JobId=${job}`, `Dependency=afterany:${after.join(':')}`]);
      if (code !== 0) throw silent('scontrol update', stderr);
    },
  };
}

function silent(command: string, stderr: string): RefineError {
  return new EngineSilent('slurm', `${command} does not answer: ${said(stderr)}. Check slurmctld (sinfo, scontrol ping).`);
}

/** Something else wrote there, or it was cut: another answer may be whole. */
function garbled(command: string, stdout: string, expected: string): RefineError {
  return new EngineSilent('slurm', `${command} answered ${JSON.stringify(stdout.slice(-200))}, expected ${expected}. Try it by hand.`);
}

function said(stderr: string): string {
  const text = stderr.trim().split('\n').at(-1) ?? '';
  return text === '' ? 'nothing' : text.slice(0, 300).replace(/\.$/, '');
}

/** Variables of a job that this process may be in (what it submits is not of that job) and filters of squeue; the configuration's place stays. */
function environment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const name of Object.keys(env)) if (/^(SLURM|SQUEUE|SCANCEL)_/.test(name) && !name.startsWith('SLURM_CONF')) delete env[name];
  env.SLURM_BITSTR_LEN = '0'; // ranges of pending elements in full
  return env;
}

function call(command: string, args: readonly string[]): Promise<Answer> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { maxBuffer: ANSWER_BYTES, timeout: ANSWER_MS, env: environment(), encoding: 'utf8' }, (error, stdout, stderr) => {
      if (error === null) return resolve({ code: 0, stdout, stderr });
      const { code } = error as NodeJS.ErrnoException & { code?: string | number };
      if (code === 'ENOENT')
        return reject(
          new RefineError(
            'ERR_REFINE_ENGINE',
            `${command} is not installed here, expected Slurm's commands in PATH. Run on a login node of the cluster, or with --executor local.`,
            { place: 'slurm' },
          ),
        );
      resolve({ code: typeof code === 'number' ? code : 1, stdout, stderr: error.killed === true ? `${command}: timed out` : stderr || error.message });
    });
  });
}
