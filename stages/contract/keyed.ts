// The former contract of barriers: keys on disk -> edges -> verdicts. Goes away once every barrier has phases (barrier.ts).
import type { Batch } from '../../native/index.js';
import type { StageEnv, StepKind } from './stage.js';

/**
 * What documents contribute to a barrier. Entry i belongs to row `rows[i]` of the batch; a row may have none (it is
 * kept) or many (one a MinHash band).
 */
export interface Keyed {
  /** 128-bit keys as (high, low) pairs: 2 x entries. Entries with equal keys meet in one group; the high half decides the partition. */
  readonly keys: BigUint64Array;
  readonly rows: Uint32Array;
  /** `payloadBytes` bytes an entry, for the keep policy; little-endian. Absent where payloadBytes is 0. */
  readonly payload?: Uint8Array;
}

/** A group of entries with equal keys, ascending by global row: (input number << 32 | row), so by (path, offset). */
export interface KeyGroup {
  readonly rows: BigUint64Array;
  readonly payload: Uint8Array; // entries x payloadBytes
}

/** Pairs of global rows, and the payload of each end, that a reduce found to be duplicates of each other. */
export interface Edges {
  readonly left: BigUint64Array;
  readonly right: BigUint64Array;
  readonly leftPayload: Uint8Array;
  readonly rightPayload: Uint8Array;
}

/** Decisions of a barrier, ascending by global row; a row that is not named is kept. */
export interface Verdicts {
  readonly rows: BigUint64Array;
  /** 0: kept, and stands for its cluster; else index into reasons + 1. */
  readonly drops: Uint16Array;
  /** The global row of the document kept in its stead; its own row where kept. */
  readonly kept: BigUint64Array;
  /** Documents in the cluster, itself included. */
  readonly clusterSize: Uint32Array;
}

/**
 * A step that needs every document. Runs as: map (beside the steps before it) -> keys partitioned by their high half
 * and sorted by (key, global row) on disk -> reduce, one task a partition, group by group -> resolve, one task, edges
 * of all partitions to verdicts. Rows dropped by an earlier barrier never reach reduce. Both functions see documents
 * in a defined order, so results depend on neither worker nor partition count.
 */
export interface KeyedBarrier<Options> extends StepKind<Options> {
  readonly kind: 'keyed';
  /** Bytes of payload an entry carries. */
  readonly payloadBytes: number;
  openMap(options: Options, env: StageEnv): Promise<KeyedMap>;
  /** The edges of one group of two or more entries; null for none. Called in key order. */
  reduce(options: Options, group: KeyGroup): Edges | null;
  /** `edges` of every partition in partition order (duplicates possible). Verdicts ascend by row. */
  resolve(options: Options, edges: AsyncIterable<Edges>): Promise<Verdicts>;
}

export interface KeyedMap {
  map(batch: Batch, signal: AbortSignal): Promise<Keyed>;
  close(): Promise<void>;
}
