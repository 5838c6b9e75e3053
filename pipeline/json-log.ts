// A run's log for machines: one JSON object a line, event names that stay (infra/docs/observability.md). Invariant: a line is whole
// or absent, holds no text of a document and no secret, and a log that cannot be written ends no run.
import { closeSync, openSync, writeSync } from 'node:fs';
import { RefineError } from '../native/errors.js';
import type { Progress, ProgressEvent } from './progress-events.js';
import { withoutSecrets } from './without-secrets.js';

export interface JsonLog {
  readonly progress: Progress;
  close(): void;
}

/** To a file, appended, or to stdout where `path` is `-`. */
export function openJsonLog(path: string, now: () => Date = () => new Date()): JsonLog {
  let file: number;
  try {
    file = path === '-' ? 1 : openSync(path, 'a');
  } catch (cause) {
    throw new RefineError(
      'ERR_REFINE_USAGE',
      `cannot be written (${(cause as NodeJS.ErrnoException).code}). Name a file in a folder that exists, or - for stdout`,
      {
        place: path,
        cause,
      },
    );
  }
  let broken = false;
  const write = (line: string): void => {
    if (broken) return;
    try {
      writeSync(file, line);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return; // a reader that does not read: the run does not wait for it
      broken = true;
      process.stderr.write(`refine: the log ${path} cannot be written any more (${(error as NodeJS.ErrnoException).code}); the run goes on\n`);
    }
  };
  return {
    progress: jsonLines(write, now),
    close: () => {
      if (path !== '-') closeSync(file);
    },
  };
}

export function jsonLines(write: (line: string) => void, now: () => Date): Progress {
  let level: string | null = null;
  let begun = 0;
  const put = (event: string, members: Readonly<Record<string, unknown>>): void => {
    const clean = Object.fromEntries(Object.entries(members).map(([key, value]) => [key, typeof value === 'string' ? withoutSecrets(value) : value]));
    write(`${JSON.stringify({ time: now().toISOString(), event, ...clean })}\n`);
  };
  const task = (event: { readonly task?: string; readonly kind?: string; readonly label: string }): object => ({
    task: event.task,
    kind: event.kind,
    label: event.label,
    level,
  });
  return (event: ProgressEvent) => {
    switch (event.type) {
      case 'start':
        begun = now().getTime();
        put('run-start', { run: event.folder, name: event.name, inputs: event.inputs, bytes: event.bytes, workers: event.workers, pid: process.pid });
        break;
      case 'phase':
        level = event.name;
        put('level-start', { level, number: event.level, of: event.levels, tasks: event.tasks, done: event.done, bytes: event.bytes });
        break;
      case 'begin':
        put('task-start', { ...task(event), worker: event.worker, pid: event.pid, host: event.host, attempt: event.attempt });
        break;
      case 'task':
        if (event.state === 'retried') put('retry', { ...task(event), reason: event.message });
        else if (event.state === 'failed') put('task-failed', { ...task(event), code: event.code, place: event.place, message: event.message });
        else {
          const { entry } = event;
          put('task-done', {
            ...task(event),
            rowsIn: entry?.rowsIn,
            rowsOut: entry?.rowsOut,
            bytes: entry?.outputs.reduce((sum, shard) => sum + shard.bytes, 0),
            wallMs: entry?.wallMs,
            cpuMs: entry?.cpuMs,
            peakBytes: entry?.peakBytes,
          });
        }
        break;
      case 'warning':
        put('warning', { message: event.message });
        break;
      case 'end':
        put('run-end', {
          state: event.code === undefined ? 'finished' : event.code === 'ERR_REFINE_INTERRUPTED' ? 'interrupted' : 'failed',
          code: event.code,
          wallMs: now().getTime() - begun,
        });
        break;
    }
  };
}
