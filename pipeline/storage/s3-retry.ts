// When to ask a store again: what a failure means, how long to wait, when to give up. Deadlines are by progress: an answer that
// brings bytes may take hours, one that brings too few is dropped and asked for again.
// Invariant: whatever a store does, a call ends: by its result, or by an error that names the object and no secret.
import { setMaxListeners } from 'node:events';
import { RefineError } from '../../native/errors.js';
import { type Clock, systemClock, wait } from '../../stages/fetch/clock.js';
import { backoffMs, DEFAULT_RETRY_LIMITS, isPermanentFailure, type RetryLimits } from '../../stages/fetch/retry.js';

export interface StoreLimits extends RetryLimits {
  /** A body that brings fewer bytes in `bodyTimeoutMs` of waiting counts as silent. 64 KiB a minute is no connection worth keeping. */
  readonly stallBytes: number;
  /** A body of ours may take this long beyond its head's time, by its size: 64 KiB/s. */
  readonly sendBytesPerMs: number;
}

export const STORE_LIMITS: StoreLimits = { ...DEFAULT_RETRY_LIMITS, stallBytes: 64 << 10, sendBytesPerMs: 64 };

export interface RetryEnv {
  readonly limits: StoreLimits;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export function retryEnv(options: { readonly limits?: Partial<StoreLimits>; readonly clock?: Clock; readonly signal?: AbortSignal }): RetryEnv {
  const signal = options.signal ?? new AbortController().signal;
  setMaxListeners(0, signal); // each request under way listens; Node warns from eleven on
  return { limits: { ...STORE_LIMITS, ...options.limits }, clock: options.clock ?? systemClock, signal };
}

/** A try that failed but may be repeated. */
export class Transient extends Error {
  /** What the store asked for, ms. */
  readonly retryAfter: number | null;
  constructor(what: string, retryAfter: number | null = null) {
    super(what);
    this.retryAfter = retryAfter;
  }
}

interface SdkError {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

export function statusOf(error: unknown): number | undefined {
  return (error as SdkError | null)?.$metadata?.httpStatusCode;
}

/** A store's own word for what happened (`SlowDown`), or the system's (`ECONNRESET`): short, and never a URL or a header. */
export function wordOf(error: unknown): string {
  const { name = '', code = '' } = (error ?? {}) as SdkError;
  const status = statusOf(error);
  const plain = (text: unknown): string => (typeof text === 'string' && /^[A-Za-z0-9_.-]{1,60}$/.test(text) ? text : '');
  const word = plain(name) === 'Error' || plain(name) === 'UnknownError' || plain(name) === '' ? plain(code) || plain(name) || 'failure' : plain(name);
  return status === undefined || word === String(status) ? word : `HTTP ${status} ${word}`;
}

/** Refusals that no repetition mends, with the next move. */
const FINAL: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:AccessDenied|AllAccessDisabled|AccountProblem|Forbidden)$/,
    'These credentials may not do that: check the policy of the bucket, or AWS_REQUEST_PAYER=requester where its readers pay',
  ],
  [
    /^(?:InvalidAccessKeyId|SignatureDoesNotMatch|AuthorizationHeaderMalformed|AuthFailure|InvalidToken|TokenRefreshRequired|UnrecognizedClientException)$/,
    'Check the keys, the region and the endpoint',
  ],
  [/^(?:ExpiredToken|ExpiredTokenException|CredentialsProviderError)$/, 'Renew the credentials, then run the same command again: finished tasks are kept'],
  [/^RequestTimeTooSkewed$/, 'Set the clock of this machine'],
  [/^NoSuchBucket$/, 'Create the bucket, or check its name and the endpoint'],
  [
    /^(?:EntityTooLarge|InvalidRequest|InvalidArgument|InvalidBucketName|InvalidObjectState|KeyTooLongError|MethodNotAllowed|NotImplemented|PermanentRedirect)$/,
    'The store does not take this request: check the endpoint and what it supports',
  ],
];

/** A Transient for what is worth another try; throws what is not. `place` is the object's name. */
export function transient(error: unknown, place: string, signal: AbortSignal): Transient {
  if (signal.aborted) throw signal.reason;
  if (error instanceof Transient) return error;
  if (error instanceof RefineError) throw error;
  const word = wordOf(error);
  const { name = '', code = '', $response } = (error ?? {}) as SdkError;
  const status = statusOf(error);
  const final = FINAL.find(([pattern]) => pattern.test(name) || pattern.test(code));
  if (final !== undefined) throw refused(word, final[1], place);
  if (isPermanentFailure(code)) throw refused(word, "Check the endpoint's scheme and the machine's certificates", place);
  // 400 covers RequestTimeout, BadDigest and IncompleteBody: a body that came to harm on the way. 403 without a code is a HEAD's.
  if (status === 403) throw refused(word, FINAL[0]![1], place);
  if (status !== undefined && status < 500 && ![400, 404, 408, 409, 412, 416, 425, 429].includes(status) && status >= 300)
    throw refused(word, 'Check the endpoint and what it supports', place);
  if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) throw error; // ours
  const after = /^\d{1,6}$/.exec($response?.headers?.['retry-after'] ?? '');
  return new Transient(word, after === null ? null : Number(after[0]) * 1000);
}

function refused(word: string, next: string, place: string): RefineError {
  return new RefineError('ERR_REFINE_STORE', `the store refuses: ${word}. ${next}`, { place });
}

/** Counts tries of one operation and waits between them. */
export class Patience {
  #idle = 0;
  #total = 0;
  readonly #place: string;
  readonly #env: RetryEnv;

  constructor(place: string, env: RetryEnv) {
    this.#place = place;
    this.#env = env;
  }

  async after(failure: Transient, progressed: boolean): Promise<void> {
    const { limits, clock, signal } = this.#env;
    this.#total++;
    this.#idle = progressed ? 1 : this.#idle + 1;
    const asked = failure.retryAfter;
    const tooLong = asked !== null && asked > limits.maxRetryAfterMs;
    if (tooLong || this.#idle >= limits.idleTries || this.#total >= limits.totalTries)
      throw new RefineError(
        'ERR_REFINE_STORE',
        `gave up after ${this.#total} ${this.#total === 1 ? 'try' : 'tries'}: ${failure.message}. Run the same command again later, or with fewer workers; finished tasks are kept`,
        { place: this.#place },
      );
    await wait(clock, Math.max(asked ?? 0, backoffMs(this.#idle, limits, clock)), signal);
  }
}

/** `work` until it succeeds. It gets a signal that ends it after `ms`; null: it keeps its own time. */
export async function withRetries<T>(place: string, env: RetryEnv, ms: number | null, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const patience = new Patience(place, env);
  for (;;) {
    env.signal.throwIfAborted();
    const deadline = new Deadline(env);
    try {
      if (ms !== null) deadline.in(ms);
      return await work(deadline.signal);
    } catch (error) {
      await patience.after(deadline.passed ?? transient(error, place, env.signal), false);
    } finally {
      deadline.end();
    }
  }
}

/** A signal that aborts with its parent's, or by itself when a time that was set has passed. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #env: RetryEnv;
  readonly #onAbort = (): void => this.#controller.abort(this.#env.signal.reason);
  #cancel: (() => void) | undefined;
  /** What passed; undefined while nothing has. */
  passed: Transient | undefined;

  constructor(env: RetryEnv) {
    this.#env = env;
    if (env.signal.aborted) this.#onAbort();
    else env.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  in(ms: number, what = `no answer within ${Math.round(ms / 1000)} s`): void {
    this.rest();
    this.#cancel = this.#env.clock.after(ms, () => {
      if (this.#env.signal.aborted) return;
      this.passed = new Transient(what);
      this.#controller.abort(this.passed);
    });
  }

  rest(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  end(): void {
    this.rest();
    this.#env.signal.removeEventListener('abort', this.#onAbort);
  }
}
