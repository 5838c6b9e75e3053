// A small run made here once, copies of it in a bucket, and commands called in this process as their command lines call them.
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { Command } from 'commander';
import { reportError } from '../../pipeline/cli/command.js';
import type { PlaceSettings } from '../../pipeline/run-place.js';
import { STORE_LIMITS } from '../../pipeline/storage/s3-retry.js';
import { S3Store } from '../../pipeline/storage/s3-store.js';
import { refine } from './cli.js';
import { randomFrom } from './random.js';
import { type S3World, startS3 } from './s3-world.js';

export const STORE_TIMES: Required<Pick<PlaceSettings, 'limits' | 'lease'>> = {
  limits: { baseDelayMs: 1, maxDelayMs: 8, bodyTimeoutMs: 400, headersTimeoutMs: 6000, idleTries: 40 },
  lease: { beatMs: 100, patienceMs: 700, settleMs: 50 },
};

/** Commands wait for a store as long as people do; in this process they wait for milliseconds from here on. */
export function hurry(): void {
  Object.assign(STORE_LIMITS, STORE_TIMES.limits);
}

const HOSTS = ['a.example', 'www.a.example', 'b.example', 'c.example'];
const WORDS = 'tide harbour lantern rope copper winter garden mill road stone letter wheel bridge river song baker market morning paper cloud'.split(' ');

/** Two inputs of 30 pages, some of them equal, some too short; with a barrier, samples and a hold-out. */
export async function makeRun(folder: string): Promise<{ readonly run: string; readonly manifest: string }> {
  const draw = randomFrom(7);
  mkdirSync(folder, { recursive: true });
  let before = '';
  for (let file = 0; file < 2; file++) {
    const lines = Array.from({ length: 30 }, (_, i) => {
      const n = file * 30 + i;
      const words = Array.from({ length: 60 + draw(60) }, () => WORDS[draw(WORDS.length)]!);
      const text = n % 7 === 3 ? before : n % 11 === 5 ? 'Too short.' : `Page ${n}. ${words.join(' ')}.`;
      before = text;
      return `${JSON.stringify({ id: `page-${n}`, url: `https://${HOSTS[draw(HOSTS.length)]}/p/${n}`, text })}\n`;
    });
    writeFileSync(join(folder, `in-${file}.jsonl`), lines.join(''));
  }
  const manifest = join(folder, 'm.yaml');
  writeFileSync(
    manifest,
    "name: stored\nseed: 5\nsource: { jsonl: [in-*.jsonl] }\nsteps:\n  - rules: { drop: { too-short: 'len(text) < 40' } }\n  - dedupe-exact\n  - tokenize\nsink:\n  tokens: { per-shard: 1500 }\n  samples-per-reason: 6\n  holdout: { fraction: 0.2, by: url }\n",
  );
  const run = join(folder, 'run');
  const { code, stderr } = await refine(['run', manifest, '--out', run, '--workers', '2']);
  if (code !== 0) throw new Error(stderr);
  return { run, manifest };
}

/** Paths below a folder, of plain files. */
export function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort();
}

/** What a parent leaves in a store: all but the scratch that nobody publishes. `digests`: with the metadata that refine itself puts. */
export async function putRun(run: string, address: string, digests = true): Promise<void> {
  const store = await S3Store.at(address);
  for (const path of filesOf(run).filter((name) => !name.startsWith('scratch/') || /\.samples-[^/]+\.arrow$/.test(name))) {
    const sha256 = createHash('sha256')
      .update(readFileSync(join(run, path)))
      .digest('hex');
    await store.putFile(path, join(run, path), digests ? { sha256 } : {});
  }
}

/** A store with the run of `makeRun` at `address`, and that run's folder here; what fails on the way leaves no server behind. */
export async function startStored(folder: string, address: string): Promise<{ readonly world: S3World; readonly run: string }> {
  const world = await startS3();
  try {
    hurry();
    const { run } = await makeRun(join(folder, 'made'));
    await putRun(run, address);
    return { world, run };
  } catch (error) {
    await world.close();
    throw error;
  }
}

/** sha256 by key of everything in the store but its leases. */
export async function storedFiles(address: string): Promise<Record<string, string>> {
  const store = await S3Store.at(address);
  const files: Record<string, string> = {};
  for await (const { key } of store.list('')) {
    if (key.startsWith('lease/')) continue;
    const hash = createHash('sha256');
    for await (const part of store.get(key)) hash.update(part);
    files[key] = hash.digest('hex');
  }
  return files;
}

export function folderFiles(folder: string): Record<string, string> {
  return Object.fromEntries(
    filesOf(folder).map((path) => [
      path,
      createHash('sha256')
        .update(readFileSync(join(folder, path)))
        .digest('hex'),
    ]),
  );
}

export interface Called {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command of `refine` in this process: its registration, its words. stdout and stderr are kept while it runs; bytes pass (node:test speaks by them). */
export async function call(register: (program: Command) => void, words: readonly string[]): Promise<Called> {
  const program = new Command('refine').exitOverride();
  register(program);
  const kept = { stdout: '', stderr: '' };
  const held = (['stdout', 'stderr'] as const).map((name) => {
    const stream = process[name];
    const { write } = stream;
    stream.write = ((chunk: string | Uint8Array, ...rest: never[]): boolean => {
      if (typeof chunk !== 'string') return write.call(stream, chunk, ...rest);
      kept[name] += chunk;
      return true;
    }) as typeof stream.write;
    return () => void (stream.write = write);
  });
  const before = process.exitCode;
  try {
    await program.parseAsync(['node', 'refine', ...words]);
  } catch (error) {
    process.exitCode = reportError(error);
  } finally {
    for (const restore of held) restore();
  }
  const code = Number(process.exitCode ?? 0);
  process.exitCode = before;
  return { code, ...kept };
}
