// The ledger of a run in an object store: the work folder's, written through. Put-once is a conditional put there first, so of two
// writers anywhere one is first, and the other takes its entry over.
import { RefineError } from '../../native/errors.js';
import { join } from 'node:path';
import { FolderStore } from '../ledger-store.js';
import type { LedgerEntry } from '../types.js';
import { type ObjectStore, readObject } from './object-store.js';

/** An entry names the outputs of one task. */
const MAX_ENTRY_BYTES = 64 << 20;

export class MirroredLedger extends FolderStore {
  readonly #folder: string;
  readonly #store: ObjectStore;

  constructor(folder: string, store: ObjectStore) {
    super(folder);
    this.#folder = folder;
    this.#store = store;
  }

  override async putOnce(name: string, text: string): Promise<boolean> {
    const ours = (await this.#store.put(key(name), Buffer.from(text), { ifNoneMatch: true })) === 'written';
    if (ours) return await super.putOnce(name, text);
    const stands = await readObject(this.#store, key(name), MAX_ENTRY_BYTES);
    if (stands === null) return await this.putOnce(name, text); // forgotten in between
    const first = stands.toString();
    if (!sameOutputs(first, text))
      throw new RefineError(
        'ERR_REFINE_LEDGER',
        'another process finished this task with other bytes, which the same inputs and versions never give. See that one parent works on the run, remove the entry and run the same command again',
        { place: `${this.#store.name}/${key(name)}` },
      );
    await super.putOnce(name, first);
    return false;
  }

  override async replace(name: string, text: string): Promise<void> {
    await super.replace(name, text);
    await this.#store.put(key(name), Buffer.from(text));
  }

  override async remove(name: string): Promise<void> {
    // A task without a failure, as most are, costs no request.
    if (name.endsWith('.failed.json') && (await this.version(name)) === null) return;
    await this.#store.delete(key(name));
    await super.remove(name);
  }

  override async replaceWhole(name: string, write: (path: string) => Promise<void>): Promise<void> {
    await super.replaceWhole(name, write);
    await this.#store.putFile(key(name), join(this.#folder, name));
  }
}

const key = (name: string): string => `ledger/${name}`;

function sameOutputs(a: string, b: string): boolean {
  const outputs = (text: string): string => {
    try {
      const entry = JSON.parse(text) as LedgerEntry;
      return entry.state === 'done' ? entry.outputs.map(({ path, sha256 }) => `${path} ${sha256}`).join('\n') : 'failed';
    } catch {
      return 'no JSON';
    }
  };
  return outputs(a) === outputs(b);
}
