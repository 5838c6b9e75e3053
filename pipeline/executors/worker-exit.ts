// How `refine worker` tells an engine how it ended: 0 all its tasks ended (done, or failed by name), 1 an error, 143 it was told to stop
// (SIGTERM: the cluster wants the place; 130 by SIGINT), 124 its time was nearly over (SIGUSR2 from --signal; 124 is what timeout(1) says).
export const EXIT_STOPPED = 143;
export const EXIT_INTERRUPTED = 130;
export const EXIT_TIME = 124;

/** Nobody's failure: of `refine run` as an engine's driver too. */
export const STOPPED_CODES: readonly number[] = [EXIT_INTERRUPTED, EXIT_STOPPED];
