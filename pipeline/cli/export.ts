// `refine export RUN --format F -o DIR`: the kept documents, or the tokens, in other people's formats.
import { type Command, Option } from 'commander';
import { EXPORT_FORMATS, type ExportFormat, exportRun, SIGNATURE_HASHES, type SignatureHash } from '../export/export.js';
import { SPLITS, type Split } from '../loader/shard-files.js';
import { action, count, data, EXIT, words } from './command.js';

interface Options {
  readonly format: ExportFormat;
  readonly out: string;
  readonly split: Split;
  readonly seqLen?: number;
  readonly hash?: SignatureHash;
  readonly json?: boolean;
}

export function registerExport(program: Command): void {
  program
    .command('export')
    .description(
      'documents as parquet, jsonl or jsonl.zst, tokens for Megatron-LM (.bin/.idx), datatrove and nanotron (.ds), mosaicml streaming (MDS), MinHash signatures for datatrove (minhash-sig)',
    )
    .argument('<run>', 'the folder of a finished run')
    .addOption(new Option('--format <format>', 'what to write').choices(EXPORT_FORMATS).makeOptionMandatory())
    .requiredOption('-o, --out <dir>', 'an empty folder, or one that does not exist yet')
    .addOption(new Option('--split <kind>', 'the documents for training, or those that sink.holdout keeps out of it').choices([...SPLITS]).default('train'))
    .option('--seq-len <tokens>', 'mds: samples of so many tokens, documents end to end (default: a sample a document)', count('--seq-len', 1))
    .addOption(
      new Option('--hash <name>', 'minhash-sig: what hashes shingles, and to how many bits (default: xxh64, as in datatrove)').choices(SIGNATURE_HASHES),
    )
    .option('--json', 'print export.json')
    .action(
      action(async (run: string, { format, out, split, seqLen, hash, json }: Options) => {
        const result = await exportRun(run, {
          format,
          out,
          split,
          signal: new AbortController().signal,
          ...(seqLen === undefined ? {} : { seqLen }),
          ...(hash === undefined ? {} : { hash }),
        });
        if (json === true) await data(`${JSON.stringify(result, null, 2)}\n`);
        const bytes = result.files.reduce((sum, file) => sum + file.bytes, 0);
        const tokens = result.tokens === undefined ? '' : `, ${result.tokens} tokens`;
        words(`refine export: ${result.documents} documents${tokens} in ${result.files.length} files, ${(bytes / 1e6).toFixed(1)} MB, in ${out}`);
        return EXIT.done;
      }),
    );
}
