// One campaign of faults: a manifest is run again and again while its processes are killed, stopped and starved of disk at instants
// drawn by a seed, until enough of them were hit. Invariant that is tested: whatever happens when, the same command again ends in
// the bytes of the run that nobody disturbed, and until then nothing stands under a final name that differs from them.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../pipeline/cli/main.js', import.meta.url));

/** What is done to a run, and how often among all: weights. */
const KINDS = {
  'worker SIGKILL': 50,
  'parent SIGKILL': 16,
  'parent and workers SIGKILL': 8,
  'worker SIGSEGV': 8,
  'worker SIGSTOP': 8,
  'parent SIGTERM': 5,
  'disk full': 5,
  'parent SIGSTOP, later SIGCONT': 4,
  'second parent': 4,
} as const;
export type FaultKind = keyof typeof KINDS;
/** Those that end a process. */
const KILLS: ReadonlySet<FaultKind> = new Set([
  'worker SIGKILL',
  'parent SIGKILL',
  'parent and workers SIGKILL',
  'worker SIGSEGV',
  'worker SIGSTOP',
  'parent SIGTERM',
]);

export interface CampaignOptions {
  readonly manifest: string;
  /** A folder of its own. */
  readonly work: string;
  readonly kills: number;
  readonly seed: number;
  readonly workers: number;
  /**
   * Processor time of the run between two faults, in milliseconds, on average; a thirtieth of the undisturbed run where absent. Of the
   * run and not of the wall: on a busy machine a campaign takes longer and does the same.
   */
  readonly everyCpuMs?: number;
  /** What `--stall` says to the runs. */
  readonly stall: string;
  readonly say?: (line: string) => void;
}

export interface CampaignResult {
  readonly kills: number;
  readonly byKind: Readonly<Record<string, number>>;
  readonly rounds: number;
  /** The same command, again. */
  readonly restarts: number;
  /** How runs ended that did not end well, by error code or signal. */
  readonly ends: Readonly<Record<string, number>>;
  readonly files: number;
  readonly undisturbedSeconds: number;
  /** Absent: of jobs, whose faults come by wall time. */
  readonly undisturbedCpuSeconds?: number;
  readonly everyCpuSeconds?: number;
  readonly seconds: number;
  /** Empty: every round ended in the bytes of the undisturbed run. */
  readonly wrong: readonly string[];
}

export async function campaign(options: CampaignOptions): Promise<CampaignResult> {
  return await new Campaign(options).run();
}

/** sha256 of every file whose bytes a run promises. */
export function promised(out: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const folder of ['', 'text', 'tokens', 'features', 'samples']) {
    for (const name of list(join(out, folder)))
      if (name.endsWith('.arrow'))
        files.set(
          join(folder, name),
          createHash('sha256')
            .update(readFileSync(join(out, folder, name)))
            .digest('hex'),
        );
  }
  return files;
}

/** What of the files that a run promises is not as expected. */
export function differences(expected: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): readonly string[] {
  return [
    ...[...expected].filter(([path, sha256]) => found.get(path) !== sha256).map(([path]) => `${path} differs`),
    ...[...found.keys()].filter((path) => !expected.has(path)).map((path) => `${path} should not be there`),
  ];
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** Mulberry32: a draw in [0, 1). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  text: string;
}

class Campaign {
  readonly #options: CampaignOptions;
  readonly #draw: () => number;
  readonly #byKind: Record<string, number> = {};
  readonly #ends: Record<string, number> = {};
  readonly #wrong: string[] = [];
  #expected = new Map<string, string>();
  #kills = 0;
  #restarts = 0;
  #tmpfs = false;
  #stopped: number[] = [];

  constructor(options: CampaignOptions) {
    this.#options = options;
    this.#draw = random(options.seed);
  }

  async run(): Promise<CampaignResult> {
    const { work, kills, say } = this.#options;
    const started = performance.now();
    mkdirSync(work, { recursive: true });
    const calm = join(work, 'calm');
    const first = await this.#start(calm).ended;
    const calmCpuMs = ledgerCpuMs(calm);
    if (first.code !== 0) throw new Error(`the undisturbed run ended with ${first.code ?? first.signal}`);
    this.#expected = promised(calm);
    rmSync(calm, { recursive: true });
    const undisturbedMs = performance.now() - started;
    const everyMs = this.#options.everyCpuMs ?? calmCpuMs / 30;
    say?.(
      `undisturbed: ${(undisturbedMs / 1000).toFixed(1)} s, ${(calmCpuMs / 1000).toFixed(1)} s of processor; ${this.#expected.size} files; a fault every ${(everyMs / 1000).toFixed(2)} s of processor`,
    );
    let rounds = 0;
    for (; this.#kills < kills && this.#wrong.length === 0; rounds++) {
      const out = join(work, `round-${rounds}`);
      mkdirSync(out);
      this.#tmpfs = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4g', 'tmpfs', out], { stdio: 'ignore' }).status === 0;
      try {
        await this.#round(out, everyMs);
        if (this.#wrong.length === 0) this.#compare(out, rounds);
      } finally {
        if (this.#tmpfs) spawnSync('umount', ['-l', out]);
      }
      rmSync(out, { recursive: true, force: true });
      say?.(`round ${rounds + 1}: ${this.#kills} kills so far, ${this.#restarts} restarts, ${((performance.now() - started) / 1000).toFixed(0)} s`);
    }
    return {
      kills: this.#kills,
      byKind: this.#byKind,
      rounds,
      restarts: this.#restarts,
      ends: this.#ends,
      files: this.#expected.size,
      undisturbedSeconds: undisturbedMs / 1000,
      undisturbedCpuSeconds: calmCpuMs / 1000,
      everyCpuSeconds: everyMs / 1000,
      seconds: (performance.now() - started) / 1000,
      wrong: this.#wrong,
    };
  }

  #start(out: string): Running {
    const { manifest, workers, stall } = this.#options;
    const child = spawn(process.execPath, [CLI, 'run', manifest, '--out', out, '--workers', String(workers), '--stall', stall], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    // Not `close`: an orphan that was stopped holds the pipe. Its last words may come a moment after its end.
    const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
      child.once('exit', (code, signal) => {
        const timer = setTimeout(() => resolve({ code, signal }), 500);
        child.stderr!.once('end', () => {
          clearTimeout(timer);
          resolve({ code, signal });
        });
      }),
    );
    const running: Running = { child, ended, text: '' };
    child.stderr!.on('data', (chunk: Buffer) => {
      running.text = (running.text + chunk.toString('utf8')).slice(-20_000);
    });
    return running;
  }

  /** One run folder from nothing to its end, with faults until enough processes died. */
  async #round(out: string, everyMs: number): Promise<void> {
    for (let tries = 0; ; tries++) {
      if (tries > 0) this.#restarts++;
      if (tries > 300) throw new Error(`${out}: 300 tries and no end`);
      const running = this.#start(out);
      let over = false;
      void running.ended.then(() => {
        over = true;
      });
      const full = { by: false };
      const cpu = new CpuClock(running.child.pid!);
      while (!over && this.#kills < this.#options.kills) {
        const until = cpu.total - Math.log(1 - this.#draw()) * everyMs;
        while (!over && cpu.ms() < until) await new Promise((resolve) => setTimeout(resolve, 25));
        if (over) break;
        await this.#fault(out, running, full);
      }
      const { code, signal } = await running.ended;
      await this.#settled();
      if (full.by) execFileSync('mount', ['-o', 'remount,size=4g', out]);
      if (code === 0) return;
      const end = signal ?? /^(ERR_REFINE_[A-Z_]+)/m.exec(running.text)?.[1] ?? `exit ${code}`;
      this.#ends[end] = (this.#ends[end] ?? 0) + 1;
      // A second SIGTERM ends a run at once, without a word.
      const meant = ['SIGKILL', 'SIGTERM', 'ERR_REFINE_INTERRUPTED', 'ERR_REFINE_TASKS_FAILED', 'ERR_REFINE_DISK', 'exit 130', 'exit 143'];
      if (!meant.includes(end)) this.#wrong.push(`ended with ${end}: ${running.text.slice(-2000)}`);
      this.#noHalfFiles(out);
      if (this.#wrong.length > 0) return;
    }
  }

  /** Orphans end by themselves, but a stopped one cannot: it is woken as an operator would. */
  async #settled(): Promise<void> {
    for (const pid of this.#stopped) send(pid, 'SIGCONT');
    this.#stopped = [];
    await new Promise((resolve) => setTimeout(resolve, 20));
  }

  async #fault(out: string, running: Running, full: { by: boolean }): Promise<void> {
    const parent = running.child.pid!;
    const workers = workersOf(parent);
    const worker = workers[Math.floor(this.#draw() * workers.length)];
    const kind = this.#kind();
    let hit = false;
    switch (kind) {
      case 'worker SIGKILL':
      case 'worker SIGSEGV':
        hit = worker !== undefined && send(worker, kind === 'worker SIGKILL' ? 'SIGKILL' : 'SIGSEGV');
        break;
      case 'worker SIGSTOP':
        hit = worker !== undefined && send(worker, 'SIGSTOP'); // its parent ends it once it has been still for long enough
        if (hit) this.#stopped.push(worker!);
        break;
      case 'parent SIGKILL':
      case 'parent SIGTERM':
        hit = send(parent, kind === 'parent SIGKILL' ? 'SIGKILL' : 'SIGTERM');
        break;
      case 'parent and workers SIGKILL':
        hit = send(parent, 'SIGKILL');
        for (const pid of workers) send(pid, 'SIGKILL');
        break;
      case 'parent SIGSTOP, later SIGCONT':
        hit = send(parent, 'SIGSTOP');
        await new Promise((resolve) => setTimeout(resolve, 500 + this.#draw() * 6000));
        send(parent, 'SIGCONT');
        break;
      case 'disk full': {
        if (!this.#tmpfs || full.by) break;
        const { blocks, bfree, bsize } = statfsSync(out);
        const size = Math.max(1, Math.ceil(((blocks - bfree) * bsize) / 1024) + Math.floor(this.#draw() * 2000));
        hit = spawnSync('mount', ['-o', `remount,size=${size}k`, out]).status === 0;
        full.by = hit;
        break;
      }
      case 'second parent': {
        const second = this.#start(out);
        const { code } = await second.ended;
        if (code === 0 || running.child.exitCode !== null || running.child.signalCode !== null) break; // the first had ended
        hit = true;
        if (!/ERR_REFINE_RUN_LOCKED .*process \d+ on host/.test(second.text) && !/ERR_REFINE_DISK/.test(second.text))
          this.#wrong.push(`a second parent: ${second.text}`);
        break;
      }
    }
    if (!hit) return;
    this.#byKind[kind] = (this.#byKind[kind] ?? 0) + 1;
    if (!KILLS.has(kind)) return;
    this.#kills++;
    if (this.#kills % 10 === 0) this.#options.say?.(`${this.#kills} kills, ${this.#restarts} restarts`);
  }

  #kind(): FaultKind {
    const all = Object.entries(KINDS) as [FaultKind, number][];
    let at = this.#draw() * all.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [kind, weight] of all) if ((at -= weight) < 0) return kind;
    return 'worker SIGKILL';
  }

  /** What stands under a final name has its final bytes; index and samples come last and are remade where an input is. */
  #noHalfFiles(out: string): void {
    for (const [path, sha256] of promised(out)) if (this.#expected.get(path) !== sha256) this.#wrong.push(`${path} stood there with other bytes`);
  }

  #compare(out: string, round: number): void {
    this.#wrong.push(...differences(this.#expected, promised(out)).map((one) => `round ${round}: ${one}`));
    for (const name of readdirSync(out, { recursive: true }) as string[])
      if (name.endsWith('.part') || name.includes('run.lock')) this.#wrong.push(`round ${round}: ${name} was left behind`);
  }
}

/** Processor time of a parent and its workers, those that died meanwhile included, as far as it was looked at. */
export class CpuClock {
  readonly #parent: number;
  readonly #seen = new Map<number, number>();
  total = 0;

  constructor(parent: number) {
    this.#parent = parent;
  }

  ms(): number {
    for (const pid of [this.#parent, ...workersOf(this.#parent)]) {
      const now = cpuMs(pid);
      this.total += Math.max(0, now - (this.#seen.get(pid) ?? 0));
      this.#seen.set(pid, now);
    }
    return this.total;
  }
}

/** Processor time of all tasks of a run. */
function ledgerCpuMs(out: string): number {
  return list(join(out, 'ledger'))
    .filter((name) => /^[0-9a-f]{64}\.json$/.test(name))
    .reduce((sum, name) => sum + ((JSON.parse(readFileSync(join(out, 'ledger', name), 'utf8')) as { cpuMs?: number }).cpuMs ?? 0), 0);
}

/** Ticks of /proc/PID/stat: USER_HZ is 100 on every Linux that Node runs on. */
function cpuMs(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return 0;
  }
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

export function workersOf(parent: number): number[] {
  try {
    return readdirSync(`/proc/${parent}/task`)
      .flatMap((task) => readFileSync(`/proc/${parent}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number))
      .filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('worker.js'));
  } catch {
    return [];
  }
}
