// `refine index`: makes an index of the kept documents of finished runs, and appends to one. The dedupe steps' own maps write
// the keys, from the runs' text/ shards (infra/decisions/0011). Invariant: segments are immutable and appear whole; the catalogue
// is replaced by a rename under a lock, so a reader or a killed writer never sees half an addition, and two writers lose nothing.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { RefineError } from '../native/errors.js';
import { native } from '../native/index.js';
import { diskError, makeFolder, replaceFile, syncFolder } from './atomic-file.js';
import { fileSha256 } from './identity.js';
import { type FolderLock, lockFolder } from './parent-lock.js';
import { type Catalogue, catalogueText, type IndexedFile, type IndexSegment, isName, misfitOf, readCatalogue, segmentFolder } from './index-files.js';

const CATALOGUE = 'index.json';

export type NamedSegment = Pick<IndexSegment, 'name' | 'tag' | 'content'>;

export interface AddOptions {
  /** What the run is called in the index; the manifest's name where absent. */
  readonly name?: string;
  readonly memoryBytes: number;
  readonly signal: AbortSignal;
  readonly progress?: (documents: number) => void;
  /** The content of a segment that the new one takes the place of, under its name. */
  readonly replaces?: string;
}

/** An index without documents. */
export async function createIndex(index: string, keys: Catalogue['keys'], shingles: boolean): Promise<Catalogue> {
  if (existsSync(join(index, CATALOGUE)))
    throw new RefineError('ERR_REFINE_USAGE', 'is an index already. Add to it: refine index add, or name another folder with -o.', { place: index });
  const catalogue: Catalogue = { keys, shingles, segments: [] };
  await makeFolder(index).catch((cause) => {
    throw diskError(cause, index, 'make the folder');
  });
  await replaceFile(join(index, CATALOGUE), catalogueText(catalogue));
  return catalogue;
}

/** Adds documents under a name, with keys made as `keys` says; null where the same ones are in the index already. `write` fills a folder. */
export async function addSegment(
  index: string,
  { name, content }: Pick<IndexSegment, 'name' | 'content'>,
  keys: Catalogue['keys'],
  write: (part: string, named: NamedSegment, catalogue: Catalogue) => Promise<IndexSegment>,
  replaces?: string,
): Promise<IndexSegment | null> {
  const before = without(readCatalogue(index), replaces);
  for (const [stage, space] of Object.entries(keys)) {
    const misfit = misfitOf(stage, before, space);
    if (misfit !== null) throw new RefineError('ERR_REFINE_INDEX', misfit, { place: index });
  }
  if (alreadyIn(index, before, name, content)) return null;
  const folder = join(index, segmentFolder({ content }));
  const part = `${folder}.${process.pid}-${randomBytes(4).toString('hex')}.part`;
  try {
    await makeFolder(part);
    const segment = await write(part, { name, tag: freeTag(before, content), content }, before);
    return (await commit(index, part, folder, segment, replaces)) ? segment : null;
  } catch (error) {
    throw error instanceof RefineError ? error : diskError(error, part, 'write the index');
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

/** Where another segment takes the place of the one with this content. */
function without(catalogue: Catalogue, content: string | undefined): Catalogue {
  return content === undefined ? catalogue : { ...catalogue, segments: catalogue.segments.filter((segment) => segment.content !== content) };
}

/** True where the same documents are there; another run under the same name is refused. */
function alreadyIn(index: string, catalogue: Catalogue, name: string, content: string): boolean {
  if (!isName(name))
    throw new RefineError(
      'ERR_REFINE_USAGE',
      `the name ${JSON.stringify(name)} is not one of letters, digits, ".", "_" and "-" (at most 100). Give another with --name`,
      {
        place: index,
      },
    );
  if (catalogue.segments.some((segment) => segment.content === content)) return true;
  if (!catalogue.segments.some((segment) => segment.name === name)) return false;
  throw new RefineError(
    'ERR_REFINE_INDEX',
    `holds another run named "${name}": its documents are others than these. Name this one with --name, or build the index anew where it replaces the other.`,
    { place: index },
  );
}

/** 31 bits of the content; the next ones in the one case of two thousand million in which they are taken. */
function freeTag(catalogue: Catalogue, content: string): number {
  const taken = new Set(catalogue.segments.map((segment) => segment.tag));
  let tag = Number.parseInt(content.slice(0, 8), 16) >>> 1;
  while (taken.has(tag)) tag = (tag + 1) % 2 ** 31;
  return tag;
}

/**
 * Merges each role's files to one run, which makes its bytes those of its records, whatever memory they were sorted in, and says what it is.
 * What else lies in the folder goes.
 */
export async function keepFiles(
  part: string,
  roles: readonly string[],
  from: (role: string) => string | readonly string[],
  memoryBytes: number,
  signal: AbortSignal,
): Promise<Record<string, IndexedFile>> {
  const files: Record<string, IndexedFile> = {};
  for (const role of roles) {
    signal.throwIfAborted();
    const path = join(part, `${role}.records`);
    const parts = [from(role)].flat();
    const { records } = await native.mergeToOneRun(parts, path, memoryBytes);
    for (const one of parts) await rm(one);
    const handle = await open(path, 'r+');
    await handle.sync().finally(() => handle.close());
    files[role] = { bytes: (await stat(path)).size, sha256: await fileSha256(path), records };
  }
  await removeOthers(part, new Set(roles.map((role) => `${role}.records`)));
  await syncFolder(part);
  return files;
}

async function removeOthers(folder: string, named: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder)) if (!named.has(name)) await rm(join(folder, name), { recursive: true, force: true });
}

/** How long a writer waits for another one's milliseconds; past it the other hangs, or its machine does. */
const LOCK_TRIES = 50;
const LOCK_PAUSE_MS = 100;

/** False where another writer was faster with the same run. */
async function commit(index: string, part: string, folder: string, segment: IndexSegment, replaces?: string): Promise<boolean> {
  const lock = await waitForLock(index);
  try {
    const now = without(readCatalogue(index), replaces);
    if (alreadyIn(index, now, segment.name, segment.content)) return false;
    if (now.segments.some((other) => other.tag === segment.tag))
      throw new RefineError(
        'ERR_REFINE_INDEX',
        'another run that was added meanwhile has the same tag, which happens once in two thousand million times. Add this one again.',
        {
          place: index,
        },
      );
    await rm(folder, { recursive: true, force: true }); // of a writer that was killed before it told the catalogue
    await rename(part, folder);
    await syncFolder(join(index, 'segments'));
    await replaceFile(join(index, CATALOGUE), catalogueText({ ...now, segments: [...now.segments, segment] }));
    return true;
  } finally {
    await lock.release();
  }
}

async function waitForLock(index: string): Promise<FolderLock> {
  for (let tries = 1; ; tries++) {
    try {
      return await lockFolder(index, { file: 'index.lock', works: 'writes to this index', other: 'add the run again then' });
    } catch (error) {
      if (!(error instanceof RefineError) || error.code !== 'ERR_REFINE_RUN_LOCKED' || tries === LOCK_TRIES) throw error;
      await setTimeout(LOCK_PAUSE_MS);
    }
  }
}
