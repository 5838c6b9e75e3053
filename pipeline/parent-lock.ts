// One live parent a run folder: RUN/run.lock names the process; likewise one writer an index (index.lock). A lock whose process is
// gone is taken over, by one taker only. Of a process on another machine nobody can ask the system, so a holder counts up in a file
// beside its lock, and who finds the lock watches that count by a clock of its own: no two clocks are ever compared.
// Invariant: a holder whose lock is another's stops by itself; what both wrote meanwhile is named by identity and equal.
import { randomBytes } from 'node:crypto';
import { readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { RefineError } from '../native/errors.js';
import { createFileOnce, replaceFile } from './atomic-file.js';
import type { ParentJob } from './executors/executor.js';
import { digest } from './identity.js';
import { isAlive, processSpace, processStart } from './platform.js';
import { listIfThere, readIfThere } from './read-if-there.js';

interface Holder {
  readonly format: 1;
  readonly pid: number;
  readonly host: string;
  /** As the system spells it; null where it does not tell. */
  readonly start: string | null;
  /** Where pid means something: its namespace of processes. Absent: the host's. */
  readonly space?: string;
  /** Names the file that it counts up in; absent: it does not. */
  readonly beat?: string;
  /** The cluster job it runs in, which its engine can be asked about from any host; absent outside of one. */
  readonly job?: string;
}

export interface LockSettings {
  /** How often a holder counts up; a holder that does not for `leaseMs` is gone. */
  readonly beatMs?: number;
  readonly leaseMs?: number;
  /** Told before a wait. */
  readonly notice?: (sentence: string) => void;
  /** The cluster job this process runs in. */
  readonly job?: ParentJob;
}
const BEAT_MS = 5000;
const LEASE_MS = 60_000;

export interface FolderLock {
  release(): Promise<void>;
  /** Aborts once the lock is another's: this process was away for longer than the lease, or the file was removed. */
  readonly lost: AbortSignal;
}

/** What a lock is of, in words for whoever finds it taken. */
export interface LockOf {
  readonly file: string;
  /** `process 7 on host x ...` */
  readonly works: string;
  /** The other way out than waiting for it or stopping it. */
  readonly other: string;
}

const RUN_LOCK: LockOf = { file: 'run.lock', works: 'works in this run folder', other: 'use another --out' };

export async function lockRunFolder(folder: string, settings?: LockSettings): Promise<FolderLock> {
  return lockFolder(folder, RUN_LOCK, settings);
}

export async function lockFolder(folder: string, of: LockOf, settings: LockSettings = {}): Promise<FolderLock> {
  const path = join(folder, of.file);
  const space = processSpace();
  const beat = randomBytes(8).toString('hex');
  const me: Holder = {
    format: 1,
    pid: process.pid,
    host: hostname(),
    start: processStart(process.pid),
    ...(space === null ? {} : { space }),
    beat,
    ...(settings.job === undefined ? {} : { job: settings.job.job }),
  };
  const mine = JSON.stringify(me);
  const ours = async (): Promise<FolderLock> => {
    await removeTickets(folder, of);
    return new Held(folder, of, mine, beat, settings.beatMs ?? BEAT_MS);
  };
  if (await createFileOnce(path, mine)) return ours();
  const text = (await readIfThere(path)) ?? '';
  if (text === '' && (await createFileOnce(path, mine))) return ours(); // released in between
  await refuseIfLive(folder, text, of, settings);

  // Stale. Takers of the same stale lock meet at a name made from its text: the first one there replaces it.
  const ticket = join(folder, `${of.file}.${digest(text).slice(0, 16)}`);
  if (!(await createFileOnce(ticket, mine))) {
    const other = (await readIfThere(ticket)) ?? '';
    await refuseIfLive(folder, other, of, settings);
    await unlink(ticket).catch(() => undefined); // its taker died in between
    if (!(await createFileOnce(ticket, mine))) throw locked(path, parse((await readIfThere(ticket)) ?? ''), of);
  }
  try {
    const now = (await readIfThere(path)) ?? '';
    if (now !== text) await refuseIfLive(folder, now, of, settings); // taken over and ticket removed while we judged
    await replaceFile(path, mine);
  } finally {
    await unlink(ticket).catch(() => undefined);
  }
  return ours();
}

/** A lock in our hands. */
class Held implements FolderLock {
  readonly #path: string;
  readonly #beatPath: string;
  readonly #mine: string;
  readonly #timer: NodeJS.Timeout;
  readonly #lost = new AbortController();
  readonly #of: LockOf;
  #beats = 0;
  #beating: Promise<void> = Promise.resolve();

  constructor(folder: string, of: LockOf, mine: string, beat: string, beatMs: number) {
    this.#path = join(folder, of.file);
    this.#beatPath = beatPath(folder, of, beat);
    this.#mine = mine;
    this.#of = of;
    this.#timer = setInterval(() => {
      this.#beating = this.#beating.then(() => this.#beat());
    }, beatMs);
    this.#timer.unref();
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
    await unlink(this.#beatPath).catch(() => undefined);
    if ((await readFile(this.#path, 'utf8').catch(() => '')) === this.#mine) await unlink(this.#path).catch(() => undefined);
  }

  /** Counts up in a file that nobody else writes: the lock itself may be another's by now. */
  async #beat(): Promise<void> {
    if (this.#lost.signal.aborted) return;
    const text = await readFile(this.#path, 'utf8').catch((cause: NodeJS.ErrnoException) => (cause.code === 'ENOENT' ? '' : null));
    if (text === null) return; // a disk that does not answer says nothing of who holds it
    if (text !== this.#mine) {
      clearInterval(this.#timer);
      await unlink(this.#beatPath).catch(() => undefined);
      const holder = parse(text);
      const by = holder === null ? 'was removed' : `was taken over by process ${holder.pid} on host ${holder.host}`;
      this.#lost.abort(
        new RefineError('ERR_REFINE_RUN_LOCKED', `the lock of this process ${by} while it ${this.#of.works}: it stops here, finished tasks are kept.`, {
          place: this.#path,
        }),
      );
      return;
    }
    const part = `${this.#beatPath}.part`;
    // Without a sync: a count that is lost with the machine is of a holder that is, too. A full disk is told by whoever writes more.
    await writeFile(part, String(++this.#beats))
      .then(() => rename(part, this.#beatPath))
      .catch(() => undefined);
  }
}

function beatPath(folder: string, of: LockOf, beat: string): string {
  return join(folder, `${of.file}.beat-${beat}`);
}

/** Whose run.lock stands in a run folder, and what this machine knows of the process: whether it lives, or that it is of another machine. Null where none stands. */
export async function readHolder(folder: string): Promise<{ readonly pid: number; readonly host: string; readonly who: 'live' | 'dead' | 'elsewhere' } | null> {
  const text = (await readIfThere(join(folder, RUN_LOCK.file))) ?? '';
  const holder = parse(text);
  return holder === null ? null : { pid: holder.pid, host: holder.host, who: judge(text).who };
}

/** Removes tickets of takers that died with them, and counts of former holders; the folder is theirs no more. Tickets of the living keep other takers out. */
async function removeTickets(folder: string, of: LockOf): Promise<void> {
  for (const { name } of (await listIfThere(folder)) ?? []) {
    if (!name.startsWith(`${of.file}.`)) continue;
    const rest = name.slice(of.file.length + 1);
    const path = join(folder, name);
    if (rest.startsWith('beat-')) await unlink(path).catch(() => undefined);
    if (!/^[0-9a-f]{16}$/.test(rest)) continue;
    const text = await readFile(path, 'utf8').catch(() => '');
    if (text !== '' && judge(text).who === 'dead') await unlink(path).catch(() => undefined);
  }
}

async function refuseIfLive(folder: string, text: string, of: LockOf, settings: LockSettings): Promise<void> {
  const path = join(folder, of.file);
  const { who, holder } = judge(text);
  if (who === 'dead') return;
  // A job that was requeued finds its own lock; of another job the engine knows, without a wait.
  if (settings.job !== undefined && holder.job !== undefined && (holder.job === settings.job.job || !(await settings.job.alive(holder.job)))) return;
  if (who === 'live' || holder.beat === undefined) throw locked(path, holder, of);
  const leaseMs = settings.leaseMs ?? LEASE_MS;
  settings.notice?.(
    `process ${holder.pid} on host ${holder.host} ${of.works}, or did: watching for up to ${Math.round(leaseMs / 1000)} s whether it still counts in ${path}.`,
  );
  if (await counts(beatPath(folder, of, holder.beat), leaseMs)) throw locked(path, holder, of);
}

/** Whether a count changes within the lease; throws where it is there and could never be read, since then nobody knows. Time in which this process did not look is not counted (progress-watch.ts). */
async function counts(path: string, leaseMs: number): Promise<boolean> {
  let unread: unknown;
  const look = async (): Promise<string | null> => {
    try {
      return (await readIfThere(path)) ?? '';
    } catch (error) {
      unread = error; // a handle that went stale as the file was replaced, say; the next look may do
      return null;
    }
  };
  let first = await look();
  const tickMs = Math.min(1000, leaseMs / 10);
  let last = performance.now();
  for (let waited = 0; waited < leaseMs; ) {
    await new Promise((resolve) => setTimeout(resolve, tickMs));
    const now = performance.now();
    waited += Math.min(now - last, 2 * tickMs);
    last = now;
    const seen = await look();
    if (seen !== null && first !== null && seen !== first) return true;
    first ??= seen;
  }
  if (first === null) throw unread;
  return false;
}

type Judged = { readonly who: 'dead'; readonly holder: null } | { readonly who: 'live' | 'elsewhere'; readonly holder: Holder };

/** Who holds a lock with this text, as far as this machine can tell. */
function judge(text: string): Judged {
  const dead = { who: 'dead', holder: null } as const;
  const holder = parse(text);
  if (holder === null) return dead; // not ours to understand: damaged, so nobody holds it
  if (holder.host !== hostname() || (holder.space !== undefined && holder.space !== processSpace())) return { who: 'elsewhere', holder };
  if (!isAlive(holder.pid)) return dead;
  const start = processStart(holder.pid);
  if (start === null && process.platform === 'linux') return dead; // a zombie, or gone since
  if (start !== null && holder.start !== null && start !== holder.start) return dead; // the number was given to another process
  return { who: 'live', holder };
}

function parse(text: string): Holder | null {
  try {
    const holder = JSON.parse(text) as Holder;
    return holder.format === 1 && Number.isInteger(holder.pid) ? holder : null;
  } catch {
    return null;
  }
}

function locked(path: string, holder: Holder | null, of: LockOf): RefineError {
  const who = holder === null ? 'another process' : `process ${holder.pid} on host ${holder.host}`;
  const here = holder !== null && (holder.host === hostname() || holder.beat !== undefined); // it lives: it counted just now
  const move = here ? `Wait for it, stop it, or ${of.other}.` : `If that host no longer runs it, delete ${path} and run again; else wait or ${of.other}.`;
  return new RefineError('ERR_REFINE_RUN_LOCKED', `${who} ${of.works}. ${move}`, { place: path });
}
