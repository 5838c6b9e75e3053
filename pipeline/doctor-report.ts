// A block of text for a bug report: what a maintainer asks first. Invariant: it tells no path of the user's but names below the
// package, and of variables only names, but for those of ours that hold no secret.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir, release, type as system } from 'node:os';
import { packagePath, packageRoot } from '../native/package-root.js';
import { examine, type Finding } from './doctor.js';
import { describeProcessor } from './platform.js';

export async function bugReport(folder: string): Promise<string> {
  const findings = await examine(folder);
  const lines = [
    ['refine', `${version()}${commit()}`],
    ['system', `${system()} ${release()} ${process.arch}${libc()}`],
    ['node', `${process.version}, V8 ${process.versions.v8}, N-API ${process.versions.napi}`],
    ...of(findings, ['native core', 'processor', 'models', 'memory', 'disk', 'GPU', 'network']),
    ['CPU flags', flags()],
    ...(['cmake', 'g++', 'npm', 'git'] as const).map((tool) => [tool, toolVersion(tool)]),
    ['variables', variables().join(', ') || 'none of REFINE_*'],
    ['steps', findings.find(({ name }) => name === 'steps')?.value ?? 'unknown'],
    ['not whole', wrong(findings)],
  ] as [string, string][];
  return `${['refine doctor --report', ...lines.map(([name, value]) => `${`${name}:`.padEnd(13)}${hidden(value)}`)].join('\n')}\n`;
}

function of(findings: readonly Finding[], names: readonly string[]): [string, string][] {
  return names.map((name) => [name, findings.find((finding) => finding.name === name)?.value ?? 'unknown']);
}

function wrong(findings: readonly Finding[]): string {
  const missing = findings.filter(({ state }) => state === 'missing').map(({ name, value }) => `${name} (${value})`);
  return missing.length === 0 ? 'nothing is missing' : missing.join('; ');
}

function version(): string {
  return (JSON.parse(readFileSync(packagePath('package.json'), 'utf8')) as { version: string }).version;
}

/** The checkout's commit, with `+` where files differ from it; nothing where it is no checkout. */
function commit(): string {
  const head = spoken('git', ['-C', packageRoot, 'rev-parse', '--short=12', 'HEAD']);
  if (head === null) return '';
  const changed = spoken('git', ['-C', packageRoot, 'status', '--porcelain', '--untracked-files=no']);
  return ` at ${head}${changed === '' ? '' : '+'}`;
}

function libc(): string {
  const header = (process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined)?.header;
  return header?.glibcVersionRuntime === undefined ? '' : `, glibc ${header.glibcVersionRuntime}`;
}

const TOLD_FLAGS = /^(sse4_2|pclmulqdq|sha_ni|avx|avx2|fma|bmi2|avx512\w*|avx_vnni|amx_\w+|neon|asimd\w*|sve\w*|crc32|sha[123]\w*|aes|pmull)$/;

function flags(): string {
  const known = describeProcessor();
  return known === null
    ? 'unknown'
    : [...known.flags]
        .filter((flag) => TOLD_FLAGS.test(flag))
        .sort()
        .join(' ') || 'none of those that matter';
}

function toolVersion(tool: string): string {
  return spoken(tool, ['--version'])?.split('\n')[0]?.trim() ?? 'not found';
}

function spoken(tool: string, args: readonly string[]): string | null {
  try {
    return execFileSync(tool, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 20_000 }).trim();
  } catch {
    return null;
  }
}

/** Values that are numbers or words of ours are told; anything else may hold a path or a secret, so only its name is. */
function variables(): string[] {
  return Object.keys(process.env)
    .filter((name) => /^REFINE_[A-Z0-9_]+$/.test(name) || name === 'NODE_OPTIONS')
    .sort()
    .map((name) => (/^(\d{1,9}|auto|cpu|cuda|scalar|on|off|true|false)$/.test(process.env[name] ?? '') ? `${name}=${process.env[name]}` : `${name} (set)`));
}

/** A user's folders, should an error's text name one. */
function hidden(text: string): string {
  return [packageRoot, process.cwd(), homedir()]
    .filter((path) => path.length > 1)
    .reduce((shown, path, at) => shown.replaceAll(path, ['<refine>', '<here>', '~'][at]!), text)
    .replace(/\s+/g, ' ');
}
