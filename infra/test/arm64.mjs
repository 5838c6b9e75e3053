// `node infra/test/arm64.mjs [PROGRAM...]`: cross-compiles tests of kernels that have NEON loops for arm64 and runs them under qemu, so that
// NEON is held against the scalar loops (Debian: g++-aarch64-linux-gnu, qemu-user-static). Without these tools it says so and succeeds.
// Objects are kept in build/arm64 and made again where a file of their room or an include is newer.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const has = (tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).status === 0;
if (!has('aarch64-linux-gnu-g++') || !has('qemu-aarch64-static')) {
  console.log('refine: no aarch64-linux-gnu-g++ or qemu-aarch64-static: arm64 is not tested here.');
  process.exit(0);
}
const filesOf = (folder, ends) =>
  readdirSync(join(root, folder))
    .filter((name) => ends.test(name))
    .map((name) => `${folder}/${name}`);
const room = (name, files) => files.map((file) => `kernels/${name}/${file}.cpp`);
const model = filesOf('kernels/model', /\.cpp$/);
/** Sources by test program; what a program does not call is cut by the linker. */
const PROGRAMS = {
  sketch_test: [
    ...room('hash', [
      'tests/sketch_test',
      'band_hasher',
      'minhash',
      'minhash_minima',
      'wrapped_minima',
      'dart_minima',
      'shingles',
      'murmur3',
      'xxh64',
      'xxh32',
    ]),
    ...room('text', ['dedupe_forms', 'normalize', 'unicode', 'unicode_normalize', 'utf8', 'utf8_prefix']),
    ...room('text', ['segment', 'segment_scripts', 'spacy_words', 'word_break', 'sentence_break']),
    ...room('warc', ['digest', 'digest_text', 'checksum']),
  ],
  ...Object.fromEntries(
    ['gemm_test', 'fast_test', 'reference_test', 'sample_test', 'model_train_test', 'weights_test'].map((test) => [
      test,
      [`kernels/model/tests/${test}.cpp`, ...model, ...room('hash', ['minhash'])],
    ]),
  ),
};

const folder = join(root, 'build', 'arm64');
mkdirSync(folder, { recursive: true });
const launcher = process.env.CMAKE_CXX_COMPILER_LAUNCHER;
const run = (command, args) => {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', cwd: root });
  if (status === 0) return;
  if (error) console.error(`${command}: ${error.message}`);
  process.exit(status ?? 1);
};
const compiler = (...args) => (launcher ? run(launcher, ['aarch64-linux-gnu-g++', ...args]) : run('aarch64-linux-gnu-g++', args));
const FLAGS = ['-O2', '-std=c++20', '-ffp-contract=off', '-ffunction-sections', '-fdata-sections', '-pthread', '-I', 'kernels/include'];

const newest = (paths) => Math.max(...paths.map((path) => statSync(join(root, path)).mtimeMs));
const includes = newest(filesOf('kernels/include/refine', /\.h$/));
const rooms = new Map();
function objectOf(source) {
  const home = dirname(source);
  if (!rooms.has(home)) rooms.set(home, newest(filesOf(home, /\.(?:h|inc)$/).concat(home)));
  const object = join(folder, `${source.replaceAll('/', '.')}.o`);
  const made = statSync(object, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (made < Math.max(includes, rooms.get(home), newest([source]))) compiler(...FLAGS, '-c', source, '-o', object);
  return object;
}

const wanted = process.argv.slice(2);
for (const [name, sources] of Object.entries(PROGRAMS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const program = join(folder, name);
  compiler('-static', '-pthread', '-Wl,--gc-sections', ...sources.map(objectOf), '-o', program);
  run('qemu-aarch64-static', [program]);
  console.log(`refine: arm64: ${name} passes`);
}
