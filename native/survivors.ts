// Exact Jaccard within clusters of candidates: the surface of kernels/hash/survivors.cpp.
import type { BytesColumn, ListColumn } from './batch.js';

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
  /** Of each row; 0 for nulls. */
  codePoints(text: BytesColumn): Promise<Uint32Array>;
  /** The record files below: kernels/include/refine/cluster_files.h. The documents of a shingles file, of rows firstRow .. lastRow, that a component names. */
  clusterMembers(
    shingles: string,
    components: readonly string[],
    firstRow: bigint,
    lastRow: bigint,
    withShingles: boolean,
    out: string,
    memoryBytes: number,
  ): Promise<{ readonly documents: number; readonly members: number; readonly bytes: number }>;
  /** Hosts with at least `least` documents over all files; how many there are. */
  sumHosts(files: readonly string[], least: number, out: string, folder: string, memoryBytes: number): Promise<number>;
  /** Verdicts (VERDICT_SHAPE) of the components whose first key word lies in first .. last. */
  clusterVerdicts(
    members: readonly string[],
    first: bigint,
    last: bigint,
    params: SurvivorParams,
    alarm: ClusterAlarm,
    hosts: readonly string[],
    out: string,
  ): Promise<SurvivorCounts>;
}

/** A cluster of at least `least` documents alarms where it takes more than a share of the run or of one host's documents. */
export interface ClusterAlarm {
  readonly runShare: number;
  readonly hostShare: number;
  readonly least: number;
  /** Of the run. */
  readonly documents: number;
}

export interface SurvivorCounts {
  /** Candidate clusters, their documents, and the largest of them. */
  readonly components: number;
  readonly documents: number;
  readonly largestComponent: number;
  /** Sets that were compared, times documents were gone through, bytes of documents that memory did not hold. */
  readonly candidates: number;
  readonly passes: number;
  readonly spilled: number;
  /** Verdicts; `outside`: of the dropped, those for an entry of an index. */
  readonly kept: number;
  readonly dropped: number;
  readonly outside: number;
  readonly alarms: number;
  /** Documents of the largest cluster; of that which takes the largest share of a host (in millionths), those of the host. */
  readonly largest: number;
  readonly hostDocuments: number;
  readonly hostShareMillionths: number;
}
