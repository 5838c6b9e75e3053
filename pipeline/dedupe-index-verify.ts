// `refine index verify`: every byte of an index against its catalogue, and what lies in the folder that nobody names.
import { join } from 'node:path';
import { RefineError } from '../native/errors.js';
import { recordFileInfo } from '../native/records.js';
import { diskError } from './atomic-file.js';
import { fileSha256 } from './identity.js';
import { listIfThere } from './read-if-there.js';
import { type Catalogue, findDamage, readCatalogue, segmentFile, segmentFolder } from './index-files.js';

export interface IndexFinding {
  readonly path: string;
  readonly found: string;
}

export interface VerifiedIndex {
  readonly catalogue: Catalogue;
  readonly files: number;
  readonly bytes: number;
  /** Files that are not what the catalogue says. */
  readonly damage: readonly IndexFinding[];
  /** Parts of writers that were killed: harmless, and nobody misses them. */
  readonly leftovers: readonly string[];
}

export async function verifyIndex(index: string, signal: AbortSignal): Promise<VerifiedIndex> {
  const catalogue = readCatalogue(index);
  const damage: IndexFinding[] = [];
  let files = 0;
  let bytes = 0;
  for (const segment of catalogue.segments) {
    for (const [role, file] of Object.entries(segment.files)) {
      signal.throwIfAborted();
      files++;
      bytes += file.bytes;
      const path = segmentFile(index, segment, role);
      const found = (await fileProblem(index, catalogue, segment, role, path)) ?? null;
      if (found !== null) damage.push({ path, found });
    }
  }
  return { catalogue, files, bytes, damage, leftovers: await leftovers(index, catalogue) };
}

async function fileProblem(index: string, catalogue: Catalogue, segment: Catalogue['segments'][number], role: string, path: string): Promise<string | null> {
  const file = segment.files[role]!;
  const one: Catalogue = { ...catalogue, segments: [{ ...segment, files: { [role]: file } }] };
  const size = findDamage(index, one);
  if (size !== null) return size.message;
  const sha256 = await fileSha256(path).catch((cause) => {
    throw diskError(cause, path, 'read the file');
  });
  try {
    const { records } = await recordFileInfo(path, true);
    if (records !== file.records) return `has ${records} records, the catalogue says ${file.records}`;
  } catch (error) {
    return (error as Error).message;
  }
  return sha256 === file.sha256 ? null : `sha256 is ${sha256.slice(0, 12)}..., the catalogue says ${file.sha256.slice(0, 12)}...`;
}

async function leftovers(index: string, catalogue: Catalogue): Promise<string[]> {
  const named = new Set(catalogue.segments.map((segment) => segmentFolder(segment).split(/[\\/]/).pop()!));
  const found = (await listIfThere(join(index, 'segments'))) ?? [];
  return found
    .map(({ name }) => name)
    .filter((name) => !named.has(name))
    .map((name) => join('segments', name));
}

/** For commands: damage as one error. */
export function damageError(index: string, { damage }: VerifiedIndex): RefineError | null {
  if (damage.length === 0) return null;
  return new RefineError(
    'ERR_REFINE_INDEX',
    `${damage.length} of its files ${damage.length === 1 ? 'is' : 'are'} damaged. Restore ${damage.length === 1 ? 'it' : 'them'} from a copy, or build the index anew from its runs: refine index build`,
    { place: index },
  );
}
