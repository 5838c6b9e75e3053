// Compiles kernels/cuda/*.cu for the cards of build.json into librefine_cuda.so: several compilers beside each other, objects kept under
// a name that is a hash of everything the compiler reads (the source, its local headers, flags, compiler), so that a change recompiles
// what it touches. Invariant: an object's name decides its content; the log of ptxas is kept beside it for the resource report.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const plan = JSON.parse(readFileSync(join(root, 'infra', 'gpu', 'build.json'), 'utf8'));

/** The compiler and its version, or null: $NVCC, $CUDACXX, PATH, $CUDA_HOME or else where installers put it. */
export function findNvcc(environment = process.env) {
  const named = [environment.CUDA_HOME, environment.CUDA_PATH].filter(Boolean);
  const homes = named.length > 0 ? named : ['/usr/local/cuda'];
  for (const candidate of [environment.NVCC, environment.CUDACXX, 'nvcc', ...homes.map((home) => join(home, 'bin', 'nvcc'))]) {
    if (!candidate) continue;
    const { status, stdout } = spawnSync(candidate, ['--version'], { encoding: 'utf8', env: { ...process.env, ...environment } });
    if (status === 0) return { path: candidate, version: /release ([\d.]+)/.exec(stdout)?.[1] ?? 'unknown', text: stdout };
  }
  return null;
}

/** A source and every local header it includes, by following `#include "..."`; `card`: without the emulator, which nvcc never reads. */
export function closure(file, { card = false, seen = new Set() } = {}) {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, name] of readFileSync(file, 'utf8').matchAll(/^\s*#\s*include\s+"([^"]+)"/gm)) {
    if (card && name.startsWith('simt/')) continue;
    const place = [join(dirname(file), name), join(root, 'kernels', 'include', name)].find((path) => existsSync(path));
    if (place !== undefined) closure(place, { card, seen });
  }
  return seen;
}

export const sources = () =>
  readdirSync(join(root, 'kernels', 'cuda'))
    .filter((name) => name.endsWith('.cu'))
    .sort()
    .map((name) => join(root, 'kernels', 'cuda', name));

function keyOf(file, parts) {
  const hash = createHash('sha256').update(JSON.stringify(parts));
  for (const path of [...closure(file, { card: true })].sort()) hash.update(relative(root, path)).update('\0').update(readFileSync(path)).update('\0');
  return hash.digest('hex').slice(0, 16);
}

function execute(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part) => (text += part));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, text }));
  });
}

/** What the compiler said that is neither ptxas' report nor progress: warnings. */
export const warningsOf = (log) =>
  log
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^ptxas info|bytes stack frame|^\s*$/.test(line))
    .join('\n');

/** Compiles all sources; the answer lists source, object, log and whether it was there already. Throws with the compiler's text. */
export async function compile(nvcc, { jobs = 2, targets = Object.keys(plan.targets), out = join(root, 'build', 'cuda') } = {}) {
  const folder = join(out, 'objects');
  mkdirSync(folder, { recursive: true });
  const flags = [...plan.common, ...plan.card, ...targets.flatMap((target) => ['-gencode', plan.targets[target]])];
  const units = sources().map((source) => {
    const object = join(folder, `${basename(source, '.cu')}-${keyOf(source, [flags, nvcc.text])}.o`);
    return { source, object, log: object.replace(/\.o$/, '.log'), cached: existsSync(object) };
  });
  const queue = units.filter((unit) => !unit.cached);
  const failures = [];
  async function worker() {
    for (let unit = queue.shift(); unit; unit = queue.shift()) {
      const part = `${unit.object}.part.o`;
      const { status, text } = await execute(nvcc.path, [...flags, '-c', relative(root, unit.source), '-o', part]);
      if (status === 0) {
        writeFileSync(unit.log, text);
        renameSync(part, unit.object); // last: an object without its log would hide spills
      } else {
        rmSync(part, { force: true });
        failures.push(`${relative(root, unit.source)}\n${text}`);
      }
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, jobs) }, worker));
  if (failures.length > 0) throw new Error(`nvcc failed on ${failures.length} of ${units.length} files:\n${failures.join('\n')}`);
  const wanted = new Set(units.flatMap((unit) => [basename(unit.object), basename(unit.log)]));
  for (const name of readdirSync(folder)) if (!wanted.has(name)) rmSync(join(folder, name), { force: true });
  return units;
}

/** Links the objects into one library whose only symbols are the C ABI's, and checks that. */
export async function link(nvcc, units, out = join(root, 'build', 'cuda')) {
  const library = join(out, 'librefine_cuda.so');
  const exportsFile = join(out, 'exports.map');
  writeFileSync(exportsFile, `${plan.exports}\n`);
  const { status, text } = await execute(nvcc.path, [
    '-shared',
    '-cudart',
    'static',
    '-Xcompiler',
    '-fPIC',
    '-Xlinker',
    '--exclude-libs,ALL',
    '-Xlinker',
    `--version-script=${exportsFile}`,
    '-Xlinker',
    '-z,defs',
    '-Xlinker',
    '-s',
    '-o',
    `${library}.part`,
    ...units.map((unit) => unit.object),
  ]);
  if (status !== 0) throw new Error(`nvcc could not link librefine_cuda.so:\n${text}`);
  const listing = spawnSync('nm', ['-D', '--defined-only', `${library}.part`], { encoding: 'utf8' });
  const symbols =
    listing.status === 0
      ? listing.stdout
          .split('\n')
          .filter(Boolean)
          .map((line) => line.split(' ').at(-1))
      : [];
  const foreign = symbols.filter((symbol) => !symbol.startsWith('refine_cuda_'));
  if (foreign.length > 0) throw new Error(`librefine_cuda.so exports more than its C ABI: ${foreign.slice(0, 5).join(', ')}`);
  renameSync(`${library}.part`, library);
  return { library, symbols };
}
