// Objects put whole or in parts. Every body carries a Content-MD5 (all stores that speak S3 check it) beside the sha256 that its
// signature covers, so what came to harm on the way is refused and sent again.
// Invariant: under a key stands a whole object or none: an upload in parts appears at its completion, and is aborted otherwise.
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { RefineError } from '../../native/errors.js';
import { diskError } from '../atomic-file.js';
import type { PutOptions } from './object-store.js';
import type { Connected } from './s3-client.js';
import { type RetryEnv, statusOf, Transient, withRetries } from './s3-retry.js';

// S3's limits: parts of 5 MiB to 5 GiB but the last, 10,000 of them.
const MAX_PARTS = 10_000;
const MAX_OBJECT_BYTES = 5 * 1024 ** 4;
export const PART_BYTES = 16 << 20;
/** Parts of a file under way at once: 64 MiB of a worker's gigabyte. */
const PARTS_AT_ONCE = 4;

export interface PartRange {
  /** From 1. */
  readonly number: number;
  readonly from: number;
  readonly bytes: number;
}

/** The parts of a file, in order; one alone where it goes up in a single request. Their size depends on the file's alone. */
export function partsOf(bytes: number, partBytes = PART_BYTES): readonly PartRange[] {
  if (!Number.isSafeInteger(bytes) || bytes < 0 || bytes > MAX_OBJECT_BYTES)
    throw new RangeError(`an object of ${bytes} bytes: S3 takes at most ${MAX_OBJECT_BYTES}`);
  if (bytes <= partBytes) return [{ number: 1, from: 0, bytes }];
  const size = Math.max(partBytes, Math.ceil(bytes / MAX_PARTS / (1 << 20)) * (1 << 20));
  return Array.from({ length: Math.ceil(bytes / size) }, (_, i) => ({ number: i + 1, from: i * size, bytes: Math.min(size, bytes - i * size) }));
}

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('base64');
const payer = ({ requesterPays }: Connected) => (requesterPays ? ({ RequestPayer: 'requester' } as const) : {});
const sendMs = (env: RetryEnv, bytes: number): number => env.limits.headersTimeoutMs + bytes / env.limits.sendBytesPerMs;

/** One request. With `ifNoneMatch` a store that knows it answers 412 (or 409 while another put is under way) where something stands. */
export async function putS3(
  on: Connected,
  bucket: string,
  key: string,
  bytes: Uint8Array,
  options: PutOptions,
  place: string,
  env: RetryEnv,
): Promise<'written' | 'exists'> {
  return await withRetries(place, env, sendMs(env, bytes.length), async (signal) => {
    try {
      await on.client.send(
        new on.sdk.PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: bytes,
          ContentLength: bytes.length,
          ContentMD5: md5(bytes),
          ...(options.ifNoneMatch === true ? { IfNoneMatch: '*' } : {}),
          ...(options.sha256 === undefined ? {} : { Metadata: { sha256: options.sha256 } }),
          ...payer(on),
        }),
        { abortSignal: signal },
      );
      return 'written';
    } catch (error) {
      if (options.ifNoneMatch === true && statusOf(error) === 412) return 'exists';
      throw error;
    }
  });
}

export interface FilePut {
  readonly sha256?: string;
  readonly partBytes?: number;
  readonly sent?: (bytes: number) => void;
}

export async function putFileS3(on: Connected, bucket: string, key: string, path: string, options: FilePut, place: string, env: RetryEnv): Promise<void> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (cause) {
    throw diskError(cause, path, 'read the file to be uploaded');
  }
  try {
    const { size } = await file.stat();
    const parts = partsOf(size, options.partBytes);
    const sha256 = options.sha256 === undefined ? {} : { sha256: options.sha256 };
    if (parts.length === 1) {
      await putS3(on, bucket, key, await readPart(file, parts[0]!, path), sha256, place, env);
      options.sent?.(size);
      return;
    }
    // An upload whose completion was refused (a part came to harm after all) is begun anew, as a whole.
    await withRetries(place, env, null, async () => {
      await putParts(on, { Bucket: bucket, Key: key }, file, path, parts, options, place, env);
    });
  } finally {
    await file.close();
  }
}

async function readPart(file: FileHandle, { from, bytes }: PartRange, path: string): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(bytes);
  let filled = 0;
  while (filled < bytes) {
    const { bytesRead } = await file.read(buffer, filled, bytes - filled, from + filled).catch((cause) => {
      throw diskError(cause, path, 'read the file to be uploaded');
    });
    if (bytesRead === 0)
      throw new RefineError('ERR_REFINE_SHARD', `became shorter while it was uploaded: found ${from + filled} bytes. Run the same command again`, {
        place: path,
      });
    filled += bytesRead;
  }
  return buffer;
}

async function putParts(
  on: Connected,
  target: { readonly Bucket: string; readonly Key: string },
  file: FileHandle,
  path: string,
  parts: readonly PartRange[],
  { sha256, sent }: FilePut,
  place: string,
  env: RetryEnv,
): Promise<void> {
  const { client, sdk } = on;
  const { headersTimeoutMs } = env.limits;
  const begun = await withRetries(place, env, headersTimeoutMs, (abortSignal) =>
    client.send(new sdk.CreateMultipartUploadCommand({ ...target, ...(sha256 === undefined ? {} : { Metadata: { sha256 } }), ...payer(on) }), { abortSignal }),
  );
  const UploadId = begun.UploadId!;
  try {
    const tags = new Array<string>(parts.length);
    let next = 0;
    let failed = false;
    const sender = async (): Promise<void> => {
      while (next < parts.length && !failed) {
        const part = parts[next++]!;
        try {
          const body = await readPart(file, part, path);
          const ContentMD5 = md5(body);
          const answer = await withRetries(place, env, sendMs(env, part.bytes), (abortSignal) =>
            client.send(
              new sdk.UploadPartCommand({ ...target, UploadId, PartNumber: part.number, Body: body, ContentLength: part.bytes, ContentMD5, ...payer(on) }),
              { abortSignal },
            ),
          );
          tags[part.number - 1] = answer.ETag ?? '';
          sent?.(part.bytes);
        } catch (error) {
          failed = true;
          throw error;
        }
      }
    };
    const senders = await Promise.allSettled(Array.from({ length: Math.min(PARTS_AT_ONCE, parts.length) }, sender));
    const bad = senders.find((one) => one.status === 'rejected');
    if (bad !== undefined) throw (bad as PromiseRejectedResult).reason;
    const Parts = tags.map((ETag, i) => ({ ETag, PartNumber: i + 1 }));
    // Joining many parts takes the store a while; it keeps the connection with white space meanwhile.
    let tries = 0;
    const again = await withRetries(place, env, 10 * headersTimeoutMs, async (abortSignal): Promise<string | null> => {
      // A try whose answer was lost may have completed it; some stores then answer 500 for ever.
      if (tries++ > 0 && sha256 !== undefined && (await stands(on, target, parts, sha256, abortSignal))) return null;
      try {
        await client.send(new sdk.CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts }, ...payer(on) }), { abortSignal });
        return null;
      } catch (error) {
        const { name } = error as Error;
        if (!/^(?:InvalidPart|InvalidPartOrder|EntityTooSmall|NoSuchUpload)$/.test(name)) throw error;
        return name === 'NoSuchUpload' && (await stands(on, target, parts, sha256, abortSignal)) ? null : name;
      }
    });
    if (again !== null) throw new Transient(again);
  } catch (error) {
    await client
      .send(new sdk.AbortMultipartUploadCommand({ ...target, UploadId }), { abortSignal: AbortSignal.timeout(headersTimeoutMs) })
      .catch(() => undefined);
    throw error;
  }
}

async function stands(
  on: Connected,
  target: { readonly Bucket: string; readonly Key: string },
  parts: readonly PartRange[],
  sha256: string | undefined,
  abortSignal: AbortSignal,
): Promise<boolean> {
  const last = parts[parts.length - 1]!;
  const found = await on.client.send(new on.sdk.HeadObjectCommand({ ...target, ...payer(on) }), { abortSignal }).catch(() => null);
  return found?.ContentLength === last.from + last.bytes && (sha256 === undefined || found.Metadata?.sha256 === sha256);
}
