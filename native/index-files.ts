// Record files that stay: an index of earlier runs. Core: kernels/spill/record_picker.cpp.

export interface IndexFilesBinding {
  /** All records of the files, of one shape, as one sorted run in `out`: bytes that depend on the records alone. Spills beside `out`. */
  mergeToOneRun(paths: readonly string[], out: string, memoryBytes: number): Promise<{ readonly records: number; readonly bytes: number }>;
}
