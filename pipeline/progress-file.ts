// RUN/scratch/progress.json: what the parent knows and the ledger does not, written now and then for `refine status`: the level,
// which tasks run where and since when, rates of the last minutes. Invariant: it appears whole (renamed), decides nothing, is never
// part of a result, and a run that reached its end leaves none.
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { makeFolder } from './atomic-file.js';
import { processStart } from './platform.js';
import type { ProgressEvent, TakenTask } from './progress-events.js';
import { type LevelTally, Tally } from './progress-tally.js';

export interface RunningTask extends TakenTask {
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** Sums since the level began, at a moment. */
export interface Mark {
  readonly at: number;
  readonly documents: number;
  readonly bytes: number;
  readonly tasks: number;
}

export interface ProgressState {
  readonly format: 1;
  readonly pid: number;
  readonly host: string;
  readonly start: string | null;
  /** When it was written. */
  readonly at: number;
  readonly startedAt: number;
  readonly workers: number;
  readonly inputs: number;
  readonly bytes: number | null;
  readonly documents: number;
  readonly bytesRead: number;
  readonly retries: number;
  readonly failed: number;
  readonly level: LevelTally | null;
  readonly running: readonly RunningTask[];
  readonly marks: readonly Mark[];
  /** Milliseconds that a task of this level took, by the median; null before any is done. */
  readonly medianMs: number | null;
  /** The parent's own end, where it came to one: `code` of the error. */
  readonly ended: { readonly at: number; readonly code: string } | null;
}

/** Below the run folder. */
export const PROGRESS = 'scratch/progress.json';
/** No oftener than this; a level's begin and the end at once. */
const WRITE_MS = 5000;
const MARK_MS = 10_000;
const MARKS = 60;
const MAX_RUNNING = 2000;
const MAX_TIMES = 1001;

export class ProgressFile {
  readonly #path: string;
  readonly #now: () => number;
  readonly #tally: Tally;
  readonly #running = new Map<string, RunningTask>();
  #marks: Mark[] = [];
  #times: number[] = [];
  #ended: ProgressState['ended'] = null;
  #written = 0;
  #writing: Promise<void> = Promise.resolve();
  #busy = false;

  constructor(folder: string, now: () => number = Date.now) {
    this.#path = join(folder, PROGRESS);
    this.#now = now;
    this.#tally = new Tally(now);
  }

  take(event: ProgressEvent): void {
    const now = this.#now();
    this.#tally.take(event);
    switch (event.type) {
      case 'begin': {
        const { type: _, ...task } = event;
        this.#running.set(event.task, { ...task, since: now });
        break;
      }
      case 'task':
        if (event.task === undefined) break;
        if (event.state === 'done') {
          const begun = this.#running.get(event.task)?.since;
          if (begun !== undefined && this.#times.length < MAX_TIMES) this.#times.push(now - begun);
        }
        this.#running.delete(event.task);
        break;
      case 'phase':
        this.#running.clear();
        this.#marks = [];
        this.#times = [];
        break;
      case 'end':
        this.#running.clear();
        this.#ended = event.code === undefined ? null : { at: now, code: event.code };
        break;
    }
    const { level } = this.#tally;
    if (level === null) return;
    if (now - (this.#marks.at(-1)?.at ?? 0) >= MARK_MS) {
      this.#marks.push({ at: now, documents: level.documents, bytes: level.bytes, tasks: level.done });
      if (this.#marks.length > MARKS) this.#marks.shift();
    }
    if (event.type !== 'end' && (event.type === 'phase' || now - this.#written >= WRITE_MS)) this.#write(now);
  }

  state(now: number): ProgressState {
    const { level, workers, inputs, inputBytes, documents, bytes, retries, failed, started } = this.#tally;
    const times = [...this.#times].sort((a, b) => a - b);
    return {
      format: 1,
      pid: process.pid,
      host: hostname(),
      start: processStart(process.pid),
      at: now,
      startedAt: started,
      workers,
      inputs,
      bytes: inputBytes,
      documents,
      bytesRead: bytes,
      retries,
      failed,
      level,
      running: [...this.#running.values()].slice(0, MAX_RUNNING),
      marks: this.#marks,
      medianMs: times.length === 0 ? null : times[times.length >> 1]!,
      ended: this.#ended,
    };
  }

  /** At the end of the run: what it ended with stays, a run that came to its end leaves nothing. */
  async close(): Promise<void> {
    await this.#writing;
    if (this.#ended !== null) this.#write(this.#now());
    await this.#writing;
    if (this.#ended === null) await rm(this.#path, { force: true }).catch(() => undefined);
  }

  /** Refusals of the disk are the tasks' to tell: progress is not worth an error. */
  #write(now: number): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#written = now;
    const part = `${this.#path}.${process.pid}.part`;
    const text = JSON.stringify(this.state(now));
    this.#writing = (async () => {
      try {
        await makeFolder(dirname(this.#path));
        await writeFile(part, text);
        await rename(part, this.#path);
      } catch {
        await rm(part, { force: true }).catch(() => undefined); // a full disk holds half of it
      } finally {
        this.#busy = false;
      }
    })();
  }
}

/** Null where there is none, or none that this refine reads. */
export async function readProgress(folder: string): Promise<ProgressState | null> {
  try {
    const state = JSON.parse(await readFile(join(folder, PROGRESS), 'utf8')) as ProgressState;
    return state.format === 1 && typeof state.pid === 'number' && Array.isArray(state.running) ? state : null;
  } catch {
    return null;
  }
}
