// One HTTP request through undici's pools: redirects followed, leave asked of the gate for every hop, the answer's head
// read, its body left to the caller. What an answer means is decided in http.ts.
import type { Dispatcher } from 'undici';
import { RefineError } from '../../native/errors.js';
import type { FetchGate } from '../contract/source.js';
import { type Clock, systemClock } from './clock.js';
import { DEFAULT_RETRY_LIMITS, type RetryLimits } from './retry.js';

export interface HttpEnv {
  readonly gate: FetchGate;
  readonly signal: AbortSignal;
  readonly limits?: Partial<RetryLimits>;
  readonly clock?: Clock;
  /** The head of every answer whose body `readUrl` reads. */
  readonly onAnswer?: (header: Answer['header']) => void;
  /** Headers to add to a request, asked for at every hop and try: signatures carry the time and the host. */
  readonly authorize?: (method: string, url: URL, headers: Readonly<Record<string, string>>) => Readonly<Record<string, string>>;
  /** A refusal that no repetition mends: the next move for people. Null leaves it to the usual rules. */
  readonly refusal?: (status: number, code: string | null) => string | null;
}

export interface Answer {
  readonly status: number;
  readonly header: (name: string) => string | null;
  readonly body: AsyncIterable<Uint8Array>;
  /** Ends the answer and gives its place in the gate back; safe to call twice. */
  readonly close: () => void;
}

// RFC 9110 sets no number; five is what curl's users live with and ends every loop.
const MAX_REDIRECTS = 5;
/** Bodies of refusals are read this far, to name the error code that S3 puts into them. */
const REFUSAL_BYTES = 4096;

let shared: Dispatcher | null = null;

// Connections are kept per process; the number of requests at once is the gate's business, so the pools set no limit.
// undici is loaded with the first request: workers that read local files, which are most, start without it.
async function dispatcher(limits: RetryLimits): Promise<Dispatcher> {
  const { Agent, EnvHttpProxyAgent } = await import('undici');
  const { guardedConnector, networkRules } = await import('./network-guard.js');
  if (shared === null) {
    const env = process.env;
    const rules = networkRules(env);
    const timeout = { timeout: limits.connectTimeoutMs };
    const options = { connect: rules === null ? timeout : guardedConnector(rules, timeout), keepAliveTimeout: 10_000, pipelining: 1 };
    const proxied = [env.HTTP_PROXY, env.http_proxy, env.HTTPS_PROXY, env.https_proxy].some(Boolean);
    if (proxied && rules !== null)
      throw new RefineError(
        'ERR_REFINE_USAGE',
        'cannot hold behind a proxy, which resolves names itself. Let the proxy refuse private addresses and unset it, or unset the proxy.',
        {
          place: 'REFINE_NETWORK',
        },
      );
    const noProxy = [env.NO_PROXY ?? env.no_proxy ?? '', 'localhost', '127.0.0.1', '::1'].filter(Boolean).join(',');
    shared = proxied ? new EnvHttpProxyAgent({ ...options, connect: timeout, noProxy }) : new Agent(options);
  }
  return shared;
}

export function settings(env: HttpEnv): { readonly limits: RetryLimits; readonly clock: Clock } {
  return { limits: { ...DEFAULT_RETRY_LIMITS, ...env.limits }, clock: env.clock ?? systemClock };
}

/** A URL as messages and logs may show it: a query may hold a signature, and its front a password. */
export function shownUrl(url: string): string {
  return url.replace(/[?#].*$/s, '').replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, '$1');
}

export function parseUrl(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new RefineError('ERR_REFINE_INPUT', 'is not a URL. Expected http://, https:// or file:// and a path', { place: shownUrl(text), cause });
  }
  if (url.protocol === 's3:') {
    throw new RefineError('ERR_REFINE_INPUT', 's3:// is not read here. CommonCrawl serves the same paths: use https://data.commoncrawl.org', {
      place: shownUrl(text),
    });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new RefineError('ERR_REFINE_INPUT', `scheme "${url.protocol}" is not read. Expected http, https or file`, { place: shownUrl(text) });
  }
  return url;
}

export async function send(method: 'GET' | 'HEAD', address: string, headers: Readonly<Record<string, string>>, env: HttpEnv): Promise<Answer> {
  const { limits } = settings(env);
  let url = parseUrl(address);
  for (let hop = 0; ; hop++) {
    const host = url.host;
    const release = await env.gate.acquire(host, env.signal);
    const stop = new AbortController();
    // Bytes as they lie on the server: offsets and lengths of a range request mean nothing in a re-encoded body.
    const plain = { 'user-agent': 'refine (corpus builder)', 'accept-encoding': 'identity', ...headers };
    try {
      const { request } = await import('undici');
      const response = await request(url, {
        method,
        headers: { ...plain, ...env.authorize?.(method, url, plain) },
        dispatcher: await dispatcher(limits),
        headersTimeout: limits.headersTimeoutMs,
        bodyTimeout: limits.bodyTimeoutMs,
        signal: AbortSignal.any([env.signal, stop.signal]),
      });
      // undici reports an abort after the answer as an error of the body: closing early is no error of ours.
      response.body.on('error', () => {});
      const header = (name: string): string | null => {
        const value = response.headers[name];
        return value === undefined ? null : Array.isArray(value) ? value.join(', ') : value;
      };
      const close = (): void => {
        if (!response.body.readableEnded) stop.abort();
        release();
      };
      const next = response.statusCode >= 301 && response.statusCode <= 308 ? header('location') : null;
      if (next === null || response.statusCode === 304) return { status: response.statusCode, header, body: response.body, close };
      close();
      if (hop === MAX_REDIRECTS) {
        throw new RefineError(
          'ERR_REFINE_FETCH',
          `redirects more than ${MAX_REDIRECTS} times, lately to ${shownUrl(next)}. Name the final URL in the manifest`,
          {
            place: shownUrl(address),
          },
        );
      }
      url = parseUrl(new URL(next, url).href);
    } catch (error) {
      release();
      throw error;
    }
  }
}

/** The head of a refusal's body as text, and the answer closed. */
export async function refusalText(answer: Answer): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const part of answer.body) {
      parts.push(part);
      if ((bytes += part.length) >= REFUSAL_BYTES) break;
    }
  } catch {
    // A refusal cut short is still the refusal.
  } finally {
    answer.close();
  }
  return Buffer.concat(parts).toString('latin1', 0, Math.min(bytes, REFUSAL_BYTES));
}

/** `SlowDown` of S3's `<Error><Code>SlowDown</Code>`, or the page's title, or nothing. */
export function refusalCode(body: string): string | null {
  return /<Code>\s*([A-Za-z0-9._-]{1,60})\s*<\/Code>/.exec(body)?.[1] ?? /<title>\s*([^<]{1,60}?)\s*<\/title>/i.exec(body)?.[1] ?? null;
}
