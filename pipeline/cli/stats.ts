// `refine stats RUN`: the funnel by step and reason, and what was kept.
import type { Command } from 'commander';
import { collectStats } from '../stats.js';
import { statsText } from '../stats-text.js';
import { action, data, EXIT } from './command.js';

export function registerStats(program: Command): void {
  program
    .command('stats')
    .description('funnel by step and reason, languages, hosts, lengths, tokens, duplicates; also on bare shards')
    .argument('<run>', 'a run folder, or a folder of .arrow shards')
    .option('--json', 'one JSON object, for programs')
    .action(
      action(async (run: string, options: { json?: boolean }) => {
        const stats = await collectStats(run);
        await data(options.json === true ? `${JSON.stringify(stats, null, 2)}\n` : statsText(stats));
        return EXIT.done;
      }),
    );
}
