// Files of this machine: what names their content, and their bytes in bounded memory.
// Invariant: the bytes yielded are those of one unchanged file; one that changes or vanishes meanwhile is an error.
import { createHash } from 'node:crypto';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { RefineError } from '../../native/errors.js';
import { LOCAL_CHUNK_BYTES } from '../contract/ranges.js';

const IDENTITY_BYTES = 1 << 20;

interface Version {
  readonly bytes: number;
  readonly modifiedNs: bigint;
  readonly inode: bigint;
}

function refusal(path: string, place: string, error: unknown): RefineError {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  const why: Record<string, string> = {
    ENOENT: 'does not exist. Expected a file: check the path, which starts from the manifest’s folder',
    EACCES: 'may not be read (permission denied). Give this user leave to read it',
    EPERM: 'may not be read (permission denied). Give this user leave to read it',
    EISDIR: `is a directory, expected a file. Name its files: ${place.replace(/\/$/, '')}/*`,
    EMFILE: 'cannot be opened: too many open files. Raise the limit (ulimit -n) or run fewer workers',
  };
  return new RefineError('ERR_REFINE_INPUT', why[code] ?? `cannot be read (${code}). Check the disk it lies on (${path})`, { place, cause: error });
}

/** A file's handle and its state when it was opened; directories, devices and pipes are refused. */
async function openFile(path: string, place: string): Promise<{ file: FileHandle; version: Version }> {
  let file: FileHandle | null = null;
  try {
    const kind = await stat(path); // before open: opening a pipe would wait for its writer
    if (kind.isDirectory()) throw Object.assign(new Error('directory'), { code: 'EISDIR' });
    if (!kind.isFile()) throw new RefineError('ERR_REFINE_INPUT', 'is a device, pipe or socket, expected a file. Copy it to a file first', { place });
    file = await open(path, 'r');
    return { file, version: versionOf(await file.stat({ bigint: true })) };
  } catch (error) {
    await file?.close();
    throw error instanceof RefineError ? error : refusal(path, place, error);
  }
}

function versionOf(state: { size: bigint; mtimeNs: bigint; ino: bigint }): Version {
  return { bytes: Number(state.size), modifiedNs: state.mtimeNs, inode: state.ino };
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return new Uint8Array(buffer.buffer, buffer.byteOffset, filled);
}

/** `local:<size>:<sha256 of the first MiB and the last MiB>`; in a smaller file both are the whole. */
export async function localIdentity(path: string, place: string): Promise<{ identity: string; bytes: number }> {
  const { file, version } = await openFile(path, place);
  try {
    const length = Math.min(IDENTITY_BYTES, version.bytes);
    const hash = createHash('sha256');
    hash.update(await readAt(file, 0, length));
    hash.update(await readAt(file, version.bytes - length, length));
    return { identity: `local:${version.bytes}:${hash.digest('hex')}`, bytes: version.bytes };
  } catch (error) {
    throw error instanceof RefineError ? error : refusal(path, place, error);
  } finally {
    await file.close();
  }
}

/** sha256 of a whole file, as hex. */
export async function localSha256(path: string, place: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of readLocal(path, place, signal)) hash.update(chunk);
  return hash.digest('hex');
}

/** The bytes of a file. Every chunk is a buffer of its own: a reader may keep or lend it. */
export async function* readLocal(path: string, place: string, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  const { file, version } = await openFile(path, place);
  try {
    let position = 0;
    while (position < version.bytes) {
      signal.throwIfAborted();
      let chunk: Uint8Array;
      try {
        chunk = await readAt(file, position, Math.min(LOCAL_CHUNK_BYTES, version.bytes - position));
      } catch (error) {
        throw refusal(path, place, error);
      }
      if (chunk.length === 0) break; // cut short meanwhile: the check below names it
      position += chunk.length;
      yield chunk;
    }
    let now: Version | null = null;
    try {
      now = versionOf(await stat(path, { bigint: true }));
    } catch {
      // gone: said below
    }
    if (now === null || now.bytes !== version.bytes || now.modifiedNs !== version.modifiedNs || now.inode !== version.inode) {
      const found =
        now === null
          ? 'it is gone'
          : now.bytes !== version.bytes
            ? `it has ${now.bytes} bytes, ${version.bytes} when it was opened`
            : 'it was written to or replaced';
      throw new RefineError('ERR_REFINE_INPUT_CHANGED', `changed while it was read: ${found}. Let the file rest, then run the same command again`, { place });
    }
  } finally {
    await file.close();
  }
}
