// The ledger: one immutable JSON file a task that is done, put after its outputs are synced and renamed; the first writer wins.
// Failures stand beside it under `<task>.failed.json`, replaced by every try and removed by success, so a failed task is tried again.
import { readdir, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { RefineError } from '../native/errors.js';
import { createFileOnce, diskError, makeFolder, replaceFile } from './atomic-file.js';
import { fileSha256 } from './identity.js';
import type { LedgerEntry, Shard } from './types.js';

export type DoneEntry = Extract<LedgerEntry, { state: 'done' }>;
export type FailedEntry = Extract<LedgerEntry, { state: 'failed' }>;

export class Ledger {
  readonly #folder: string;

  constructor(runFolder: string) {
    this.#folder = join(runFolder, 'ledger');
  }

  async open(): Promise<void> {
    await makeFolder(this.#folder).catch((cause) => {
      throw diskError(cause, this.#folder, 'make the ledger folder');
    });
  }

  async done(task: string): Promise<DoneEntry | null> {
    return (await this.#read(`${task}.json`)) as DoneEntry | null;
  }

  async failed(task: string): Promise<FailedEntry | null> {
    return (await this.#read(`${task}.failed.json`)) as FailedEntry | null;
  }

  async put(entry: LedgerEntry): Promise<void> {
    const text = `${JSON.stringify(entry)}\n`;
    if (entry.state === 'failed') {
      await replaceFile(join(this.#folder, `${entry.task}.failed.json`), text);
      return;
    }
    await createFileOnce(join(this.#folder, `${entry.task}.json`), text);
    await this.#remove(`${entry.task}.failed.json`);
  }

  /** Forgets a task whose outputs are gone, so that it is done again. */
  async forget(task: string): Promise<void> {
    await this.#remove(`${task}.json`);
  }

  /** Ids of all tasks with an entry, failed ones too. */
  async tasks(): Promise<Set<string>> {
    const names = await readdir(this.#folder).catch(() => [] as string[]);
    return new Set(names.filter((name) => /^[0-9a-f]{64}(\.failed)?\.json$/.test(name)).map((name) => name.slice(0, 64)));
  }

  async prune(keep: ReadonlySet<string>): Promise<void> {
    for (const task of await this.tasks()) {
      if (keep.has(task)) continue;
      await this.#remove(`${task}.json`);
      await this.#remove(`${task}.failed.json`);
    }
  }

  async #remove(name: string): Promise<void> {
    await unlink(join(this.#folder, name)).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'ENOENT') throw diskError(cause, join(this.#folder, name), 'remove the ledger entry');
    });
  }

  async #read(name: string): Promise<LedgerEntry | null> {
    const path = join(this.#folder, name);
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw diskError(cause, path, 'read the ledger entry');
    }
    let entry: LedgerEntry;
    try {
      entry = JSON.parse(text) as LedgerEntry;
    } catch (cause) {
      throw new RefineError(
        'ERR_REFINE_LEDGER',
        `is not JSON (${(cause as Error).message}): it was changed after it was written. Delete it and run the same command again.`,
        { place: path, cause },
      );
    }
    if (entry.format !== 1) {
      throw new RefineError(
        'ERR_REFINE_LEDGER',
        `has format ${JSON.stringify(entry.format)}, this refine reads format 1. Use the refine that made the run, or another --out.`,
        { place: path },
      );
    }
    return entry;
  }
}

/** The first output that is not on disk as the entry says; null where all are. `full` compares sha256, else size only. */
export async function missingOutput(runFolder: string, outputs: readonly Shard[], full: boolean): Promise<Shard | null> {
  for (const shard of outputs) {
    const path = join(runFolder, shard.path);
    const found = await stat(path).catch(() => null);
    if (found === null || !found.isFile() || found.size !== shard.bytes) return shard;
    if (full && (await fileSha256(path)) !== shard.sha256) return shard;
  }
  return null;
}
