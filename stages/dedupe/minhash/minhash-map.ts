// The map of dedupe-minhash: each document's set of shingles, stored once, with what ranks it in its cluster; documents by host.
// Files (kernels/include/refine/cluster_files.h): `shingles`, ascending by row, and `hosts`. A document without a shingle has no record.
import { type Batch, type BpeHandle, column, type FixedColumn, isValid, type ListColumn, native, stringAt } from '../../../native/index.js';
import { RecordWriter } from '../../../native/records.js';
import type { BarrierMap, TaskFiles } from '../../contract/barrier.js';
import { Scopes } from '../index-scope.js';
import { type DedupeMinhashOptions, keepColumn, type MinhashPlan, planOf } from './minhash-options.js';

export const SHINGLE_SHAPE = { keyWords: 1, valueBytes: 24, tail: true } as const;
export const HOST_SHAPE = { keyWords: 1, valueBytes: 8, tail: false } as const;

/** A record's tail ends at 64 MiB; of a larger set the smallest hashes stand for it, so equal documents stay equal. */
const MAX_SHINGLES = 1 << 23;
/** Hosts counted in memory before they are written; the same host may come again. */
const MAX_HOSTS = 1 << 16;

const LAST = 2n ** 64n - 1n;

/** An order of uint64 for an order of doubles, the largest first; NaN after all. At least 1: 0 is for entries of an index. */
export function descending(value: number): bigint {
  if (Number.isNaN(value)) return LAST;
  WORDS.setFloat64(0, value === 0 ? 0 : value); // -0 is 0
  const bits = WORDS.getBigUint64(0);
  const ascending = bits >> 63n === 1n ? LAST - bits : bits | (1n << 63n);
  return LAST - ascending;
}
const WORDS = new DataView(new ArrayBuffer(8));

export class MinhashMap implements BarrierMap {
  readonly #options: DedupeMinhashOptions;
  readonly #plan: MinhashPlan;
  readonly #tokenizer: BpeHandle | null;
  readonly #scopes: Scopes;
  readonly #shingles: RecordWriter;
  readonly #hosts: RecordWriter;
  #byHost = new Map<string, { readonly hash: bigint; documents: number }>();
  #signed = 0;
  #count = 0;

  private constructor(options: DedupeMinhashOptions, tokenizer: BpeHandle | null, shingles: RecordWriter, hosts: RecordWriter) {
    this.#options = options;
    this.#plan = planOf(options);
    this.#tokenizer = tokenizer;
    this.#scopes = new Scopes(options.scope);
    this.#shingles = shingles;
    this.#hosts = hosts;
  }

  static async open(options: DedupeMinhashOptions, tokenizer: BpeHandle | null, files: TaskFiles): Promise<MinhashMap> {
    const shingles = await RecordWriter.open(files.path('shingles'), SHINGLE_SHAPE, Math.floor((files.memoryBytes * 3) / 4));
    const hosts = await RecordWriter.open(files.path('hosts'), HOST_SHAPE, Math.floor(files.memoryBytes / 8));
    return new MinhashMap(options, tokenizer, shingles, hosts);
  }

  async add(batch: Batch, rows: BigUint64Array): Promise<void> {
    const { values, offsets } = await this.#sets(batch);
    const orders = await this.#orders(batch);
    const scopes = await this.#scopes.of(batch);
    const hosts = await this.#hostsOf(batch);
    const words = values as BigUint64Array;
    const keys = new BigUint64Array(batch.rows);
    const about = new BigUint64Array(3 * batch.rows);
    const ends = [0];
    const parts: BigUint64Array[] = [];
    let records = 0;
    let bytes = 0;
    for (let row = 0; row < batch.rows; row++) {
      const count = Math.min(offsets[row + 1]! - offsets[row]!, MAX_SHINGLES);
      if (count === 0) continue;
      keys[records] = rows[row]!;
      about.set([orders[row]!, scopes[row]!.high, hosts[row]!], 3 * records);
      parts.push(words.subarray(offsets[row]!, offsets[row]! + count));
      ends.push((bytes += 8 * count));
      records++;
    }
    const whole = bytes === words.byteLength ? words : joined(parts, bytes / 8);
    await this.#shingles.add(keys.subarray(0, records), new Uint8Array(about.buffer, 0, 24 * records), {
      bytes: new Uint8Array(whole.buffer, whole.byteOffset, bytes),
      offsets: Int32Array.from(ends),
    });
    this.#signed += records;
    this.#count += bytes / 8;
  }

  async finish(): Promise<Readonly<Record<string, number>>> {
    await this.#flushHosts();
    await this.#shingles.finish();
    await this.#hosts.finish();
    return { signed: this.#signed, shingles: this.#count };
  }

  async abort(): Promise<void> {
    await this.#shingles.abort();
    await this.#hosts.abort();
  }

  async #sets(batch: Batch): Promise<ListColumn> {
    const text = column(batch, 'text', 'utf8');
    const { shingles } = this.#plan;
    if (this.#tokenizer === null) return native.shingles(text, shingles);
    const { tokens } = await native.bpeEncode(this.#tokenizer, text, { parseSpecial: false, eos: null, bos: null });
    return native.shingles(tokens, shingles);
  }

  /** Ascending as `keep` would rather have documents stay; at least 1. */
  async #orders(batch: Batch): Promise<BigUint64Array> {
    const { keep } = this.#options;
    const orders = new BigUint64Array(batch.rows).fill(1n);
    if (keep === 'longest') {
      const lengths = await native.codePoints(column(batch, 'text', 'utf8'));
      lengths.forEach((length, row) => {
        orders[row] = LAST - BigInt(length);
      });
    } else if (keep === 'newest') {
      const date = batch.columns.date as FixedColumn | undefined;
      for (let row = 0; row < batch.rows; row++)
        orders[row] = date === undefined || !isValid(date, row) ? LAST : LAST - BigInt.asUintN(64, (date.values[row] as bigint) + 2n ** 63n);
    } else if (keep !== 'first') {
      const name = keepColumn(this.#options)!;
      const ranked = column(batch, name, 'fixed');
      const sign = 'lowest' in keep ? -1 : 1;
      for (let row = 0; row < batch.rows; row++) orders[row] = isValid(ranked, row) ? descending(sign * Number(ranked.values[row])) : LAST;
    }
    return orders.map((order) => (order === 0n ? 1n : order));
  }

  /** Hashes of the hosts, 0 where there is none; counts documents by host. */
  async #hostsOf(batch: Batch): Promise<BigUint64Array> {
    const hashes = new BigUint64Array(batch.rows);
    const hosts = batch.columns.host;
    if (hosts?.kind !== 'utf8') return hashes;
    for (let row = 0; row < batch.rows; row++) {
      const host = stringAt(hosts, row);
      if (host === null || host === '') continue;
      let known = this.#byHost.get(host);
      if (known === undefined) {
        known = { hash: native.xxh3(Buffer.from(host, 'utf8')), documents: 0 };
        this.#byHost.set(host, known);
      }
      known.documents++;
      hashes[row] = known.hash;
    }
    if (this.#byHost.size >= MAX_HOSTS) await this.#flushHosts();
    return hashes;
  }

  async #flushHosts(): Promise<void> {
    const all = [...this.#byHost.values()];
    this.#byHost = new Map();
    const documents = BigUint64Array.from(all, (host) => BigInt(host.documents));
    await this.#hosts.add(
      BigUint64Array.from(all, (host) => host.hash),
      new Uint8Array(documents.buffer),
    );
  }
}

function joined(parts: readonly BigUint64Array[], words: number): BigUint64Array {
  const whole = new BigUint64Array(words);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
