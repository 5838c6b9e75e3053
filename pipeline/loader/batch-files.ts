// A loader's stream as files: DIR/batch-000000.arrow, ... each one batch as an Arrow file that may be mapped, appearing whole
// under its name; DIR/end.json when the last is there. The reader removes what it has used, and at most `ahead` wait for it.
// Invariant: files appear in order, without gaps, and never more than `ahead` stand in the folder. A stream that fails takes its
// files with it: they would keep a full disk full and have the same command refused; what a reader took says by its state where to go on.
import { existsSync, type FSWatcher, mkdirSync, rmSync, watch } from 'node:fs';
import { open, readdir, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { RefineError } from '../../native/errors.js';
import { diskError, faults } from '../atomic-file.js';
import { LoaderStream } from './arrow-stream.js';
import type { Loader } from './loader.js';
import { isGone, processName } from './process-name.js';

const BATCH = /^batch-\d{6,}\.arrow$/;
/** Folders that tell nothing of changes (network file systems) are looked at this often. */
const LOOK_MS = 200;

export async function serveFiles(loader: Loader, folder: string, ahead: number): Promise<number> {
  await prepare(folder);
  let number = 0;
  let state: string | null = null;
  const waiting = new Room(folder);
  try {
    for await (const batch of loader.batches({ reuse: true })) {
      await waiting.below(ahead);
      await write(folder, `batch-${String(number).padStart(6, '0')}.arrow`, new LoaderStream(loader, batch.seqLen).file(batch));
      number++;
      state = batch.state;
    }
    await write(folder, 'end.json', [Buffer.from(`${JSON.stringify({ batches: number, state: state === null ? null : JSON.parse(state) })}\n`)]);
  } catch (error) {
    throw andThen(error, await discard(folder, number), number);
  } finally {
    waiting.close();
  }
  return number;
}

async function prepare(folder: string): Promise<void> {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw diskError(cause, folder, 'make the folder');
  }
  const names = await readdir(folder);
  const left = names.filter((name) => BATCH.test(name) || name === 'end.json');
  if (left.length > 0)
    throw new RefineError(
      'ERR_REFINE_USAGE',
      `holds ${left.length} files of an earlier stream (${left[0]}, ...): a reader would take them for this one's. Remove them, or name another folder`,
      { place: `--files ${folder}` },
    );
  for (const name of names) {
    const part = /\.([0-9a-f]{8}-\d+-[0-9a-f]{8})\.part$/.exec(name);
    if (part !== null && isGone(part[1]!) === true) await unlink(join(folder, name)).catch(() => undefined);
  }
}

/** Removes the batches that no reader took; how many they were. */
async function discard(folder: string, written: number): Promise<number> {
  let removed = 0;
  for (const name of await readdir(folder).catch(() => []))
    if (
      BATCH.test(name) &&
      Number(/\d+/.exec(name)![0]) < written &&
      (await unlink(join(folder, name))
        .then(() => true)
        .catch(() => false))
    )
      removed++;
  return removed;
}

/** What became of the files, and how each kind of reader goes on. */
function andThen(error: unknown, removed: number, written: number): unknown {
  if (!(error instanceof RefineError) || removed === written) return error; // no reader took any: the same command gives them all
  const message = `${error.message} A reader took ${written - removed} of the ${written} batches written, and the rest was removed: to go on after the last it took, add --resume with that batch's "refine.state".`;
  return new RefineError(error.code, message, { ...(error.place === undefined ? {} : { place: error.place }), cause: error });
}

/** Whole from its first moment under its name; not synced, for a stream begins anew after a power cut. */
async function write(folder: string, name: string, chunks: readonly Uint8Array[]): Promise<void> {
  const part = join(folder, `${name}.${processName()}.part`);
  const leave = (): void => rmSync(part, { force: true });
  process.on('exit', leave); // a signal in the middle leaves nothing
  try {
    faults.inject?.(join(folder, name), 'write');
    const file = await open(part, 'wx');
    try {
      for (const chunk of chunks) for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
    } finally {
      await file.close();
    }
    await rename(part, join(folder, name));
  } catch (cause) {
    await unlink(part).catch(() => undefined);
    throw diskError(cause, join(folder, name), 'write the batch');
  } finally {
    process.off('exit', leave);
  }
}

/** Waits until the reader has taken files away. */
class Room {
  readonly #folder: string;
  readonly #watcher: FSWatcher | null;
  #wake: () => void = () => undefined;

  constructor(folder: string) {
    this.#folder = folder;
    let watcher: FSWatcher | null = null;
    try {
      watcher = watch(folder, () => this.#wake());
      watcher.on('error', () => undefined);
    } catch {} // no watches left on this machine: looking now and then does it too
    this.#watcher = watcher;
  }

  async below(ahead: number): Promise<void> {
    for (;;) {
      const changed = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      if (!existsSync(this.#folder)) throw new RefineError('ERR_REFINE_DISK', 'is gone: the reader took the whole folder away', { place: this.#folder });
      if ((await readdir(this.#folder)).filter((name) => BATCH.test(name)).length < ahead) return;
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([
        changed,
        new Promise<void>((resolve) => {
          timer = setTimeout(resolve, LOOK_MS);
        }),
      ]);
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#watcher?.close();
  }
}
