#!/usr/bin/env node
// The `refine` command before it is built: says how to build it; afterwards hands over to dist/.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const main = join(root, 'dist', 'pipeline', 'cli', 'main.js');
if (!existsSync(main) || !existsSync(join(root, 'build', 'Release', 'refine_native.node'))) {
  console.error(`ERR_REFINE_NATIVE ${root}  refine is not built: npm ran without install scripts (--ignore-scripts) or the build failed. Run: npm run build`);
  process.exit(1);
}
await import(pathToFileURL(main).href);
