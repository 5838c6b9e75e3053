// `refine train-ngram`: an n-gram language model of texts, for the step `ngram`. Invariant: the same texts in the same order
// and the same options give the same file, whatever the memory.
import { mkdtemp, open, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type BytesColumn, type NgramText, type NgramTrained, type NgramTrainerHandle, native, RefineError } from '../native/index.js';
import { diskError, makeFolder, syncFolder } from './atomic-file.js';
import { type PlainText, readTexts, textInputs } from './tokenizer-texts.js';

export interface NgramRequest {
  readonly texts: readonly string[];
  readonly out: string;
  readonly order: number;
  readonly text: NgramText;
  /** By order; never falling, none for unigrams. */
  readonly prune: readonly number[];
  readonly fallback: boolean;
  readonly maxMemory: number;
  readonly scratch?: string;
  readonly txt: PlainText;
  readonly textField: string;
}

export interface MadeNgram extends NgramTrained {
  readonly documents: number;
  readonly bytes: number;
}

export async function trainNgram(request: NgramRequest, signal: AbortSignal, progress: (words: string) => void): Promise<MadeNgram> {
  const inputs = await textInputs(request.texts, request);
  const base = request.scratch ?? tmpdir();
  const out = resolve(request.out);
  await makeFolder(base);
  await makeFolder(dirname(out));
  const folder = await mkdtemp(join(base, 'refine-ngram-')).catch((cause) => {
    throw diskError(cause, base, 'make a temporary folder');
  });
  const part = `${out}.part`;
  try {
    const { order, text, prune, fallback, maxMemory: maxBytes } = request;
    const trainer = native.ngramTrainer({ order, text, prune, fallback, maxBytes, scratch: folder });
    let documents = 0;
    let bytes = 0;
    let said = 0;
    for (const input of inputs) {
      for await (const batch of readTexts(input, signal)) {
        const column = batch.columns.text as BytesColumn;
        await cancellable(trainer, signal, () => native.ngramAdd(trainer, column));
        documents += batch.rows;
        bytes += column.offsets[batch.rows]!;
        if (bytes - said >= 1 << 30) progress(`${documents} documents counted, ${((said = bytes) / 2 ** 30).toFixed(1)} GiB`);
      }
    }
    const trained = await cancellable(trainer, signal, () => native.ngramWrite(trainer, part, JSON.stringify(text)));
    const file = await open(part, 'r+');
    await file.sync().finally(() => file.close());
    await rename(part, out);
    await syncFolder(dirname(out));
    return { ...trained, documents, bytes };
  } catch (error) {
    throw asRefine(error, request.texts);
  } finally {
    await rm(part, { force: true });
    await rm(folder, { recursive: true, force: true });
  }
}

/** A call of the trainer, which an interrupt ends. */
async function cancellable<T>(trainer: NgramTrainerHandle, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const stop = (): void => native.ngramCancel(trainer);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await call();
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Errors of native calls carry their code already; their words name what to do. */
function asRefine(error: unknown, texts: readonly string[]): unknown {
  if (!(error instanceof Error) || error instanceof RefineError) return error;
  const { code } = error as { code?: unknown };
  if (code === 'ERR_REFINE_INPUT') return new RefineError(code, error.message, { place: texts.join(', '), cause: error });
  return code === 'ERR_REFINE_INTERRUPTED' || code === 'ERR_REFINE_MEMORY' || code === 'ERR_REFINE_DISK'
    ? new RefineError(code, error.message, { cause: error })
    : error;
}
