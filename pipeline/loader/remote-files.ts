// A remote run's files as checked bytes: https://host/run or s3://bucket/prefix, over the fetch room's retries and ranges.
// Invariant: what `read` hands out is a prefix of one version of the file, and every call ends: by success, by an error that
// names the place, or by the time bound.
import { RefineError } from '../../native/errors.js';
import { isS3 } from '../storage/object-store.js';
import type { FetchGate } from '../../stages/contract/source.js';
import { localGate } from '../../stages/fetch/gate.js';
import { readUrl } from '../../stages/fetch/http.js';
import type { HttpEnv } from '../../stages/fetch/http-request.js';
import type { RetryLimits } from '../../stages/fetch/retry.js';
import { encodeStrict, s3Place, signV4 } from './s3-sign.js';

export interface RemoteLimits extends Partial<RetryLimits> {
  /** A file in all, tries and waits included. */
  readonly totalMs?: number;
  /** Requests under way at once. */
  readonly connections?: number;
}

/** A shard of 512 MiB comes within it at 0.3 MB/s; a training job that waits longer has stopped anyway. */
const TOTAL_MS = 30 * 60_000;
/** What hides the round trips of an object store; a client at full speed uses fewer. */
const CONNECTIONS = 8;
/** S3's words for requests that no repetition mends. */
const HOPELESS =
  /^(?:AccessDenied|SignatureDoesNotMatch|InvalidAccessKeyId|ExpiredToken|InvalidToken|NoSuchBucket|NoSuchKey|RequestTimeTooSkewed|AuthorizationHeaderMalformed|PermanentRedirect)$/;

export class RemoteFiles {
  /** As people know the run: without query, without credentials. */
  readonly name: string;
  readonly #base: URL;
  readonly #env: Omit<HttpEnv, 'signal' | 'gate' | 'refusal'>;
  readonly #gate: FetchGate;
  readonly #totalMs: number;
  readonly #closed = new AbortController();

  constructor(run: string, limits: RemoteLimits = {}, env: Readonly<Record<string, string | undefined>> = process.env) {
    const { totalMs = TOTAL_MS, connections = CONNECTIONS, ...retry } = limits;
    this.#totalMs = totalMs;
    this.#gate = localGate({ maxConcurrent: connections, minIntervalMs: 0 });
    if (isS3(run)) {
      const { base, region, credentials } = s3Place(run, env);
      this.#base = base;
      this.name = run.replace(/\/+$/, '');
      // A redirect to a stranger gets no signature: the session token is for the store alone.
      const authorize: HttpEnv['authorize'] = (method, url) =>
        credentials === null || (url.host !== base.host && !url.host.endsWith('.amazonaws.com'))
          ? {}
          : signV4(method, url, {}, { credentials, region, service: 's3', now: Date.now() });
      this.#env = { limits: retry, authorize };
    } else {
      let base: URL;
      try {
        base = new URL(run);
      } catch (cause) {
        throw new RefineError('ERR_REFINE_USAGE', 'is not a URL. Expected https://HOST/RUN or s3://BUCKET/PREFIX', { place: run, cause });
      }
      if (base.username !== '' || base.password !== '')
        throw new RefineError('ERR_REFINE_USAGE', 'carries a user name or password, which would stand in logs. Use a signed query instead', {
          place: base.host,
        });
      base.hash = '';
      base.pathname = base.pathname.replace(/\/*$/, '/');
      this.#base = base;
      this.name = `${base.origin}${base.pathname.slice(0, -1)}`;
      this.#env = { limits: retry };
    }
  }

  place(path: string): string {
    return `${this.name}/${path}`;
  }

  /** The bytes of the file; ERR_REFINE_INPUT_CHANGED where it became another; null where the run has none of that name (before the first byte). `bytes`: its size, where known. */
  async read(path: string, bytes: number | null, take: (chunk: Uint8Array) => Promise<void> | void): Promise<true | null> {
    const url = new URL(path.split('/').map(encodeStrict).join('/'), this.#base);
    url.search = this.#base.search; // a signed query of the run is every file's
    let missing = false;
    const patience = AbortSignal.timeout(this.#totalMs);
    const env: HttpEnv = {
      ...this.#env,
      gate: this.#gate,
      signal: AbortSignal.any([this.#closed.signal, patience]),
      refusal: (status, code) => {
        missing = status === 404 || status === 410;
        if (missing) return 'Check the address of the run';
        return status === 401 || (code !== null && HOPELESS.test(code))
          ? 'Check the keys, the region and the clock (AWS_* environment), and who may read'
          : null;
      },
    };
    try {
      for await (const chunk of readUrl(url.href, { bytes, tag: null }, env)) await take(chunk);
      return true;
    } catch (error) {
      if (missing) return null;
      const place = this.place(path);
      if (patience.aborted && !this.#closed.signal.aborted)
        throw new RefineError(
          'ERR_REFINE_FETCH',
          `did not arrive within ${Math.round(this.#totalMs / 1000)} s. Check the network, then go on from the last state with --resume`,
          { place },
        );
      if (error instanceof RefineError && error.code === 'ERR_REFINE_INPUT_CHANGED')
        throw new RefineError(error.code, error.message.replace(/ Run with --update.*/, ''), { place, cause: error.cause });
      if (error instanceof RefineError && error.place !== undefined) throw new RefineError(error.code, error.message, { place, cause: error.cause });
      throw error;
    }
  }

  close(): void {
    this.#closed.abort(new RefineError('ERR_REFINE_INTERRUPTED', 'the loader was closed.'));
  }
}
