// Files over HTTP(S) as streams of bytes that survive a bad network: refusals and broken connections are tried again, a
// broken body goes on where it stopped by a range request, and one file is never glued together from two versions.
// Invariant: the bytes yielded are a prefix of one version of the file; the iterator ends only when all of it was given.
// RFC 9110 (conditional and range requests).
import { RefineError } from '../../native/errors.js';
import { type Answer, type HttpEnv, refusalCode, refusalText, send, settings, shownUrl } from './http-request.js';
import { wait } from './clock.js';
import { asksForSilence, backoffMs, isPermanentFailure, isTransientStatus, retryAfterMs } from './retry.js';

/** What tells one version of a remote file from another; null where the server does not say. */
export interface RemoteVersion {
  readonly bytes: number | null;
  /** The ETag as sent, quotes and W/ included; else `modified <Last-Modified>`. */
  readonly tag: string | null;
}

/** A try that failed but may be repeated: what happened, for the message that gives up. */
class Failure {
  constructor(
    readonly what: string,
    readonly options: { readonly silence?: boolean; readonly retryAfter?: number | null; readonly next?: string } = {},
  ) {}
}

/** Counts tries and waits between them; throws ERR_REFINE_FETCH when it is time to give up. */
class Patience {
  private idle = 0;
  private total = 0;
  constructor(
    private readonly url: string,
    private readonly env: HttpEnv,
  ) {}

  async after(failure: Failure, progressed: boolean): Promise<void> {
    const { limits, clock } = settings(this.env);
    this.total++;
    this.idle = progressed ? 1 : this.idle + 1;
    const asked = failure.options.retryAfter ?? null;
    const tooLong = asked !== null && asked > limits.maxRetryAfterMs;
    if (tooLong || this.idle >= limits.idleTries || this.total >= limits.totalTries) {
      const next = tooLong
        ? `The host asks for ${Math.ceil(asked / 1000)} s of silence: run the same command again after that`
        : (failure.options.next ?? 'Run the same command again later, or with fewer workers; finished inputs are not fetched again');
      throw new RefineError('ERR_REFINE_FETCH', `gave up after ${this.total} ${this.total === 1 ? 'try' : 'tries'}: ${failure.what}. ${next}`, {
        place: shownUrl(this.url),
      });
    }
    const delay = Math.max(asked ?? 0, backoffMs(this.idle, limits, clock));
    if (failure.options.silence === true) this.env.gate.pause(new URL(this.url).host, delay);
    await wait(clock, delay, this.env.signal);
  }
}

function versionOf(answer: Answer): RemoteVersion {
  const range = /^bytes (?:\d+-\d+|\*)\/(\d+)$/.exec(answer.header('content-range') ?? '');
  const length = /^\d+$/.exec(answer.header('content-length') ?? '');
  const bytes = range !== null ? Number(range[1]) : answer.status === 206 || length === null ? null : Number(length[0]);
  const modified = answer.header('last-modified');
  return { bytes, tag: answer.header('etag') ?? (modified === null ? null : `modified ${modified}`) };
}

/** Only a strong ETag or a date may stand in If-Range; a weak one is compared by us after the answer. */
function ifRange(tag: string | null): Record<string, string> {
  if (tag === null || tag.startsWith('W/')) return {};
  return { 'if-range': tag.startsWith('modified ') ? tag.slice('modified '.length) : tag };
}

function differs(expected: RemoteVersion, found: RemoteVersion): boolean {
  return (
    (expected.bytes !== null && found.bytes !== null && expected.bytes !== found.bytes) ||
    (expected.tag !== null && found.tag !== null && expected.tag !== found.tag)
  );
}

function changed(url: string, expected: RemoteVersion, found: RemoteVersion): RefineError {
  const words = (version: RemoteVersion) => `${version.bytes ?? 'unknown'} bytes, ${version.tag ?? 'no ETag'}`;
  return new RefineError(
    'ERR_REFINE_INPUT_CHANGED',
    `the file changed on its server: found ${words(found)}, expected ${words(expected)}. Run with --update to take the new version`,
    {
      place: shownUrl(url),
    },
  );
}

/** Turns whatever a try threw into a Failure, or throws what no repetition mends. */
function failureOf(error: unknown, url: string, env: HttpEnv): Failure {
  if (env.signal.aborted) throw env.signal.reason;
  if (error instanceof Failure) return error;
  if (error instanceof RefineError) throw error;
  const { code = '', message } = error as Error & { code?: string };
  if (isPermanentFailure(code)) {
    throw new RefineError('ERR_REFINE_FETCH', `the connection cannot be made: ${message} (${code}). Check the URL's scheme and the machine's certificates`, {
      place: shownUrl(url),
      cause: error,
    });
  }
  return new Failure(code === '' ? message : `${message} (${code})`, { next: 'Check the network and the host name, then run the same command again' });
}

async function refuse(answer: Answer, url: string, env: HttpEnv): Promise<Failure> {
  const said = refusalCode(await refusalText(answer));
  const what = `HTTP ${answer.status}${said === null ? '' : ` ${said}`}`;
  const final = env.refusal?.(answer.status, said) ?? null;
  if (final !== null || !isTransientStatus(answer.status)) {
    const missing = answer.status === 404 || answer.status === 410;
    const next = final ?? (missing ? 'Check the path and the base' : 'Check the URL and what the host asks of its clients');
    throw new RefineError('ERR_REFINE_FETCH', `answers ${what}, expected 200. ${next}`, { place: shownUrl(url) });
  }
  return new Failure(what, { silence: asksForSilence(answer.status), retryAfter: retryAfterMs(answer.header('retry-after'), settings(env).clock) });
}

/** Size and ETag of a file without reading it: HEAD, or a range of one byte where HEAD is not served. */
export async function probeUrl(url: string, env: HttpEnv): Promise<RemoteVersion> {
  const patience = new Patience(url, env);
  for (;;) {
    try {
      const head = await send('HEAD', url, {}, env);
      // 403, 405 and 501 are also how hosts answer HEAD alone: those are asked again by GET at once.
      if (isTransientStatus(head.status) && head.status !== 403 && head.status !== 501) throw await refuse(head, url, env);
      await refusalText(head); // empty: reading it to the end keeps the connection
      if (head.status === 200 && versionOf(head).bytes !== null) return versionOf(head);
      const ranged = await send('GET', url, { range: 'bytes=0-0' }, env);
      if (ranged.status !== 200 && ranged.status !== 206) throw await refuse(ranged, url, env);
      ranged.close();
      return versionOf(ranged);
    } catch (error) {
      await patience.after(failureOf(error, url, env), false);
    }
  }
}

/**
 * The bytes of a file. `expected` is the version it was planned with: another one is ERR_REFINE_INPUT_CHANGED, before or
 * in the middle. Every file of ours is an archive or JSON lines, so a body that begins with `<` is an error page sent
 * with status 200 and is tried again like the refusal it is.
 */
export function readUrl(url: string, expected: RemoteVersion | null, env: HttpEnv): AsyncGenerator<Uint8Array, void, undefined> {
  return readBytes(url, expected, 0, null, env);
}

/** The bytes of [from, to) of one version of a file; a server that sends the whole instead is read as far as that. */
export function readUrlRange(url: string, expected: RemoteVersion, from: number, to: number, env: HttpEnv): AsyncGenerator<Uint8Array, void, undefined> {
  return readBytes(url, expected, from, to, env);
}

async function* readBytes(
  url: string,
  expected: RemoteVersion | null,
  from: number,
  to: number | null,
  env: HttpEnv,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (to !== null && to <= from) return;
  const patience = new Patience(url, env);
  let version: RemoteVersion = expected ?? { bytes: null, tag: null };
  let offset = from;
  for (;;) {
    const startedAt = offset;
    let answer: Answer | null = null;
    try {
      const range = `bytes=${offset}-${to === null ? '' : to - 1}`;
      answer = await send('GET', url, offset === 0 && to === null ? {} : { range, ...ifRange(version.tag) }, env);
      if (answer.status === 416) {
        answer.close();
        throw changed(url, version, versionOf(answer));
      }
      if (answer.status !== 200 && answer.status !== 206) throw await refuse(answer, url, env);
      env.onAnswer?.(answer.header);
      const found = versionOf(answer);
      let skip = 0; // bytes before `offset` that a server without ranges sends again
      if (answer.status === 200) skip = offset;
      else if (answer.header('content-range')?.startsWith(`bytes ${offset}-`) !== true) {
        throw new Failure(`a range from ${offset} was answered with Content-Range: ${answer.header('content-range') ?? 'none'}`);
      }
      let head = answer.status === 200;
      for await (const chunk of answer.body) {
        if (chunk.length === 0) continue;
        if (head) {
          head = false;
          if (chunk[0] === 0x3c) {
            const said = refusalCode(Buffer.from(chunk.subarray(0, 4096)).toString('latin1'));
            throw new Failure(`HTTP 200 with an error page${said === null ? '' : ` (${said})`} where an archive was expected: it begins with "<"`, {
              silence: true,
              retryAfter: retryAfterMs(answer.header('retry-after'), settings(env).clock),
            });
          }
        }
        if (differs(version, found)) throw changed(url, version, found);
        version = { bytes: version.bytes ?? found.bytes, tag: version.tag ?? found.tag };
        if (skip >= chunk.length) {
          skip -= chunk.length;
          continue;
        }
        let fresh = skip === 0 ? chunk : chunk.subarray(skip);
        skip = 0;
        if (to !== null && offset + fresh.length > to) fresh = fresh.subarray(0, to - offset);
        offset += fresh.length;
        if (version.bytes !== null && offset > version.bytes) throw changed(url, version, { bytes: offset, tag: found.tag });
        yield fresh;
        if (offset === to) return;
      }
      if (differs(version, found)) throw changed(url, version, found); // an empty body shows no chunk
      if (to === null && (version.bytes === null || offset === version.bytes)) return;
      throw new Failure(`the body ended after ${offset} of ${to ?? version.bytes} bytes`);
    } catch (error) {
      answer?.close();
      answer = null;
      await patience.after(failureOf(error, url, env), offset > startedAt);
    } finally {
      answer?.close();
    }
  }
}
