// Where two models differ: bits per byte of the same texts under both, by what the bytes are (URL, number, word...), by language and by
// host. Invariant: in each breakdown bytes and bits add up to the whole's; a token that crosses an edge is shared by its bytes.
import { type Batch, bytesAt, type BytesColumn, column, takeColumn, utf8Column, valueAt } from '../../native/index.js';
import type { Scorer, TokenLosses } from '../../stages/contract/loss-scorer.js';
import { shareByBytes, tokenEnds } from '../../stages/contract/token-spans.js';
import { TEXT_SLICES, textKinds } from './gap-slices.js';

/** Texts are compared up to here, at a character's edge. */
export const GAP_BYTES = 32768;
const MOST_HOSTS = 20;
const OTHER_HOSTS = 'other hosts';
const UNKNOWN = 'unknown';
/** Texts whose bytes the tokens of one of the models do not spell: counted whole. */
const UNALIGNED = 'unaligned';
const SLICES = [...TEXT_SLICES, UNALIGNED] as const;

export const PROXY_LIMIT =
  'A small model ranks mixtures only so well: published work finds a rank correlation with large models of .89 for models of 15 M parameters and more, .73 for 1 M. Take it as a pointer to look, not as a verdict, and train a model of reference size where a GPU is there.';

export interface GapSlice {
  readonly slice: string;
  readonly documents: number;
  readonly bytes: number;
  /** Bits per byte under each model. */
  readonly a: number;
  readonly b: number;
  /** b - a: above 0 where the second model finds the slice harder. */
  readonly gap: number;
  /** The slice's part of all bits between the models, b less a; the parts of a breakdown sum to 1. Null where they do not differ. */
  readonly share: number | null;
}

export interface GapReport {
  readonly format: 1;
  readonly models: readonly [string, string];
  readonly total: Omit<GapSlice, 'slice' | 'share'>;
  readonly by: { readonly text: readonly GapSlice[]; readonly lang: readonly GapSlice[]; readonly host: readonly GapSlice[] };
  readonly limit: string;
}

/** One model's tokens of one text. `ends` null: they do not spell it. */
export interface TokenNats {
  readonly ends: Int32Array | null;
  readonly nats: ArrayLike<number>;
}

interface Sums {
  documents: number;
  bytes: number;
  a: number;
  b: number;
}
const none = (): Sums => ({ documents: 0, bytes: 0, a: 0, b: 0 });

/** Adds documents up; in nats until `report`. */
export class GapSums {
  readonly #text = SLICES.map(none);
  readonly #langs = new Map<string, Sums>();
  readonly #hosts = new Map<string, Sums>();
  readonly #total = none();

  add(text: Uint8Array, lang: string | null, host: string | null, a: TokenNats, b: TokenNats): void {
    const [ofA, ofB] = [sumOf(a.nats), sumOf(b.nats)];
    for (const sums of [this.#total, sumsOf(this.#langs, lang ?? UNKNOWN), sumsOf(this.#hosts, host ?? UNKNOWN)]) {
      sums.documents++;
      sums.bytes += text.length;
      sums.a += ofA;
      sums.b += ofB;
    }
    if (a.ends === null || b.ends === null || a.ends.at(-1) !== text.length || b.ends.at(-1) !== text.length) {
      const sums = this.#text[SLICES.indexOf(UNALIGNED)]!;
      sums.documents++;
      sums.bytes += text.length;
      sums.a += ofA;
      sums.b += ofB;
      return;
    }
    const kinds = textKinds(text);
    const nats = [new Float64Array(SLICES.length), new Float64Array(SLICES.length)] as const;
    shareByBytes(a.nats, a.ends, text.length, (at) => kinds[at]!, nats[0]);
    shareByBytes(b.nats, b.ends, text.length, (at) => kinds[at]!, nats[1]);
    const bytes = new Uint32Array(SLICES.length);
    for (const kind of kinds) bytes[kind]!++;
    this.#text.forEach((sums, kind) => {
      if (bytes[kind] === 0) return;
      sums.documents++;
      sums.bytes += bytes[kind]!;
      sums.a += nats[0][kind]!;
      sums.b += nats[1][kind]!;
    });
  }

  report(models: readonly [string, string]): GapReport {
    const whole = this.#total.b - this.#total.a;
    const rates = ({ documents, bytes, a, b }: Sums): Omit<GapSlice, 'slice' | 'share'> => {
      const bits = (nats: number): number => (bytes === 0 ? 0 : nats / Math.LN2 / bytes);
      return { documents, bytes, a: bits(a), b: bits(b), gap: bits(b - a) };
    };
    const slice = (name: string, sums: Sums): GapSlice => ({ slice: name, ...rates(sums), share: whole === 0 ? null : (sums.b - sums.a) / whole });
    const ordered = (sums: ReadonlyMap<string, Sums>): [string, Sums][] => [...sums].sort(([x, p], [y, q]) => q.bytes - p.bytes || (x < y ? -1 : 1));
    const hosts = ordered(this.#hosts);
    const rest = hosts.slice(MOST_HOSTS).reduce((into, [, from]) => added(into, from), none());
    return {
      format: 1,
      models,
      total: rates(this.#total),
      by: {
        text: SLICES.flatMap((name, at) => (this.#text[at]!.bytes === 0 ? [] : [slice(name, this.#text[at]!)])),
        lang: ordered(this.#langs).map(([name, sums]) => slice(name, sums)),
        host: [...hosts.slice(0, MOST_HOSTS).map(([name, sums]) => slice(name, sums)), ...(rest.documents === 0 ? [] : [slice(OTHER_HOSTS, rest)])],
      },
      limit: PROXY_LIMIT,
    };
  }
}

function sumOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at]!;
  return sum;
}

function sumsOf(map: Map<string, Sums>, key: string): Sums {
  let found = map.get(key);
  if (found === undefined) map.set(key, (found = none()));
  return found;
}

const added = (a: Sums, b: Sums): Sums => ({ documents: a.documents + b.documents, bytes: a.bytes + b.bytes, a: a.a + b.a, b: a.b + b.b });

/** `batches`: `text`, and `lang` and `host` where they are known. Empty texts say nothing. */
export async function gapReport(batches: AsyncIterable<Batch>, a: Scorer, b: Scorer, signal: AbortSignal): Promise<GapReport> {
  const sums = new GapSums();
  for await (const batch of batches) {
    const text = shortened(column(batch, 'text', 'utf8'));
    const [ofA, ofB] = [await a.tokens(text, signal), await b.tokens(text, signal)];
    for (let row = 0; row < batch.rows; row++) {
      const bytes = bytesAt(text, row);
      if (bytes.length === 0) continue;
      const word = (name: string): string | null => {
        const found = batch.columns[name] === undefined ? null : valueAt(batch.columns[name], row);
        return typeof found === 'string' ? found : null;
      };
      sums.add(bytes, word('lang'), word('host'), tokensOf(ofA, row, bytes, a), tokensOf(ofB, row, bytes, b));
    }
  }
  return sums.report([a.name, b.name]);
}

function tokensOf({ ids, offsets, nats }: TokenLosses, row: number, text: Uint8Array, scorer: Scorer): TokenNats {
  const [from, to] = [offsets[row]!, offsets[row + 1]!];
  return { ends: tokenEnds(text, ids.subarray(from, to), scorer.tokenBytes), nats: nats.subarray(from, to) };
}

/** Rows cut at GAP_BYTES, before a character that would pass it. */
function shortened(text: BytesColumn): BytesColumn {
  const rows = text.offsets.length - 1;
  const long = Array.from({ length: rows }, (_, row) => row).some((row) => bytesAt(text, row).length > GAP_BYTES);
  if (!long) return text;
  const decoder = new TextDecoder();
  return utf8Column(
    Array.from({ length: rows }, (_, row) => {
      const bytes = bytesAt(takeColumn(text, [row]) as BytesColumn, 0);
      let end = Math.min(bytes.length, GAP_BYTES);
      while (end > 0 && end < bytes.length && bytes[end]! >> 6 === 2) end--;
      return decoder.decode(bytes.subarray(0, end));
    }),
  );
}

/** The report as people read it. */
export function gapText(report: GapReport): string {
  const [a, b] = report.models;
  const rate = (value: number): string => value.toFixed(3).padStart(8);
  const line = (name: string, { documents, bytes, a: of, b: than, gap }: Omit<GapSlice, 'slice' | 'share'>, share: number | null): string =>
    `  ${name.padEnd(28)} ${String(documents).padStart(9)} ${String(bytes).padStart(12)} ${rate(of)} ${rate(than)} ${gap < 0 ? '' : '+'}${gap.toFixed(3)}${share === null ? '' : `  ${(100 * share).toFixed(1)} %`}`;
  const lines = [
    `bits per byte under ${a} and ${b}; above 0: ${b} finds it harder; last, the slice's part of the whole gap`,
    `  ${'slice'.padEnd(28)} ${'documents'.padStart(9)} ${'bytes'.padStart(12)} ${'first'.padStart(8)} ${'second'.padStart(8)} gap`,
    line('all', report.total, null),
  ];
  for (const [name, slices] of Object.entries(report.by)) {
    lines.push(`by ${name}`);
    for (const one of slices) lines.push(line(one.slice, one, one.share));
  }
  return `${[...lines, report.limit].join('\n')}\n`;
}
