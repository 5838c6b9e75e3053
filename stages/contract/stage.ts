// The contract between the runner and every step. A stage reads columns and gives back columns and drops; a barrier
// needs every document. Neither logs, counts or touches the run folder: the runner does.
import type { z } from 'zod';
import type { Batch, Column } from '../../native/index.js';
import type { Barrier } from './barrier.js';
import type { ExpressionColumns } from './expression-evaluate.js';

export type { Barrier, BarrierMap, BarrierRun, Edits, NumberedFile, Phase, PhaseLimits, PhaseRead, PhaseResult, PhaseTask, TaskFiles } from './barrier.js';

export interface StageEnv {
  /** The manifest's seed. */
  readonly seed: bigint;
  /** The folder that relative paths in options start from: the manifest's. */
  readonly baseDir: string;
  readonly device: 'cpu' | 'cuda';
  /** The instruction set that a neural step's kernels must use (instruction-sets.ts); absent: the machine's best. */
  readonly isa?: string;
  /** Where the run's GPU process listens (gpu-client.ts); absent: a step with `device: cuda` opens the GPU itself. Present with `device: cpu` where only accelerated steps use it. */
  readonly gpu?: string;
  /** The run's folder for what can be made again (see `prepare`); absent where there is no run, as in `refine try`. */
  readonly scratch?: string;
  /** For phases marked `outside`: copies of the files that `Barrier.outside` names, in that order, as they were when the run began. */
  readonly outside?: readonly string[];
}

/** What stages and barriers have in common. */
export interface StepKind<Options> {
  /** The step's name in manifests: kebab-case. */
  readonly name: string;
  /** Bump when the same input gives other output: the ledger then redoes it. */
  readonly version: number;
  /** Columns that must exist before the step, and those it adds or replaces; checked over the whole manifest before anything runs. */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** Columns beside `writes` that depend on the options. Must be cheap; nothing where `check` finds mistakes. */
  alsoWrites?(options: Options, env: StageEnv): readonly string[];
  /** Columns beside `reads` that depend on the options (those an expression names). Must be cheap, and silent about mistakes that `check` finds. */
  alsoReads?(options: Options, env: StageEnv): readonly string[];
  /** A drop code is an index here plus one; ledger and stats say `step/reason`. */
  readonly reasons: readonly string[];
  /** Reasons that the options name, kebab-case; their codes go on after those of `reasons`. A pure function of the options. */
  alsoReasons?(options: Options): readonly string[];
  /**
   * Options as written in a manifest: kebab-case keys, every one with a default and a `.describe()`; strict objects, so
   * unknown keys are errors; the object's own `.describe()` says in a sentence what the step does. The manifest's JSON Schema is
   * generated from it. Checks that need files or models
   * (unknown tokenizer, unknown language) belong into `check`.
   */
  readonly schema: z.ZodType<Options>;
  /** Mistakes a schema cannot see; each is reported at the option's place (`path` below the step's options). Must be cheap. */
  check?(options: Options, env: StageEnv): readonly OptionProblem[];
  /** What a user should know before a run but may mean, such as a list that is absent: printed, never fatal. */
  warnings?(options: Options, env: StageEnv): readonly OptionProblem[];
  /** The bounds on the step's own numeric columns that decide its drops, in their order: what reports draw and what-if moves. Must be cheap. */
  limits?(options: Options, env: StageEnv): readonly Limit[];
  /** Files the options name (models, lists, tokenizers; absolute paths): their sha256 is part of the task's identity. */
  assets?(options: Options, env: StageEnv): readonly string[];
  /**
   * True where results may differ in their last bits by device and instruction set: both are then part of the step's identity and of
   * the lock. Pure and cheap; absent: the same bytes everywhere.
   */
  neural?(options: Options): boolean;
  /**
   * True where the step hands work to the run's GPU process (`StageEnv.gpu`) if there is one, with the same bytes as without: so
   * neither identity nor lock knows of it, and a run may be resumed on either. Pure and cheap.
   */
  accelerated?(options: Options): boolean;
  /**
   * Called in the parent before a run's workers open the step: what is costly to make of the assets and equal for all, such
   * as a compiled list, goes below `env.scratch`, written whole and renamed. Opening must work without it.
   */
  prepare?(options: Options, env: StageEnv): Promise<void>;
}

export interface OptionProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** min: smaller values are dropped; max: larger ones are. A value equal to the threshold is kept; what null means is the step's own. */
export interface Limit {
  readonly column: string;
  readonly op: 'min' | 'max';
  readonly threshold: number;
  /** One of the step's reasons. */
  readonly reason: string;
  /** Where the number was published; `manifest` where the manifest says it. */
  readonly source: string;
  /** Thresholds by the document's `lang`; `threshold` is of all others. Infinity: the rule does not speak of them. */
  readonly languages?: Readonly<Record<string, number>>;
}

export interface Stage<Options> extends StepKind<Options> {
  readonly kind: 'stage';
  /** True for steps that decide by numeric features: their numeric columns go to features/. */
  readonly rules?: boolean;
  /** The step's decision apart from its measuring: what `--what-if` asks. `process` decides by the same function. */
  readonly decision?: Decision<Options>;
  /** Columns that later steps and outputs never see after this step (extract: html). */
  readonly consumes?: readonly string[];
  /**
   * Columns whose order over the whole run the step needs. With one or more the engine cuts the run before the step: it sorts
   * (value, global row) of all documents that reach the step, and `process` sees the request's columns. Pure, cheap, and silent about mistakes that `check` finds.
   */
  ranks?(options: Options): readonly RankRequest[];
  /** What of the options decides `score`'s columns; all of them where absent. Other options change without scoring anew. */
  scoring?(options: Options): unknown;
  /** What people should know of a run from the notes of all batches: a sentence each. */
  notices?(options: Options, notes: Readonly<Record<string, number>>): readonly string[];
  open(options: Options, env: StageEnv): Promise<StageRun>;
}

/**
 * An order over the run. `process` gets float64 columns `name`, the rank in [0, 1): position / documents, by ascending value,
 * ties by (path, offset), null where the value is null or NaN; and `name_documents`, how many were ranked.
 */
export interface RankRequest {
  /** The new column, snake_case. In features/ if the step has `rules`; goes on to later steps and shards only if `process` returns it. */
  readonly name: string;
  /** A numeric column of earlier steps, or of this step's `score` where `scored` says so. */
  readonly column: string;
  readonly scored?: boolean;
  /** A column of words (`lang`): documents of each value are ranked among themselves. */
  readonly by?: string;
  /** Ranks of interest: the values found there are noted in the ledger and shown by stats. */
  readonly cuts?: readonly number[];
}

/** Drops from stored columns alone, so that they can be decided again by other thresholds. */
export interface Decision<Options> {
  /** The options that change drops alone: no column, no reason's meaning. */
  readonly options: readonly string[];
  /** The options as a manifest writes them, where parsing changes their shape. */
  written?(options: Options): unknown;
  /** What `drops` looks at with these options: the step's own columns and those it reads, none of which is text of documents. */
  columns(options: Options): readonly string[];
  /** Drop codes. `columns` holds those named above, as the step wrote or read them; a name that features/ lacks is absent. */
  drops(options: Options, columns: ExpressionColumns, rows: number): Uint16Array;
}

export interface StageRun {
  /** Schema metadata for every shard that holds this step's columns (tokenize: `refine.contract`). */
  readonly metadata?: Readonly<Record<string, string>>;
  /** A pure function of the batch: no state from earlier batches may change a result. */
  process(batch: Batch, signal: AbortSignal): Promise<StageResult>;
  /**
   * Steps with `ranks`: columns computed before the run is sorted, for documents that reach the step. They are in the batch
   * that `process` sees later; `process` returns those that the step writes.
   */
  score?(batch: Batch, signal: AbortSignal): Promise<Readonly<Record<string, Column>>>;
  close(): Promise<void>;
}

export interface StageResult {
  readonly columns?: Readonly<Record<string, Column>>;
  /** 0 keeps the row, else index into reasons + 1. Absent: all kept. */
  readonly drops?: Uint16Array;
  /** Counts beside the drops, summed over the run; names with `_`. What `Stage.notices` speaks of. */
  readonly notes?: Readonly<Record<string, number>>;
}

// biome-ignore lint/suspicious/noExplicitAny: the registry holds steps of every option type
export type AnyStep = Stage<any> | Barrier<any>;

/** Every column that the step writes with these options; `undefined` options are those of a step with mistakes. */
export function writesOf(stage: AnyStep, options: unknown, env: StageEnv): readonly string[] {
  return options === undefined || stage.alsoWrites === undefined ? stage.writes : [...stage.writes, ...stage.alsoWrites(options, env)];
}

/** Every column that the step reads with these options. */
export function readsOf(stage: AnyStep, options: unknown, env: StageEnv): readonly string[] {
  return options === undefined || stage.alsoReads === undefined ? stage.reads : [...new Set([...stage.reads, ...stage.alsoReads(options, env)])];
}

/** Every reason that the step has with these options: drop code i + 1 is reason i. */
export function reasonsOf(stage: AnyStep, options: unknown): readonly string[] {
  return options === undefined || stage.alsoReasons === undefined ? stage.reasons : [...stage.reasons, ...stage.alsoReasons(options)];
}
