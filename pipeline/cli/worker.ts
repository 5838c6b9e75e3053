// `refine worker RUN`: what a cluster engine starts on its nodes: an element of an array, or (`--drive`) the driver of a submitted run.
import type { Command } from 'commander';
import { RefineError } from '../../native/errors.js';
import { EXIT_INTERRUPTED, EXIT_STOPPED, EXIT_TIME } from '../executors/worker-exit.js';
import { isAddress } from '../storage/object-store.js';
import { action, count, EXIT, words } from './command.js';

interface Options {
  readonly level?: string;
  readonly index?: number;
  readonly drive?: boolean;
}

/** SIGTERM: the cluster wants the place. SIGUSR2: the job's time is nearly over (sbatch --signal). The second of either ends it at once. */
function stopSignals(): { readonly signal: AbortSignal; readonly code: () => number } {
  const controller = new AbortController();
  let code = EXIT_STOPPED;
  const on = (exit: number) => (): void => {
    if (controller.signal.aborted) process.exit(code);
    code = exit;
    controller.abort(new RefineError('ERR_REFINE_INTERRUPTED', 'told to stop.'));
  };
  process.on('SIGTERM', on(EXIT_STOPPED)).on('SIGINT', on(EXIT_INTERRUPTED)).on('SIGUSR2', on(EXIT_TIME));
  return { signal: controller.signal, code: () => code };
}

export function registerWorker(program: Command): void {
  program
    .command('worker')
    .description('runs one element of an array of jobs; started by a cluster engine, not by people')
    .argument('<run>', 'the run folder, mounted on this node; of a run on S3 its work folder')
    .option('--level <level>', 'the array: a folder below scratch/executor')
    .option('--index <i>', "the element (default: the engine's variable: SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX)", count('--index', 0))
    .option('--drive', 'goes on with a submitted run: computes what comes next and submits it')
    .action(
      action(async (run: string, options: Options) => {
        if (isAddress(run))
          throw new RefineError(
            'ERR_REFINE_USAGE',
            'is no folder. Jobs of a run on S3 work in its work folder, on a file system that all nodes share: name that',
            {
              place: run.replace(/[?#].*$/s, ''),
            },
          );
        const { signal, code } = stopSignals();
        if (options.drive === true) {
          try {
            const { driveRun } = await import('../executors/chain.js');
            const { lineProgress } = await import('../progress.js');
            const { summaryText } = await import('../run-summary.js');
            const summary = await driveRun(run, { signal, progress: lineProgress(process.stderr), notice: words });
            words(summary === null ? 'handed over: the next driver goes on when the submitted jobs have ended' : summaryText(summary).trimEnd());
            return EXIT.done;
          } catch (error) {
            if (signal.aborted) return code();
            throw error;
          }
        }
        if (options.level === undefined || !/^[a-z0-9][a-z0-9.-]*$/.test(options.level))
          throw new RefineError(
            'ERR_REFINE_USAGE',
            `is ${options.level === undefined ? 'missing' : JSON.stringify(options.level)}, expected the name of a level, such as 0001-map-0.`,
            { place: '--level' },
          );
        const { elementIndex, runElement } = await import('../executors/node-worker.js');
        const outcome = await runElement({ runFolder: run, level: options.level, index: elementIndex(options.index, process.env), stop: signal, say: words });
        return outcome.left === 0 ? EXIT.done : signal.aborted ? code() : EXIT.failed;
      }),
    );
}
