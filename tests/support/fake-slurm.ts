// A Slurm without Slurm: commands first in PATH that ask this controller, which runs the jobs as processes here, on two nodes of one place
// each, and does to them what clusters do. Options, states and words are those of Slurm 22.05; what it does not know it refuses, as
// sbatch does. infra/slurm/try.sh does the same on the real one.
// Invariant: everything that it starts is in a process group of its own, and `stop` ends all of them.
import { chmodSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packagePath } from '../../native/package-root.js';
import { type FakeJob, parseBatch, type Run, runElement, type Signals } from './fake-slurm-jobs.js';

/**
 * What happens to an element, once it is at work where it is killed. Until then a file of the name in FAKE_SLURM_HOLD stands, which a step
 * may wait for: an element that ended first would not be harmed.
 */
export type SlurmMishap =
  | 'node-fail' // its node fails: requeued, or NODE_FAIL
  | 'preempt' // SIGTERM, a while, SIGKILL: requeued, or PREEMPTED
  | 'timeout' // killed hard at its time limit
  | 'warned' // told that its time is nearly over, as --signal=B:USR2@ does
  | 'out-of-memory'
  | 'segfault'
  | 'lost' // never begun, and forgotten
  | 'late' // ends well, and is listed as running a while longer
  | 'strange'; // listed in a state that no documentation has while it runs

/** What happens to one answer of a command. */
export type SlurmAnswer =
  | 'silent' // the controller does not answer
  | 'garbled' // exit code 0, and words of something else
  | 'cut' // exit code 0, and the end is missing
  | 'lost-answer'; // sbatch: taken, and the answer times out

export interface FakeSlurmSettings {
  readonly maxArraySize?: number;
  /** Elements queued and running beyond which a submission is refused. */
  readonly maxSubmit?: number;
  readonly mishap?: (job: FakeJob, index: number, restarts: number) => SlurmMishap | undefined;
  /** How long an element is at work before its mishap; it may end before. At once where absent. */
  readonly harmAfterMs?: () => number;
  /** Of the nth call of a command, from 0. A promise: the answer comes once it is kept, and what is asked for happens then. */
  readonly answer?: (command: string, nth: number, args: readonly string[]) => SlurmAnswer | undefined | Promise<SlurmAnswer | undefined>;
}

export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Asked {
  readonly command: string;
  readonly args: readonly string[];
  readonly script: number;
  readonly text: string | null;
}

interface Queued {
  readonly job: FakeJob;
  readonly index: number;
}

const COMMANDS = ['sbatch', 'squeue', 'scontrol', 'scancel', 'sacct'];
const NODES = ['n1', 'n2'];
/** Between SIGTERM and SIGKILL: KillWait. */
const KILL_WAIT_MS = 2000;
const LATE_MS = 1500;
const SILENT = 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)';

export class FakeSlurm {
  readonly jobs = new Map<string, FakeJob>();
  /** Every command that was called: its name and words. */
  readonly calls: (readonly string[])[] = [];
  /** What happened to elements, noted as it was done to them. */
  readonly happened: SlurmMishap[] = [];
  readonly env: Readonly<Record<string, string>>;
  readonly #settings: FakeSlurmSettings;
  readonly #folder: string;
  readonly #server: Server;
  readonly #free = [...NODES];
  readonly #groups = new Set<number>();
  readonly #forgotten = new Set<string>();
  readonly #sockets = new Set<Socket>();
  #queue: Queued[] = [];
  #drained = false;
  #stopped = false;

  private constructor(folder: string, settings: FakeSlurmSettings) {
    this.#folder = folder;
    this.#settings = settings;
    this.env = { PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}`, FAKE_SLURM: join(folder, 'socket') };
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      let text = '';
      this.#sockets.add(socket);
      socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('end', () => void this.#answer(JSON.parse(text) as Asked).then((answer) => socket.end(JSON.stringify(answer))));
    });
  }

  /** `folder` has a short name: a socket's path has at most 107 bytes. */
  static async start(folder: string, settings: FakeSlurmSettings = {}): Promise<FakeSlurm> {
    const slurm = new FakeSlurm(folder, settings);
    mkdirSync(join(folder, 'bin'), { recursive: true });
    for (const command of COMMANDS) {
      const path = join(folder, 'bin', command);
      writeFileSync(path, `#!/bin/sh\nexec '${process.execPath}' '${packagePath('tests', 'fixtures', 'slurm', 'client.mjs')}' ${command} "$@"\n`);
      chmodSync(path, 0o755);
    }
    await new Promise<void>((resolve) => slurm.#server.listen(slurm.env.FAKE_SLURM, resolve));
    return slurm;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#queue = [];
    for (const pid of this.#groups) signalGroup(pid, 'SIGKILL');
    while (this.#groups.size > 0) await sleep(10);
    for (const socket of this.#sockets) socket.destroy(); // whom nobody answers
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** As a person's `scancel --signal=KILL --batch`: the job's process is gone, and Slurm calls it FAILED. */
  kill(id: string): boolean {
    const pids = [...(this.jobs.get(id)?.running.values() ?? [])].map(({ pid }) => pid);
    return pids.some((pid) => pid !== null && signalGroup(pid, 'SIGKILL'));
  }

  /** As an administrator's `scontrol update nodename=n1,n2 state=drain`: what runs goes on, and nothing begins. */
  drain(): void {
    this.#drained = true;
  }

  async #answer(asked: Asked): Promise<Answer> {
    const { command, args } = asked;
    const nth = this.calls.filter(([name]) => name === command).length;
    this.calls.push([command, ...args]);
    const how = await this.#settings.answer?.(command, nth, args);
    if (how === 'silent') return said(1, '', SILENT);
    const answer = this.#do(asked);
    if (how === 'lost-answer') return said(1, '', 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation');
    if (how === 'garbled') return said(0, 'Last login: Sun Nov 22 2026\n*** maintenance on Tuesday | all nodes | 8:00 ***\n');
    if (how === 'cut') return said(0, answer.stdout.slice(0, Math.max(1, Math.floor(answer.stdout.length / 2))));
    return answer;
  }

  #do({ command, args, script, text }: Asked): Answer {
    switch (command) {
      case 'sbatch':
        return this.#sbatch(args, script, text);
      case 'squeue':
        return this.#squeue(args);
      case 'scontrol':
        return this.#scontrol(args);
      case 'scancel':
        for (const id of args.filter((word) => !word.startsWith('-'))) this.#cancel(id);
        return said(0);
      default:
        return said(1, '', 'Slurm accounting storage is disabled');
    }
  }

  #sbatch(args: readonly string[], script: number, text: string | null): Answer {
    const failed = (why: string): Answer => said(1, '', `sbatch: error: Batch job submission failed: ${why}`);
    if (text === null) return said(1, '', 'sbatch: error: Unable to open file');
    const batch = parseBatch(args, script, text);
    if (typeof batch === 'string') return said(1, '', batch);
    if (batch.elements > (this.#settings.maxArraySize ?? 1001)) return failed('Invalid job array specification');
    const queued = [...this.jobs.values()].reduce((sum, { states }) => sum + [...states.values()].filter(isAlive).length, 0);
    if (queued + batch.elements > (this.#settings.maxSubmit ?? Number.POSITIVE_INFINITY))
      return failed("Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)");
    const id = String(this.jobs.size + 1);
    const spooled = join(this.#folder, `script-${id}.sh`);
    writeFileSync(spooled, text, { mode: 0o755 });
    const job: FakeJob = { ...batch, id, script: spooled, states: new Map(), running: new Map(), restarts: new Map() };
    this.jobs.set(id, job);
    for (let index = 0; index < job.elements; index++) {
      job.states.set(index, { word: 'PENDING', wait: 0, reason: 'Resources', node: '' });
      this.#queue.push({ job, index });
    }
    setImmediate(() => this.#begin());
    return said(0, `${id}\n`);
  }

  #squeue(args: readonly string[]): Answer {
    const value = (option: string): string | undefined => args.find((word) => word.startsWith(`${option}=`))?.slice(option.length + 1);
    const name = value('--name');
    if (name !== undefined)
      return said(
        0,
        [...this.jobs.values()]
          .filter((job) => job.name === name)
          .map(({ id }) => `${id}\n`)
          .join(''),
      );
    const asked = value('--jobs')!.split(',');
    const known = asked.filter((id) => this.jobs.has(id) && !this.#forgotten.has(id));
    if (known.length === 0) return said(1, '', 'slurm_load_jobs error: Invalid job id specified');
    let lines = '';
    for (const id of known) {
      const job = this.jobs.get(id)!;
      const pending = [...job.states].filter(([, { word, reason }]) => word === 'PENDING' && reason === 'Resources').map(([index]) => index);
      if (pending.length > 0) lines += `${id}|${job.array ? pending.join(',') : 'N/A'}|PENDING|0||Resources|\n`; // one line, as without -r
      for (const [index, { word, wait, reason, node }] of job.states)
        if (!pending.includes(index)) lines += `${id}|${job.array ? index : 'N/A'}|${word}|${wait}|${node}|${reason}|\n`;
    }
    return said(0, lines);
  }

  #scontrol([verb, ...rest]: readonly string[]): Answer {
    if (verb === 'show') return said(0, `MaxArraySize            = ${this.#settings.maxArraySize ?? 1001}\nMaxJobCount             = 10000\n`);
    const words = new Map(rest.map((word) => word.split('=') as [string, string]));
    const job = this.jobs.get(words.get('JobId') ?? '');
    if (verb !== 'update' || job === undefined) return said(1, '', 'slurm_update error: Invalid job id specified');
    job.after = (words.get('Dependency') ?? '').replace('afterany:', '').split(':');
    this.#begin();
    return said(0);
  }

  #cancel(id: string): void {
    const job = this.jobs.get(id);
    if (job === undefined) return;
    this.#queue = this.#queue.filter((queued) => queued.job !== job);
    for (const [index, state] of job.states) if (state.word === 'PENDING') job.states.set(index, { word: 'CANCELLED', wait: 0, reason: 'None', node: '' });
    for (const running of job.running.values()) {
      running.ending = { word: 'CANCELLED', requeue: false };
      void this.#gently(running);
    }
    this.#begin();
  }

  async #gently(running: Run): Promise<void> {
    if (running.pid !== null) signalGroup(running.pid, 'SIGTERM');
    await sleep(KILL_WAIT_MS);
    if (!running.over && running.pid !== null) signalGroup(running.pid, 'SIGKILL');
  }

  #begin(): void {
    const ready = ({ job }: Queued): boolean => job.after.every((id) => ![...(this.jobs.get(id)?.states.values() ?? [])].some(isAlive));
    while (!this.#stopped && !this.#drained && this.#free.length > 0) {
      const at = this.#queue.findIndex(ready);
      if (at < 0) return;
      const [{ job, index }] = this.#queue.splice(at, 1) as [Queued];
      const mishap = this.#settings.mishap?.(job, index, job.restarts.get(index) ?? 0);
      if (mishap === 'lost') {
        this.happened.push(mishap);
        job.states.delete(index);
        if (job.states.size === 0) this.#forgotten.add(job.id);
        continue;
      }
      void this.#run(job, index, this.#free.shift()!, mishap);
    }
  }

  async #run(job: FakeJob, index: number, node: string, mishap: SlurmMishap | undefined): Promise<void> {
    job.states.set(index, { word: mishap === 'strange' ? 'EXPEDITING' : 'RUNNING', wait: 0, reason: 'None', node });
    const run: Run = { pid: null, over: false, ending: null };
    job.running.set(index, run);
    const isHarmed = mishap !== undefined && mishap !== 'late' && mishap !== 'strange';
    const hold = join(this.#folder, `hold-${job.id}-${index}`);
    if (isHarmed) writeFileSync(hold, '');
    else if (mishap !== undefined) this.happened.push(mishap);
    const signals: Signals = {
      begun: (pid) => {
        run.pid = pid;
        this.#groups.add(pid);
        if (run.ending !== null || this.#stopped) signalGroup(pid, 'SIGKILL');
      },
      log: (path) => void (isHarmed && this.#harm(run, mishap, path).finally(() => rmSync(hold, { force: true }))),
    };
    const { code, signal } = await runElement(job, index, isHarmed ? { ...this.env, FAKE_SLURM_HOLD: hold } : this.env, signals);
    run.over = true;
    job.running.delete(index);
    if (run.pid !== null) {
      signalGroup(run.pid, 'SIGKILL'); // what it left behind
      this.#groups.delete(run.pid);
    }
    if (mishap === 'late') await sleep(LATE_MS);
    const requeue = run.ending?.requeue === true && job.requeue && !this.#stopped;
    const word = requeue ? 'PENDING' : (run.ending?.word ?? (code === 0 ? 'COMPLETED' : 'FAILED'));
    const reason = requeue ? 'BeginTime' : word === 'FAILED' ? 'NonZeroExitCode' : 'None';
    job.states.set(index, { word, wait: requeue ? 0 : (code ?? 0) * 256 + signal, reason, node: requeue ? '' : node });
    this.#free.push(node);
    if (requeue) {
      job.restarts.set(index, (job.restarts.get(index) ?? 0) + 1);
      this.#queue.push({ job, index });
    }
    this.#begin();
  }

  /** Once its log says that it is at work. */
  async #harm(run: Run, mishap: SlurmMishap, log: string): Promise<void> {
    const before = sizeOf(log);
    while (!run.over && sizeOf(log) === before) await sleep(20);
    await sleep(this.#settings.harmAfterMs?.() ?? 0);
    if (run.over || run.pid === null) return;
    this.happened.push(mishap);
    switch (mishap) {
      case 'warned':
        return void signalProcess(run.pid, 'SIGUSR2'); // B: the batch script alone
      case 'preempt':
        run.ending = { word: 'PREEMPTED', requeue: true };
        void this.#gently(run);
        return;
      case 'segfault':
        return void signalProcess(run.pid, 'SIGSEGV');
      default:
        run.ending = { word: ENDS[mishap]!, requeue: mishap === 'node-fail' };
        signalGroup(run.pid, 'SIGKILL');
    }
  }
}

const ENDS: Readonly<Record<string, string>> = { 'node-fail': 'NODE_FAIL', timeout: 'TIMEOUT', 'out-of-memory': 'OUT_OF_MEMORY' };

function isAlive({ word }: { readonly word: string }): boolean {
  return word === 'PENDING' || word === 'RUNNING' || word === 'EXPEDITING';
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}

function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false; // it has ended
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  return signalProcess(-pid, signal);
}

function said(code: number, stdout = '', stderr = ''): Answer {
  return { code, stdout, stderr: stderr === '' ? '' : `${stderr}\n` };
}
