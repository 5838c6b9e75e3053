// Where the ledger's objects lie: small JSON objects by name, and one large file of many (ledger-compact.ts).
// Invariant: an object appears whole or not at all; of several that are put once under one name the first stays.
// A run folder on an object store brings a store of its own: put-once is a conditional put, replacing a plain one.
import { readdir, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createFileOnce, diskError, makeFolder, replaceFile, syncFolder } from './atomic-file.js';

export interface LedgerStore {
  open(): Promise<void>;
  /** Names of all objects. */
  list(): Promise<string[]>;
  /** null where there is none of the name. */
  read(name: string): Promise<string | null>;
  /** False where one stood there already. */
  putOnce(name: string, text: string): Promise<boolean>;
  replace(name: string, text: string): Promise<void>;
  /** Removing what is not there is no error. */
  remove(name: string): Promise<void>;
  /** Once this settles, removals before it happened before those after it, whatever crashes. */
  settle(): Promise<void>;
  /** For messages. */
  place(name: string): string;
  /** What tells versions of a file apart; null where there is none. */
  version(name: string): Promise<string | null>;
  /** A local path with all bytes of a file that is there. */
  local(name: string): Promise<string>;
  /** `write` makes a whole local file at the path it is given (atomic-file.ts), which then stands under `name`, replacing what stood there. */
  replaceWhole(name: string, write: (path: string) => Promise<void>): Promise<void>;
}

export class FolderStore implements LedgerStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async open(): Promise<void> {
    await makeFolder(this.#folder).catch((cause) => {
      throw diskError(cause, this.#folder, 'make the ledger folder');
    });
  }

  async list(): Promise<string[]> {
    return await readdir(this.#folder).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return [];
      throw diskError(cause, this.#folder, 'list the ledger');
    });
  }

  async read(name: string): Promise<string | null> {
    try {
      return await readFile(this.place(name), 'utf8');
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw diskError(cause, this.place(name), 'read the ledger entry');
    }
  }

  async putOnce(name: string, text: string): Promise<boolean> {
    return await createFileOnce(this.place(name), text);
  }

  async replace(name: string, text: string): Promise<void> {
    await replaceFile(this.place(name), text);
  }

  async remove(name: string): Promise<void> {
    await unlink(this.place(name)).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'ENOENT') throw diskError(cause, this.place(name), 'remove the ledger entry');
    });
  }

  async settle(): Promise<void> {
    await syncFolder(this.#folder);
  }

  place(name: string): string {
    return join(this.#folder, name);
  }

  async version(name: string): Promise<string | null> {
    try {
      const { ino, size, mtimeMs } = await stat(this.place(name));
      return `${ino} ${size} ${mtimeMs}`;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw diskError(cause, this.place(name), 'look at the ledger');
    }
  }

  async local(name: string): Promise<string> {
    return this.place(name);
  }

  async replaceWhole(name: string, write: (path: string) => Promise<void>): Promise<void> {
    await write(this.place(name));
  }
}
