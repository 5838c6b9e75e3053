// `refine clean RUN...`: removes scratch/ of finished runs and says what that freed.
import type { Command } from 'commander';
import { cleanRun } from '../clean-run.js';
import { bytes } from '../stats-text.js';
import { action, EXIT, words } from './command.js';

export function registerClean(program: Command): void {
  program
    .command('clean')
    .description('removes scratch/ of finished runs; stats, report, check, load and going on work as before')
    .argument('<runs...>', 'run folders')
    .option('--force', 'also of a run that is not finished: its work in there is done again')
    .option('--dry-run', 'only says what would be freed')
    .action(
      action(async (runs: readonly string[], options: { force?: boolean; dryRun?: boolean }) => {
        for (const run of runs) {
          const freed = await cleanRun(run, { force: options.force ?? false, dryRun: options.dryRun ?? false });
          words(`${run}: ${freed.files} files of scratch/, ${bytes(freed.bytes)} ${options.dryRun === true ? 'would be freed' : 'freed'}`);
        }
        return EXIT.done;
      }),
    );
}
