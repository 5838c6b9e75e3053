// Record files that stay: an index of earlier runs. Core: kernels/spill/record_picker.cpp.

export interface IndexFilesBinding {
  /** All records of the files, of one shape, as one sorted run in `out`: bytes that depend on the records alone. Spills beside `out`. */
  mergeToOneRun(paths: readonly string[], out: string, memoryBytes: number): Promise<{ readonly records: number; readonly bytes: number }>;
  /**
   * Entries of an index that a component names, as members of clusters (kernels/include/refine/outside_members.h). `shingles`: a file
   * of one run for each indexed run, '' where the index keeps none; `firstRows` ascend. Reads the blocks that hold such entries alone.
   */
  outsideMembers(
    shingles: readonly string[],
    firstRows: BigUint64Array,
    components: readonly string[],
    withShingles: boolean,
    out: string,
    memoryBytes: number,
  ): Promise<{ readonly members: number }>;
}
