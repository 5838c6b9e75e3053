// Objects below s3://bucket/prefix by the AWS SDK's client. Reads, writes and retries have files of their own; here: names,
// listings, and what to do about a store that does not know If-None-Match.
// Invariant: `put` with ifNoneMatch says 'written' to one writer where the store is conditional; where it is not, a writer that
// comes while another's object stands sees it (infra/docs/storage.md says what remains).
import { randomUUID } from 'node:crypto';
import { RefineError } from '../../native/errors.js';
import type { Clock } from '../../stages/fetch/clock.js';
import type { RemoteObject, RemoteObjects } from '../../stages/contract/objects.js';
import { type GetOptions, MissingObject, type ObjectInfo, type ObjectStore, type PutOptions, readObject } from './object-store.js';
import { parseS3 } from './s3-address.js';
import { type Connected, connected } from './s3-client.js';
import { readS3 } from './s3-read.js';
import { type RetryEnv, retryEnv, statusOf, type StoreLimits, withRetries } from './s3-retry.js';
import { putFileS3, putS3 } from './s3-write.js';

export interface S3Options {
  readonly limits?: Partial<StoreLimits>;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  /** A file above it goes up in parts. */
  readonly partBytes?: number;
  /** What a probe found; absent: `conditional` probes. */
  readonly conditional?: boolean;
}

export class S3Store implements ObjectStore {
  readonly name: string;
  readonly #on: Connected;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #env: RetryEnv;
  readonly #partBytes: number | undefined;
  #conditional: Promise<boolean> | undefined;

  private constructor(on: Connected, bucket: string, prefix: string, options: S3Options) {
    this.#on = on;
    this.#bucket = bucket;
    this.#prefix = prefix === '' ? '' : `${prefix}/`;
    this.name = `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`;
    this.#env = retryEnv(options);
    this.#partBytes = options.partBytes;
    if (options.conditional !== undefined) this.#conditional = Promise.resolve(options.conditional);
  }

  static async at(address: string, options: S3Options = {}): Promise<S3Store> {
    const { bucket, key } = parseS3(address);
    return new S3Store(await connected(), bucket, key, options);
  }

  get(key: string, options: GetOptions = {}): AsyncIterable<Uint8Array> {
    return readS3(this.#on, this.#bucket, this.#prefix + key, this.#place(key), options, this.#env);
  }

  async head(key: string): Promise<ObjectInfo | null> {
    return await withRetries(this.#place(key), this.#env, this.#env.limits.headersTimeoutMs, async (abortSignal) => {
      try {
        const found = await this.#on.client.send(new this.#on.sdk.HeadObjectCommand({ Bucket: this.#bucket, Key: this.#prefix + key, ...this.#payer }), {
          abortSignal,
        });
        return { key, bytes: sizeOf(found.ContentLength, this.#place(key)), tag: found.ETag ?? null, sha256: found.Metadata?.sha256 ?? null };
      } catch (error) {
        if (statusOf(error) === 404 && (error as Error).name !== 'NoSuchBucket') return null;
        throw error;
      }
    });
  }

  async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<'written' | 'exists'> {
    const put = (more: PutOptions): Promise<'written' | 'exists'> =>
      putS3(this.#on, this.#bucket, this.#prefix + key, bytes, { ...options, ...more }, this.#place(key), this.#env);
    if (options.ifNoneMatch !== true) return await put({});
    const ours = async (): Promise<boolean> => (await readObject(this, key, bytes.length).catch(larger))?.equals(bytes) === true;
    if (await this.conditional()) {
      // A try whose answer was lost may have put it: then what stands there is ours.
      return (await put({ ifNoneMatch: true })) === 'written' || (await ours()) ? 'written' : 'exists';
    }
    if ((await this.head(key)) !== null) return (await ours()) ? 'written' : 'exists';
    await put({ ifNoneMatch: false });
    return (await ours()) ? 'written' : 'exists';
  }

  async putFile(key: string, path: string, options: { readonly sha256?: string; readonly sent?: (bytes: number) => void } = {}): Promise<void> {
    const parts = this.#partBytes === undefined ? {} : { partBytes: this.#partBytes };
    await putFileS3(this.#on, this.#bucket, this.#prefix + key, path, { ...options, ...parts }, this.#place(key), this.#env);
  }

  async *list(prefix: string): AsyncGenerator<ObjectInfo, void, undefined> {
    // By the last key seen and not by the store's token: so every page begins where the one before ended, and no listing goes round.
    for (let last = ''; ; ) {
      const page = await withRetries(this.#place(prefix), this.#env, this.#env.limits.headersTimeoutMs, (abortSignal) =>
        this.#on.client.send(
          new this.#on.sdk.ListObjectsV2Command({
            Bucket: this.#bucket,
            Prefix: this.#prefix + prefix,
            ...(last === '' ? {} : { StartAfter: last }),
            ...this.#payer,
          }),
          { abortSignal },
        ),
      );
      let moved = false;
      for (const { Key, Size, ETag } of page.Contents ?? []) {
        if (Key === undefined || !Key.startsWith(this.#prefix + prefix) || Buffer.compare(Buffer.from(Key), Buffer.from(last)) <= 0) continue;
        moved = true;
        last = Key;
        yield { key: Key.slice(this.#prefix.length), bytes: sizeOf(Size, `s3://${this.#bucket}/${Key}`), tag: ETag ?? null, sha256: null };
      }
      if (page.IsTruncated !== true) return;
      if (!moved)
        throw new RefineError('ERR_REFINE_STORE', 'the listing does not end: the store repeats a page. Check the endpoint', { place: this.#place(prefix) });
    }
  }

  async delete(key: string): Promise<void> {
    await withRetries(this.#place(key), this.#env, this.#env.limits.headersTimeoutMs, async (abortSignal) => {
      try {
        await this.#on.client.send(new this.#on.sdk.DeleteObjectCommand({ Bucket: this.#bucket, Key: this.#prefix + key, ...this.#payer }), { abortSignal });
      } catch (error) {
        if (statusOf(error) !== 404 || (error as Error).name === 'NoSuchBucket') throw error;
      }
    });
  }

  /** Found out once: two puts of one new name, of which a store that knows If-None-Match refuses the second. */
  conditional(): Promise<boolean> {
    this.#conditional ??= this.#probe();
    return this.#conditional;
  }

  async keepsVersions(): Promise<boolean | null> {
    try {
      return await withRetries(this.name, this.#env, this.#env.limits.headersTimeoutMs, async (abortSignal) => {
        const { Status } = await this.#on.client.send(new this.#on.sdk.GetBucketVersioningCommand({ Bucket: this.#bucket }), { abortSignal });
        return Status !== undefined; // suspended ones keep those of before
      });
    } catch (error) {
      if (error instanceof RefineError && error.code === 'ERR_REFINE_STORE') return null; // the right to ask is one that few keys have
      throw error;
    }
  }

  async #probe(): Promise<boolean> {
    const key = `.probe-${randomUUID()}`;
    const put = (text: string): Promise<'written' | 'exists'> =>
      putS3(this.#on, this.#bucket, this.#prefix + key, Buffer.from(text), { ifNoneMatch: true }, this.#place(key), this.#env);
    try {
      await put('1');
      return (await put('2')) === 'exists';
    } catch (error) {
      if (/NotImplemented|InvalidArgument|InvalidRequest/.test((error as Error).message)) return false; // knows the header, and refuses it
      throw error;
    } finally {
      await this.delete(key);
    }
  }

  get #payer() {
    return this.#on.requesterPays ? ({ RequestPayer: 'requester' } as const) : {};
  }

  #place(key: string): string {
    return `${this.name}/${key}`;
  }
}

function larger(error: unknown): null {
  if (error instanceof RefineError && /is larger than/.test(error.message)) return null;
  throw error;
}

function sizeOf(bytes: number | undefined, place: string): number {
  if (bytes !== undefined && Number.isSafeInteger(bytes) && bytes >= 0) return bytes;
  throw new RefineError('ERR_REFINE_STORE', 'the store does not say how large it is, expected a size. Check the endpoint', { place });
}

/** Sources' view of S3: whole addresses, any bucket. */
export const s3Objects = (limits: Partial<StoreLimits> = {}): RemoteObjects => {
  const at = async (url: string, signal: AbortSignal): Promise<{ store: S3Store; bucket: string; key: string }> => {
    const { bucket } = parseS3(url);
    return { store: await S3Store.at(`s3://${bucket}`, { signal, limits }), bucket, key: url.slice(`s3://${bucket}/`.length) };
  };
  const object = (bucket: string, { key, bytes, tag }: ObjectInfo): RemoteObject => ({ url: `s3://${bucket}/${key}`, bytes, tag });
  return {
    async head(url, signal) {
      const { store, bucket, key } = await at(url, signal);
      const found = await store.head(key);
      return found === null ? null : object(bucket, found);
    },
    async *list(prefix, signal) {
      const { store, bucket, key } = await at(prefix, signal);
      for await (const one of store.list(key)) yield object(bucket, one);
    },
    async *read(url, version, signal, range) {
      const { store, key } = await at(url, signal);
      try {
        yield* store.get(key, {
          ...(version === null ? {} : { expected: version }),
          ...(range === undefined ? {} : { from: range.from, length: range.to - range.from }),
        });
      } catch (error) {
        if (error instanceof MissingObject)
          throw new RefineError('ERR_REFINE_FETCH', 'does not exist (HTTP 404), expected an object. Check the bucket and the path', { place: url });
        throw error;
      }
    },
  };
};
