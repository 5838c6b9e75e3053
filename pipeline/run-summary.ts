// What a run amounted to, from its ledger: the funnel by step, tokens, shards, and where they are.
import { barrierNotes, barrierNotices, crashNotices } from './barrier-notes.js';
import { funnelWarnings } from './funnel-warnings.js';
import type { DoneEntry } from './ledger.js';
import { REMOVE_STEP } from './remove/exclusions.js';
import { readRun, type RunState } from './run-folder.js';
import type { Manifest, StepCounts } from './types.js';
import { pasteable } from './pasteable.js';

export interface FailedInput {
  /** The task that failed for good. */
  readonly task: string;
  readonly number: number;
  readonly label: string;
  readonly input: string;
  readonly code: string;
  readonly message: string;
  readonly place: string | undefined;
}

export interface RunSummary {
  readonly folder: string;
  readonly inputs: number;
  /** Inputs the run went on without (--allow-failed). */
  readonly failed: readonly FailedInput[];
  readonly documents: { readonly in: number; readonly out: number };
  /** In manifest order, summed over inputs. */
  readonly steps: readonly StepCounts[];
  readonly tokens: number;
  readonly shards: { readonly text: number; readonly tokens: number; readonly bytes: number };
  /** Rules that never decided, steps that let nothing through: a sentence each. */
  readonly warnings: readonly string[];
  /** What barriers have to tell: a sentence each. */
  readonly notices: readonly string[];
  readonly tasks: { readonly ran: number; readonly reused: number };
  readonly wallMs: number;
}

export async function summarise(
  folder: string,
  manifest: Manifest,
  run: { readonly failed: readonly FailedInput[]; readonly ran: number; readonly reused: number; readonly wallMs: number },
): Promise<RunSummary> {
  const state = await readRun(folder);
  const steps = funnel(
    state,
    manifest.steps.map((step) => step.name),
  );
  const maps = doneMaps(state);
  const documents = maps.filter((entry) => entry.segment === 0).reduce((sum, entry) => sum + entry.rowsIn, 0);
  const last = Math.max(0, ...maps.map((entry) => entry.segment));
  const out = maps.filter((entry) => entry.segment === last).reduce((sum, entry) => sum + entry.rowsOut, 0);
  const shards = [...state.text, ...state.tokens];
  return {
    folder,
    inputs: state.lock.inputs.length,
    failed: run.failed,
    documents: { in: documents, out },
    steps,
    tokens: state.tokens.reduce((sum, shard) => sum + (shard.tokens ?? 0), 0),
    shards: { text: state.text.length, tokens: state.tokens.length, bytes: shards.reduce((sum, shard) => sum + shard.bytes, 0) },
    warnings: funnelWarnings(steps, manifest.steps, { seed: manifest.seed, baseDir: manifest.baseDir, device: 'cpu' }),
    notices: [...crashNotices(folder, state.entries), ...barrierNotices(barrierNotes(state.entries), manifest.steps)],
    tasks: { ran: run.ran, reused: run.reused },
    wallMs: run.wallMs,
  };
}

function doneMaps(state: RunState): DoneEntry[] {
  return state.entries.filter((entry): entry is DoneEntry => entry.state === 'done' && entry.kind === 'map');
}

/** Counts by step over all inputs, in the order of `names`. */
export function funnel(state: RunState, names: readonly string[]): StepCounts[] {
  const sums = new Map<string, { in: number; out: number; drops: Record<string, number>; wallMs: number }>();
  for (const entry of doneMaps(state)) {
    for (const counts of entry.steps) {
      const sum = sums.get(counts.step) ?? { in: 0, out: 0, drops: {}, wallMs: 0 };
      sum.in += counts.in;
      sum.out += counts.out;
      sum.wallMs += counts.wallMs;
      for (const [reason, n] of Object.entries(counts.drops)) sum.drops[reason] = (sum.drops[reason] ?? 0) + n;
      sums.set(counts.step, sum);
    }
  }
  return [...names, REMOVE_STEP].filter((name) => sums.has(name)).map((step) => ({ step, ...sums.get(step)! }));
}

/** The words that end a run, for stderr. */
export function summaryText(summary: RunSummary): string {
  const n = (value: number): string => value.toLocaleString('en-US');
  const width = Math.max(8, ...summary.steps.map((step) => step.step.length));
  const lines = [
    `${n(summary.documents.in)} documents in, ${n(summary.documents.out)} kept, ${n(summary.tokens)} tokens, ${(summary.wallMs / 1000).toFixed(1)} s`,
  ];
  for (const step of summary.steps) {
    const drops = Object.entries(step.drops)
      .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
      .map(([reason, count]) => `${reason.slice(step.step.length + 1)} ${n(count)}`);
    lines.push(`  ${step.step.padEnd(width)} ${n(step.in).padStart(12)} -> ${n(step.out).padStart(12)}${drops.length === 0 ? '' : `   ${drops.join(', ')}`}`);
  }
  if (summary.failed.length > 0) {
    lines.push(`went on without ${summary.failed.length} of ${summary.inputs} inputs (--allow-failed):`);
    for (const { input, code, message } of summary.failed) lines.push(`  ${code} ${input}  ${message.split('\n')[0]}`);
  }
  lines.push(...summary.notices);
  for (const warning of summary.warnings) lines.push(`warning: ${warning}`);
  const { text, tokens, bytes } = summary.shards;
  const where = [
    tokens > 0 ? `${n(tokens)} token shards in ${summary.folder}/tokens` : '',
    text > 0 ? `${n(text)} text shards in ${summary.folder}/text` : '',
  ].filter((part) => part !== '');
  lines.push(where.length === 0 ? `no shards: the manifest keeps no text and has no tokenize step` : `${where.join(', ')} (${(bytes / 1e6).toFixed(1)} MB)`);
  const folder = pasteable(summary.folder);
  lines.push('next:', `  npx refine stats ${folder}`, `  npx refine inspect ${folder}`);
  if (tokens > 0) lines.push(`  npx refine load ${folder} --seq-len 2048 --batch-size 8 > batches.arrow`);
  return `${lines.join('\n')}\n`;
}
