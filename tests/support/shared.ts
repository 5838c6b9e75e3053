// Real data beside the checkout (../shared, or REFINE_SHARED). Absent on a user's machine: tests that need it skip and say so.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageRoot } from '../../native/package-root.js';

const folder = process.env.REFINE_SHARED ?? join(dirname(packageRoot), 'shared');

/** The absolute path of shared data, or null where it is absent. In a worktree the shared folder may lie one level higher. */
export function sharedPath(...parts: string[]): string | null {
  for (const base of [folder, join(dirname(dirname(packageRoot)), 'shared')]) {
    const path = join(base, ...parts);
    if (existsSync(path)) return path;
  }
  return null;
}

export const needsShared = 'needs the shared data folder (../shared or REFINE_SHARED)';
