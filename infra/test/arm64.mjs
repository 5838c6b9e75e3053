// `node infra/test/arm64.mjs [PROGRAM...]`: cross-compiles the core with its unit tests for arm64 and runs them under qemu: NEON is held against
// the scalar loops, and the rest against an ABI whose `char` has no sign (Debian: g++-aarch64-linux-gnu, qemu-user-static). Without these tools it
// says so and succeeds. The CUDA emulator's tests are left out: kernels are compiled for the GPU, and their host is the same core.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const COMPILER = 'aarch64-linux-gnu-g++';
const EMULATOR = 'qemu-aarch64-static';
/** Of one program; qemu takes 5 to 60 times the machine's own time. */
const SLOWEST_PROGRAM_SECONDS = 3600;
const has = (tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).status === 0;
if (!has(COMPILER) || !has(EMULATOR)) {
  console.log(`refine: no ${COMPILER} or ${EMULATOR}: arm64 is not tested here.`);
  process.exit(0);
}
const run = (command, args) => {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', cwd: root });
  if (status === 0) return;
  if (error) console.error(`${command}: ${error.message}`);
  process.exit(status ?? 1);
};

const all = readdirSync(join(root, 'kernels'), { recursive: true })
  .map(String)
  .filter((name) => /^(?!cuda[/\\]).*tests[/\\]\w+_test\.cpp$/.test(name))
  .map((name) => basename(name, '.cpp'))
  .sort();
const wanted = process.argv.length > 2 ? process.argv.slice(2) : all;
const unknown = wanted.find((name) => !all.includes(name));
if (unknown !== undefined) {
  console.error(`refine: there is no test program ${unknown}; there are ${all.join(', ')}`);
  process.exit(2);
}
const folder = join(root, 'build', 'arm64');
const jobs = String(availableParallelism());
const target = { SYSTEM_NAME: 'Linux', SYSTEM_PROCESSOR: 'aarch64', CXX_COMPILER: COMPILER, EXE_LINKER_FLAGS: '-static', CROSSCOMPILING_EMULATOR: EMULATOR };
const defined = Object.entries(target).map(([name, value]) => `-DCMAKE_${name}=${value}`);
run('cmake', ['-S', root, '-B', folder, '-DREFINE_ADDON=OFF', '-DREFINE_TESTS=ON', ...defined]);
run('cmake', ['--build', folder, '-j', jobs, '--target', ...wanted]);
const limits = ['--no-tests=error', '--output-on-failure', '--timeout', String(SLOWEST_PROGRAM_SECONDS)];
run('ctest', ['--test-dir', join(folder, 'kernels'), '-j', jobs, ...limits, '-R', `^(${wanted.join('|')})$`]);
