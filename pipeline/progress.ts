// What a run tells people while it works: bars on a terminal, one line a minute elsewhere. Always on stderr; stdout carries data.
import { MultiBar, type SingleBar } from 'cli-progress';
import type { Progress, ProgressEvent } from './progress-events.js';
import { shareDone, Tally } from './progress-tally.js';

const LINE_MS = 60_000;
/** Bars of levels that are done and stay on the screen: a run with rounds of bands has a hundred levels. */
const BARS_SHOWN = 6;

export function progressTo(stream: NodeJS.WriteStream): Progress {
  return stream.isTTY ? barProgress(stream) : lineProgress(stream);
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
  const shown: SingleBar[] = [];
  const state = (): object => ({ name: tally.title().padEnd(32), text: tally.text() });
  return (event) => {
    tally.take(event);
    if (event.type === 'phase') {
      if (shown.length >= BARS_SHOWN) bars.remove(shown.shift()!);
      shown.push(bars.create(BAR_STEPS, 0, state()));
    } else if (event.type === 'end') bars.stop();
    else if (event.type === 'task' && event.state !== 'done') bars.log(notice(event));
    if (event.type !== 'end' && tally.level !== null) shown.at(-1)?.update(Math.round(shareDone(tally.level) * BAR_STEPS), state());
  };
}

export function lineProgress(stream: { write(text: string): unknown }): Progress {
  const tally = new Tally();
  const timer = setInterval(() => {
    if (tally.level !== null) stream.write(`refine: ${tally.title()}: ${tally.text()}\n`);
  }, LINE_MS);
  timer.unref();
  return (event) => {
    tally.take(event);
    if (event.type === 'end') clearInterval(timer);
    else if (event.type === 'task' && event.state !== 'done') stream.write(`refine: ${notice(event)}`);
  };
}
