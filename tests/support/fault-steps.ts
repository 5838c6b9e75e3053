// The shipped steps, whose barriers do a planned harm to one of the files that a phase is about to read, once: what a failing disk
// or a hand in the run folder does between two tasks. REFINE_TEST_HARM: JSON of Harm; absent, the steps are as shipped.
import { closeSync, existsSync, openSync, readSync, statSync, truncateSync, unlinkSync, writeFileSync, writeSync } from 'node:fs';
import { loadSteps as loadShipped } from '../../pipeline/registry.js';
import type { Phase, PhaseTask } from '../../stages/contract/barrier.js';
import type { AnyStep, Barrier } from '../../stages/contract/stage.js';

export interface Harm {
  /** `step/phase`. */
  readonly before: string;
  /** Which of the phase's declared reads; of its files the largest is harmed. */
  readonly read: number;
  readonly kind: 'cut' | 'flip' | 'remove' | 'newer' | 'none';
  /** Written when it is done: the harmed path. */
  readonly note: string;
}

const harm = process.env.REFINE_TEST_HARM === undefined ? null : (JSON.parse(process.env.REFINE_TEST_HARM) as Harm);

function harmFile({ kind }: Harm, path: string): void {
  const { size } = statSync(path);
  const change = (at: number, to: (byte: number) => number): void => {
    const file = openSync(path, 'r+');
    const byte = Buffer.alloc(1);
    readSync(file, byte, 0, 1, at);
    byte[0] = to(byte[0]!);
    writeSync(file, byte, 0, 1, at);
    closeSync(file);
  };
  switch (kind) {
    case 'cut':
      truncateSync(path, Math.floor(size / 2));
      break;
    case 'flip':
      change(Math.min(size - 1, 100), (byte) => byte ^ 0x10); // within the first block
      break;
    case 'remove':
      unlinkSync(path);
      break;
    case 'newer':
      change(7, (byte) => byte + 1); // the format number ends a record file's magic (record_format.h)
      break;
    case 'none':
      break;
  }
}

function before(step: string, phase: Phase<unknown>, task: PhaseTask): void {
  if (harm === null || `${step}/${phase.name}` !== harm.before || existsSync(harm.note)) return;
  const { from, role } = phase.reads[harm.read]!;
  const files = task.files(from, role).map(({ path }) => path);
  if (files.length === 0) return;
  const [largest] = files.sort((a, b) => statSync(b).size - statSync(a).size);
  try {
    writeFileSync(harm.note, largest!, { flag: 'wx' });
  } catch {
    return; // another worker's task of the phase came first
  }
  harmFile(harm, largest!);
}

function harmed(step: AnyStep): AnyStep {
  if (step.kind !== 'barrier') return step;
  const whole = step as Barrier<unknown>;
  return {
    ...whole,
    phases: (options, totals, limits) =>
      whole.phases(options, totals, limits).map((phase) => ({
        ...phase,
        run: (given, task, signal) => {
          before(step.name, phase, task);
          return phase.run(given, task, signal);
        },
      })),
  } as AnyStep;
}

export const loadSteps = async (names: Iterable<string>): Promise<ReadonlyMap<string, AnyStep>> =>
  new Map([...(await loadShipped(names))].map(([name, step]) => [name, harmed(step)]));
