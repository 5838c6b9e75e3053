// The inputs of a run that failed for good: noted in the ledger, left out of barriers, counted against --allow-failed.
// Invariant: an input fails once, by name, and a run goes on only while it has an input left and no more failed than allowed.
import { type ErrorCode, RefineError } from '../native/errors.js';
import type { TaskFailure } from './executors/executor.js';
import { fileSha256 } from './identity.js';
import type { Ledger } from './ledger.js';
import type { LockedRun } from './run-lock.js';
import type { FailedInput } from './run-summary.js';
import { entryBase, type MapSpec } from './tasks.js';

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

  /** Reads the local inputs of finished tasks again; fails those whose sha256 is not what was read then (--verify-inputs). */
  async verify(locked: LockedRun, firstMap: (number: number) => MapSpec, signal: AbortSignal): Promise<void> {
    const done = await this.#ledger.doneOf(locked.inputs.map((_, number) => firstMap(number).task));
    for (const [number, input] of locked.inputs.entries()) {
      signal.throwIfAborted();
      if (this.has(number) || /^(?:https?|s3):/i.test(input.location)) continue;
      const spec = firstMap(number);
      const read = done.get(spec.task)?.source?.sha256;
      if (read === undefined || read === null) continue;
      const found = await fileSha256(input.location).catch((cause: NodeJS.ErrnoException) => cause.code ?? 'unreadable');
      if (found !== read) await this.#failUntried(spec, `changed since it was read: sha256 is ${found}, ${read} was read.`);
    }
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
