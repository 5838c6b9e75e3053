// One task of a barrier's phase, in a worker: the phase is made again from the step and what the parent measured, reads the files
// of its list and writes its roles. Invariant: outputs stand under their final names together with the ledger entry or are removed.
import { join } from 'node:path';
import { RefineError } from '../native/errors.js';
import type { NumberedFile, PhaseTask, StageEnv } from '../stages/contract/stage.js';
import { PHASE_MEMORY_BYTES, planBarrier } from './barrier-plan.js';
import type { DoneEntry } from './ledger.js';
import { type AnyPhase, type PhaseLists, readLists } from './phase-lists.js';
import { type BarrierStep, stepMistake } from './segments.js';
import { ScratchFiles } from './task-files.js';
import { entryBase, type PhaseSpec, phasePath } from './tasks.js';

export async function runPhaseTask(spec: PhaseSpec, step: BarrierStep, runFolder: string, env: StageEnv, signal: AbortSignal): Promise<DoneEntry> {
  const started = performance.now();
  const phase = planBarrier(step, spec.totals, spec.limits, spec.inputs).phases.find(({ name }) => name === spec.phase);
  if (phase === undefined) throw stepMistake(step, `has no phase "${spec.phase}" for the totals that it had before`);
  const lists = await readLists(runFolder, spec.lists);
  const files = await ScratchFiles.open(runFolder, (role) => phasePath(spec.step, spec.phase, spec.task, role), PHASE_MEMORY_BYTES);
  try {
    const seen = spec.outside === undefined ? env : { ...env, outside: spec.outside.map((path) => join(runFolder, path)) };
    const result = await phase.run(step.options, new Task(phase, spec.number, lists, files, seen, (path) => join(runFolder, path)), signal);
    for (const role of phase.writes) files.path(role);
    const outputs = await files.commit();
    return {
      ...entryBase(spec),
      state: 'done',
      outputs,
      rowsIn: result.rowsIn,
      rowsOut: result.rowsOut,
      steps: [],
      ...(result.notes === undefined ? {} : { notes: result.notes }),
      spillBytes: outputs.reduce((sum, { bytes }) => sum + bytes, 0),
      wallMs: Math.round(performance.now() - started),
    };
  } catch (error) {
    await files.abort();
    throw error;
  }
}

/** What a phase's `run` sees. `place` makes a list's path one of this machine. */
export class Task implements PhaseTask {
  readonly number: number;
  readonly count: number;
  readonly inputs: readonly number[];
  readonly env: StageEnv;
  readonly memoryBytes: number;
  readonly #phase: AnyPhase;
  readonly #lists: PhaseLists;
  readonly #files: ScratchFiles;
  readonly #place: (path: string) => string;

  constructor(phase: AnyPhase, number: number, lists: PhaseLists, files: ScratchFiles, env: StageEnv, place: (path: string) => string) {
    this.number = number;
    this.count = phase.over === 'inputs' ? lists.inputs.length : phase.over === 'run' ? 1 : phase.count!;
    this.inputs = lists.inputs;
    this.env = env;
    this.memoryBytes = files.memoryBytes;
    this.#phase = phase;
    this.#lists = lists;
    this.#files = files;
    this.#place = place;
  }

  path(role: string): string {
    return this.#files.path(role);
  }

  folder(): Promise<string> {
    return this.#files.folder();
  }

  files(from: string, role: string): readonly NumberedFile[] {
    const read = this.#phase.reads.find((one) => one.from === from && one.role === role);
    const listed = this.#lists.reads.find((one) => one.from === from && one.role === role);
    if (read === undefined || listed === undefined)
      throw new RefineError('ERR_REFINE_INTERNAL', `phase "${this.#phase.name}" asks for ${from}/${role}, which it does not say it reads. Report it.`);
    return this.#placed(read.match === 'own' ? listed.files.filter(({ number }) => number === this.number) : listed.files);
  }

  dropped(): readonly NumberedFile[] {
    return this.#placed(this.#phase.over === 'inputs' ? this.#lists.dropped.filter(({ number }) => number === this.number) : this.#lists.dropped);
  }

  #placed(files: readonly NumberedFile[]): NumberedFile[] {
    return files.map(({ number, path }) => ({ number, path: this.#place(path) }));
  }
}
