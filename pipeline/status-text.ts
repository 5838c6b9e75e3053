// A run's state as people read it: where it stands, how fast, what is slow, what failed and what to do.
import { span } from './progress-tally.js';
import { bytes, number } from './stats-text.js';
import type { Rates, RunStatus } from './status.js';

const MAX_SHOWN = 10;

export function statusText(status: RunStatus): string {
  const { tasks, level, eta } = status;
  const lines = [`${status.folder}${status.name === null ? '' : ` (${status.name})`}: ${status.state}, ${status.because}`];
  const row = (name: string, value: string): number => lines.push(`  ${name.padEnd(10)} ${value}`);
  row(
    'tasks',
    `${number(tasks.done)} of ${number(tasks.known)} known are done${tasks.failed === 0 ? '' : `, ${number(tasks.failed)} failed`}; ${number(status.inputs)} inputs${status.retries === 0 ? '' : `, ${number(status.retries)} tries were lost`}`,
  );
  if (level !== null) {
    const place = level.number === null || level.of === null ? '' : `${level.number} of ${level.of}: `;
    row(
      'level',
      `${place}${level.name}, ${number(level.done)} of ${number(level.tasks)} tasks done, ${number(status.running)} running${level.failed === 0 ? '' : `, ${number(level.failed)} failed`}`,
    );
  }
  if (status.now !== null) row('rate', `${rate(status.now)} now${status.overall === null ? '' : `; ${rate(status.overall)} over the level`}`);
  if (eta !== null && eta.level !== null) {
    const all = eta.run === null || eta.low === null || eta.high === null ? '' : `; all levels about ${span(eta.run)} (${span(eta.low)} to ${span(eta.high)})`;
    row('ETA', `${span(eta.level)} for the level${all}`);
  }
  const { disk } = status;
  row('disk', `${bytes(disk.bytes)} in ${number(disk.files)} files${disk.whole ? '' : ' and more'}, ${bytes(disk.scratchBytes)} of it scratch`);
  if (status.lastError !== null) row('last error', status.lastError);
  if (status.jobs !== null) {
    row('cluster', `${status.jobs.engine}: ${number(status.jobs.open.length)} jobs open, ${number(status.jobs.closed)} closed`);
    for (const { job, level: of, elements, tasks: count, since } of status.jobs.open.slice(0, MAX_SHOWN))
      lines.push(`    job ${job}  ${of}: ${number(count)} tasks in ${number(elements)} elements, since ${since}`);
  }
  if (status.stragglers.length > 0) {
    lines.push(`stragglers: ${number(status.stragglers.length)} running longer than three times the median of their level`);
    for (const { label, host, worker, pid, seconds, times, attempt } of status.stragglers.slice(0, MAX_SHOWN))
      lines.push(
        `  ${span(seconds).padStart(7)}  ${times.toFixed(1)} x  ${label}  on ${host}, worker ${worker}${pid === null ? '' : ` (pid ${pid})`}${attempt > 1 ? `, try ${attempt}` : ''}`,
      );
  }
  if (status.failures.length > 0) {
    lines.push('failures');
    for (const { code, pattern, count, sample, next } of status.failures.slice(0, MAX_SHOWN)) {
      lines.push(`  ${number(count).padStart(6)} x ${code}  ${pattern}`, `           such as ${sample.label}: ${sample.message}`);
      if (next !== '') lines.push(`           next: ${next}`);
    }
    if (status.failures.length > MAX_SHOWN) lines.push(`  ... and ${number(status.failures.length - MAX_SHOWN)} more kinds`);
  }
  return `${lines.join('\n')}\n`;
}

function rate({ documents, bytes: read, tasks, seconds }: Rates): string {
  const parts = [];
  if (documents !== null && documents > 0) parts.push(`${number(Math.round(documents))} documents/s`);
  if (read !== null && read > 0) parts.push(`${(read / 1e6).toFixed(1)} MB/s`);
  if (tasks !== null) parts.push(tasks >= 1 ? `${tasks.toFixed(1)} tasks/s` : `${(tasks * 60).toFixed(1)} tasks/min`);
  return `${parts.join(', ')} (${span(seconds)})`;
}
