// The files of a barrier's task: temporary paths handed out by role, a private folder, and the commit that syncs, digests and
// renames what was written. Invariant: under a final name stands a whole file or none; parts and folders of a killed task end in
// `.part` and are removed by the next run.
import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TaskFiles } from '../stages/contract/stage.js';
import { adoptFile, diskError, makeFolder, syncFolder } from './atomic-file.js';
import type { Shard } from './types.js';

export class ScratchFiles implements TaskFiles {
  readonly memoryBytes: number;
  readonly #runFolder: string;
  readonly #pathOf: (role: string) => string;
  readonly #tag = `${process.pid}-${randomBytes(4).toString('hex')}`;
  readonly #roles = new Map<string, { readonly path: string; readonly part: string }>();
  #folder: Promise<string> | undefined;

  private constructor(runFolder: string, pathOf: (role: string) => string, memoryBytes: number) {
    this.#runFolder = runFolder;
    this.#pathOf = pathOf;
    this.memoryBytes = memoryBytes;
  }

  /** `pathOf` gives a role's final path below the run folder; all in one folder. */
  static async open(runFolder: string, pathOf: (role: string) => string, memoryBytes: number): Promise<ScratchFiles> {
    const folder = dirname(join(runFolder, pathOf('x')));
    await makeFolder(folder).catch((cause) => {
      throw diskError(cause, folder, 'make the folder');
    });
    return new ScratchFiles(runFolder, pathOf, memoryBytes);
  }

  path(role: string): string {
    let known = this.#roles.get(role);
    if (known === undefined) {
      const path = this.#pathOf(role);
      known = { path, part: join(this.#runFolder, `${path}.${this.#tag}.part`) };
      this.#roles.set(role, known);
    }
    return known.part;
  }

  folder(): Promise<string> {
    const path = join(this.#runFolder, `${this.#pathOf('folder')}.${this.#tag}.part`);
    this.#folder ??= mkdir(path).then(
      () => path,
      (cause) => {
        throw diskError(cause, path, 'make the folder');
      },
    );
    return this.#folder;
  }

  /** Makes every file that was asked for final, in the order of asking; one that was not written is an error naming its role. */
  async commit(): Promise<Shard[]> {
    const shards: Shard[] = [];
    for (const { path, part } of this.#roles.values()) {
      const written = await adoptFile(part, join(this.#runFolder, path));
      shards.push({ path, rows: 0, ...written });
    }
    if (shards.length > 0) await syncFolder(dirname(join(this.#runFolder, shards[0]!.path)));
    await this.#removeFolder();
    return shards;
  }

  async abort(): Promise<void> {
    for (const { part } of this.#roles.values()) await rm(part, { force: true }).catch(() => undefined);
    await this.#removeFolder().catch(() => undefined);
  }

  async #removeFolder(): Promise<void> {
    if (this.#folder !== undefined) await rm(await this.#folder, { recursive: true, force: true });
  }
}
