// `refine status RUN`: how far a run is, from its folder alone, on this machine or another that shares the disk.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { RunStatus } from '../status.js';
import { isAddress } from '../storage/object-store.js';
import { action, data, EXIT, interruptedExit, interruptible } from './command.js';

const WATCH_MS = 5000;
/** Of a run on S3: its parent tells no oftener, and each look lists the whole run. */
const WATCH_STORE_MS = 30_000;
/** A run that no process works on and that is neither done nor failed. */
const STOPPED = 3;

export function registerStatus(program: Command): void {
  program
    .command('status')
    .description('how far a run is: level, tasks, rates, ETA, stragglers, failures with the next move; reads only')
    .argument('<run>', 'a run folder, here or at s3://BUCKET/PREFIX')
    .option('--watch', 'again every few seconds until no process works on it')
    .option('--json', 'one JSON object, with --watch one a line')
    .addHelpText('after', '\nExit codes: 0 running or finished, 1 failed (or no run folder), 3 stopped before its end.')
    .action(
      action(async (run: string, options: { watch?: boolean; json?: boolean }) => {
        const { runStatus, statusOf } = await import('../status.js');
        const { statusText } = await import('../status-text.js');
        const { signal, done } = interruptible();
        try {
          for (;;) {
            const status = isAddress(run) ? await statusOf(await (await import('../storage/stored-status.js')).lookAtStore(run, signal)) : await runStatus(run);
            if (options.json === true) await data(`${JSON.stringify(status, null, options.watch === true ? 0 : 2)}\n`);
            else await data(`${options.watch === true && process.stdout.isTTY ? '\u001b[2J\u001b[H' : ''}${statusText(status)}`);
            if (options.watch !== true || status.state !== 'running' || signal.aborted) return exitOf(status);
            await sleep(isAddress(run) ? WATCH_STORE_MS : WATCH_MS, undefined, { signal }).catch(() => undefined);
            if (signal.aborted) return interruptedExit();
          }
        } finally {
          done();
        }
      }),
    );
}

function exitOf({ state }: RunStatus): number {
  return state === 'failed' ? EXIT.failed : state === 'stopped' ? STOPPED : EXIT.done;
}
