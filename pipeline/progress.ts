// What a run tells people while it works: bars on a terminal, one line a minute elsewhere. Always on stderr; stdout carries data.
import { MultiBar, type SingleBar } from 'cli-progress';

export type ProgressEvent =
  | { readonly type: 'start'; readonly folder: string; readonly inputs: number; readonly bytes: number | null; readonly workers: number }
  /** A group of like tasks begins; `done` of `tasks` were done by an earlier run, `bytes` are to be read where that is known. */
  | {
      readonly type: 'phase';
      readonly name: string;
      readonly unit: 'files' | 'tasks';
      readonly tasks: number;
      readonly done: number;
      readonly bytes: number | null;
    }
  | { readonly type: 'work'; readonly documents: number; readonly bytes: number }
  | { readonly type: 'task'; readonly label: string; readonly state: 'done' | 'failed' | 'retried'; readonly message?: string }
  | { readonly type: 'end' };

export type Progress = (event: ProgressEvent) => void;

const MB = 1e6;
const LINE_MS = 60_000;

export function progressTo(stream: NodeJS.WriteStream): Progress {
  return stream.isTTY ? barProgress(stream) : lineProgress(stream);
}

/** Counts of the phase under way. */
class Tally {
  name = '';
  unit = 'files';
  tasks = 0;
  done = 0;
  #doneBefore = 0;
  #documents = 0;
  #bytes = 0;
  #bytesTotal: number | null = null;
  #started = performance.now();

  take(event: ProgressEvent): void {
    switch (event.type) {
      case 'phase':
        this.name = event.name;
        this.unit = event.unit;
        this.tasks = event.tasks;
        this.done = this.#doneBefore = event.done;
        this.#documents = 0;
        this.#bytes = 0;
        this.#bytesTotal = event.bytes;
        this.#started = performance.now();
        break;
      case 'work':
        this.#documents += event.documents;
        this.#bytes += event.bytes;
        break;
      case 'task':
        if (event.state !== 'retried') this.done++;
        break;
    }
  }

  /** Share of the phase's own work that is done: by bytes where they are known, for files differ in size. A try that is lost counts twice, so it is capped. */
  share(): number {
    const own = this.tasks - this.#doneBefore;
    const byTasks = own === 0 ? 1 : (this.done - this.#doneBefore) / own;
    if (this.#bytesTotal === null || this.#bytesTotal === 0 || byTasks === 1) return byTasks;
    return Math.max(byTasks === 0 ? 0 : Math.min(byTasks, 0.99), Math.min(0.99, this.#bytes / this.#bytesTotal));
  }

  text(): string {
    const seconds = (performance.now() - this.#started) / 1000;
    const parts = [`${this.done}/${this.tasks} ${this.unit}`];
    if (this.#documents > 0) parts.push(`${this.#documents.toLocaleString('en-US')} documents`);
    if (this.#bytes > 0) parts.push(`${(this.#bytes / MB / seconds).toFixed(1)} MB/s`);
    const share = this.share();
    if (share > 0 && share < 1) parts.push(`ETA ${span((seconds / share) * (1 - share))}`);
    return parts.join(', ');
  }
}

function span(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${String(Math.floor(seconds % 60)).padStart(2, '0')}s`;
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`;
}

function notice(event: Extract<ProgressEvent, { type: 'task' }>): string {
  return `${event.label}: ${event.state}${event.message === undefined ? '' : `, ${event.message}`}\n`;
}

const BAR_STEPS = 1000;

function barProgress(stream: NodeJS.WriteStream): Progress {
  const tally = new Tally();
  const bars = new MultiBar({
    stream,
    hideCursor: true,
    clearOnComplete: false,
    format: '{name} [{bar}] {text}',
    barsize: 24,
    barCompleteChar: '=',
    barIncompleteChar: ' ',
    gracefulExit: false,
  });
  let bar: SingleBar | undefined;
  const state = (): object => ({ name: tally.name.padEnd(24), text: tally.text() });
  return (event) => {
    tally.take(event);
    if (event.type === 'phase') bar = bars.create(BAR_STEPS, 0, state());
    else if (event.type === 'end') bars.stop();
    else if (event.type === 'task' && event.state !== 'done') bars.log(notice(event));
    if (event.type !== 'end') bar?.update(Math.round(tally.share() * BAR_STEPS), state());
  };
}

export function lineProgress(stream: { write(text: string): unknown }): Progress {
  const tally = new Tally();
  const timer = setInterval(() => {
    if (tally.name !== '') stream.write(`refine: ${tally.name}: ${tally.text()}\n`);
  }, LINE_MS);
  timer.unref();
  return (event) => {
    tally.take(event);
    if (event.type === 'end') clearInterval(timer);
    else if (event.type === 'task' && event.state !== 'done') stream.write(`refine: ${notice(event)}`);
  };
}
