// One live parent a run folder: RUN/run.lock names the process; likewise one writer an index (index.lock). A lock whose process is
// gone is taken over, by one taker only.
import { readdir, readFile, unlink } from 'node:fs/promises';
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

export interface FolderLock {
  release(): Promise<void>;
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

export async function lockRunFolder(folder: string): Promise<FolderLock> {
  return lockFolder(folder, RUN_LOCK);
}

export async function lockFolder(folder: string, of: LockOf): Promise<FolderLock> {
  const path = join(folder, of.file);
  const me: Holder = { format: 1, pid: process.pid, host: hostname(), start: processStart(process.pid) };
  const mine = JSON.stringify(me);
  const lock: FolderLock = {
    async release() {
      if ((await readFile(path, 'utf8').catch(() => '')) === mine) await unlink(path).catch(() => undefined);
    },
  };
  if (await createFileOnce(path, mine)) return ours(lock, folder, of);
  const text = await readFile(path, 'utf8').catch(() => '');
  if (text === '' && (await createFileOnce(path, mine))) return ours(lock, folder, of); // released in between
  refuseIfLive(path, text, of);

  // Stale. Takers of the same stale lock meet at a name made from its text: the first one there replaces it.
  const ticket = join(folder, `${of.file}.${digest(text).slice(0, 16)}`);
  if (!(await createFileOnce(ticket, mine))) {
    const other = await readFile(ticket, 'utf8').catch(() => '');
    refuseIfLive(path, other, of);
    await unlink(ticket).catch(() => undefined); // its taker died in between
    if (!(await createFileOnce(ticket, mine))) throw locked(path, parse(await readFile(ticket, 'utf8').catch(() => '')), of);
  }
  try {
    const now = await readFile(path, 'utf8').catch(() => '');
    if (now !== text) refuseIfLive(path, now, of); // taken over and ticket removed while we judged
    await replaceFile(path, mine);
  } finally {
    await unlink(ticket).catch(() => undefined);
  }
  return ours(lock, folder, of);
}

/** Removes tickets of takers that died with them; the folder is theirs no more. Those of the living are left: a ticket keeps other takers out. */
async function ours(lock: FolderLock, folder: string, of: LockOf): Promise<FolderLock> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(`${of.file}.`) || !/^[0-9a-f]{16}$/.test(name.slice(of.file.length + 1))) continue;
    const ticket = join(folder, name);
    const text = await readFile(ticket, 'utf8').catch(() => '');
    if (text !== '' && liveHolder(text) === null) await unlink(ticket).catch(() => undefined);
  }
  return lock;
}

function refuseIfLive(path: string, text: string, of: LockOf): void {
  const holder = liveHolder(text);
  if (holder !== null) throw locked(path, holder, of);
}

/** Who holds a lock with this text, as far as this machine can tell; null where nobody does. */
function liveHolder(text: string): Holder | null {
  const holder = parse(text);
  if (holder === null) return null; // not ours to understand: damaged, so nobody holds it
  if (holder.host !== hostname()) return holder;
  if (!isAlive(holder.pid)) return null;
  const start = processStart(holder.pid);
  if (start === null && process.platform === 'linux') return null; // a zombie, or gone since
  if (start !== null && holder.start !== null && start !== holder.start) return null; // the number was given to another process
  return holder;
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
  const here = holder !== null && holder.host === hostname();
  const move = here ? `Wait for it, stop it, or ${of.other}.` : `If that host no longer runs it, delete ${path} and run again; else wait or ${of.other}.`;
  return new RefineError('ERR_REFINE_RUN_LOCKED', `${who} ${of.works}. ${move}`, { place: path });
}
