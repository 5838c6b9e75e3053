// `npm ci` and `npm run build`: the addon, then TypeScript. Fails loudly; a half-built checkout is never left to be found at run time.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const [major, minor, patch] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && (minor < 18 || (minor === 18 && patch < 1)))) {
  console.error(`refine needs Node >= 20.18.1; this is ${process.version}. Install a newer Node and run npm ci again.`);
  process.exit(1);
}
const run = (args) => spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1;
const native = run([join(root, 'infra', 'build', 'native.mjs')]);
if (native !== 0) process.exit(native);
const typescript = createRequire(import.meta.url).resolve('typescript/bin/tsc');
// Tests and benches need the dev dependencies; `npm ci --omit=dev` builds the product alone.
const withDev = existsSync(join(root, 'node_modules', 'fast-check'));
process.exit(run([typescript, '-p', join(root, withDev ? 'tsconfig.json' : 'tsconfig.build.json')]));
