// One array that was submitted: which of its tasks and elements are still open. Invariant: a task ends once, as done, failed or to be tried
// again; an element is settled once none of its tasks is open and its job has ended.
import { open } from 'node:fs/promises';
import type { TaskSpec } from '../tasks.js';
import { elementLog, type LevelNote, type Tried, UNTRIED } from './level-folder.js';

interface Submitted {
  readonly job: string;
  readonly name: string;
  readonly note: LevelNote;
  readonly elements: number;
  /** In the order of the level; null where a task is not wanted any more (an array that was taken over). */
  readonly specs: readonly (TaskSpec | null)[];
  readonly timeMs?: number;
  /** A person ended it before this parent began. */
  readonly cancelled?: boolean;
}

export class ClusterArray {
  readonly job: string;
  readonly level: string;
  readonly note: LevelNote;
  readonly timeMs: number | undefined;
  readonly cancelled: boolean;
  /** Open ones, by identity. */
  readonly tasks = new Map<string, TaskSpec>();
  readonly makesAgain: boolean;
  readonly #specs: readonly (TaskSpec | null)[];
  readonly #open: Set<number>;
  readonly #endedAt = new Map<number, number>();
  readonly #told = new Set<string>();
  /** By running element: its first task that is not known to have ended; how many tasks from its beginning are known to have begun. */
  readonly #heads = new Map<number, { first: number; begun: number }>();
  readonly #failed: string[] = [];
  #done = 0;
  #again = 0;

  constructor({ job, note, elements, specs, timeMs, cancelled = false }: Submitted) {
    this.job = job;
    this.note = note;
    this.level = note.level;
    this.timeMs = timeMs;
    this.cancelled = cancelled;
    this.#specs = specs;
    this.#open = new Set(Array.from({ length: elements }, (_, index) => index));
    for (const spec of specs) if (spec !== null) this.tasks.set(spec.task, spec);
    this.makesAgain = specs.some((spec) => spec?.kind === 'map' && spec.again !== undefined);
  }

  /** Elements that are not settled. */
  get unsettled(): number {
    return this.#open.size;
  }

  pending(): readonly number[] {
    return [...this.#open];
  }

  unfinishedOf(index: number): readonly { readonly spec: TaskSpec; readonly tried: Tried }[] {
    const { chunk, tried } = this.note;
    const found: { spec: TaskSpec; tried: Tried }[] = [];
    for (let at = index * chunk; at < Math.min(this.#specs.length, (index + 1) * chunk); at++) {
      const spec = this.#specs[at];
      if (spec != null && this.tasks.has(spec.task)) found.push({ spec, tried: tried[at] ?? UNTRIED });
    }
    return found;
  }

  /** Of a running element, which takes its tasks in their order: those that must be running and were not told before. */
  begun(index: number): readonly { readonly spec: TaskSpec; readonly tried: Tried }[] {
    const { chunk, workers, tried } = this.note;
    const head = this.#heads.get(index) ?? { first: index * chunk, begun: index * chunk };
    this.#heads.set(index, head);
    const end = Math.min(this.#specs.length, (index + 1) * chunk);
    const isOpen = (at: number): boolean => this.#specs[at] != null && this.tasks.has(this.#specs[at]!.task);
    while (head.first < end && !isOpen(head.first)) head.first++;
    const fresh: { spec: TaskSpec; tried: Tried }[] = [];
    for (let [at, running] = [head.first, 0]; at < end && running < workers; at++) {
      if (!isOpen(at)) continue;
      running++;
      if (at < head.begun) continue;
      head.begun = at + 1;
      fresh.push({ spec: this.#specs[at]!, tried: tried[at] ?? UNTRIED });
    }
    return fresh;
  }

  /** It waits again: what ran in it will begin anew. */
  requeued(index: number): void {
    this.#heads.delete(index);
  }

  /** Whether every task of the element had a worker from its beginning. */
  allAtOnce(index: number): boolean {
    const { chunk, workers } = this.note;
    return Math.min(this.#specs.length - index * chunk, chunk) <= workers;
  }

  finish(task: string, how: 'done' | 'failed' | 'again'): void {
    if (!this.tasks.delete(task)) return;
    if (how === 'done') this.#done++;
    else if (how === 'failed') this.#failed.push(task);
    else this.#again++;
  }

  /** Milliseconds since the element was first seen as ended. */
  endedFor(index: number, now: number): number {
    const first = this.#endedAt.get(index);
    if (first === undefined) this.#endedAt.set(index, now);
    return now - (first ?? now);
  }

  /** It was requeued, or the engine spoke too soon. */
  seenAlive(index: number): void {
    this.#endedAt.delete(index);
  }

  settle(index: number): void {
    this.#open.delete(index);
  }

  outcome(): { readonly done: number; readonly failed: readonly string[]; readonly again: number } {
    return { done: this.#done, failed: this.#failed, again: this.#again };
  }

  /** True the first time. */
  told(reason: string): boolean {
    if (this.#told.has(reason)) return false;
    this.#told.add(reason);
    return true;
  }
}

const WORDS_BYTES = 4096;

/** The last line of an element's log. */
export async function lastWords(runFolder: string, level: string, index: number): Promise<{ readonly log: string; readonly words: string | null }> {
  const log = elementLog(runFolder, level, index);
  try {
    const file = await open(log, 'r');
    try {
      const { size } = await file.stat();
      const bytes = Buffer.alloc(Math.min(size, WORDS_BYTES));
      await file.read(bytes, 0, bytes.length, size - bytes.length);
      const lines = bytes
        .toString('utf8')
        .split('\n')
        .filter((line) => line.trim() !== '');
      return { log, words: lines.at(-1)?.slice(0, 300) ?? null };
    } finally {
      await file.close();
    }
  } catch {
    return { log, words: null };
  }
}
