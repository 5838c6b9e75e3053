// Which files of CommonCrawl a manifest means: each crawl's warc.paths.gz, and a seeded selection over all of them.
// Selection is a pure function of (seed, path): a path's lot is the first 8 bytes, big-endian, of
// sha256(`<seed> <path>`). `fraction: f` takes the paths whose lot is below f x 2^64; `files: n` takes the n lowest lots,
// equal lots by path. So neither the order of a list nor another crawl's list decides on a path's lot, and a larger
// selection with the same seed contains the smaller one.
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { RefineError } from '../../native/errors.js';
import { readLocal } from './local.js';
import { isRemote } from './input-identity.js';
import { type RemoteEnv, readRemote } from './remote.js';

// A list is about 90,000 lines, 11 MB (150 KB as gzip). A hundred times that is no list any more.
const MAX_LIST_GZIP_BYTES = 64 << 20;
const MAX_LIST_BYTES = 1 << 30;

export type Selection = { readonly files: number } | { readonly fraction: number };

export function lotOf(seed: bigint, path: string): bigint {
  return createHash('sha256').update(`${seed} ${path}`).digest().readBigUInt64BE(0);
}

export function selectPaths(paths: readonly string[], select: Selection, seed: bigint): string[] {
  const lots = [...new Set(paths)].map((path) => ({ path, lot: lotOf(seed, path) }));
  lots.sort((a, b) => (a.lot < b.lot ? -1 : a.lot > b.lot ? 1 : a.path < b.path ? -1 : 1));
  if ('files' in select) return lots.slice(0, select.files).map(({ path }) => path);
  // Double arithmetic is exact here: a power of two only moves the exponent, and all of 2^64 is taken from 1 on.
  const below = select.fraction >= 1 ? 1n << 64n : BigInt(Math.floor(select.fraction * 2 ** 64));
  return lots.filter(({ lot }) => lot < below).map(({ path }) => path);
}

/** The paths of one crawl's WARC files, or of another list of its, as the list has them. `base` is a URL or a folder without a slash at its end. */
export async function crawlPaths(base: string, crawl: string, env: RemoteEnv, list = 'warc.paths.gz'): Promise<string[]> {
  const place = `${base}/crawl-data/${crawl}/${list}`;
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const part of isRemote(place) ? readRemote(place, null, env) : readLocal(place, place, env.signal)) {
      parts.push(part);
      if ((bytes += part.length) > MAX_LIST_GZIP_BYTES)
        throw new RefineError('ERR_REFINE_INPUT', `is larger than ${MAX_LIST_GZIP_BYTES} bytes: no list of a crawl`, { place });
    }
  } catch (error) {
    if (error instanceof RefineError && /HTTP 404|does not exist/.test(error.message)) {
      const message = `the crawl "${crawl}" is not there: found no list of its files, expected one. Check the name (such as CC-MAIN-2023-50; collinfo.json lists all) and source.commoncrawl.base`;
      if (list !== 'warc.paths.gz') {
        const none = `the crawl "${crawl}" has no such list, expected that of its index. Choose the other index (select.index.from), or name index files of your own (select.index.files)`;
        throw new RefineError('ERR_REFINE_SELECTION', none, { place, cause: error });
      }
      throw new RefineError('ERR_REFINE_INPUT', message, { place, cause: error });
    }
    throw error;
  }
  let text: string;
  try {
    text = gunzipSync(Buffer.concat(parts), { maxOutputLength: MAX_LIST_BYTES }).toString('latin1');
  } catch (cause) {
    throw new RefineError('ERR_REFINE_INPUT', `is not gzip (${(cause as Error).message}), expected a crawl’s list. Check source.commoncrawl.base`, {
      place,
      cause,
    });
  }
  const paths = text.split('\n').filter((line) => line !== '');
  paths.forEach((path, line) => {
    // Joined to the base and to the run's names: what could lead elsewhere is refused.
    if (!/^[!-~]+$/.test(path) || /[?#\\%:]|\/\/|^\//.test(path) || path.split('/').some((segment) => segment === '..' || segment === '.')) {
      const message = `found ${JSON.stringify(path.slice(0, 80))}, expected a relative path such as crawl-data/${crawl}/segments/.../x.warc.gz. Check source.commoncrawl.base`;
      throw new RefineError('ERR_REFINE_INPUT', message, { place: `${place}:${line + 1}` });
    }
  });
  return paths;
}
