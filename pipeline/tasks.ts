// What a worker is told: the run's context once, then tasks one at a time. Everything here crosses a process boundary.
import type { Input } from '../stages/contract/source.js';
import type { PhaseLimits, RankRequest } from '../stages/contract/stage.js';
import type { StorageSpec } from './storage/run-storage.js';
import type { CrashedPage, EntryBase, Sink } from './types.js';

/** A manifest's step, with its stage by name: the worker's registry holds the code. */
export interface StepSpec {
  readonly name: string;
  readonly stage: string;
  /** The URL of the module that exports it, for a stage outside the repository. */
  readonly module?: string;
  readonly options: unknown;
}

export interface WorkerContext {
  readonly runFolder: string;
  readonly baseDir: string;
  readonly seed: bigint;
  readonly device: 'cpu' | 'cuda';
  /** The instruction set of neural steps; null where the run has none. */
  readonly isa: string | null;
  /** Where the run's GPU process listens; absent where nothing runs on a GPU. */
  readonly gpu?: string;
  /** Of a run in an object store, whose work folder `runFolder` is: where finished tasks go. */
  readonly storage?: StorageSpec;
  readonly steps: readonly StepSpec[];
  readonly sink: Sink;
  /** Resident bytes a worker may use. */
  readonly maxBytes: number;
  /** A worker that makes no progress for so long is ended; STALL_MS where absent. */
  readonly stallMs?: number;
  /** Module URLs: `steps` exports `steps`, `inputs` exports `openInput`. Tests bring their own. */
  readonly modules: { readonly steps: string; readonly inputs: string };
}

interface TaskBase {
  /** The task's identity. */
  readonly task: string;
  readonly label: string;
  readonly segment: number;
  readonly number: number;
}

/** Segment 0 reads the input; later ones the previous segment's documents with the verdicts of its barriers applied. */
export interface MapSpec extends TaskBase {
  readonly kind: 'map';
  /** A task that is done makes the files of these barriers again, from its own documents. */
  readonly again?: readonly string[];
  /** Documents that killed their worker when alone: dropped before the step that they killed (isolation.ts). No part of the identity. */
  readonly crashed?: readonly CrashedPage[];
  /** Not the task but a search in it: these rows go into that step one by one, nothing is written. */
  readonly isolate?: Suspect;
  readonly input: Input;
  readonly previous: {
    readonly documents: string;
    /** Feature parts of all earlier segments, in order; the first has a row for every document of the source. */
    readonly features: readonly string[];
    /** Documents that earlier segments dropped and that rule steps still measure (`features: all`); null where there are none. */
    readonly shadow: string | null;
    /** One for each barrier of the previous segment, in order: files of the input's group, null where it writes none of the kind. */
    readonly decided: readonly { readonly verdicts: string | null; readonly edits: string | null }[];
    /** One for each request of the segment's first step. */
    readonly ranks: readonly { readonly name: string; readonly path: string; readonly shift: number }[];
    /** Whether features of earlier segments name documents that killed a worker. */
    readonly crashed?: true;
  } | null;
}

/** Record rows `first` to `last` in a step: where a worker was when it died. `shadow`: as documents that are only measured (shadow.ts). */
export interface Suspect {
  readonly step: string;
  readonly first: number;
  readonly last: number;
  readonly shadow: boolean;
}

/** One task of a barrier's phase. The worker makes the phase again from the step, totals and limits. */
export interface PhaseSpec extends TaskBase {
  readonly kind: 'phase';
  readonly step: string;
  readonly phase: string;
  readonly totals: Readonly<Record<string, number>>;
  readonly limits: PhaseLimits;
  /** Inputs of the run, those that failed too. */
  readonly inputs: number;
  /** phase-lists.ts: what the phase's tasks read; below the run folder. */
  readonly lists: string;
  /** Copies of the files of other runs that the phase reads (outside.ts), below the run folder; absent where it reads none. */
  readonly outside?: readonly string[];
}

export interface RankSpec extends TaskBase {
  readonly kind: 'rank';
  readonly step: string;
  readonly request: RankRequest;
  readonly keys: readonly { readonly number: number; readonly path: string }[];
  /** rank-task.ts: how documents are packed into keys. */
  readonly shift: number;
}

export interface FinalizeSpec extends TaskBase {
  readonly kind: 'finalize';
  readonly tokens: readonly { readonly path: string; readonly rows: number; readonly tokens: number; readonly bytes: number; readonly sha256: string }[];
  /** Sample parts of every step, inputs in order. */
  readonly samples: readonly { readonly step: string; readonly paths: readonly string[] }[];
}

export type TaskSpec = MapSpec | PhaseSpec | RankSpec | FinalizeSpec;

/** What a ledger entry says of its task, done or failed. */
export function entryBase(spec: TaskSpec): EntryBase {
  const { task, kind, label, segment, number } = spec;
  const of = { format: 1, task, kind, label, segment, number } as const;
  switch (spec.kind) {
    case 'map':
      return { ...of, input: spec.input.path };
    case 'phase':
      return { ...of, step: spec.step, phase: spec.phase };
    case 'rank':
      return { ...of, step: spec.step };
    case 'finalize':
      return of;
  }
}

/** A scratch file of a map task. Named by identity: an input that changes its number keeps its scratch. */
export function scratchPath(segment: number, task: string, role: string): string {
  return `scratch/map-${segment}/${task.slice(0, 20)}.${role}`;
}

/** The part of a map task that holds the values of one order. */
export function rankRole(step: string, name: string): string {
  return `ranks-${step}-${name}`;
}

/** The part of a map task that a barrier writes. */
export function mapRole(step: string, role: string): string {
  return `${step}.${role}`;
}

export function phaseFolder(step: string, phase: string): string {
  return `scratch/${step}/${phase}`;
}

export function phasePath(step: string, phase: string, task: string, role: string): string {
  return `${phaseFolder(step, phase)}/${task.slice(0, 20)}.${role}`;
}

export function barrierPath(step: string, task: string, name: string): string {
  return `scratch/${step}/${task.slice(0, 20)}.${name}`;
}

/** `000012`: shard numbers are input numbers, in the order of input paths. */
export function shardName(number: number): string {
  return String(number).padStart(6, '0');
}
