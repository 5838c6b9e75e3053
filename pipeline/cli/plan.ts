// `refine plan MANIFEST`: what would run, what is done already, and what it would cost by a sample. Touches nothing.
import { join } from 'node:path';
import type { Command } from 'commander';
import { loadManifest } from '../manifest.js';
import { manifestWarnings } from '../manifest-warnings.js';
import { type PlannedRun, planRun } from '../plan.js';
import { bytes, number } from '../stats-text.js';
import { action, collect, count, data, EXIT, interruptible, words } from './command.js';

const MAX_LISTED = 20;

export function registerPlan(program: Command): void {
  program
    .command('plan')
    .description('what would run, what is done already, bytes, time, memory and disk from a sampled trial; touches nothing')
    .argument('<manifest>', 'a manifest (YAML)')
    .option('--out <dir>', 'the run folder (default: runs/<name of the manifest>)')
    .option('--set <step.option=value>', 'as for run; may stand several times', collect)
    .option('--workers <n>', 'worker processes to reckon with', count('--workers', 1))
    .option('--json', 'one JSON object, for programs')
    .action(
      action(async (path: string, options: { out?: string; set?: string[]; workers?: number; json?: boolean }) => {
        const manifest = await loadManifest(path, { sets: options.set ?? [] });
        for (const warning of manifestWarnings(manifest)) words(warning);
        const { signal, done } = interruptible();
        try {
          const plan = await planRun(manifest, options.out ?? join('runs', manifest.name), options.workers, signal);
          await data(options.json === true ? `${JSON.stringify(plan, null, 2)}\n` : planText(plan));
          return EXIT.done;
        } finally {
          done();
        }
      }),
    );
}

function planText(plan: PlannedRun): string {
  const todo = plan.inputs.filter((input) => input.state !== 'done').length;
  const lines = [
    `${plan.folder}: ${number(plan.inputs.length)} inputs, ${plan.bytes === null ? 'of unknown size' : bytes(plan.bytes)}; ${number(plan.inputs.length - todo)} read already`,
  ];
  for (const { path, bytes: size, state } of plan.inputs.slice(0, MAX_LISTED))
    lines.push(`  ${state.padEnd(6)}  ${(size === null ? '?' : bytes(size)).padStart(10)}  ${path}`);
  if (plan.inputs.length > MAX_LISTED) lines.push(`  ... and ${number(plan.inputs.length - MAX_LISTED)} more`);
  lines.push('phases');
  for (const { name, tasks } of plan.phases) lines.push(`  ${number(tasks).padStart(6)} tasks  ${name}`);
  if (plan.differs !== null) lines.push(`The folder holds a run of another manifest: ${plan.differs} differs. Run with another --out, or with --update.`);
  if (plan.finished) lines.push('All of it is done: refine run would only check and say so.');
  if (plan.sample !== null) lines.push(...sampleLines(plan.sample));
  else if (!plan.finished) lines.push('No input could be read for a sample, so there is no estimate.');
  if (plan.estimate !== null) {
    const { workers, seconds, memoryBytes, diskBytes } = plan.estimate;
    lines.push(
      `estimate for ${number(workers)} ${workers === 1 ? 'worker' : 'workers'} (by the sample's rate; network and barriers come on top)`,
      `  time    ${seconds === null ? 'unknown: an input does not say its size' : span(seconds)}`,
      `  memory  up to ${bytes(memoryBytes)}`,
      `  disk    ${diskBytes === null ? 'unknown' : bytes(diskBytes)}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function sampleLines(sample: NonNullable<PlannedRun['sample']>): string[] {
  const lines = [
    `sample: ${number(sample.documents)} documents (${bytes(sample.bytesRead)} read) of ${sample.input}, ${number(sample.kept)} kept before dedupe, ${number(sample.cpuMs)} ms of CPU time`,
  ];
  const width = Math.max(...sample.steps.map((step) => step.step.length));
  for (const { step, in: rowsIn, out, cpuMs } of sample.steps)
    lines.push(`  ${step.padEnd(width)}  ${number(rowsIn).padStart(6)} in  ${number(out).padStart(6)} out  ${number(cpuMs).padStart(6)} ms`);
  return lines;
}

function span(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
