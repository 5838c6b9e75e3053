// The CUDA library for machines without CUDA: kernels/cuda/*.cu and the emulator by the C++ compiler into build/cuda/librefine_cuda_simt.so,
// which tests give to the addon as REFINE_CUDA_LIBRARY. Slow and exact; never used by a run that is not told to.
// Objects are kept under a hash of what they are made of. Prints the library's path. --jobs N (2)
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { closure, plan, root, sources } from '../gpu/library.mjs';

const { values } = parseArgs({ options: { jobs: { type: 'string', default: '2' } } });
const works = (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
const compiler = [process.env.CXX, 'g++', 'clang++', 'c++'].find((command) => command && works(command));
if (compiler === undefined) {
  console.error('refine: no C++ compiler found, so the emulated CUDA library is not built.');
  process.exit(1);
}
const version = spawnSync(compiler, ['--version'], { encoding: 'utf8' }).stdout;
const out = join(root, 'build', 'cuda');
const objects = join(out, 'simt-objects');
mkdirSync(objects, { recursive: true });
const FLAGS = [...plan.common.filter((flag) => flag !== '-O3'), '-O1', ...plan.emulated, '-Wno-unknown-pragmas'];
const emulator = join(root, 'kernels', 'cuda', 'simt');
const files = [
  ...sources(),
  ...readdirSync(emulator)
    .filter((name) => name.endsWith('.cpp'))
    .sort()
    .map((name) => join(emulator, name)),
];

function execute(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part) => (text += part));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, text }));
  });
}

const units = files.map((source) => {
  const hash = createHash('sha256').update(JSON.stringify([FLAGS, version]));
  for (const path of [...closure(source)].sort()) hash.update(relative(root, path)).update('\0').update(readFileSync(path)).update('\0');
  return { source, object: join(objects, `${basename(source)}-${hash.digest('hex').slice(0, 16)}.o`) };
});
const queue = units.filter(({ object }) => !existsSync(object));
const failures = [];
const launcher = works('ccache') ? ['ccache', compiler] : [compiler];
async function worker() {
  for (let unit = queue.shift(); unit; unit = queue.shift()) {
    const part = `${unit.object}.${process.pid}.o`;
    const { status, text } = await execute(launcher[0], [...launcher.slice(1), ...FLAGS, '-c', relative(root, unit.source), '-o', part]);
    if (status === 0) renameSync(part, unit.object);
    else {
      rmSync(part, { force: true });
      failures.push(`${relative(root, unit.source)}\n${text}`);
    }
  }
}
await Promise.all(Array.from({ length: Math.max(1, Number(values.jobs)) }, worker));
if (failures.length > 0) {
  console.error(`refine: the emulated CUDA library does not compile:\n${failures.join('\n')}`);
  process.exit(1);
}
const library = join(out, 'librefine_cuda_simt.so');
const made = join(out, 'librefine_cuda_simt.made'); // the objects it was linked from
const names = units.map(({ object }) => basename(object)).join('\n');
if (!existsSync(library) || !existsSync(made) || readFileSync(made, 'utf8') !== names) {
  const exportsFile = join(out, 'simt-exports.map');
  writeFileSync(exportsFile, `${plan.exports}\n`);
  const part = `${library}.${process.pid}`;
  const { status, text } = await execute(compiler, [
    '-shared',
    '-pthread',
    '-Wl,--no-undefined',
    `-Wl,--version-script=${exportsFile}`,
    '-o',
    part,
    ...units.map(({ object }) => object),
    '-ldl',
  ]);
  if (status !== 0) {
    console.error(`refine: the emulated CUDA library does not link:\n${text}`);
    process.exit(1);
  }
  renameSync(part, library);
  writeFileSync(made, names);
  const wanted = new Set(units.map(({ object }) => basename(object)));
  for (const name of readdirSync(objects)) if (name.endsWith('.o') && !wanted.has(name)) rmSync(join(objects, name), { force: true });
}
console.log(library);
