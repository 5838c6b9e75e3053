// The steps of a run as a report needs them: what kind each is, the limits that decide its drops, and in which column of
// features/ each limit's numbers stand. Works from the lock file; a step that this refine does not know has no limits.
import type { Batch } from '../../native/batch.js';
import { type Limit, type StageEnv, writesOf } from '../../stages/contract/stage.js';
import { loadSteps } from '../registry.js';
import type { RunState } from '../run-folder.js';
import { type AskedStep, askedSteps } from '../what-if-steps.js';

export interface ReportStep {
  readonly name: string;
  readonly stage: string;
  readonly version: number;
  readonly barrier: boolean;
  readonly options: Readonly<Record<string, unknown>>;
  readonly assets: readonly { readonly name: string; readonly sha256: string }[];
  /** Columns that the step writes. */
  readonly writes: readonly string[];
  /** Columns, written or read, that its decision looks at. */
  readonly looks: readonly string[];
  /** The column of features/ with the languages that the step saw. */
  readonly lang: string | null;
  /** In the order in which the step applies them; of two on one column and reason both. */
  readonly limits: readonly StepLimit[];
  /** What the step would do with documents of features/: drop codes; null where it cannot be told. */
  readonly decide: ((batch: Batch) => Uint16Array | null) | null;
}

export interface StepLimit extends Limit {
  /** The column of features/ with this limit's numbers. */
  readonly feature: string;
}

export async function reportSteps(run: Pick<RunState, 'lock' | 'folder'>, features: readonly string[]): Promise<ReportStep[]> {
  const env: StageEnv = { seed: BigInt(String(run.lock.resolved.seed ?? 0)), baseDir: run.folder, device: run.lock.device };
  const registry = await loadSteps(run.lock.steps.map(({ stage }) => stage));
  const known = await askedSteps(run, []).catch((): readonly AskedStep[] => []);
  const asked = new Map(known.map((step) => [step.name, step]));
  return run.lock.steps.map(({ step, stage, version, assets }): ReportStep => {
    const known = registry.get(stage);
    const of = asked.get(step);
    const options = of?.options ?? {};
    const label = (name: string) => of?.labels.get(name) ?? name;
    return {
      name: step,
      stage,
      version,
      barrier: known !== undefined && known.kind !== 'stage',
      options: options as ReportStep['options'],
      assets: assets ?? [],
      writes: known === undefined ? [] : tried(() => writesOf(known, options, env), known.writes),
      looks: tried(() => of?.decision?.columns(options) ?? [], []),
      lang: of?.labels.has('lang') === true && features.includes(label('lang')) ? label('lang') : null,
      limits: tried((): readonly Limit[] => known?.limits?.(options, env) ?? [], []).flatMap((limit) =>
        of?.labels.has(limit.column) === true && features.includes(label(limit.column)) ? [{ ...limit, feature: label(limit.column) }] : [],
      ),
      decide: of === undefined || of.decision === null || of.ranks.length > 0 ? null : (batch) => decided(of, batch, label),
    };
  });
}

/** The step's drop codes from stored columns; null where the batch has not all of them. */
function decided({ decision, options }: AskedStep, batch: Batch, label: (name: string) => string): Uint16Array | null {
  const names = decision!.columns(options);
  if (!names.every((name) => batch.columns[label(name)] !== undefined)) return null;
  return decision!.drops(options, Object.fromEntries(names.map((name) => [name, batch.columns[label(name)]!])), batch.rows);
}

/** A lock of another refine may hold options that this one's stage does not understand: then the page says less. */
function tried<T>(ask: () => T, otherwise: T): T {
  try {
    return ask();
  } catch {
    return otherwise;
  }
}

/** The condition that a manifest gives a reason (step rules), or spares documents by (`unless`); null where it gives none. */
export function conditionOf(step: ReportStep, reason: string): string | null {
  const { drop, unless } = step.options as { drop?: unknown; unless?: unknown };
  const named = Array.isArray(drop) ? (drop as { name?: unknown; expression?: unknown }[]).find((one) => one?.name === reason)?.expression : undefined;
  if (typeof named === 'string') return named;
  return typeof unless === 'string' ? `unless ${unless}` : null;
}

/** `duplicate_line_fraction_at_datatrove` as people write it. */
export function metricName(column: string): string {
  return column.replace(/_at_([a-z0-9-]+)$/, '@$1').replaceAll('_', '-');
}
