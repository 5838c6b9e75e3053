// Everything a page tells of one run, gathered by streaming: features/ twice, text/ once, samples/ once. Holds counts, cells
// and the texts that are shown. Invariant: but for `speed` it depends on the run's promised files and its lock alone.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readIfThere } from '../read-if-there.js';
import { readRun, type RunState } from '../run-folder.js';
import { funnel } from '../run-summary.js';
import { collectStats, type Stats } from '../stats.js';
import { type Distribution, distributions } from './distributions.js';
import { type Diversity, diversityOf } from './diversity.js';
import { featureColumns } from './features-pass.js';
import { KeptDocuments } from './kept-documents.js';
import { readChecked } from './page-readiness.js';
import { type ReasonSamples, reasonSamples, withKept } from './reason-samples.js';
import { type ReportStep, reportSteps } from './steps.js';

export interface RunData {
  readonly run: RunState;
  readonly stats: Stats;
  readonly steps: readonly ReportStep[];
  readonly distributions: readonly Distribution[];
  readonly kept: KeptDocuments;
  readonly diversity: Diversity | null;
  readonly samples: readonly ReasonSamples[];
  /** What `refine check` found; null where it was never asked. */
  readonly checked: Awaited<ReturnType<typeof readChecked>>;
  /** manifest.yaml as given, and its sha256; null where the run has none. */
  readonly manifest: { readonly text: string; readonly sha256: string } | null;
  /** Wall times of the ledger: the one part that differs from run to run. */
  readonly speed: readonly StepSpeed[];
}

export interface StepSpeed {
  readonly step: string;
  readonly documents: number;
  readonly wallMs: number;
}

export interface CollectOptions {
  /** Dropped documents shown for each reason. */
  readonly samples: number;
  /** Kept documents whose texts are wanted, by id or URL, beside those of close calls. */
  readonly texts?: { readonly by: 'id' | 'url'; readonly names: ReadonlySet<string> };
  /** Another run's distributions, whose cells are taken over. */
  readonly like?: readonly Distribution[];
}

export async function collectRun(folder: string, options: CollectOptions): Promise<RunData> {
  const run = await readRun(folder);
  const columns = await featureColumns(run);
  const steps = await reportSteps(run, columns);
  const cells = await distributions(run, steps, columns, options.like);
  const samples = await reasonSamples(run, steps, options.samples);
  const wanted = new Set(options.texts?.by === 'id' ? options.texts.names : []);
  for (const { close } of cells) for (const calls of close) for (const { id } of calls) wanted.add(id);
  for (const { documents } of samples) for (const { keptId } of documents) if (keptId !== null) wanted.add(keptId);
  const kept = new KeptDocuments(BigInt(String(run.lock.resolved.seed ?? 0)), wanted, options.texts?.by === 'url' ? options.texts.names : new Set());
  const stats = await collectStats(folder, kept);
  return {
    run,
    stats,
    steps,
    distributions: cells,
    kept,
    diversity: await diversityOf(kept.sample()),
    samples: samples.map((reason) => ({
      ...reason,
      documents: reason.documents.map((one) => (one.keptId === null ? one : withKept(one, kept.texts.get(one.keptId)))),
    })),
    checked: await readChecked(folder),
    manifest: await manifestOf(folder),
    speed: funnel(
      run,
      steps.map((step) => step.name),
    ).map(({ step, in: documents, wallMs }) => ({ step, documents, wallMs })),
  };
}

async function manifestOf(folder: string): Promise<RunData['manifest']> {
  const text = await readIfThere(join(folder, 'manifest.yaml'));
  return text === null ? null : { text, sha256: createHash('sha256').update(text).digest('hex') };
}
