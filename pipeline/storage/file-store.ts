// Objects as files of a folder: what the other stores are measured by.
// Invariant: a key never leads out of the folder.
import { createReadStream } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { RefineError } from '../../native/errors.js';
import { adoptFile, createFileOnce, diskError, makeFolder, replaceFile } from '../atomic-file.js';
import { listIfThere, statIfThere } from '../read-if-there.js';
import { type GetOptions, MissingObject, type ObjectInfo, type ObjectStore, type PutOptions } from './object-store.js';

export class FileStore implements ObjectStore {
  readonly name: string;

  constructor(folder: string) {
    this.name = resolve(folder);
  }

  async *get(key: string, { from = 0, length, expected }: GetOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    const found = await this.head(key);
    if (found === null) throw new MissingObject(this.#path(key));
    if (expected?.bytes != null && expected.bytes !== found.bytes)
      throw new RefineError('ERR_REFINE_INPUT_CHANGED', `has ${found.bytes} bytes, expected ${expected.bytes}. Run with --update to take the new version`, {
        place: this.#path(key),
      });
    const end = length === undefined ? found.bytes : Math.min(found.bytes, from + length);
    if (end > from) yield* createReadStream(this.#path(key), { start: from, end: end - 1 }) as AsyncIterable<Uint8Array>;
  }

  async head(key: string): Promise<ObjectInfo | null> {
    const found = await statIfThere(this.#path(key));
    return found?.isFile() === true ? { key, bytes: found.size, tag: null, sha256: null } : null;
  }

  async put(key: string, bytes: Uint8Array, { ifNoneMatch }: PutOptions = {}): Promise<'written' | 'exists'> {
    if (ifNoneMatch === true) return (await createFileOnce(this.#path(key), bytes)) ? 'written' : 'exists';
    await replaceFile(this.#path(key), bytes);
    return 'written';
  }

  async putFile(key: string, path: string, { sent }: { readonly sent?: (bytes: number) => void } = {}): Promise<void> {
    const part = `${this.#path(key)}.${process.pid}.part`;
    try {
      await makeFolder(dirname(part));
      await copyFile(path, part);
    } catch (cause) {
      throw diskError(cause, part, 'copy the file');
    }
    const { bytes } = await adoptFile(part, this.#path(key));
    sent?.(bytes);
  }

  async *list(prefix: string): AsyncGenerator<ObjectInfo, void, undefined> {
    const entries = (await listIfThere(this.name, { recursive: true })) ?? [];
    const keys = entries.filter((entry) => entry.isFile()).map((entry) => relative(this.name, join(entry.parentPath, entry.name)).split(sep).join('/'));
    for (const key of keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))) {
      const found = key.startsWith(prefix) ? await this.head(key) : null;
      if (found !== null) yield found;
    }
  }

  async delete(key: string): Promise<void> {
    await rm(this.#path(key), { force: true });
  }

  conditional(): Promise<boolean> {
    return Promise.resolve(true);
  }

  #path(key: string): string {
    const path = resolve(this.name, key);
    if (key === '' || relative(this.name, path).split(sep)[0] === '..')
      throw new RefineError('ERR_REFINE_STORE', 'leads out of its folder. Expected a path below it', { place: key });
    return path;
  }
}
