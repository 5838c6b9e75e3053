// The one figure of planning that `refine plan --help` says, apart from plan.ts and all that a run needs.

/** Bytes of inputs that a sample reads unless told otherwise: some seconds of work. */
export const SAMPLE_BYTES = 24 * 1024 * 1024;
