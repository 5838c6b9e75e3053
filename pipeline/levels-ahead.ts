// How many levels a run will have and roughly what those to come take, for displays: exact numbers of levels once a barrier's maps
// have counted its documents, one round of each barrier until then. Nothing that a run does depends on it.
import { phaseLimits, planBarrier } from './barrier-plan.js';
import type { BarrierStep, Segment } from './segments.js';

export interface Ahead {
  /** Processor milliseconds of the tasks themselves, whatever they hold. */
  readonly taskMs: number;
  /** And for each document that the first maps read. */
  readonly documentMs: number;
}

export const NOTHING_AHEAD: Ahead = { taskMs: 0, documentMs: 0 };

/** A task of a phase; a document through a phase; a document that the first maps read through a later map (tokenizing, mostly): figures in infra/docs/planning.md. */
const PHASE_TASK_MS = 10;
const PHASE_DOCUMENT_MS = 0.005;
const LATER_MAP_DOCUMENT_MS = 0.3;

interface Level {
  readonly kind: 'map' | 'phase' | 'other';
  readonly step: BarrierStep | null;
  readonly tasks: number;
}

export class LevelsAhead {
  readonly #inputs: number;
  #list: Level[] = [];

  constructor(segments: readonly Segment[], inputs: number, spillBytes: number) {
    this.#inputs = inputs;
    const totals = { inputs, documents: 0 };
    for (const segment of segments) {
      this.#list.push({ kind: 'map', step: null, tasks: inputs });
      for (const step of segment.barriers) {
        for (const tasks of tasksOf(step, totals, spillBytes)) this.#list.push({ kind: 'phase', step, tasks });
      }
      if (segment.ranked !== null) this.#list.push({ kind: 'other', step: null, tasks: segment.ranked.requests.length });
    }
    this.#list.push({ kind: 'other', step: null, tasks: 1 });
  }

  get levels(): number {
    return this.#list.length;
  }

  /** A barrier's phases as they turned out; gives the number of levels. */
  known(step: BarrierStep, phases: number): number {
    const at = this.#list.findIndex((level) => level.step === step);
    const held = this.#list.filter((level) => level.step === step).length;
    const more: Level[] = Array.from({ length: Math.max(0, phases - held) }, () => ({ kind: 'phase', step, tasks: this.#inputs }));
    if (at >= 0) this.#list = [...this.#list.slice(0, at), ...this.#list.slice(at, at + Math.min(held, phases)), ...more, ...this.#list.slice(at + held)];
    return this.levels;
  }

  after(level: number): Ahead {
    const rest = this.#list.slice(level);
    const of = (kind: Level['kind']): number => rest.filter((one) => one.kind === kind).length;
    return {
      taskMs: rest.reduce((sum, { tasks }) => sum + tasks * PHASE_TASK_MS, 0),
      documentMs: of('phase') * PHASE_DOCUMENT_MS + of('map') * LATER_MAP_DOCUMENT_MS,
    };
  }
}

/** Of a barrier's phases before its maps have counted: one of a user's own may know no plan for that, and then four phases are expected. */
function tasksOf(step: BarrierStep, totals: { readonly inputs: number; readonly documents: number }, spillBytes: number): number[] {
  const { inputs } = totals;
  try {
    const { phases } = planBarrier(step, totals, phaseLimits(totals, spillBytes), inputs);
    return phases.map(({ over, count }) => (over === 'inputs' ? inputs : over === 'run' ? 1 : count!));
  } catch {
    return [inputs, inputs, inputs, inputs];
  }
}
