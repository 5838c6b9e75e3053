// The endpoint that a Prometheus scrapes: GET /metrics over HTTP, on the address that was asked for and no other.
// Invariant: it answers from memory, so a scrape costs the run nothing but the text, and it ends with the run.
import { createServer, type Server } from 'node:http';
import { RefineError } from '../native/errors.js';

export interface MetricsServer {
  /** As it listens: `http://127.0.0.1:9464/metrics`. */
  readonly address: string;
  close(): Promise<void>;
}

export interface Listen {
  readonly host: string;
  readonly port: number;
}

/** `HOST:PORT`, `[v6]:PORT`, or `:PORT` and `PORT` alone for this machine. Null where it is none of them. */
export function parseListen(text: string): Listen | null {
  const match = /^(?:(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)?:)?(\d{1,5})$/.exec(text);
  if (match === null || Number(match[2]) > 65535) return null;
  return { host: match[1]?.replace(/^\[|\]$/g, '') ?? '127.0.0.1', port: Number(match[2]) };
}

export async function serveMetrics({ host, port }: Listen, text: () => string): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0];
    if (path !== '/metrics') return void response.writeHead(404, { 'content-type': 'text/plain' }).end('GET /metrics\n');
    if (request.method !== 'GET' && request.method !== 'HEAD') return void response.writeHead(405, { allow: 'GET, HEAD' }).end();
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(request.method === 'HEAD' ? undefined : text());
  });
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new RefineError('ERR_REFINE_USAGE', `--metrics cannot listen there (${cause.code}). Choose another port, or 0 for any`, {
          place: `${host}:${port}`,
          cause,
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return { address: `http://${host.includes(':') ? `[${host}]` : host}:${bound}/metrics`, close: () => closed(server) };
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
