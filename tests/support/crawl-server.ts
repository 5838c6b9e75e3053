// An HTTP server in CommonCrawl's layout over given files, with switchable misbehaviour. What it does is decided by
// counters and a seeded generator, never by time, so a test that fails fails again. It logs every answer.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

export interface CrawlFile {
  /** As in warc.paths.gz: `crawl-data/CC-MAIN-.../x.warc.gz`. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** All off by default; several may be on. Counts are per path unless said otherwise. */
export interface Faults {
  readonly seed?: number;
  /** Every n-th GET of a file (counted over all files, from the first) is refused with an XML body. */
  readonly throttle?: { readonly every: number; readonly status: 403 | 429 | 503; readonly retryAfter?: string };
  /** The first so many requests of each path (HEAD too) are refused with 403. */
  readonly forbidFirst?: number;
  /** The first so many GETs of each path get status 200 and an XML error as body. */
  readonly xmlFirst?: number;
  /** Bodies are cut by closing the connection after at most so many bytes, seeded; `times` limits the cuts of a path. */
  readonly drop?: { readonly maxBytes: number; readonly times?: number };
  readonly ignoreRange?: boolean;
  /** After so many GETs of a path it becomes another version: another ETag, the bytes reversed. */
  readonly changeAfter?: number;
  /** Only these paths are disturbed by the faults above (a substring of the path); default all. */
  readonly only?: string;
  readonly weakEtag?: boolean;
  readonly noEtag?: boolean;
  readonly noHead?: boolean;
  /** Chunked bodies: no Content-Length. */
  readonly noLength?: boolean;
  /** Bodies go out in pieces of so many bytes, one a turn of the event loop. */
  readonly drip?: number;
  /** The first so many GETs of each path get half of what they asked for, and then nothing, on an open connection. */
  readonly stallFirst?: number;
  /** One byte in the middle of the body is flipped in the first so many GETs of each path. */
  readonly wrongFirst?: number;
  /** Refuses with 403 and this code; null lets the request in. */
  readonly guard?: (request: IncomingMessage) => string | null;
  /** Listed in warc.paths.gz but answered 404 (a substring of the path). */
  readonly missing?: string;
}

export interface LoggedAnswer {
  readonly method: string;
  readonly path: string;
  readonly range: string | null;
  readonly ifRange: string | null;
  status: number;
  sent: number;
}

export interface CrawlServer {
  /** http://127.0.0.1:port, what source.commoncrawl.base takes. */
  readonly base: string;
  readonly log: readonly LoggedAnswer[];
  /** The most answers that were under way at once. */
  peak(): number;
  /** Other faults from now on; counters start again. */
  setFaults(faults: Faults): void;
  close(): Promise<void>;
}

const errorXml = (code: string) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>Please reduce your request rate.</Message></Error>`;

export async function startCrawlServer(files: readonly CrawlFile[], initial: Faults = {}): Promise<CrawlServer> {
  const contents = new Map<string, Uint8Array>(files.map(({ path, bytes }) => [path, bytes]));
  const archives = files.filter(({ path }) => path.startsWith('crawl-data/') && !path.endsWith('.paths.gz'));
  for (const crawl of new Set(archives.map(({ path }) => path.split('/')[1]!))) {
    const list = archives.filter(({ path }) => path.split('/')[1] === crawl).map(({ path }) => `${path}\n`);
    contents.set(`crawl-data/${crawl}/warc.paths.gz`, gzipSync(list.join('')));
  }
  const log: LoggedAnswer[] = [];
  let faults = initial;
  let random = generator(0);
  let gets = 0;
  let active = 0;
  let peak = 0;
  const perPath = new Map<string, { all: number; gets: number; cuts: number }>();
  const setFaults = (next: Faults) => {
    faults = next;
    random = generator(next.seed ?? 1);
    gets = 0;
    perPath.clear();
  };
  setFaults(initial);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://host').pathname).slice(1);
    const method = request.method ?? 'GET';
    const entry: LoggedAnswer = {
      method,
      path,
      range: request.headers.range ?? null,
      ifRange: (request.headers['if-range'] as string) ?? null,
      status: 0,
      sent: 0,
    };
    log.push(entry);
    const count = perPath.get(path) ?? { all: 0, gets: 0, cuts: 0 };
    perPath.set(path, count);
    count.all++;
    if (method === 'GET') count.gets++;
    const disturbed = faults.only === undefined || path.includes(faults.only);
    const refuse = (status: number, code: string, headers: Record<string, string> = {}) => {
      entry.status = status;
      response.writeHead(status, { 'content-type': 'application/xml', ...headers });
      response.end(method === 'HEAD' ? undefined : errorXml(code));
    };

    const guarded = faults.guard?.(request) ?? null;
    if (guarded !== null) return refuse(403, guarded);
    let body = contents.get(path);
    if (body === undefined || (faults.missing !== undefined && path.includes(faults.missing))) return refuse(404, 'NoSuchKey');
    if (method === 'HEAD' && faults.noHead === true) return refuse(405, 'MethodNotAllowed');
    if (disturbed && count.all <= (faults.forbidFirst ?? 0)) return refuse(403, 'AccessDenied');
    if (disturbed && method === 'GET') {
      if (count.gets <= (faults.xmlFirst ?? 0)) return refuse(200, 'InternalError');
      const { throttle } = faults;
      if (throttle !== undefined && gets++ % throttle.every === 0) {
        return refuse(throttle.status, 'SlowDown', throttle.retryAfter === undefined ? {} : { 'retry-after': throttle.retryAfter });
      }
    }
    if (disturbed && faults.changeAfter !== undefined && count.gets > faults.changeAfter) body = Uint8Array.from(body).reverse();

    if (disturbed && method === 'GET' && count.gets <= (faults.wrongFirst ?? 0)) {
      body = Uint8Array.from(body);
      body[body.length >> 1]! ^= 1;
    }

    const etag = `${faults.weakEtag === true ? 'W/' : ''}"${createHash('md5').update(body).digest('hex')}"`;
    const headers: Record<string, string> = { 'content-type': 'application/octet-stream', ...(faults.noEtag === true ? {} : { etag }) };
    const range = /^bytes=(\d+)-(\d*)$/.exec(entry.range ?? '');
    let from = 0;
    let to = body.length;
    if (range !== null && faults.ignoreRange !== true && (entry.ifRange === null || entry.ifRange === etag)) {
      from = Number(range[1]);
      if (range[2] !== '') to = Math.min(to, Number(range[2]) + 1);
      if (from >= body.length) {
        entry.status = 416;
        response.writeHead(416, { ...headers, 'content-range': `bytes */${body.length}` });
        return void response.end();
      }
      headers['content-range'] = `bytes ${from}-${to - 1}/${body.length}`;
    }
    entry.status = headers['content-range'] === undefined ? 200 : 206;
    if (faults.noLength !== true) headers['content-length'] = String(to - from);
    response.writeHead(entry.status, headers);
    if (method === 'HEAD') return void response.end();

    let cut = to - from;
    if (disturbed && faults.drop !== undefined && count.cuts < (faults.drop.times ?? Number.POSITIVE_INFINITY)) {
      const after = Math.floor(random() * faults.drop.maxBytes);
      if (after < cut) {
        cut = after;
        count.cuts++;
      }
    }
    const stalls = disturbed && count.gets <= (faults.stallFirst ?? 0);
    if (stalls) cut = Math.floor(cut / 2);
    const piece = faults.drip ?? 64 << 10;
    for (let at = from; at < from + cut && !response.destroyed; at += piece) {
      const part = body.subarray(at, Math.min(at + piece, from + cut));
      await new Promise<void>((resolve) => response.write(part, () => resolve()));
      entry.sent += part.length;
      if (faults.drip !== undefined) await new Promise(setImmediate);
    }
    if (stalls) return;
    if (cut < to - from) response.destroy();
    else response.end();
  }

  const server = createServer((request, response) => {
    active++;
    peak = Math.max(peak, active);
    response.on('close', () => active--);
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    log,
    peak: () => peak,
    setFaults,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** mulberry32: the same cuts on every machine. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
