// `refine export RUN --format F -o DIR`: the kept documents, or the tokens, in other people's formats.
import { dirname, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { RefineError } from '../../native/errors.js';
import { bytesOf } from '../../stages/contract/quantities.js';
import type { ExportedFile } from '../export/export.js';
import { EXPORT_FORMATS, type ExportFormat, SIGNATURE_HASHES, type SignatureHash } from '../export/formats.js';
import { SPLITS, type Split } from '../loader/splits.js';
import { action, collect, count, data, EXIT, interruptible, words } from './command.js';

interface Options {
  readonly format?: ExportFormat;
  readonly payloads?: string[];
  readonly manifest?: string;
  readonly out: string;
  readonly split: Split;
  readonly seqLen?: number;
  readonly hash?: SignatureHash;
  readonly groupRows?: number;
  readonly maxFileSize?: string;
  readonly json?: boolean;
}

export function registerExport(program: Command): void {
  program
    .command('export')
    .description(
      'documents as parquet, jsonl or jsonl.zst, tokens for Megatron-LM (.bin/.idx), datatrove and nanotron (.ds), mosaicml streaming (MDS), MinHash signatures for datatrove (minhash-sig); or what the inputs hold beside pages (--payloads application/pdf)',
    )
    .argument('<run>', 'the folder of a finished run, here or at s3://BUCKET/PREFIX or https://HOST/RUN')
    .addOption(new Option('--format <format>', 'what to write').choices(EXPORT_FORMATS))
    .option(
      '--payloads <type>',
      'in place of --format: payloads of a media type (application/pdf, image/*) as files, read from the inputs again; may stand several times',
      collect,
    )
    .option('--manifest <file>', 'payloads: the manifest of the run, where its relative paths start from (default: the current folder)')
    .requiredOption('-o, --out <dir>', 'an empty folder, or one that does not exist yet')
    .addOption(new Option('--split <kind>', 'the documents for training, or those that sink.holdout keeps out of it').choices([...SPLITS]).default('train'))
    .option('--seq-len <tokens>', 'mds: samples of so many tokens, documents end to end (default: a sample a document)', count('--seq-len', 1))
    .addOption(
      new Option('--hash <name>', 'minhash-sig: what hashes shingles, and to how many bits (default: xxh64, as in datatrove)').choices(SIGNATURE_HASHES),
    )
    .option('--group-rows <n>', 'parquet: rows of a row group, which readers hold at once (default: 8192)', count('--group-rows', 1))
    .option('--max-file-size <size>', 'parquet: a file of so many bytes, such as 512MiB, goes on in another (default: a file a text shard)')
    .option('--json', 'print export.json')
    .action(
      action(async (named: string, { format, out, split, seqLen, hash, json, payloads, manifest, groupRows, maxFileSize }: Options) => {
        const { localCopy } = await import('../storage/read-run.js');
        if (payloads !== undefined && format === undefined)
          return writePayloads(await localCopy(named, ['text'], words), { types: payloads, out, manifest, json });
        if (format === undefined || payloads !== undefined) {
          const found = format === undefined ? 'neither' : 'both';
          throw new RefineError('ERR_REFINE_USAGE', `found ${found} of --format and --payloads, expected one: --format parquet, or --payloads application/pdf`);
        }
        const run = await localCopy(named, ['text', 'tokens', 'features', 'index'], words);
        const { exportRun } = await import('../export/export.js');
        const { signal, done } = interruptible();
        const result = await exportRun(run, {
          format,
          out,
          split,
          signal,
          ...(seqLen === undefined ? {} : { seqLen }),
          ...(hash === undefined ? {} : { hash }),
          ...(groupRows === undefined ? {} : { groupRows }),
          ...(maxFileSize === undefined ? {} : { maxFileBytes: sizeOption('--max-file-size', maxFileSize) }),
        }).finally(done);
        if (json === true) await data(`${JSON.stringify(result, null, 2)}\n`);
        const bytes = result.files.reduce((sum, file) => sum + file.bytes, 0);
        const tokens = result.tokens === undefined ? '' : `, ${result.tokens} tokens`;
        for (const line of tooLarge(result.files, maxFileSize)) words(line);
        words(`refine export: ${result.documents} documents${tokens} in ${result.files.length} files, ${(bytes / 1e6).toFixed(1)} MB, in ${out}`);
        return EXIT.done;
      }),
    );
}

async function writePayloads(
  run: string,
  {
    types,
    out,
    manifest,
    json,
  }: { readonly types: readonly string[]; readonly out: string; readonly manifest: string | undefined; readonly json: boolean | undefined },
): Promise<number> {
  const { exportPayloads } = await import('../export/payloads.js');
  const { signal, done } = interruptible();
  try {
    const baseDir = manifest === undefined ? process.cwd() : dirname(resolve(manifest));
    const result = await exportPayloads(run, { types, out, baseDir, signal });
    if (json === true) await data(`${JSON.stringify(result, null, 2)}\n`);
    const cut = result.truncated === 0 ? '' : `, ${result.truncated} of them truncated by the crawler`;
    words(`refine export: ${result.written} files of ${result.records} records${cut}, ${(result.bytes / 1e6).toFixed(1)} MB, in ${out}`);
    return EXIT.done;
  } finally {
    done();
  }
}

/** Files that pass the size by more than the row group a file may end with: one document alone is larger. */
export function tooLarge(files: readonly ExportedFile[], maxFileSize: string | undefined): string[] {
  if (maxFileSize === undefined) return [];
  const most = sizeOption('--max-file-size', maxFileSize);
  const found = files.filter(({ bytes }) => bytes > 1.25 * most);
  if (found.length === 0) return [];
  const [{ path, bytes }] = found as [ExportedFile];
  const many = found.length === 1 ? `${path} has` : `${found.length} files have more, such as ${path} with`;
  return [`refine export: ${many} ${(bytes / 1e6).toFixed(1)} MB: a document that is larger than --max-file-size ${maxFileSize} is not divided`];
}

function sizeOption(place: string, written: string): number {
  const bytes = bytesOf(written);
  if (bytes === null) throw new RefineError('ERR_REFINE_USAGE', `found "${written}", expected a size with a unit, such as 512MiB`, { place });
  return bytes;
}
