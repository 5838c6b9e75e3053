// `refine index`: makes an index of the kept documents of finished runs, and appends to one. The dedupe steps' own maps write
// the keys, from the runs' text/ shards (infra/decisions/0011). Invariant: segments are immutable and appear whole; the catalogue
// is replaced by a rename under a lock, so a reader or a killed writer never sees half an addition, and two writers lose nothing.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Batch, column } from '../native/batch.js';
import { RefineError } from '../native/errors.js';
import { native } from '../native/index.js';
import { RecordWriter } from '../native/records.js';
import type { Barrier, BarrierMap, TaskFiles } from '../stages/contract/barrier.js';
import type { StageEnv } from '../stages/contract/stage.js';
import { diskError, makeFolder, replaceFile, syncFolder } from './atomic-file.js';
import { fileSha256 } from './identity.js';
import { type FolderLock, lockFolder } from './parent-lock.js';
import {
  type Catalogue,
  catalogueText,
  firstRow,
  IDS_SHAPE,
  type IndexedFile,
  type IndexSegment,
  isName,
  misfitOf,
  readCatalogue,
  segmentFolder,
} from './registry.js';
import type { IndexedStep, IndexRun } from './dedupe-index-run.js';
import { readArrow } from './store.js';

const CATALOGUE = 'index.json';

export interface AddOptions {
  /** What the run is called in the index; the manifest's name where absent. */
  readonly name?: string;
  readonly memoryBytes: number;
  readonly signal: AbortSignal;
  readonly progress?: (documents: number) => void;
}

/** An index without documents. */
export async function createIndex(index: string, steps: readonly IndexedStep[], shingles: boolean, env: StageEnv): Promise<Catalogue> {
  if (existsSync(join(index, CATALOGUE)))
    throw new RefineError('ERR_REFINE_USAGE', 'is an index already. Add to it: refine index add, or name another folder with -o.', { place: index });
  const keys = Object.fromEntries(steps.map(({ barrier, options }) => [barrier.name, barrier.indexing!.space(options, env)]));
  const catalogue: Catalogue = { keys, shingles, segments: [] };
  await makeFolder(index).catch((cause) => {
    throw diskError(cause, index, 'make the folder');
  });
  await replaceFile(join(index, CATALOGUE), catalogueText(catalogue));
  return catalogue;
}

/** The run's segment, or null where its documents are in the index already. */
export async function addRun(index: string, run: IndexRun, steps: readonly IndexedStep[], env: StageEnv, options: AddOptions): Promise<IndexSegment | null> {
  const before = readCatalogue(index);
  for (const { barrier, options: given } of steps) {
    const misfit = misfitOf(barrier.name, before, barrier.indexing!.space(given, env));
    if (misfit !== null) throw new RefineError('ERR_REFINE_INDEX', misfit, { place: index });
  }
  const name = options.name ?? run.name;
  const content = createHash('sha256')
    .update(run.shards.map((shard) => `${shard.sha256}\n`).join(''))
    .digest('hex');
  if (alreadyIn(index, before, name, content)) return null;
  const tag = freeTag(before, content);
  const folder = join(index, segmentFolder({ content }));
  const part = `${folder}.${process.pid}-${randomBytes(4).toString('hex')}.part`;
  try {
    await makeFolder(part);
    const segment = await writeSegment(part, { name, tag, content }, run, steps, env, before.shingles, options);
    return (await commit(index, part, folder, segment)) ? segment : null;
  } catch (error) {
    throw error instanceof RefineError ? error : diskError(error, part, 'write the index');
  } finally {
    await rm(part, { recursive: true, force: true });
  }
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

async function writeSegment(
  part: string,
  named: Pick<IndexSegment, 'name' | 'tag' | 'content'>,
  run: IndexRun,
  steps: readonly IndexedStep[],
  env: StageEnv,
  shingles: boolean,
  { memoryBytes, signal, progress }: AddOptions,
): Promise<IndexSegment> {
  const to = (role: string): string => join(part, `${role}.sorted`);
  const memory = Math.floor(memoryBytes / (steps.length + 1));
  const maps: { readonly step: IndexedStep; readonly map: BarrierMap; readonly from: (role: string) => string; readonly close: () => Promise<void> }[] = [];
  const ids = await RecordWriter.open(to('ids'), IDS_SHAPE, Math.min(memory, 64 * 1024 * 1024));
  let documents = 0;
  let roles: string[] = ['ids'];
  try {
    for (const step of steps) {
      const opened = await step.barrier.open(step.options, env);
      const from = (role: string): string => join(part, `${step.barrier.name}.${role}.map`);
      const map = opened.map(filesBelow(part, step.barrier, memory));
      maps.push({ step, map, from, close: () => opened.close() });
    }
    const base = firstRow(named);
    for (const shard of run.shards) {
      for await (const batch of readArrow(join(run.folder, shard.path), run.columns)) {
        signal.throwIfAborted();
        if (batch.rows === 0) continue;
        if (documents + batch.rows > 2 ** 32)
          throw new RefineError('ERR_REFINE_INPUT', 'has more than 2^32 kept documents: index it in parts.', { place: run.folder });
        const rows = BigUint64Array.from({ length: batch.rows }, (_, row) => base + BigInt(documents + row));
        await addIds(ids, batch, rows);
        for (const { map } of maps) await map.add(batch, rows, signal);
        documents += batch.rows;
        progress?.(documents);
      }
    }
    await ids.finish();
    for (const { step, map, from } of maps) {
      await map.finish();
      signal.throwIfAborted();
      roles = [...roles, ...(await step.barrier.indexing!.build(step.options, from, to, { shingles, memoryBytes }))];
    }
  } catch (error) {
    await ids.abort().catch(() => undefined);
    for (const { map } of maps) await map.abort().catch(() => undefined);
    throw error;
  } finally {
    for (const { close } of maps) await close();
  }
  return { ...named, documents, files: await keepFiles(part, roles, to, memoryBytes, signal) };
}

function filesBelow(part: string, barrier: Barrier<unknown>, memoryBytes: number): TaskFiles {
  const temporary = join(part, `${barrier.name}.folder`);
  return {
    path: (role) => join(part, `${barrier.name}.${role}.map`),
    async folder() {
      await makeFolder(temporary);
      return temporary;
    },
    memoryBytes,
  };
}

async function addIds(writer: RecordWriter, batch: Batch, rows: BigUint64Array): Promise<void> {
  const { data, offsets } = column(batch, 'id', 'utf8'); // a null takes no bytes
  await writer.add(rows, new Uint8Array(), { bytes: data, offsets });
}

/**
 * Merges each file to one run, which makes its bytes those of its records, whatever memory they were sorted in, and says what it is.
 * What else lies in the folder goes.
 */
async function keepFiles(
  part: string,
  roles: readonly string[],
  from: (role: string) => string,
  memoryBytes: number,
  signal: AbortSignal,
): Promise<Record<string, IndexedFile>> {
  const files: Record<string, IndexedFile> = {};
  for (const role of roles) {
    signal.throwIfAborted();
    const path = join(part, `${role}.records`);
    const { records } = await native.mergeToOneRun([from(role)], path, memoryBytes);
    await rm(from(role));
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
async function commit(index: string, part: string, folder: string, segment: IndexSegment): Promise<boolean> {
  const lock = await waitForLock(index);
  try {
    const now = readCatalogue(index);
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
