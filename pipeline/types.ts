// The pipeline's own nouns: a resolved manifest, the ledger, the run folder. DESIGN sections 1, 2 and 6.
import type { AnyStep } from '../stages/contract/stage.js';
import type { Source, SourceCounts } from '../stages/contract/source.js';
import type { ExecutorWritten } from './executors/settings-schema.js';

/** A stage used in a manifest. `name` is its `as:` or the stage's name; ledger, `--set` and statistics use it. */
export interface Step {
  readonly name: string;
  readonly stage: AnyStep;
  /** Parsed, defaults filled. */
  readonly options: unknown;
}

export interface Sink {
  /** Tokens a token shard may hold before it is split; null where no step writes tokens. */
  readonly tokens: { readonly perShard: number };
  readonly text: { readonly keep: boolean };
  readonly samplesPerReason: number;
  /** Every rule step measures every document that reached the first one; absent: those that reach it. */
  readonly features?: 'all';
  /** Absent: every kept document is for training. */
  readonly holdout?: Holdout;
}

/** Documents kept apart from training, chosen by the hash of a column: holdout.ts. */
export interface Holdout {
  /** Above 0, at most 0.5. */
  readonly fraction: number;
  readonly by: 'host' | 'url' | 'id';
}

export interface Manifest {
  readonly name: string;
  readonly seed: bigint;
  readonly source: Source;
  readonly steps: readonly Step[];
  readonly sink: Sink;
  /** Bytes of temporary files that a barrier should not pass at once: it works in rounds where it would. */
  readonly spillBytes: number;
  /** The instruction set that neural steps must use; absent: device.ts chooses. Not part of `resolved`: the lock has what was chosen. */
  readonly isa?: string;
  /** Where tasks run; no part of `resolved` either. */
  readonly executor?: ExecutorWritten;
  /** The folder relative paths start from: the manifest's own. */
  readonly baseDir: string;
  /** The file as given, and where it was read. */
  readonly text: string;
  readonly path: string;
  /** Everything above as JSON with defaults filled, without machine paths: what the lock file records and identities hash. */
  readonly resolved: Readonly<Record<string, unknown>>;
}

/** One immutable output file; `path` is relative to the run folder, with `/`. */
export interface Shard {
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
  /** Token shards: tokens in all rows. */
  readonly tokens?: number;
}

export interface StepCounts {
  readonly step: string;
  readonly in: number;
  readonly out: number;
  /** By `step/reason`. in = out + sum(drops). */
  readonly drops: Readonly<Record<string, number>>;
  /** StageResult.notes, summed. */
  readonly notes?: Readonly<Record<string, number>>;
  readonly wallMs: number;
}

/** Why a document is dropped that no worker survives: the worker died, made no progress, or passed its memory. */
export const CRASH_REASONS = ['crashed', 'stalled', 'out-of-memory'] as const;
export type CrashReason = (typeof CRASH_REASONS)[number];

/** A document that ended its worker when it was alone in it, twice in a row. */
export interface CrashedPage {
  readonly step: string;
  /** Its number among the input's records, as `_row`. */
  readonly row: number;
  readonly reason: CrashReason;
  /** What was seen: a signal, an exit code, an error. Of the machine it was seen on; no part of any result. */
  readonly how: string;
}

export interface EntryBase {
  readonly format: 1;
  /** The task's identity: hex sha256 over step names, versions, options, asset digests and input identity. */
  readonly task: string;
  readonly kind: 'map' | 'phase' | 'rank' | 'finalize';
  /** For people: `map 000003 crawl-data/.../x.warc.gz`. */
  readonly label: string;
  /** Steps between barriers form a segment; its tasks and those of the barriers that end it carry its number. */
  readonly segment: number;
  /** map: the input's number; phase: the input's or the partition's. */
  readonly number: number;
  /** phase: the barrier step's name; rank: the step that asked. */
  readonly step?: string;
  /** phase: its name. */
  readonly phase?: string;
  /** map: the input's path. */
  readonly input?: string;
}

/** A column in order over the run. */
export interface RankedColumn {
  /** The column of ranks, the column that was ranked, and the one that groups it. */
  readonly name: string;
  readonly column: string;
  readonly by?: string;
  readonly groups: readonly RankedGroup[];
}

export interface RankedGroup {
  /** The value of `by`; null where documents have none or all are one group. */
  readonly group: string | null;
  readonly documents: number;
  /** [quantile, the lowest value whose rank reaches it; null where none does]. */
  readonly cuts: readonly (readonly [number, number | null])[];
}

export type LedgerEntry =
  | (EntryBase & {
      readonly state: 'done';
      readonly outputs: readonly Shard[];
      readonly rowsIn: number;
      readonly rowsOut: number;
      readonly steps: readonly StepCounts[];
      /** Only in the first map segment. */
      readonly source?: SourceCounts;
      /** rank: what was ordered, and the values at the cuts that the step asked for. */
      readonly ranks?: RankedColumn;
      /** map: by barrier that follows, what its map counted; `phases` sees the sums. */
      readonly totals?: Readonly<Record<string, Readonly<Record<string, number>>>>;
      /** phase: numbers for `Barrier.notices`. */
      readonly notes?: Readonly<Record<string, number>>;
      /** map: documents left out because they end their worker, ids where they have one. */
      readonly crashed?: readonly (CrashedPage & { readonly id: string | null })[];
      /** Bytes of the files that a barrier wrote in this task: map and phase. */
      readonly spillBytes?: number;
      readonly wallMs: number;
      /** Processor time of the worker process, all threads. */
      readonly cpuMs?: number;
      /** The most the worker process ever held resident, this task and earlier ones. */
      readonly peakBytes?: number;
    })
  | (EntryBase & { readonly state: 'failed'; readonly code: string; readonly message: string });
