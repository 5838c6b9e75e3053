// When to ask again: which answers are worth another try, how long to wait, when to give up.
// Invariant: nothing here touches a byte of the result; a retried read gives the bytes of an undisturbed one or an error.
import type { Clock } from './clock.js';

export interface RetryLimits {
  /** Tries in a row that bring no new byte. Eight with the delays below spread over a minute: longer than a restart, shorter than patience. */
  readonly idleTries: number;
  /** Tries a file in all, so that a server which sends a byte a connection ends too (cc-downloader's figure). */
  readonly totalTries: number;
  /** The first delay; doubles with every idle try. A dropped connection that brought bytes waits this long only. */
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  /** A host that asks for a longer silence is not waited for: the task fails and says when to come back. */
  readonly maxRetryAfterMs: number;
  readonly connectTimeoutMs: number;
  /** From request to the answer's head. */
  readonly headersTimeoutMs: number;
  /** Silence inside a body; a reader that is slow itself (back-pressure) is never timed. */
  readonly bodyTimeoutMs: number;
}

export const DEFAULT_RETRY_LIMITS: RetryLimits = {
  idleTries: 8,
  totalTries: 1000,
  baseDelayMs: 250,
  maxDelayMs: 60_000,
  maxRetryAfterMs: 15 * 60_000,
  connectTimeoutMs: 15_000,
  headersTimeoutMs: 60_000,
  bodyTimeoutMs: 60_000,
};

/** Answers that may change by themselves. 403 is among them: CommonCrawl and S3 fronts send it to clients that come too fast. */
export function isTransientStatus(status: number): boolean {
  return status === 403 || status === 408 || status === 425 || status === 429 || status >= 500;
}

/** Answers that ask every worker, not only this one, to slow down. */
export function asksForSilence(status: number): boolean {
  return status === 403 || status === 429 || status === 503;
}

/** Failures below HTTP that no repetition mends: a certificate, a protocol that is not there. */
export function isPermanentFailure(code: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_INVALID|UND_ERR_INVALID/.test(code);
}

/** Delay before idle try `n` (1 is the first repetition), jittered over its upper half so that workers do not come back together. */
export function backoffMs(n: number, limits: RetryLimits, clock: Clock): number {
  const full = Math.min(limits.maxDelayMs, limits.baseDelayMs * 2 ** Math.min(n - 1, 30));
  return full * (0.5 + clock.random() / 2);
}

/** Retry-After in milliseconds: seconds or an HTTP date (RFC 9110 10.2.3); null where absent or nonsense. */
export function retryAfterMs(value: string | null, clock: Clock): number | null {
  if (value === null) return null;
  const text = value.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const at = /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, at - clock.wallMs());
}
