// A barrier's phases as the engine runs them: its own, then those that gather verdicts and edits by input (gather.ts).
// Invariant: the plan is a pure function of options, totals over the inputs, the manifest's `spill` and the number of inputs.
import type { PhaseLimits } from '../stages/contract/stage.js';
import { gatherPhases } from './gather.js';
import { InputGroups } from './input-groups.js';
import { type AnyPhase, FROM_FEATURES, FROM_MAP } from './phase-lists.js';
import { type BarrierStep, stepMistake } from './segments.js';

/** What a phase's task may hold: half of a worker's gibibyte; the rest is Node's and what a native call holds beside it. */
export const PHASE_MEMORY_BYTES = 512 * 1024 * 1024;

const PARTITION_DOCUMENTS = 250_000; // 14 bands of 24 bytes a document: 84 MB of keys
const MAX_PARTITIONS = 4096;

export interface BarrierPlan {
  readonly phases: readonly AnyPhase[];
  /** How many of them are the barrier's own. */
  readonly own: number;
  /** The number of inputs of the run, those that failed too; how they are grouped for the gathering phases. */
  readonly groups: InputGroups;
  /** Whether the barrier drops or names documents, and whether it edits texts. */
  readonly decides: boolean;
  readonly edits: boolean;
  /** By `from/role`: the index of the last phase that reads it. What nobody reads is kept. */
  readonly lastReader: ReadonlyMap<string, number>;
}

export function phaseLimits(totals: Readonly<Record<string, number>>, spillBytes: number, partitions?: number): PhaseLimits {
  const documents = totals.documents ?? 0;
  const suggested = Math.max(1, Math.min(MAX_PARTITIONS, Math.ceil(documents / PARTITION_DOCUMENTS)));
  return { spillBytes, memoryBytes: PHASE_MEMORY_BYTES, partitions: partitions ?? suggested };
}

export function planBarrier(step: BarrierStep, totals: Readonly<Record<string, number>>, limits: PhaseLimits, inputs: number): BarrierPlan {
  const own = step.stage.phases(step.options, totals, limits) as readonly AnyPhase[];
  const last = own.at(-1);
  const decides = last?.writes.includes('verdicts') === true;
  const edits = last?.writes.includes('edits') === true;
  if (!decides && !edits) throw stepMistake(step, 'ends with a phase that writes neither "verdicts" nor "edits"');
  if (edits && step.stage.apply === undefined) throw stepMistake(step, 'writes "edits" and has no apply');
  const groups = new InputGroups(inputs);
  const phases = [...own, ...gatherPhases(step, last!, groups, { decides, edits })];
  const written = new Map<string, readonly string[]>();
  const lastReader = new Map<string, number>();
  for (const [index, phase] of phases.entries()) {
    if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(phase.name) || written.has(phase.name) || [FROM_MAP, FROM_FEATURES].includes(phase.name))
      throw stepMistake(step, `has a phase named "${phase.name}", which is taken or not kebab-case`);
    if (phase.over === 'partitions' && !((phase.count ?? 0) >= 1)) throw stepMistake(step, `phase "${phase.name}" has no count of partitions`);
    for (const { from, role } of phase.reads) {
      if (from !== FROM_MAP && from !== FROM_FEATURES && written.get(from)?.includes(role) !== true)
        throw stepMistake(step, `phase "${phase.name}" reads ${from}/${role}, which no earlier phase writes`);
      lastReader.set(`${from}/${role}`, index);
    }
    written.set(phase.name, phase.writes);
  }
  return { phases, own: own.length, groups, decides, edits, lastReader };
}

/** What identifies a plan: every phase's shape. */
export function planShape(plan: BarrierPlan): unknown {
  return plan.phases.map(({ name, over, count, reads, writes }) => [
    name,
    over,
    count ?? null,
    reads.map(({ from, role, match }) => [from, role, match]),
    writes,
  ]);
}
