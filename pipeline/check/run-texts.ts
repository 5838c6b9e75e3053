// The texts of a run's documents, in batches: what its tokens say, since they are what is trained on; text shards where there are no
// tokens, or nothing to decode them with.
import { join } from 'node:path';
import { type Batch, type BytesColumn, column, isValid, native, stringAt, utf8Column } from '../../native/index.js';
import { HOLDOUT_PREFIX } from '../final-shards.js';
import type { LoadedTokenizer } from '../tokenizers.js';
import type { RunState } from '../run-folder.js';
import { readArrow } from '../store.js';
import type { Shard } from '../types.js';

export interface TextBatch {
  /** Where the rows stand. */
  readonly shard: string;
  readonly first: number;
  readonly rows: number;
  readonly text: BytesColumn;
  readonly idOf: (row: number) => string;
}

export interface RunTexts {
  readonly shards: readonly Shard[];
  /** False where text shards are read. */
  readonly decoded: boolean;
  batches(shard: Shard, signal: AbortSignal): AsyncGenerator<TextBatch>;
}

/** Documents for training; null where there is neither text nor a tokenizer to decode with. */
export function runTexts(run: RunState, tokenizer: LoadedTokenizer | null, damaged: ReadonlySet<string>): RunTexts | null {
  const usable = (shards: readonly Shard[], folder: string): Shard[] =>
    shards.filter(({ path }) => !damaged.has(path) && !path.startsWith(`${folder}/${HOLDOUT_PREFIX}`));
  if (run.tokens.length > 0 && tokenizer !== null)
    return {
      shards: usable(run.tokens, 'tokens'),
      decoded: true,
      batches: (shard, signal) => read(run, shard, ['id', 'tokens'], (batch) => decodedTexts(batch, tokenizer), signal),
    };
  if (run.text.length === 0) return null;
  return {
    shards: usable(run.text, 'text'),
    decoded: false,
    batches: (shard, signal) => read(run, shard, ['id', 'text'], (batch) => column(batch, 'text', 'utf8'), signal),
  };
}

async function* read(
  run: RunState,
  shard: Shard,
  columns: readonly string[],
  textOf: (batch: Batch) => BytesColumn,
  signal: AbortSignal,
): AsyncGenerator<TextBatch> {
  let first = 0;
  for await (const batch of readArrow(join(run.folder, shard.path), columns)) {
    signal.throwIfAborted();
    const ids = batch.columns.id;
    const idOf = (row: number): string => (ids?.kind === 'utf8' && isValid(ids, row) ? (stringAt(ids, row) ?? '') : '');
    yield { shard: shard.path, first, rows: batch.rows, text: textOf(batch), idOf };
    first += batch.rows;
  }
}

/** Each document's text less EOS and BOS. */
export function decodedTexts(batch: Batch, { handle, contract }: LoadedTokenizer): BytesColumn {
  const { values, offsets } = column(batch, 'tokens', 'list');
  return utf8Column(
    Array.from({ length: batch.rows }, (_, row) => {
      const ids = Uint32Array.from((values as Uint16Array).subarray(offsets[row]!, offsets[row + 1]!));
      const from = ids.length > 0 && ids[0] === contract.bos_id ? 1 : 0;
      const to = ids.length > from && ids.at(-1) === contract.eos_id ? ids.length - 1 : ids.length;
      return native.bpeDecode(handle, ids.subarray(from, to));
    }),
  );
}
