// The only module that loads the addon. Its typed surface is native/binding.ts.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { NativeBinding } from './binding.js';
import { RefineError } from './errors.js';
import { packageRoot } from './package-root.js';

export * from './batch.js';
export * from './errors.js';
export type * from './binding.js';
export { cudaLibrary } from './cuda.js';
export { packagePath, packageRoot } from './package-root.js';
export { PII_KINDS } from './pii.js';
export { SEARCH_LEAST } from './search.js';
export { CUT_ACTIONS, CUT_SNAPS } from './substring.js';

function load(): NativeBinding {
  const path = join(packageRoot, 'build', 'Release', 'refine_native.node');
  if (!existsSync(path)) {
    throw new RefineError('ERR_REFINE_NATIVE', 'the native core is not built. Run: npm run build (it needs g++, cmake and make)', { place: path });
  }
  try {
    return createRequire(import.meta.url)(path) as NativeBinding;
  } catch (cause) {
    throw new RefineError('ERR_REFINE_NATIVE', `the native core does not load: ${(cause as Error).message}. Run: npm run build`, { place: path, cause });
  }
}

export const native: NativeBinding = load();
