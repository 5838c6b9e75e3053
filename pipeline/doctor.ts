// What this machine offers: each thing refine stands on, whether it is there, and what to do where it is not.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { arch, availableParallelism, freemem, platform } from 'node:os';
import { join, relative } from 'node:path';
import { packagePath, packageRoot } from '../native/package-root.js';
import type { AnyStep } from '../stages/contract/stage.js';
import { describeProcessor, memoryBytes, WORKER_BYTES, workersInMemory } from './platform.js';
import { bytes } from './stats-text.js';

export interface Finding {
  readonly name: string;
  readonly value: string;
  /** `missing` fails the doctor; `absent` is something optional that is not there. */
  readonly state: 'ok' | 'absent' | 'missing';
  readonly next?: string;
}

const LEAST_NODE = [20, 18, 1] as const;

export async function examine(folder: string): Promise<Finding[]> {
  const findings = [node(), await addon(), processor(), ...(await models()), memory(), disk(folder)];
  return [...findings, await gpu(), ...(await steps(folder)), shared(), proxy()];
}

function node(): Finding {
  const found = process.versions.node.split('.').map(Number);
  const older = LEAST_NODE.findIndex((least, index) => (found[index] ?? 0) !== least);
  const ok = older === -1 || (found[older] ?? 0) > LEAST_NODE[older]!;
  return { name: 'node', value: process.version, state: ok ? 'ok' : 'missing', ...(ok ? {} : { next: `Install Node ${LEAST_NODE.join('.')} or newer.` }) };
}

/** Loads the addon, which the command line has done already where it imports native code; here a failure is a finding. */
async function addon(): Promise<Finding> {
  try {
    const { native } = await import('../native/index.js');
    const folder = join('build', 'Release');
    const path = join(folder, readdirSync(packagePath(folder)).find((name) => name.endsWith('.node')) ?? '');
    return { name: 'native core', value: `${path}, ${Object.keys(native).length} functions, sha256 ${digest(packagePath(path))}`, state: 'ok' };
  } catch (error) {
    return { name: 'native core', value: (error as Error).message, state: 'missing', next: 'Run npm run build (it needs g++, cmake and make).' };
  }
}

/** What the core has vector code for, by the system's name of each; it has none for arm64 yet. */
const USED_SETS: readonly (readonly [string, string])[] = [
  ['pclmulqdq', 'PCLMUL'],
  ['sha_ni', 'SHA'],
  ['avx2', 'AVX2'],
  ['avx512f', 'AVX-512'],
];

async function models(): Promise<Finding[]> {
  try {
    const { native } = await import('../native/index.js');
    return [modelSets(native.modelIsas(), describeProcessor()?.flags ?? new Set())];
  } catch {
    return []; // `native core` says it
  }
}

/** The instruction sets of neural steps, best first. A processor may list AMX in its flags and the set not be offered. */
export function modelSets(sets: readonly string[], flags: ReadonlySet<string>): Finding {
  const value = `neural steps by ${sets[0]}, or pinned: ${sets.join(', ')}`;
  if (sets.includes('amx') || !flags.has('amx_tile')) return { name: 'models', value, state: 'ok' };
  return {
    name: 'models',
    value: `${value}; not amx, which the processor lists`,
    state: 'absent',
    next: 'It wants AMX-INT8 and AMX-BF16, AVX512_BF16, Linux 5.16 or newer, a sandbox that lets arch_prctl through, and binutils 2.35 when refine was built (infra/docs/amx.md).',
  };
}

function processor(): Finding {
  const threads = `${availableParallelism()} threads`;
  const known = describeProcessor();
  if (known === null) return { name: 'processor', value: `${arch()} (${platform()}), ${threads}`, state: 'ok' };
  const sets = USED_SETS.filter(([flag]) => known.flags.has(flag)).map(([, name]) => name);
  const simd = sets.length > 0 ? sets.join(' ') : 'no SIMD that the core uses (its scalar paths give the same results)';
  return { name: 'processor', value: `${known.model ?? arch()}, ${threads}; ${simd}`, state: 'ok' };
}

/** The library of CUDA kernels and the device it finds; a machine without one is as good. */
async function gpu(): Promise<Finding> {
  try {
    const { cudaAdvice, cudaState } = await import('./device.js');
    const state = cudaState();
    if (state.usable)
      return {
        name: 'GPU',
        value: `${state.name}, ${bytes(state.memory ?? 0)}, ${state.multiprocessors ?? 0} multiprocessors, ${state.path} kernels`,
        state: 'ok',
      };
    const { found, next } = cudaAdvice(state);
    return { name: 'GPU', value: `none is used, ${state.reason} (${found}): model steps run on the CPU`, state: 'absent', next: `${next}.` };
  } catch (error) {
    return { name: 'GPU', value: (error as Error).message.split('\n')[0]!, state: 'absent', next: 'Run npm run build.' };
  }
}

function memory(): Finding {
  const total = memoryBytes();
  const value = `${bytes(total)} (${bytes(Math.min(freemem(), total))} free); room for ${Math.max(1, workersInMemory())} workers of 1 GiB`;
  return total < 2 * WORKER_BYTES
    ? { name: 'memory', value, state: 'missing', next: 'A run needs 2 GiB: one for a worker, the rest for the system.' }
    : { name: 'memory', value, state: 'ok' };
}

function disk(folder: string): Finding {
  try {
    const found = statfsSync(folder);
    return { name: 'disk', value: `${bytes(found.bavail * found.bsize)} free in the current folder`, state: 'ok' };
  } catch (error) {
    return { name: 'disk', value: (error as Error).message, state: 'absent', next: 'Go to a folder that can be written.' };
  }
}

/** The steps, and every file that one of them uses as it stands: models, lists, tokenizers, with the start of their sha256. */
async function steps(folder: string): Promise<Finding[]> {
  let registry: ReadonlyMap<string, AnyStep>;
  try {
    registry = await (await import('./registry.js')).loadSteps();
  } catch (error) {
    return [{ name: 'steps', value: (error as Error).message.split('\n')[0]!, state: 'missing', next: 'Run npm ci again, then npm run build.' }];
  }
  const findings: Finding[] = [{ name: 'steps', value: [...registry.keys()].join(' '), state: 'ok' }];
  const seen = new Set<string>();
  for (const [name, stage] of registry) {
    try {
      for (const path of stage.assets?.(stage.schema.parse({}), { seed: 0n, baseDir: folder, device: 'cpu' }) ?? []) {
        seen.add(path);
        findings.push(asset(name, path));
      }
    } catch (error) {
      findings.push({ name, value: (error as Error).message.split('\n')[0]!, state: 'missing', next: 'Run npm ci again: the package is not whole.' });
    }
  }
  return [...findings, ...otherAssets(seen)];
}

function asset(name: string, path: string): Finding {
  const shown = relative(packageRoot, path).replaceAll('\\', '/');
  if (!existsSync(path)) return { name, value: shown, state: 'missing', next: 'Run npm ci again: the package is not whole.' };
  return { name, value: `${shown} sha256 ${digest(path)}`, state: 'ok' };
}

const ASSET_FOLDERS = ['models', 'lists', 'tokenizers'];

/** What stands beside the stages and is used where an option names it. */
function otherAssets(seen: ReadonlySet<string>): Finding[] {
  const findings: Finding[] = [];
  const stages = packagePath('stages');
  for (const stage of readdirSync(stages).sort()) {
    for (const kind of ASSET_FOLDERS) {
      const folder = join(stages, stage, kind);
      if (!existsSync(folder)) continue;
      for (const name of readdirSync(folder, { recursive: true }).map(String).sort()) {
        const path = join(folder, name);
        if (statSync(path).isFile() && !seen.has(path) && !/\.(ts|mjs|md)$|LICEN[CS]E|NOTICE/.test(name)) findings.push(asset(stage, path));
      }
    }
  }
  return findings;
}

const MAX_DIGEST_BYTES = 1024 ** 3;

function digest(path: string): string {
  if (statSync(path).size > MAX_DIGEST_BYTES) return '(over 1 GiB, not read)';
  return createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16);
}

function shared(): Finding {
  const path = process.env.REFINE_SHARED ?? join(packageRoot, '..', 'shared');
  return existsSync(path)
    ? { name: 'shared data', value: 'found (tests on real data run)', state: 'ok' }
    : { name: 'shared data', value: 'not found (tests on real data are skipped)', state: 'absent', next: 'Set REFINE_SHARED to its folder, if you have it.' };
}

const PROXY_NAMES = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY', 'no_proxy', 'NO_PROXY'];

/** Names only: a proxy's address may hold a password. */
function proxy(): Finding {
  const set = PROXY_NAMES.filter((name) => (process.env[name] ?? '') !== '');
  return { name: 'network', value: set.length === 0 ? 'no proxy set' : `proxy set by ${set.join(', ')}`, state: 'ok' };
}
