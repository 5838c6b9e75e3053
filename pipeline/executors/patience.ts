// An engine that does not answer is asked again, and a job is submitted once whether it answers or not: slurmctld restarts, and a run of a
// week does not end for it. Invariant: nothing is submitted again before the engine has said, by the job's name, that it does not have it.
import { setTimeout as wait } from 'node:timers/promises';
import { type ArrayJob, type Engine, EngineSilent } from './engine.js';

/** An engine that does not answer is asked again so long. */
export const SILENCE_MS = 30 * 60_000;
/** One that has never answered a person's command: it may be the wrong cluster, and the person waits. */
export const FIRST_SILENCE_MS = 2 * 60_000;

export interface Patience {
  /** Milliseconds. */
  now(): number;
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** Between two questions, milliseconds. */
  readonly pauseMs: number;
  readonly notice: (sentence: string) => void;
  readonly signal?: AbortSignal;
  /** SILENCE_MS where absent. */
  readonly silenceMs?: number;
}

/** Who waits for an engine: is told, may end it, and how long is waited. */
export type Waiting = Pick<Patience, 'notice' | 'signal' | 'silenceMs'>;

/** By this machine's clock, which no jump of the date moves. */
export function patienceOf(waiting: Waiting, pauseMs: number): Patience {
  return {
    now: () => performance.now(),
    sleep: async (milliseconds, signal) => void (await wait(milliseconds, undefined, signal === undefined ? {} : { signal })),
    pauseMs,
    ...waiting,
  };
}

/** What `ask` answers. Throws what it throws; EngineSilent only after `silenceMs` of nothing else. */
export async function askPatiently<T>(ask: () => Promise<T>, { now, sleep, pauseMs, notice, signal, silenceMs = SILENCE_MS }: Patience): Promise<T> {
  let since: number | null = null;
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof EngineSilent)) throw error;
      if (since === null) notice(`${error.message} It is asked again.`);
      since ??= now();
      if (now() - since > silenceMs) throw error;
      await sleep(pauseMs, signal).catch((cause: unknown) => {
        signal?.throwIfAborted();
        throw cause;
      });
    }
  }
}

/** The job's id. Throws what `engine.submit` throws; EngineSilent only after SILENCE_MS, when it is not known whether the job was taken. */
export async function submitPatiently(engine: Engine, job: ArrayJob, patience: Patience): Promise<string> {
  let known = true;
  return await askPatiently(async () => {
    const found = known ? null : await engine.find(job.name);
    if (found !== null) return found;
    known = false; // until it is answered
    return await engine.submit(job);
  }, patience);
}
