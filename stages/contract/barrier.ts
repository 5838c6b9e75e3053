// A step that needs every document: a map beside the steps before it writes files of each input, then phases of independent tasks
// turn them into verdicts (who is dropped, who stands for whom) or edits (spans of texts), which the next segment's map applies.
// Invariant: a task sees options, its files and numbers alone, and partition and round counts follow from manifest and totals,
// so survivors depend on neither workers nor the machine. A global row is input number << 32 | record row: every tie ends on it.
import type { Batch } from '../../native/index.js';
import type { StageEnv, StageResult, StepKind } from './stage.js';

export interface Barrier<Options> extends StepKind<Options> {
  readonly kind: 'barrier';
  /** Kept by a worker between map tasks; holds what is costly to make (a tokenizer, say). */
  open(options: Options, env: StageEnv): Promise<BarrierRun>;
  /**
   * What happens after all maps, in order. `totals`: sums over inputs of what each map's `finish` gave, plus `inputs` and
   * `documents` (those that reached the barrier). A pure function, also called before anything ran with estimates in `totals`.
   * The last phase writes role `verdicts` and/or `edits`: record files (native/records.ts) as below, from however many tasks.
   */
  phases(options: Options, totals: Readonly<Record<string, number>>, limits: PhaseLimits): readonly Phase<Options>[];
  /** Its verdicts tell similarities: features/ then has a column `similarity`. */
  readonly similarity?: true;
  /** Applies the edits that the last phase wrote to a batch of the next segment's map; counted, sampled and dropped under the step's own name. */
  apply?(options: Options, batch: Batch, edits: Edits): Promise<StageResult>;
  /**
   * What people should hear in `stats` and the run's summary. `notes`: those of all tasks of its phases, summed; the largest where
   * the name begins with `max_`. Keys are the notes' own names; of several phases that use one name the sum.
   */
  notices?(options: Options, notes: Readonly<Record<string, number>>): readonly string[];
  /**
   * Files of other runs that phases marked `outside` read (the catalogue of a dedupe index): absolute paths, whose sha256 is part
   * of the identity of those phases and of nothing else. Options that name them are no part of `inner`.
   */
  outside?(options: Options, env: StageEnv): readonly string[];
  /** The options that the map and all phases but the `outside` ones depend on; all of them where absent. */
  inner?(options: Options): unknown;
  /** Ids of documents of other runs, which verdicts name by rows with bit 63 set: ascending, each once; null where not known. */
  outsideIds?(options: Options, env: StageEnv, rows: BigUint64Array): Promise<readonly (string | null)[]>;
  /** What `refine index` keeps of a run for this step; absent where a step knows no `against`. */
  readonly indexing?: Indexing<Options>;
}

/** A step's part of an index of earlier runs, made by its own map over their kept documents. */
export interface Indexing<Options> {
  /** The options that decide what keys are: taken from the indexed run's step, all others are defaults. */
  readonly options: readonly string[];
  /** What the keys are, as plain words and numbers: those of equal spaces can be compared. Bump `form` in it when keys change. */
  space(options: Options, env: StageEnv): Readonly<Record<string, string | number>>;
  /** From a finished map's files to the index's: moves or makes record files, rows as they are, and says which roles were written. */
  build(options: Options, from: (role: string) => string, to: (role: string) => string, limits: IndexLimits): Promise<readonly string[]>;
}

export interface IndexLimits {
  /** Whether sets of shingles stay, which verification needs and which take about the size of the text. */
  readonly shingles: boolean;
  readonly memoryBytes: number;
}

export interface PhaseLimits {
  /** The manifest's `spill`: bytes of temporary files that the barrier should not pass at once. */
  readonly spillBytes: number;
  /** What a task may hold in memory. */
  readonly memoryBytes: number;
  /** A sensible partition count for the inputs' size. */
  readonly partitions: number;
}

export interface BarrierRun {
  /** A map over one input. */
  map(files: TaskFiles): BarrierMap;
  close(): Promise<void>;
}

/** Sees every batch of one input in order and writes files; every role that a phase reads from `map` must be there after `finish`. */
export interface BarrierMap {
  /** `rows[i]` is the global row of the batch's row i, ascending over all calls. The batch is lent until the promise settles. */
  add(batch: Batch, rows: BigUint64Array, signal: AbortSignal): Promise<void>;
  /** Ends the files. The numbers are summed over inputs into the `totals` of `phases`. */
  finish(): Promise<Readonly<Record<string, number>>>;
  /** Gives everything back; the engine removes the files. */
  abort(): Promise<void>;
}

/** Where a task writes. */
export interface TaskFiles {
  /** A temporary path of its own to write whole; synced, digested and renamed by the engine when the task is done. */
  path(role: string): string;
  /** A private temporary folder, removed at the end of the task. */
  folder(): Promise<string>;
  readonly memoryBytes: number;
}

export interface Phase<Options> {
  /** kebab-case, unique within the barrier; rounds are phases of their own (`bands-03`). */
  readonly name: string;
  /** One task an input, `count` tasks, or one. */
  readonly over: 'inputs' | 'partitions' | 'run';
  /** Of partitions. */
  readonly count?: number;
  /** Files of `map` or of earlier phases: all of them, or (`own`) those of the task's own number. */
  readonly reads: readonly PhaseRead[];
  /** Roles; every task writes every one of them (a file without records where it has nothing to say). */
  readonly writes: readonly string[];
  /** It reads the barrier's `outside` files. */
  readonly outside?: true;
  run(options: Options, task: PhaseTask, signal: AbortSignal): Promise<PhaseResult>;
}

export interface PhaseRead {
  readonly from: string;
  readonly role: string;
  readonly match: 'own' | 'all';
}

/** For the ledger; `notes` for `notices`. All are pure functions of what the task read. */
export interface PhaseResult {
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly notes?: Readonly<Record<string, number>>;
}

export interface PhaseTask extends TaskFiles {
  /** The input's number, the partition's from 0, or 0. */
  readonly number: number;
  /** Tasks of the phase; over inputs the run's inputs, so that `number` may exceed it where inputs failed. */
  readonly count: number;
  /** Numbers of all inputs that take part, ascending. */
  readonly inputs: readonly number[];
  readonly env: StageEnv;
  /** The files of a declared read, ascending by `number` (of the input or partition that wrote them). */
  files(from: string, role: string): readonly NumberedFile[];
  /**
   * Rows that earlier barriers of the segment dropped, a file an input that has any: bit (row & 7) of byte (row >> 3) is record
   * row `row`; rows past the end are not dropped. A phase over inputs sees its own input's.
   */
  dropped(): readonly NumberedFile[];
}

export interface NumberedFile {
  readonly number: number;
  readonly path: string;
}

/** Spans of the texts of a batch: row i has spans [offsets[i], offsets[i + 1]), ascending, apart, in bytes of its text. */
export interface Edits {
  readonly offsets: Int32Array;
  readonly start: Uint32Array;
  readonly end: Uint32Array;
}

/**
 * A record of role `verdicts`: key [global row]; value: kept u64 (the global row that stays in its stead, its own where it stays),
 * cluster u64, cluster size u32, drop u16 (0 = stays, else index into the reasons + 1), similarity u16 (0 = unknown, else 1 +
 * floor(65534 s) of the Jaccard similarity s to the one that stays; in features/ as `similarity`); little-endian. A row without
 * a record is kept. `kept` with bit 63 set is no document of the run (see `outsideIds`).
 */
export const VERDICT_SHAPE = { keyWords: 1, valueBytes: 24, tail: false } as const;

/** A record of role `edits`: key [global row, start, end] in bytes of the text; ascending and apart within a row. */
export const EDIT_SHAPE = { keyWords: 3, valueBytes: 0, tail: false } as const;
