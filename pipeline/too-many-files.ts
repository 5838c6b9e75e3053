// The system opens no file more: met by imports first, as Node opens the files of a module's tree at once.
import { RefineError } from '../native/errors.js';

/** An EMFILE or ENFILE of Node in words, with what to type; null for every other error. */
export function tooManyFiles(error: unknown): RefineError | null {
  if (error instanceof RefineError || !(error instanceof Error)) return null;
  const { code, path } = error as NodeJS.ErrnoException;
  if (code !== 'EMFILE' && code !== 'ENFILE') return null;
  const next =
    code === 'EMFILE'
      ? '`ulimit -n` says how many files a process may hold open: raise it (ulimit -n 1024), then run the same command again.'
      : 'The whole machine holds as many open as it may (sysctl fs.file-max): end other programs or raise it, then run the same command again.';
  return new RefineError('ERR_REFINE_DISK', `cannot be opened: ${code}, too many open files. ${next}`, { place: path ?? 'a file', cause: error });
}
