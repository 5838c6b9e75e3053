// Files that appear whole or not at all: bytes go to `<path>.<unique>.part`, are synced, renamed, and the folder is synced.
// Invariant: nothing half-written ever stands under a final name, whatever dies when. The part's name is unique because a
// worker that outlived its parent may still write the same file: with one shared name it could rename our unfinished part.
import { createHash, randomBytes, type Hash } from 'node:crypto';
import { type FileHandle, link, mkdir, open, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { RefineError } from '../native/errors.js';
import { goneFolder } from './held-folder.js';

export interface Written {
  readonly bytes: number;
  readonly sha256: string;
}

const NEXT_MOVES: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full. Free space (or write to another disk) and run the same command again: finished tasks of a run are kept.',
  EDQUOT: 'the disk quota is used up. Free space (or write to another disk) and run the same command again: finished tasks of a run are kept.',
  EROFS: 'the file system is read-only. Mount it writable or choose another folder with --out.',
  EACCES: 'permission denied. Make the folder writable for this user or choose another one with --out.',
  EPERM: 'the operation is not permitted there. Make the folder writable for this user or choose another one with --out.',
  EIO: 'the disk reports an input/output error. Check it, or choose another folder with --out.',
  ENOTDIR: 'a part of the path is a file, not a folder. Choose another folder with --out.',
  EISDIR: 'a folder stands where a file is wanted. Remove it or choose another folder with --out.',
  EMFILE: 'too many open files. Raise `ulimit -n` or lower --workers.',
  ENOENT: 'the folder vanished while it was being written. Run the same command again.',
  EFBIG: 'the file is larger than the file system or `ulimit -f` allows. Choose another folder with --out.',
};

/** The system's refusal as ERR_REFINE_DISK that names path, finding and next move; other errors pass through. */
export function diskError(cause: unknown, path: string, doing: string): Error {
  const code = (cause as NodeJS.ErrnoException | null)?.code;
  const move = code === undefined ? undefined : NEXT_MOVES[code];
  if (cause instanceof RefineError || move === undefined) return cause as Error;
  return new RefineError('ERR_REFINE_DISK', `cannot ${doing}: ${code}, ${move}`, { place: path, cause });
}

/** Removes a lock that nobody holds any more; what another removed already is removed. One that stays would be waited for without end. */
export async function removeVoid(path: string): Promise<void> {
  await unlink(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return;
    throw new RefineError('ERR_REFINE_DISK', `is held by nobody and cannot be removed: ${cause.code}. Remove it, then run the same command again.`, {
      place: path,
      cause,
    });
  });
}

/** Makes a folder and those above it, but none that this process holds (held-folder.ts). One by one: Node's recursive mkdir says ENOENT where a file system is read-only. */
export async function makeFolder(path: string): Promise<void> {
  const gone = await goneFolder(path);
  if (gone !== null) throw gone;
  try {
    await mkdir(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(path).catch(() => null))?.isDirectory() === true) return;
    if (code === 'EEXIST') throw Object.assign(cause as Error, { code: 'ENOTDIR' });
    if (code !== 'ENOENT' || dirname(path) === path) throw cause;
    await makeFolder(dirname(path));
    await mkdir(path).catch((again: NodeJS.ErrnoException) => {
      if (again.code !== 'EEXIST') throw again; // another worker made it
    });
  }
}

/** For tests: called with the path and the moment; throwing or killing there must leave no half-written final file. */
export const faults: { inject: ((path: string, moment: 'write' | 'before-rename' | 'after-rename') => void) | undefined } = { inject: undefined };

export class AtomicFile {
  readonly #path: string;
  readonly #part: string;
  readonly #handle: FileHandle;
  readonly #hash: Hash = createHash('sha256');
  #bytes = 0;

  private constructor(path: string, part: string, handle: FileHandle) {
    this.#path = path;
    this.#part = part;
    this.#handle = handle;
  }

  static async create(path: string): Promise<AtomicFile> {
    const part = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.part`;
    try {
      await makeFolder(dirname(path));
      return new AtomicFile(path, part, await open(part, 'wx'));
    } catch (cause) {
      throw diskError(cause, path, 'create the file');
    }
  }

  /** Appends the chunks in order; they may be reused once the promise settles. */
  async write(chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of chunks) this.#hash.update(chunk);
    let rest = chunks.filter((chunk) => chunk.byteLength > 0);
    try {
      while (rest.length > 0) {
        faults.inject?.(this.#path, 'write');
        let { bytesWritten } = await this.#handle.writev(rest.slice(0, 512)); // IOV_MAX is 1,024
        this.#bytes += bytesWritten;
        while (rest.length > 0 && bytesWritten >= rest[0]!.byteLength) bytesWritten -= rest.shift()!.byteLength;
        if (bytesWritten > 0) rest = [rest[0]!.subarray(bytesWritten), ...rest.slice(1)];
      }
    } catch (cause) {
      throw diskError(cause, this.#path, `write past byte ${this.#bytes}`);
    }
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Syncs and gives the file its final name, replacing an older file of that name. */
  async commit(): Promise<Written> {
    try {
      await this.#handle.sync();
      await this.#handle.close();
      faults.inject?.(this.#path, 'before-rename');
      await rename(this.#part, this.#path);
      faults.inject?.(this.#path, 'after-rename');
      await syncFolder(dirname(this.#path));
    } catch (cause) {
      throw diskError(cause, this.#path, 'finish the file');
    }
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }

  /** Removes the part; safe at any time, and silent: the error that led here is the one to tell. */
  async abort(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    await unlink(this.#part).catch(() => undefined);
  }
}

/** A new name is on disk only once its folder is synced. Some file systems refuse to sync folders; then there is nothing to do. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync().catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EINVAL' && cause.code !== 'ENOTSUP' && cause.code !== 'EPERM') throw cause;
    });
  } finally {
    await handle.close();
  }
}

/** Writes `bytes` whole under `path`, replacing what stands there. */
export async function replaceFile(path: string, bytes: Uint8Array | string): Promise<Written> {
  const file = await AtomicFile.create(path);
  try {
    await file.write([typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes]);
    return await file.commit();
  } catch (error) {
    await file.abort();
    throw error;
  }
}

/** Writes `bytes` whole under `path` unless a file stands there already: the first writer wins. True where ours did. */
export async function createFileOnce(path: string, bytes: Uint8Array | string): Promise<boolean> {
  const part = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.part`;
  try {
    await makeFolder(dirname(path));
    const handle = await open(part, 'wx');
    try {
      faults.inject?.(path, 'write');
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    faults.inject?.(path, 'before-rename');
    await link(part, path);
    await syncFolder(dirname(path));
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw diskError(cause, path, 'write the file');
  } finally {
    await unlink(part).catch(() => undefined);
  }
}

/** Syncs a file that something else wrote as `part`, and gives it its final name, which is on disk once the caller has synced the folder. Its digest is read back: the page cache has it. */
export async function adoptFile(part: string, path: string): Promise<Written> {
  try {
    const handle = await open(part, 'r+');
    const hash = createHash('sha256');
    let bytes = 0;
    try {
      const chunk = Buffer.allocUnsafe(1 << 20);
      for (;;) {
        const { bytesRead } = await handle.read(chunk, 0, chunk.length, bytes);
        if (bytesRead === 0) break;
        hash.update(chunk.subarray(0, bytesRead));
        bytes += bytesRead;
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    faults.inject?.(path, 'before-rename');
    await rename(part, path);
    faults.inject?.(path, 'after-rename');
    return { bytes, sha256: hash.digest('hex') };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT')
      throw new RefineError('ERR_REFINE_INTERNAL', 'was never written by the step that asked for it. Report it.', { place: path, cause });
    throw diskError(cause, path, 'finish the file');
  }
}
