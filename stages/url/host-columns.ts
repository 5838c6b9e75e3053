// What a table by host is, before its rows are read: its format, its columns, which of them names the host and how, and
// which become columns of the documents. Reads the head or the foot of the file alone.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import { FIRST_READ_BYTES, footerBytes, parseFooter } from '../contract/parquet/footer.js';
import type { ParquetNode } from '../contract/parquet/schema.js';
import { ARROW_END_BYTES, type ArrowColumn, arrowFooterBytes, parseArrowFooter } from './arrow/file.js';

export type TableFormat = 'parquet' | 'arrow' | 'text';
export interface TableColumn {
  readonly name: string;
  readonly kind: 'number' | 'text' | 'other';
}
export interface TableShape {
  readonly format: TableFormat;
  readonly columns: readonly TableColumn[];
  /** Text: between fields. */
  readonly separator: '\t' | ',';
}

/** As in a manifest, once the short form is undone. */
export interface JoinOptions {
  readonly file: string;
  readonly host: string | null;
  readonly columns: readonly string[] | null;
  readonly reversed: boolean | null;
  readonly level: 'host' | 'domain' | null;
}

/** A join whose columns are known. */
export interface Join {
  readonly path: string;
  readonly shape: TableShape;
  readonly host: string;
  readonly reversed: boolean;
  readonly level: 'host' | 'domain';
  /** `source` in the table, `name` as a column of the documents. */
  readonly columns: readonly { readonly source: string; readonly name: string }[];
}

export interface JoinProblem {
  readonly option: keyof JoinOptions;
  readonly message: string;
}

const HEAD_BYTES = 256 << 10;
const MOST_COLUMNS = 256;

/** Names of host columns by preference; CommonCrawl's ranks have host_rev, its host index surt_host_name and url_host_name. */
const HOST_NAMES = [
  'host',
  'hostname',
  'host_name',
  'url_host_name',
  'domain',
  'registered_domain',
  'url_host_registered_domain',
  'host_rev',
  'domain_rev',
  'surt_host_name',
];

const listed = (names: readonly string[]): string => (names.length > 12 ? `${names.slice(0, 12).join(', ')} and ${names.length - 12} more` : names.join(', '));

/** The join that the options mean, or what is wrong with them. Throws what reading the file throws. */
export function resolveJoin(path: string, options: JoinOptions): Join | JoinProblem {
  const shape = tableShape(path);
  const names = shape.columns.map(({ name }) => name);
  const column = (name: string): TableColumn | undefined => shape.columns.find((one) => one.name === name);
  if (options.host !== null && column(options.host) === undefined)
    return { option: 'host', message: `the table has no column "${options.host}" (it has: ${listed(names)})` };
  const texts = shape.columns.filter(({ kind }) => kind === 'text');
  const host = options.host ?? HOST_NAMES.find((name) => names.includes(name)) ?? (texts.length === 1 ? texts[0]!.name : undefined);
  if (host === undefined)
    return {
      option: 'file',
      message: `none of its columns (${listed(names)}) is named as one of hosts (${HOST_NAMES.join(', ')}). Name it: { file: ..., host: COLUMN }`,
    };
  if (column(host)!.kind !== 'text') return { option: 'host', message: `column "${host}" of the table is no text, expected host names` };

  const sources = options.columns ?? shape.columns.filter(({ name, kind }) => kind === 'number' && name !== host).map(({ name }) => name);
  for (const name of sources) {
    const found = column(name);
    if (found === undefined) return { option: 'columns', message: `the table has no column "${name}" (it has: ${listed(names)})` };
    if (found.kind !== 'number') return { option: 'columns', message: `column "${name}" of the table is not numeric` };
  }
  if (sources.length === 0) return { option: 'file', message: `none of its columns (${listed(names)}) is numeric, so there is nothing to join` };
  if (sources.length > MOST_COLUMNS)
    return {
      option: 'file',
      message: `it has ${sources.length} numeric columns, expected at most ${MOST_COLUMNS}. Name those that are needed: { columns: [...] }`,
    };
  const columns = sources.map((source) => ({ source, name: `host_${source.replace(/[^A-Za-z0-9_]/g, '_')}` }));
  const twice = columns.find(({ name }, index) => columns.findIndex((other) => other.name === name) !== index);
  if (twice !== undefined) return { option: 'columns', message: `two columns of the table would become "${twice.name}". Name one of them` };
  const reversed = options.reversed ?? /(?:^|_)rev(?:ersed)?$|^surt/i.test(host);
  const level = options.level ?? (/domain/i.test(host) || (host === 'host_rev' && names.includes('n_hosts')) ? 'domain' : 'host');
  return { path, shape, host, reversed, level, columns };
}

export const isProblem = (join: Join | JoinProblem): join is JoinProblem => 'message' in join;

function tableShape(path: string): TableShape {
  const file = openSync(path, 'r');
  try {
    const head = readAt(file, 0, HEAD_BYTES);
    if (head.subarray(0, 4).toString('latin1') === 'PAR1') return { format: 'parquet', columns: parquetColumns(file, basename(path)), separator: '\t' };
    if (head.subarray(0, 6).toString('latin1') === 'ARROW1') return { format: 'arrow', columns: arrowColumns(file), separator: '\t' };
    return textShape(path, head);
  } finally {
    closeSync(file);
  }
}

function readAt(file: number, from: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let read = 0;
  for (let more = 1; more > 0 && read < length; read += more) more = readSync(file, bytes, read, length - read, from + read);
  return bytes.subarray(0, read);
}

function parquetColumns(file: number, place: string): TableColumn[] {
  const { size } = fstatSync(file);
  let tail = readAt(file, Math.max(0, size - FIRST_READ_BYTES), FIRST_READ_BYTES);
  const length = footerBytes(tail, size, place);
  if (length > tail.length) tail = readAt(file, size - length, length);
  return parseFooter(tail, size, place).roots.map((root) => ({ name: root.name, kind: parquetKind(root) }));
}

function parquetKind({ column, repetition }: ParquetNode): TableColumn['kind'] {
  if (column === null || repetition === 'repeated') return 'other';
  return column.holds === 'text' || column.holds === 'number' ? column.holds : 'other';
}

function arrowColumns(file: number): TableColumn[] {
  const { size } = fstatSync(file);
  const length = arrowFooterBytes(readAt(file, Math.max(0, size - ARROW_END_BYTES), ARROW_END_BYTES), size);
  const { columns } = parseArrowFooter(readAt(file, size - ARROW_END_BYTES - length, length), size);
  return columns.map((column) => ({ name: column.name, kind: arrowKind(column) }));
}

function arrowKind({ values, dictionary }: ArrowColumn): TableColumn['kind'] {
  if (values?.kind === 'text' || values?.kind === 'view') return 'text';
  return values !== null && dictionary === null ? 'number' : 'other';
}

/** Names in the first line (CommonCrawl begins it, and each name, with `#`), kinds by the lines of the head. */
function textShape(path: string, head: Buffer): TableShape {
  const zipped = head[0] === 0x1f && head[1] === 0x8b;
  const bytes = zipped ? gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 64 << 20 }) : head;
  const lines = bytes.toString('utf8').split(/\r?\n/);
  if (lines.length > 1) lines.pop(); // cut, or what follows the last newline
  const separator = /\.csv(?:\.gz)?$/i.test(path) ? ',' : '\t';
  const split = (line: string): string[] => (separator === ',' ? csvFields(line) : line.split('\t'));
  const names = split(lines[0] ?? '').map((name) => name.trim().replace(/^#\s*/, ''));
  const rows = lines.slice(1, 1001).map(split);
  const columns = names.map((name, at): TableColumn => {
    const values = rows.map((row) => row[at] ?? '').filter((value) => !/^(?:|NA|null|nan|\\N)$/i.test(value));
    return { name, kind: values.length === 0 ? 'other' : values.every((value) => /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(value)) ? 'number' : 'text' };
  });
  return { format: 'text', columns, separator };
}

function csvFields(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"[^,]*|([^,]*))/g)].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '');
}
