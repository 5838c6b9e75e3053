// Where the run lies that documents are taken out of: a folder, and in a store a twin of it that is told of every change.
// Invariant: what changes in the folder changes in the twin next, before anything else does, so both are at every moment what a folder
// alone would be: a removal killed anywhere is ended by the same call, in that folder or in another one.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { removeScratch } from '../leftovers.js';
import type { LedgerStore } from '../ledger-store.js';
import { statIfThere } from '../read-if-there.js';
import type { Shard } from '../types.js';
import type { Journal } from './removal-files.js';

export interface Twin {
  /** Writes through to both. */
  readonly ledger: LedgerStore;
  /** Puts the journal that now stands in the folder where none stands; false where one did. */
  begin(): Promise<boolean>;
  /** Before anything is read: the folder gets every final file, as it stands in the store. */
  fetch(journal: Journal | null): Promise<void>;
  /** A file of the folder was written, or removed. `shard`: what it is, where that is known. */
  changed(path: string, shard?: Shard): Promise<void>;
  /** Removes everything below a folder; whether there was anything. */
  removeBelow(name: string): Promise<boolean>;
  /** Before the proof: every object is read back, and the folder holds its bytes. */
  readBack(): Promise<void>;
  /** Whether the store keeps what was replaced as older versions, null where it does not say. */
  keepsVersions(): Promise<boolean | null>;
}

export interface RemovalPlace {
  readonly folder: string;
  /** As whoever asked names the run. */
  readonly named: string;
  readonly twin?: Twin;
}

/** Removes derived files, here and there; whether there were any. */
export async function removeDerived({ folder, twin }: RemovalPlace, name: string): Promise<boolean> {
  const here = (await statIfThere(join(folder, name), { link: true })) !== null;
  if (here) await rm(join(folder, name), { recursive: true, force: true });
  return (await twin?.removeBelow(name)) === true || here;
}

/** As removeDerived, of scratch/, of which the list of cluster jobs stays in the folder. */
export async function dropScratch({ folder, twin }: RemovalPlace): Promise<boolean> {
  const here = await removeScratch(folder);
  return (await twin?.removeBelow('scratch')) === true || here;
}
