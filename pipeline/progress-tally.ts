// Counts of a run under way, from its events: of the level that is worked on and of the whole run, with what is left of both.
// Invariant: the clock is given, so that tests and `refine status` reckon with times of their own; a lost try counts nothing twice
// but documents and bytes, which are capped where they make a share.
import type { Ahead } from './levels-ahead.js';
import type { ProgressEvent } from './progress-events.js';

export interface LevelTally {
  readonly name: string;
  readonly unit: 'files' | 'tasks';
  readonly level: number | null;
  readonly levels: number | null;
  readonly tasks: number;
  /** By an earlier run of the folder. */
  readonly doneBefore: number;
  readonly done: number;
  readonly failed: number;
  readonly documents: number;
  readonly bytes: number;
  readonly bytesTotal: number | null;
  /** Milliseconds of the clock. */
  readonly started: number;
  readonly ahead: Ahead | null;
}

/** Share of the level's own work that is done: by bytes where they are known, for files differ in size. */
export function shareDone(level: LevelTally): number {
  const own = level.tasks - level.doneBefore;
  const byTasks = own === 0 ? 1 : (level.done + level.failed) / own;
  if (level.bytesTotal === null || level.bytesTotal === 0 || byTasks === 1) return byTasks;
  return Math.max(byTasks === 0 ? 0 : Math.min(byTasks, 0.99), Math.min(0.99, level.bytes / level.bytesTotal));
}

export interface Remaining {
  /** Seconds of this level; null where nothing of it is done yet. */
  readonly level: number | null;
  /** Of this level and all behind it; null as above, or where levels are not known. */
  readonly run: number | null;
  /** The range `run` should lie in: what is left of the level by its rate, the rest by costs measured elsewhere. */
  readonly low: number | null;
  readonly high: number | null;
}

export function remaining(level: LevelTally, run: { readonly documents: number; readonly workers: number }, now: number): Remaining {
  const share = shareDone(level);
  if (share <= 0) return { level: null, run: null, low: null, high: null };
  const seconds = (now - level.started) / 1000;
  const left = share >= 1 ? 0 : (seconds / share) * (1 - share);
  if (level.ahead === null) return { level: left, run: null, low: null, high: null };
  // Documents of the run: those so far, and what the rest of a first map will bring at its rate.
  const documents = level.level === 1 ? run.documents / Math.min(1, Math.max(share, 0.01)) : run.documents;
  const behind = (level.ahead.taskMs + level.ahead.documentMs * documents) / 1000 / Math.max(1, run.workers);
  const spread = 0.1 + 0.4 * (1 - share); // early shares say little
  return { level: left, run: left + behind, low: left * (1 - spread) + behind / 2, high: left * (1 + spread) + behind * 3 };
}

export class Tally {
  level: LevelTally | null = null;
  workers = 1;
  inputs = 0;
  inputBytes: number | null = null;
  documents = 0;
  bytes = 0;
  retries = 0;
  failed = 0;
  started: number;
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.started = now();
  }

  take(event: ProgressEvent): void {
    switch (event.type) {
      case 'start':
        this.workers = event.workers;
        this.inputs = event.inputs;
        this.inputBytes = event.bytes;
        this.started = this.#now();
        break;
      case 'phase':
        this.level = {
          name: event.name,
          unit: event.unit,
          level: event.level ?? null,
          levels: event.levels ?? null,
          tasks: event.tasks,
          doneBefore: event.done,
          done: 0,
          failed: 0,
          documents: 0,
          bytes: 0,
          bytesTotal: event.bytes,
          started: this.#now(),
          ahead: event.ahead ?? null,
        };
        break;
      case 'work':
        this.#add({ documents: event.documents, bytes: event.bytes });
        if (this.level?.level === null || this.level?.level === 1) {
          this.documents += event.documents;
          this.bytes += event.bytes;
        }
        break;
      case 'task':
        if (event.state === 'retried') this.retries++;
        else if (event.state === 'failed') {
          this.failed++;
          this.#add({ failed: 1 });
        } else this.#add({ done: 1 });
        break;
    }
  }

  #add(more: { readonly done?: number; readonly failed?: number; readonly documents?: number; readonly bytes?: number }): void {
    const { level } = this;
    if (level === null) return;
    this.level = {
      ...level,
      done: level.done + (more.done ?? 0),
      failed: level.failed + (more.failed ?? 0),
      documents: level.documents + (more.documents ?? 0),
      bytes: level.bytes + (more.bytes ?? 0),
    };
  }

  /** The level in a line: `3/4 files, 12,345 documents, 1.7 MB/s, ETA 2m00s (all of it about 5m00s)`. */
  text(): string {
    const { level } = this;
    if (level === null) return '';
    const seconds = (this.#now() - level.started) / 1000;
    const done = level.doneBefore + level.done + level.failed;
    const parts = [`${done.toLocaleString('en-US')}/${level.tasks.toLocaleString('en-US')} ${level.unit}`];
    if (level.documents > 0) parts.push(`${level.documents.toLocaleString('en-US')} documents`);
    if (level.bytes > 0 && seconds > 0) parts.push(`${(level.bytes / 1e6 / seconds).toFixed(1)} MB/s`);
    const left = remaining(level, this, this.#now());
    if (left.level !== null && left.level > 0) parts.push(`ETA ${span(left.level)}`);
    // Where this level is most of it, one figure is enough.
    if (left.run !== null && left.level !== null && left.run > 1.1 * left.level + 1) parts.push(`all levels about ${span(left.run)}`);
    if (this.retries > 0) parts.push(`${this.retries} retried`);
    return parts.join(', ');
  }

  /** `level 3 of 22: dedupe-url 1/4 groups`. */
  title(): string {
    const { level } = this;
    if (level === null) return '';
    return level.level === null || level.levels === null ? level.name : `${level.name} [${level.level}/${level.levels}]`;
  }
}

export function span(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${String(Math.floor(seconds % 60)).padStart(2, '0')}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours}h${String(minutes % 60).padStart(2, '0')}m`;
  return `${Math.floor(hours / 24)}d${String(hours % 24).padStart(2, '0')}h`;
}
