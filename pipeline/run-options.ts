// What a caller says of a run beside its manifest: where, by whom, with how much, and what tests put in place of the product's parts.
// Invariant: nothing here is part of what the results depend on.
import type { FetchGate, Input, Source, SourceReader } from '../stages/contract/source.js';
import type { AskedDevice, CudaState } from './device.js';
import type { EngineJobs, MakeExecutor } from './executors/executor.js';
import type { LockSettings } from './parent-lock.js';
import type { Progress } from './progress-events.js';
import type { PlaceSettings } from './run-place.js';

export interface RunOptions {
  /** The run folder, or s3://bucket/prefix. */
  readonly out: string;
  /** Of a run on S3: the folder here that tasks read and write; one below the cache folder where absent. */
  readonly work?: string;
  /** Worker processes; by default one a core, as far as memory lets each have its cap. */
  readonly workers?: number;
  /** Inputs that may fail for good without failing the run. */
  readonly allowFailed?: number;
  /** Brings a folder of another manifest up to date: only tasks whose identity changed are redone. */
  readonly update?: boolean;
  /** Reads every local input of a finished task again and compares its sha256 with what was read then. */
  readonly verifyInputs?: boolean;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
  /** Told once, before any task runs, where neural steps compute and why not elsewhere. */
  readonly notice?: (sentence: string) => void;
  /** Where neural steps compute; auto. */
  readonly device?: AskedDevice;
  /** Where tasks run; worker processes of this machine. */
  readonly executor?: MakeExecutor;
  /** Whether jobs of an engine work in the run folder, and the one that this parent runs in; absent: jobs are looked for, and refused. */
  readonly engineJobs?: EngineJobs;
  /** Resident bytes a worker may use; 1 GiB. */
  readonly workerBytes?: number;
  /** How long a worker may make no progress; 10 minutes. */
  readonly stallMs?: number;
  /** Tests: partitions of barriers, modules in place of the registry and of stages/fetch, and what a GPU's library says. */
  readonly partitions?: number;
  readonly lock?: LockSettings;
  readonly modules?: RunModules;
  readonly cuda?: CudaState;
  /** Tests: of a run on S3, retries, size of parts, times of the lease. */
  readonly storage?: PlaceSettings;
  /** Tests: loose ledger objects that are compacted. */
  readonly compactAt?: number;
}

/** URLs of modules. `inputs` exports openInput, listInputs and localGate, `steps` exports loadSteps. */
export interface RunModules {
  readonly steps: string;
  readonly inputs: string;
}

/** What the module of `RunModules.inputs` exports. */
export interface InputsModule {
  listInputs(
    source: Source,
    env: { baseDir: string; seed: bigint; gate: FetchGate; signal: AbortSignal; selectionDir: string; notice: (words: string) => void },
  ): Promise<Input[]>;
  openInput(input: Input, env: { gate: FetchGate }): SourceReader;
  localGate(): FetchGate;
}
