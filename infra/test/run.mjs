// `npm test`: runs dist/tests/**/*.test.js with node:test and ends with one line `N passed, N failed`.
//   npm test -- PATTERN...   only files whose path holds one of the patterns
// A test's result must not depend on how many run beside it.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const folder = join(root, 'dist', 'tests');
if (!existsSync(folder)) {
  console.error('refine: tests are not compiled; run npm run build first.');
  process.exit(1);
}
const patterns = process.argv.slice(2);
const files = readdirSync(folder, { recursive: true })
  .map((name) => join(folder, String(name)))
  .filter((name) => name.endsWith('.test.js'))
  .filter((name) => existsSync(join(root, relative(join(root, 'dist'), name).replace(/\.js$/, '.ts')))) // not a stale build
  .filter((name) => patterns.length === 0 || patterns.some((pattern) => relative(folder, name).includes(pattern)))
  .sort();
if (files.length === 0) {
  console.error(`refine: no test file matches ${patterns.join(' ')}`);
  process.exit(1);
}
const beside = Math.ceil(1.5 * availableParallelism()); // files of end-to-end tests wait half their time: for jobs, deadlines, instants of a kill
let output = '';
const cache = mkdtempSync(join(tmpdir(), 'refine-test-cache-')); // not the user's own
const child = spawn(process.execPath, ['--enable-source-maps', '--test', `--test-concurrency=${beside}`, '--test-reporter=spec', ...files], {
  cwd: root,
  env: { ...process.env, XDG_CACHE_HOME: cache },
  stdio: ['ignore', 'pipe', 'inherit'],
});
child.stdout.on('data', (chunk) => {
  output = (output + chunk).slice(-1_000_000); // the totals stand before the failures, however long those are
  process.stdout.write(chunk);
});
child.on('close', (code) => {
  const count = (name) => Number(new RegExp(`^\\S ${name} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
  rmSync(cache, { recursive: true, force: true });
  const failed = count('fail') + count('cancelled');
  console.log(`${count('pass')} passed, ${failed > 0 ? failed : code === 0 ? 0 : 1} failed, ${count('skipped')} skipped`);
  process.exit(code ?? 1);
});
