// `refine url compile`: lists of hosts and URLs as one compiled file, for manifests that many runs or machines share.
import type { Command } from 'commander';
import { action, data, EXIT } from './command.js';

export function registerUrl(program: Command): void {
  program
    .command('url')
    .description('lists of hosts and URLs for the step `url`')
    .command('compile')
    .description('lists of any form as one compiled file that `lists:` and `exclude:` take; a run does that by itself for large text lists')
    .argument('<lists...>', 'files or folders, as in `lists:` of the step `url`; compiled files are taken over')
    .requiredOption('-o, --out <file>', 'the compiled file, such as lists.urlset')
    .option('--json', 'counts as one JSON object, for programs')
    .action(
      action(async (lists: string[], options: { out: string; json?: boolean }) => {
        const { compiledInWords, compileUrlLists } = await import('../url-lists.js');
        const compiled = await compileUrlLists(lists, options.out);
        await data(options.json === true ? `${JSON.stringify(compiled)}\n` : `${options.out}: ${compiledInWords(compiled)}\n`);
        return EXIT.done;
      }),
    );
}
