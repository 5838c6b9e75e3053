// What a run's kept documents look like, from the columns of its shards, read once: languages, hosts, lengths, clusters, and the bytes and
// tokens that a language needs. Invariant: sums over documents, so neither the order of shards nor of batches is part of a number.
import { type Batch, valueAt } from '../native/batch.js';
import { ArrowFile } from './store.js';

export interface Quantiles {
  readonly min: number;
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
  readonly mean: number;
}

export interface LangTokens {
  readonly bytes: number;
  readonly tokens: number;
  readonly bytes_per_token: number;
}

/** `entropy`: bits that name the host of a kept document, -sum(p log2 p); 0 where all are of one host. */
export interface HostStats {
  readonly distinct: number;
  readonly entropy: number;
  readonly top: readonly { readonly host: string; readonly documents: number }[];
}

/** Of kept documents: bytes of UTF-8, and tokens with EOS. */
export interface LengthStats {
  readonly bytes?: Quantiles;
  readonly tokens?: Quantiles;
}

const TOP_HOSTS = 20;

/** Sees the kept documents while they are counted, so that nobody reads them twice. */
export interface KeptVisitor {
  /** Read beside what the counts need, where the shards have them. */
  readonly columns: readonly string[];
  visit(batch: Batch): void;
}

export interface Kept {
  documents: number;
  tokens: number | null;
  textBytes: number;
  langs: Record<string, number>;
  fertility?: Readonly<Record<string, LangTokens>>;
  hosts: HostStats;
  lengths: LengthStats;
  clusters: number;
  largestCluster: number;
}

export async function readKept(paths: readonly string[], visitor?: KeptVisitor): Promise<Kept> {
  const langs = new Map<string, number>();
  const needs = new Map<string, { bytes: number; tokens: number }>();
  const hosts = new Map<string, number>();
  const bytes = new Histogram();
  const tokens = new Histogram();
  let documents = 0;
  let clusters = 0;
  let largestCluster = 0;
  for (const path of paths) {
    const file = await ArrowFile.open(path);
    try {
      const counted = ['lang', 'host', 'text', 'token_count', 'cluster_size'];
      const wanted = [...new Set([...counted, ...(visitor?.columns ?? [])])].filter((name) => file.columns.includes(name));
      if (wanted.length === 0) wanted.push(...file.columns.slice(0, 1));
      for await (const batch of file.batches(wanted)) {
        documents += batch.rows;
        visitor?.visit(batch);
        tally(langs, batch, 'lang');
        tally(hosts, batch, 'host');
        addNeeds(needs, batch);
        const text = batch.columns.text;
        if (text?.kind === 'utf8') for (let row = 0; row < batch.rows; row++) bytes.add(text.offsets[row + 1]! - text.offsets[row]!);
        const count = batch.columns.token_count;
        if (count?.kind === 'fixed') for (const value of count.values) tokens.add(Number(value));
        const size = batch.columns.cluster_size;
        if (size?.kind === 'fixed') {
          for (const value of size.values) {
            if (Number(value) > 1) clusters++;
            largestCluster = Math.max(largestCluster, Number(value));
          }
        }
      }
    } finally {
      await file.close();
    }
  }
  const byCount = (map: Map<string, number>): [string, number][] => [...map].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return {
    documents,
    tokens: tokens.size > 0 ? tokens.total : null,
    textBytes: bytes.total,
    langs: Object.fromEntries(byCount(langs)),
    ...(needs.size === 0 ? {} : { fertility: Object.fromEntries(byCount(langs).flatMap(([lang]) => rate(lang, needs.get(lang)))) }),
    hosts: {
      distinct: hosts.size,
      entropy: entropy(byCount(hosts).map(([, count]) => count)),
      top: byCount(hosts)
        .slice(0, TOP_HOSTS)
        .map(([host, count]) => ({ host, documents: count })),
    },
    lengths: { ...(bytes.size > 0 ? { bytes: bytes.quantiles() } : {}), ...(tokens.size > 0 ? { tokens: tokens.quantiles() } : {}) },
    clusters,
    largestCluster,
  };
}

/** In bits, to four places. */
function entropy(counts: readonly number[]): number {
  const total = sum(counts);
  return Math.round(-1e4 * counts.reduce((bits, count) => bits + (count / total) * Math.log2(count / total), 0)) / 1e4 + 0; // + 0: never -0
}

/** Bytes and tokens by language, where a batch has the columns for it. */
function addNeeds(into: Map<string, { bytes: number; tokens: number }>, batch: Batch): void {
  const { lang, text, token_count: count } = batch.columns;
  if (lang === undefined || text?.kind !== 'utf8' || count?.kind !== 'fixed') return;
  for (let row = 0; row < batch.rows; row++) {
    const label = valueAt(lang, row);
    if (typeof label !== 'string') continue;
    const needs = into.get(label) ?? { bytes: 0, tokens: 0 };
    into.set(label, needs);
    needs.bytes += text.offsets[row + 1]! - text.offsets[row]!;
    needs.tokens += Number(count.values[row]!);
  }
}

function rate(lang: string, needs: { bytes: number; tokens: number } | undefined): [string, LangTokens][] {
  if (needs === undefined) return [];
  const perToken = needs.tokens === 0 ? 0 : Math.round((needs.bytes / needs.tokens) * 1e4) / 1e4;
  return [[lang, { ...needs, bytes_per_token: perToken }]];
}

function tally(into: Map<string, number>, batch: Batch, name: string): void {
  const column = batch.columns[name];
  if (column === undefined) return;
  for (let row = 0; row < batch.rows; row++) {
    const value = valueAt(column, row);
    if (typeof value === 'string') into.set(value, (into.get(value) ?? 0) + 1);
  }
}

/** Exact counts of whole numbers: a few MB for millions of documents, since lengths repeat. */
class Histogram {
  readonly #counts = new Map<number, number>();
  size = 0;
  total = 0;

  add(value: number): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
    this.size++;
    this.total += value;
  }

  /** Quantile q is the smallest value that at least a share q of all does not exceed. */
  quantiles(): Quantiles {
    const sorted = [...this.#counts].sort((a, b) => a[0] - b[0]);
    const at = (share: number): number => {
      let seen = 0;
      for (const [value, count] of sorted) {
        seen += count;
        if (seen >= share * this.size) return value;
      }
      return sorted.at(-1)![0];
    };
    return {
      min: sorted[0]![0],
      p10: at(0.1),
      p50: at(0.5),
      p90: at(0.9),
      p99: at(0.99),
      max: sorted.at(-1)![0],
      mean: Math.round((this.total / this.size) * 100) / 100,
    };
  }
}

export async function sumColumn(path: string, name: string): Promise<number> {
  const file = await ArrowFile.open(path);
  try {
    let total = 0;
    for await (const batch of file.batches([name])) {
      const column = batch.columns[name];
      if (column?.kind === 'fixed') for (const value of column.values) total += Number(value);
    }
    return total;
  } finally {
    await file.close();
  }
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
