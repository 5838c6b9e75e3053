// Instruction sets of the model kernels, by name. One name stands for one rounding of every float, so it is part of what a neural
// step's result depends on; the scalar set is there on every machine. REFINE_ISA=NAME hides all better ones (tests, mixed fleets).
import { native, RefineError } from '../../native/index.js';

/** Worst first; neon and the x86 sets never meet on one machine. */
export const INSTRUCTION_SETS = ['scalar', 'neon', 'avx2', 'avx512', 'avx512-bf16', 'amx'] as const;
export type InstructionSet = (typeof INSTRUCTION_SETS)[number];

/** What this machine has, best first. */
export function instructionSets(most: string | undefined = process.env.REFINE_ISA): readonly InstructionSet[] {
  const found = native.modelIsas();
  const here = INSTRUCTION_SETS.filter((name) => (found as readonly string[]).includes(name)).reverse();
  if (most === undefined || most === '') return here;
  const at = INSTRUCTION_SETS.indexOf(most as InstructionSet);
  if (at < 0)
    throw new RefineError('ERR_REFINE_USAGE', `is "${most}", expected one of ${INSTRUCTION_SETS.join(', ')}. Correct it or unset it`, { place: 'REFINE_ISA' });
  return here.filter((name) => INSTRUCTION_SETS.indexOf(name) <= at);
}
