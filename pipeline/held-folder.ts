// Run folders that this process works in. Whoever takes one makes it, and from then on nothing here makes it again: moved or removed
// while a run goes (mv, rm -r), a new one under the old name would hold half a ledger, beside the run that was moved.
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { RefineError } from '../native/errors.js';

const held = new Set<string>();

/** Calls `release` give it back to whoever makes folders. */
export function holdFolder(folder: string): { readonly release: () => void } {
  const path = resolve(folder);
  held.add(path);
  return { release: () => void held.delete(path) };
}

/** ERR_REFINE_DISK where this process holds the folder and nothing stands there any more; null otherwise. */
export async function goneFolder(folder: string): Promise<RefineError | null> {
  if (!held.has(resolve(folder))) return null;
  const code = await stat(folder).then(
    () => null,
    (cause: NodeJS.ErrnoException) => cause.code,
  );
  if (code !== 'ENOENT') return null; // a disk that does not answer says nothing of where the folder is
  return new RefineError(
    'ERR_REFINE_DISK',
    'is gone: the folder was moved or removed while the run worked in it. Move it back and run the same command again, or name it where it lies now (--out): finished tasks are kept in it.',
    { place: folder },
  );
}
