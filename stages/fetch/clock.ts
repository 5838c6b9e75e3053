// Time and chance as fetching sees them, in one place so that tests can give their own. Neither ever reaches a result
// byte: they decide only when a request is sent.

export interface Clock {
  /** Milliseconds from any fixed start, never falling. */
  now(): number;
  /** Calls `then` once after `ms`; the result cancels it. */
  after(ms: number, then: () => void): () => void;
  /** In [0, 1): spreads the retries of many workers. */
  random(): number;
  /** Milliseconds since 1970, only to read a Retry-After that is a date. */
  wallMs(): number;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, then) {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
  wallMs: () => Date.now(),
};

/** Resolves after `ms`, or rejects with the signal's reason at once when it aborts. */
export function wait(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = () => {
      cancel();
      reject(signal.reason);
    };
    const cancel = clock.after(ms, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
