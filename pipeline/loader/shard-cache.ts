// The disk cache of remote shards, shared by every process of the machine that names its folder.
//   shards/<sha256>.arrow   a whole shard, renamed into place after its sha256 was right, never touched again
//   shards/<sha256>.xxh3    its chunk table, mtime = last use;   .arrow.bad: quarantined;   .<process>.part: arriving;   .claim: who fetches it
//   open/<process>.<n>/     hard links to the shards that one loader holds
// A loader opens shards by its own links, so eviction elsewhere cannot take them away, and a link count above one is how
// others see that a shard is in use. Nothing here is a lock: what a dead process left (parts, claims, links) is void and
// swept by whoever comes next; two that fetch one shard at once waste a fetch and spoil nothing.
import { createHash } from 'node:crypto';
import { createReadStream, rmSync } from 'node:fs';
import { type FileHandle, link, mkdir, open, readdir, readFile, rename, rm, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { native } from '../../native/index.js';
import { RefineError } from '../../native/errors.js';
import { diskError, removeVoid } from '../atomic-file.js';
import { decodeTable, encodeTable, firstBadChunk } from './chunk-table.js';
import { isGone, processName } from './process-name.js';

/** A claimer touches its claim this often; one that fell silent for so long is taken for gone, whatever its host. */
export const CLAIM_BEAT_MS = 5_000;
const CLAIM_SILENT_MS = 60_000;
/** Links of another host's process: its paused training may come back within days. */
const FOREIGN_SILENT_MS = 7 * 24 * 3600_000;

export interface CachedShard {
  readonly sha256: string;
  readonly bytes: number;
}

interface Resident {
  readonly name: string;
  readonly bytes: number;
  readonly usedMs: number;
  readonly links: number;
}

let opened = 0;

/** A process that exits in the middle leaves no links; one that is killed leaves them to the next one's sweep. */
const folders = new Set<string>();
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export class ShardCache {
  readonly capBytes: number;
  readonly #folder: string;
  readonly #links: string;

  private constructor(folder: string, links: string, capBytes: number) {
    this.#folder = folder;
    this.#links = links;
    this.capBytes = capBytes;
  }

  static async open(folder: string, capBytes: number): Promise<ShardCache> {
    const links = join(folder, 'open', `${processName()}.${opened++}`);
    try {
      await mkdir(join(folder, 'shards'), { recursive: true });
      await mkdir(links, { recursive: true });
    } catch (cause) {
      throw diskError(cause, folder, 'make the cache folder');
    }
    const cache = new ShardCache(folder, links, capBytes);
    folders.add(links);
    await cache.#sweep();
    return cache;
  }

  /** Where this loader opens a shard that it holds. */
  path(shard: CachedShard): string {
    return join(this.#links, `${shard.sha256}.arrow`);
  }

  /** A file of this loader alone, gone with it. */
  privatePath(name: string): string {
    return join(this.#links, name);
  }

  shardPath(shard: CachedShard, ending: string): string {
    return join(this.#folder, 'shards', `${shard.sha256}.${ending}`);
  }

  partPath(shard: CachedShard): string {
    return this.shardPath(shard, `${processName()}.part`);
  }

  /**
   * Takes hold of a shard that lies in the cache and checks its bytes. Null: it is held. 'absent', or the rot that was found
   * and quarantined, as words.
   */
  async hold(shard: CachedShard): Promise<'absent' | { readonly rot: string } | null> {
    const path = this.path(shard);
    try {
      await link(this.shardPath(shard, 'arrow'), path);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === 'ENOENT') return 'absent';
      if (code === 'EPERM' || code === 'ENOTSUP' || code === 'EXDEV')
        throw new RefineError('ERR_REFINE_DISK', `the file system of the cache folder has no hard links (${code}). Name another folder with --cache`, {
          place: this.#folder,
          cause,
        });
      if (code !== 'EEXIST') throw diskError(cause, path, 'link the cached shard');
    }
    const now = new Date(); // on the table: whoever has the shard mapped watches the shard's own times
    await utimes(this.shardPath(shard, 'xxh3'), now, now).catch(() => undefined);
    const rot = await this.#rotOf(shard, path);
    if (rot === null) return null;
    const place = this.shardPath(shard, 'arrow');
    const [held, current] = await Promise.all([stat(path).catch(() => null), stat(place).catch(() => null)]);
    // Another process may have quarantined the same file and put a good one in its place.
    if (held !== null && current !== null && held.ino === current.ino) await rename(place, `${place}.bad`).catch(() => undefined);
    await unlink(path).catch(() => undefined);
    return { rot };
  }

  async #rotOf(shard: CachedShard, path: string): Promise<string | null> {
    const { size } = await stat(path);
    if (size !== shard.bytes) return `it has ${size} bytes in the cache, index.arrow says ${shard.bytes}.`;
    const file = this.shardPath(shard, 'xxh3');
    const table = await readFile(file).then(
      (bytes) => decodeTable(bytes, shard.bytes),
      () => null,
    );
    if (table !== null) {
      const bad = await firstBadChunk(path, table);
      return bad < 0 ? null : `its MiB ${bad} in the cache is not what arrived.`;
    }
    // The table was lost or is rotten itself: the digest decides, and the table is made anew.
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
    if (hash.digest('hex') !== shard.sha256) return 'its sha256 in the cache is not what index.arrow says.';
    await replace(file, encodeTable(shard.bytes, await native.fileChunkHashes(path)));
    return null;
  }

  /** Puts a part whose sha256 was right into place, with its table. */
  async admit(shard: CachedShard, table: Uint8Array): Promise<void> {
    try {
      await replace(this.shardPath(shard, 'xxh3'), table);
      await rename(this.partPath(shard), this.shardPath(shard, 'arrow'));
    } catch (cause) {
      throw diskError(cause, this.shardPath(shard, 'arrow'), 'put the shard into the cache');
    }
  }

  /** Keeps a part that arrived wrong, to look at; the last one of a shard. */
  async quarantine(shard: CachedShard): Promise<void> {
    await rename(this.partPath(shard), this.shardPath(shard, 'arrow.bad')).catch(() => undefined);
  }

  async release(shard: CachedShard): Promise<void> {
    await unlink(this.path(shard)).catch(() => undefined);
  }

  async close(): Promise<void> {
    folders.delete(this.#links);
    await rm(this.#links, { recursive: true, force: true });
  }

  /** True where this process may fetch the shard; false where a live one does already. */
  async claim(shard: CachedShard): Promise<boolean> {
    const path = this.shardPath(shard, 'claim');
    for (;;) {
      if (await this.#createClaim(path, JSON.stringify({ process: processName(), bytes: shard.bytes }))) return true;
      if (!(await this.#isVoid(path))) return false;
      await removeVoid(path);
    }
  }

  /** Whole from its first moment, and not synced: a claim means nothing after a power cut. */
  async #createClaim(path: string, text: string): Promise<boolean> {
    const part = partOf(path);
    try {
      await writeFile(part, text);
      await link(part, path);
      return true;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw diskError(cause, path, 'claim a shard in the cache');
    } finally {
      await unlink(part).catch(() => undefined);
    }
  }

  /** Says that this process is still at it. */
  async beat(shard: CachedShard): Promise<void> {
    const now = new Date();
    await utimes(this.shardPath(shard, 'claim'), now, now).catch(() => undefined);
  }

  async unclaim(shard: CachedShard): Promise<void> {
    await unlink(this.partPath(shard)).catch(() => undefined);
    const path = this.shardPath(shard, 'claim');
    if ((await readClaim(path))?.process === processName()) await unlink(path).catch(() => undefined);
  }

  async isClaimed(shard: CachedShard): Promise<boolean> {
    return !(await this.#isVoid(this.shardPath(shard, 'claim')));
  }

  async #isVoid(path: string): Promise<boolean> {
    const [claim, info] = await Promise.all([readClaim(path), stat(path).catch(() => null)]);
    if (info === null || claim === null) return true;
    const gone = isGone(claim.process);
    return gone === true || (claim.process !== processName() && Date.now() - info.mtimeMs > CLAIM_SILENT_MS);
  }

  /**
   * Makes room for the shards claimed, this process's own among them, by taking away what was used least recently and nobody
   * holds. Zero, or the bytes that are missing still.
   */
  async makeRoom(): Promise<number> {
    const folder = join(this.#folder, 'shards');
    const residents: Resident[] = [];
    let total = 0;
    const names = await readdir(folder);
    const claimed = new Set<string>();
    for (const name of names) {
      if (!name.endsWith('.claim')) continue;
      const claim = (await this.#isVoid(join(folder, name))) ? null : await readClaim(join(folder, name));
      if (claim !== null) {
        total += claim.bytes;
        claimed.add(name.replace(/claim$/, 'arrow'));
      } else if (!names.includes(name.replace(/claim$/, 'arrow'))) {
        names.push(name.replace(/claim$/, 'arrow')); // it may have arrived since the folder was read
      }
    }
    for (const name of names) {
      if ((!name.endsWith('.arrow') && !name.endsWith('.bad')) || claimed.has(name)) continue;
      const info = await stat(join(folder, name)).catch(() => null);
      if (info === null) continue;
      total += info.size;
      const table = await stat(join(folder, name.replace(/arrow$/, 'xxh3'))).catch(() => null); // of a .bad one: itself
      residents.push({ name, bytes: info.size, usedMs: name.endsWith('.bad') ? 0 : (table ?? info).mtimeMs, links: info.nlink });
    }
    residents.sort((a, b) => a.usedMs - b.usedMs);
    for (const { name, bytes, links } of residents) {
      if (total <= this.capBytes) break;
      if (links > 1) continue;
      await unlink(join(folder, name)).catch(() => undefined);
      if (name.endsWith('.arrow')) await unlink(join(folder, name.replace(/arrow$/, 'xxh3'))).catch(() => undefined);
      total -= bytes;
    }
    return Math.max(0, total - this.capBytes);
  }

  /** Removes what dead processes left. */
  async #sweep(): Promise<void> {
    const shards = join(this.#folder, 'shards');
    for (const name of await readdir(shards)) {
      const path = join(shards, name);
      const part = /\.([0-9a-f]{8}-\d+-[0-9a-f]{8})\.part$/.exec(name);
      if (part !== null ? isGone(part[1]!) === true : name.endsWith('.claim') && (await this.#isVoid(path))) await unlink(path).catch(() => undefined);
    }
    const open = join(this.#folder, 'open');
    for (const name of await readdir(open)) {
      const gone = isGone(name.replace(/\.\d+$/, ''));
      const path = join(open, name);
      const silent = gone === null && Date.now() - ((await stat(path).catch(() => null))?.mtimeMs ?? Date.now()) > FOREIGN_SILENT_MS;
      if (gone === true || silent) await rm(path, { recursive: true, force: true });
    }
  }
}

async function readClaim(path: string): Promise<{ readonly process: string; readonly bytes: number } | null> {
  try {
    const claim = JSON.parse(await readFile(path, 'utf8')) as { process: string; bytes: number };
    return typeof claim.process === 'string' && Number.isSafeInteger(claim.bytes) ? claim : null;
  } catch {
    return null;
  }
}

let parts = 0;

/** A name beside `path` that no other loader of this process writes to, and that tells whose it is. */
function partOf(path: string): string {
  return `${path}.${parts++}.${processName()}.part`;
}

/** Without a sync: a cache that lost its last seconds to a power cut finds out by its hashes. */
async function replace(path: string, bytes: Uint8Array): Promise<void> {
  const part = partOf(path);
  await writeFile(part, bytes);
  await rename(part, path);
}

/** Opens the part for writing, a leftover of this process's earlier try gone. */
export async function openPart(path: string): Promise<FileHandle> {
  await unlink(path).catch(() => undefined);
  try {
    return await open(path, 'wx');
  } catch (cause) {
    throw diskError(cause, path, 'make room for an arriving shard');
  }
}
