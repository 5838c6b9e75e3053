// The kept documents as datatrove's MinHash signatures, the folder that its stage 1 leaves and its stage 2 takes:
// bucket_BBB/RRRRR.minhash.sig with its defaults (14 buckets of 8 hashes, 5-grams of its English words). A shard is a rank. Invariant:
// a record's index counts every document of the shard, those too short for a signature included, as datatrove's filter counts them.
// Format: kernels/include/refine/signature_files.h; tests/peers/datatrove-minhash.peers.ts holds it against datatrove itself.
import { join } from 'node:path';
import { RefineError } from '../../native/errors.js';
import { type Batch, column, native, type ShingleParams, type SketchParams } from '../../native/index.js';
import { RecordWriter } from '../../native/records.js';
import { ArrowFile } from '../store.js';
import type { ExportFolder, FormatWriter } from './export.js';
import type { SignatureHash } from './formats.js';

const BUCKETS = 14;
const HASHES = 8;
const GRAM = 5;
/** A shingles file: kernels/include/refine/band_keys.h. */
const SHAPE = { keyWords: 1, valueBytes: 24, tail: true } as const;
/** The tail of a record ends at 64 MiB. */
const MAX_SHINGLES = 1 << 23;
const MEMORY_BYTES = 256 * 2 ** 20;

export async function signatureWriter(files: ExportFolder, hash: SignatureHash, signal: AbortSignal): Promise<FormatWriter> {
  const shape: ShingleParams = { size: GRAM, normalise: 'datatrove', words: 'spacy-en', hash };
  const params: SketchParams = { bands: BUCKETS, rows: HASHES, family: hash.endsWith('32') ? 'datatrove-32' : 'datatrove' };
  const scratch = await files.scratch('minhash-sig');
  let rank = 0;
  return {
    async shard(path) {
      const shingles = join(scratch, 'shingles');
      const documents = await writeShingles(path, shape, shingles, signal);
      for (let bucket = 0; bucket < BUCKETS; bucket++) {
        signal.throwIfAborted();
        const made = join(scratch, 'bucket');
        await native.writeSignatureFile(shingles, [], params, bucket, made, MEMORY_BYTES);
        await files.adopt(made, `bucket_${String(bucket).padStart(3, '0')}/${String(rank).padStart(5, '0')}.minhash.sig`);
      }
      rank++;
      return { documents };
    },
    async end() {},
  };
}

/** Each document's set of shingles by its index in the shard; returns how many documents there are. */
async function writeShingles(path: string, shape: ShingleParams, out: string, signal: AbortSignal): Promise<number> {
  const source = await ArrowFile.open(path);
  try {
    const writer = await RecordWriter.open(out, SHAPE, MEMORY_BYTES);
    try {
      let documents = 0;
      for await (const batch of source.batches()) {
        signal.throwIfAborted();
        await addBatch(writer, batch, shape, documents, path);
        documents += batch.rows;
      }
      await writer.finish();
      return documents;
    } catch (error) {
      await writer.abort();
      throw error;
    }
  } finally {
    await source.close();
  }
}

async function addBatch(writer: RecordWriter, batch: Batch, shape: ShingleParams, first: number, path: string): Promise<void> {
  const { values, offsets } = await native.shingles(column(batch, 'text', 'utf8'), shape);
  const hashes = values as BigUint64Array;
  const rows: bigint[] = [];
  const ends = [0];
  for (let row = 0; row < batch.rows; row++) {
    const count = offsets[row + 1]! - offsets[row]!;
    if (count === 0) continue;
    if (count > MAX_SHINGLES)
      throw new RefineError(
        'ERR_REFINE_SHARD',
        `document ${first + row} has ${count} distinct ${GRAM}-grams, more than ${MAX_SHINGLES}. Drop it by a rule on length`,
        {
          place: path,
        },
      );
    rows.push(BigInt(first + row));
    ends.push(8 * offsets[row + 1]!);
  }
  await writer.add(BigUint64Array.from(rows), new Uint8Array(SHAPE.valueBytes * rows.length), {
    bytes: new Uint8Array(hashes.buffer, hashes.byteOffset, hashes.byteLength),
    offsets: Int32Array.from(ends),
  });
}
