// Where a run's neural steps compute: one device and one instruction set for all of them, chosen when the run begins and recorded in
// its lock. DESIGN section 6. Invariant: a run that is resumed goes on with what its lock says, or is refused; only `auto` ever falls
// back from a GPU, and says so.
import { RefineError } from '../native/errors.js';
import { type InstructionSet, instructionSets } from '../stages/contract/instruction-sets.js';
import type { Step } from './types.js';

export type Device = 'cpu' | 'cuda';
export type AskedDevice = 'auto' | Device;

/** Why no GPU can be used; the codes are stable. */
export type CudaReason = 'no-library' | 'no-driver' | 'no-device' | 'too-old';
export type CudaState = { readonly usable: true; readonly name: string } | { readonly usable: false; readonly reason: CudaReason };

const REASONS: Readonly<Record<CudaReason, { readonly found: string; readonly next: string }>> = {
  'no-library': { found: 'this build has no library of CUDA kernels for models', next: 'Build it on a machine with nvcc: npm run build' },
  'no-driver': { found: 'no NVIDIA driver answers', next: "Install the driver, or give the container access to the host's (--gpus all)" },
  'no-device': { found: 'the driver names no GPU', next: 'Check nvidia-smi and CUDA_VISIBLE_DEVICES' },
  'too-old': { found: 'the GPU or its driver is older than the kernels need (compute capability 8.0)', next: 'Use a newer one' },
};

/** The library of model kernels for GPUs is not part of the build yet. */
export function cudaState(): CudaState {
  return { usable: false, reason: 'no-library' };
}

/** What a lock records: absent parts are those of a run without neural steps. */
export interface Placement {
  readonly device: Device;
  /** null where the run has no neural step. */
  readonly isa: string | null;
  /** Sentences for people. */
  readonly notices: readonly string[];
}

export const neuralSteps = (steps: readonly Pick<Step, 'name' | 'stage' | 'options'>[]): readonly string[] =>
  steps.filter(({ stage, options }) => stage.neural?.(options) === true).map(({ name }) => name);

export interface PlacementRequest {
  readonly asked: AskedDevice;
  readonly steps: readonly Pick<Step, 'name' | 'stage' | 'options'>[];
  /** The manifest's `isa`. */
  readonly pinned: string | undefined;
  /** What the folder's lock says; null for a new run, or with --update. */
  readonly held: { readonly device: Device; readonly isa?: string } | null;
  readonly cuda?: CudaState;
  /** Best first. */
  readonly sets?: readonly string[];
}

export function placeNeuralSteps({ asked, steps, pinned, held, cuda = cudaState(), sets = instructionSets() }: PlacementRequest): Placement {
  if (asked === 'cuda' && !cuda.usable) throw noCuda(cuda.reason);
  const neural = neuralSteps(steps);
  if (neural.length === 0) return { device: 'cpu', isa: null, notices: [] };
  const names = neural.join(', ');
  const notices: string[] = [];
  const before = held?.isa === undefined ? null : { device: held.device, isa: held.isa };

  let device: Device = asked === 'auto' ? (before?.device ?? (cuda.usable ? 'cuda' : 'cpu')) : asked;
  if (device === 'cuda' && !cuda.usable) device = 'cpu'; // a lock of a GPU's run: refused below
  if (before !== null && before.device !== device)
    throw new RefineError(
      'ERR_REFINE_RUN_DIFFERS',
      `${names} ran on ${before.device} there and would run on ${device} now${cuda.usable ? '' : ` (${cuda.reason}: ${REASONS[cuda.reason].found})`}; its scores would differ in the last bits. ` +
        `Resume ${cuda.usable ? `with --device ${before.device}` : 'on a machine with a GPU'}, run into another folder with --out, or score anew with --update.`,
      { place: 'device' },
    );

  let isa: string;
  if (pinned !== undefined) {
    if (!sets.includes(pinned))
      throw new RefineError(
        'ERR_REFINE_DEVICE',
        `the manifest pins ${pinned} for ${names}; this machine has ${sets.join(', ')}. Pin one that all machines of the run have`,
        {
          place: 'isa',
        },
      );
    isa = pinned;
    if (before !== null && before.isa !== pinned) throw otherSet(names, before.isa, `the manifest pins ${pinned} now`);
  } else if (before !== null) {
    if (!sets.includes(before.isa)) throw otherSet(names, before.isa, `this machine has ${sets.join(', ')}`);
    isa = before.isa;
    if (isa !== sets[0]) notices.push(`${names} goes on with ${isa}, as the run's lock says; this machine also has ${sets[0]}.`);
  } else {
    isa = sets[0] as InstructionSet;
  }
  if (asked === 'auto' && device === 'cpu' && before === null && !cuda.usable)
    notices.push(`${names} runs on the CPU (${isa}): no GPU is used, ${cuda.reason} (${REASONS[cuda.reason].found}).`);
  return { device, isa, notices };
}

export function noCuda(reason: CudaReason): RefineError {
  const { found, next } = REASONS[reason];
  return new RefineError('ERR_REFINE_DEVICE', `${reason}: ${found}, expected a usable GPU. ${next}, or run with --device cpu or auto.`, {
    place: '--device cuda',
  });
}

function otherSet(names: string, held: string, now: string): RefineError {
  return new RefineError(
    'ERR_REFINE_RUN_DIFFERS',
    `${names} ran with ${held} there and ${now}; its scores would differ in the last bits. Resume on a machine with ${held}, run into another folder with --out, ` +
      'or score anew with --update. A new run that machines of several kinds share pins a common set: isa: avx2 in its manifest.',
    { place: 'isa' },
  );
}
