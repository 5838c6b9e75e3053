// Parquet files that lie, made byte by byte: a writer of Thrift's compact protocol that writes whatever it is told, and a file of one
// column `text` around it. Also a program: given a file, it reads it in a process of little memory and says what came of it.
//   node --max-old-space-size=256 hostile-parquet.js FILE [first|names|join|benchmark]
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { itemsOf } from '../../stages/decontaminate/benchmarks.js';
import { localGate } from '../../stages/fetch/gate.js';
import { openInput } from '../../stages/fetch/open-input.js';
import { resolveJoin } from '../../stages/url/host-columns.js';
import { compileHostTable } from '../../stages/url/host-table.js';

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
  /** Whether a sound column `rank` (INT32) stands beside `text`: 1, 2, 3 and so on. */
  readonly rank?: boolean;
}

/** A file of `count` rows in one page of `page`, as true as `lies` leaves it. */
export function parquetOf(count: number, page: Uint8Array, lies: Lies = {}): Buffer {
  const { groups = 1 } = lies;
  const rank = lies.rank === true ? rankPage(count) : Buffer.alloc(0);
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
        ...(lies.rank === true ? [rankChunk(4 + header.length + page.length, rank.length, lies.groupRows ?? count)] : []),
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
            { 4: { text: 'root' }, 5: { i32: lies.children ?? (lies.rank === true ? 2 : 1) } },
            {
              1: { i32: lies.type ?? 6 },
              ...(lies.length === undefined ? {} : { 2: { i32: lies.length } }),
              3: { i32: lies.repetition ?? 0 },
              4: { text: 'text' },
              ...(lies.statistics === undefined ? {} : { 6: { i32: 5 } }),
            },
            ...(lies.rank === true ? [{ 1: { i32: 1 }, 3: { i32: 0 }, 4: { text: 'rank' } }] : []),
          ],
        },
        3: { i64: lies.rows ?? count * groups },
        4: { list: Array.from({ length: groups }, () => group) },
      }),
    );
  const end = Buffer.alloc(8, 'PAR1', 'latin1');
  end.writeUInt32LE(lies.footerBytes ?? footer.length);
  return Buffer.concat([Buffer.from('PAR1'), header, page, rank, footer, end]);
}

/** A data page of PLAIN numbers from 1, with its header. */
function rankPage(count: number): Buffer {
  const bytes = 4 * count;
  const header = struct({
    1: { i32: 0 },
    2: { i32: bytes },
    3: { i32: bytes },
    5: { struct: { 1: { i32: count }, 2: { i32: 0 }, 3: { i32: 3 }, 4: { i32: 3 } } },
  });
  return Buffer.concat([Uint8Array.from(header), Buffer.from(Int32Array.from({ length: count }, (_, i) => i + 1).buffer)]);
}

const rankChunk = (at: number, bytes: number, rows: number | bigint): Fields => ({
  2: { i64: at },
  3: {
    struct: {
      1: { i32: 1 },
      3: { raw: [0x18, 4, ...Buffer.from('rank')], type: 9 },
      4: { i32: 0 },
      5: { i64: rows },
      6: { i64: bytes },
      7: { i64: bytes },
      9: { i64: at },
    },
  },
});

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

const page = plainPage(['one', 'two', 'three']);
const nested = (depth: number): number[] => Array.from({ length: depth }, () => [0xf9, ...varint(1 << 25)]).flat(); // lists of lists, 2^25 elements each
/** What each is, the file, and words of the refusal. `more`: of every file. */
export const BOMBS: readonly [string, (more?: Lies) => Uint8Array, RegExp][] = [
  [
    'a footer of lists within lists that announce 2^25 elements each',
    (more) => parquetOf(3, page, { footer: Uint8Array.from([0x19, ...nested(2000), 0]), ...more }),
    /footer/,
  ],
  ['a list of 2^31 structures', (more) => parquetOf(3, page, { footer: Uint8Array.from([0x19, 0xfc, ...varint(2 ** 31), 0]), ...more }), /footer/],
  [
    '40 million empty structures',
    (more) => parquetOf(3, page, { footer: Buffer.concat([Buffer.from([0x19, 0xfc, ...varint(40_000_000)]), Buffer.alloc(40_000_001)]), ...more }),
    /footer/,
  ],
  ['structures 60,000 deep', (more) => parquetOf(3, page, { footer: new Uint8Array(60_000).fill(0x1c), ...more }), /footer/],
  [
    'a number of 2 million bytes',
    (more) => parquetOf(3, page, { footer: Buffer.concat([Buffer.from([0x16]), Buffer.alloc(2_000_000, 0xff), Buffer.from([1, 0])]), ...more }),
    /footer/,
  ],
  ['a footer that ends in a number', (more) => parquetOf(3, page, { footer: Uint8Array.from([0x16, 0xff]), ...more }), /footer/],
  ['a footer that is longer than the file', (more) => parquetOf(3, page, { footerBytes: 2 ** 31, ...more }), /footer of 2147483648 bytes/],
  ['a page header of lists within lists', (more) => parquetOf(3, page, { header: Uint8Array.from([0x19, ...nested(2000), 0]), ...more }), /page header/],
  [
    'a page header with a number of 2 million bytes',
    (more) => parquetOf(3, page, { header: Buffer.concat([Buffer.from([0x16]), Buffer.alloc(2_000_000, 0xff)]), ...more }),
    /page header/,
  ],
  ['a page of 4 GB', (more) => parquetOf(3, page, { pagePlain: 2 ** 31 - 1, codec: 2, ...more }), /2147483647 bytes unpacked/],
  ['a page of 2^31 values', (more) => parquetOf(3, page, { pageValues: 2 ** 31 - 1, ...more }), /2147483647 values/],
  ['a value of 4 GB', (more) => parquetOf(1, Buffer.from([255, 255, 255, 255, 1]), more), /4294967295 bytes/],
  ['a row group past the end', (more) => parquetOf(3, page, { dataAt: 1e12, ...more }), /damaged chunk/],
  ['a row group before the beginning', (more) => parquetOf(3, page, { dataAt: -5, ...more }), /damaged chunk/],
  ['a chunk of a negative size', (more) => parquetOf(3, page, { stored: -1, ...more }), /damaged chunk/],
  ['2^62 rows', (more) => parquetOf(3, page, { groupRows: 2n ** 62n, rows: 2n ** 62n, ...more }), /damaged row group/],
  ['fewer rows than its groups have', (more) => parquetOf(3, page, { rows: 1, ...more }), /counts 1 rows and has 3/],
  [
    'the same bytes as a thousand row groups',
    (more) => parquetOf(3, plainPage(['x'.repeat(100_000), '', '']), { groups: 1000, ...more }),
    /chunks of \d+ bytes and more/,
  ],
  ['a schema with 2^31 columns', (more) => parquetOf(3, page, { children: 2 ** 31 - 1, ...more }), /schema/],
  ['a dictionary that is the data', (more) => parquetOf(3, page, { encoding: 8, ...more }), /without a dictionary/],
];

export interface Outcome {
  readonly code?: string;
  readonly message?: string;
  /** Null where it was refused. */
  readonly documents: number | null;
  readonly maxRss: number;
  readonly cpuMs: number;
}

/** Writes the file and reads it by this file's program in a process of its own, with 256 MB of heap. */
export function readApart(path: string, bytes: Uint8Array, ...more: string[]): Outcome {
  writeFileSync(path, bytes);
  const program = fileURLToPath(import.meta.url);
  const { stdout, stderr, signal } = spawnSync(process.execPath, ['--max-old-space-size=256', program, path, ...more], { encoding: 'utf8', timeout: 60_000 });
  assert.ok(stdout !== '', `no outcome: ${signal ?? ''} ${stderr.slice(-600)}`);
  return JSON.parse(stdout) as Outcome;
}

/** Reads the file as a source, as a table of hosts or as a benchmark; how many rows came of it. */
async function readAs(path: string, what: string | undefined): Promise<number> {
  if (what === 'join') {
    const join = resolveJoin(path, { file: path, host: 'text', columns: ['rank'], reversed: null, level: null });
    if ('message' in join) throw new Error(join.message);
    await compileHostTable(join);
    return 0;
  }
  let rows = 0;
  if (what === 'benchmark') {
    for await (const _ of itemsOf({ name: 'x', path, fields: [] })) rows++;
    return rows;
  }
  const field = (column: string) => ({ column, required: false });
  const [id, url] = what === 'names' ? ['text', 'text'] : ['id', 'url']; // `names`: the text is id and URL too
  const fields = { text: { column: 'text', required: true }, id: field(id), url: field(url), date: field('date') };
  const reader = openInput({ path, location: path, format: 'parquet', bytes: null, identity: 'unknown:', fields }, { gate: localGate() });
  for await (const _ of reader.batches(new AbortController().signal)) if (what === 'first') break;
  return reader.counts().documents;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  let outcome: { code?: string | undefined; message?: string; documents: number | null };
  try {
    outcome = { documents: await readAs(process.argv[2]!, process.argv[3]) };
  } catch (error) {
    outcome = { code: (error as { code?: string }).code, message: (error as Error).message, documents: null };
  }
  console.log(JSON.stringify({ ...outcome, maxRss: process.resourceUsage().maxRSS * 1024, cpuMs: process.cpuUsage().user / 1000 }));
}
