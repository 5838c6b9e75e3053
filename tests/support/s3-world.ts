// A real S3 server (npm s3rver) behind a proxy of ours that enforces If-None-Match and misbehaves by a seed: 503 SlowDown, 500,
// connections reset before an answer, in the middle of a body or after the work was done, stalls, bodies cut short together with
// their length, wrong ETags, listings that miss what was put lately. What goes wrong is decided by a seeded generator and counters, never by time.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach } from 'node:test';
import S3rver from 's3rver';
import { forgetClient } from '../../pipeline/storage/s3-client.js';
import { randomFrom } from './random.js';

/** Shares of requests, 0 to 1; all 0 by default. */
export interface S3Faults {
  readonly seed?: number;
  readonly slowDown?: number;
  readonly internal?: number;
  /** The connection is closed without an answer; the request was not passed on. */
  readonly reset?: number;
  /** The request was done, its answer is lost. */
  readonly lostAnswer?: number;
  /** The answer's body breaks off. */
  readonly cutBody?: number;
  /** The answer's body breaks off and its Content-Length agrees with what is left. */
  readonly shortBody?: number;
  /** Half of the body arrives, then nothing. */
  readonly stall?: number;
  readonly wrongEtag?: number;
  /** Listings leave out keys put by the last so many requests. */
  readonly staleBy?: number;
  /** A request's headers decide alone: the answer as it is to be sent, or null. */
  readonly answer?: (request: IncomingMessage) => { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string } | null;
}

export interface S3World {
  readonly endpoint: string;
  /** Method and path of each request that came, with what was done to it. */
  readonly log: { readonly method: string; readonly path: string; readonly range: string | null; fault: string }[];
  faults: S3Faults;
  enforce: boolean;
  close(): Promise<void>;
}

const KEYS = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER', AWS_REGION: 'us-east-1', AWS_EC2_METADATA_DISABLED: 'true' };

/** Sets the AWS_* environment of this process (and so of its workers) until it is closed. */
export async function startS3(faults: S3Faults = {}, buckets: readonly string[] = ['bucket']): Promise<S3World> {
  const directory = mkdtempSync(join(tmpdir(), 'refine-s3rver-'));
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory,
    vhostBuckets: false,
    configureBuckets: buckets.map((name) => ({ name, configs: [] })),
  });
  const { port: upstream } = await server.run();
  const world = new Proxy3(upstream, faults);
  const before = { ...process.env };
  const endpoint = await world.listen();
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, KEYS, {
    AWS_ENDPOINT_URL: endpoint,
    AWS_CONFIG_FILE: join(directory, 'none'),
    AWS_SHARED_CREDENTIALS_FILE: join(directory, 'none'),
  });
  forgetClient();
  return Object.assign(world, {
    endpoint,
    async close() {
      forgetClient();
      for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
      for (const [name, value] of Object.entries(before)) if (name.startsWith('AWS_')) process.env[name] = value;
      await world.end();
      await server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  });
}

/** For a test file: each test leaves the world without faults; after the last one it ends, and `folder` is removed. */
export function tidyS3(world: () => S3World, folder: string): void {
  afterEach(() => {
    world().faults = {};
    world().enforce = true;
  });
  after(async () => {
    await world().close();
    rmSync(folder, { recursive: true, force: true });
  });
}

class Proxy3 {
  readonly log: { method: string; path: string; range: string | null; fault: string }[] = [];
  readonly #upstream: number;
  readonly #puts = new Map<string, number>();
  readonly #turns = new Map<string, Promise<void>>();
  readonly #server = createServer((incoming, answer) => void this.#serve(incoming, answer));
  #random: ((n: number) => number) | undefined;
  faults: S3Faults;
  enforce = true;

  constructor(upstream: number, faults: S3Faults) {
    this.#upstream = upstream;
    this.faults = faults;
  }

  listen(): Promise<string> {
    return new Promise((done) => this.#server.listen(0, '127.0.0.1', () => done(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`)));
  }

  end(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((done) => this.#server.close(() => done()));
  }

  #chance(share: number | undefined): boolean {
    if (share === undefined || share === 0) return false;
    this.#random ??= randomFrom(this.faults.seed ?? 1);
    return this.#random(1_000_000) < share * 1_000_000;
  }

  async #serve(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const path = incoming.url!;
    const entry = { method: incoming.method!, path: decodeURIComponent(path), range: incoming.headers.range ?? null, fault: '' };
    this.log.push(entry);
    const body = await collect(incoming).catch(() => null);
    if (body === null) return;
    const { faults } = this;
    const refuse = (status: number, code: string): void => {
      entry.fault = code;
      const text = incoming.method === 'HEAD' ? '' : `<?xml version="1.0"?><Error><Code>${code}</Code><Message>by the proxy</Message></Error>`;
      answer.writeHead(status, { 'content-type': 'application/xml', 'content-length': text.length }).end(text);
    };
    const given = faults.answer?.(incoming);
    if (given != null) {
      entry.fault = 'given';
      answer.writeHead(given.status, given.headers ?? {}).end(given.body ?? '');
      return;
    }
    if (this.#chance(faults.slowDown)) return refuse(503, 'SlowDown');
    if (this.#chance(faults.internal)) return refuse(500, 'InternalError');
    if (this.#chance(faults.reset)) {
      entry.fault = 'reset';
      incoming.socket.resetAndDestroy();
      return;
    }
    const key = path.split('?')[0]!;
    const pass = async (): Promise<void> => {
      if (this.enforce && incoming.method === 'PUT' && incoming.headers['if-none-match'] === '*' && (await this.#stands(key)))
        return refuse(412, 'PreconditionFailed');
      const got = await this.#forward(incoming, body);
      if (incoming.method === 'PUT' || incoming.method === 'POST') {
        if (got.status < 300) this.#puts.set(key, this.log.length);
      }
      if (this.#chance(faults.lostAnswer)) {
        entry.fault = 'lost answer';
        incoming.socket.resetAndDestroy();
        return;
      }
      await this.#send(entry, incoming, answer, got);
    };
    // Puts of one key one after another, as a store decides them.
    const turn = (this.#turns.get(key) ?? Promise.resolve()).then(pass, pass);
    this.#turns.set(key, turn);
    await turn.catch(() => incoming.socket.destroy());
    if (this.#turns.get(key) === turn) this.#turns.delete(key);
  }

  /** As a store's own index knows it: without credentials s3rver answers anyone. */
  async #stands(key: string): Promise<boolean> {
    return await new Promise((done) => {
      const head = request({ host: '127.0.0.1', port: this.#upstream, method: 'HEAD', path: key }, (answer) => {
        answer.resume();
        done(answer.statusCode === 200);
      });
      head.on('error', () => done(false)).end();
    });
  }

  #forward(incoming: IncomingMessage, body: Buffer): Promise<{ status: number; headers: Record<string, string | string[]>; body: Buffer }> {
    return new Promise((done, fail) => {
      const outgoing = request(
        { host: '127.0.0.1', port: this.#upstream, method: incoming.method, path: incoming.url, headers: { ...incoming.headers, connection: 'close' } },
        (got) => collect(got).then((bytes) => done({ status: got.statusCode!, headers: got.headers as Record<string, string | string[]>, body: bytes }), fail),
      );
      outgoing.on('error', fail).end(body);
    });
  }

  async #send(
    entry: { fault: string },
    incoming: IncomingMessage,
    answer: ServerResponse,
    got: { status: number; headers: Record<string, string | string[]>; body: Buffer },
  ): Promise<void> {
    const { faults } = this;
    let { body } = got;
    const headers = { ...got.headers };
    delete headers.connection;
    delete headers['transfer-encoding'];
    const listing = incoming.method === 'GET' && /[?&]list-type=2/.test(incoming.url!);
    if (listing && faults.staleBy !== undefined) {
      const bucket = incoming.url!.split('?')[0]!.replace(/\/$/, '');
      const text = body.toString().replace(/<Contents>.*?<\/Contents>/gs, (one) => {
        const put = this.#puts.get(`${bucket}/${/<Key>(.*?)<\/Key>/s.exec(one)![1]!}`);
        return put !== undefined && put > this.log.length - faults.staleBy! ? '' : one;
      });
      if (text.length !== body.length) entry.fault = 'stale';
      body = Buffer.from(text);
    }
    if (headers.etag !== undefined && this.#chance(faults.wrongEtag)) {
      entry.fault = 'wrong ETag';
      headers.etag = '"00000000000000000000000000000000"';
    }
    if (incoming.method !== 'HEAD') headers['content-length'] = String(body.length);
    const data = incoming.method === 'GET' && got.status < 300 && body.length > 1;
    if (data && this.#chance(faults.shortBody)) {
      entry.fault = 'short body';
      body = body.subarray(0, body.length >> 1);
      headers['content-length'] = String(body.length);
    }
    if (data && this.#chance(faults.cutBody)) {
      entry.fault = 'cut body';
      answer.writeHead(got.status, headers);
      answer.write(body.subarray(0, this.#random!(body.length)), () => incoming.socket.destroy());
      return;
    }
    if (data && this.#chance(faults.stall)) {
      entry.fault = 'stall';
      answer.writeHead(got.status, headers);
      answer.write(body.subarray(0, body.length >> 1));
      return;
    }
    answer.writeHead(got.status, headers);
    answer.end(incoming.method === 'HEAD' ? undefined : body);
  }
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}
