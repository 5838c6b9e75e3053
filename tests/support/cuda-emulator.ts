// The emulated CUDA library for tests: built where a C++ compiler is, once a change of its sources; another process's build is waited for.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../native/package-root.js';

let found: string | null | undefined;

/** The library's path, or null where it cannot be built here; REFINE_CUDA_SIMT names one that was built elsewhere. */
export function emulatedLibrary(): string | null {
  if (found !== undefined) return found;
  const named = process.env.REFINE_CUDA_SIMT;
  if (named !== undefined && named !== '') return (found = named);
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(packageRoot, 'infra', 'build', 'cuda-simt.mjs')], { encoding: 'utf8' });
  if (status !== 0 && !/no C\+\+ compiler found/.test(stderr)) throw new Error(stderr);
  return (found = status === 0 ? stdout.trim().split('\n').at(-1)! : null);
}

export const needsEmulator = 'needs a C++ compiler for the emulated CUDA library';
