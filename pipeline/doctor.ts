// What this machine offers: each thing refine stands on, whether it is there, and what to do where it is not.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { arch, availableParallelism, freemem, platform, totalmem } from 'node:os';
import { join } from 'node:path';
import { packagePath, packageRoot } from '../native/package-root.js';
import { bytes } from './stats-text.js';

export interface Finding {
  readonly name: string;
  readonly value: string;
  /** `missing` fails the doctor; `absent` is something optional that is not there. */
  readonly state: 'ok' | 'absent' | 'missing';
  readonly next?: string;
}

const WORKER_BYTES = 1024 ** 3;
const LEAST_NODE = [20, 18, 1] as const;

export async function examine(folder: string): Promise<Finding[]> {
  const findings = [node(), await addon(), processor(), memory(), disk(folder)];
  findings.push(await nativeSteps());
  return [...findings, ...assets(), shared(), proxy()];
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

const WANTED_SETS: readonly (readonly [string, string])[] = [
  ['sse4_2', 'SSE4.2'],
  ['avx2', 'AVX2'],
  ['bmi2', 'BMI2'],
  ['pclmulqdq', 'PCLMUL'],
  ['sha_ni', 'SHA'],
  ['avx512bw', 'AVX-512BW'],
  ['asimd', 'NEON'],
  ['sha1', 'SHA1'],
  ['sha2', 'SHA2'],
];

/** Linux says what the processor has; elsewhere the core finds out by itself and this line only names the architecture. */
function processor(): Finding {
  const threads = `${availableParallelism()} threads`;
  try {
    const info = readFileSync('/proc/cpuinfo', 'utf8');
    const flags = new Set(/^(?:flags|Features)\s*:\s*(.*)$/m.exec(info)?.[1]?.split(' ') ?? []);
    const model = /^model name\s*:\s*(.*)$/m.exec(info)?.[1] ?? arch();
    const sets = WANTED_SETS.filter(([flag]) => flags.has(flag)).map(([, name]) => name);
    return {
      name: 'processor',
      value: `${model}, ${threads}; ${sets.length > 0 ? sets.join(' ') : 'no SIMD that the core uses (its scalar paths give the same results)'}`,
      state: 'ok',
    };
  } catch {
    return { name: 'processor', value: `${arch()} (${platform()}), ${threads}`, state: 'ok' };
  }
}

function memory(): Finding {
  const constrained = process.constrainedMemory?.() ?? 0;
  const total = constrained > 0 && constrained < totalmem() ? constrained : totalmem();
  const workers = Math.max(0, Math.floor(total / WORKER_BYTES) - 1);
  const value = `${bytes(total)} (${bytes(Math.min(freemem(), total))} free); room for ${Math.max(1, workers)} workers of 1 GiB`;
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

async function nativeSteps(): Promise<Finding> {
  try {
    const { steps } = await import('./registry.js');
    return { name: 'steps', value: [...steps.keys()].join(' '), state: 'ok' };
  } catch (error) {
    return { name: 'steps', value: (error as Error).message.split('\n')[0]!, state: 'missing', next: 'Run npm ci again, then npm run build.' };
  }
}

const ASSET_FOLDERS = ['models', 'lists', 'tokenizers'];
const MAX_DIGEST_BYTES = 1024 ** 3;

/** Models, lists and tokenizers that stand beside the stages, with the start of their sha256 (whole in a run's lock file). */
function assets(): Finding[] {
  const findings: Finding[] = [];
  const language = find('fasttext.wasm.js', 'lid.176.ftz');
  findings.push(
    language === null
      ? { name: 'model', value: 'lid.176.ftz (npm fasttext.wasm.js)', state: 'missing', next: 'Run npm ci: langid uses it.' }
      : { name: 'model', value: `lid.176.ftz sha256 ${digest(language)}`, state: 'ok' },
  );
  const stages = packagePath('stages');
  for (const stage of readdirSync(stages).sort()) {
    for (const kind of ASSET_FOLDERS) {
      const folder = join(stages, stage, kind);
      if (!existsSync(folder)) continue;
      for (const name of readdirSync(folder, { recursive: true }).map(String).sort()) {
        const path = join(folder, name);
        if (!statSync(path).isFile() || /\.(ts|mjs|md)$|LICEN[CS]E|NOTICE/.test(name)) continue;
        findings.push({ name: kind.slice(0, -1), value: `stages/${stage}/${kind}/${name} sha256 ${digest(path)}`, state: 'ok' });
      }
    }
  }
  return findings;
}

/** A file of an npm package, wherever in it the package keeps it. */
function find(name: string, file: string): string | null {
  const folder = packagePath('node_modules', ...name.split('/'));
  if (!existsSync(folder)) return null;
  const found = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((path) => path.endsWith(file))
    .sort()[0];
  return found === undefined ? null : join(folder, found);
}

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
