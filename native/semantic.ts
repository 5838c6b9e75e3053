// The native half of dedupe-semantic: kernels/include/refine/semantic.h has the shapes of its record files.

interface SemanticTask {
  readonly files: readonly string[];
  readonly first: bigint;
  readonly last: bigint;
  readonly dropped: readonly { readonly number: number; readonly path: string }[];
  readonly out: string;
  readonly scratch: string;
  readonly memoryBytes: number;
}

export interface SemanticCounts {
  readonly vectors: number;
  /** Records written: of the sample, of members, or documents dropped. */
  readonly written: number;
  readonly clusters: number;
  readonly iterations: number;
  readonly largestCluster: number;
  readonly comparisons: number;
  /** Passes over members that waited because the kept ones filled the memory. */
  readonly passes: number;
}

export type SemanticKeep = 'hard' | 'easy' | 'first';

export interface SemanticBinding {
  /** One vector of 2^bits, chosen by a hash of seed and row. */
  semanticSample(task: SemanticTask & { readonly bits: number; readonly seed: bigint }): Promise<SemanticCounts>;
  semanticCentres(task: SemanticTask & { readonly clusters: number; readonly iterations: number; readonly seed: bigint }): Promise<SemanticCounts>;
  semanticMembers(task: SemanticTask & { readonly centres: readonly string[]; readonly keep: SemanticKeep }): Promise<SemanticCounts>;
  semanticSurvivors(task: SemanticTask & { readonly minSimilarity: number }): Promise<SemanticCounts>;
}
