// What every command shares: exit codes, how errors reach people, argument parsers. stdout carries data, stderr words.
import { type Command, CommanderError, InvalidArgumentError } from 'commander';
import { type ErrorCode, RefineError } from '../../native/errors.js';
import { visible, withoutSecrets } from '../../native/redact.js';
import { bytesOf } from '../../stages/contract/quantities.js';
import { tooManyFiles } from '../too-many-files.js';

export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** Signals that commands heed, and what a shell says of any program that one ended: 128 and the signal's number. */
const STOPPED = { SIGINT: 130, SIGTERM: 143 } as const;
type StopSignal = keyof typeof STOPPED;

let stoppedBy: StopSignal = 'SIGINT';

/** The exit code of a command that was interrupted, by the signal that did it. */
export function interruptedExit(): number {
  return STOPPED[stoppedBy];
}

/** Calls `stop` at every SIGINT and SIGTERM, in place of the process's end; `off` gives them back. */
export function onStopSignal(stop: () => void): { readonly off: () => void } {
  const heed = (signal: NodeJS.Signals): void => {
    stoppedBy = signal as StopSignal;
    stop();
  };
  const signals = Object.keys(STOPPED) as StopSignal[];
  for (const signal of signals) process.on(signal, heed);
  return {
    off: () => {
      for (const signal of signals) process.off(signal, heed);
    },
  };
}

/** Codes whose message is all there is to say: what to type stands in it, or nothing is wrong. */
const SELF_EXPLAINED: readonly ErrorCode[] = ['ERR_REFINE_USAGE', 'ERR_REFINE_MANIFEST', 'ERR_REFINE_INTERRUPTED'];

function quietly(text: string): string {
  return process.stderr.isTTY === true && (process.env.NO_COLOR ?? '') === '' ? `\u001b[2m${text}\u001b[22m` : text;
}

/** Prints an error the way people read it and gives the exit code. An unexpected one keeps its stack: it is a bug. */
export function reportError(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage; // commander has printed it
  if (error instanceof RefineError) {
    words(error.format());
    if (!SELF_EXPLAINED.includes(error.code)) words(quietly(`(more: npx refine explain ${error.code})`));
    return exitOf(error.code);
  }
  const { code } = Object(error) as { code?: unknown };
  if (error instanceof Error && typeof code === 'string' && code.startsWith('ERR_REFINE_'))
    // the core's own, thrown as a plain Error
    return reportError(new RefineError(code as ErrorCode, error.message, { cause: error }));
  const many = tooManyFiles(error);
  if (many !== null) return reportError(many);
  words(withoutSecrets(`ERR_REFINE_INTERNAL ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`));
  return EXIT.failed;
}

function exitOf(code: ErrorCode): number {
  if (code === 'ERR_REFINE_INTERRUPTED') return interruptedExit();
  return code === 'ERR_REFINE_USAGE' ? EXIT.usage : EXIT.failed;
}

/** A line for people. What a page, a file or a server put into it cannot write on their terminal, now or when a log is shown. */
export function words(line: string): void {
  process.stderr.write(`${visible(line, true)}\n`);
}

/** Data for programs, as it is; on a terminal control characters are spelled out. Waits while a pipe is full. A reader that went away (`| head`) ends the process quietly. */
export async function data(text: string | Uint8Array): Promise<void> {
  const shown = process.stdout.isTTY === true && typeof text === 'string' ? visible(text) : text;
  if (!process.stdout.write(shown)) await new Promise<void>((resolve) => process.stdout.once('drain', resolve));
}

export function count(name: string, least: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) throw new InvalidArgumentError(`${name} is a whole number from ${least} up.`);
    return value;
  };
}

/** A part that is left out of a whole: 0 is none, and some must be left. */
export function share(name: string) {
  return (text: string): number => {
    const value = Number(text);
    if (!/^(0|0?\.\d+)$/.test(text) || value >= 1) throw new InvalidArgumentError(`${name} is a share from 0 to less than 1, such as 0.05.`);
    return value;
  };
}

export function memory(name: string) {
  return (text: string): number => {
    const bytes = bytesOf(text);
    if (bytes === null || bytes < 1 << 20) throw new InvalidArgumentError(`${name} is a size from 1MiB up, such as 4GiB.`);
    return bytes;
  };
}

/** Collects an option that may stand several times. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/** Runs a command's body and leaves its verdict in the exit code. */
export function action<Arguments extends unknown[]>(body: (...args: Arguments) => Promise<number | undefined>): (...args: Arguments) => Promise<void> {
  return async (...args) => {
    process.exitCode = (await body(...args)) ?? EXIT.done;
  };
}

/** A signal that Ctrl-C or SIGTERM aborts; a second one ends the process at once. */
export function interruptible(): { readonly signal: AbortSignal; readonly done: () => void } {
  const controller = new AbortController();
  const { off } = onStopSignal(() => {
    if (controller.signal.aborted) process.exit(interruptedExit());
    controller.abort(new RefineError('ERR_REFINE_INTERRUPTED', 'interrupted. Run the same command again to go on.'));
  });
  return { signal: controller.signal, done: off };
}

export type Register = (program: Command) => void;
