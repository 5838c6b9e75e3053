// From an input to its documents: which reader an input's format asks for, over the bytes of wherever it lies.
import type { Batch } from '../../native/index.js';
import { RefineError } from '../../native/errors.js';
import type { Input, SourceCounts, SourceReader } from '../contract/source.js';
import { type BytesEnv, inputBytes } from './input-bytes.js';

export interface OpenEnv extends BytesEnv {
  /** The rows of a shard of ours, given by the runner: a source does not know the shard format. */
  readonly readShard?: (path: string) => AsyncIterable<Batch>;
}

/** The reader of one input. Nothing is opened before `batches` is called; it may be called once. */
export function openInput(input: Input, env: OpenEnv): SourceReader {
  const bytes = (signal: AbortSignal) => inputBytes(input, env, signal);
  const { path, format } = input;
  switch (format) {
    case 'warc':
    case 'wet':
      if (input.members !== undefined) {
        const chosen = { ...input, members: input.members };
        return onFirstRead(async () => (await import('./warc-members.js')).readWarcMembers(chosen, env));
      }
      return onFirstRead(async (signal) => (await import('./warc-reader.js')).readWarc(bytes(signal), { path, format }));
    case 'jsonl':
      return onFirstRead(async () => {
        const { readJsonl } = await import('./jsonl.js');
        return readJsonl(bytes, { path, textField: input.textField ?? 'text', lineage: input.lineage === 'fields' });
      });
    case 'parquet':
      return onFirstRead(async () => {
        const { DEFAULT_FIELDS, readParquet } = await import('./read-parquet.js');
        const { openRanges } = await import('./ranges.js');
        return readParquet((signal) => openRanges(input.location, path, input.identity, env, signal), { path, fields: input.fields ?? DEFAULT_FIELDS });
      });
    case 'html':
    case 'text':
      return onFirstRead(async () => (await import('./plain-file.js')).readPlainFile(bytes, { path, format }));
    case 'shard': {
      const { readShard } = env;
      if (readShard === undefined) throw new RefineError('ERR_REFINE_INTERNAL', 'a shard input was opened without a shard reader', { place: path });
      return onFirstRead(async () => (await import('./run-source.js')).readShardInput(input, readShard));
    }
  }
}

const NOTHING: SourceCounts = { records: 0, documents: 0, skips: {}, damage: {}, notes: {}, bytesRead: 0, sha256: null };

/** A reader that is loaded, and whose bytes are asked for with the signal that may end them, when its first batch is: a process loads the formats it reads. */
function onFirstRead(open: (signal: AbortSignal) => Promise<SourceReader>): SourceReader {
  let reader: SourceReader | null = null;
  return {
    async *batches(signal) {
      reader = await open(signal);
      yield* reader.batches(signal);
    },
    counts: () => reader?.counts() ?? NOTHING,
  };
}
