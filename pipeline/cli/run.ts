// `refine run MANIFEST`: runs or resumes a manifest, then says where the shards are and what to type next.
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { duration } from '../../stages/contract/units.js';
import type { AskedDevice } from '../device.js';
import { loadManifest } from '../manifest.js';
import { manifestWarnings } from '../manifest-warnings.js';
import { progressTo } from '../progress.js';
import { summaryText } from '../run-summary.js';
import { runManifest } from '../runner.js';
import { action, collect, count, EXIT, interruptible, words } from './command.js';

interface Options {
  readonly out?: string;
  readonly set?: readonly string[];
  readonly workers?: number;
  readonly allowFailed: number;
  readonly stall?: number;
  readonly update?: boolean;
  readonly verifyInputs?: boolean;
  readonly device: AskedDevice;
}

export function device(text: string): AskedDevice {
  if (!['auto', 'cpu', 'cuda'].includes(text)) throw new InvalidArgumentError('expected auto, cpu or cuda.');
  return text as AskedDevice;
}

export function stallTime(text: string): number {
  const parsed = duration().safeParse(text);
  if (!parsed.success || parsed.data < 1000) throw new InvalidArgumentError('expected a time of at least 1s, such as 90s, 10m or 1h.');
  return parsed.data;
}

export function registerRun(program: Command): void {
  program
    .command('run')
    .description('runs a manifest, or resumes it: the same command goes on where it stopped')
    .argument('<manifest>', 'a manifest (YAML), such as manifests/sample.yaml')
    .option('--out <dir>', 'the run folder (default: runs/<name of the manifest>)')
    .option('--set <step.option=value>', 'writes an option, or a path of the manifest, such as seed=7; may stand several times', collect)
    .option('--workers <n>', 'worker processes of at most 1 GiB each (default: one a core, as memory allows)', count('--workers', 1))
    .option('--device <device>', 'where model steps compute: auto (a GPU where one is usable), cpu or cuda', device, 'auto')
    .option('--allow-failed <n>', 'goes on without at most so many inputs', count('--allow-failed', 0), 0)
    .option('--stall <time>', 'ends a worker that makes no progress for so long, such as 30m (default: 10m)', stallTime)
    .option('--update', 'brings a run folder of another manifest up to date: redoes only what changed')
    .option('--verify-inputs', 'compares the sha256 of inputs that are done with what was read then')
    .action(
      action(async (path: string, options: Options) => {
        const manifest = await loadManifest(path, { sets: options.set ?? [] });
        for (const warning of manifestWarnings(manifest)) words(warning);
        const { signal, done } = interruptible();
        try {
          const summary = await runManifest(manifest, {
            out: options.out ?? join('runs', manifest.name),
            allowFailed: options.allowFailed,
            update: options.update ?? false,
            verifyInputs: options.verifyInputs ?? false,
            signal,
            progress: progressTo(process.stderr),
            notice: words,
            device: options.device,
            ...(options.stall === undefined ? {} : { stallMs: options.stall }),
            ...(options.workers === undefined ? {} : { workers: options.workers }),
          });
          words(summaryText(summary).trimEnd());
          return EXIT.done;
        } finally {
          done();
        }
      }),
    );
}
