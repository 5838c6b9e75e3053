// `refine inspect RUN`: a document and its fate, samples of what a reason dropped, the documents of a cluster.
import type { Command } from 'commander';
import { RefineError } from '../../native/errors.js';
import { action, count } from './command.js';

export interface InspectOptions {
  readonly doc?: string;
  readonly reason?: string;
  readonly sample?: number;
  readonly cluster?: string;
  readonly bits?: string | true;
}

export function registerInspect(program: Command): void {
  program
    .command('inspect')
    .description('a document, why it was dropped, what it duplicates')
    .argument('<run>', 'a run folder, here or at s3://BUCKET/PREFIX or https://HOST/RUN')
    .option('--doc <id>', 'the document with this id')
    .option(
      '--bits [model]',
      "with --doc or --reason: before each line its bits per byte under a model (default: that of the run's step perplexity, else reference-small)",
    )
    .option('--reason <step/reason>', 'documents that this reason dropped, from the seeded sample')
    .option('--sample <n>', 'how many of them (default 5)', count('--sample', 1))
    .option('--cluster <id>', 'the document that stands for this one (or for this number of column cluster), and all its duplicates; "largest" lists clusters')
    .action(
      action(async (named: string, options: InspectOptions) => {
        const asked = [options.doc, options.reason, options.cluster].filter((one) => one !== undefined).length;
        if (asked > 1) throw new RefineError('ERR_REFINE_USAGE', '--doc, --reason and --cluster each ask for something else. Give one of them.');
        if (options.sample !== undefined && options.reason === undefined) throw new RefineError('ERR_REFINE_USAGE', '--sample goes with --reason STEP/REASON.');
        if (options.bits !== undefined && options.doc === undefined && options.reason === undefined)
          throw new RefineError('ERR_REFINE_USAGE', '--bits goes with --doc ID or --reason STEP/REASON.');
        return await (await import('./inspect-answers.js')).inspectRun(named, options);
      }),
    );
}
