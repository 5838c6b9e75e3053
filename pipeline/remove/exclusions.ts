// What was removed from a run and stays out: RUN/removals/exclusions.json holds digests of URLs, hosts and ids, never the words
// themselves. It is applied to every record batch of a final shard as it is written, by `refine remove` and by any task that is
// done again, so both give the same bytes. Invariant: applying it twice changes nothing, and record batches are never joined anew.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Batch, type BytesColumn, type FixedColumn, isValid, stringAt, takeRows, utf8Column } from '../../native/batch.js';
import { RefineError } from '../../native/errors.js';
import { readIfThere, statIfThere } from '../read-if-there.js';

export const EXCLUSIONS = 'removals/exclusions.json';
export const JOURNAL = 'removals/journal.json';
/** The name under which the ledger counts documents that were removed, after the manifest's steps. */
export const REMOVE_STEP = 'remove';
export const REMOVE_REASON = 'remove/request';

export type MarkKind = 'url' | 'host' | 'id' | 'text' | 'tokens';

/** 128 bits of sha256 over the kind and the value. One who guesses a URL can test the guess: this hides a list, not a secret. */
export function mark(kind: MarkKind, value: string | Uint8Array): string {
  return createHash('sha256').update(`refine-removal/1 ${kind}\0`, 'utf8').update(value).digest('hex').slice(0, 32);
}

/** The WHATWG serialisation without fragment; what is no URL stays as it is. */
export function plainUrl(url: string): string {
  if (!URL.canParse(url)) return url;
  const parsed = new URL(url);
  parsed.hash = '';
  return parsed.href;
}

/** `www.example.org`, `example.org`, `org`; nothing where a URL has no host. */
export function hostsOf(url: string): string[] {
  if (!URL.canParse(url)) return [];
  const host = new URL(url).hostname.replace(/\.$/, '');
  if (host === '' || host.startsWith('[') || /^[\d.]+$/.test(host)) return host === '' ? [] : [host];
  const labels = host.split('.');
  return labels.map((_, at) => labels.slice(at).join('.'));
}

export interface ExclusionFile {
  readonly format: 1;
  /** Marks, sorted: of URLs, of hosts with all under them, and of ids, as the requests named them. */
  readonly urls: readonly string[];
  readonly hosts: readonly string[];
  readonly ids: readonly string[];
  /** Marks of the ids of every document that was removed: nothing names them any more as the one kept in their place. */
  readonly removed: readonly string[];
  /** By the mark of a kept document's id: its cluster_size without the removed duplicates that it counted. */
  readonly shrink: Readonly<Record<string, number>>;
}

export const NOTHING: ExclusionFile = { format: 1, urls: [], hosts: [], ids: [], removed: [], shrink: {} };

export interface Applied {
  readonly batch: Batch;
  /** Rows left out, and among them those of kept documents (in features/: no step dropped them). */
  readonly rows: number;
  readonly kept: number;
  /** Their token_count, where the batch has that column. */
  readonly tokens: number;
  /** Cells of rows that stay: names of removed documents taken away, cluster sizes made smaller. */
  readonly names: number;
  readonly clusters: number;
  /** Whether anything changed. */
  readonly changed: boolean;
}

export class Exclusions {
  readonly #urls: ReadonlySet<string>;
  readonly #hosts: ReadonlySet<string>;
  readonly #ids: ReadonlySet<string>;
  readonly #removed: ReadonlySet<string>;
  readonly #shrink: ReadonlyMap<string, number>;
  readonly #knownHosts = new Map<string, boolean>();

  constructor(file: ExclusionFile) {
    this.#urls = new Set(file.urls);
    this.#hosts = new Set(file.hosts);
    this.#ids = new Set(file.ids);
    this.#removed = new Set(file.removed);
    this.#shrink = new Map(Object.entries(file.shrink));
  }

  matches(id: string | null, url: string | null): boolean {
    return (id !== null && this.matchesId(id)) || (url !== null && this.matchesUrl(url));
  }

  matchesId(id: string): boolean {
    return this.#ids.size > 0 && this.#ids.has(mark('id', id));
  }

  matchesUrl(url: string): boolean {
    if (this.#urls.size > 0 && this.#urls.has(mark('url', plainUrl(url)))) return true;
    if (this.#hosts.size === 0) return false;
    const hosts = hostsOf(url);
    const whole = hosts[0];
    if (whole === undefined) return false;
    let known = this.#knownHosts.get(whole);
    if (known === undefined) {
      known = hosts.some((host) => this.#hosts.has(mark('host', host)));
      if (this.#knownHosts.size >= 65_536) this.#knownHosts.clear();
      this.#knownHosts.set(whole, known);
    }
    return known;
  }

  /** Whether this is the id of a document that was removed. */
  wasRemoved(id: string): boolean {
    return this.#removed.size > 0 && this.#removed.has(mark('id', id));
  }

  /** `columns` that `apply` looks at. */
  static readonly COLUMNS: readonly string[] = ['id', 'url', 'kept_id', 'cluster_size', 'token_count', 'step'];

  apply(batch: Batch): Applied {
    const ids = wordsOf(batch, 'id');
    const urls = wordsOf(batch, 'url');
    const step = batch.columns.step;
    const counts = batch.columns.token_count;
    const keep: number[] = [];
    let kept = 0;
    let tokens = 0;
    for (let row = 0; row < batch.rows; row++) {
      if (!this.matches(ids === null ? null : stringAt(ids, row), urls === null ? null : stringAt(urls, row))) {
        keep.push(row);
        continue;
      }
      if (step === undefined || !isValid(step, row)) kept++;
      if (counts?.kind === 'fixed') tokens += Number(counts.values[row]!);
    }
    const rows = batch.rows - keep.length;
    const left = rows === 0 ? batch : takeRows(batch, keep);
    const [named, names] = this.#withoutNames(left);
    const [shrunk, clusters] = this.#shrunk(named);
    return { batch: shrunk, rows, kept, tokens, names, clusters, changed: shrunk !== batch };
  }

  /** `kept_id` null where it names a document that was removed. */
  #withoutNames(batch: Batch): [Batch, number] {
    const names = wordsOf(batch, 'kept_id');
    if (names === null || this.#removed.size === 0) return [batch, 0];
    let gone = 0;
    const values = Array.from({ length: batch.rows }, (_, row) => {
      const name = stringAt(names, row);
      if (name === null || !this.wasRemoved(name)) return name;
      gone++;
      return null;
    });
    return gone === 0 ? [batch, 0] : [{ rows: batch.rows, columns: { ...batch.columns, kept_id: utf8Column(values) } }, gone];
  }

  #shrunk(batch: Batch): [Batch, number] {
    const sizes = batch.columns.cluster_size;
    const ids = wordsOf(batch, 'id');
    if (this.#shrink.size === 0 || ids === null || sizes?.kind !== 'fixed') return [batch, 0];
    let values: Uint32Array | null = null;
    let smaller = 0;
    for (let row = 0; row < batch.rows; row++) {
      const id = stringAt(ids, row);
      const size = Number(sizes.values[row]!);
      const wanted = id === null ? undefined : this.#shrink.get(mark('id', id));
      if (wanted === undefined || wanted >= size) continue;
      values ??= (sizes.values as Uint32Array).slice();
      values[row] = wanted;
      smaller++;
    }
    return values === null ? [batch, 0] : [{ rows: batch.rows, columns: { ...batch.columns, cluster_size: { ...(sizes as FixedColumn), values } } }, smaller];
  }
}

function wordsOf(batch: Batch, name: string): BytesColumn | null {
  const column = batch.columns[name];
  return column?.kind === 'utf8' ? column : null;
}

/** The exclusions of a run folder; null where nothing was ever removed. */
export async function readExclusions(folder: string): Promise<Exclusions | null> {
  const file = await readExclusionFile(folder);
  return file === null ? null : new Exclusions(file);
}

export async function readExclusionFile(folder: string): Promise<ExclusionFile | null> {
  const path = join(folder, EXCLUSIONS);
  const text = await readIfThere(path);
  if (text === null) return null;
  try {
    const file = JSON.parse(text) as ExclusionFile;
    if (file.format === 1) return file;
  } catch {
    // said below
  }
  throw new RefineError('ERR_REFINE_LEDGER', 'is no list of removals of format 1. Restore it: without it a task done again would bring documents back.', {
    place: path,
  });
}

/** A removal that was killed leaves its journal: until it is ended, shards and ledger may disagree. */
export async function refuseHalfRemoved(folder: string, named = folder): Promise<void> {
  if ((await statIfThere(join(folder, JOURNAL))) === null) return;
  throw new RefineError('ERR_REFINE_LEDGER', `a removal was interrupted here, so shards and ledger may disagree. Run: refine remove ${named} --resume`, {
    place: named,
  });
}
