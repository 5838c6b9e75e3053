// Parquet files that lie, made byte by byte: a writer of Thrift's compact protocol that writes whatever it is told, and a file of one
// column `text` around it. Also a program: given a file, it reads it in a process of little memory and says what came of it.
//   node --max-old-space-size=256 hostile-parquet.js FILE [first]
import { fileURLToPath } from 'node:url';
import type { SourceCounts } from '../../stages/contract/source.js';
import { localGate } from '../../stages/fetch/gate.js';
import { openInput } from '../../stages/fetch/open-input.js';

export type Bytes = readonly number[];

export function varint(value: number | bigint): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const out: number[] = [];
  for (; rest >= 128n; rest >>= 7n) out.push(Number(rest & 127n) | 128);
  return [...out, Number(rest)];
}

/** A field's value with its type; `raw` stands as it is, of a type of one's own. */
export type Field =
  | { readonly i32: number | bigint }
  | { readonly i64: number | bigint }
  | { readonly text: string }
  | { readonly struct: Fields }
  | { readonly list: readonly Fields[] }
  | { readonly raw: Bytes; readonly type: number };
/** By field number, ascending. */
export type Fields = Readonly<Record<number, Field>>;

const zigzag = (value: number | bigint): number[] => varint((BigInt(value) << 1n) ^ (BigInt(value) >> 63n));

export function struct(fields: Fields): number[] {
  const out: number[] = [];
  let before = 0;
  for (const [key, field] of Object.entries(fields)) {
    const number = Number(key);
    const [type, bytes] = typed(field);
    if (number - before < 16) out.push(((number - before) << 4) | type);
    else out.push(type, ...zigzag(number));
    for (const byte of bytes) out.push(byte);
    before = number;
  }
  return [...out, 0];
}

function typed(field: Field): [number, Bytes] {
  if ('i32' in field) return [5, zigzag(field.i32)];
  if ('i64' in field) return [6, zigzag(field.i64)];
  if ('text' in field) return [8, [...varint(Buffer.byteLength(field.text)), ...Buffer.from(field.text)]];
  if ('struct' in field) return [12, struct(field.struct)];
  if ('raw' in field) return [field.type, field.raw];
  const head = field.list.length < 15 ? [(field.list.length << 4) | 12] : [0xfc, ...varint(field.list.length)];
  return [9, [...head, ...field.list.flatMap(struct)]];
}

/** Numbers that a footer or a page header gives; every one may be a lie. */
export interface Lies {
  readonly rows?: number | bigint;
  readonly groupRows?: number | bigint;
  readonly groups?: number;
  readonly values?: number | bigint;
  readonly codec?: number | bigint;
  readonly stored?: number | bigint;
  readonly dataAt?: number | bigint;
  readonly dictionaryAt?: number | bigint;
  readonly type?: number | bigint;
  readonly length?: number | bigint;
  readonly repetition?: number | bigint;
  readonly children?: number | bigint;
  readonly pageType?: number | bigint;
  readonly pageValues?: number | bigint;
  readonly pagePlain?: number | bigint;
  readonly pageStored?: number | bigint;
  readonly encoding?: number | bigint;
  readonly footerBytes?: number;
  /** In place of the footer, or of the page's header. */
  readonly footer?: Uint8Array;
  readonly header?: Uint8Array;
  readonly statistics?: Fields;
}

/** A file of `count` rows in one page of `page`, as true as `lies` leaves it. */
export function parquetOf(count: number, page: Uint8Array, lies: Lies = {}): Buffer {
  const { groups = 1 } = lies;
  const header =
    lies.header ??
    Uint8Array.from(
      struct({
        1: { i32: lies.pageType ?? 0 },
        2: { i32: lies.pagePlain ?? page.length },
        3: { i32: lies.pageStored ?? page.length },
        5: { struct: { 1: { i32: lies.pageValues ?? count }, 2: { i32: lies.encoding ?? 0 }, 3: { i32: 3 }, 4: { i32: 3 } } },
      }),
    );
  const group: Fields = {
    1: {
      list: [
        {
          2: { i64: 4 },
          3: {
            struct: {
              1: { i32: lies.type ?? 6 },
              3: { raw: [0x18, 4, ...Buffer.from('text')], type: 9 },
              4: { i32: lies.codec ?? 0 },
              5: { i64: lies.values ?? lies.groupRows ?? count },
              6: { i64: lies.stored ?? header.length + page.length },
              7: { i64: lies.stored ?? header.length + page.length },
              9: { i64: lies.dataAt ?? 4 },
              ...(lies.dictionaryAt === undefined ? {} : { 11: { i64: lies.dictionaryAt } }),
              ...(lies.statistics === undefined ? {} : { 12: { struct: lies.statistics } }),
            },
          },
        },
      ],
    },
    2: { i64: page.length },
    3: { i64: lies.groupRows ?? count },
  };
  const footer =
    lies.footer ??
    Uint8Array.from(
      struct({
        1: { i32: 2 },
        2: {
          list: [
            { 4: { text: 'root' }, 5: { i32: lies.children ?? 1 } },
            {
              1: { i32: lies.type ?? 6 },
              ...(lies.length === undefined ? {} : { 2: { i32: lies.length } }),
              3: { i32: lies.repetition ?? 0 },
              4: { text: 'text' },
              ...(lies.statistics === undefined ? {} : { 6: { i32: 5 } }),
            },
          ],
        },
        3: { i64: lies.rows ?? count * groups },
        4: { list: Array.from({ length: groups }, () => group) },
      }),
    );
  const end = Buffer.alloc(8, 'PAR1', 'latin1');
  end.writeUInt32LE(lies.footerBytes ?? footer.length);
  return Buffer.concat([Buffer.from('PAR1'), header, page, footer, end]);
}

/** PLAIN strings. */
export function plainPage(texts: readonly string[]): Buffer {
  return Buffer.concat(
    texts.flatMap((text) => {
      const bytes = Buffer.from(text);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = process.argv[2]!;
  const field = (column: string) => ({ column, required: false });
  const reader = openInput(
    {
      path,
      location: path,
      format: 'parquet',
      bytes: null,
      identity: 'unknown:',
      fields: { text: { column: 'text', required: true }, id: field('id'), url: field('url'), date: field('date') },
    },
    { gate: localGate() },
  );
  let outcome: { code?: string | undefined; message?: string; counts: SourceCounts | null };
  try {
    for await (const _ of reader.batches(new AbortController().signal)) if (process.argv[3] === 'first') break;
    outcome = { counts: reader.counts() };
  } catch (error) {
    outcome = { code: (error as { code?: string }).code, message: (error as Error).message, counts: null };
  }
  console.log(JSON.stringify({ ...outcome, maxRss: process.resourceUsage().maxRSS * 1024, cpuMs: process.cpuUsage().user / 1000 }));
}
