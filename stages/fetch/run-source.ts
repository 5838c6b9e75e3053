// The kept documents of another run as a source: one input a text shard, in the columns of the shard.
// Invariant: the shard read is the one that was planned (its sha256 is its identity), checked before the first row.
import type { Batch } from '../../native/index.js';
import { RefineError } from '../../native/errors.js';
import type { Input, SourceReader } from '../contract/source.js';
import { localSha256 } from './local.js';

export function readShardInput(input: Input, readShard: (path: string) => AsyncIterable<Batch>): SourceReader {
  let documents = 0;
  let sha256: string | null = null;
  return {
    async *batches(signal): AsyncGenerator<Batch> {
      const found = await localSha256(input.location, input.path, signal);
      if (input.identity.startsWith('shard:') && input.identity !== `shard:${found}`) {
        const message = `sha256 is ${found}, planned was ${input.identity.slice(6)}. The source run changed: run with --update to take its new documents`;
        throw new RefineError('ERR_REFINE_INPUT_CHANGED', message, { place: input.path });
      }
      for await (const batch of readShard(input.location)) {
        signal.throwIfAborted();
        documents += batch.rows;
        yield batch;
      }
      sha256 = found;
    },
    counts: () => ({ records: documents, documents, skips: {}, damage: {}, notes: {}, bytesRead: sha256 === null ? 0 : (input.bytes ?? 0), sha256 }),
  };
}
