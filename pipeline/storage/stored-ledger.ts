// The ledger of a run in a store, as others read it: names from one listing, objects when they are asked for.
// Invariant: reads only; an object that went meanwhile (compacted, forgotten) reads as none, which is what a folder says too.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { RefineError } from '../../native/errors.js';
import type { LedgerStore } from '../ledger-store.js';
import { type ObjectStore, readObject } from './object-store.js';
import { downloadObject } from './run-storage.js';

/** An entry names the outputs of one task. */
const MAX_ENTRY_BYTES = 64 << 20;

export class StoredLedger implements LedgerStore {
  readonly #store: ObjectStore;
  readonly #names: ReadonlySet<string>;
  readonly #folder: string;

  /** `names`: below ledger/, as a listing had them; `folder`: where the compacted file comes to. */
  constructor(store: ObjectStore, names: readonly string[], folder: string) {
    this.#store = store;
    this.#names = new Set(names);
    this.#folder = folder;
  }

  async open(): Promise<void> {}

  async list(): Promise<string[]> {
    return [...this.#names];
  }

  async read(name: string): Promise<string | null> {
    return (await readObject(this.#store, `ledger/${name}`, MAX_ENTRY_BYTES))?.toString() ?? null;
  }

  async version(name: string): Promise<string | null> {
    const found = this.#names.has(name) ? await this.#store.head(`ledger/${name}`) : null;
    return found === null ? null : `${found.tag} ${found.bytes}`;
  }

  async local(name: string): Promise<string> {
    const path = join(
      this.#folder,
      `${name}-${createHash('sha256')
        .update((await this.version(name)) ?? '')
        .digest('hex')
        .slice(0, 16)}`,
    );
    await downloadObject(this.#store, `ledger/${name}`, path, null);
    return path;
  }

  place(name: string): string {
    return `${this.#store.name}/ledger/${name}`;
  }

  putOnce(): Promise<boolean> {
    throw this.#readOnly();
  }
  replace(): Promise<void> {
    throw this.#readOnly();
  }
  remove(): Promise<void> {
    throw this.#readOnly();
  }
  settle(): Promise<void> {
    throw this.#readOnly();
  }
  replaceWhole(): Promise<void> {
    throw this.#readOnly();
  }

  #readOnly(): RefineError {
    return new RefineError('ERR_REFINE_INTERNAL', 'a ledger that is only looked at was written', { place: this.#store.name });
  }
}
