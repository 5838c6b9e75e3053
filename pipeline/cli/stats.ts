// `refine stats RUN`: the funnel by step and reason, and what was kept.
import type { Command } from 'commander';
import { statsText } from '../stats-text.js';
import { action, collect, data, EXIT, words } from './command.js';

export function registerStats(program: Command): void {
  program
    .command('stats')
    .description('funnel by step and reason, languages, hosts, lengths, tokens, duplicates; also on bare shards')
    .argument('<run>', 'a run folder, here or at s3://BUCKET/PREFIX or https://HOST/RUN, or a folder of .arrow shards')
    .option('--json', 'one JSON object, for programs')
    .option('--what-if <step.option=value>', 'what another threshold would keep, from features/ alone; may stand several times', collect)
    .action(
      action(async (named: string, options: { json?: boolean; whatIf?: readonly string[] }) => {
        const { localCopy } = await import('../storage/read-run.js');
        const { collectStats, ledgerStats } = await import('../stats.js');
        const run = await localCopy(named, options.whatIf === undefined ? ['text', 'index'] : ['features', 'index'], words);
        if (options.whatIf !== undefined) {
          const { readRun } = await import('../run-folder.js');
          const { whatIf } = await import('../what-if.js');
          const { whatIfText } = await import('../what-if-text.js');
          const state = await readRun(run);
          const [stats, found] = [await ledgerStats(state), await whatIf(state, options.whatIf)];
          await data(options.json === true ? `${JSON.stringify({ ...stats, what_if: found }, null, 2)}\n` : whatIfText(stats, found));
          return EXIT.done;
        }
        const stats = await collectStats(run);
        await data(options.json === true ? `${JSON.stringify(stats, null, 2)}\n` : statsText(stats));
        return EXIT.done;
      }),
    );
}
