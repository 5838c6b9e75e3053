// A remote run as the loader's RunPlace: index.arrow by one request, shards whole through the disk cache, those that come
// next fetched ahead. Invariant: this loader holds the shards of the last `ensure`, and of the hint what was fetched ahead or
// needed before and the cache has room for; nothing else.
import { writeFile } from 'node:fs/promises';
import { RefineError } from '../../native/errors.js';
import { cacheFolder } from './cache-folder.js';
import { type RemoteLimits, RemoteFiles } from './remote-files.js';
import { ShardCache } from './shard-cache.js';
import { ShardFetcher } from './shard-fetch.js';
import { indexOf, type RunPlace, type ShardFiles, type ShardIdentity } from './shard-files.js';
import type { Split } from './splits.js';

export interface RemoteOptions {
  /** The cache folder; absent: refine/shards in $XDG_CACHE_HOME or ~/.cache. */
  readonly cache?: string | undefined;
  readonly cacheBytes?: number | undefined;
  readonly limits?: RemoteLimits;
  readonly split?: Split;
  /** Shards fetched ahead at most; absent: all that the loader hints at, those of its shuffle window and of the next. */
  readonly prefetch?: number | undefined;
  /** How long to wait until other loaders leave room in the cache. */
  readonly roomMs?: number;
  /** Hears what people should know: a plan that is being made and what it costs, a shard that was bad. */
  readonly words?: (line: string) => void;
}

export const DEFAULT_CACHE_BYTES = 64 * 2 ** 30;
/** An index of ten million shards; what is longer is no index. */
const MAX_INDEX_BYTES = 2 ** 30;
/** Shards fetched ahead at once; what is needed now comes on top. */
const AHEAD_AT_ONCE = 4;

export async function remoteRun(run: string, options: RemoteOptions = {}): Promise<RunPlace & { readonly counts: () => RemoteCounts }> {
  const { cacheBytes = DEFAULT_CACHE_BYTES } = options;
  if (!Number.isSafeInteger(cacheBytes) || cacheBytes < 1)
    throw new RefineError('ERR_REFINE_USAGE', `is ${cacheBytes}, expected a size such as 64GiB`, { place: '--cache-bytes' });
  const files = new RemoteFiles(run, options.limits);
  const cache = await ShardCache.open(options.cache ?? cacheFolder('shards'), cacheBytes);
  const holders: RemoteShards[] = [];
  try {
    const indexFile = await indexOf(options.split ?? 'train', files.name, (path) => bringFile(files, cache, path));
    return {
      name: files.name,
      indexFile,
      folder: null,
      file: (path) => bringFile(files, cache, path),
      shardFiles(shards, released) {
        const holder = new RemoteShards(shards, files, cache, options, released);
        holders.push(holder);
        return holder;
      },
      counts: () => holders.reduce((sum, { counts }) => ({ fetched: sum.fetched + counts.fetched, bad: sum.bad + counts.bad }), { fetched: 0, bad: 0 }),
      async close() {
        files.close();
        for (const holder of holders) await holder.close();
        await cache.close();
      },
    };
  } catch (error) {
    files.close();
    await cache.close();
    throw error;
  }
}

export interface RemoteCounts {
  /** Shards that this loader fetched itself. */
  readonly fetched: number;
  /** Shards found bad, on arrival or in the cache. */
  readonly bad: number;
}

async function bringFile(files: RemoteFiles, cache: ShardCache, path: string): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const found = await files.read(path, null, (chunk) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_INDEX_BYTES) throw new RefineError('ERR_REFINE_LOADER', `is larger than ${MAX_INDEX_BYTES} bytes`, { place: files.place(path) });
  });
  if (found === null) return null;
  const file = cache.privatePath(path.replaceAll('/', '-'));
  await writeFile(file, Buffer.concat(chunks, bytes));
  return file;
}

class RemoteShards implements ShardFiles {
  readonly #shards: readonly ShardIdentity[];
  readonly #cache: ShardCache;
  readonly #fetcher: ShardFetcher;
  readonly #prefetch: number;
  readonly #released: (shards: readonly number[]) => void;
  /** Held or on their way; a value of false: there was no room, it is not held. */
  readonly #held = new Map<number, Promise<boolean>>();
  #needed: ReadonlySet<number> = new Set();
  /** What comes next, soonest first; the first `prefetch` of it are fetched ahead, and all that is held stays. */
  #coming: readonly number[] = [];
  #ahead: readonly number[] = [];
  #underWay = 0;
  #closed = false;

  constructor(shards: readonly ShardIdentity[], files: RemoteFiles, cache: ShardCache, options: RemoteOptions, released: (shards: readonly number[]) => void) {
    this.#shards = shards;
    this.#cache = cache;
    this.#released = released;
    this.#prefetch = options.prefetch ?? Number.POSITIVE_INFINITY;
    this.#fetcher = new ShardFetcher(
      files,
      cache,
      {
        onBad: (place, found) => options.words?.(`${place} is fetched again: ${found} What was there stands in the cache as .bad.`),
        giveUpAhead: () => this.#giveUpAhead(),
      },
      options.roomMs,
    );
  }

  get counts(): RemoteCounts {
    return this.#fetcher;
  }

  path(shard: number): string {
    return this.#cache.path(this.#shards[shard]!);
  }

  async ensure(shards: readonly number[]): Promise<void> {
    this.#needed = new Set(shards);
    this.#checkWindow();
    await this.#drop((shard) => !this.#needed.has(shard) && !this.#coming.includes(shard));
    const results = await Promise.allSettled([...this.#needed].map((shard) => this.#need(shard)));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    this.#pump();
  }

  hint(shards: readonly number[]): void {
    this.#coming = [...new Set(shards)];
    this.#ahead = this.#coming.slice(0, this.#prefetch);
    this.#pump();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#coming = [];
    this.#ahead = [];
    await Promise.allSettled(this.#held.values());
    await this.#drop(() => true);
  }

  #checkWindow(): void {
    const window = new Set([...this.#needed, ...this.#ahead]);
    let bytes = 0;
    for (const shard of window) bytes += this.#shards[shard]!.bytes;
    if (bytes > this.#cache.capBytes)
      throw new RefineError(
        'ERR_REFINE_USAGE',
        `is ${this.#cache.capBytes}, but the ${window.size} shards of a batch and of the prefetch window are ${bytes} bytes. Give at least ${bytes}, or a smaller --prefetch or --shuffle-window`,
        { place: '--cache-bytes' },
      );
  }

  /** Held when it resolves; one that was given up for want of room is asked for again, now in earnest. */
  async #need(shard: number): Promise<void> {
    for (;;) {
      const coming = this.#held.get(shard) ?? this.#bring(shard, false);
      if (await coming) return;
      if (this.#held.get(shard) === coming) this.#held.delete(shard);
    }
  }

  #bring(shard: number, ahead: boolean): Promise<boolean> {
    const coming = this.#fetcher.bring(this.#shards[shard]!, ahead);
    this.#held.set(shard, coming);
    coming.catch(() => {
      if (this.#held.get(shard) === coming) this.#held.delete(shard); // the next call tries anew
    });
    return coming;
  }

  #pump(): void {
    for (const shard of this.#ahead) {
      if (this.#closed || this.#underWay >= AHEAD_AT_ONCE) return;
      if (this.#held.has(shard)) continue;
      this.#underWay++;
      this.#bring(shard, true).then(
        (held) => {
          this.#underWay--;
          if (held)
            this.#pump(); // without room, the next hint tries again
          else this.#held.delete(shard);
        },
        () => {
          this.#underWay--; // whoever needs the shard is told
        },
      );
    }
  }

  /** Lets go of the shard that is needed last. */
  async #giveUpAhead(): Promise<boolean> {
    const last = [...this.#held.keys()].filter((shard) => !this.#needed.has(shard)).sort((a, b) => this.#coming.indexOf(b) - this.#coming.indexOf(a))[0];
    if (last === undefined) return false;
    await this.#drop((shard) => shard === last);
    return true;
  }

  async #drop(gone: (shard: number) => boolean): Promise<void> {
    const dropped = [...this.#held.keys()].filter(gone);
    if (dropped.length === 0) return;
    this.#released(dropped);
    for (const shard of dropped) {
      const coming = this.#held.get(shard)!;
      this.#held.delete(shard);
      // One still on its way is let go when it has come: the next who wants it finds it in the cache.
      const letGo = coming.then((held) => (held ? this.#letGo(shard) : undefined)).catch(() => undefined);
      if (this.#closed) await letGo;
    }
  }
  /** Shards of equal bytes (empty ones, say) are one file in the cache: it goes with the last of them. */
  async #letGo(shard: number): Promise<void> {
    const { sha256 } = this.#shards[shard]!;
    for (const other of this.#held.keys()) if (this.#shards[other]!.sha256 === sha256) return;
    await this.#cache.release(this.#shards[shard]!);
  }
}
