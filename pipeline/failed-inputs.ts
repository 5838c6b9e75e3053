// The inputs of a run that failed for good: noted in the ledger, left out of barriers, counted against --allow-failed.
// Invariant: an input fails once, by name, and a run goes on only while it has an input left and no more failed than allowed.
import { type ErrorCode, RefineError } from '../native/errors.js';
import type { Input, SourceReader } from '../stages/contract/source.js';
import { isRemote } from '../stages/fetch/input-identity.js';
import type { TaskFailure } from './executors/executor.js';
import { fileSha256 } from './identity.js';
import type { Ledger } from './ledger.js';
import type { LockedRun } from './run-lock.js';
import type { FailedInput } from './run-summary.js';
import { entryBase, type MapSpec } from './tasks.js';

type OpenInput = (input: Input) => SourceReader;

export class FailedInputs {
  readonly #ledger: Ledger;
  readonly #folder: string;
  readonly #failed = new Map<number, FailedInput>();

  constructor(folder: string, ledger: Ledger) {
    this.#folder = folder;
    this.#ledger = ledger;
  }

  has(number: number): boolean {
    return this.#failed.has(number);
  }

  /** Ascending by input number. */
  all(): readonly FailedInput[] {
    return [...this.#failed.values()].sort((a, b) => a.number - b.number);
  }

  tasks(): readonly string[] {
    return this.all().map(({ task }) => task);
  }

  /** An input whose map task failed; its ledger entry stands already (`recordFailure`). */
  add({ spec, code, message, place }: Omit<TaskFailure, 'spec'> & { readonly spec: MapSpec }): void {
    const { task, number, label, input } = spec;
    this.#failed.set(number, { task, number, label, input: input.path, code, message, place });
  }

  /** Fails, without a try, the inputs whose content is not what the run began with. */
  async failChanged(locked: LockedRun, firstMap: (number: number) => MapSpec): Promise<void> {
    for (const { input, locked: held } of locked.changed) {
      const number = locked.inputs.findIndex((other) => other.path === input.path);
      await this.#failUntried(firstMap(number), `changed since the run began: found ${input.identity}, expected ${held.identity}.`);
    }
  }

  /**
   * Reads the local inputs of finished tasks again; fails those whose sha256 is not what was read then (--verify-inputs). The sentence
   * says how many were read, and how many were not and why.
   */
  async verify(locked: LockedRun, firstMap: (number: number) => MapSpec, open: OpenInput, signal: AbortSignal): Promise<string> {
    const done = await this.#ledger.doneOf(locked.inputs.map((_, number) => firstMap(number).task));
    const seen = { read: 0, remote: 0, without: 0 };
    for (const [number, input] of locked.inputs.entries()) {
      signal.throwIfAborted();
      const spec = firstMap(number);
      const entry = done.get(spec.task);
      if (this.has(number) || entry === undefined) continue;
      const read = entry.source?.sha256 ?? null;
      if (isRemote(input.location)) seen.remote++;
      else if (read === null) seen.without++;
      else {
        seen.read++;
        const found = await digestOf(input, open, signal);
        if (found !== `sha256 is ${read}`) await this.#failUntried(spec, `changed since it was read: ${found}, sha256 ${read} was read.`);
      }
    }
    const remote = seen.remote === 0 ? '' : `; ${seen.remote} remote, compared by size and ETag alone`;
    const without = seen.without === 0 ? '' : `; ${seen.without} read by an earlier version, which noted no sha256 of them`;
    return `--verify-inputs: ${seen.read} ${seen.read === 1 ? 'input' : 'inputs'} read again${remote}${without}`;
  }

  async #failUntried(spec: MapSpec, what: string): Promise<void> {
    const failure = {
      spec,
      code: 'ERR_REFINE_INPUT_CHANGED' satisfies ErrorCode,
      message: `${what} Restore the file, or take the new one with --update.`,
      place: spec.input.path,
    };
    await recordFailure(this.#ledger, failure, failure.message);
    this.add(failure);
  }

  /** What ends the run: more failed than `allowed`, or nothing is left. */
  tooMany(allowed: number, inputs: number): RefineError | null {
    const failed = this.all();
    if (failed.length === 0 || (failed.length <= allowed && failed.length < inputs)) return null;
    return tasksFailed(
      this.#folder,
      failed.map(({ label, code, message }) => `${code} ${label}  ${message}`),
      allowed,
    );
  }
}

/** `sha256 <hex>` of what a task would read of a local input, or why it cannot be read. */
async function digestOf(input: Input, open: OpenInput, signal: AbortSignal): Promise<string> {
  try {
    // Of these a task reads parts, as the file itself or an index says: what it read is found by reading so again.
    if (input.format !== 'parquet' && input.members === undefined) return `sha256 is ${await fileSha256(input.location)}`;
    const reader = open(input);
    for await (const _ of reader.batches(signal)) signal.throwIfAborted();
    return `sha256 is ${reader.counts().sha256}`;
  } catch (error) {
    signal.throwIfAborted();
    return `it cannot be read (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`;
  }
}

export async function recordFailure(ledger: Pick<Ledger, 'put'>, { spec, code }: TaskFailure, message: string): Promise<void> {
  await ledger.put({ ...entryBase(spec), state: 'failed', code, message });
}

/** The message with its place where the task's label does not name it already: a URL, a file below the run folder. */
export function messageOf({ spec, message, place }: TaskFailure): string {
  return place === undefined || spec.label.endsWith(place) ? message : `${place}: ${message}`;
}

/** `allowed`: inputs that --allow-failed lets fail; null for tasks of barriers, which no run can go on without. */
export function tasksFailed(folder: string, lines: readonly string[], allowed: number | null): RefineError {
  const shown = lines.slice(0, 20).map((line) => `\n  ${line.split('\n')[0]}`);
  const more = lines.length > shown.length ? `\n  and ${lines.length - shown.length} more (ledger/*.failed.json)` : '';
  const limit = allowed === null || allowed === 0 ? '' : `, --allow-failed is ${allowed}`;
  const noun = lines.length === 1 ? '1 task' : `${lines.length} tasks`;
  const without = allowed === null ? '' : `, or go on without with --allow-failed ${lines.length}`;
  return new RefineError(
    'ERR_REFINE_TASKS_FAILED',
    `${noun} failed${limit}; final shards were not made. Run the same command again to retry them${without}:${shown.join('')}${more}`,
    { place: folder },
  );
}
