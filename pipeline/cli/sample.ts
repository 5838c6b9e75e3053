// `refine sample RUN`: documents to label by hand or by a model, for train-classifier.
import { type Command, InvalidArgumentError } from 'commander';
import { RefineError } from '../../native/errors.js';
import { replaceFile } from '../atomic-file.js';
import { action, count, EXIT, interruptible, words } from './command.js';

interface Options {
  readonly stratify: readonly string[];
  readonly n: number;
  readonly out: string;
  readonly seed?: bigint;
}

export function registerSample(program: Command): void {
  program
    .command('sample')
    .description('documents of a run to label, drawn by stratum with their weights, for train-classifier')
    .argument('<run>', 'the folder of a finished run that keeps its text, here or at s3://BUCKET/PREFIX or https://HOST/RUN')
    .option('--stratify <columns>', 'columns of its text, separated by commas: words as they are, numbers cut at fifths', columnsOf, [])
    .option('-n, --documents <n>', 'documents to draw', count('-n', 1), 1000)
    .requiredOption('-o, --out <file.jsonl>', 'one document a line, with `weight`, `stratum` and an empty `label`')
    .option('--seed <n>', "another draw; the manifest's seed where absent", (text) => BigInt(count('--seed', 0)(text)))
    .addHelpText('after', "\nWrite each line's label, then: refine train-classifier --fasttext FILE.jsonl -o MODEL.ftz. infra/docs/labelling.md has the loop.")
    .action(
      action(async (named: string, options: Options & { readonly documents: number }) => {
        const { readRun } = await import('../run-folder.js');
        const { sampleRun } = await import('../sample.js');
        const { localCopy } = await import('../storage/read-run.js');
        const { signal, done } = interruptible();
        try {
          const run = await readRun(await localCopy(named, ['text'], words, signal));
          if (!run.finished)
            throw new RefineError('ERR_REFINE_LEDGER', 'is not finished. Run `refine run` to its end first', { place: named.replace(/[?#].*$/s, '') });
          const seed = options.seed ?? BigInt(String(run.lock.resolved.seed ?? 0));
          const { lines, strata, documents } = await sampleRun(run, { columns: options.stratify, n: options.documents, seed }, signal);
          await replaceFile(options.out, lines.map((line) => `${JSON.stringify({ label: '', ...line })}\n`).join(''));
          const width = Math.max(7, ...strata.map(({ name }) => name.length));
          words(`${options.out}: ${lines.length} of ${documents} documents`);
          words(`${'stratum'.padEnd(width)} ${'documents'.padStart(10)} ${'drawn'.padStart(6)} ${'weight'.padStart(9)}`);
          for (const { name, documents: all, drawn } of strata)
            words(
              `${(name || 'all').padEnd(width)} ${String(all).padStart(10)} ${String(drawn).padStart(6)} ${(drawn === 0 ? '-' : (all / drawn).toFixed(2)).padStart(9)}`,
            );
          return EXIT.done;
        } finally {
          done();
        }
      }),
    );
}

function columnsOf(text: string): readonly string[] {
  const columns = text.split(',').map((name) => name.trim());
  if (columns.some((name) => name === '') || new Set(columns).size < columns.length)
    throw new InvalidArgumentError('--stratify is columns separated by commas, such as score_quality,lang.');
  return columns;
}
