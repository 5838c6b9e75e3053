// What a page tells of the kept documents beyond `refine stats`: how long they are, how large their clusters, under which
// licences, how diverse, and the texts that it shows. One pass, beside the counting of stats; holds a seeded sample and counts.
import { type Batch, bytesAt, type Column, isValid, stringAt, valueAt } from '../../native/batch.js';
import type { KeptVisitor } from '../stats-kept.js';
import { drawOf } from './features-pass.js';
import { cellOf } from './scale.js';

const SAMPLE = 1024;
const SAMPLE_BYTES = 16 * 1024;
/** A shown text is cut here before anything looks at it. */
export const SHOWN_BYTES = 64 * 1024;
const MOST_LICENCES = 100_000;

/** Ten edges a decade up to a thousand million; a length is in the cell whose left edge it does not fall below. */
export const LENGTH_EDGES: readonly number[] = [
  0,
  1,
  2,
  3,
  4,
  5,
  6,
  8,
  ...Array.from({ length: 8 }, (_, decade) => [1, 1.25, 1.6, 2, 2.5, 3.2, 4, 5, 6.3, 8].map((digit) => Math.round(digit * 10 ** (decade + 1)))).flat(),
  1e9,
];

export interface Sampled {
  readonly draw: number;
  readonly bytes: Uint8Array;
}

export class KeptDocuments implements KeptVisitor {
  readonly columns = ['id', 'url', 'text', 'token_count', 'cluster_size', 'licenses', 'date', 'host', 'lang'];
  readonly byteCells = new Array<number>(LENGTH_EDGES.length - 1).fill(0);
  readonly tokenCells = new Array<number>(LENGTH_EDGES.length - 1).fill(0);
  /** Clusters by the number of their documents. */
  readonly clusters = new Map<number, number>();
  /** Documents by licence named in them; `licensed` those with any. */
  readonly licences = new Map<string, number>();
  licensed = 0;
  hasLicences = false;
  hasClusters = false;
  /** Seconds since 1970, of the oldest and the newest capture. */
  dates: { first: number; last: number } | null = null;
  /** Texts asked for, by the id or the URL they were asked by. */
  readonly texts = new Map<string, string>();
  readonly #wanted: ReadonlySet<string>;
  readonly #wantedUrls: ReadonlySet<string>;
  readonly #seed: number;
  readonly #edges = Float64Array.from(LENGTH_EDGES);
  #sample: Sampled[] = [];
  #limit = Number.POSITIVE_INFINITY;

  constructor(seed: bigint, wanted: ReadonlySet<string>, wantedUrls: ReadonlySet<string> = new Set()) {
    this.#wantedUrls = wantedUrls;
    this.#seed = Number(BigInt.asUintN(32, seed));
    this.#wanted = wanted;
  }

  visit(batch: Batch): void {
    const { id, url, text, token_count: tokens, cluster_size: size, licenses, date } = batch.columns;
    if (tokens?.kind === 'fixed') for (const value of tokens.values) this.tokenCells[cellOf(this.#edges, Number(value))]!++;
    if (size?.kind === 'fixed') {
      this.hasClusters = true;
      for (const value of size.values) this.clusters.set(Number(value), (this.clusters.get(Number(value)) ?? 0) + 1);
    }
    if (licenses !== undefined) this.#addLicences(licenses, batch.rows);
    if (date?.kind === 'fixed' && date.unit === 's') this.#addDates(date, batch.rows);
    if (text?.kind !== 'utf8') return;
    for (let row = 0; row < batch.rows; row++) {
      if (!isValid(text, row)) continue;
      const bytes = bytesAt(text, row);
      this.byteCells[cellOf(this.#edges, bytes.length)]!++;
      if (id?.kind !== 'utf8') continue;
      this.#draw(bytesAt(id, row), bytes);
      if (this.#wanted.size > 0) this.#want(this.#wanted, stringAt(id, row), bytes);
      if (this.#wantedUrls.size > 0 && url?.kind === 'utf8') this.#want(this.#wantedUrls, stringAt(url, row), bytes);
    }
  }

  /** The documents with the lowest draws, in their order. */
  sample(): readonly Sampled[] {
    return [...this.#sample].sort(byDraw).slice(0, SAMPLE);
  }

  #want(wanted: ReadonlySet<string>, name: string | null, bytes: Uint8Array): void {
    if (name !== null && wanted.has(name) && !this.texts.has(name)) this.texts.set(name, cutText(bytes, SHOWN_BYTES));
  }

  #draw(id: Uint8Array, bytes: Uint8Array): void {
    const draw = drawOf(id, this.#seed);
    if (draw >= this.#limit || bytes.length === 0) return;
    this.#sample.push({ draw, bytes: bytes.slice(0, SAMPLE_BYTES) });
    if (this.#sample.length < 2 * SAMPLE) return;
    this.#sample = this.#sample.sort(byDraw).slice(0, SAMPLE);
    this.#limit = this.#sample[SAMPLE - 1]!.draw;
  }

  #addLicences(column: Column, rows: number): void {
    this.hasLicences = true;
    for (let row = 0; row < rows; row++) {
      const value = valueAt(column, row);
      if (!Array.isArray(value) || value.length === 0) continue;
      this.licensed++;
      const names = new Set(value.map((one) => (typeof one === 'string' ? one : String((one as { url?: string }).url ?? JSON.stringify(one)))));
      for (const name of names) {
        const short = name.slice(0, 200);
        if (this.licences.has(short) || this.licences.size < MOST_LICENCES) this.licences.set(short, (this.licences.get(short) ?? 0) + 1);
      }
    }
  }

  #addDates(column: Column & { kind: 'fixed' }, rows: number): void {
    for (let row = 0; row < rows; row++) {
      if (!isValid(column, row)) continue;
      const seconds = Number(column.values[row]!);
      this.dates = { first: Math.min(seconds, this.dates?.first ?? seconds), last: Math.max(seconds, this.dates?.last ?? seconds) };
    }
  }
}

function byDraw(a: Sampled, b: Sampled): number {
  return a.draw - b.draw || Buffer.compare(a.bytes, b.bytes);
}

/** At most so many bytes of a text, cut between characters. */
export function cutText(bytes: Uint8Array, most: number): string {
  let end = Math.min(bytes.length, most);
  if (end < bytes.length) while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, end));
}
