// The bytes of one input, wherever it lies, held to the identity it was planned with.
// Invariant: either exactly the bytes of the version that was planned, or an error that names the input.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RefineError } from '../../native/errors.js';
import type { RemoteObjects } from '../contract/objects.js';
import { LOCAL_CHUNK_BYTES } from '../contract/ranges.js';
import type { FetchGate, Input } from '../contract/source.js';
import type { Clock } from './clock.js';
import { isRemote, remoteVersion } from './input-identity.js';
import { localIdentity, readLocal } from './local.js';
import { readRemote } from './remote.js';
import type { RetryLimits } from './retry.js';

export interface BytesEnv {
  readonly gate: FetchGate;
  readonly limits?: Partial<RetryLimits>;
  readonly clock?: Clock;
  /** Remote files are kept here by content and read from here next time. Default: the environment's REFINE_CACHE, else none. */
  readonly cacheDir?: string;
  /** Who reads s3://. */
  readonly objects?: RemoteObjects;
}

export async function* inputBytes(input: Input, env: BytesEnv, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  if (isRemote(input.location)) {
    yield* remoteBytes(input, env, signal);
    return;
  }
  if (input.identity.startsWith('local:')) {
    const { identity } = await localIdentity(input.location, input.path);
    if (identity !== input.identity) {
      const message = `changed since the run was planned: found ${identity}, expected ${input.identity}. Run with --update to take the new version`;
      throw new RefineError('ERR_REFINE_INPUT_CHANGED', message, { place: input.path });
    }
  }
  yield* readLocal(input.location, input.path, signal);
}

async function* remoteBytes(input: Input, env: BytesEnv, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  const version = remoteVersion(input.identity);
  const cacheDir = env.cacheDir ?? process.env.REFINE_CACHE ?? '';
  const { gate, limits, clock, objects } = env;
  const http = readRemote(input.location, version, { gate, signal, ...(limits && { limits }), ...(clock && { clock }), ...(objects && { objects }) });
  // Without an ETag a version cannot be told from the next one of equal size: nothing is kept.
  if (cacheDir === '' || version?.bytes == null || version.tag === null) {
    yield* http;
    return;
  }
  const kept = join(cacheDir, createHash('sha256').update(`${input.path}\n${input.identity}`).digest('hex'));
  if ((await stat(kept).catch(() => null))?.size === version.bytes) {
    yield* createReadStream(kept, { highWaterMark: LOCAL_CHUNK_BYTES, signal }) as AsyncIterable<Uint8Array>;
    return;
  }
  yield* keepWhileReading(http, kept, cacheDir);
}

/** Writes what passes to a file that gets its name only when whole. A cache that cannot be written is an error, not a silent miss. */
async function* keepWhileReading(bytes: AsyncIterable<Uint8Array>, kept: string, cacheDir: string): AsyncGenerator<Uint8Array, void, undefined> {
  const part = `${kept}.${process.pid}.part`;
  const disk = (error: unknown) =>
    new RefineError('ERR_REFINE_DISK', `the cache cannot be written (${(error as NodeJS.ErrnoException).code}). Make room, or run without REFINE_CACHE`, {
      place: cacheDir,
      cause: error,
    });
  let whole = false;
  try {
    await mkdir(cacheDir, { recursive: true });
  } catch (error) {
    throw disk(error);
  }
  const file = await open(part, 'w').catch((error: unknown) => {
    throw disk(error);
  });
  try {
    for await (const chunk of bytes) {
      try {
        let written = 0;
        while (written < chunk.length) written += (await file.write(chunk, written, chunk.length - written)).bytesWritten;
      } catch (error) {
        throw disk(error);
      }
      yield chunk;
    }
    await file.sync();
    whole = true;
  } finally {
    await file.close();
    if (whole) await rename(part, kept);
    else await rm(part, { force: true });
  }
}
