// Byte ranges of one file, wherever it lies: what Parquet, indexes and selected members are read through.
import type { BigIntStats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { RefineError } from '../../native/errors.js';

/** Enough to keep a disk busy, little beside a worker's gigabyte. */
export const LOCAL_CHUNK_BYTES = 1 << 20;

export interface Ranges {
  readonly bytes: number;
  /** The bytes of [from, to), which lie inside the file. Every chunk is a buffer of its own. */
  read(from: number, to: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/** One range as one buffer. */
export async function readWhole(ranges: Ranges, from: number, to: number, signal: AbortSignal): Promise<Uint8Array> {
  const out = new Uint8Array(to - from);
  let filled = 0;
  for await (const chunk of ranges.read(from, to, signal)) {
    out.set(chunk, filled);
    filled += chunk.length;
  }
  return out;
}

export async function* readFileRange(
  file: FileHandle,
  from: number,
  to: number,
  place: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = from; at < to; ) {
    signal.throwIfAborted();
    const chunk = new Uint8Array(Math.min(LOCAL_CHUNK_BYTES, to - at));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, at).catch((cause: NodeJS.ErrnoException) => {
      throw new RefineError('ERR_REFINE_INPUT', `cannot be read (${cause.code}). Check the disk it lies on`, { place, cause });
    });
    if (bytesRead === 0) throw new RefineError('ERR_REFINE_INPUT_CHANGED', `was cut short to ${at} bytes while it was read`, { place });
    at += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}

/** The state of a file just opened; where it cannot be had the handle is closed, for nobody else knows it yet (Node 26 ends a process that forgets one). */
export async function stateOf(file: FileHandle): Promise<BigIntStats> {
  return await file.stat({ bigint: true }).catch(async (error: unknown) => {
    await file.close();
    throw error;
  });
}

/** A local file that a step's option names; `place` names it in errors. Whoever opens it closes it. */
export async function openFileRanges(path: string, place: string): Promise<Ranges> {
  const file = await open(path, 'r');
  const { size } = await stateOf(file);
  return {
    bytes: Number(size),
    read: (from, to, signal) => readFileRange(file, from, to, place, signal),
    close: () => file.close(),
  };
}
