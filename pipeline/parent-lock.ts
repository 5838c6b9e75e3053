// One live parent a run folder: RUN/run.lock names the process. A lock whose process is gone is taken over, by one taker only.
import { readFile, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { RefineError } from '../native/errors.js';
import { createFileOnce, replaceFile } from './atomic-file.js';
import { digest } from './identity.js';
import { isAlive, processStart } from './platform.js';

interface Holder {
  readonly format: 1;
  readonly pid: number;
  readonly host: string;
  /** As the system spells it; null where it does not tell. */
  readonly start: string | null;
}

export interface ParentLock {
  release(): Promise<void>;
}

export async function lockRunFolder(folder: string): Promise<ParentLock> {
  const path = join(folder, 'run.lock');
  const me: Holder = { format: 1, pid: process.pid, host: hostname(), start: processStart(process.pid) };
  const mine = JSON.stringify(me);
  const lock: ParentLock = {
    async release() {
      if ((await readFile(path, 'utf8').catch(() => '')) === mine) await unlink(path).catch(() => undefined);
    },
  };
  if (await createFileOnce(path, mine)) return lock;
  const text = await readFile(path, 'utf8').catch(() => '');
  if (text === '' && (await createFileOnce(path, mine))) return lock; // released in between
  refuseIfLive(path, text);

  // Stale. Takers of the same stale lock meet at a name made from its text: the first one there replaces it.
  const ticket = join(folder, `run.lock.${digest(text).slice(0, 16)}`);
  if (!(await createFileOnce(ticket, mine))) {
    const other = await readFile(ticket, 'utf8').catch(() => '');
    refuseIfLive(path, other);
    await unlink(ticket).catch(() => undefined); // its taker died in between
    if (!(await createFileOnce(ticket, mine))) throw locked(path, parse(await readFile(ticket, 'utf8').catch(() => '')));
  }
  try {
    const now = await readFile(path, 'utf8').catch(() => '');
    if (now !== text) refuseIfLive(path, now); // taken over and ticket removed while we judged
    await replaceFile(path, mine);
  } finally {
    await unlink(ticket).catch(() => undefined);
  }
  return lock;
}

function refuseIfLive(path: string, text: string): void {
  const holder = parse(text);
  if (holder === null) return; // not ours to understand: damaged, so nobody holds it
  if (holder.host !== hostname()) throw locked(path, holder);
  if (!isAlive(holder.pid)) return;
  const start = processStart(holder.pid);
  if (start === null && process.platform === 'linux') return; // a zombie, or gone since
  if (start !== null && holder.start !== null && start !== holder.start) return; // the number was given to another process
  throw locked(path, holder);
}

function parse(text: string): Holder | null {
  try {
    const holder = JSON.parse(text) as Holder;
    return holder.format === 1 && Number.isInteger(holder.pid) ? holder : null;
  } catch {
    return null;
  }
}

function locked(path: string, holder: Holder | null): RefineError {
  const who = holder === null ? 'another process' : `process ${holder.pid} on host ${holder.host}`;
  const here = holder !== null && holder.host === hostname();
  const move = here
    ? 'Wait for it, stop it, or use another --out.'
    : `If that host no longer runs it, delete ${path} and run again; else wait or use another --out.`;
  return new RefineError('ERR_REFINE_RUN_LOCKED', `${who} works in this run folder. ${move}`, { place: path });
}
