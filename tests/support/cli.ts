// Runs the `refine` command as a user does, in a process of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { packagePath } from '../../native/package-root.js';

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCli {
  readonly child: ChildProcess;
  readonly done: Promise<CliResult>;
}

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** pipe: open, and nothing comes until the caller writes to `child.stdin`. */
  readonly stdin?: 'pipe';
}

export function startRefine(args: readonly string[], options: StartOptions = {}): RunningCli {
  const child = spawn(process.execPath, [packagePath('pipeline', 'cli', 'refine.mjs'), ...args], {
    cwd: options.cwd ?? packagePath(),
    env: { ...process.env, ...options.env },
    stdio: [options.stdin ?? 'ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout!.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr!.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const done = new Promise<CliResult>((resolve) => child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr })));
  return { child, done };
}

export async function refine(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<CliResult> {
  return startRefine(args, options).done;
}

/** sha256 by relative path of everything a run promises byte for byte (DESIGN section 1). */
export function promisedBytes(run: string): Record<string, string> {
  const out: Record<string, string> = {};
  for (const part of ['text', 'tokens', 'features', 'samples', 'index.arrow']) {
    const path = join(run, part);
    if (!existsSync(path)) continue;
    const files = statSync(path).isDirectory() ? readdirSync(path).map((name) => `${part}/${name}`) : [part];
    for (const name of files.sort())
      out[name] = createHash('sha256')
        .update(readFileSync(join(run, name)))
        .digest('hex');
  }
  return out;
}

/** Names of files that stand half-written: `.part` is allowed only below scratch/ and never under a final name. */
export function partFiles(run: string): string[] {
  return readdirSync(run, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.part'));
}

/** stdout of a command as bytes; a non-zero exit code throws with what it said. */
export async function refineBytes(args: readonly string[]): Promise<Buffer> {
  const child = spawn(process.execPath, [packagePath('pipeline', 'cli', 'refine.mjs'), ...args], { cwd: packagePath(), stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`refine ${args.join(' ')} exited ${code}: ${stderr}`);
  return Buffer.concat(chunks);
}
