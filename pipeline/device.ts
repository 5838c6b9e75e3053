// Where a run's steps compute. Neural ones: one device and one instruction set for all of them, chosen when the run begins and recorded
// in its lock (DESIGN section 6); accelerated ones, whose bytes are the same everywhere: on a GPU where there is one. Invariant: a run that is resumed goes on with what its lock says, or is refused; only `auto` ever falls
// back from a GPU, and says so.
import { cudaLibrary, native, RefineError } from '../native/index.js';
import { type InstructionSet, instructionSets } from '../stages/contract/instruction-sets.js';
import type { Step } from './types.js';

export type Device = 'cpu' | 'cuda';
export type AskedDevice = 'auto' | Device;

/** Why no GPU can be used; the codes are stable. */
export type CudaReason = 'no-library' | 'no-driver' | 'no-device' | 'too-old';
export interface UsableCuda {
  readonly usable: true;
  readonly name: string;
  /** Which family of kernels runs there: part of what a score's last bits depend on. */
  readonly path?: 'hopper' | 'ampere';
  readonly library?: string;
  /** Bytes. */
  readonly memory?: number;
  readonly multiprocessors?: number;
}
export interface UnusableCuda {
  readonly usable: false;
  readonly reason: CudaReason;
  /** What was found, where it says more than the reason. */
  readonly detail?: string;
}
export type CudaState = UsableCuda | UnusableCuda;

const REASONS: Readonly<Record<CudaReason, { readonly found: string; readonly next: string }>> = {
  'no-library': { found: 'this build has no library of CUDA kernels for models', next: 'Build it on a machine with nvcc: npm run build:cuda' },
  'no-driver': { found: 'no NVIDIA driver answers', next: "Install the driver, or give the container access to the host's (--gpus all)" },
  'no-device': { found: 'the driver names no GPU', next: 'Check nvidia-smi and CUDA_VISIBLE_DEVICES' },
  'too-old': { found: 'the GPU or its driver is older than the kernels need (compute capability 8.0)', next: 'Use a newer one' },
};

/** Opens the library and asks the driver, here and now. */
export function cudaState(library: string | null = cudaLibrary()): CudaState {
  if (library === null) return { usable: false, reason: 'no-library' };
  try {
    const { reason, detail, name, path, memory, multiprocessors } = native.cudaProbe(library);
    if (reason === 'ok') return { usable: true, name, path, library, memory, multiprocessors };
    return { usable: false, reason, ...(reason === 'too-old' || reason === 'no-device' ? { detail } : {}) };
  } catch (error) {
    return { usable: false, reason: 'no-library', detail: (error as Error).message };
  }
}

/** What a reason means and what to do about it. */
export function cudaAdvice(state: UnusableCuda): { readonly found: string; readonly next: string } {
  const { found, next } = REASONS[state.reason];
  return { found: state.detail === undefined || state.detail === '' ? found : state.detail.replace(/\.$/, ''), next };
}

/** Where a command outside a run asks a model: `auto` takes a GPU where one is usable. */
export function placeModel(asked: AskedDevice, cuda: CudaState | undefined = asked === 'cpu' ? undefined : cudaState()): Device {
  if (asked === 'cuda' && cuda?.usable !== true) throw noCuda(cuda ?? { usable: false, reason: 'no-device' });
  return cuda?.usable === true ? 'cuda' : 'cpu';
}

/** What a lock records: absent parts are those of a run without neural steps. */
export interface Placement {
  readonly device: Device;
  /** null where the run has no neural step. */
  readonly isa: string | null;
  /** The library of kernels where anything runs on a GPU: neural steps by `device`, accelerated ones wherever there is a usable one. */
  readonly library?: string;
  /** Sentences for people. */
  readonly notices: readonly string[];
}

export const neuralSteps = (steps: readonly Pick<Step, 'name' | 'stage' | 'options'>[]): readonly string[] =>
  steps.filter(({ stage, options }) => stage.neural?.(options) === true).map(({ name }) => name);

/** Steps that give the same bytes with a GPU as without, and take one where it is. */
export const acceleratedSteps = (steps: readonly Pick<Step, 'name' | 'stage' | 'options'>[]): readonly string[] =>
  steps.filter(({ stage, options }) => stage.accelerated?.(options) === true).map(({ name }) => name);

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

/** Where the run's steps compute: neural ones as placeNeuralSteps says, accelerated ones on any usable GPU that is not refused by `asked`. */
export function placeSteps(request: PlacementRequest): Placement {
  const { asked, steps, held } = request;
  const accelerated = acceleratedSteps(steps);
  const any = accelerated.length > 0 || neuralSteps(steps).length > 0;
  const wanted = asked === 'cuda' || held?.device === 'cuda' || (asked === 'auto' && any);
  const cuda = request.cuda ?? (wanted ? cudaState() : { usable: false, reason: 'no-device' as const }); // the driver is asked only where it matters
  const placed = placeNeuralSteps({ ...request, cuda });
  if (asked === 'cuda' && !any)
    return { ...placed, notices: [...placed.notices, 'No step of this manifest computes on a GPU: --device cuda changes nothing.'] };
  if (accelerated.length === 0 || asked === 'cpu' || !cuda.usable || cuda.library === undefined) return placed;
  const said = asked === 'auto' ? [`${accelerated.join(', ')} makes its signatures on the GPU (${cuda.name}): the same bytes as without.`] : [];
  return { ...placed, library: cuda.library, notices: [...placed.notices, ...said] };
}

function placeNeuralSteps(request: PlacementRequest & { readonly cuda: CudaState }): Placement {
  const { asked, steps, pinned, held, cuda, sets = instructionSets() } = request;
  const neural = neuralSteps(steps);
  if (asked === 'cuda' && !cuda.usable) throw noCuda(cuda);
  if (neural.length === 0) return { device: 'cpu', isa: null, notices: [] };
  const names = neural.join(', ');
  const notices: string[] = [];
  const before = held?.isa === undefined ? null : { device: held.device, isa: held.isa };

  // A pinned set is the CPU's: it asks for the same bytes on machines with and without a GPU.
  let device: Device = asked === 'auto' ? (before?.device ?? (cuda.usable && pinned === undefined ? 'cuda' : 'cpu')) : asked;
  if (device === 'cuda' && pinned !== undefined && cuda.usable && before === null)
    throw new RefineError('ERR_REFINE_DEVICE', `the manifest pins ${pinned} for ${names}, an instruction set of CPUs. Remove it, or run with --device cpu`, {
      place: 'isa',
    });
  if (device === 'cuda' && !cuda.usable) device = 'cpu'; // a lock of a GPU's run: refused below
  if (before !== null && before.device !== device)
    throw new RefineError(
      'ERR_REFINE_RUN_DIFFERS',
      `${names} ran on ${before.device} there and would run on ${device} now${cuda.usable ? '' : ` (${cuda.reason}: ${cudaAdvice(cuda).found})`}; its scores would differ in the last bits. ` +
        `Resume ${cuda.usable ? `with --device ${before.device}` : 'on a machine with a GPU'}, run into another folder with --out, or score anew with --update.`,
      { place: 'device' },
    );

  if (device === 'cuda' && cuda.usable) {
    const kernels = `cuda-${cuda.path ?? 'ampere'}`;
    if (before !== null && before.isa !== kernels && before.isa.startsWith('cuda-')) throw otherSet(names, before.isa, `this machine has ${kernels}`);
    if (asked === 'auto' && before === null) notices.push(`${names} runs on the GPU (${cuda.name}, ${kernels}).`);
    return { device, isa: before?.isa ?? kernels, ...(cuda.library === undefined ? {} : { library: cuda.library }), notices };
  }
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
    notices.push(`${names} runs on the CPU (${isa}): no GPU is used, ${cuda.reason} (${cudaAdvice(cuda).found}).`);
  else if (asked === 'auto' && device === 'cpu' && before === null && cuda.usable)
    notices.push(`${names} runs on the CPU (${isa}), which the manifest pins; ${cuda.name} is not used.`);
  return { device, isa, notices };
}

/** `cuda` where any step of a run with this request would compute there, for plans: nothing is refused, so that a GPU's run can be planned where there is none. */
export function plannedDevice({ asked, steps, pinned, held, cuda }: Omit<PlacementRequest, 'sets'>): Device {
  const [neural, accelerated] = [neuralSteps(steps).length > 0, acceleratedSteps(steps).length > 0];
  if (!neural && !accelerated) return 'cpu';
  if (asked !== 'auto') return asked;
  if (neural && held?.isa !== undefined && held.device === 'cuda') return 'cuda';
  const mayTake = accelerated || (pinned === undefined && held?.isa === undefined);
  return mayTake && (cuda ?? cudaState()).usable ? 'cuda' : 'cpu';
}

export function noCuda(state: UnusableCuda): RefineError {
  const { found, next } = cudaAdvice(state);
  return new RefineError('ERR_REFINE_DEVICE', `${state.reason}: ${found}, expected a usable GPU. ${next}, or run with --device cpu or auto.`, {
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
