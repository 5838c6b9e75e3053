// A plan as people read it: what would run, what a sample showed, and each figure with its range.
import type { PlannedRun, Sample } from './plan.js';
import type { LevelEstimate, RunEstimate } from './plan-model.js';
import type { Spread } from './plan-spread.js';
import type { Cost } from './prices.js';
import { bytes, number } from './stats-text.js';

const MAX_LISTED = 20;
/** Levels named one by one; with rounds of bands there are a hundred. */
const MAX_LEVELS = 30;

export function planText(plan: PlannedRun): string {
  const todo = plan.inputs.filter((input) => input.state !== 'done').length;
  const lines = [
    `${plan.folder}: ${number(plan.inputs.length)} inputs, ${plan.bytes === null ? 'of unknown size' : bytes(plan.bytes)}; ${number(plan.inputs.length - todo)} read already`,
  ];
  if (plan.selected !== undefined) lines.push(selectedLine(plan, plan.selected));
  for (const { path, bytes: size, state } of plan.inputs.slice(0, MAX_LISTED))
    lines.push(`  ${state.padEnd(6)}  ${(size === null ? '?' : bytes(size)).padStart(10)}  ${path}`);
  if (plan.inputs.length > MAX_LISTED) lines.push(`  ... and ${number(plan.inputs.length - MAX_LISTED)} more`);
  if (plan.differs !== null) lines.push(`The folder holds a run of another manifest: ${plan.differs} differs. Run with another --out, or with --update.`);
  if (plan.finished) lines.push('All of it is done: refine run would only check and say so.');
  if (plan.sample !== null) lines.push(...sampleLines(plan.sample));
  else if (!plan.finished) lines.push('No input could be read for a sample, so there is no estimate.');
  if (plan.estimate !== null) lines.push(...estimateLines(plan, plan.estimate));
  else if (plan.sample !== null) lines.push('An input does not say its size, so there is no estimate.');
  if (plan.cost !== null) lines.push(...costLines(plan.cost));
  return `${lines.join('\n')}\n`;
}

function selectedLine(plan: PlannedRun, { wholeBytes, documents }: NonNullable<PlannedRun['selected']>): string {
  const known = plan.bytes !== null && wholeBytes !== null && wholeBytes > 0;
  const share = known ? ` of ${bytes(wholeBytes)} (${((100 * plan.bytes) / wholeBytes).toFixed(1)} %)` : '';
  return `  selected by index: ${number(documents)} documents, ${plan.bytes === null ? 'an unknown size' : bytes(plan.bytes)} to be fetched${share}`;
}

function sampleLines(sample: Sample): string[] {
  const from = sample.whole ? 'all of it' : `${number(sample.ranges)} ranges of ${number(sample.files)} ${sample.files === 1 ? 'file' : 'files'}`;
  const heads = sample.heads === 0 ? '' : `; ${number(sample.heads)} from a file's head, which may not be like the rest`;
  const lines = [
    `sample: ${number(sample.documents)} documents (${bytes(sample.bytesRead)}, ${from}${heads}), ${number(sample.kept)} kept, ${number(sample.cpuMs)} ms of CPU time`,
  ];
  const width = Math.max(4, ...sample.steps.map((step) => step.step.length));
  for (const { step, in: rowsIn, out } of sample.steps) lines.push(`  ${step.padEnd(width)}  ${number(rowsIn).padStart(8)} in  ${number(out).padStart(8)} out`);
  return lines;
}

function estimateLines(plan: PlannedRun, estimate: RunEstimate): string[] {
  const { workers, disk } = estimate;
  const lines = [`estimate for ${number(workers)} ${workers === 1 ? 'worker' : 'workers'} of one core each (likely, and the range it should lie in)`];
  const row = (name: string, value: string): number => lines.push(`  ${name.padEnd(9)} ${value}`);
  row('documents', `${ranged(estimate.documents, count)} in, ${ranged(estimate.kept, count)} kept, ${ranged(estimate.tokens, count)} tokens`);
  row('time', `${ranged(estimate.seconds, span)}; ${ranged(estimate.cpuSeconds, span)} of CPU in tasks, ${span(estimate.overheadCpuSeconds)} beside them`);
  if (estimate.longestTaskSeconds * 2 > estimate.seconds.likely) row('', `one task alone takes ${span(estimate.longestTaskSeconds)}: more workers gain little`);
  row('memory', `${ranged(estimate.workerBytes, bytes)} a worker, ${ranged(estimate.memoryBytes, bytes)} in all`);
  row('disk', `${ranged(disk.finalBytes, bytes)} in the end, ${ranged(disk.peakBytes, bytes)} at most (in "${disk.peakAt}"), ${number(disk.objects)} files`);
  row('', `${ranged(disk.scratchBytes, bytes)} of scratch stay until refine clean`);
  const { transfer } = plan;
  row(
    'network',
    transfer.gets === 0
      ? 'none: every input lies on this machine'
      : `${bytes(transfer.ingressBytes)} in, ${bytes(transfer.egressBytes)} charged as egress, ${number(transfer.gets)} requests and retries${transfer.puts === 0 ? '' : `, ${number(transfer.puts)} puts`}`,
  );
  row('GPU', plan.gpuHours === null ? 'not measured: the time above has all steps on the CPU, where the sample ran them' : 'none');
  lines.push('levels');
  for (const level of estimate.levels.slice(0, MAX_LEVELS)) lines.push(levelLine(level));
  if (estimate.levels.length > MAX_LEVELS) {
    const rest = estimate.levels.slice(MAX_LEVELS);
    lines.push(`  ... and ${number(rest.length)} more, ${span(rest.reduce((sum, level) => sum + level.seconds.likely, 0))}`);
  }
  return lines;
}

function levelLine({ name, tasks, cpuSeconds, diskBytes }: LevelEstimate): string {
  return `  ${number(tasks).padStart(8)} tasks  ${span(cpuSeconds.likely).padStart(8)} CPU  ${bytes(diskBytes.likely).padStart(10)} on disk  ${name}`;
}

function costLines(cost: Cost): string[] {
  const lines = [
    `cost by ${cost.prices}${cost.example ? ': AN EXAMPLE, not what anybody charges; put your own prices into a copy' : ''} (in ${cost.currency}; rented for the time above)`,
  ];
  const money = (value: number): string => (value >= 100 ? number(Math.round(value)) : value.toFixed(value >= 0.995 ? 2 : 4));
  for (const { what, cost: sum } of cost.lines) lines.push(`  ${what.padEnd(26)} ${ranged(sum, money)}`);
  if (cost.onDemand !== null) lines.push(`  ${'all, on demand'.padEnd(26)} ${ranged(cost.onDemand, money)}`);
  if (cost.spot !== null) lines.push(`  ${'all, spot'.padEnd(26)} ${ranged(cost.spot, money)}`);
  if (cost.without.length > 0) lines.push(`  without: ${cost.without.join(', ')}`);
  return lines;
}

const count = (value: number): string => number(Math.round(value));

function ranged({ low, likely, high }: Spread, write: (value: number) => string): string {
  const [from, at, to] = [write(low), write(likely), write(high)];
  return from === to ? at : `${at} (${from} to ${to})`;
}

function span(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${(seconds / 3600).toFixed(1)} h`;
  return `${(seconds / 86400).toFixed(1)} days`;
}
