// From a manifest's source to the files of a run: each with its path (sort key and name), where it is read, and the name
// of its content. DESIGN section 1, "order is defined".
// Invariant: the result depends on the source, the seed and the files' contents, not on the order anything lists them in.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readlink, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RefineError } from '../../native/errors.js';
import type { RemoteObjects } from '../contract/objects.js';
import type { DocumentSelection, FetchGate, IndexFilter, Input, InputFormat, Source } from '../contract/source.js';
import { crawlPaths, selectPaths } from './commoncrawl.js';
import { entries, expandGlob, hasMagic, nearest } from './glob.js';
import type { Clock } from './clock.js';
import { parseUrl } from './http-request.js';
import type { RemoteVersion } from './http.js';
import { expandObjects } from './object-glob.js';
import { objectsOf, probeRemote } from './remote.js';
import type { RetryLimits } from './retry.js';
import { type IndexFile, selectMembers, type Selection } from './index/select.js';
import { isObject, isRemote, remoteIdentity } from './input-identity.js';
import { localIdentity, localSha256 } from './local.js';
import { selectedIdentity } from './members.js';

export interface ListEnv {
  /** The manifest's folder. */
  readonly baseDir: string;
  readonly seed: bigint;
  readonly gate: FetchGate;
  readonly signal: AbortSignal;
  readonly limits?: Partial<RetryLimits>;
  readonly clock?: Clock;
  /** Where selections by an index are kept (the run folder's selection/); absent: a temporary folder of this process. */
  readonly selectionDir?: string;
  /** What people should know of a selection. */
  readonly notice?: (words: string) => void;
  /** Who lists and reads s3://. */
  readonly objects?: RemoteObjects;
}

/** A file named by the source, before it was looked at. `named` is what the manifest said. */
interface Named {
  readonly path: string;
  readonly location: string;
  readonly named: string;
  /** Of a listing that says it already. */
  readonly version?: RemoteVersion;
}

// Local files are looked at one after another; remote ones as the gate allows, this many asked for at once.
const PROBES = 16;

/** The inputs of a run, sorted by path bytes, each path once. */
export async function listInputs(source: Source, env: ListEnv): Promise<Input[]> {
  const named = sorted(await nameInputs(source, env));
  for (let i = 1; i < named.length; i++) {
    if (named[i]!.path !== named[i - 1]!.path) continue;
    const [first, second] = [named[i - 1]!.named, named[i]!.named];
    const message = `two inputs have this path: ${first}${first === second ? ', named twice' : ` and ${second}`}. Paths name documents and must differ: list each file once, and mirror only one host`;
    throw new RefineError('ERR_REFINE_MANIFEST', message, { place: named[i]!.path });
  }
  const format: InputFormat = source.kind === 'commoncrawl' ? 'warc' : source.kind === 'run' ? 'shard' : source.kind;
  const more =
    source.kind === 'jsonl'
      ? { textField: source.textField, ...(source.lineage === undefined ? {} : { lineage: source.lineage }) }
      : source.kind === 'parquet'
        ? { fields: source.fields }
        : {};
  const selection = await selectionOf(source, named, env);
  const wanted = selection === null ? named : named.filter(({ path }) => selection.files.has(path));
  return concurrently(wanted, async ({ path, location, version }): Promise<Input> => {
    const found = await identify(location, path, format, env, version);
    const selected = selection?.files.get(path);
    if (selected === undefined) return { path, location, format, ...found, ...more };
    const { members, bytes } = selected;
    return { path, location, format, identity: selectedIdentity(members, found.identity), bytes, wholeBytes: found.bytes, members };
  });
}

/** What each makes of an item, PROBES at a time, in the items' order. */
async function concurrently<T, R>(items: readonly T[], make: (item: T) => Promise<R>): Promise<R[]> {
  const out = new Array<R>(items.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const at = next++;
      out[at] = await make(items[at]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(PROBES, items.length) }, worker));
  return out;
}

/** The ranges that an index selects of the files; null where whole files are read. */
async function selectionOf(source: Source, named: readonly Named[], env: ListEnv): Promise<Selection | null> {
  if (source.kind !== 'commoncrawl' && source.kind !== 'warc' && source.kind !== 'wet') return null;
  const { index: filter, documents } = source.select ?? {};
  const byName = source.kind !== 'commoncrawl';
  if (byName ? source.index === undefined : filter === undefined && documents === undefined) return null;
  const asked: DocumentSelection & { readonly index: IndexFilter } = { index: filter ?? { status: [200] }, ...(documents === undefined ? {} : { documents }) };
  const files = byName ? await indexPaths(source.index!, env) : await crawlIndex(source, asked.index, env);
  const index = await concurrently(sorted(files), async ({ path, location, kind }): Promise<IndexFile> => {
    const identity = isRemote(location) ? remoteIdentity(await probeRemote(location, env)) : (await localIdentity(location, path)).identity;
    return { place: path, location, identity, kind };
  });
  const selection = await selectMembers(
    named.map(({ path }) => path),
    index,
    asked,
    byName,
    env,
  );
  for (const notice of selection.notices) env.notice?.(notice);
  return selection;
}

type NamedIndex = Named & Pick<IndexFile, 'kind'>;

async function indexPaths(paths: readonly string[], env: ListEnv): Promise<NamedIndex[]> {
  return (await Promise.all(paths.map((path) => nameFiles(path, env)))).flat().map((file) => ({ ...file, kind: 'rows' as const }));
}

/** The index files of the crawls: their Parquet table, or their CDX files (for hosts and domains, by cluster.idx alone). */
async function crawlIndex(source: Extract<Source, { kind: 'commoncrawl' }>, filter: IndexFilter, env: ListEnv): Promise<NamedIndex[]> {
  if (filter.files !== undefined) return indexPaths(filter.files, env);
  const { base, locate } = crawlBase(source.base, env);
  const byHost = filter.from === 'cdx' && (filter.hosts ?? filter.domains ?? filter.tlds) !== undefined;
  const out: NamedIndex[] = [];
  for (const crawl of source.crawls) {
    if (byHost) {
      const path = `cc-index/collections/${crawl}/indexes/cluster.idx`;
      out.push({ path, location: locate(path), named: path, kind: 'cluster' });
      continue;
    }
    const list = filter.from === 'cdx' ? 'cc-index.paths.gz' : 'cc-index-table.paths.gz';
    const wanted = filter.from === 'cdx' ? /\/cdx-\d+\.gz$/ : /\/subset=warc\/[^/]*\.parquet$/;
    const paths = (await crawlPaths(base, crawl, env, list)).filter((path) => wanted.test(path));
    if (paths.length === 0) {
      const message = `names no ${filter.from === 'cdx' ? 'CDX file' : 'Parquet file of subset=warc'}, expected the index of ${crawl}. Name index files of your own: select.index.files`;
      throw new RefineError('ERR_REFINE_SELECTION', message, { place: `${base}/crawl-data/${crawl}/${list}` });
    }
    out.push(...paths.map((path) => ({ path, location: locate(path), named: path, kind: 'rows' as const })));
  }
  return out;
}

async function identify(
  location: string,
  path: string,
  format: InputFormat,
  env: ListEnv,
  listed: RemoteVersion | undefined,
): Promise<{ identity: string; bytes: number | null }> {
  try {
    if (isRemote(location)) {
      const version = listed ?? (await probeRemote(location, env));
      return { identity: remoteIdentity(version), bytes: version.bytes };
    }
    if (format === 'shard') return { identity: `shard:${await localSha256(location, path, env.signal)}`, bytes: (await stat(location)).size };
    return await localIdentity(location, path);
  } catch (error) {
    // Listed all the same: its own task fails, with this error's cause found anew, and the other inputs are read.
    if (!(error instanceof RefineError)) throw error;
    return { identity: `unknown:${createHash('sha256').update(error.code).digest('hex').slice(0, 16)}`, bytes: null };
  }
}

async function nameInputs(source: Source, env: ListEnv): Promise<Named[]> {
  switch (source.kind) {
    case 'commoncrawl':
      return nameCrawlFiles(source, env);
    case 'run':
      return nameShards(source.path, env);
    default: {
      if (source.paths.length === 0)
        throw new RefineError('ERR_REFINE_MANIFEST', 'names no file. List at least one path, glob or URL', { place: `source.${source.kind}` });
      return (await Promise.all(source.paths.map((path) => nameFiles(path, env)))).flat();
    }
  }
}

async function nameFiles(named: string, env: ListEnv): Promise<Named[]> {
  if (/^file:/i.test(named)) {
    let location: string;
    try {
      location = fileURLToPath(named);
    } catch (cause) {
      throw new RefineError('ERR_REFINE_INPUT', `is no file URL of this machine (${(cause as Error).message}). Expected file:///path`, { place: named, cause });
    }
    return nameFiles(location, env);
  }
  if (isObject(named)) return nameObjects(named, env);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(named)) {
    const url = parseUrl(named);
    const path = url.pathname.replace(/^\/+/, '');
    if (path === '') throw new RefineError('ERR_REFINE_INPUT', 'names a host, expected a file. Add the path of a file', { place: named });
    return [{ path, location: url.href, named }];
  }
  const location = resolve(env.baseDir, named);
  if (existsSync(location)) return [{ path: below(env.baseDir, location), location, named }];
  if (hasMagic(named)) return (await expandGlob(named, env.baseDir)).map((file) => ({ path: below(env.baseDir, file), location: file, named }));
  const target = await readlink(location).catch(() => null);
  if (target !== null)
    throw new RefineError('ERR_REFINE_INPUT', `is a link to ${target}, which leads to no file. Mend the link, or name the file itself`, { place: named });
  let folder = dirname(location);
  let missing = basename(location);
  while (!existsSync(folder)) [folder, missing] = [dirname(folder), basename(folder)];
  const shown = below(env.baseDir, folder) || 'the manifest’s folder';
  throw new RefineError('ERR_REFINE_INPUT', `does not exist, expected a file. ${await nearest(folder, shown, missing)}`, { place: named });
}

/** Named by its key: the same file under https://BUCKET.s3.amazonaws.com/KEY has the same path. */
async function nameObjects(named: string, env: ListEnv): Promise<Named[]> {
  const key = (url: string): string => url.replace(/^s3:\/\/[^/]*\//i, '');
  if (hasMagic(named)) {
    const found = await expandObjects(named, objectsOf(named, env.objects), env.signal);
    return found.map(({ url, bytes, tag }) => ({ path: key(url), location: url, named, version: { bytes, tag } }));
  }
  if (!/^s3:\/\/[^/]+\/./i.test(named) || named.endsWith('/'))
    throw new RefineError('ERR_REFINE_INPUT', 'names a bucket or a folder, expected an object. Add its key, or a pattern such as *.warc.gz', { place: named });
  objectsOf(named, env.objects);
  return [{ path: key(named), location: named, named }];
}

function below(baseDir: string, location: string): string {
  return relative(resolve(baseDir), location).split(sep).join('/');
}

async function nameCrawlFiles(source: Extract<Source, { kind: 'commoncrawl' }>, env: ListEnv): Promise<Named[]> {
  const { base, locate } = crawlBase(source.base, env);
  const lists: string[] = [];
  for (const crawl of source.crawls) lists.push(...(await crawlPaths(base, crawl, env)));
  const chosen = selectPaths(lists, source.select, env.seed);
  if (chosen.length === 0) {
    const message = `selects none of ${lists.length} files of ${source.crawls.join(', ')}. Give a larger fraction, or files: N`;
    throw new RefineError('ERR_REFINE_MANIFEST', message, { place: 'source.commoncrawl.select' });
  }
  return chosen.map((path) => ({ path, location: locate(path), named: path }));
}

function crawlBase(written: string, env: ListEnv): { readonly base: string; readonly locate: (path: string) => string } {
  const trimmed = written.replace(/\/+$/, '');
  const remote = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) && !/^file:/i.test(trimmed);
  if (remote && !isObject(trimmed)) parseUrl(trimmed);
  const base = remote ? trimmed : /^file:/i.test(trimmed) ? fileURLToPath(trimmed) : resolve(env.baseDir, trimmed);
  return { base, locate: (path) => (remote ? `${base}/${path}` : join(base, ...path.split('/'))) };
}

/** The kept documents of another run: its text shards, named below its folder. */
async function nameShards(run: string, env: ListEnv): Promise<Named[]> {
  const folder = resolve(env.baseDir, run);
  const shards = (await entries(join(folder, 'text'))).map(({ name }) => name).filter((name) => name.endsWith('.arrow'));
  if (shards.length === 0) {
    const found = !existsSync(folder) ? 'does not exist' : existsSync(join(folder, 'text')) ? 'has no shard in text/' : 'holds no text/';
    const message = `${found}, expected the folder of a finished run with its kept documents. Run that manifest first, with sink.text.keep: true`;
    throw new RefineError('ERR_REFINE_INPUT', message, { place: run });
  }
  return shards.map((name) => ({ path: `text/${name}`, location: join(folder, 'text', name), named: `${run}/text/${name}` }));
}

function sorted<T extends Named>(named: T[]): T[] {
  return named.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)) || (a.named < b.named ? -1 : 1));
}
