// One object as a stream of bytes that survives a bad store: what breaks off goes on where it stopped by a range request for the
// same ETag; too slow is broken off.
// Invariant: the bytes yielded are those of one version, in order, each once, and no more than it says it has.
import type { Readable } from 'node:stream';
import { RefineError } from '../../native/errors.js';
import { type GetOptions, MissingObject } from './object-store.js';
import type { Connected } from './s3-client.js';
import { Deadline, Patience, type RetryEnv, statusOf, Transient, transient } from './s3-retry.js';

interface Version {
  readonly bytes: number | null;
  readonly tag: string | null;
}

export async function* readS3(
  { sdk, client, requesterPays }: Connected,
  bucket: string,
  key: string,
  place: string,
  options: GetOptions,
  env: RetryEnv,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (options.length === 0) return;
  const patience = new Patience(place, env);
  const from = options.from ?? 0;
  let version: Version = options.expected ?? { bytes: null, tag: null };
  let offset = from;
  let tries = 0;
  let empty: boolean | undefined;
  // Where the last byte wanted ends; null until the object's size is known.
  const end = (): number | null => {
    if (options.length === undefined) return version.bytes;
    const wanted = from + options.length;
    return version.bytes === null ? null : Math.min(wanted, version.bytes);
  };
  for (;;) {
    if (end() !== null && offset >= end()! && offset > from) return;
    const startedAt = offset;
    const deadline = new Deadline(env);
    let body: Readable | undefined;
    try {
      deadline.in(env.limits.headersTimeoutMs);
      const last = options.length === undefined ? '' : String(from + options.length - 1);
      // From 0 too: Content-Range tells the whole size, whatever becomes of the body. But of an empty object some stores cannot give a range.
      const plain = offset === 0 && last === '' && (version.bytes ?? 0) === 0 && empty !== false && tries++ % 2 === 1;
      const answer = await client.send(
        new sdk.GetObjectCommand({
          Bucket: bucket,
          Key: key,
          ...(plain ? {} : { Range: `bytes=${offset}-${last}` }),
          ...(version.tag === null || version.tag.startsWith('W/') ? {} : { IfMatch: version.tag }),
          ...(requesterPays ? { RequestPayer: 'requester' } : {}),
        }),
        { abortSignal: deadline.signal },
      );
      body = answer.Body as Readable;
      body.on('error', () => undefined); // said by the loop below; after an early end nobody listens
      const found = versionOf(answer.ContentRange, answer.ContentLength, answer.ETag ?? null);
      const whole = answer.ContentRange === undefined;
      if (!whole && !answer.ContentRange!.startsWith(`bytes ${offset}-`)) throw new Transient(`a range from ${offset} was answered with another`);
      if (version.tag !== null && version.tag === found.tag && version.bytes !== null && found.bytes !== null && version.bytes !== found.bytes)
        throw new Transient(`one ETag with ${found.bytes} and with ${version.bytes} bytes`); // a body cut short, and its length with it
      if (differs(version, found)) throw changed(place, version, found);
      if (plain && found.bytes !== 0) empty = false;
      if (plain && empty === false) throw new Transient('it is not empty'); // so it has ranges, and their answers alone tell the size of the whole
      version = { bytes: version.bytes ?? found.bytes, tag: version.tag ?? found.tag };
      let skip = whole ? offset : 0; // a store without ranges begins anew
      let waited = 0;
      let brought = 0;
      const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
      for (;;) {
        const { bodyTimeoutMs, stallBytes } = env.limits;
        const began = env.clock.now();
        deadline.in(Math.max(1, bodyTimeoutMs - waited), `the body brought ${brought} bytes in ${Math.round(bodyTimeoutMs / 1000)} s`);
        const { value, done } = await chunks.next();
        deadline.rest(); // a reader that is slow itself is not timed
        if (done === true) break;
        brought += value.length;
        waited = brought >= stallBytes ? 0 : waited + (env.clock.now() - began);
        if (waited === 0) brought = 0;
        if (skip >= value.length) {
          skip -= value.length;
          continue;
        }
        let fresh = skip === 0 ? value : value.subarray(skip);
        skip = 0;
        const stop = end();
        if (stop !== null && offset + fresh.length > stop) {
          if (!whole || options.length === undefined) throw new Transient(`the body is longer than the ${stop - startedAt} bytes it promised`);
          fresh = fresh.subarray(0, stop - offset); // the whole object where a part was asked for
        }
        offset += fresh.length;
        if (fresh.length > 0) yield fresh;
        if (stop !== null && offset === stop && whole && options.length !== undefined) return;
      }
      const stop = end();
      if (stop === null || offset === stop) return;
      throw new Transient(`the body ended after ${offset - startedAt} of ${stop - startedAt} bytes`);
    } catch (error) {
      const status = statusOf(error);
      if (status === 404 && (error as Error).name !== 'NoSuchBucket') throw new MissingObject(place);
      if (status === 412) throw changed(place, version, { bytes: null, tag: null });
      if (status === 416 && offset === 0 && (version.bytes ?? 0) === 0) return; // no byte of an empty object can be asked for
      if (status === 416) throw changed(place, version, { bytes: null, tag: version.tag });
      // A connection that was too slow has to have brought something; one that broke may have brought a byte.
      const progressed = offset - startedAt >= (deadline.passed === undefined ? 1 : env.limits.stallBytes);
      await patience.after(deadline.passed ?? transient(error, place, env.signal), progressed);
    } finally {
      deadline.end();
      body?.destroy();
    }
  }
}

function versionOf(range: string | undefined, length: number | undefined, tag: string | null): Version {
  const total = /^bytes (?:\d+-\d+|\*)\/(\d{1,15})$/.exec(range ?? '');
  return { bytes: total !== null ? Number(total[1]) : range === undefined && length !== undefined ? length : null, tag };
}

function differs(expected: Version, found: Version): boolean {
  return (
    (expected.bytes !== null && found.bytes !== null && expected.bytes !== found.bytes) ||
    (expected.tag !== null && found.tag !== null && expected.tag !== found.tag)
  );
}

function changed(place: string, expected: Version, found: Version): RefineError {
  const words = (version: Version): string => `${version.bytes ?? 'unknown'} bytes, ${version.tag ?? 'another ETag'}`;
  return new RefineError(
    'ERR_REFINE_INPUT_CHANGED',
    `the object changed in its store: found ${words(found)}, expected ${words(expected)}. Run with --update to take the new version`,
    { place },
  );
}
