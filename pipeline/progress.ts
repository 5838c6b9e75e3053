// What a run tells people while it works: bars on a terminal, one line a minute elsewhere. Always on stderr; stdout carries data.
import { MultiBar, type SingleBar } from 'cli-progress';

export type ProgressEvent =
  | { readonly type: 'start'; readonly folder: string; readonly inputs: number; readonly bytes: number | null; readonly workers: number }
  /** A group of like tasks begins; `done` of `tasks` were done by an earlier run. */
  | { readonly type: 'phase'; readonly name: string; readonly tasks: number; readonly done: number }
  | { readonly type: 'work'; readonly documents: number; readonly bytes: number }
  | { readonly type: 'task'; readonly label: string; readonly state: 'done' | 'failed' | 'retried'; readonly message?: string }
  | { readonly type: 'end' };

export type Progress = (event: ProgressEvent) => void;

const MB = 1e6;
const LINE_MS = 60_000;

export function progressTo(stream: NodeJS.WriteStream): Progress {
  return stream.isTTY ? barProgress(stream) : lineProgress(stream);
}

/** Counts shared by both forms. */
class Tally {
  phase = '';
  tasks = 0;
  done = 0;
  /** Tasks that this process finished, for the estimate. */
  ownTasks = 0;
  documents = 0;
  bytes = 0;
  started = performance.now();
  phaseStarted = performance.now();

  take(event: ProgressEvent): void {
    switch (event.type) {
      case 'phase':
        this.phase = event.name;
        this.tasks = event.tasks;
        this.done = event.done;
        this.ownTasks = 0;
        this.phaseStarted = performance.now();
        break;
      case 'work':
        this.documents += event.documents;
        this.bytes += event.bytes;
        break;
      case 'task':
        if (event.state === 'retried') break;
        this.done++;
        this.ownTasks++;
        break;
    }
  }

  rate(): string {
    const seconds = (performance.now() - this.started) / 1000;
    return `${(this.bytes / MB / seconds).toFixed(1)} MB/s`;
  }

  eta(): string {
    if (this.ownTasks === 0) return 'ETA -';
    const seconds = ((performance.now() - this.phaseStarted) / 1000 / this.ownTasks) * (this.tasks - this.done);
    return `ETA ${span(seconds)}`;
  }
}

function span(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${String(Math.round(seconds % 60)).padStart(2, '0')}s`;
  return `${Math.floor(seconds / 3600)}h${String(Math.round((seconds % 3600) / 60)).padStart(2, '0')}m`;
}

function barProgress(stream: NodeJS.WriteStream): Progress {
  const tally = new Tally();
  const bars = new MultiBar(
    {
      stream,
      hideCursor: true,
      clearOnComplete: false,
      format: '{phase} [{bar}] {value}/{total} files | {documents} documents | {rate} | {eta2}',
      barsize: 24,
      etaBuffer: 1,
    },
    { barCompleteChar: '=', barIncompleteChar: ' ' } as never,
  );
  let bar: SingleBar | undefined;
  const payload = (): object => ({ phase: tally.phase.padEnd(24), documents: tally.documents.toLocaleString('en'), rate: tally.rate(), eta2: tally.eta() });
  return (event) => {
    tally.take(event);
    if (event.type === 'phase') {
      bar?.stop();
      bar = bars.create(tally.tasks, tally.done, payload());
    } else if (event.type === 'end') {
      bars.stop();
    } else {
      if (event.type === 'task' && event.state !== 'done')
        bars.log(`${event.label}: ${event.state}${event.message === undefined ? '' : `, ${event.message}`}\n`);
      bar?.update(tally.done, payload());
    }
  };
}

function lineProgress(stream: NodeJS.WriteStream): Progress {
  const tally = new Tally();
  const line = (): void => {
    stream.write(`refine: ${tally.phase}: ${tally.done}/${tally.tasks} files, ${tally.documents} documents, ${tally.rate()}, ${tally.eta()}\n`);
  };
  const timer = setInterval(line, LINE_MS);
  timer.unref();
  return (event) => {
    tally.take(event);
    if (event.type === 'end') clearInterval(timer);
    else if (event.type === 'task' && event.state !== 'done')
      stream.write(`refine: ${event.label}: ${event.state}${event.message === undefined ? '' : `, ${event.message}`}\n`);
  };
}
