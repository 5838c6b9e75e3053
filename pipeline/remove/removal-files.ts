// The files of RUN/removals beside the exclusions: the journal of a removal under way, the record of each one that ended, and the
// windows that proofs look for. Invariant: none of them holds a URL, host, id or word that was removed, unless --keep-list asked so.
import { join } from 'node:path';
import { RefineError } from '../../native/errors.js';
import { replaceFile } from '../atomic-file.js';
import { listIfThere, readIfThere } from '../read-if-there.js';
import { type ExclusionFile, JOURNAL } from './exclusions.js';

export const WINDOWS = 'removals/windows.json';

/** Windows by removed document that was kept before, in the order of the run: `roll` in base 36, a point, the mark. */
export interface WindowFile {
  readonly format: 1;
  readonly text: readonly (readonly string[])[];
  readonly tokens: readonly (readonly string[])[];
}

export interface Counts {
  /** Kept documents that were taken out of text/ and tokens/, and their tokens. */
  readonly documents: number;
  readonly tokens: number;
  /** Rows of features/ and samples/ (of dropped documents too). */
  readonly features: number;
  readonly samples: number;
  /** Rows of other documents that named a removed one as the one kept in their place. */
  readonly names: number;
  /** Kept documents whose cluster_size counted removed ones. */
  readonly clusters: number;
}

export interface Journal {
  readonly format: 1;
  readonly number: number;
  readonly request: string;
  readonly counts: Counts;
  readonly exclusions: ExclusionFile;
  readonly windows: WindowFile;
  /** Final files that hold something to take out, with their digests before. */
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  /** By task of the last maps: documents before and after. */
  readonly tasks: Readonly<Record<string, { readonly in: number; readonly out: number }>>;
  /** Dedupe indexes to mend, and what the run's documents were called there: the digest of their shards. */
  readonly indexes: readonly string[];
  readonly content: string;
}

export interface RemovalRecord {
  readonly format: 1;
  readonly number: number;
  /** sha256 of what the list named. */
  readonly request: string;
  readonly counts: Counts;
  readonly files: readonly { readonly path: string; readonly before: string; readonly after: string }[];
}

export async function readJournal(folder: string): Promise<Journal | null> {
  return readJson<Journal>(join(folder, JOURNAL));
}

export async function writeJournal(folder: string, journal: Journal): Promise<void> {
  await replaceFile(join(folder, JOURNAL), `${JSON.stringify(journal)}\n`);
}

export async function readWindows(folder: string): Promise<WindowFile> {
  return (await readJson<WindowFile>(join(folder, WINDOWS))) ?? { format: 1, text: [], tokens: [] };
}

export function recordPath(number: number): string {
  return `removals/${String(number).padStart(6, '0')}.json`;
}

/** Removals that ended, oldest first. */
export async function readRecords(folder: string): Promise<RemovalRecord[]> {
  const listed = (await listIfThere(join(folder, 'removals'))) ?? [];
  const names = listed
    .map(({ name }) => name)
    .filter((name) => /^\d{6}\.json$/.test(name))
    .sort();
  const records: RemovalRecord[] = [];
  for (const name of names) records.push((await readJson<RemovalRecord>(join(folder, 'removals', name)))!);
  return records;
}

async function readJson<T extends { readonly format: 1 }>(path: string): Promise<T | null> {
  const text = await readIfThere(path);
  if (text === null) return null;
  try {
    const value = JSON.parse(text) as T;
    if (value.format === 1) return value;
  } catch {
    // said below
  }
  throw new RefineError('ERR_REFINE_LEDGER', 'is no record of a removal of format 1: it was changed after it was written. Restore it.', { place: path });
}
