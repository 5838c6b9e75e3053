// Leave to send requests, host by host: at most so many at once, so far apart, and none while the host asked for silence.
// Invariant: requests to one host start in the order in which they asked (a pause or a limit delays, never reorders).
import type { FetchGate } from '../contract/source.js';
import { type Clock, systemClock } from './clock.js';

export interface GateLimits {
  /** Requests to one host under way at once, over all workers of a run. CommonCrawl's own cc-downloader caps its threads at 10. */
  readonly maxConcurrent: number;
  /** Least time between two starts: 50 ms is 20 requests a second, gentle for a CDN and invisible beside 1 GB files. */
  readonly minIntervalMs: number;
}
export const DEFAULT_GATE_LIMITS: GateLimits = { maxConcurrent: 10, minIntervalMs: 50 };

interface Waiter {
  readonly start: (release: () => void) => void;
}

interface Host {
  active: number;
  nextStart: number;
  pausedUntil: number;
  readonly waiting: Waiter[];
  cancelTimer: (() => void) | null;
}

/** The gate of one process. Workers of a run share their parent's through messages. */
export function localGate(limits: Partial<GateLimits> = {}, clock: Clock = systemClock): FetchGate {
  const { maxConcurrent, minIntervalMs } = { ...DEFAULT_GATE_LIMITS, ...limits };
  if (!(maxConcurrent >= 1) || !(minIntervalMs >= 0))
    throw new RangeError(`localGate: maxConcurrent ${maxConcurrent} (>= 1), minIntervalMs ${minIntervalMs} (>= 0)`);
  const hosts = new Map<string, Host>();

  function hostOf(name: string): Host {
    let host = hosts.get(name);
    if (host === undefined) hosts.set(name, (host = { active: 0, nextStart: 0, pausedUntil: 0, waiting: [], cancelTimer: null }));
    return host;
  }

  // Starts whoever may start now; what remains is woken by a release or by the one timer of the host.
  function pump(host: Host): void {
    host.cancelTimer?.();
    host.cancelTimer = null;
    while (host.waiting.length > 0 && host.active < maxConcurrent) {
      const now = clock.now();
      const due = Math.max(host.nextStart, host.pausedUntil);
      if (now < due) {
        host.cancelTimer = clock.after(Math.ceil(due - now), () => pump(host));
        return;
      }
      host.nextStart = now + minIntervalMs;
      host.active++;
      let released = false;
      host.waiting.shift()!.start(() => {
        if (released) return;
        released = true;
        host.active--;
        pump(host);
      });
    }
  }

  return {
    acquire(name, signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const host = hostOf(name);
        const onAbort = () => {
          const at = host.waiting.indexOf(waiter);
          if (at >= 0) host.waiting.splice(at, 1);
          pump(host); // drops the timer when nobody waits any more
          reject(signal.reason);
        };
        const waiter: Waiter = {
          start(release) {
            signal.removeEventListener('abort', onAbort);
            resolve(release);
          },
        };
        signal.addEventListener('abort', onAbort, { once: true });
        host.waiting.push(waiter);
        pump(host);
      });
    },
    pause(name, milliseconds) {
      const host = hostOf(name);
      host.pausedUntil = Math.max(host.pausedUntil, clock.now() + milliseconds);
      pump(host);
    },
  };
}
