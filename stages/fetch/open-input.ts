// From an input to its documents: which reader an input's format asks for, over the bytes of wherever it lies.
import type { Batch } from '../../native/index.js';
import { RefineError } from '../../native/errors.js';
import type { Input, SourceCounts, SourceReader } from '../contract/source.js';
import { type BytesEnv, inputBytes } from './input-bytes.js';
import { readJsonl } from './jsonl.js';
import { DEFAULT_FIELDS, readParquet } from './read-parquet.js';
import { readPlainFile } from './plain-file.js';
import { openRanges } from './ranges.js';
import { readShardInput } from './run-source.js';
import { readWarcMembers } from './warc-members.js';
import { readWarc } from './warc-reader.js';

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
      if (input.members !== undefined) return readWarcMembers({ ...input, members: input.members }, env);
      return onFirstRead((signal) => readWarc(bytes(signal), { path, format }));
    case 'jsonl':
      return readJsonl(bytes, { path, textField: input.textField ?? 'text', lineage: input.lineage === 'fields' });
    case 'parquet':
      return readParquet((signal) => openRanges(input.location, path, input.identity, env, signal), { path, fields: input.fields ?? DEFAULT_FIELDS });
    case 'html':
    case 'text':
      return readPlainFile(bytes, { path, format });
    case 'shard':
      if (env.readShard === undefined) throw new RefineError('ERR_REFINE_INTERNAL', 'a shard input was opened without a shard reader', { place: path });
      return readShardInput(input, env.readShard);
  }
}

const NOTHING: SourceCounts = { records: 0, documents: 0, skips: {}, damage: {}, notes: {}, bytesRead: 0, sha256: null };

/** A reader whose bytes are asked for, with the signal that may end them, when its first batch is. */
function onFirstRead(open: (signal: AbortSignal) => SourceReader): SourceReader {
  let reader: SourceReader | null = null;
  return {
    batches(signal) {
      reader = open(signal);
      return reader.batches(signal);
    },
    counts: () => reader?.counts() ?? NOTHING,
  };
}
