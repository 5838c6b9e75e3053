// Files that may be absent. Only ENOENT and ENOTDIR say that nothing is there; a file that is there and cannot be read (a disk that
// fails, a right that is missing, a stale handle of a network file system) must never pass for one that is not: a lock would be taken
// over, a removal would be forgotten, a finished task done again. Invariant: null, or what stands there, or an error with the path.
import type { Dirent, Stats } from 'node:fs';
import { lstat, readdir, readFile, stat } from 'node:fs/promises';
import { RefineError } from '../native/errors.js';
import { diskError } from './atomic-file.js';

/** The whole file as UTF-8; null where there is none. */
export async function readIfThere(path: string): Promise<string | null> {
  return await ifThere(path, readFile(path, 'utf8'));
}

/** The same as bytes, whatever they are. */
export async function bytesIfThere(path: string): Promise<Buffer | null> {
  return await ifThere(path, readFile(path));
}

/** What a folder holds, in no order; null where there is no such folder. `recursive`: all below it. */
export async function listIfThere(path: string, { recursive = false } = {}): Promise<Dirent[] | null> {
  return await ifThere(path, readdir(path, { withFileTypes: true, recursive }));
}

/** `link`: of a symbolic link itself; else of what it points to, so that a link to nothing is nothing. */
export async function statIfThere(path: string, { link = false } = {}): Promise<Stats | null> {
  return await ifThere(path, link ? lstat(path) : stat(path));
}

async function ifThere<T>(path: string, looked: Promise<T>): Promise<T | null> {
  try {
    return await looked;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw unreadable(cause, path, code);
  }
}

function unreadable(cause: unknown, path: string, code: string | undefined): Error {
  if (code === undefined) return cause as Error;
  const move = {
    EACCES: 'Make it readable for this user',
    EPERM: 'Make it readable for this user',
    EISDIR: 'A folder stands where a file is wanted: put the file back',
  }[code];
  if (move === undefined && code === 'EMFILE') return diskError(cause, path, 'read it');
  return new RefineError('ERR_REFINE_DISK', `is there and cannot be read: ${code}. ${move ?? 'Check the disk'}, then run the same command again.`, {
    place: path,
    cause,
  });
}
