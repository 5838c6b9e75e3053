// Makes run folders of random token shards for benches and tests of the loader: every value is a hash of its place, so a run
// is the same on every machine and no shard depends on another.
//   node dist/infra/bench/token-run.js DIR [shards] [tokens a shard] [--wide]
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Batch, fixedColumn, utf8Column } from '../../native/index.js';
import { arrow } from '../../pipeline/arrow.js';
import { BatchEncoder } from '../../pipeline/arrow-columns.js';

export interface GeneratedRun {
  readonly shards: number;
  readonly tokensPerShard: number;
  /** uint32 ids of a vocabulary of 131,072 instead of uint16 of 50,304. */
  readonly wide?: boolean;
  readonly seed?: number;
}

const EOS = 0;
/** Rows to a record batch, as the pipeline's shards have them. */
const BATCH_ROWS = 1024;

/** Two rounds of a 32-bit finaliser (MurmurHash3's) over the place: uniform enough for lengths and ids. */
function hashAt(seed: number, shard: number, place: number): number {
  let x = Math.imul(seed ^ Math.imul(shard + 1, 0x9e3779b1), 0x85ebca6b) ^ place;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Documents of 64 to 2,047 tokens, EOS last, until the shard has its tokens; the last one is cut. */
function* shardBatches(shard: number, { tokensPerShard, wide = false, seed = 1 }: GeneratedRun): Generator<Batch> {
  const vocabulary = wide ? 131_072 : 50_304;
  let at = 0;
  for (let document = 0; at < tokensPerShard; ) {
    const lengths: number[] = [];
    let total = 0;
    while (lengths.length < BATCH_ROWS && at + total < tokensPerShard) {
      const length = Math.min(tokensPerShard - at - total, 64 + (hashAt(seed, shard, -1 - document - lengths.length) % 1984));
      lengths.push(length);
      total += length;
    }
    const values = wide ? new Uint32Array(total) : new Uint16Array(total);
    for (let i = 0; i < total; i++) values[i] = 1 + (hashAt(seed, shard, at + i) % (vocabulary - 1));
    const offsets = new Int32Array(lengths.length + 1);
    lengths.forEach((length, row) => {
      offsets[row + 1] = offsets[row]! + length;
      values[offsets[row + 1]! - 1] = EOS;
    });
    yield {
      rows: lengths.length,
      columns: {
        id: utf8Column(lengths.map((_, row) => `${shard}-${document + row}`)),
        url: utf8Column(lengths.map((_, row) => `https://example.org/${shard}/${document + row}`)),
        tokens: { kind: 'list', values, offsets },
        token_count: fixedColumn(Uint32Array.from(lengths)),
      },
    };
    document += lengths.length;
    at += total;
  }
}

/** Whole and unsynced: what a power cut spoils is made again. */
function arrowBytes(batches: Iterable<Batch>, metadata: Readonly<Record<string, string>>): { bytes: Uint8Array; rows: number } {
  const writer = new arrow.RecordBatchFileWriter();
  let encoder: BatchEncoder | undefined;
  let rows = 0;
  for (const batch of batches) {
    encoder ??= new BatchEncoder(batch, Object.keys(batch.columns), metadata);
    writer.write(encoder.encode(batch));
    rows += batch.rows;
  }
  writer.finish();
  return { bytes: writer.toUint8Array(true), rows };
}

export function generateTokenRun(folder: string, run: GeneratedRun): void {
  mkdirSync(join(folder, 'tokens'), { recursive: true });
  const contract = JSON.stringify({
    format: 1,
    sha256: createHash('sha256')
      .update(`generated ${run.wide === true}`)
      .digest('hex'),
    vocab_size: run.wide === true ? 131_072 : 50_304,
    eos_id: EOS,
    bos_id: null,
    dtype: run.wide === true ? 'uint32' : 'uint16',
  });
  const metadata = { 'refine.contract': contract };
  const entries = Array.from({ length: run.shards }, (_, shard) => {
    const path = `tokens/${String(shard).padStart(6, '0')}.arrow`;
    const { bytes, rows } = arrowBytes(shardBatches(shard, run), metadata);
    writeFileSync(join(folder, path), bytes);
    return { path, rows, tokens: run.tokensPerShard, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  });
  const numbers = (key: 'rows' | 'tokens' | 'bytes') => fixedColumn(BigInt64Array.from(entries, (entry) => BigInt(entry[key])));
  const index: Batch = {
    rows: entries.length,
    columns: {
      path: utf8Column(entries.map(({ path }) => path)),
      rows: numbers('rows'),
      tokens: numbers('tokens'),
      bytes: numbers('bytes'),
      sha256: utf8Column(entries.map(({ sha256 }) => sha256)),
    },
  };
  writeFileSync(join(folder, 'index.arrow'), arrowBytes([index], { ...metadata, 'refine.format': '1', 'refine.seed': '1' }).bytes);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [folder, shards = '16', tokens = '16777216'] = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
  if (folder === undefined || !/^\d+$/.test(shards) || !/^\d+$/.test(tokens)) {
    console.error('usage: token-run.js DIR [shards] [tokens a shard] [--wide]');
    process.exit(2);
  }
  generateTokenRun(folder, { shards: Number(shards), tokensPerShard: Number(tokens), wide: process.argv.includes('--wide') });
}
