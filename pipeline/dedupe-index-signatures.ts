// datatrove's MinHash signatures of an earlier corpus (its stage 1's folder, bucket_BBB/RRRRR.minhash.sig) as a segment of an index:
// documents that share a bucket with one of them are dropped as in-index. Invariant: an entry's id is RRRRR:INDEX, its rank and its
// index there, as datatrove names it; nothing can be verified against it, as signatures hold no shingle sets.
import { createHash } from 'node:crypto';
import { type Dirent, existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { RefineError } from '../native/errors.js';
import { native, type SketchParams } from '../native/index.js';
import { RecordWriter } from '../native/records.js';
import type { StageEnv } from '../stages/contract/stage.js';
import { type AddOptions, addSegment, keepFiles, type NamedSegment } from './dedupe-index.js';
import type { IndexedStep } from './dedupe-index-run.js';
import { keysOf } from './dedupe-index-segment.js';
import { fileSha256 } from './identity.js';
import { bandFiles, firstRow, IDS_SHAPE, type IndexSegment, type KeySpace, readCatalogue } from './index-files.js';

const STAGE = 'dedupe-minhash';
const ID_BATCH = 65_536;

/** The segment of a folder of signatures, or null where its documents are in the index already. */
export async function addSignatures(index: string, folder: string, step: IndexedStep, env: StageEnv, options: AddOptions): Promise<IndexSegment | null> {
  const keys = keysOf([step], env);
  const { keys: held, shingles } = readCatalogue(index);
  const others = [...Object.keys(held).filter((stage) => stage !== STAGE), ...(shingles ? ['shingles'] : [])];
  if (others.length > 0)
    throw new RefineError(
      'ERR_REFINE_INDEX',
      `holds ${others.join(', ')} of each document, which signatures do not give. Build an index of its own: refine index build --signatures ${folder} -o INDEX`,
      { place: index },
    );
  const sketch = sketchOf(keys[STAGE]!);
  const ranks = await ranksOf(folder, sketch.bands);
  const hash = createHash('sha256');
  for (let band = 0; band < sketch.bands; band++)
    for (const rank of ranks) {
      options.signal.throwIfAborted();
      hash.update(`${await fileSha256(signatureFile(folder, band, rank))}\n`);
    }
  const name = options.name ?? basename(resolve(folder));
  return addSegment(index, { name, content: hash.digest('hex') }, keys, (part, named) => writeSegment(part, named, folder, ranks, sketch, options));
}

function sketchOf(space: KeySpace): SketchParams {
  const { bands, rows, family } = space;
  if (family === 'datatrove' || family === 'datatrove-32') return { bands: Number(bands), rows: Number(rows), family };
  throw new RefineError(
    'ERR_REFINE_USAGE',
    `has family ${family}, and signature files are of datatrove's (datatrove, or datatrove-32 where its hash has 32 bits). Say how they were made: --with '{"dedupe-minhash": {"preset": "datatrove"}}'`,
    { place: 'dedupe-minhash' },
  );
}

function signatureFile(folder: string, band: number, rank: string): string {
  return join(folder, `bucket_${String(band).padStart(3, '0')}`, `${rank}.minhash.sig`);
}

/** The ranks, which every bucket must have; the folder is one of `bands` buckets. */
async function ranksOf(folder: string, bands: number): Promise<string[]> {
  const found = await entries(folder);
  const buckets = found.filter((entry) => /^bucket_\d+$/.test(entry.name));
  const wrong = (place: string, what: string): RefineError =>
    new RefineError(
      'ERR_REFINE_SIGNATURES',
      `${what}. Expected datatrove's stage-1 folder, bucket_000 to bucket_${String(bands - 1).padStart(3, '0')} with RRRRR.minhash.sig for the same ranks; say another geometry with --with '{"dedupe-minhash": {"preset": "datatrove", "bands": N, "rows": R}}'`,
      { place },
    );
  if (buckets.length !== bands) throw wrong(folder, `holds ${buckets.length} buckets, the step has ${bands} bands`);
  let ranks: string[] | null = null;
  for (let band = 0; band < bands; band++) {
    const bucket = join(folder, `bucket_${String(band).padStart(3, '0')}`);
    if (!existsSync(bucket)) throw wrong(bucket, 'is not there');
    const here = (await entries(bucket)).flatMap(({ name }) => /^(\d+)\.minhash\.sig$/.exec(name)?.[1] ?? []).sort((a, b) => Number(a) - Number(b));
    if (here.length === 0) throw wrong(bucket, 'holds no signature file');
    const others: readonly string[] = ranks ?? here;
    const odd = here.find((rank) => !others.includes(rank)) ?? others.find((rank) => !here.includes(rank));
    if (odd !== undefined) throw wrong(bucket, `${here.includes(odd) ? 'has' : 'lacks'} rank ${odd}, unlike bucket_000`);
    ranks = here;
  }
  return ranks!;
}

async function entries(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    throw new RefineError('ERR_REFINE_INPUT', `cannot be listed (${(cause as Error).message}). Name datatrove's signatures folder.`, { place: folder, cause });
  }
}

async function writeSegment(
  part: string,
  named: NamedSegment,
  folder: string,
  ranks: readonly string[],
  sketch: SketchParams,
  { memoryBytes, signal, progress }: AddOptions,
): Promise<IndexSegment> {
  const keysFile = (band: number, rank: number): string => join(part, `band-${band}-${rank}.keys`);
  // A rank's documents follow those of the ranks before it. Short documents have no signature; the last ones of a rank leave no trace.
  const firsts: number[] = [];
  const files = new Map<string, string[]>();
  let documents = 0;
  for (const [rank, called] of ranks.entries()) {
    signal.throwIfAborted();
    const base = firstRow(named) + BigInt(documents);
    let most = 0;
    for (const { role, from, to } of bandFiles(sketch)) {
      for (let band = from; band < to; band++) {
        const out = keysFile(band, rank);
        const read = await native.readSignatureFile(signatureFile(folder, band, called), sketch, band, base, out, memoryBytes);
        if (most !== read.documents && band > 0)
          throw new RefineError(
            'ERR_REFINE_SIGNATURES',
            `names documents up to ${read.documents}, bucket_000 up to ${most}: the buckets are of different corpora. Make the signatures again`,
            { place: signatureFile(folder, band, called) },
          );
        most = read.documents;
        files.set(role, [...(files.get(role) ?? []), out]);
      }
    }
    firsts.push(documents);
    documents += most;
    if (documents > 2 ** 32) throw new RefineError('ERR_REFINE_INPUT', 'has more than 2^32 documents: index it in parts.', { place: folder });
    progress?.(documents);
  }
  const ids = join(part, 'ids.sorted');
  await writeIds(ids, named, ranks, firsts, documents, Math.min(memoryBytes, 64 * 2 ** 20));
  files.set('ids', [ids]);
  return {
    ...named,
    documents,
    files: await keepFiles(part, ['ids', ...bandFiles(sketch).map(({ role }) => role)], (role) => files.get(role)!, memoryBytes, signal),
  };
}

async function writeIds(
  path: string,
  named: NamedSegment,
  ranks: readonly string[],
  firsts: readonly number[],
  documents: number,
  memoryBytes: number,
): Promise<void> {
  const writer = await RecordWriter.open(path, IDS_SHAPE, memoryBytes);
  const encoder = new TextEncoder();
  try {
    for (const [rank, called] of ranks.entries()) {
      const [first, end] = [firsts[rank]!, firsts[rank + 1] ?? documents];
      for (let from = first; from < end; from += ID_BATCH) {
        const count = Math.min(ID_BATCH, end - from);
        const names = Array.from({ length: count }, (_, i) => `${called}:${from - first + i}`);
        const offsets = new Int32Array(count + 1);
        for (const [i, name] of names.entries()) offsets[i + 1] = offsets[i]! + name.length; // digits and a colon: a byte each
        const rows = BigUint64Array.from({ length: count }, (_, i) => firstRow(named) + BigInt(from + i));
        await writer.add(rows, new Uint8Array(), { bytes: encoder.encode(names.join('')), offsets });
      }
    }
    await writer.finish();
  } catch (error) {
    await writer.abort().catch(() => undefined);
    throw error;
  }
}
