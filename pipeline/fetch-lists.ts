// `refine fetch lists`: published lists into a folder, with a lock file that says what they are. A list is downloaded, checked
// and unpacked beside its final names; then its files are renamed into place one by one and the lock is written. So a
// list is named by the lock only once it is whole, and the same command goes on where it was interrupted.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { RefineError } from '../native/errors.js';
import { isRemote } from '../stages/fetch/input-identity.js';
import { readLocal } from '../stages/fetch/local.js';
import { probeUrl, readUrl } from '../stages/fetch/http.js';
import type { HttpEnv } from '../stages/fetch/http-request.js';
import { AtomicFile, diskError, replaceFile, type Written } from './atomic-file.js';
import type { PublishedList } from './url-lists.js';
import { readTar } from './tar.js';

export const LOCK_NAME = 'lists.lock.json';

export interface FetchLimits {
  /** Of a file as published. UT1's largest archive is some 40 MB. */
  readonly maxBytes: number;
  /** Of all files of one archive, unpacked: UT1's adult sites are some 120 MB. */
  readonly maxUnpackedBytes: number;
  readonly maxFiles: number;
}
const LIMITS: FetchLimits = { maxBytes: 512 << 20, maxUnpackedBytes: 2 ** 31, maxFiles: 500 };

export interface FetchEnv extends HttpEnv {
  /** The folder of lists. */
  readonly out: string;
  /** A mirror, as `wget -x` lays it out: BASE/<host>/<path>; a URL or a folder. */
  readonly from?: string;
  /** Asks for lists that are there whether they have changed. */
  readonly update?: boolean;
  readonly limitsOfLists?: Partial<FetchLimits>;
}

interface LockedFile extends Written {
  readonly path: string;
}

/** What the lock says of a list. */
export interface LockedList extends Written {
  readonly address: string;
  readonly licence: string;
  readonly homepage: string;
  /** Last-Modified and ETag as the server said them. */
  readonly modified: string | null;
  readonly etag: string | null;
  readonly files: readonly LockedFile[];
}

interface Lock {
  readonly format: 1;
  readonly lists: Readonly<Record<string, LockedList>>;
}

export type Fetched = { readonly state: 'fetched' | 'kept'; readonly list: LockedList } | { readonly state: 'failed'; readonly error: RefineError };

/** Fetches one list unless it is there. Interruption throws; everything else that can go wrong is the answer. */
export async function fetchList(list: PublishedList, env: FetchEnv): Promise<Fetched> {
  const lock = await readLock(env.out);
  const place = env.from === undefined ? list.address : mirrored(env.from, list.address);
  try {
    const known = lock.lists[list.name];
    if (
      known !== undefined &&
      known.address === list.address &&
      (await isWhole(known, env.out)) &&
      !(env.update === true && (await hasChanged(known, place, env)))
    )
      return { state: 'kept', list: known };
    const fetched = await download(list, place, env);
    for (const { path } of known?.files ?? []) {
      if (!fetched.files.some((file) => file.path === path)) await unlink(join(env.out, path)).catch(() => undefined); // the list has it no longer
    }
    await writeLock(env.out, list.name, fetched);
    return { state: 'fetched', list: fetched };
  } catch (error) {
    if (env.signal.aborted) throw env.signal.reason;
    if (error instanceof RefineError) return { state: 'failed', error };
    const message = `cannot be used: ${(error as Error).message}. Run the same command again, or with --from another mirror`;
    return { state: 'failed', error: new RefineError('ERR_REFINE_FETCH', message, { place, cause: error }) };
  }
}

function mirrored(base: string, address: string): string {
  const { host, pathname } = new URL(address);
  const root = base.replace(/\/+$/, '');
  return isRemote(root) ? `${root}/${host}${pathname}` : join(root, host, ...pathname.split('/').filter((part) => part !== ''));
}

async function isWhole(list: LockedList, out: string): Promise<boolean> {
  for (const { path, sha256 } of list.files) {
    const hash = createHash('sha256');
    try {
      for await (const chunk of createReadStream(join(out, path), { highWaterMark: 1 << 20 })) hash.update(chunk as Uint8Array);
    } catch {
      return false;
    }
    if (hash.digest('hex') !== sha256) return false;
  }
  return list.files.length > 0;
}

async function hasChanged(known: LockedList, place: string, env: FetchEnv): Promise<boolean> {
  if (!isRemote(place)) return true;
  const { bytes, tag } = await probeUrl(place, env);
  const before = known.etag ?? (known.modified === null ? null : `modified ${known.modified}`);
  return tag === null || tag !== before || (bytes !== null && bytes !== known.bytes);
}

async function download(list: PublishedList, place: string, env: FetchEnv): Promise<LockedList> {
  const limits = { ...LIMITS, ...env.limitsOfLists };
  const hash = createHash('sha256');
  let bytes = 0;
  let modified: string | null = null;
  let etag: string | null = null;
  const onAnswer: HttpEnv['onAnswer'] = (header) => {
    modified = header('last-modified');
    etag = header('etag');
  };
  const source = isRemote(place) ? readUrl(place, null, { ...env, onAnswer }) : readLocal(place, place, env.signal);
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      hash.update(chunk);
      if ((bytes += chunk.length) > limits.maxBytes) throw new Error(`it is larger than ${limits.maxBytes} bytes`);
      yield chunk;
    }
  };
  const unpacking = new Unpacking(list, env.out, limits);
  try {
    if (list.kind === 'text') await unpacking.add(list.into, counted());
    else {
      const gunzip = createGunzip();
      const fed = pipeline(Readable.from(counted()), gunzip);
      const unpacked = unpackAll(unpacking, gunzip).finally(() => gunzip.destroy());
      // Both to their end, whatever happens: a file that is being made must be known before it can be taken away.
      const [feeding, reading] = await Promise.allSettled([fed, unpacked]);
      if (reading.status === 'rejected') throw reading.reason;
      if (feeding.status === 'rejected') throw feeding.reason;
    }
    const sha256 = hash.digest('hex');
    if (list.sha256 !== undefined && sha256 !== list.sha256)
      throw new Error(`its sha256 is ${sha256.slice(0, 12)}…, the catalogue says ${list.sha256.slice(0, 12)}…: it is not the file that was looked at`);
    const files = await unpacking.commit();
    return { address: list.address, licence: list.licence, homepage: list.homepage, modified, etag, bytes, sha256, files };
  } catch (error) {
    await unpacking.abort();
    throw error;
  }
}

async function unpackAll(unpacking: Unpacking, unzipped: AsyncIterable<Uint8Array>): Promise<void> {
  const chunks = unzipped[Symbol.asyncIterator]();
  await unpacking.addArchive({ [Symbol.asyncIterator]: () => chunks });
  while ((await chunks.next()).done !== true); // to the end, so that the digest is of the whole file and gzip's own check is done
}

/** Files of one list, open under temporary names until all of it was read. */
class Unpacking {
  readonly #files = new Map<string, AtomicFile>();
  #bytes = 0;

  constructor(
    private readonly list: PublishedList,
    private readonly out: string,
    private readonly limits: FetchLimits,
  ) {}

  async addArchive(unzipped: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const { path, kind, content } of readTar(unzipped)) {
      if (path.split(/[/\\]/).includes('..') || /^[/\\]/.test(path))
        throw new Error(`the archive holds the path ${JSON.stringify(path)}, which leads out of it`);
      const taken = kind === 'file' ? this.list.take!.exec(path.replace(/^(?:\.\/)+/, '')) : null;
      if (taken === null) continue;
      await this.add(`${this.list.into}/${taken.slice(1).join('/')}${this.list.suffix ?? ''}`, content);
    }
    if (this.#files.size === 0) throw new Error('the archive holds none of the files that it is known for');
  }

  async add(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    if (this.#files.has(path)) throw new Error(`the archive holds ${JSON.stringify(path)} twice`);
    if (this.#files.size === this.limits.maxFiles) throw new Error(`the archive holds more than ${this.limits.maxFiles} files`);
    const file = await AtomicFile.create(join(this.out, ...path.split('/')));
    this.#files.set(path, file);
    for await (const chunk of content) {
      if ((this.#bytes += chunk.length) > this.limits.maxUnpackedBytes) throw new Error(`unpacked it is larger than ${this.limits.maxUnpackedBytes} bytes`);
      await file.write([chunk]);
    }
  }

  async commit(): Promise<LockedFile[]> {
    const files: LockedFile[] = [];
    for (const [path, file] of [...this.#files].sort(([a], [b]) => (a < b ? -1 : 1))) files.push({ path, ...(await file.commit()) });
    return files;
  }

  async abort(): Promise<void> {
    for (const file of this.#files.values()) await file.abort();
  }
}

export async function readLock(out: string): Promise<Lock> {
  const place = join(out, LOCK_NAME);
  let text: string;
  try {
    text = await readFile(place, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { format: 1, lists: {} };
    throw diskError(error, place, 'read the lock file');
  }
  try {
    const lock = JSON.parse(text) as Lock;
    if (lock.format === 1 && typeof lock.lists === 'object') return lock;
  } catch {
    // the same refusal
  }
  throw new RefineError('ERR_REFINE_ASSET', 'is no lock file of lists that this version reads. Remove it and run the same command again.', { place });
}

async function writeLock(out: string, name: string, list: LockedList): Promise<void> {
  const { lists } = await readLock(out);
  const sorted = Object.fromEntries(Object.entries({ ...lists, [name]: list }).sort(([a], [b]) => (a < b ? -1 : 1)));
  await replaceFile(join(out, LOCK_NAME), `${JSON.stringify({ format: 1, lists: sorted } satisfies Lock, null, 2)}\n`);
}
