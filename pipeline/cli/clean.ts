// `refine clean RUN...`: removes scratch/ of finished runs and says what that freed.
import type { Command } from 'commander';
import { RefineError } from '../../native/errors.js';
import { bytes } from '../stats-text.js';
import { isAddress } from '../storage/object-store.js';
import { action, EXIT, interruptible, words } from './command.js';

export function registerClean(program: Command): void {
  program
    .command('clean')
    .description('removes scratch/ of finished runs; stats, report, check, load and going on work as before')
    .argument('<runs...>', 'run folders, here or at s3://BUCKET/PREFIX')
    .option('--force', 'also of a run that is not finished: its work in there is done again')
    .option('--dry-run', 'only says what would be freed')
    .option('--work <dir>', 'of a run on S3: its work folder here (default: below the cache folder)')
    .action(
      action(async (runs: readonly string[], options: { force?: boolean; dryRun?: boolean; work?: string }) => {
        const freed = options.dryRun === true ? 'would be freed' : 'freed';
        const told = (run: string, of: { files: number; bytes: number }): void => words(`${run}: ${of.files} files of scratch/, ${bytes(of.bytes)} ${freed}`);
        if (options.work !== undefined && (runs.length !== 1 || !isAddress(runs[0]!)))
          throw new RefineError('ERR_REFINE_USAGE', 'goes with one run at s3://BUCKET/PREFIX: scratch of a run in a folder lies there.', { place: '--work' });
        for (const run of runs) {
          if (!isAddress(run)) {
            const { cleanRun } = await import('../clean-run.js');
            told(run, await cleanRun(run, { force: options.force ?? false, dryRun: options.dryRun ?? false }));
            continue;
          }
          const { signal, done } = interruptible();
          try {
            const { here, there } = await (await import('../storage/stored-clean.js')).cleanStored(run, { ...options, notice: words, signal });
            told(run, there);
            told('its work folder on this machine', here);
          } finally {
            done();
          }
        }
        return EXIT.done;
      }),
    );
}
