// What a funnel says of its own rules: those that never decided, and a step that let nothing through. For people; nothing fails.
import type { AnyStep, StageEnv } from '../stages/contract/stage.js';
import { loadSteps } from './registry.js';
import type { RunLock } from './run-folder.js';

/** A rule that fires on less than one document in so many is not missed by chance alone. */
const ENOUGH_DOCUMENTS = 10_000;

interface Counted {
  readonly step: string;
  readonly in: number;
  readonly out: number;
  readonly drops: Readonly<Record<string, number>>;
}

interface Known {
  readonly name: string;
  readonly stage: AnyStep | undefined;
  readonly options: unknown;
}

export function funnelWarnings(counts: readonly Counted[], steps: readonly Known[], env: StageEnv): string[] {
  return counts.flatMap((counted) => {
    const step = steps.find(({ name }) => name === counted.step);
    const warnings: string[] = [];
    if (counted.in > 0 && counted.out === 0) {
      const [most] = Object.entries(counted.drops).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
      warnings.push(
        `${counted.step} dropped all ${shown(counted.in)} documents that came to it${most === undefined ? '' : `, ${shown(most[1])} as ${most[0]}`}.`,
      );
    }
    const idle =
      step === undefined || counted.in < ENOUGH_DOCUMENTS
        ? []
        : reasonsInForce(step, env).filter((reason) => counted.drops[`${step.name}/${reason}`] === undefined);
    if (idle.length > 0 && counted.out > 0)
      warnings.push(`${counted.step}: of ${shown(counted.in)} documents none was dropped for ${idle.join(', ')}. Is the threshold meant so?`);
    return warnings;
  });
}

/** The same from a lock file; steps that this refine does not have say nothing of their rules. */
export async function lockedWarnings(counts: readonly Counted[], lock: Pick<RunLock, 'resolved' | 'device'>): Promise<string[]> {
  const steps = (lock.resolved.steps ?? []) as readonly { name: string; stage: string; version: number; options?: unknown }[];
  const registry = await loadSteps(steps.map(({ stage }) => stage));
  const known = steps.map(({ name, stage, version, options }): Known => {
    const found = registry.get(stage);
    return { name, stage: found?.version === version ? found : undefined, options: options ?? {} };
  });
  return funnelWarnings(counts, known, { seed: BigInt(String(lock.resolved.seed ?? 0)), baseDir: '.', device: lock.device });
}

/** Reasons that a threshold or a rule of the user's stands behind, each once. */
function reasonsInForce({ stage, options }: Known, env: StageEnv): string[] {
  if (stage === undefined) return [];
  return [
    ...new Set([...(stage.limits?.(options, env) ?? []).map(({ reason }) => reason), ...(stage.name === 'url' ? [] : (stage.alsoReasons?.(options) ?? []))]),
  ]; // opt-outs that no page asks for are no mistake
}

const shown = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',');
