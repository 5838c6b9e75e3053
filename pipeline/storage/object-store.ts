// Named immutable byte strings, wherever they lie: a folder, a web server (read only), an S3 bucket.
// Invariant: `get` yields exactly the bytes of one version or throws; `put` with `ifNoneMatch` never replaces what stands there,
// as far as the store can promise it (`conditional`).
import { RefineError } from '../../native/errors.js';

export interface ObjectInfo {
  readonly key: string;
  readonly bytes: number;
  /** Tells versions apart; null where the store does not. */
  readonly tag: string | null;
  /** Of the whole object, where whoever put it said so. */
  readonly sha256: string | null;
}

export interface GetOptions {
  /** First byte wanted; 0. */
  readonly from?: number;
  /** Bytes wanted; all that follow. */
  readonly length?: number;
  /** The version to read; another one is ERR_REFINE_INPUT_CHANGED. */
  readonly expected?: { readonly bytes: number | null; readonly tag: string | null };
}

export interface PutOptions {
  /** Put only where nothing stands. */
  readonly ifNoneMatch?: boolean;
  readonly sha256?: string;
}

export interface ObjectStore {
  /** As people know it: no query, no credentials. */
  readonly name: string;
  /** Bytes as they arrive. Throws `MissingObject` where there is none of that name. */
  get(key: string, options?: GetOptions): AsyncIterable<Uint8Array>;
  /** Null where there is none of that name, and only there. */
  head(key: string): Promise<ObjectInfo | null>;
  put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<'written' | 'exists'>;
  /** A whole local file, in parts where it is large. `sent` hears of bytes that arrived. */
  putFile(key: string, path: string, options?: { readonly sha256?: string; readonly sent?: (bytes: number) => void }): Promise<void>;
  /** Everything whose key begins so, in the order of key bytes. */
  list(prefix: string): AsyncIterable<ObjectInfo>;
  /** No error where there is none. */
  delete(key: string): Promise<void>;
  /** Whether `ifNoneMatch` is decided by the store in one step; else it is looked up before and after. */
  conditional(): Promise<boolean>;
  /** Whether what is replaced or deleted stays as an older version; null where the store does not say. Absent: no store keeps any. */
  keepsVersions?(): Promise<boolean | null>;
}

/** A bucket, which can be written; web servers are read. */
export const isS3 = (place: string): boolean => /^s3:\/\//i.test(place);

export const isAddress = (place: string): boolean => /^(?:s3|https?):\/\//i.test(place);

/** Thrown by `get`, so that callers can tell absence from trouble. */
export class MissingObject extends RefineError {
  constructor(place: string) {
    super('ERR_REFINE_STORE', 'there is no such object. Check the address of the run', { place });
  }
}

/** How often an object is read from its beginning that became another version on the way. */
export const FETCH_TRIES = 4;

/** Replaced while we read, or an ETag that lies. */
export const replacedMeanwhile = (error: unknown): boolean => error instanceof RefineError && error.code === 'ERR_REFINE_INPUT_CHANGED';

/** A small object whole, null where there is none; more than `most` bytes are refused before they are held. Replaced meanwhile, it is read anew. */
export async function readObject(store: ObjectStore, key: string, most: number): Promise<Buffer | null> {
  for (let tries = 1; ; tries++) {
    try {
      return await readOnce(store, key, most);
    } catch (error) {
      if (error instanceof MissingObject) return null;
      if (!replacedMeanwhile(error) || tries === FETCH_TRIES) throw error;
    }
  }
}

async function readOnce(store: ObjectStore, key: string, most: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of store.get(key)) {
    bytes += part.length;
    if (bytes > most)
      throw new RefineError('ERR_REFINE_STORE', `is larger than ${most} bytes, which nothing of that name is. Check what stands there`, {
        place: `${store.name}/${key}`,
      });
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** The store behind an address; its code is loaded only now. */
export async function openStore(address: string, signal?: AbortSignal): Promise<ObjectStore> {
  if (isS3(address)) return (await import('./s3-store.js')).S3Store.at(address, signal === undefined ? {} : { signal });
  if (isAddress(address)) return new (await import('./http-store.js')).HttpStore(address, signal);
  return new (await import('./file-store.js')).FileStore(address);
}
