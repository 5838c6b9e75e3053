// Exact Jaccard within clusters of candidates: the surface of kernels/hash/survivors.cpp.
import type { ListColumn } from './batch.js';

export type Verify = 'none' | 'pair' | 'survivor';

export interface SurvivorParams {
  readonly verify: Verify;
  /** Above 0, at most 1. */
  readonly minJaccard: number;
  readonly memoryBytes: number;
  /** Where documents go that memory does not hold; must exist. */
  readonly folder: string;
  /** Clusters of up to so many documents are compared pair by pair; no result depends on it. Default 8. */
  readonly few?: number;
}

/** Rows with this bit belong to an index of earlier runs: they always stay and get no verdict. */
export const OUTSIDE_ROW = 1n << 63n;

/** Of documents with company, group by group: the kept one, then those dropped for it by (host, row). */
export interface ClusterVerdicts {
  readonly rows: BigUint64Array;
  readonly kept: BigUint64Array;
  /** XXH3-64 of the kept document's shingles. */
  readonly clusters: BigUint64Array;
  readonly clusterSize: Uint32Array;
  /** 0: not measured; else 1 + floor(Jaccard to the kept document x 65,534). */
  readonly similarity: Uint16Array;
  readonly dropped: Uint8Array;
  /** Sets that the index gave for a comparison, and times the documents were gone through: for tests and benches. */
  readonly candidates: number;
  readonly passes: number;
}

export interface SurvivorsBinding {
  /** One cluster's documents in keep order; shingles ascend and are distinct in each row. */
  clusterSurvivors(rows: BigUint64Array, hosts: BigUint64Array, shingles: ListColumn, params: SurvivorParams): Promise<ClusterVerdicts>;
}
