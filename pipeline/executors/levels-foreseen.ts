// The levels that a run will hand to an engine, for people who look before they submit (`--dry-run`). What a barrier's maps must count
// first is said to be unknown: how many documents there are decides how many partitions and rounds a barrier has.
import { phaseLimits, planBarrier } from '../barrier-plan.js';
import { segmentsOf } from '../segments.js';
import type { Manifest } from '../types.js';
import { nameOf } from './cluster-batches.js';

export interface ForeseenLevel {
  /** `0002-dedupe-exact-sort`, as the executor names folders where every level is one array. */
  readonly level: string;
  /** For people: `map of segment 1`. */
  readonly of: string;
  /** Whose resources it takes. */
  readonly steps: readonly string[];
  /** At least 1 where `unknown` is absent; 1 or more than 1 where it is not. */
  readonly tasks: number;
  /** Why tasks, or the levels after this one, may turn out otherwise; absent where they cannot but by inputs that fail. */
  readonly unknown?: string;
}

type Bare = Omit<ForeseenLevel, 'level'> & { readonly slug: string };

/** `inputs`: files of the source, 1 or more. */
export function levelsForeseen({ steps, spillBytes }: Pick<Manifest, 'steps' | 'spillBytes'>, inputs: number): readonly ForeseenLevel[] {
  const levels: Bare[] = [];
  for (const { index, stages, barriers, ranked } of segmentsOf(steps)) {
    const own = [...stages, ...barriers].map(({ name }) => name);
    levels.push({ ...nameOf({ kind: 'map', segment: index }), steps: own, tasks: inputs });
    for (const step of barriers) {
      const totals = { inputs, documents: 0 };
      const unknown = `known once the maps of segment ${index + 1} have counted: partitions and rounds of ${step.name}`;
      let phases: readonly { readonly name: string; readonly over: string; readonly count?: number }[];
      try {
        ({ phases } = planBarrier(step, totals, phaseLimits(totals, spillBytes), inputs));
      } catch {
        phases = [{ name: 'phases', over: 'run' }]; // a barrier of a user's own whose plan needs what its maps count
      }
      for (const { name, over, count } of phases) {
        const named = { ...nameOf({ kind: 'phase', step: step.name, phase: name }), steps: [step.name] };
        if (over === 'inputs') levels.push({ ...named, tasks: inputs });
        else levels.push({ ...named, tasks: count ?? 1, ...(over === 'partitions' || phases.length === 1 ? { unknown } : {}) });
      }
    }
    if (ranked !== null) levels.push({ ...nameOf({ kind: 'rank', step: ranked.step.name }), steps: [ranked.step.name], tasks: ranked.requests.length });
  }
  levels.push({ ...nameOf({ kind: 'finalize' }), steps: [], tasks: 1 });
  return levels.map(({ slug, ...rest }, at) => ({ level: `${String(at + 1).padStart(4, '0')}-${slug}`, ...rest }));
}
