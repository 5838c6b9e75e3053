// Texts for `refine tokenizer`: the kept documents of a run, Arrow shards with a column `text`, JSON lines, and plain text
// (a file is a document, or each of its lines is). Batches have `text` (utf8) and, where the input says so, `lang` and `url`.
import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createGunzip } from 'node:zlib';
import { type Batch, bytesColumn, RefineError } from '../native/index.js';
import { HOLDOUT_PREFIX } from './final-shards.js';
import { localGate, openInput } from './inputs.js';
import { readRun } from './run-folder.js';
import { sniffFile } from './sniff.js';
import { readArrow } from './store.js';

/** What a .txt is: one document, or a document a line, its line ending with it (as HuggingFace's `train(files)` reads files). */
export type PlainText = 'file' | 'lines';

export interface TextInput {
  readonly name: string;
  readonly path: string;
  readonly kind: 'shard' | 'jsonl' | 'file' | 'lines';
  readonly textField: string;
}

const MAX_LINE_BYTES = 16 << 20; // as a document of JSON lines has it
const BATCH_BYTES = 4 << 20;
const BATCH_ROWS = 8192;

export async function textInputs(paths: readonly string[], options: { readonly txt: PlainText; readonly textField: string }): Promise<TextInput[]> {
  const inputs: TextInput[] = [];
  for (const name of paths) {
    const path = resolve(name);
    const found = await stat(path).catch(() => null);
    if (found === null)
      throw new RefineError('ERR_REFINE_INPUT', 'does not exist, expected a run folder, .arrow shards, .jsonl or .txt. Check the path', { place: name });
    const shards = found.isDirectory() ? await shardsOf(path, name) : path.endsWith('.arrow') ? [path] : null;
    if (shards !== null) {
      for (const shard of shards) inputs.push({ name, path: shard, kind: 'shard', textField: 'text' });
      continue;
    }
    await refuseZstd(path, name);
    const format = await sniffFile(path);
    if (format === 'warc' || format === 'wet' || format === 'html')
      throw new RefineError(
        'ERR_REFINE_INPUT',
        `is ${format.toUpperCase()}, expected text. Name the --out of a run over it, or make text of it: refine try extract`,
        {
          place: name,
        },
      );
    if (format === 'text' && options.txt === 'file' && found.size > MAX_LINE_BYTES)
      throw new RefineError(
        'ERR_REFINE_INPUT',
        `is one text of ${found.size} bytes, a document has at most ${MAX_LINE_BYTES}. Say --txt lines if its lines are the documents`,
        {
          place: name,
        },
      );
    inputs.push({ name, path, kind: format === 'jsonl' ? 'jsonl' : options.txt, textField: options.textField });
  }
  return inputs;
}

/** Text that is packed in a way that nothing here unpacks would be learnt from as noise. */
async function refuseZstd(path: string, name: string): Promise<void> {
  const handle = await open(path, 'r');
  const head = new Uint8Array(4);
  await handle.read(head, 0, 4, 0).finally(() => handle.close());
  if (head[0] !== 0x28 || head[1] !== 0xb5 || head[2] !== 0x2f || head[3] !== 0xfd) return;
  throw new RefineError('ERR_REFINE_INPUT', 'is zstd, expected plain text or gzip. Unpack it first: zstd -d', { place: name });
}

async function shardsOf(path: string, name: string): Promise<string[]> {
  if ((await stat(join(path, 'manifest.lock.json')).catch(() => null)) !== null) {
    const run = await readRun(path);
    if (!run.finished) throw new RefineError('ERR_REFINE_INPUT', 'is a run that is not finished. Run its manifest again to the end', { place: name });
    if (run.text.length === 0)
      throw new RefineError('ERR_REFINE_INPUT', 'is a run without text shards. Run its manifest with `sink: { text: { keep: true } }`', { place: name });
    const kept = run.text.filter((shard) => !shard.path.startsWith(`text/${HOLDOUT_PREFIX}`)); // sink.holdout is never learnt from
    return kept.map((shard) => join(path, shard.path));
  }
  for (const folder of [path, join(path, 'text')]) {
    const files = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith('.arrow') && !file.startsWith(HOLDOUT_PREFIX)).sort();
    if (files.length > 0) return files.map((file) => join(folder, file));
  }
  throw new RefineError(
    'ERR_REFINE_INPUT',
    'holds neither manifest.lock.json nor .arrow files, expected a run folder or shards. Name the text files in it one by one',
    {
      place: name,
    },
  );
}

export async function* readTexts(input: TextInput, signal: AbortSignal): AsyncGenerator<Batch> {
  switch (input.kind) {
    case 'shard':
      for await (const batch of readArrow(input.path)) {
        signal.throwIfAborted();
        const { text, lang, url } = batch.columns;
        if (text?.kind !== 'utf8')
          throw new RefineError('ERR_REFINE_INPUT', 'has no utf8 column "text". Name text shards, not token shards', { place: input.path });
        yield { rows: batch.rows, columns: { text, ...(lang === undefined ? {} : { lang }), ...(url === undefined ? {} : { url }) } };
      }
      return;
    case 'lines':
      yield* readLines(input, signal);
      return;
    default: {
      const format = input.kind === 'file' ? 'text' : 'jsonl';
      const reader = openInput(
        { path: input.name, location: input.path, format, bytes: null, identity: '', textField: input.textField },
        { gate: localGate() },
      );
      for await (const batch of reader.batches(signal)) {
        const { text, url } = batch.columns;
        yield { rows: batch.rows, columns: { text: text!, ...(url === undefined ? {} : { url }) } };
      }
      const { documents, records, skips } = reader.counts();
      if (documents > 0 || records === 0) return;
      const reason = Object.keys(skips)[0] ?? 'empty';
      throw new RefineError(
        'ERR_REFINE_INPUT',
        `has no document with text (${records} ${reason}). ${reason === 'no-text' ? 'Say which key holds the text: --text-field' : 'Say --txt lines if its lines are the documents'}`,
        { place: input.name },
      );
    }
  }
}

async function* readLines(input: TextInput, signal: AbortSignal): AsyncGenerator<Batch> {
  const handle = await open(input.path, 'r');
  const head = new Uint8Array(2);
  await handle.read(head, 0, 2, 0).finally(() => handle.close());
  const file = createReadStream(input.path, { highWaterMark: 1 << 20, signal });
  const chunks: AsyncIterable<Buffer> = head[0] === 0x1f && head[1] === 0x8b ? file.pipe(createGunzip()) : file;
  let rows: Uint8Array[] = [];
  let bytes = 0;
  let rest: Buffer[] = []; // the parts of a line whose end has not come yet
  let restBytes = 0;
  const take = (): Batch => {
    const batch = { rows: rows.length, columns: { text: bytesColumn('utf8', rows) } };
    rows = [];
    bytes = 0;
    return batch;
  };
  const add = (line: Uint8Array): void => {
    rows.push(line);
    bytes += line.length;
  };
  try {
    for await (const chunk of chunks) {
      for (let from = 0; from < chunk.length; ) {
        const end = chunk.indexOf(0x0a, from);
        const to = end < 0 ? chunk.length : end + 1;
        restBytes += to - from;
        if (restBytes > MAX_LINE_BYTES)
          throw new RefineError('ERR_REFINE_INPUT', `has a line of more than ${MAX_LINE_BYTES} bytes, which is no document. Cut it, or leave the file out`, {
            place: input.name,
          });
        if (end < 0) rest.push(chunk.subarray(from, to));
        else if (rest.length === 0) add(chunk.subarray(from, to));
        else add(Buffer.concat([...rest, chunk.subarray(from, to)]));
        if (end >= 0) {
          rest = [];
          restBytes = 0;
        }
        from = to;
        if (bytes >= BATCH_BYTES || rows.length >= BATCH_ROWS) yield take();
      }
    }
  } catch (cause) {
    if (cause instanceof RefineError || signal.aborted) throw cause;
    throw new RefineError('ERR_REFINE_INPUT', `cannot be read to its end (${(cause as Error).message}). Check the file`, { place: input.name, cause });
  } finally {
    file.destroy();
  }
  if (restBytes > 0) add(Buffer.concat(rest));
  if (rows.length > 0) yield take();
}
