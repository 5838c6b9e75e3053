// `refine plan MANIFEST`: what would run, what is done already, and what it would take by a sample's run. Touches no run folder.
import { join } from 'node:path';
import type { Command } from 'commander';
import type { AskedDevice } from '../device.js';
import { SAMPLE_BYTES } from '../plan-sample-bytes.js';
import { action, collect, count, data, EXIT, interruptible, memory, words } from './command.js';
import { deviceOption } from './run.js';

interface Options {
  readonly out?: string;
  readonly set?: readonly string[];
  readonly workers?: number;
  readonly nodes?: number;
  readonly sample?: number;
  readonly device: AskedDevice;
  readonly prices?: string;
  readonly egress?: boolean;
  readonly json?: boolean;
}

export function registerPlan(program: Command): void {
  program
    .command('plan')
    .description('what would run, what is done already, and time, memory, disk, transfer and cost from a run of a sample; touches nothing')
    .argument('<manifest>', 'a manifest (YAML)')
    .option('--out <dir>', 'the run folder (default: runs/<name of the manifest>)')
    .option('--set <step.option=value>', 'as for run; may stand several times', collect)
    .option('--workers <n>', 'worker processes to reckon with, each a core; of one machine where --nodes stands', count('--workers', 1))
    .option('--nodes <n>', 'machines of a cluster to reckon with', count('--nodes', 1))
    .addOption(deviceOption('as for run'))
    .option('--sample <size>', `bytes of inputs that the sample reads (default: ${SAMPLE_BYTES >> 20}MiB; more narrows the ranges)`, memory('--sample'))
    .option('--prices <file>', 'a price file: what core hours, disk, transfer and requests cost (infra/prices/example.yaml is one to copy)')
    .option('--egress', 'reckons the bytes of remote inputs as egress too (requester pays, another region)')
    .option('--json', 'one JSON object, for programs')
    .addHelpText('after', '\nExample: refine plan manifests/sample.yaml --workers 4 --prices infra/prices/example.yaml')
    .action(
      action(async (path: string, options: Options) => {
        const { loadManifest } = await import('../manifest.js');
        const { manifestWarnings } = await import('../manifest-warnings.js');
        const { planRun } = await import('../plan.js');
        const { planText } = await import('../plan-text.js');
        const manifest = await loadManifest(path, { sets: options.set ?? [] });
        for (const warning of manifestWarnings(manifest)) words(warning);
        const prices = options.prices === undefined ? undefined : await (await import('../prices.js')).readPrices(options.prices);
        const { signal, done } = interruptible();
        try {
          const workers = options.workers === undefined && options.nodes === undefined ? undefined : (options.workers ?? 1) * (options.nodes ?? 1);
          const plan = await planRun(
            manifest,
            options.out ?? join('runs', manifest.name),
            {
              device: options.device,
              egress: options.egress ?? false,
              ...(workers === undefined ? {} : { workers }),
              ...(options.sample === undefined ? {} : { sampleBytes: options.sample }),
              ...(prices === undefined ? {} : { prices }),
            },
            signal,
          );
          await data(options.json === true ? `${JSON.stringify(plan, null, 2)}\n` : planText(plan));
          return EXIT.done;
        } finally {
          done();
        }
      }),
    );
}
