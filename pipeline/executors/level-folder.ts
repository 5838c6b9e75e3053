// RUN/scratch/executor/<level>/: what the elements of one array are told. `context.bin` is the run's context, `tasks.bin` the tasks one
// after another, `tasks.idx` where each begins, `level.json` the rest, for people too. Written whole before the array is submitted and
// never changed, so an element that is requeued a day later reads the same. Encoded by node:v8 (structured clone), as messages to
// worker processes are: bigints, maps and sets pass. Read only from a run folder of one's own.
import { open, readdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { RefineError } from '../../native/errors.js';
import { AtomicFile, createFileOnce, diskError, replaceFile } from '../atomic-file.js';
import { SHIPPED_MODULES } from '../shipped-modules.js';
import type { TaskSpec, WorkerContext } from '../tasks.js';

export const EXECUTOR_FOLDER = 'scratch/executor';

/** What holds for the whole array. */
export interface LevelNote {
  readonly format: 1;
  /** Of the folder. */
  readonly level: string;
  /** For people: `map 1/2`, `dedupe 1/3 sort`. */
  readonly name: string;
  readonly tasks: number;
  /** Consecutive tasks of an element. */
  readonly chunk: number;
  /** Worker processes of an element. */
  readonly workers: number;
  /** Whether an element starts a GPU process for its workers. */
  readonly gpu: boolean;
  /** After a signal to stop, running tasks may go on so long; milliseconds. */
  readonly graceMs: number;
  /** By task: what happened to it in earlier jobs. */
  readonly tried: readonly Tried[];
}

/** Jobs that a task has been in and that ended without it. */
export interface Tried {
  /** Ended by their own doing: three are enough. */
  readonly died: number;
  /** Ended by the cluster. */
  readonly taken: number;
  /** Reached their time limit. */
  readonly late: number;
}

export const UNTRIED: Tried = { died: 0, taken: 0, late: 0 };

export function levelFolder(runFolder: string, level: string): string {
  return join(runFolder, EXECUTOR_FOLDER, level);
}

export async function writeLevel(runFolder: string, note: LevelNote, context: WorkerContext, specs: readonly TaskSpec[]): Promise<void> {
  const folder = levelFolder(runFolder, note.level);
  const shipped = context.modules.steps === SHIPPED_MODULES.steps && context.modules.inputs === SHIPPED_MODULES.inputs;
  // The checkout may stand elsewhere on the nodes (a container): its own modules are found there.
  await replaceFile(join(folder, 'context.bin'), serialize(shipped ? { ...context, modules: null } : context));
  const file = await AtomicFile.create(join(folder, 'tasks.bin'));
  const ends = new BigUint64Array(specs.length + 1);
  try {
    let chunk: Uint8Array[] = [];
    let at = 0n;
    for (const [index, spec] of specs.entries()) {
      const bytes = serialize(spec);
      at += BigInt(bytes.byteLength);
      ends[index + 1] = at;
      if (chunk.push(bytes) < 1000) continue;
      await file.write(chunk);
      chunk = [];
    }
    await file.write(chunk);
    await file.commit();
  } catch (error) {
    await file.abort();
    throw error;
  }
  await replaceFile(join(folder, 'tasks.idx'), new Uint8Array(ends.buffer));
  await replaceFile(join(folder, 'level.json'), `${JSON.stringify(note)}\n`);
}

export async function readLevelNote(runFolder: string, level: string): Promise<LevelNote> {
  const path = join(levelFolder(runFolder, level), 'level.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw diskError(cause, path, 'read the level');
    throw new RefineError(
      'ERR_REFINE_LEDGER',
      'does not exist, expected the level that this job is an element of. The run went on without this job, or its folder is not the same on this node: cancel the job, or mount the folder.',
      { place: path, cause },
    );
  }
  return JSON.parse(text) as LevelNote;
}

export async function readContext(runFolder: string, level: string): Promise<WorkerContext> {
  const path = join(levelFolder(runFolder, level), 'context.bin');
  const bytes = await readFile(path).catch((cause) => {
    throw diskError(cause, path, 'read the context');
  });
  const context = deserialize(bytes) as Omit<WorkerContext, 'modules'> & { readonly modules: WorkerContext['modules'] | null };
  return { ...context, modules: context.modules ?? SHIPPED_MODULES, runFolder: resolve(runFolder) };
}

/** Tasks `first` to before `end`, read by themselves. */
export async function readTasks(runFolder: string, level: string, first: number, end: number): Promise<TaskSpec[]> {
  const folder = levelFolder(runFolder, level);
  const offsets = await readPart(join(folder, 'tasks.idx'), first * 8, (end - first + 1) * 8);
  const ends = new BigUint64Array(offsets.buffer, offsets.byteOffset, end - first + 1);
  const base = Number(ends[0]!);
  const bytes = await readPart(join(folder, 'tasks.bin'), base, Number(ends[end - first]!) - base);
  return Array.from({ length: end - first }, (_, at) => deserialize(bytes.subarray(Number(ends[at]!) - base, Number(ends[at + 1]!) - base)) as TaskSpec);
}

async function readPart(path: string, position: number, length: number): Promise<Buffer> {
  try {
    const handle = await open(path, 'r');
    try {
      const bytes = Buffer.from(new ArrayBuffer(length)); // aligned for 64-bit views
      const { bytesRead } = await handle.read(bytes, 0, length, position);
      if (bytesRead !== length)
        throw new RefineError('ERR_REFINE_LEDGER', `has ${position + bytesRead} bytes, expected ${position + length}. Run again.`, { place: path });
      return bytes;
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw diskError(cause, path, 'read the tasks');
  }
}

/** A task that is done but for files that were made again (MapSpec.again) has its entry before and after: this says that it is after. */
export async function noteAgain(runFolder: string, level: string, task: string): Promise<void> {
  await createFileOnce(join(levelFolder(runFolder, level), `${task}.again`), '');
}

export async function notedAgain(runFolder: string, level: string): Promise<Set<string>> {
  const names = await readdir(levelFolder(runFolder, level)).catch(() => [] as string[]);
  return new Set(names.filter((name) => name.endsWith('.again')).map((name) => name.slice(0, -'.again'.length)));
}

export function elementLog(runFolder: string, level: string, index: number): string {
  return join(levelFolder(runFolder, level), `${index}.log`);
}

/** Names of elements' logs that are left: those where something failed. */
export async function logsLeft(runFolder: string, level: string): Promise<string[]> {
  const names = await readdir(levelFolder(runFolder, level)).catch(() => [] as string[]);
  return names.filter((name) => name.endsWith('.log'));
}

export async function removeLevel(runFolder: string, level: string): Promise<void> {
  await rm(levelFolder(runFolder, level), { recursive: true, force: true }).catch(() => undefined); // leftovers harm nobody
}
